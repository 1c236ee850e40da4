"""What the store tells people and tools about itself: plain immutable records."""

from __future__ import annotations

from .._light import NamedTuple


class EntryRecord(NamedTuple):
    """One stored result, as its file's head and status tell it; nothing here is authenticated."""

    key: str
    function: str
    path: str
    size: int  # allocated bytes
    created: float
    expires: float  # inf: never
    seconds: float  # what it took to compute
    last_use: float
    priority: float  # what eviction compares: the lowest goes first


class FunctionRecord(NamedTuple):
    """One function's folder."""

    name: str  # home name
    slug: str  # the folder's name
    entries: int
    bytes: int  # allocated
    hits: int
    misses: int
    seconds_saved: float
    last_use: float
    description: dict[str, object]  # function.json; empty if it cannot be read
    other_formats: int = 0  # entries that this release does not know


class StoreInfo(NamedTuple):
    """A whole store in numbers."""

    location: str
    root: str
    entries: int
    bytes: int  # allocated
    functions: int
    other_formats: int
    max_size: int | None
    max_entries: int | None
    policy: str
    half_life: float
    hits: int
    misses: int
    seconds_saved: float


class Removed(NamedTuple):
    """How much a removal took away (or, in a dry run, would have)."""

    entries: int
    bytes: int


class BadEntry(NamedTuple):
    """A file that is not what it should be, or that nobody here can tell whether it is."""

    path: str
    reason: str
    removed: bool
    is_foreign: bool = False  # signed by a secret that is not ours: never removed
