"""What a cached cell cannot hold: said before anything runs."""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SHELL = {"system", "getoutput", "getoutput_lines"}
_AWAITING = (ast.Await, ast.AsyncFor, ast.AsyncWith)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def refuse(tree: ast.Module, space: dict[str, Any]) -> None:
    """Raise the UsageError that says what stands in a cell that no hit could do, if something does."""
    reason = _reason(tree, space)
    if reason:
        from IPython.core.error import UsageError

        raise UsageError(f"{reason} Nothing has run.")


def _reason(tree: ast.Module, space: dict[str, Any]) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_shell(node.func.value):
            return _of_magic(node.func.attr, node)
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name) or node.id in bound:
            continue
        if node.id == "get_ipython":
            return (
                f"line {node.lineno} speaks to IPython, which no key can see and no hit would do: "
                "put what uses get_ipython() into a cell of its own."
            )
        if node.id == "input" and "input" not in space:
            return (
                f"line {node.lineno} asks for input, so what the cell does depends on the answer: "
                "ask in a cell of its own, and %%brinery the rest."
            )
    for node in _outside_functions(tree):
        if isinstance(node, _AWAITING) or any(item.is_async for item in getattr(node, "generators", ())):
            return (
                f"line {node.lineno} awaits, and a cached cell cannot: await in a cell of its own, "  # type: ignore[attr-defined]
                "or decorate the coroutine function with @cache."
            )
    return ""


def _is_shell(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_ipython"


def _of_magic(method: str, node: ast.Call) -> str:
    first = str(getattr(node.args[0], "value", "")) if node.args else ""
    if method == "run_cell_magic":
        return (
            f"%%{first} hides the code below it, so that no key can see it: "
            f"write %%{first} above %%brinery, or leave it out."
        )
    if method in _SHELL:
        return f"line {node.lineno} is a line for the shell, which no key can see: put it into a cell of its own."
    name = f"%{first}" if method == "run_line_magic" else f"get_ipython().{method}"
    return (
        f"line {node.lineno} is a magic, {name}, which no key can see and no hit would do: "
        "put it into a cell of its own."
    )


def _outside_functions(node: ast.AST) -> list[ast.AST]:
    found = []
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _FUNCTIONS):
            found += [child, *_outside_functions(child)]
    return found
