"""What a cell reads before it has bound it, and what it binds: one journey through its statements.

A name that the cell surely binds before it reads it is no input, whatever it meant before: else no cell would hit when
it is run again. Whatever is not sure counts as read. After a loop or a `with` the names that it binds are *assumed* to
be bound: whether that was so, the run itself is asked (`marks`), for a loop may have nothing to go through, and a
context manager may swallow what its body raised.
"""

from __future__ import annotations

import ast
from types import CodeType

from .._keying.bytecode import instructions_of, nested_codes
from .._light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias

    Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_MANGLED = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS")
_WRITING = ("STORE_GLOBAL", "DELETE_GLOBAL")


class Known(NamedTuple):
    """The names that are bound at one place: surely, or as long as loops and `with` went through."""

    surely: frozenset[str] = frozenset()
    assumed: frozenset[str] = frozenset()


class Flow:
    """What statements read and bind.

    Attributes:
        inputs: names that may be read as they were before.
        bound: names that may be bound or deleted.
        left: of those, the names that may also be as they were at the end.
        relied: names that are no inputs only because of what is assumed.
        assumptions: what is assumed of a loop or `with` once it is over.
        calls: whether code of others may run.
    """

    def __init__(self, statements: Iterable[ast.stmt], is_lazy: Callable[[ast.expr], bool] = lambda _: False) -> None:
        self.inputs: set[str] = set()
        self.bound: set[str] = set()
        self.relied: set[str] = set()
        self.assumptions: dict[ast.stmt, frozenset[str]] = {}
        self.calls = False
        self._is_lazy = is_lazy  # whether a decorator is known not to call what it decorates
        self._deferred: set[str] = set()  # what functions read that may be called from now on
        self._now: Known | None = Known()  # None where nothing is ever reached
        self._breaks: list[Known] = []
        self._continues: list[Known] = []
        self._unsure = 0
        self._in_passing: set[str] = set()  # bound inside expressions, where nothing can be marked
        self._suite(statements)
        end = self._now
        self.left = {name for name in self.bound if end is not None and name not in end.surely}
        self.inputs |= self.left & self._in_passing

    # Names.

    def _read(self, name: str) -> None:
        if self._now is None or name in self._now.surely:
            return
        if name in self._now.assumed:
            self.relied.add(name)
        else:
            self.inputs.add(name)

    def _bind(self, name: str) -> None:
        self.bound.add(name)
        if self._now is not None and not self._unsure:
            self._now = Known(self._now.surely | {name}, self._now.assumed - {name})

    def _call(self) -> None:
        """Whatever can run here may call any function that is there."""
        self.calls = True
        for name in self._deferred:
            self._read(name)

    # Expressions.

    def _value(self, node: ast.AST | None) -> None:
        if node is None or isinstance(node, (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)):
            return
        if isinstance(node, ast.Name):
            self._read(node.id)
        elif isinstance(node, ast.Lambda):
            for default in (*node.args.defaults, *node.args.kw_defaults):
                self._value(default)
            self._deferred |= names_read_inside(ast.Expr(node))
        elif isinstance(node, _COMPREHENSIONS):
            for name in sorted(names_read(ast.Expr(node))):
                self._read(name)
            in_passing = {item.target.id for item in ast.walk(node) if isinstance(item, ast.NamedExpr)}
            self.bound |= in_passing
            self._in_passing |= in_passing
            self._call()
        elif isinstance(node, ast.NamedExpr):
            self._value(node.value)
            self._in_passing.add(node.target.id)
            self._bind(node.target.id)
        elif isinstance(node, (ast.BoolOp, ast.IfExp, ast.Compare)):
            first, *rest = _operands(node)
            self._value(first)
            self._unsure += 1
            for operand in rest:
                self._value(operand)
            self._unsure -= 1
            self._call()
        else:
            for child in ast.iter_child_nodes(node):
                self._value(child)
            if not _is_quiet(node):
                self._call()

    def _target(self, node: ast.expr) -> None:
        if isinstance(node, ast.Name):
            self._bind(node.id)
        elif isinstance(node, (ast.Tuple, ast.List)):
            self._call()
            for item in node.elts:
                self._target(item)
        elif isinstance(node, ast.Starred):
            self._target(node.value)
        else:
            self._value(node)

    # Statements.

    def _suite(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        handler: Callable[[Any], None] | None = getattr(self, f"_on_{type(node).__name__}", None)
        if handler is not None:
            handler(node)
        else:
            self._value(node)

    def _on_Assign(self, node: ast.Assign) -> None:
        self._value(node.value)
        for target in node.targets:
            self._target(target)

    def _on_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._read(node.target.id)
        self._value(node.value)
        self._call()
        self._target(node.target)

    def _on_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._value(node.value)
        self._value(node.annotation)
        if node.value is not None or not isinstance(node.target, ast.Name):
            self._target(node.target)

    def _on_TypeAlias(self, node: Any) -> None:
        self._deferred |= names_read_inside(node)
        self._bind(node.name.id)

    def _on_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._read(target.id)
            self._target(target)

    def _on_Import(self, node: ast.Import) -> None:
        for name in bound_by_import(node):
            self._bind(name)

    _on_ImportFrom = _on_Import

    def _on_Raise(self, node: ast.Raise) -> None:
        self._value(node.exc)
        self._value(node.cause)
        self._now = None

    def _on_Break(self, _node: ast.Break) -> None:
        self._breaks += [self._now] if self._now is not None else []
        self._now = None

    def _on_Continue(self, _node: ast.Continue) -> None:
        self._continues += [self._now] if self._now is not None else []
        self._now = None

    def _on_Global(self, _node: ast.Global) -> None:
        """All names of a cell are global."""

    _on_Nonlocal = _on_Pass = _on_Global

    def _on_FunctionDef(self, node: Function) -> None:
        for decorator in node.decorator_list:
            self._value(decorator)
        for expression in _evaluated_by(node):
            self._value(expression)
        self._deferred |= names_read_inside(node)
        if not all(map(self._is_lazy, node.decorator_list)):
            self._call()
        self._bind(node.name)

    _on_AsyncFunctionDef = _on_FunctionDef

    def _on_ClassDef(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)):
            self._value(part)
        for name in sorted(names_read(node) if getattr(node, "type_params", None) else _read_by_class_body(node)):
            self._read(name)
        self._deferred |= names_read_inside(node)
        is_plain = all(map(self._is_lazy, node.decorator_list)) and not node.keywords
        if not is_plain or not all(map(self._is_lazy, node.bases)) or not all(map(_is_quiet_member, node.body)):
            self._call()
        self._bind(node.name)

    def _on_If(self, node: ast.If) -> None:
        self._value(node.test)
        before = self._now
        self._suite(node.body)
        after = self._now
        self._now = before
        self._suite(node.orelse)
        self._now = _either(after, self._now)

    def _on_For(self, node: ast.For | ast.AsyncFor) -> None:
        self._value(node.iter)
        self._call()
        self._loop(node, lambda: self._target(node.target))

    _on_AsyncFor = _on_For

    def _on_While(self, node: ast.While) -> None:
        self._value(node.test)
        self._loop(node, lambda: None)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, begin: Callable[[], None]) -> None:
        outside = self._breaks, self._continues
        self._breaks, self._continues = [], []
        before = self._now
        begin()
        self._suite(node.body)
        once = self._now
        for state in self._continues:
            once = _either(once, state)
        breaks = self._breaks
        self._breaks, self._continues = outside
        is_endless = isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and bool(node.test.value)
        self._now = None if is_endless else before
        if before is not None and not is_endless:
            ended = once
            for state in breaks:
                ended = _either(ended, state)
            if ended is not None:
                self._assume(node, before, ended)
        self._suite(node.orelse)
        for state in breaks:
            self._now = _either(self._now, state)

    def _on_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self._value(item.context_expr)
            self._call()
            if item.optional_vars is not None:
                self._target(item.optional_vars)
        before = self._now
        self._suite(node.body)
        self._call()
        if before is not None and self._now is not None:
            self._assume(node, before, self._now)
        else:
            self._now = _either(before, self._now)  # what it raises may be swallowed

    _on_AsyncWith = _on_With

    def _assume(self, node: ast.stmt, before: Known, through: Known) -> None:
        new = (through.surely | through.assumed) - before.surely
        self.assumptions[node] = new
        self._now = Known(before.surely, before.assumed | new)

    def _on_Try(self, node: Any) -> None:
        before = self._now
        self._suite(node.body)
        self._suite(node.orelse)
        after = self._now
        for handler in node.handlers:
            self._now = before
            self._value(handler.type)
            if handler.name is not None:
                self._bind(handler.name)
            self._suite(handler.body)
            if handler.name is not None:
                self._bind(handler.name)  # it is deleted
            after = _either(after, self._now)
        if node.finalbody:
            self._now = before
            self._suite(node.finalbody)
            if after is None or self._now is None:
                self._now = None
            else:
                self._now = Known(self._now.surely | after.surely, self._now.assumed | after.assumed)
        else:
            self._now = after

    _on_TryStar = _on_Try

    def _on_Match(self, node: ast.Match) -> None:
        self._value(node.subject)
        self._call()
        before = self._now
        after: Known | None = None
        is_whole = False
        for case in node.cases:
            self._now = before
            for name in _read_by_pattern(case.pattern):
                self._read(name)
            for name in bound_by_pattern(case.pattern):
                self._bind(name)
            self._value(case.guard)
            is_whole = is_whole or (
                case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
            )
            self._suite(case.body)
            after = _either(after, self._now)
        self._now = after if is_whole else _either(after, before)


