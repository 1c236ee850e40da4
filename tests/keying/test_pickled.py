"""The fast way for plain containers: what the C pickler does not refuse by itself is seen, however tall a value is."""

from __future__ import annotations

import pickle
import random
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinery._keying.values import pickled
from brinery._keying.values.digest import encode
from brinery._keying.values.pickled import CHUNK, PlainForms
from brinery._keying.values.strict_pickler import NESTED, ROOM, Sink, may_have_sets
from brinery._keying.values.tall import Tall

LOOKALIKES = [
    0x8F28,
    0x8F284B,
    0x91,
    0x9090,
    0x904B288F,
    2**63 + 0x8F28,
    "\u044f(K\u0450",
    b"\x8f(K\x01\x90",
    b"\x91\x90\x8f(",
]
MANY = (0, 1, 2, 3, 4, 999, 1000, 1001, 1999, 2000, 2001)
LONG = (0, 1, 255, 256, 65_535, 65_536, 65_537, 200_000)


def nested(count: int, around: Any, inner: Any = ()) -> Any:
    for _ in range(count):
        inner = around(inner)
    return inner


def stream(value: Any) -> bytes | None:
    return PlainForms().stream(value)


@pytest.mark.parametrize("around", [lambda inner: [1, inner], lambda inner: {"a": inner}], ids=["lists", "dicts"])
def test_lists_and_dicts_are_plain_up_to_a_depth(around):
    """One less than the limit is plain and the limit is not, wherever in the value the deep part stands."""
    for beside in ((), (1, 2, 3, 4)):
        assert stream((beside, nested(NESTED - 1, around)))
        assert stream((beside, nested(NESTED, around))) is None
        assert stream([beside, (nested(NESTED - 1, around),)]) is None


@pytest.mark.parametrize(
    "odd", [{1}, frozenset(), frozenset({1}), {("a", 1.5)}, {(1, 2, 3, 4)}, {frozenset({2})}, {"x" * 300}, {2**80}]
)
@pytest.mark.parametrize("place", range(3))
def test_a_set_is_seen_anywhere(odd, place):
    """Sets and frozensets have an order that is nobody's: what holds one is never plain, whatever stands around it."""
    for around in ([], [7] * 2000, [[7, "a", 2.5]] * 300, LOOKALIKES, [{}, (), set()]):
        value = [*around, *around]
        value.insert(place * len(value) // 2, [odd])
        assert stream(value) is None
        assert stream([{"a": (odd, *around)}]) is None


@pytest.mark.parametrize("last", [("a", "b"), (1, (2, (3, 4, 5))), ((), 1.5)])
def test_a_set_of_a_thousand_is_seen_whatever_is_last_in_it(last):
    """Items are added a thousand at a time, and the last of them may be a tuple, whose own items count as well."""
    for before in range(990, 1001):
        items = b"".join(b"M" + number.to_bytes(2, "little") for number in range(before))
        tail = pickle.dumps(last, 4)[2:-1]
        tail = tail[9:] if tail[:1] == b"\x95" else tail
        assert may_have_sets(b"\x80\x04]\x8f(" + items + tail.replace(b"\x94", b"") + b"\x90a.")


def test_sets_of_tuples_and_others_are_not_plain():
    """Whatever the order is in which a large set gives its items, it is seen."""
    for first in range(40):
        pairs = [(number, number) for number in range(300)]
        assert stream([{*range(first, first + 800), *pairs}]) is None


@pytest.mark.parametrize("odd", [frozenset(), frozenset({1}), frozenset({("a", 1)}), {frozenset({2})}])
def test_frozensets_are_seen_where_the_pickler_counts_right(odd, monkeypatch):
    """Interpreters whose pickler does not lose count over frozensets have them looked for."""
    monkeypatch.setattr(pickled, "_miscounts", None)
    monkeypatch.setattr(pickled, "_JUST_NOT_NESTED", [])  # so it seems to count right
    assert stream([2.0**0.5, "\x91", 0x91]) is not None
    for value in ([odd], [7, (odd,)] * 30, {"a": [[]] * 20, "b": ([], odd)}, [1, [2, [3, [{"a": {"b": odd}}]]]]):
        assert stream(value) is None


def test_an_interrupt_leaves_no_pieces_for_whoever_is_next(monkeypatch):
    """Whatever an interrupted pickler wrote is in nobody else's key."""
    value = [[number] * 20 for number in range(20)]
    expected = encode(value)
    monkeypatch.setattr(pickled, "_spare", [])
    genuine = Sink.taken

    def interrupted(self: Sink) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(Sink, "taken", interrupted)
    with pytest.raises(KeyboardInterrupt):
        encode(["text" * 100, [["x" * 70_000]], 1j] * 20)
    monkeypatch.setattr(Sink, "taken", genuine)
    assert encode(value) == expected


def test_a_pickler_that_met_a_frozenset_is_not_used_again():
    """What is plain stays plain after a value that was not, with the same encoder."""
    forms = PlainForms()
    deep = nested(NESTED - 1, lambda inner: [inner])
    for odd in ([frozenset()] * 30, [{1}], nested(NESTED, lambda inner: [inner]), [1j] * 2, [10**10_000] * 20):
        forms.stream(odd)
        assert forms.stream(deep) == stream(deep) is not None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(LOOKALIKES), st.integers(), st.floats(), st.text(), st.binary()), max_size=40)
)
def test_bytes_that_look_like_sets_do_not_matter(items):
    """Numbers and texts whose bytes are those of a set's opcodes are as plain as any, with an empty set among them."""
    for value in ([items, set(), (items,)], [tuple(items)] * 20):
        assert stream(value) == Tall().stream(value) is not None


