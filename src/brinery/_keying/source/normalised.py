"""The normal form of a syntax tree: text that stands for its meaning, whatever its layout.

Left out are positions, comments, docstrings and annotations of functions; these two stay where something may read them.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast

# Decorators of the standard library that look at neither docstring nor annotations.
_BLIND_DECORATORS = {
    "abstractmethod", "cache", "cached_property", "classmethod", "contextmanager", "lru_cache", "override", "property",
    "staticmethod", "total_ordering", "wraps",
}  # fmt: skip
_WITHOUT_DOCSTRINGS = 2  # of `python -OO`


def has_other_decorator(node: ast.AST, ours: int) -> bool:
    """Whether there are more decorators on a function that may read its annotations than are known not to."""
    import ast

    others = 0
    for decorator in getattr(node, "decorator_list", []):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
        others += name not in _BLIND_DECORATORS and name not in ("setter", "getter", "deleter")
    return others > ours


def normalise(node: ast.AST, *, annotated: bool = False) -> str:
    """Write a syntax tree as text that stands for its meaning.

    Left out at the outermost function: its name, decorators and defaults (the living objects count instead). Left
    out everywhere, unless ``annotated``: docstrings and annotations of functions.
    """
    parts: list[str] = []
    _Writer(parts, annotated=annotated).outermost(node)
    return "".join(parts)


class _Writer:
    """Writes nodes as nested text; a field's place tells its name."""

    def __init__(self, parts: list[str], *, annotated: bool) -> None:
        import ast

        self._ast = ast
        self._write = parts.append
        self._annotated = annotated
        self._in_class = False

    def outermost(self, node: ast.AST) -> None:
        ast = self._ast
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self._write(f"{type(node).__name__}(")
            self._arguments(node.args, defaults=False)
            self._body(node.body, keep_docstring=self._annotated)
            if self._annotated:
                self._any(node.returns)
            self._write(")")
        elif isinstance(node, ast.Lambda):
            self._write("Lambda(")
            self._arguments(node.args, defaults=False)
            self._any(node.body)
            self._write(")")
        else:
            self._any(node)

    def _any(self, value: object) -> None:
        if isinstance(value, self._ast.AST):
            self._node(value)
        elif isinstance(value, list):
            self._write("[")
            for item in value:
                self._any(item)
            self._write("]")
        else:
            self._write(f"{type(value).__name__}:{value!r};")

    def _node(self, node: ast.AST) -> None:
        ast = self._ast
        kind = type(node).__name__
        if isinstance(node, ast.Name):
            self._write(f"{node.id}<debug {__debug__}>;" if node.id == "__debug__" else f"{node.id};")
            return
        if isinstance(node, ast.expr) and not isinstance(node, (ast.Lambda, ast.Constant)):
            self._fields(node, kind)
            return
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            annotated = self._annotated or has_other_decorator(node, 0)
            self._write(f"{kind} {node.name}(")
            self._any(node.decorator_list)
            self._arguments(node.args, annotated=annotated)
            self._body(node.body, keep_docstring=annotated)
            if annotated:
                self._any(node.returns)
            self._any(getattr(node, "type_params", []))
            self._write(")")
        elif isinstance(node, ast.Lambda):
            self._write("Lambda(")
            self._arguments(node.args)
            self._any(node.body)
            self._write(")")
        elif isinstance(node, ast.ClassDef):
            # A class body keeps its annotations: dataclasses and their like read them.
            self._write(f"ClassDef {node.name}(")
            for part in (node.bases, node.keywords, node.decorator_list, getattr(node, "type_params", [])):
                self._any(part)
            plain = not node.decorator_list and not node.bases and not node.keywords
            self._body(node.body, keep_docstring=self._annotated or not plain, in_class=True)
            self._write(")")
        elif isinstance(node, ast.AnnAssign):
            self._annotated_assignment(node)
        elif isinstance(node, ast.Module):
            self._write("Module(")
            self._body(node.body, keep_docstring=self._annotated, in_class=True)
            self._write(")")
        elif isinstance(node, ast.Constant):
            value = node.value
            text = ",".join(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)
            self._write(f"{type(value).__name__}:{text};")
        else:
            self._fields(node, kind)
            if isinstance(node, ast.Assert):
                self._write(f"<debug {__debug__}>")

    def _fields(self, node: ast.AST, kind: str) -> None:
        self._write(f"{kind}(")
        for field in node._fields:
            # A name is loaded or stored by where it stands.
            if field not in ("ctx", "type_comment"):
                self._any(getattr(node, field, None))
        self._write(")")

    def _annotated_assignment(self, node: ast.AnnAssign) -> None:
        """Inside a function an annotation of a variable is never evaluated: ``x: int = 1`` says ``x = 1``."""
        if self._in_class:
            self._write("AnnAssign(")
            self._any(node.target)
            self._any(node.annotation)
            self._any(node.value)
        elif node.value is None:
            self._write("Declare(")
            self._any(node.target)
        else:
            self._write("Assign([")
            self._any(node.target)
            self._write("]")
            self._any(node.value)
        self._write(")")

    def _body(self, body: list[ast.stmt], *, keep_docstring: bool, in_class: bool = False) -> None:
        ast = self._ast
        before, self._in_class = self._in_class, in_class
        statements = body
        keep_docstring = keep_docstring and sys.flags.optimize < _WITHOUT_DOCSTRINGS
        if not keep_docstring and body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            statements = body[1:] if isinstance(body[0].value.value, str) else body
        # A body that was only a docstring, and one that says `pass`, do the same.
        self._any([node for node in statements if not isinstance(node, ast.Pass)])
        self._in_class = before

    def _arguments(self, node: ast.arguments, *, defaults: bool = True, annotated: bool | None = None) -> None:
        annotated = self._annotated if annotated is None else annotated
        self._write("(")
        for group in (node.posonlyargs, node.args, [node.vararg], node.kwonlyargs, [node.kwarg]):
            for item in group:
                if item is None:
                    self._write("-,")
                    continue
                self._write(f"{item.arg},")
                if annotated:
                    self._any(item.annotation)
            self._write("/")
        if defaults:
            self._any(node.defaults)
            self._any(node.kw_defaults)
        self._write(")")
