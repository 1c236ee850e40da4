"""A cell as a thing that can be keyed: its statements, what they read and bind, and what they mean."""

from __future__ import annotations

import ast
from types import CodeType, FunctionType

from xxhash import xxh3_128_digest

from .._keying.source.bytecode import reads
from .._keying.source.compiled import names_in, nested_codes
from .._keying.source.known_sources import declare_source
from .._keying.source.normalised import normalise
from .._keying.source.reads import Read, Source
from .._light import NamedTuple
from .definitions import Definition, computed_by, definitions_of
from .flow import Flow
from .meanings import Meanings
from .refusal import refuse
from .syntax import looks_around, names_written_inside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_NAMES = 3
_UNNAMED = "cell"


class Cell(NamedTuple):
    """What is known of a cell before it runs.

    Attributes:
        filename: under which Python knows its text.
        statements: as they are to run, the last with whether its value is shown.
        flow: what they read and bind.
        inputs: the names whose former meaning its key covers.
        function: its code, as that of a function whose globals are the notebook's names.
        definitions: its imports, functions and classes, which a hit runs again.
        label: what the store calls it, without the module.
        meaning: digests of what the statements say, the latter with what only documents them.
        also: further inputs that the user has named.
        computed: the names that it binds otherwise than by definitions.
    """

    filename: str
    statements: list[tuple[ast.stmt, bool]]
    flow: Flow
    inputs: frozenset[str]
    function: Any
    definitions: list[Definition]
    label: str
    meaning: tuple[bytes, bytes]
    also: tuple[str, ...]
    computed: frozenset[str]

    def reading(self, names: set[str]) -> Cell:
        """Return this cell with more inputs, such as what functions that it calls bind by `global`."""
        if names <= self.inputs:
            return self
        inputs = self.inputs | names
        code = self.function.__code__.replace(co_name=self.label)  # a new one, for which it is declared again
        return self._replace(
            inputs=inputs, function=_function(code, self.meaning, inputs, self.also, self.function.__globals__)
        )


class Parsed(NamedTuple):
    """A cell that can be run, of which nothing else is known.

    Attributes:
        filename: under which Python knows its text.
        statements: as they are to run, each with whether its value is shown.
    """

    filename: str
    statements: list[tuple[ast.stmt, bool]]


def parse_cell(shell: Any, text: str) -> Parsed:
    """Take a cell apart as IPython does.

    Raises:
        SyntaxError: it is no Python.
        UsageError: it holds what cannot be done in a cached cell; nothing has run.
    """
    transformed = shell.transform_cell(text)
    filename = shell.compile.cache(transformed, shell.execution_count, raw_code=text)
    tree = shell.compile.ast_parse(transformed, filename=filename)
    refuse(tree, shell.user_ns)
    tree = shell.transform_ast(tree)
    statements = _statements(tree.body, shell, text) if tree.body else []
    shell.compile(ast.Module([statement for statement, _ in statements], []), filename, "exec")  # it may be wrong yet
    return Parsed(filename, statements)


def read_cell(shell: Any, parsed: Parsed, *, name: str = "", also: tuple[str, ...] = ()) -> Cell:
    """Find out all that a key takes."""
    filename, statements = parsed
    body = [statement for statement, _ in statements]
    meanings = Meanings(body, shell.user_ns)
    flow = Flow(body, meanings)
    label = "%%" + (name or _label_of(body))
    code = shell.compile(ast.Module(_without_docstring(body), []), filename, "exec")
    code = code.replace(co_name=label, co_qualname=label)
    written = {item for nested in nested_codes(code) for item in names_written_inside(nested)}
    inputs = frozenset(flow.inputs | written | {item.partition(".")[0] for item in also})
    meaning = _meaning(statements, annotated=False), _meaning(statements, annotated=True)
    function = _function(code, meaning, inputs, also, shell.user_ns)
    definitions = definitions_of(body, meanings, written)
    computed = frozenset(computed_by(body, meanings) | written)
    return Cell(filename, statements, flow, inputs, function, definitions, label, meaning, also, computed)


