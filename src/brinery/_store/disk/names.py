"""The names that a store gives to its files and folders; nothing of any other name is ever removed."""

from __future__ import annotations

import xxhash

from ..layout import SUFFIX

__all__ = [
    "BESIDE_SHARDS",
    "CACHEDIR_TAG",
    "COUNTS",
    "DESCRIPTION",
    "GENERATION",
    "GITIGNORE",
    "SETTINGS",
    "SHARDS",
    "SOURCES",
    "STATISTICS",
    "SUFFIX",
    "TEMPORARY",
    "USAGE",
    "entry_key",
    "is_aside",
    "is_hexadecimal",
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
SOURCES = "sources"
COUNTS = "counts"
BESIDE_SHARDS = frozenset((DESCRIPTION, STATISTICS, SOURCES, COUNTS))  # in a function's folder
SHARDS = tuple(f"{shard:02x}" for shard in range(256))

_READABLE = 80
_KEY_DIGITS = 32
_SLUG_DIGITS = 8
_ASIDE = ".brinery-"
_ASIDE_DIGITS = 16
_TEMPORARY_DIGITS = [_SLUG_DIGITS, _KEY_DIGITS], [_SLUG_DIGITS, _KEY_DIGITS, 16]
_OTHER_SUFFIX = SUFFIX.rstrip("0123456789")

_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


# Written without regular expressions: the first hit of a process has no other use for them, and they take 6 ms.


def is_hexadecimal(text: str, digits: int) -> bool:
    """Whether a text is so many hexadecimal digits, as brinery writes them."""
    return len(text) == digits and not text.strip("0123456789abcdef")


def is_key(text: str) -> bool:
    """Whether a text is a whole key."""
    return is_hexadecimal(text, _KEY_DIGITS)


def is_slug(name: str) -> bool:
    """Whether a folder's name is that of a function's."""
    readable, dash, digits = name.rpartition("-")
    is_readable = len(readable) <= _READABLE and _SAFE.issuperset(readable)
    return bool(dash) and is_readable and is_hexadecimal(digits, _SLUG_DIGITS)


def is_aside(name: str) -> bool:
    """Whether a name is one of those that a file has while it is written, beside its place."""
    return name.startswith(_ASIDE) and is_hexadecimal(name[len(_ASIDE) :], _ASIDE_DIGITS)


def is_temporary(name: str) -> bool:
    """Whether a file of the temporary folder is one of ours."""
    parts = name.split("-")
    lengths = [len(part) for part in parts]
    return lengths in _TEMPORARY_DIGITS and is_hexadecimal("".join(parts), sum(lengths))


def slug_of(home: str) -> str:
    """A function's folder: what can be read of its home name, and a digest that tells it from all others."""
    readable = ""
    for character in home:
        if character in _SAFE:
            readable += character
        elif not readable.endswith("\0"):
            readable += "\0"
    readable = readable.replace("\0", "_")[:_READABLE]
    if readable.startswith("."):
        readable = "_" + readable[1:]
    return f"{readable}-{xxhash.xxh3_64_hexdigest(home.encode('utf-8', 'surrogatepass'))[:8]}"


def temporary_name(slug: str, key: str) -> str:
    """The temporary file of a key, which is also its lock; it begins with what tells the function."""
    return f"{slug[-8:]}-{key}"


def entry_key(name: str) -> str | None:
    """The key that a file's name stands for, or None if it is not the name of an entry of this format."""
    key = name[:_KEY_DIGITS]  # written out, as whoever counts a store passes here a million times
    return key if name[_KEY_DIGITS:] == SUFFIX and not key.strip("0123456789abcdef") else None


def is_other_format(name: str) -> bool:
    """Whether a file's name is that of an entry of another format, which is left alone."""
    key, suffix = name[:_KEY_DIGITS], name[_KEY_DIGITS:]
    version = suffix.removeprefix(_OTHER_SUFFIX)
    return is_key(key) and suffix not in (SUFFIX, version) and version.isascii() and version.isdecimal()
