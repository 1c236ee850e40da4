"""What a store tells people and tools of itself, and what its JSON files say."""

from __future__ import annotations

import os

from ..._light import NamedTuple
from . import names
from .files import FOLDER, closing, read_small

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .root import Root


def read_settings(root: Root) -> dict[str, object]:
    """What the latest writer recorded about the store; it may be anything, or nothing."""
    return parse_object(root.read(names.SETTINGS))


def parse_object(data: bytes | None) -> dict[str, object]:
    """A JSON object, or an empty one for whatever else a file may hold."""
    import json

    try:
        value = json.loads(data) if data else None
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def describe(root: int, slug: str) -> dict[str, object]:
    """What function.json says of a function."""
    try:
        with closing(os.open(slug, FOLDER, dir_fd=root)) as folder:
            return parse_object(read_small(names.DESCRIPTION, folder))
    except OSError:
        return {}


def function_name(root: int, slug: str) -> str:
    """A function's home name, as far as its folder tells it."""
    return name_in(describe(root, slug), slug)


def name_in(description: dict[str, object], slug: str) -> str:
    """A function's home name, as far as the content of its function.json tells it."""
    name = description.get("name")
    return name if isinstance(name, str) and names.slug_of(name) == slug else slug[:-9]


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
