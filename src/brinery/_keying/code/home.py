"""Qualified names of functions and classes ("home names"), the same wherever their code runs from.

The home name is the dotted name found by walking up from the source file while there is an ``__init__.py``, plus the
qualified name. It is the same for a file run as a script, with ``-m``, imported under pytest or loaded in a worker.
"""

from __future__ import annotations

import os
import sys

from xxhash import xxh3_64_hexdigest

from ..._light import FunctionType, MethodType, partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAIN = "__main__"
MAINS = (MAIN, "__mp_main__")

_homes_of_files: dict[str, str] = {}
_carried: dict[str, str] = {}
_main_elsewhere: str | None = None


def home_of_file(filename: str) -> str:
    """Return the dotted module name that a source file has by its place, or ``__main__`` if there is no such file."""
    home = _homes_of_files.get(filename)
    if home is None:
        home = _carried.get(filename) or _walk_up(filename)
        if home != MAIN:
            _homes_of_files[filename] = home
    return home


def carry_home(filename: str, home: str) -> None:
    """Remember the home of a file that another machine has and this one may not."""
    if home != MAIN and _walk_up(filename) == MAIN:
        _carried[filename] = home


def carry_main(home: str) -> None:
    """Remember what is at home in ``__main__`` where code came from that is sent by value."""
    global _main_elsewhere
    _main_elsewhere = home


def home_of_main() -> str:
    """Return the home name of this process's ``__main__``."""
    return home_of_module(MAIN)


def home_of_module(name: str) -> str:
    """Return the home name of a module by the name under which it is loaded here."""
    module = sys.modules.get(name)
    filename = getattr(module, "__file__", None)
    if not isinstance(filename, str):
        return MAIN if name in MAINS else name
    if name not in MAINS and not filename.endswith(".py"):
        return name
    home = home_of_file(filename)
    return name if home == MAIN and name != "__mp_main__" else home


def home_of_wrapped(function: FunctionType) -> str:
    """Return the home module of what a function of a library wraps and says that it is."""
    module = function.__module__ or MAIN
    return _main_elsewhere if module in MAINS and _main_elsewhere is not None else home_of_module(module)


def home_of_function(function: FunctionType) -> str:
    """Return the home module of a function, going by the file of its code."""
    filename = function.__code__.co_filename
    module = function.__module__ or MAIN
    if not filename.startswith("<"):
        home = home_of_file(filename)
        return home_of_module(module) if home == MAIN and module not in MAINS else home
    if module in MAINS and _main_elsewhere is not None and not _is_of_module(function, module):
        return _main_elsewhere  # sent by value: cloudpickle gives such code a file name of its own
    if module == MAIN and filename != "<string>":
        return MAIN  # what is typed at a prompt is at home in `__main__`, whatever program shows the prompt
    return home_of_module(module)  # what a module makes by `exec` is at home there


def home_of_class(cls: type) -> str:
    """Return the home module of a class, going by its methods where it may have been sent here by value."""
    if cls.__module__ not in MAINS:
        return home_of_module(cls.__module__)
    for method in cls.__dict__.values():
        # What a library has put into the class, as for a named tuple, is at home in that library.
        is_of_its_module = isinstance(method, FunctionType) and method.__globals__.get("__name__") == cls.__module__
        if is_of_its_module and method.__qualname__.startswith(f"{cls.__qualname__}."):
            return home_of_function(method)
    found: Any = sys.modules.get(cls.__module__)
    for name in cls.__qualname__.split("."):
        found = getattr(found, "__dict__", {}).get(name)
    return home_of_module(cls.__module__) if found is cls or _main_elsewhere is None else _main_elsewhere


def _is_of_module(function: FunctionType, name: str) -> bool:
    module = sys.modules.get(name)
    return module is not None and vars(module) is function.__globals__


def home_name(function: Callable[..., Any]) -> str:
    """Return a callable's home name, going by the innermost function that it wraps."""
    inner = _innermost(function)
    if isinstance(inner, FunctionType):
        return f"{home_of_function(inner)}.{inner.__qualname__}"
    named = inner if hasattr(inner, "__qualname__") else type(inner)
    owner = getattr(named, "__objclass__", None)  # of a method of a builtin class
    module = getattr(named, "__module__", None) or getattr(owner, "__module__", None) or "builtins"
    return f"{home_of_module(module)}.{named.__qualname__}"


def home_module(function: Callable[..., Any]) -> str:
    inner = _innermost(function)
    if isinstance(inner, FunctionType):
        return home_of_function(inner)
    return home_of_module(getattr(inner, "__module__", None) or "__main__")


def place_of_code(function: Callable[..., Any]) -> str:
    """Return a name for the file that has a function, here on this machine; empty if it is in none."""
    innermost = _innermost(function)
    filename = getattr(getattr(innermost, "__code__", None), "co_filename", "")
    if not os.path.isfile(filename):  # made of text: the module's
        filename = getattr(sys.modules.get(getattr(innermost, "__module__", None) or MAIN), "__file__", None) or ""
        if not os.path.isfile(filename):
            return ""
    return xxh3_64_hexdigest(os.fsencode(os.path.abspath(filename)))


def _innermost(function: Any) -> Any:
    seen: set[int] = set()
    while id(function) not in seen:
        seen.add(id(function))
        if isinstance(function, partial):
            function = function.func
        elif isinstance(function, MethodType):
            function = function.__func__
        else:
            function = getattr(function, "__dict__", {}).get("__wrapped__", function)
    return function


def _walk_up(filename: str) -> str:
    """Name a file by its folders, as far up as they are packages.

    A notebook's cells and a prompt have file names under which nothing lies: they are at home in ``__main__``.
    """
    path = os.path.abspath(filename)
    if not filename.endswith((".py", ".pyw")) or not os.path.isfile(path):
        return MAIN
    folder, name = os.path.split(path)
    stem = name[: name.rindex(".")]
    parts = [] if stem == "__init__" else [stem]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, package = os.path.split(folder)
        parts.insert(0, package)
        if not package:
            break
    return ".".join(parts) or MAIN