def _either(one: Known | None, other: Known | None) -> Known | None:
    """What is bound where two ways meet."""
    if one is None or other is None:
        return other if one is None else one
    surely = one.surely & other.surely
    return Known(surely, (one.surely | one.assumed) & (other.surely | other.assumed) - surely)


def _operands(node: ast.BoolOp | ast.IfExp | ast.Compare) -> list[ast.expr]:
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.IfExp):
        return [node.test, node.body, node.orelse]
    return [node.left, *node.comparators]


def _is_quiet(node: ast.AST) -> bool:
    """Whether evaluating an expression, its parts apart, can run no code of the user's."""
    if isinstance(node, (ast.Constant, ast.Name, ast.Tuple, ast.List, ast.Expr, ast.Pass, ast.Lambda)):
        return not any(isinstance(child, ast.Starred) for child in ast.iter_child_nodes(node))
    if isinstance(node, (ast.Dict, ast.Set)):
        keys = node.keys if isinstance(node, ast.Dict) else node.elts
        return all(isinstance(key, ast.Constant) for key in keys)
    if isinstance(node, (ast.BinOp, ast.UnaryOp)):
        return all(isinstance(child, ast.Constant) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))
    return False


def is_quiet_throughout(node: ast.AST) -> bool:
    """Whether evaluating an expression with all its parts can run no code of the user's."""
    parts = [part for part in ast.walk(node) if isinstance(part, ast.expr)]
    return all(isinstance(part, ast.Lambda) or _is_quiet(part) for part in parts)


