"""Which decorators and base classes are known not to call what they are given, when a definition is run."""

from __future__ import annotations

import ast
import builtins
from types import ModuleType

from .._cache import Cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KNOWN = frozenset({"abc", "brinery", "builtins", "contextlib", "dataclasses", "functools", "typing"})


class Laziness:
    """Asked of a decorator or base class: by what its name means, or will once the cell has imported it."""

    def __init__(self, body: list[ast.stmt], space: dict[str, Any]) -> None:
        self._space = space
        self._imported: dict[str, str] = {}
        for node in body:
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                self._imported |= {alias.asname or alias.name: node.module for alias in node.names}
            elif isinstance(node, ast.Import):
                self._imported |= {alias.asname or alias.name.partition(".")[0]: alias.name for alias in node.names}

    def __call__(self, expression: ast.expr) -> bool:
        node: ast.AST = expression
        while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
            node = node.func if isinstance(node, ast.Call) else node.value
        if not isinstance(node, ast.Name):
            return False
        module = self._imported.get(node.id)
        if module is None:
            value = self._space.get(node.id, getattr(builtins, node.id, None))
            if isinstance(value, Cache):
                return True
            module = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        return isinstance(module, str) and module.partition(".")[0] in _KNOWN
