"""The functions of source files, by line and name: parsed, and compiled to see which text belongs to a code object.

A text belongs to a code object if it compiles to the same bytecode, with the same docstrings of functions within it: a
decorator may read them. (What documents the function itself is asked of that.)
"""

from __future__ import annotations

import sys
from bisect import bisect_right

from xxhash import xxh3_128_digest

from ..._light import NamedTuple
from .annotations import ANNOTATE
from .bytecode import reads
from .compiled import bytecode_digest, nested_codes
from .normalised import has_other_decorator, normalise
from .reads import Source, file_state
from .written import mark_written

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from types import CodeType

    from .reads import FileState, Read

    _Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_FUTURE_FLAGS = 0x1FE0000  # every `from __future__` that still compiles differently


class _File(NamedTuple):
    tree: ast.Module
    starts: list[int]  # the line in which each top-level statement begins, its decorators included
    imports: list[ast.stmt]  # at module level: the compiler calls what they bind in a way of its own


class _Index:
    """The functions of one top-level statement by line and name: compiled, and, if asked for, as syntax trees."""

    def __init__(self, file: _File, statement: ast.stmt) -> None:
        self.file = file
        self.codes: dict[tuple[int, str], list[CodeType]] = {}
        self._statement = statement
        self._nodes: dict[tuple[int, str], list[_Function]] | None = None

    def holds(self, code: CodeType) -> bool:
        """Whether the text compiles to this code, at its place."""
        found = self.codes.get((code.co_firstlineno, code.co_name), [])
        if code in found:
            return True
        digest = bytecode_digest(code, documented=True)
        return any(bytecode_digest(other, documented=True) == digest for other in found)

    def find(self, code: CodeType) -> _Function | None:
        """Return the syntax tree of the function that compiles to this code, if it is the only one at its place."""
        nodes = self._nodes_at((code.co_firstlineno, code.co_name)) if self.holds(code) else []
        return nodes[0] if len(nodes) == 1 else None

    def _nodes_at(self, place: tuple[int, str]) -> list[_Function]:
        import ast

        statement = self._statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            whole = (_first_line(statement), statement.name)
            if place == whole and len(self.codes[place]) == 1:
                return [statement]
        if self._nodes is None:
            nodes: dict[tuple[int, str], list[_Function]] = {}
            for node in ast.walk(statement):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                    nodes.setdefault((_first_line(node), _name(node)), []).append(node)
            self._nodes = nodes  # now that it is whole: another thread may be here as well
        return self._nodes.get(place, [])


class _Parsed(NamedTuple):
    state: FileState | None
    is_settled: bool  # if not, the file may say something else by now and be in the same state
    text: bytes  # its digest
    file: _File


_files: dict[str, _Parsed] = {}
_statements: dict[tuple[str, int, int], _Index] = {}


def find_source(code: CodeType, ours: int, *, documented: bool) -> Source | None:
    """Read what a function's source says, or None where no source provably is that of its code."""
    file = _parse(code.co_filename)
    if file is None:
        return None
    statement = _statement_at(file, code.co_firstlineno)
    if statement is None:
        return None
    index = _index(code, file, statement)
    if code.co_name == ANNOTATE:  # what annotations say: straight code, which layout hardly changes
        return Source(bytecode_digest(code), annotated=False) if index.holds(code) else None
    node = index.find(code)
    if node is None:
        return None
    annotated = documented or has_other_decorator(node, ours)
    text = normalise(node, annotated=annotated)
    fewer = None if annotated else _reads_without_annotations(code, file, statement, node)
    told = mark_written(node, reads(code) if fewer is None else fewer, code.co_freevars)
    return Source(xxh3_128_digest(text.encode("utf-8", "surrogatepass")), annotated, told)


def _reads_without_annotations(
    code: CodeType, file: _File, statement: ast.stmt, node: _Function
) -> tuple[Read, ...] | None:
    """List what a function reads apart from the annotations of the functions in it; None if those have none."""
    import ast

    if not _has_functions(code) or not any(item is not node and _annotated_places(item) for item in ast.walk(node)):
        return None
    import copy

    bare = copy.deepcopy(statement)
    for item in ast.walk(bare):
        for owner, field in _annotated_places(item):
            setattr(owner, field, None)
    pending = [_compile(bare, file, code.co_filename, code.co_flags)]
    while pending:
        for nested in nested_codes(pending.pop()):
            if (nested.co_firstlineno, nested.co_name) == (code.co_firstlineno, code.co_name):
                return reads(nested)
            pending.append(nested)
    return None