def test_a_pickle_without_sets_is_seldom_looked_through():
    """Random numbers, of which one in a few thousand begins as a set does, are told from sets by what follows."""
    chance = random.Random(0)
    doubted = 0
    for _ in range(200):
        data = stream([[chance.random(), chance.randrange(2**63)] for _ in range(1000)])
        assert data is not None
        doubted += may_have_sets(data)
    assert doubted <= 4


@pytest.mark.parametrize("count", MANY)
def test_what_is_tall_is_written_as_by_the_c_pickler(count):
    """Batches, frames and long texts come out the same without recursion."""
    for size in LONG if count < 5 else (0, 300):
        items: list[Any] = [f"{number}" + "x" * size for number in range(count)]
        items += [b"y" * size, 1.5, 2**70, None, True, set(), ()]
        for value in (items, tuple(items[:count]), dict.fromkeys(items[:count], items[count:]), [[items], ((items,),)]):
            assert Tall().stream(value) == stream(value)


@pytest.mark.parametrize("height", [NESTED, 300, 950, 20_000])
def test_how_much_stack_is_left_does_not_matter(height):
    """Tuples in each other have one form, however many they are and however deep the caller is."""
    tall = nested(height, lambda inner: (1, inner))
    form = stream(tall)
    assert form is not None
    assert form == Tall().stream(tall)
    free = sys.getrecursionlimit() - len_of_stack() - 150
    assert far_down(free, lambda: stream(tall)) == form
    assert encode([tall, {1}]) == far_down(free, lambda: encode([tall, {1}]))


def far_down(depth: int, call: Any) -> Any:
    return call() if depth == 0 else far_down(depth - 1, call)


def len_of_stack() -> int:
    depth, frame = 0, sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    return depth


def test_what_is_tall_and_not_plain_is_looked_at_once(monkeypatch):
    """A chain that is too long, or ends in something else, is not measured again at each of its links."""
    opened = []
    real = Tall.measure
    monkeypatch.setattr(Tall, "measure", lambda self, value: opened.append(1) or real(self, value))
    for chain in (nested(20_000, lambda inner: (1, inner), 1j), nested(20_000, lambda inner: [1, inner])):
        opened.clear()
        encode(chain)
        assert 0 < len(opened) < 5


def test_what_unfolds_to_more_than_there_is_room_for_is_not_plain():
    """A few lists that hold each other over and over are neither written out nor measured without end."""
    wide: Any = [1] * 50
    for _ in range(40):
        wide = (wide,) * 50
    assert stream(wide) is None
    assert Tall().measure(wide) > ROOM
    assert Tall().stream(wide) is None


def test_a_value_in_itself_is_not_plain():
    """Cycles are left to the walk, whichever way they are met."""
    ring: list[Any] = [1]
    ring.append((ring,))
    assert stream(ring) is None
    assert Tall().stream(ring) is None
    tall = nested(5_000, lambda inner: (inner,), ring)
    assert stream(tall) is None


def test_long_lists_are_taken_in_chunks_of_a_few_rows():
    """Rows that are together too long for one plain form are keyed as their copies are, in chunks."""
    rows = [[float(number)] * 3000 for number in range(40)]
    assert encode((rows,)) == encode(([list(row) for row in rows],))
    assert encode((rows,)) != encode((tuple(rows),)) != encode((rows[:-1],))
    table = {f"row {number}": row for number, row in enumerate(rows)}
    assert encode(table) == encode({key: list(row) for key, row in table.items()})
    assert encode(table) != encode(dict(reversed(table.items())))
    assert stream(list(range(CHUNK + 1))) is None


@pytest.mark.parametrize(
    "row",
    [[1.5] * 30, ("text " * 200,), {"a": "text " * 20, "b": 1}, "text " * 100, b"x" * 1000, 7],
    ids=["numbers", "a long text", "records", "texts", "bytes", "ints"],
)
def test_a_long_list_is_pickled_once(row, monkeypatch):
    """Chunks are such that none of them is pickled in vain, whatever the rows are."""
    pickled: list[bytes | None] = []
    real = PlainForms.stream

    def watched(self: PlainForms, value: Any, **where: bool) -> bytes | None:
        pickled.append(real(self, value, **where))
        return pickled[-1]

    monkeypatch.setattr(PlainForms, "stream", watched)
    encode(([row] * 30_000,))
    forms = [form for form in pickled if form is not None]
    assert len(forms) < 1000
    assert len(pickled) - len(forms) <= 2  # the tuple, and the list in it: told at a glance