def _is_quiet_member(node: ast.stmt) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return all(_is_plain_decorator(item) for item in node.decorator_list) and all(
            is_quiet_throughout(item) for item in (*node.args.defaults, *filter(None, node.args.kw_defaults))
        )
    if isinstance(node, ast.AnnAssign):
        return node.value is None or is_quiet_throughout(node.value)
    if isinstance(node, ast.Assign):
        return is_quiet_throughout(node.value) and all(isinstance(target, ast.Name) for target in node.targets)
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _is_plain_decorator(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("property", "staticmethod", "classmethod")


def _evaluated_by(node: Function) -> list[ast.expr]:
    """What a `def` evaluates: defaults and annotations."""
    given = node.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    found = [*given.defaults, *given.kw_defaults, *(item.annotation for item in arguments if item), node.returns]
    return [item for item in found if item is not None]


def bound_by_import(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The names that an import binds, but for a star."""
    return [alias.asname or alias.name.partition(".")[0] for alias in node.names if alias.name != "*"]


def bound_by_pattern(pattern: ast.pattern) -> list[str]:
    """The names that a pattern binds where it fits."""
    found = []
    for node in ast.walk(pattern):
        name = getattr(node, "rest", None) if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
        found += [name] if isinstance(name, str) else []
    return found


def _read_by_pattern(pattern: ast.pattern) -> list[str]:
    return [node.id for node in ast.walk(pattern) if isinstance(node, ast.Name)]


def _compiled(node: ast.stmt) -> CodeType:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code: CodeType = compile(ast.Module([ast.fix_missing_locations(node)], []), "<cell>", "exec", flags, True)
    return code


def names_read(node: ast.stmt) -> set[str]:
    """Every name of the cell or of builtins that a statement reads, functions in it included."""
    return names_of(_compiled(node))


def names_read_inside(node: ast.stmt) -> set[str]:
    """The names that the functions in a statement read when they are called."""
    found: set[str] = set()
    for nested in nested_codes(_compiled(node)):
        if isinstance(node, ast.ClassDef) and nested.co_name == node.name:
            found |= {name for inner in nested_codes(nested) for name in names_of(inner)}
        else:
            found |= names_of(nested)
    return found


def names_of(code: CodeType) -> set[str]:
    """Every name that code and the functions in it read, from outside themselves."""
    from opcode import opname

    found = {
        code.co_names[arg >> 1 if opname[op] == "LOAD_GLOBAL" else arg]
        for op, arg in instructions_of(code)
        if opname[op] in _MANGLED
    }
    for nested in nested_codes(code):
        found |= names_of(nested)
    return found


def names_written_inside(code: CodeType) -> set[str]:
    """The names that a function binds or deletes by `global`."""
    from opcode import opname

    found = {code.co_names[arg] for op, arg in instructions_of(code) if opname[op] in _WRITING}
    for nested in nested_codes(code):
        found |= names_written_inside(nested)
    return found


def _read_by_class_body(node: ast.ClassDef) -> set[str]:
    """The names that a class reads while it is made, from outside itself."""
    from opcode import opname

    branches = (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.Match)
    is_straight = not any(isinstance(statement, branches) for statement in node.body)
    found: set[str] = set()
    for body in nested_codes(_compiled(node)):
        if body.co_name != node.name:
            continue
        own = {"__name__"}
        for op, arg in instructions_of(body):
            if opname[op] == "STORE_NAME" and is_straight:
                own.add(body.co_names[arg])
            elif opname[op] in _MANGLED:
                name = body.co_names[arg >> 1 if opname[op] == "LOAD_GLOBAL" else arg]
                found |= {name} - own
    return found
