"""What a module's text gives to a name and sets up of it, and which attributes the methods of classes assign."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import chain

from ..._light import CodeType, FunctionType, NamedTuple
from ..source.bytecode import reads
from ..source.compiled import nested_codes
from ..source.instructions import UnknownInstructionError, instructions_of
from ..source.normalised import normalise
from ..source.reads import Read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def assigned_by(classes: Iterable[type]) -> frozenset[str] | None:
    """Return the names of all attributes that methods of these classes assign, of whatever object.

    None where this Python has instructions that nobody here knows.
    """
    try:
        return frozenset(
            name
            for cls in classes
            for member in cls.__dict__.values()
            if isinstance(member, FunctionType)
            for name in _assigned_in(member.__code__)
        )
    except UnknownInstructionError:
        return None


def _assigned_in(code: CodeType) -> Iterator[str]:
    for instruction in instructions_of(code):
        if instruction.name == "STORE_ATTR":
            yield str(instruction.value)
    for nested in nested_codes(code):
        yield from _assigned_in(nested)


_Scope = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


class Statements(NamedTuple):
    """What was found of a name.

    Attributes:
        text: the normal form of the statements.
        reads: what they read of the module.
        imports: where the name is imported from, as modules and names; a level counts the dots.
        is_complete: whether the text and the values of what it reads say all; a local name or one that is bound
            several times has no value that could be looked up.
    """

    text: str
    reads: tuple[Read, ...]
    imports: tuple[Read, ...]
    is_complete: bool


def statements_about(tree: ast.Module, scope: tuple[str, ...], name: str, *, is_default: bool) -> Statements | None:
    """Collect what a text says of a name in the module, class or function to which a path of names leads.

    Of a parameter (``is_default``), what its default says. None where the name is bound nowhere.
    """
    bodies: list[_Scope] = [tree]
    enclosing: list[_Scope] = []
    for step in scope:
        enclosing += bodies
        bodies = [inner for body in bodies for inner in _definitions(body.body) if inner.name == step]
    found = _Collected(name)
    for body in bodies:
        if not is_default:
            found.collect(body.body, in_loop=False)
        elif isinstance(body, _FUNCTIONS):
            found.default(body.args)
    if not found.is_bound:
        return None
    scopes = enclosing if is_default else [*enclosing, *bodies]
    unknown = {local for body in scopes if isinstance(body, _FUNCTIONS) for local in _locals(body)}
    read = found.reads()
    several = {other for other, times in _bound_at_top(tree).items() if times > 1}
    also = _bind_several_times(tree, {one.chain[0] for one in read} & several - {name} - unknown, several)
    text = found.text() + "".join(f"{other.name}: {other.text()}" for other in also)
    read = tuple(dict.fromkeys(chain(read, *(other.reads() for other in also))))
    kept = tuple(one for one in read if one.chain[0] not in several | unknown | {name})
    is_complete = found.is_at_top and all(one.chain[0] not in unknown for one in read)
    return Statements(text, kept, tuple(found.imports), is_complete=is_complete)


def _bind_several_times(tree: ast.Module, names: set[str], several: set[str]) -> list[_Collected]:
    """Collect what is said of names that have had other values: these count by what binds them, wherever it is."""
    found: dict[str, _Collected] = {}
    pending = sorted(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = _Collected(name)
            found[name].collect(tree.body, in_loop=True)
            pending += sorted({one.chain[0] for one in found[name].reads()} & several)
    return [found[name] for name in sorted(found)]


class _Collected:
    """The statements about one name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: list[ast.stmt] = []
        self.imports: list[Read] = []
        self.is_bound = False
        self.is_at_top = True  # of its scope, and not in a function that declares it global

    def text(self) -> str:
        return "".join(map(normalise, self._nodes))

    def reads(self) -> tuple[Read, ...]:
        module = ast.fix_missing_locations(ast.Module(self._nodes, []))
        try:
            return reads(compile(module, "<statements>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self.is_at_top = False  # such as a `yield`: the values are looked at instead
            return ()

    def default(self, arguments: ast.arguments) -> None:
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults = positional[len(positional) - len(arguments.defaults) :]
        pairs = chain(
            zip(defaults, arguments.defaults, strict=True),
            zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        )
        for argument, value in pairs:
            if argument.arg == self.name and value is not None:
                self._nodes.append(ast.Expr(value))
                self.is_bound = True

    def collect(self, body: list[ast.stmt], *, in_loop: bool) -> bool:
        """Collect from a list of statements; tells whether any was."""
        before = len(self._nodes) + len(self.imports)
        for statement in body:
            self._statement(statement, in_loop=in_loop)
        return len(self._nodes) + len(self.imports) > before

    def _statement(self, node: ast.stmt, *, in_loop: bool) -> None:
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            self._definition(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Delete)):
            targets = [node.target] if isinstance(node, (ast.AnnAssign, ast.AugAssign)) else node.targets
            binds = any(self._binds(target) for target in targets)
            if binds or any(self._is_inside(target) for target in targets):
                self._take(node, binds=binds)
        elif isinstance(node, ast.Expr):
            binds = any(isinstance(item, ast.NamedExpr) and self._binds(item.target) for item in ast.walk(node))
            if binds or (not in_loop and self._mentions(node)):
                self._take(node, binds=binds)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self._import(node)
        else:
            self._compound(node, in_loop=in_loop or isinstance(node, _LOOPS))

    def _compound(self, node: ast.stmt, *, in_loop: bool) -> None:
        if isinstance(node, (ast.For, ast.AsyncFor)) and self._binds(node.target):
            self._take(ast.Expr(node.iter), binds=True)
        for item in node.items if isinstance(node, (ast.With, ast.AsyncWith)) else ():
            if item.optional_vars is not None and self._binds(item.optional_vars):
                self._take(ast.Expr(item.context_expr), binds=True)
        inner = [*getattr(node, "handlers", ()), *getattr(node, "cases", ())]
        blocks = [getattr(part, field, None) for part in (node, *inner) for field in ("body", "orelse", "finalbody")]
        found = [self.collect(block, in_loop=in_loop) for block in blocks if isinstance(block, list)]
        if any(found) and isinstance(node, (ast.If, ast.Match)):
            self._take(ast.Expr(node.test if isinstance(node, ast.If) else node.subject), binds=False)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        if node.name == self.name:
            for decorator in node.decorator_list:
                self._take(ast.Expr(decorator), binds=True)
        elif any(self._mentions(decorator) for decorator in node.decorator_list):
            for decorator in node.decorator_list:
                self._take(ast.Expr(decorator), binds=False)
            self._nodes.append(ast.Expr(ast.Name(node.name, ast.Load())))
        if isinstance(node, _FUNCTIONS) and any(self.name in names for names in _declared_global(node)):
            self.is_at_top = not self.collect(node.body, in_loop=False) and self.is_at_top

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom) and (alias.asname or alias.name) in (self.name, "*"):
                name = self.name if alias.name == "*" else alias.name
                self.imports.append(Read("import", (node.module or "", name), node.level))
                self.is_bound = True

    def _take(self, node: ast.stmt, *, binds: bool) -> None:
        self._nodes.append(node)
        self.is_bound = self.is_bound or binds

    def _binds(self, target: ast.expr) -> bool:
        if isinstance(target, (ast.Tuple, ast.List)):
            return any(map(self._binds, target.elts))
        if isinstance(target, ast.Starred):
            return self._binds(target.value)
        return isinstance(target, ast.Name) and target.id == self.name

    def _is_inside(self, target: ast.expr) -> bool:
        """Whether an attribute or item is assigned of what the name is bound to."""
        while isinstance(target, (ast.Attribute, ast.Subscript, ast.Call)):
            target = target.func if isinstance(target, ast.Call) else target.value
            if self._binds(target):
                return True
        return False

    def _mentions(self, node: ast.AST) -> bool:
        return any(isinstance(item, ast.Name) and item.id == self.name for item in ast.walk(node))


def _definitions(body: list[ast.stmt]) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the classes and functions of a scope, those under conditions included."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop(0)
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            yield node
        elif not isinstance(node, ast.expr):
            pending += ast.iter_child_nodes(node)


def _declared_global(function: ast.AST) -> Iterator[list[str]]:
    return (node.names for node in ast.walk(function) if isinstance(node, ast.Global))


def _locals(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and node is not function:
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]


def _bound_at_top(tree: ast.Module) -> dict[str, int]:
    """Count how often a module binds each name outside its functions and classes; in a loop, that is often."""
    counts: dict[str, int] = {}
    pending: list[tuple[ast.AST, int]] = [(node, 1) for node in tree.body]
    while pending:
        node, times = pending.pop()
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            counts[node.name] = counts.get(node.name, 0) + times
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            counts[node.id] = counts.get(node.id, 0) + times
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)):
            continue
        inner = 2 if isinstance(node, _LOOPS) else times
        pending += [(child, inner) for child in ast.iter_child_nodes(node)]
    return counts
