"""What is short and plain is read without the pickler, exactly as the pickler reads it."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinery._store.results import plain_stream
from brinery._store.results.plain_stream import UNREADABLE, read

scalars = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.integers(-300, 70_000) | st.floats()
    | st.text(st.characters(exclude_categories=())) | st.binary() | st.just("x" * 300) | st.just(b"y" * 300)
)  # fmt: skip
# Where a number that is none stands in a set depends on its address.
members = scalars.filter(lambda value: not (type(value) is float and math.isnan(value)))
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(scalars, inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.sets(members, max_size=5)
        | st.frozensets(members, max_size=5)
        | inner.map(lambda value: [value, value])
    ),
)


@pytest.fixture(autouse=True)
def _with_room(monkeypatch):
    monkeypatch.setattr(plain_stream, "_left", 1 << 40)


@settings(max_examples=500, deadline=None)
@given(values, st.sampled_from([4, 5]))
def test_what_it_reads_is_what_the_pickler_reads(value, protocol):
    """Types, order, sharing and the bits of numbers: pickled again, both are the same bytes."""
    stream = pickle.dumps(value, protocol)
    found = read(stream)
    assert found is not UNREADABLE
    # In memory of its own, so that what is one object by chance is so in both.
    assert pickle.dumps(found, protocol) == pickle.dumps(pickle.loads(stream), protocol)


def test_sharing_and_circles_are_as_they_were():
    """What was one object is one, and a list that holds itself does."""
    shared: list[Any] = [1]
    circle: list[Any] = [shared, {"a": shared}]
    circle.append(circle)
    found = read(pickle.dumps(circle, 5))
    assert found[0] is found[1]["a"]
    assert found[2] is found


def test_many_objects_are_remembered():
    """References beyond the first 256 objects have another form."""
    texts = [f"text {number}" for number in range(400)]
    found = read(pickle.dumps([texts, list(texts)], 5))
    assert found == [texts, texts]
    assert all(one is other for one, other in zip(*found, strict=True))


@pytest.mark.parametrize(
    "value", [len, Fraction(1, 3), timedelta(1), 1j, bytearray(b"x"), [range(3)], {"a": print}, ..., int, object()]
)
def test_whatever_needs_a_name_is_left_to_the_pickler(value):
    """It looks up no class and calls nothing, wherever that stands in the stream."""
    assert read(pickle.dumps([value], 5)) is UNREADABLE


@pytest.mark.parametrize("protocol", range(4))
def test_other_protocols_are_left_to_the_pickler(protocol):
    """Only what brinery writes is read."""
    assert read(pickle.dumps([1], protocol)) is UNREADABLE


def test_what_is_cut_short_is_left_to_the_pickler():
    """Which knows what to say of it."""
    stream = pickle.dumps(["a text", 1.5, b"bytes", 2**80, (1, 2)], 5)
    assert [read(stream[:length]) for length in range(len(stream))] == [UNREADABLE] * len(stream)


def test_only_the_first_few_are_read_here(monkeypatch):
    """A program that reads much has the pickler do it."""
    stream = pickle.dumps("x" * 90, 5)
    monkeypatch.setattr(plain_stream, "_left", len(stream) * 2)
    assert [read(stream) for _ in range(3)] == ["x" * 90, "x" * 90, UNREADABLE]
    assert read(stream) is UNREADABLE


FIRST = """
import sys
from brinery import Cache

@Cache(sys.argv[1], secret="0123456789abcdef" * 2)
def f(x):
    return {"a": [x, None, (1.5, b"y")], "much": "z" * int(sys.argv[2])}

results = [f(number) for number in range(3)]
print(results[2]["a"], "_pickle" in sys.modules)
"""


@pytest.mark.parametrize(("length", "is_loaded"), [(10, False), (3000, True)])
def test_a_process_with_few_plain_hits_loads_no_pickler(tmp_path, length, is_loaded):
    """The second process finds what the first has stored."""
    outputs = [
        subprocess.run(
            [sys.executable, "-c", FIRST, str(tmp_path / "store"), str(length)],
            capture_output=True, text=True, check=True,
        ).stdout
        for _ in range(2)
    ]  # fmt: skip
    assert outputs == ["[2, None, (1.5, b'y')] True\n", f"[2, None, (1.5, b'y')] {is_loaded}\n"]