def _has_functions(code: CodeType) -> bool:
    """Whether there are functions with a name inside: a lambda or a comprehension has no annotations."""
    return any(nested.co_name[0] != "<" or _has_functions(nested) for nested in nested_codes(code))


def _annotated_places(node: ast.AST) -> list[tuple[ast.AST, str]]:
    """Say where a function has annotations, if it is one and no decorator may read them."""
    import ast

    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or has_other_decorator(node, 0):
        return []
    given = node.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    places: list[tuple[ast.AST, str]] = [
        (item, "annotation") for item in arguments if item is not None and item.annotation
    ]
    return places + ([(node, "returns")] if node.returns else [])


def syntax_tree(filename: str) -> ast.Module | None:
    """Return the syntax tree of a file as it is now, or of a notebook's cell; None where there is none."""
    file = _parse(filename)
    return None if file is None else file.tree


def _parse(filename: str) -> _File | None:
    """Parse a source file once for each text of it."""
    state = file_state(filename)
    is_settled = state is not None and state.is_settled
    known = _files.get(filename)
    if known is not None and known.is_settled and known.state == state:
        return known.file
    text = _text(filename, state)
    if text is None:
        return None
    digest = xxh3_128_digest(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    if known is not None and known.text == digest:
        file = known.file
        _files[filename] = _Parsed(state, is_settled, digest, file)
        return file
    import ast

    try:
        tree = ast.parse(text)
        file = _File(tree, [_first_line(statement) for statement in tree.body], _imports(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for key in [key for key in list(_statements) if key[0] == filename]:
        _statements.pop(key, None)
    _files[filename] = _Parsed(state, is_settled, digest, file)
    return file


def _text(filename: str, state: FileState | None) -> bytes | str | None:
    """Read a file, or what a notebook says of a cell."""
    if state is None:
        cells = sys.modules.get("linecache")
        cached = cells.cache.get(filename) if cells is not None else None
        if cached is None or len(cached) != 4:
            return None
        return "".join(cached[2])
    try:
        with open(filename, "rb") as handle:
            return handle.read()
    except (OSError, MemoryError):
        return None


def _imports(tree: ast.Module) -> list[ast.stmt]:
    """List the imports of the module itself, which are not inside a function or class."""
    import ast

    found: list[ast.stmt] = []
    pending: list[ast.AST] = [tree]
    while pending:
        for node in ast.iter_child_nodes(pending.pop()):
            if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module != "__future__"):
                found.append(node)
            elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
                pending.append(node)
    return found


def _compile(statement: ast.stmt, file: _File, filename: str, flags: int) -> CodeType:
    """Compile one top-level statement as it is compiled among the others of its file."""
    import ast

    module = ast.Module([*file.imports, statement], [])
    code: CodeType = compile(module, filename, "exec", flags=flags & _FUTURE_FLAGS, dont_inherit=True)
    return code


def _statement_at(file: _File, line: int) -> ast.stmt | None:
    """Return the top-level statement in which a line stands."""
    index = bisect_right(file.starts, line) - 1
    statement = file.tree.body[index] if index >= 0 else None
    return statement if statement is not None and line <= (statement.end_lineno or statement.lineno) else None


def _index(code: CodeType, file: _File, statement: ast.stmt) -> _Index:
    """Compile the top-level statement in which a function stands, once for each state of its file."""
    flags = code.co_flags & _FUTURE_FLAGS
    key = (code.co_filename, statement.lineno, flags)
    known = _statements.get(key)
    if known is not None and known.file is file:
        return known
    index = _Index(file, statement)
    try:
        # `%autoawait` and the like compile cells with more than this; a cell that does not compile is no proof.
        pending = [_compile(statement, file, code.co_filename, flags)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pending = []
    while pending:
        for nested in nested_codes(pending.pop()):
            index.codes.setdefault((nested.co_firstlineno, nested.co_name), []).append(nested)
            pending.append(nested)
    _statements[key] = index  # now that it is whole: a thread that found it before took the code to have no source
    return index


def _name(node: _Function) -> str:
    return getattr(node, "name", "<lambda>")


def _first_line(node: ast.stmt | ast.Lambda) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(item.lineno for item in decorators)])
