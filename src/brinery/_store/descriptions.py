"""What a store's JSON files tell, whoever wrote them: its settings, and what its functions are."""

from __future__ import annotations

import os

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
    """The same, of what its function.json says."""
    name = description.get("name")
    return name if isinstance(name, str) and names.slug_of(name) == slug else slug[:-9]
