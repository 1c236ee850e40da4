"""What a cell reads before it has bound it, and what it binds: one journey through its statements.

A name that the cell surely binds before it reads it is no input, whatever it meant before: else no cell would hit when
it is run again. Whatever is not sure counts as read. After a loop or a `with` the names that it binds are *assumed* to
be bound: whether that was so, the run itself is asked (`marks`), for a loop may have nothing to go through, and a
context manager may swallow what its body raised.
"""

from __future__ import annotations

import ast

from .._light import NamedTuple
from .meanings import Meanings
from .syntax import (
    bound_by_import,
    bound_by_pattern,
    evaluated_by,
    is_quiet,
    is_quiet_member,
    names_read,
    names_read_inside,
    operands,
    read_by_class_body,
    read_by_pattern,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias

    Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

# The statements whose parts do not simply run one after another, and what sees to them.
_HANDLERS: dict[str, str] = {
    "AnnAssign": "_annotated_statement",
    "Assign": "_assign_statement",
    "AsyncFor": "_for_statement",
    "AsyncFunctionDef": "_function_statement",
    "AsyncWith": "_with_statement",
    "AugAssign": "_augmented_statement",
    "Break": "_break_statement",
    "ClassDef": "_class_statement",
    "Continue": "_continue_statement",
    "Delete": "_delete_statement",
    "For": "_for_statement",
    "FunctionDef": "_function_statement",
    "Global": "_global_statement",
    "If": "_if_statement",
    "Import": "_import_statement",
    "ImportFrom": "_import_statement",
    "Match": "_match_statement",
    "Nonlocal": "_global_statement",
    "Pass": "_global_statement",
    "Raise": "_raise_statement",
    "Try": "_try_statement",
    "TryStar": "_try_statement",
    "TypeAlias": "_alias_statement",
    "While": "_while_statement",
    "With": "_with_statement",
}


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

    def __init__(self, statements: Iterable[ast.stmt], meanings: Meanings) -> None:
        self.inputs: set[str] = set()
        self.bound: set[str] = set()
        self.relied: set[str] = set()
        self.assumptions: dict[ast.stmt, frozenset[str]] = {}
        self.calls = False
        self._meanings = meanings
        self._deferred: set[str] = set()  # what functions read that may be called from now on
        self._now: Known | None = Known()  # None where nothing is ever reached
        self._breaks: list[Known] = []
        self._continues: list[Known] = []
        self._unsure = 0
        self._in_passing: set[str] = set()  # bound inside expressions, where nothing can be marked
        self._suite(statements)
        self.left = {name for name in self.bound if self._is_left(name)}
        self.inputs |= self.left & self._in_passing

    # Names.

    def _is_left(self, name: str) -> bool:
        return self._now is not None and name not in self._now.surely

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
            first, *rest = operands(node)
            self._value(first)
            self._unsure += 1
            for operand in rest:
                self._value(operand)
            self._unsure -= 1
            self._call()
        else:
            for child in ast.iter_child_nodes(node):
                self._value(child)
            if not is_quiet(node) and not self._meanings.is_outside(node):
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
        getattr(self, _HANDLERS.get(type(node).__name__, "_value"))(node)

    def _assign_statement(self, node: ast.Assign) -> None:
        self._value(node.value)
        for target in node.targets:
            self._target(target)

    def _augmented_statement(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._read(node.target.id)
        self._value(node.value)
        self._call()
        self._target(node.target)

    def _annotated_statement(self, node: ast.AnnAssign) -> None:
        self._value(node.value)
        self._value(node.annotation)
        if node.value is not None or not isinstance(node.target, ast.Name):
            self._target(node.target)

    def _alias_statement(self, node: Any) -> None:
        self._deferred |= names_read_inside(node)
        self._bind(node.name.id)

    def _delete_statement(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._read(target.id)
            self._target(target)

    def _import_statement(self, node: ast.Import) -> None:
        for name in bound_by_import(node):
            self._bind(name)

    def _raise_statement(self, node: ast.Raise) -> None:
        self._value(node.exc)
        self._value(node.cause)
        self._now = None

    def _break_statement(self, _node: ast.Break) -> None:
        self._breaks += [self._now] if self._now is not None else []
        self._now = None

    def _continue_statement(self, _node: ast.Continue) -> None:
        self._continues += [self._now] if self._now is not None else []
        self._now = None

    def _global_statement(self, _node: ast.Global) -> None:
        """All names of a cell are global."""

    def _function_statement(self, node: Function) -> None:
        for decorator in node.decorator_list:
            self._value(decorator)
        for expression in evaluated_by(node):
            self._value(expression)
        self._deferred |= names_read_inside(node)
        if not all(map(self._meanings.is_lazy, node.decorator_list)):
            self._call()
        self._bind(node.name)

    def _class_statement(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)):
            self._value(part)
        for name in sorted(names_read(node) if getattr(node, "type_params", None) else read_by_class_body(node)):
            self._read(name)
        self._deferred |= names_read_inside(node)
        is_plain = all(map(self._meanings.is_lazy, node.decorator_list)) and not node.keywords
        if not is_plain or not all(map(self._meanings.is_lazy, node.bases)) or not all(map(is_quiet_member, node.body)):
            self._call()
        self._bind(node.name)

    def _if_statement(self, node: ast.If) -> None:
        self._value(node.test)
        before = self._now
        self._suite(node.body)
        after = self._now
        self._now = before
        self._suite(node.orelse)
        self._now = _either(after, self._now)

    def _for_statement(self, node: ast.For | ast.AsyncFor) -> None:
        self._value(node.iter)
        self._call()
        self._loop(node, lambda: self._target(node.target))

    def _while_statement(self, node: ast.While) -> None:
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
            self._assume(node, before, *([once] if once is not None else []), *breaks)
        self._suite(node.orelse)
        for state in breaks:
            self._now = _either(self._now, state)

    def _with_statement(self, node: ast.With | ast.AsyncWith) -> None:
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

    def _assume(self, node: ast.stmt, before: Known, *ends: Known) -> None:
        """Take for bound what is bound where a statement can end; the run will tell whether that was so."""
        new = frozenset(name for end in ends for name in end.surely | end.assumed) - before.surely
        self.assumptions[node] = new
        self._now = Known(before.surely, before.assumed | new)

    def _try_statement(self, node: Any) -> None:
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

    def _match_statement(self, node: ast.Match) -> None:
        self._value(node.subject)
        self._call()
        before = self._now
        after: Known | None = None
        is_whole = False
        for case in node.cases:
            self._now = before
            for name in read_by_pattern(case.pattern):
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
