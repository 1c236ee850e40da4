"""Find the file and line of the parts of a fingerprint, for people."""

from __future__ import annotations

import sys
from types import FunctionType, ModuleType

from ..._light import NamedTuple
from ..code.fingerprint import Fingerprint
from ..code.home import home_of_class, home_of_function, home_of_main
from ..source.parsed import syntax_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast


class Place(NamedTuple):
    """The home module of a part, the file it stands in as the code object says, and the line where it begins."""

    module: str
    filename: str
    line: int


def places_of(code: Fingerprint) -> dict[str, Place]:
    """Say of each part where it stands, as far as that can be found.

    Functions and classes where they begin, globals where they are bound last; defaults, closure variables, attributes
    and documents at the function or class that they belong to.
    """
    found: dict[str, Place] = {}
    for part, thing in code.reached.items():
        place = _of_thing(part, thing)
        if place is not None:
            found[part] = place
    owners = {part.partition(" ")[2]: place for part, place in found.items()}
    for part in code.parts:
        kind, _, name = part.partition(" ")
        if part in found:
            continue
        if kind == "global":
            place = _of_global(name)
        elif kind == "documents":
            place = owners.get(name)
        else:
            place = owners.get(name.rpartition(".")[0]) if kind in ("default", "closure", "attribute") else None
        if place is not None:
            found[part] = place
    return found


def _of_thing(part: str, thing: FunctionType | type | str) -> Place | None:
    if isinstance(thing, str):
        return Place(part.partition(" ")[2], thing, 1)
    if isinstance(thing, FunctionType):
        code = thing.__code__
        return Place(home_of_function(thing), code.co_filename, code.co_firstlineno)
    return _of_class(thing)


def _of_class(cls: type) -> Place | None:
    module = sys.modules.get(cls.__module__)
    filename = getattr(module, "__file__", None)
    methods = [value.__code__ for value in vars(cls).values() if isinstance(value, FunctionType)]
    own = [code for code in methods if code.co_qualname == f"{cls.__qualname__}.{code.co_name}"]
    if not isinstance(filename, str):
        filename = own[0].co_filename if own else None
    if filename is None:
        return None
    line = vars(cls).get("__firstlineno__")
    if not isinstance(line, int):
        line = _line_of_class(filename, cls.__qualname__) or min((code.co_firstlineno for code in own), default=0)
    return Place(home_of_class(cls), filename, line) if line else None


def _line_of_class(filename: str, qualname: str) -> int:
    import ast

    tree = syntax_tree(filename)
    inside: list[ast.AST] = [] if tree is None else [tree]
    for name in qualname.replace(".<locals>", "").split("."):
        there = [node for outer in inside for node in ast.walk(outer) if node is not outer]
        inside = [
            node
            for node in there
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name
        ]
    return getattr(inside[-1], "lineno", 0) if inside else 0


def global_value(name: str) -> object:
    """What a global has just now, by the name of its part; None if that cannot be found."""
    home, _, variable = name.rpartition(".")
    return vars(module).get(variable) if (module := _module_at(home)) is not None else None


def _module_at(home: str) -> ModuleType | None:
    return sys.modules.get(home) or (sys.modules.get("__main__") if home == home_of_main() else None)


def _of_global(name: str) -> Place | None:
    import ast

    home, _, variable = name.rpartition(".")
    module = _module_at(home)
    filename = getattr(module, "__file__", None)
    tree = syntax_tree(filename) if isinstance(filename, str) and filename.endswith(".py") else None
    if tree is None or not isinstance(filename, str):
        return None
    bound = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == variable and isinstance(node.ctx, ast.Store)
    ]
    at_top = [line for line in bound if _is_at_top(tree, line)]
    return Place(home, filename, (at_top or bound)[-1]) if bound else None


def _is_at_top(tree: ast.Module, line: int) -> bool:
    """Whether a line is the module's own and not inside a function or class."""
    import ast

    return not any(
        node.lineno <= line <= (node.end_lineno or node.lineno)
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    )
