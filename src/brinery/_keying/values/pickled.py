"""The fast way for large things: containers of nothing but exact builtin types are encoded by the C pickler.

As for small ones, whether a value is encoded here depends on its structure only. It is *plain* if it has at most
`CHUNK` items (and if they are few, none of them more than its `chunk_size`), less than `NESTED` lists and dicts in each
other, and is pickled without memo in at most `ROOM` bytes. The pickler hands every other type but set and frozenset to
a hook, and the hook refuses. Of these two only the empty set passes: any other has an order that is nobody's.

Nothing is looked at again once it is pickled, which would cost as much as pickling it; all that the hook does not see
can be told from the pickler and from what it wrote:

- how lists and dicts are nested: from `NESTED` on the pickler looks out for cycles, in a dict that it then keeps;
- a frozenset: by its opcode, and if there is such a byte, by the pickler's count of nesting, left one higher by it, or,
  where the pickler has learnt to count (python/cpython#146059), by looking for it;
- a set with something in it: by its opcodes, and if there are such bytes in such a row, by looking for it.

Tuples may be nested as they like. What is too tall for the C stack, or meets too little of it, is written by `tall`,
which gives the same bytes. Everything else is taken apart by the walk in `walk`.
"""

from __future__ import annotations

from gc import get_referents
from itertools import chain, islice

from .plain import CONTAINER_IDS
from .sharing import mutable_inside
from .strict_pickler import NESTED, PLAIN_IDS, ROOM, Other, Sink, Strict, items_of, may_have_sets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .tall import Tall

CHUNK = 8192
_MOST_OVERFLOWS = 4
_FEWEST, _INNER = 16, 16_384  # items in a chunk, and numbers or short texts in them


def chunk_size(value: Any) -> int:
    """Say how many items of an exact tuple, list or dict are encoded together: fewer where the first one is long."""
    if len(value) <= _FEWEST:
        return CHUNK
    first = next(iter(value.values())) if type(value) is dict else value[0]
    number = id(type(first))
    if number in CONTAINER_IDS:
        count = len(first)
        weight = 1 + count if count > _FEWEST else 1 + sum(map(_weight, items_of(first)))
    else:
        weight = _weight(first)
    return min(CHUNK, max(_FEWEST, _INNER // weight))


def _weight(item: Any) -> int:
    kind = type(item)
    return 1 + (len(item) >> 3) if kind is str or kind is bytes else 1


class PlainForms:
    """Encodes plain containers, with a pickler that is made once."""

    __slots__ = ("_overflows", "_pickler", "_sink", "_tall", "inside")

    def __init__(self) -> None:
        self._sink = Sink()
        self._overflows = 0  # containers that were pickled as far as there was room, for nothing
        self._pickler: Strict | None = None
        self.inside: list[Sequence[object]] | None = None  # what was last encoded can be changed there, see `sharing`
        self._tall: Tall | None = None  # from the first container on that was nested too much for the pickler

    @classmethod
    def lent(cls) -> PlainForms:
        """Return one that nobody uses: making a pickler costs more than a small value takes."""
        try:
            return _spare.pop()
        except IndexError:
            return cls()

    def give_back(self) -> None:
        """Let another walk use it."""
        self._tall = self.inside = None
        self._overflows = 0
        if len(_spare) < _MOST_SPARE and not self._sink.pieces:  # else somebody was interrupted, and it is not clean
            _spare.append(self)

    def stream(self, value: Any, *, far_down: bool = False, copied: bool = False) -> bytes | None:
        """Return the pickle of an exact tuple, list or dict if it is plain, else None; and find what is `inside`.

        What is ``far_down`` in others is measured first, all of it at once: since Python 3.14 the pickler goes down
        100,000 levels, and would do so again from each of them to meet the same thing that is not plain.
        """
        if len(value) > CHUNK:
            return None
        # Most of what is not plain shows at once, and saves the pickler's way of saying so.
        for item in items_of(value) if len(value) <= 16 else islice(items_of(value), 1):
            number = id(type(item))
            if number not in PLAIN_IDS or (number in CONTAINER_IDS and len(item) > chunk_size(item)):
                return None
        item = None  # what refers to the items is counted below
        if self._tall is not None and self._tall.is_known_not_to_be_plain(value):
            return None
        if far_down and self._measurer().measure(value) > ROOM:
            return None
        sink = self._sink
        pickler = self._pickler or Strict(sink)
        self._pickler = None  # until it is known to be as it was
        try:
            pickler.dump(value)
            data = sink.taken()
            if dict in map(type, get_referents(pickler)):
                self._measurer().measure(value)  # so that what is inside is not pickled at every level
                return None
            if b"\x91" in data and (_has_lost_count(pickler, sink) if _loses_count() else _has_sets(value)):
                return None
        except RecursionError:
            written = self._measurer().stream(value)
            self.inside = None if written is None else mutable_inside(value, written, copied=copied, tall=True)
            return written
        except (Other, ValueError, KeyError, OverflowError):
            if sink.room < 0:
                self._note_overflow(value)
            return None  # another type, or a list in itself, frozensets, an enormous int
        finally:
            sink.taken()
        self._pickler = pickler
        self.inside = mutable_inside(value, data, copied=copied, tall=False)
        return None if self.inside is not None and may_have_sets(data) and _has_sets(value) else data

    def _note_overflow(self, value: Any) -> None:
        """Pickle in vain no more than a few times: where parts are shared, all that lead to them might be too large."""
        self._overflows += 1
        if self._overflows > _MOST_OVERFLOWS:
            self._measurer().measure(value)

    def _measurer(self) -> Tall:
        if self._tall is None:
            from .tall import Tall  # next to nobody has such values

            self._tall = Tall()
        return self._tall


_spare: list[PlainForms] = []
_MOST_SPARE = 8


def _just_not_nested() -> list[object]:
    value: list[object] = []
    for _ in range(NESTED - 2):
        value = [value]
    return value


_JUST_NOT_NESTED = _just_not_nested()


_miscounts: bool | None = None


def _loses_count() -> bool:
    """Tell whether the pickler of this interpreter loses count over frozensets."""
    global _miscounts
    if _miscounts is None:
        sink = Sink()
        pickler = Strict(sink)
        pickler.dump([frozenset()])
        _miscounts = _has_lost_count(pickler, sink)
    return _miscounts


def _has_lost_count(pickler: Strict, sink: Sink) -> bool:
    pickler.dump(_JUST_NOT_NESTED)
    sink.taken()
    return dict in map(type, get_referents(pickler))


def _has_sets(value: Any) -> bool:
    """Tell whether there are frozensets, or sets with something in them, in a value that was pickled."""
    seen, level = {id(value)}, [value]
    while level:
        items = list(chain.from_iterable(map(items_of, level)))
        if any(type(item) is frozenset or (type(item) is set and item) for item in items):
            return True
        inner = {id(item): item for item in items if id(type(item)) in CONTAINER_IDS}
        level = [item for number, item in inner.items() if number not in seen]
        seen.update(inner)
    return False
