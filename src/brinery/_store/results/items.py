"""What a generator yielded, as one stream: each item frozen by itself, with its length before it."""

from __future__ import annotations

from _struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..layout import Bytes

LENGTH = Struct("<Q")


class Items:
    """What a generator yielded, each item frozen when it was yielded, so that each can be thawed by itself."""

    __slots__ = ("frozen",)

    def __init__(self, frozen: Sequence[Bytes]) -> None:
        self.frozen = frozen


def split(stream: Bytes) -> list[memoryview]:
    """Take a list of frozen items apart; ValueError if it is not one."""
    view = memoryview(stream)
    items = []
    while view:
        if len(view) < LENGTH.size:
            raise ValueError("the list of items is cut short")
        end = LENGTH.size + LENGTH.unpack_from(view)[0]
        if end > len(view) or end == LENGTH.size:
            raise ValueError("the list of items is cut short")
        items.append(view[LENGTH.size : end])
        view = view[end:]
    return items
