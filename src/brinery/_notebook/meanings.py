"""What a cell's names mean, as far as that tells which of the notebook's own functions may be called."""

from __future__ import annotations

import ast
import builtins
from types import BuiltinFunctionType, FunctionType, ModuleType

from .._cache import Cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Modules whose decorators and base classes do not call what they are given when a definition is run.
_LAZY = frozenset({"abc", "brinery", "builtins", "contextlib", "dataclasses", "functools", "typing"})
# Those that look functions up by their names in the notebook.
_LOOKING = frozenset({"__main__", "builtins", "cloudpickle", "code", "dill", "gc", "importlib", "inspect", "joblib"})
_LOOKING |= frozenset({"pickle", "runpy", "shelve", "sys", "torch"})
_LOOKING_BUILTINS = frozenset({"__import__", "eval", "exec", "getattr", "globals", "locals", "vars"})


class Meanings:
    """What names mean: by what they stand for, or will once the cell has imported it."""

    def __init__(self, body: list[ast.stmt], space: dict[str, Any]) -> None:
        self._space = space
        self._imported: dict[str, str] = {}
        for node in body:
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                self._imported |= {alias.asname or alias.name: node.module for alias in node.names}
            elif isinstance(node, ast.Import):
                self._imported |= {alias.asname or alias.name.partition(".")[0]: alias.name for alias in node.names}
        self._bound = {
            getattr(node, "id", getattr(node, "name", None))
            for statement in body
            for node in ast.walk(statement)
            if (isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load))
            or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        }

    def is_lazy(self, expression: ast.expr) -> bool:
        """Whether a decorator or base class is known not to call what it is given."""
        node: ast.AST = expression
        while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
            node = node.func if isinstance(node, ast.Call) else node.value
        if not isinstance(node, ast.Name):
            return False
        return isinstance(self._space.get(node.id), Cache) or self._home(node.id) in _LAZY

    def is_outside(self, expression: ast.AST) -> bool:
        """Whether an expression has only code of other modules at hand, which cannot know the notebook's functions."""
        nodes = list(ast.walk(expression))
        if any(isinstance(node, (ast.Lambda, ast.NamedExpr, ast.Await)) for node in nodes):
            return False
        return all(self._is_of_others(node.id) for node in nodes if isinstance(node, ast.Name))

    def _is_of_others(self, name: str) -> bool:
        if name in self._bound:
            return False
        if name not in self._imported and name not in self._space:
            return hasattr(builtins, name) and name not in _LOOKING_BUILTINS
        home = self._home(name)
        return bool(home) and home not in _LOOKING

    def _home(self, name: str) -> str:
        """The outermost package of the code that a name stands for; empty if it is data."""
        module: object = self._imported.get(name)
        if module is None:
            value = self._space.get(name, getattr(builtins, name, None))
            if isinstance(value, ModuleType):
                module = value.__name__
            elif isinstance(value, (type, FunctionType, BuiltinFunctionType)):
                module = value.__module__
        return module.partition(".")[0] if isinstance(module, str) else ""
