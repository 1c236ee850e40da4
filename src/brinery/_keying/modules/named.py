"""Modules and scripts that code imports by a name which it computes: any that a text of the program names may be meant.

Such as `import_module("a" if x else "b")`, `import_module(TABLE[x])`, `import_module(f"plugins.{x}")` and
`run_path("script.py")`. The texts are those that stand in the code that is reached and in the values that it reads. One
that names a module by chance costs a needless computation at most.
"""

from __future__ import annotations

import os
import sys
from gc import get_referents

from ..._light import FunctionType, ModuleType
from ..code.home import MAINS
from ..source.texts import constants_in
from .origin import find_file, origin_of_file, origin_of_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_MOST_OBJECTS = 10_000


def named_by(things: list[object], values: Iterable[Callable[[], object]]) -> tuple[set[str], list[tuple[str, str]]]:
    """List the user's modules, and the names and files of scripts, that the texts of what is reached name."""
    texts = _texts_of(things, values)
    spaces = [thing.__globals__ for thing in things if isinstance(thing, FunctionType)]
    folders = {os.path.dirname(str(space["__file__"])) for space in spaces if space.get("__file__")}
    packages = {str(space["__package__"]) for space in spaces if space.get("__package__")}
    return modules_named_by(texts, packages), sorted(_scripts_named_by(texts, ["", *sorted(folders)]).items())


def _texts_of(things: Iterable[object], values: Iterable[Callable[[], object]]) -> set[str]:
    """Collect the texts of the functions and classes that are reached, and of the values that these read."""
    found: set[str] = set()
    pending: list[object] = []
    for thing in things:
        if isinstance(thing, FunctionType):
            found.update(constants_in(thing.__code__))
        elif isinstance(thing, type):
            pending += list(vars(thing).values())
    for get in values:
        try:
            pending.append(get())
        except Exception:
            continue  # a value that is not there any more names nothing
    seen: set[int] = set()
    while pending and len(seen) < _MOST_OBJECTS:
        value = pending.pop()
        if isinstance(value, str):
            found.add(value)
        elif id(value) not in seen and not isinstance(value, (type, ModuleType, FunctionType)):
            seen.add(id(value))
            pending += get_referents(value)
    return found


def modules_named_by(texts: Iterable[str], packages: set[str]) -> set[str]:
    """List the user's modules that texts name; what begins with a dot is looked for in each of some packages."""
    whole = {text for text in texts if text and len(text) <= 200 and not text.isspace()}
    found = {name for text in whole if text[0] != "." for name in _named_by(text)}
    packages = packages | {name for name in found if _is_package(name)}
    relative = {text.lstrip(".") for text in whole if text[0] == "." and text.strip(".")}
    return found | {name for text in relative for package in packages for name in _named_by(f"{package}.{text}")}


def _scripts_named_by(texts: Iterable[str], folders: Iterable[str]) -> dict[str, str]:
    """Find the user's Python files that texts name, from any of some folders, by what they are called there."""
    found = {}
    for text in texts:
        if text.endswith(".py"):
            for folder in folders:
                filename = os.path.join(folder, text)
                if os.path.isfile(filename) and origin_of_file(os.path.abspath(filename)).kind == "user":
                    found[os.path.basename(text) if os.path.isabs(text) else text] = filename
                    break
    return found


def _named_by(text: str) -> Iterator[str]:
    """A module's name may be followed by a name in it; what ends with a dot is the beginning of a name."""
    name = text.partition(":")[0]
    if name.endswith("."):
        package = name[:-1]
        if _is_users(package):
            yield package
            yield from _inside(package)
        return
    while name and all(part.isidentifier() for part in name.split(".")):
        if _is_users(name):
            yield name
            return
        name = name.rpartition(".")[0]


def _is_users(name: str) -> bool:
    if not all(part.isidentifier() for part in name.split(".")) or name in MAINS:
        return False
    return (name in sys.modules or find_file(name) is not None) and origin_of_module(name).kind == "user"


def _is_package(name: str) -> bool:
    return os.path.basename(_file_of(name)) == "__init__.py"


def _file_of(name: str) -> str:
    return str(getattr(sys.modules.get(name), "__file__", "") or find_file(name) or "")


def _inside(package: str) -> Iterator[str]:
    """List the modules in a package's folder."""
    try:
        names = os.listdir(os.path.dirname(_file_of(package)) or os.curdir) if _is_package(package) else []
    except OSError:
        names = []
    for name in {name.partition(".")[0] for name in names if not name.startswith("__")}:
        if _is_users(f"{package}.{name}"):
            yield f"{package}.{name}"