def _statements(body: list[ast.stmt], shell: Any, text: str) -> list[tuple[ast.stmt, bool]]:
    """The statements, and which of them show their value: as IPython has it."""
    from IPython.core.displayhook import DisplayHook

    mode = shell.ast_node_interactivity
    last = body[-1]
    if mode == "last_expr_or_assign":
        targets = last.targets if isinstance(last, ast.Assign) else [getattr(last, "target", None)]
        is_assignment = isinstance(last, (ast.Assign, ast.AnnAssign, ast.AugAssign))
        if is_assignment and len(targets) == 1 and isinstance(targets[0], ast.Name):
            shown = ast.Expr(ast.Name(targets[0].id, ast.Load()))
            body = [*body, ast.fix_missing_locations(ast.copy_location(shown, last))]
    is_quiet = mode == "none" or bool(DisplayHook.semicolon_at_end_of_expression(text))  # type: ignore[no-untyped-call]
    return [
        (node, isinstance(node, ast.Expr) and not is_quiet and (mode == "all" or node is body[-1])) for node in body
    ]


def _meaning(statements: list[tuple[ast.stmt, bool]], *, annotated: bool) -> bytes:
    """Digest what the statements say, whatever their layout: which of them show their value is part of it."""
    kept = [
        (node, shown)
        for node, shown in statements
        if shown or not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    # Behind a number, as the first of them would be taken for a docstring if it is a text that is shown.
    module = ast.Module([ast.Expr(ast.Constant(0)), *(node for node, _ in kept)], [])
    text = normalise(module, annotated=annotated) + "".join("+" if shown else "-" for _, shown in kept)
    return xxh3_128_digest(text.encode("utf-8", "surrogatepass"))


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements without a text at their head, which would be taken for a docstring."""
    first = body[0]
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return body
    return body[1:] or [ast.fix_missing_locations(ast.Expr(ast.Constant(0)))]


def _reads(code: CodeType, inputs: frozenset[str], also: tuple[str, ...]) -> tuple[Read, ...]:
    """What the code reads from outside, without what it has bound itself."""
    found = [read for read in reads(code) if read.kind != "global" or read.chain[0] in inputs]
    found += [Read("global", tuple(item.split("."))) for item in also]
    if looks_around(code):
        found.append(Read("global", ("globals",)))
    missing = inputs - {read.chain[0] for read in found if read.kind == "global"}
    return tuple(dict.fromkeys([*found, *(Read("global", (name,)) for name in sorted(missing))]))


def _function(
    code: CodeType, meaning: tuple[bytes, bytes], inputs: frozenset[str], also: tuple[str, ...], space: dict[str, Any]
) -> FunctionType:
    wanted = _reads(code, inputs, also)
    declare_source(code, Source(meaning[0], False, wanted), Source(meaning[1], True, wanted))
    return FunctionType(code, space, code.co_name)


def _label_of(body: list[ast.stmt]) -> str:
    """Call a cell after what it makes: the names that it assigns, else those that it defines."""
    made: dict[str, None] = {}
    defined: dict[str, None] = {}
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            defined[node.name] = None
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            made |= dict.fromkeys(name for target in targets if target is not None for name in _roots(target))
    names = list(made or defined)
    if not names:
        return _UNNAMED
    return ",".join(names[:_MOST_NAMES]) + (",..." if len(names) > _MOST_NAMES else "")


def _roots(target: ast.expr) -> list[str]:
    if isinstance(target, (ast.Tuple, ast.List)):
        return [name for item in target.elts for name in _roots(item)]
    node: ast.AST = target
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return [node.id] if isinstance(node, ast.Name) else []


def mentions(cell: Cell) -> frozenset[str]:
    """Every name that a cell mentions."""
    return names_in(cell.function.__code__)
