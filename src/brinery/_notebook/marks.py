"""Marks in a cell's statements, by which a run tells what it bound: only for names that were there before.

Whether `if`, a loop or `with` has bound a name cannot be seen afterwards where the name stands for the same object as
before; and what a loop or `with` is assumed to have bound was perhaps read as it had been.
"""

from __future__ import annotations

import ast
import builtins
import copy
from contextlib import contextmanager

from .syntax import bound_by_import, bound_by_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .flow import Flow

_BOUND, _OVER = "__brinery_bound__", "__brinery_over__"


class Marks:
    """What a run has told so far; `active` while it runs.

    Attributes:
        watched: the names that are asked about.
        bound: those that were bound or deleted.
        misread: those that may have been read as they were before the cell.
    """

    def __init__(self, flow: Flow, present: set[str]) -> None:
        self.watched = ((flow.relied | flow.left) - flow.inputs) & present
        self.bound: set[str] = set()
        self.misread: list[str] = []
        self._relied = flow.relied & self.watched
        self._assumptions = flow.assumptions

    def put_into(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return the statement, with marks where there is something to ask."""
        if not self.watched:
            return [statement]
        return self._marked(copy.copy(statement), statement)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Have the marks answered."""
        if not self.watched:
            yield
            return
        setattr(builtins, _BOUND, self.bound.update)
        setattr(builtins, _OVER, self._over)
        try:
            yield
        finally:
            delattr(builtins, _BOUND)
            delattr(builtins, _OVER)

    def _over(self, names: tuple[str, ...]) -> None:
        self.misread += [name for name in names if name not in self.bound and name not in self.misread]

    def _marked(self, node: ast.stmt, original: ast.stmt) -> list[ast.stmt]:
        before: list[str] = []
        if isinstance(node, (ast.For, ast.AsyncFor)):
            before = _names_in(node.target)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            before = [name for item in node.items if item.optional_vars for name in _names_in(item.optional_vars)]
        if isinstance(node, (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar)):
            node.body = [*self._mark(before, node), *self._suite(node.body)]
            for field in ("orelse", "finalbody"):
                if getattr(node, field, None):
                    setattr(node, field, self._suite(getattr(node, field)))
        if isinstance(node, (ast.Try, ast.TryStar)):
            node.handlers = [self._handler(handler) for handler in node.handlers]
        if isinstance(node, ast.Match):
            node.cases = [self._case(case) for case in node.cases]
        over = tuple(sorted(self._assumptions.get(original, frozenset()) & self._relied))
        after = self._mark(_bound_by(node), node) + ([_call(_OVER, over, node)] if over else [])
        return [node, *after]

    def _suite(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        return [item for statement in statements for item in self._marked(copy.copy(statement), statement)]

    def _handler(self, handler: ast.ExceptHandler) -> ast.ExceptHandler:
        handler = copy.copy(handler)
        names = [handler.name] if handler.name else []
        handler.body = [*self._mark(names, handler.body[0]), *self._suite(handler.body)]
        return handler

    def _case(self, case: ast.match_case) -> ast.match_case:
        case = copy.copy(case)
        case.body = [*self._mark(bound_by_pattern(case.pattern), case.body[0]), *self._suite(case.body)]
        return case

    def _mark(self, names: list[str], near: ast.stmt) -> list[ast.stmt]:
        watched = tuple(name for name in names if name in self.watched)
        return [_call(_BOUND, watched, near)] if watched else []


def _bound_by(node: ast.stmt) -> list[str]:
    """The names that a simple statement or a definition binds."""
    if isinstance(node, (ast.Assign, ast.Delete)):
        return [name for target in node.targets for name in _names_in(target)]
    if isinstance(node, ast.AugAssign) or (isinstance(node, ast.AnnAssign) and node.value is not None):
        return _names_in(node.target)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    return bound_by_import(node) if isinstance(node, (ast.Import, ast.ImportFrom)) else []


def _names_in(target: ast.expr) -> list[str]:
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, ast.Starred):
        return _names_in(target.value)
    return [name for item in getattr(target, "elts", ()) for name in _names_in(item)]


def _call(function: str, names: tuple[str, ...], near: ast.stmt) -> ast.stmt:
    argument = ast.Tuple([ast.Constant(name) for name in names], ast.Load())
    statement = ast.Expr(ast.Call(ast.Name(function, ast.Load()), [argument], []))
    return ast.fix_missing_locations(ast.copy_location(statement, near))
