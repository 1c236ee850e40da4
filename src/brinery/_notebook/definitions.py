"""Imports, functions and classes of a cell: a hit runs them again, as no stored copy of them could stand for them.

A function that is made again from the cell's own lines has the same source, and so the same fingerprint, as the one
that a run makes; what depends on it further down hits as well.
"""

from __future__ import annotations

import ast

from .._light import NamedTuple
from .flow import Flow
from .meanings import Meanings

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

_IMPORTS = (ast.Import, ast.ImportFrom)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_MAKERS = {"namedtuple", "NamedTuple", "NewType", "TypedDict", "TypeVar", "ParamSpec"}


class Definition(NamedTuple):
    """One of a cell's statements that define something.

    Attributes:
        statement: the statement.
        names: what it binds.
        obstacle: why it cannot be run again on a hit, empty if it can.
        calls: whether running it calls something, which may be anything that it reaches.
    """

    statement: ast.stmt
    names: frozenset[str]
    obstacle: str = ""
    calls: bool = False


def definitions_of(body: list[ast.stmt], meanings: Meanings, written: set[str]) -> list[Definition]:
    """Find the statements that a hit runs again, and those that it would have to and cannot.

    Args:
        body: the cell's statements.
        meanings: of their names.
        written: names that functions of the cell bind when they are called.
    """
    computed = computed_by(body, meanings) | written
    found = []
    so_far: list[ast.stmt] = []
    needed_before: set[str] = set()
    for node in body:
        if not _is_definition(node):
            for inner in _defined_in(node):
                computed.add(inner)
                found.append(Definition(node, frozenset({inner}), f"{inner} is defined inside a {_word(node)}"))
            continue
        so_far.append(node)
        flow = Flow(so_far, meanings)  # with those before it, which it may call
        own = Flow([node], meanings)
        needed = sorted((flow.inputs - needed_before) & computed)
        needed_before |= flow.inputs
        obstacle = ""
        if needed:
            obstacle = f"{min(own.bound)} is defined with the help of {needed[0]}, which the cell computes"
            computed |= own.bound
        found.append(Definition(node, frozenset(own.bound), obstacle, own.calls))
    return found


def computed_by(body: list[ast.stmt], meanings: Meanings) -> set[str]:
    """The names that a cell binds otherwise than by definitions."""
    return set(Flow([node for node in body if not _is_definition(node)], meanings).bound)


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


def _defined_in(node: ast.AST) -> list[str]:
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
