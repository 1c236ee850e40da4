"""What a module was at an earlier time, for a fingerprint of what is done to it since."""

from __future__ import annotations

from .._light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Before(NamedTuple):
    """A module's namespace, and what its names meant at an earlier time; the objects are looked at as they are now."""

    space: dict[str, Any]
    names: dict[str, Any]
