"""Where code comes from: the user, an installed distribution, or Python itself.

Installed is what a distribution's own list of files (RECORD) says, whatever the current folder; an editable install
is the user's code. A distribution counts by name, version and its list of files, with all that it requires and finds
installed: a rebuilt wheel of the same version is another.
"""

from __future__ import annotations

import os
import sys

from xxhash import xxh3_128_digest

from .._light import NamedTuple

_STDLIB = os.path.dirname(os.__file__) + os.sep
_OURSELVES = os.path.dirname(os.path.dirname(__file__)) + os.sep
# Patterns are compiled when they are first used, as importing brinery needs none of them.
_CYTHON = "_cython_"  # the types that all extensions by one version of Cython share: a module that has no file
_SITES = "site-packages", "dist-packages"  # equally long
_REQUIRES = rb"(?m)^Requires-Dist:[ \t]*([A-Za-z0-9][A-Za-z0-9._-]*)([^\r\n]*)"


class Distribution(NamedTuple):
    """An installed distribution; ``digest`` covers its files and those of all it requires."""

    name: str
    version: str
    digest: bytes


class _Installed(NamedTuple):
    name: str
    version: str
    record: bytes
    requires: frozenset[str]


class Origin(NamedTuple):
    """``kind`` is "user", "stdlib", "brinery" or "installed"; only the last has a distribution."""

    kind: str
    distribution: Distribution | None = None


USER = Origin("user")
STDLIB = Origin("stdlib")
OURSELVES = Origin("brinery")  # the key's format has a version of its own: a release throws no store away

_origins: dict[str, Origin] = {}
_installed: dict[tuple[str, str], _Installed | None] = {}
_listings: dict[str, list[str]] = {}
_extensions: dict[str, bytes] = {}
_distributions: dict[tuple[str, str], Distribution] = {}


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
        return STDLIB if root in sys.stdlib_module_names else USER
    filename = getattr(module, "__file__", None)
    if isinstance(filename, str):
        return origin_of_file(filename)
    if root in sys.stdlib_module_names or root in sys.builtin_module_names or root.startswith(_CYTHON):
        return STDLIB
    spec = getattr(module, "__spec__", None)
    places = getattr(spec, "submodule_search_locations", None)
    for place in places or ():
        return origin_of_file(os.path.join(str(place), "__init__.py"))
    parent = name.rpartition(".")[0]
    return origin_of_module(parent) if parent in sys.modules else USER


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
        except (ImportError, ValueError, OSError, AttributeError):
            return None
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or ())
    return spec.origin if spec is not None and isinstance(spec.origin, str) and spec.has_location else None


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


def installed_names() -> frozenset[str]:
    """Return the names of all distributions on the path, as the packaging specification compares names."""
    folders = (folder for place in sys.path for folder in _metadata_folders(place or os.curdir))
    return frozenset(_canonical(folder.partition("-")[0]) for folder in folders)


def _look(filename: str) -> Origin:
    if filename.startswith("<frozen "):
        return STDLIB
    if filename.startswith(_OURSELVES):
        return OURSELVES
    found = max(map(filename.rfind, _SITES))  # the last, as an environment may lie inside another's packages
    if found < 0:
        return STDLIB if filename.startswith(_STDLIB) else USER
    end = found + len(_SITES[0])
    site = filename[:end]
    relative = filename[end:].lstrip("/\\").replace("\\", "/")
    installed = _owner(site, relative)
    return USER if installed is None else Origin("installed", _with_requirements(site, installed))


def _owner(site: str, relative: str) -> _Installed | None:
    """Find the distribution that lists a file, trying first the one that is named like its top folder."""
    top = _canonical(relative.partition("/")[0].partition(".")[0])
    line = relative.encode("utf-8", "surrogateescape") + b","
    folders = _metadata_folders(site)
    for folder in sorted(folders, key=lambda name: (_canonical(name.partition("-")[0]) != top, name)):
        try:
            with open(os.path.join(site, folder, "RECORD"), "rb") as handle:
                listed = handle.read()
        except OSError:
            continue
        if listed.startswith(line) or b"\n" + line in listed:
            return _read(site, folder)
    return None


def _metadata_folders(site: str) -> list[str]:
    known = _listings.get(site)
    if known is None:
        try:
            known = [name for name in os.listdir(site) if name.endswith(".dist-info")]
        except OSError:
            known = []
        _listings[site] = known
    return known


def _read(site: str, folder: str) -> _Installed | None:
    key = (site, folder)
    if key not in _installed:
        name, _, version = folder.removesuffix(".dist-info").partition("-")
        try:
            with open(os.path.join(site, folder, "RECORD"), "rb") as handle:
                record = _digest_of_record(handle.read())
            with open(os.path.join(site, folder, "METADATA"), "rb") as handle:
                metadata = handle.read()
        except OSError:
            _installed[key] = None
        else:
            import re

            required = (match for match in re.finditer(_REQUIRES, metadata) if b"extra ==" not in match[2])
            names = frozenset(_canonical(match[1].decode()) for match in required)
            _installed[key] = _Installed(name, version, record, names)
    return _installed[key]


def _digest_of_record(record: bytes) -> bytes:
    """Digest the listed files that have a checksum; scripts hold absolute paths, and installers add lines."""
    kept = [
        line
        for line in record.replace(b"\r", b"").split(b"\n")
        if b",sha256=" in line
        and not line.startswith(b"..")
        and not line.startswith(b"/")
        and b".dist-info/" not in line
    ]
    return xxh3_128_digest(b"\n".join(sorted(kept)))


def _with_requirements(site: str, installed: _Installed) -> Distribution:
    """Digest a distribution with everything that it requires, as far as that is installed beside it."""
    key = (site, installed.name)
    known = _distributions.get(key)
    if known is not None:
        return known
    by_name = {_canonical(folder.partition("-")[0]): folder for folder in _metadata_folders(site)}
    reached = {_canonical(installed.name): installed}
    pending = [installed]
    while pending:
        for name in pending.pop().requires:
            other = _read(site, by_name[name]) if name in by_name and name not in reached else None
            if other is not None:
                reached[name] = other
                pending.append(other)
    lines = [f"{name} {item.version} {item.record.hex()}" for name, item in sorted(reached.items())]
    digest = xxh3_128_digest("\n".join(lines).encode())
    known = _distributions[key] = Distribution(installed.name, installed.version, digest)
    return known


def _canonical(name: str) -> str:
    """Write a distribution's name as the packaging specification compares names (PEP 503)."""
    import re

    return re.sub(r"[-_.]+", "_", name).lower()
