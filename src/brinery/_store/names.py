"""The names that a store gives to its files and folders; nothing of any other name is ever removed."""

from __future__ import annotations

import re

import xxhash

from .entry import SUFFIX

__all__ = [
    "CACHEDIR_TAG",
    "DESCRIPTION",
    "GENERATION",
    "GITIGNORE",
    "SETTINGS",
    "SHARDS",
    "STATISTICS",
    "SUFFIX",
    "TEMPORARY",
    "USAGE",
    "entry_key",
    "is_aside",
    "is_key",
    "is_other_format",
    "is_slug",
    "is_temporary",
    "slug_of",
    "temporary_name",
]

TEMPORARY = "tmp"
SETTINGS = "store.json"
USAGE = "usage"
GENERATION = "generation"
CACHEDIR_TAG = "CACHEDIR.TAG"
GITIGNORE = ".gitignore"
DESCRIPTION = "function.json"
STATISTICS = "statistics"
SHARDS = tuple(f"{shard:02x}" for shard in range(256))

_READABLE = 80
_KEY_DIGITS = 32

is_key = re.compile(r"[0-9a-f]{32}\Z").match
is_slug = re.compile(r"[A-Za-z0-9._-]{0,80}-[0-9a-f]{8}\Z").match
is_aside = re.compile(r"\.brinery-[0-9a-f]{16}\Z").match
is_temporary = re.compile(r"[0-9a-f]{8}-[0-9a-f]{32}(?:-[0-9a-f]{16})?\Z").match

_any_format = re.compile(r"[0-9a-f]{32}(\.brine[0-9]+)\Z").match

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def slug_of(home: str) -> str:
    """A function's folder: what can be read of its home name, and a digest that tells it from all others."""
    readable = _UNSAFE.sub("_", home)[:_READABLE]
    if readable.startswith("."):
        readable = "_" + readable[1:]
    return f"{readable}-{xxhash.xxh3_64_hexdigest(home.encode('utf-8', 'surrogatepass'))[:8]}"


def temporary_name(slug: str, key: str) -> str:
    """The temporary file of a key, which is also its lock; it begins with what tells the function."""
    return f"{slug[-8:]}-{key}"


def entry_key(name: str) -> str | None:
    """The key that a file's name stands for, or None if it is not the name of an entry of this format."""
    key = name[:_KEY_DIGITS]
    return key if name[_KEY_DIGITS:] == SUFFIX and is_key(key) else None


def is_other_format(name: str) -> bool:
    """Whether a file's name is that of an entry of another format, which is left alone."""
    found = _any_format(name)
    return found is not None and found[1] != SUFFIX
