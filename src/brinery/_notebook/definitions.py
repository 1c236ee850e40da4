"""Imports, functions and classes of a cell: a hit runs them again, as no stored copy of them could stand for them.

A function that is made again from the cell's own lines has the same source, and so the same fingerprint, as the one
that a run makes; what depends on it further down hits as well.
"""

from __future__ import annotations

import ast

from .._light import NamedTuple
from .flow import Flow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_IMPORTS = (ast.Import, ast.ImportFrom)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_MAKERS = {"namedtuple", "NamedTuple", "NewType", "TypedDict", "TypeVar", "ParamSpec"}


class Definition(NamedTuple):
    """One of a cell's statements that define something.

    Attributes:
        statement: the statement.
        names: what it binds.
        obstacle: why it cannot be run again on a hit, empty if it can.
    """

    statement: ast.stmt
    names: frozenset[str]
    obstacle: str = ""


def definitions_of(
    body: list[ast.stmt], is_lazy: Callable[[ast.expr], bool], written: set[str]
) -> list[Definition]:
    """Find the statements that a hit runs again, and those that it would have to and cannot.

    Args:
        body: the cell's statements.
        is_lazy: whether a decorator is known not to call what it decorates.
        written: names that functions of the cell bind when they are called.
    """
    others = [node for node in body if not _is_definition(node)]
    computed = Flow(others, is_lazy).bound | written
    found = []
    lost: set[str] = set()
    for node in body:
        if not _is_definition(node):
            for inner in _defined_in(node):
                found.append(Definition(node, frozenset({inner}), f"{inner} is defined inside a {_word(node)}"))
                lost.add(inner)
            continue
        flow = Flow([node], is_lazy)
        needed = sorted(flow.inputs & (computed | lost))
        obstacle = ""
        if needed:
            name = sorted(flow.bound)[0]
            obstacle = f"{name} is defined with the help of {needed[0]}, which the cell computes"
            lost |= flow.bound
        found.append(Definition(node, frozenset(flow.bound), obstacle))
    return found


def _is_definition(node: ast.stmt) -> bool:
    if isinstance(node, (*_IMPORTS, *_DEFINITIONS)) or type(node).__name__ == "TypeAlias":
        return True
    if isinstance(node, ast.Try):
        parts = [*node.body, *node.orelse, *node.finalbody, *(item for one in node.handlers for item in one.body)]
        return any(isinstance(part, _IMPORTS) for part in parts) and all(map(_is_part_of_import, parts))
    if not isinstance(node, ast.Assign) or not all(isinstance(target, ast.Name) for target in node.targets):
        return False
    value = node.value
    if isinstance(value, ast.Call):
        return getattr(value.func, "attr", getattr(value.func, "id", "")) in _MAKERS
    return isinstance(value, ast.Lambda)


def _is_part_of_import(node: ast.stmt) -> bool:
    """Whether a statement is one of those by which people import what may not be there."""
    return isinstance(node, (*_IMPORTS, ast.Pass)) or (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and all(isinstance(target, ast.Name) for target in node.targets)
    )


def _defined_in(node: ast.stmt) -> list[str]:
    """The functions and classes that a compound statement defines among the cell's names."""
    found = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _DEFINITIONS):
            found.append(child.name)
        elif isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            found += _defined_in(child)
    return found


def _word(node: ast.stmt) -> str:
    return f"`{type(node).__name__.removeprefix('Async').lower()}`"
