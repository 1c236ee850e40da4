"""Where code comes from: the user, an installed distribution, or Python itself."""

from __future__ import annotations

import os
import sys

from xxhash import xxh3_128_digest

from ..._light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .distributions import Distribution

_STDLIB = os.path.dirname(os.__file__) + os.sep
_OURSELVES = os.path.dirname(os.path.dirname(os.path.dirname(__file__))) + os.sep
# The types that all extensions by one version of Cython, nanobind or pybind11 share: modules that have no file.
_WITHOUT_FILES = ("_cython_", "nanobind", "pybind11_builtins")
_SITES = "site-packages", "dist-packages"  # equally long


class Origin(NamedTuple):
    """``kind`` is "user", "stdlib", "brinery" or "installed"; only the last has a distribution."""

    kind: str
    distribution: Distribution | None = None


USER = Origin("user")
STDLIB = Origin("stdlib")
OURSELVES = Origin("brinery")  # the key's format has a version of its own: a release throws no store away

_origins: dict[str, Origin] = {}
_extensions: dict[str, bytes] = {}
_folders: dict[str, bool] = {}  # of the path: whether there are distributions in it


def origin_of_file(filename: str) -> Origin:
    """Say where the code of a file comes from; a file that does not exist is the user's."""
    origin = _origins.get(filename)
    if origin is None:
        origin = _origins[filename] = _look(filename)
    return origin


def origin_of_module(name: str) -> Origin:
    """Say where a module comes from, loaded or not, going by its file and never importing it."""
    if name in ("__main__", "__mp_main__"):
        return USER  # what is typed at a prompt, too, whoever provides the prompt
    root = name.partition(".")[0]
    module = sys.modules.get(name)
    if module is None:
        filename = find_file(name)
        if filename is not None:
            return origin_of_file(filename)
        return STDLIB if root in sys.stdlib_module_names or root.startswith(_WITHOUT_FILES) else USER
    filename = getattr(module, "__file__", None)
    if isinstance(filename, str):
        return origin_of_file(filename)
    if root in sys.stdlib_module_names or root in sys.builtin_module_names or root.startswith(_WITHOUT_FILES):
        return STDLIB
    spec = getattr(module, "__spec__", None)
    places = getattr(spec, "submodule_search_locations", None)
    for place in places or ():
        return origin_of_file(os.path.join(str(place), "__init__.py"))
    parent = name.rpartition(".")[0]
    return origin_of_module(parent) if parent in sys.modules else USER


def is_installed_or_standard(name: str) -> bool:
    """Whether a loaded module is not the user's, going by the folder of its file alone where that is enough."""
    known = vars(sys.modules[name])
    filename = known.get("__file__")
    if isinstance(filename, str) and max(map(filename.rfind, _SITES)) >= 0:
        return True
    if filename is None and "__path__" in known:
        return False  # a folder that packages of several makers may share
    return origin_of_module(name).kind != "user"


def find_file(name: str) -> str | None:
    """Find the file of a module that is not loaded, on the path and without running any code."""
    from importlib.machinery import PathFinder

    path: list[str] | None = None
    spec = None
    parts = name.split(".")
    for index in range(len(parts)):
        loaded = sys.modules.get(".".join(parts[: index + 1]))
        if loaded is not None and index + 1 < len(parts):
            path = list(getattr(loaded, "__path__", ()))
            continue
        try:
            spec = PathFinder.find_spec(".".join(parts[: index + 1]), path)
        except (KeyError, ModuleNotFoundError):  # of 3.15: a bare folder in one of which Python asks that it be loaded
            spec, path = None, [os.path.join(place, parts[index]) for place in path or ()]
            continue
        except (ImportError, ValueError, OSError, AttributeError):
            return None
        if spec is None:
            return None
        # A namespace's list asks for its parent in `sys.modules`, which is not there: what it knows now will do.
        path = list(getattr(spec.submodule_search_locations, "_path", spec.submodule_search_locations) or ())
    return spec.origin if spec is not None and isinstance(spec.origin, str) and spec.has_location else None


def is_folder(name: str) -> bool:
    """Whether a folder without an ``__init__.py`` may be imported under a name."""
    parent, _, last = name.rpartition(".")
    loaded = sys.modules.get(parent)
    if loaded is not None:
        places = list(getattr(loaded, "__path__", ()))
    else:
        places = [os.path.join(place, *parent.split(".")) for place in sys.path]
    return any(os.path.isdir(os.path.join(place, last)) for place in places)


def digest_of_extension(filename: object) -> bytes | None:
    """Digest the file of an extension module, once: what is loaded stays as it is; None for any other module."""
    if not isinstance(filename, str) or not filename.endswith((".so", ".pyd")):
        return None
    known = _extensions.get(filename)
    if known is None:
        try:
            with open(filename, "rb") as handle:
                known = xxh3_128_digest(handle.read())
        except OSError:
            return None
        _extensions[filename] = known
    return known


def _look(filename: str) -> Origin:
    if filename.startswith("<frozen "):
        return STDLIB
    if filename.startswith(_OURSELVES):
        return OURSELVES
    found = max(map(filename.rfind, _SITES))  # the last, as an environment may lie inside another's packages
    if found < 0:
        return STDLIB if filename.startswith(_STDLIB) else _in_folder_of_packages(filename)
    end = found + len(_SITES[0])
    site = filename[:end]
    relative = filename[end:].lstrip("/\\").replace("\\", "/")
    from .distributions import owner

    distribution = owner(site, relative)
    return USER if distribution is None else Origin("installed", distribution)


def _in_folder_of_packages(filename: str) -> Origin:
    """Say of a file whether a folder of the path holds it with its distribution, as `pip install --target` leaves it.

    A file that is not as it was installed is the user's: nothing but its distribution's list tells that it is not.
    """
    for place in sys.path:
        site = os.path.abspath(place)
        if not filename.startswith(site + os.sep) or not _holds_distributions(site):
            continue
        from .distributions import owner

        relative = filename[len(site) + 1 :].replace(os.sep, "/")
        distribution = owner(site, relative, as_installed=True)
        if distribution is not None:
            return Origin("installed", distribution)
    return USER


def _holds_distributions(folder: str) -> bool:
    known = _folders.get(folder)
    if known is None:
        try:
            known = any(name.endswith(".dist-info") for name in os.listdir(folder))
        except OSError:
            known = False
        _folders[folder] = known
    return known
