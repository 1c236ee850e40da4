"""A decorated function of the user's program, imported by its name."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from importlib import import_module

from .._cached_function import CachedFunction
from .output import fail


def found_function(name: str) -> CachedFunction[..., object] | None:
    """Import the function of that name, as `brinery ls` writes it or `module:name`; None, and said, if there is none.

    Modules are looked for in this folder first, as a program that is started here would.
    """
    here = os.getcwd()
    if sys.path[:1] != [here]:
        sys.path.insert(0, here)
    module, colon, path = name.partition(":")
    splits = [(module, path)] if colon else _splits(name)
    for module, path in splits:
        try:
            with redirect_stdout(sys.stderr):  # what the module prints is no result
                found: object = import_module(module)
        except ModuleNotFoundError as error:
            if error.name is not None and (module == error.name or module.startswith(f"{error.name}.")):
                continue
            fail("not-importable", f"cannot import {module}: {error}")
            return None
        except (Exception, SystemExit) as error:
            fail("not-importable", f"cannot import {module}: {type(error).__name__}: {error}")
            return None
        for step in path.split("."):
            found = getattr(found, step, None)
        if isinstance(found, CachedFunction):
            return found
        what = f"there is no {path} in {module}" if found is None else f"{module}.{path} is not decorated"
        fail("no-function", f"{what}; for a function made inside another, call f.adopt() in the program")
        return None
    if not splits:
        fail("no-function", f"{name!r} names no module: write it as `brinery ls` does, such as analysis.fit")
    else:
        fail(
            "not-importable",
            f"cannot import {splits[-1][0]} from {here}: run this where the program runs, or set PYTHONPATH",
        )
    return None


def look_here_last(function: str) -> None:
    """Have the modules of a function's program found in this folder, if it is that program's: after all others.

    Whatever else is in the folder, such as a `json.py`, is imported in place of nothing. Python itself puts the folder
    first under `python -m brinery`.
    """
    here = os.getcwd()
    if sys.path[:1] in ([""], [here]):
        del sys.path[0]
    package = function.partition(".")[0]
    if any(os.path.exists(os.path.join(here, name)) for name in (f"{package}.py", package)):
        sys.path.append(here)


def _splits(name: str) -> list[tuple[str, str]]:
    """`a.b.c` as module and name: `a.b` and `c` first."""
    words = name.split(".")
    return [(".".join(words[:end]), ".".join(words[end:])) for end in range(len(words) - 1, 0, -1)]
