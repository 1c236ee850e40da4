"""Installed distributions, as code comes from them.

Installed is what a distribution's own list of files (RECORD) says, whatever the current folder; an editable install
is the user's code. A distribution counts by name, version and its list of files, with all that it requires and finds
installed: a rebuilt wheel of the same version is another.
"""

from __future__ import annotations

import os
import sys

from xxhash import xxh3_128_digest

from ..._light import NamedTuple

_REQUIRES = rb"(?m)^Requires-Dist:[ \t]*([A-Za-z0-9][A-Za-z0-9._-]*)([^\r\n]*)"


class Distribution(NamedTuple):
    """An installed distribution; ``digest`` covers its files and those of all it requires, ``requires``."""

    name: str
    version: str
    digest: bytes
    requires: frozenset[str]


class _Installed(NamedTuple):
    name: str
    version: str
    record: bytes
    requires: frozenset[str]


_installed: dict[tuple[str, str], _Installed | None] = {}
_listings: dict[str, list[str]] = {}
_distributions: dict[tuple[str, str], Distribution] = {}


def installed_names() -> frozenset[str]:
    """Return the names of all distributions on the path, as the packaging specification compares names."""
    folders = (folder for place in sys.path for folder in _metadata_folders(place or os.curdir))
    return frozenset(_canonical(folder.partition("-")[0]) for folder in folders)


def owner(site: str, relative: str, *, as_installed: bool = False) -> Distribution | None:
    """Return the distribution that a file of a folder such as ``site-packages`` belongs to, None if it has none.

    With ``as_installed``, only while the file has the checksum that its distribution lists.
    """
    installed = _owner(site, relative, as_installed=as_installed)
    return None if installed is None else _with_requirements(site, installed)


def _owner(site: str, relative: str, *, as_installed: bool) -> _Installed | None:
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
        at = 0 if listed.startswith(line) else listed.find(b"\n" + line) + 1
        if at or listed.startswith(line):
            if as_installed and not _is_as_listed(os.path.join(site, relative), listed[at:].partition(b"\n")[0]):
                return None
            return _read(site, folder)
    return None


def _is_as_listed(filename: str, line: bytes) -> bool:
    """Whether a file has the checksum in a line of RECORD: SHA-256 in base64, without padding."""
    from base64 import urlsafe_b64encode
    from hashlib import sha256

    try:
        with open(filename, "rb") as handle:
            digest = sha256(handle.read()).digest()
    except OSError:
        return False
    return b",sha256=" + urlsafe_b64encode(digest).rstrip(b"=") + b"," in line


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
    known = _distributions[key] = Distribution(installed.name, installed.version, digest, frozenset(reached))
    return known


def _canonical(name: str) -> str:
    """Write a distribution's name as the packaging specification compares names (PEP 503)."""
    import re

    return re.sub(r"[-_.]+", "_", name).lower()
