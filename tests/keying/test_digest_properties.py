"""What holds of keys for any value: equal copies are equal, any small change shows, and one value has one form."""

from __future__ import annotations

import copy
import io
import math
import pickle
import random
import subprocess
import sys
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pairs_of_values import MyInt, MyList, Named, Point

from brinery._keying.values.digest import SCALARS, encode
from brinery._keying.values.pickled import CHUNK, PlainForms
from brinery._keying.values.strict_pickler import NESTED, ROOM
from brinery._keying.values.tall import Tall

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-3, 3),
    st.floats(),
    st.complex_numbers(),
    st.text(st.characters(), max_size=20),
    st.binary(max_size=20),
    st.sampled_from([0, 0.0, -0.0, False, "", b"", 2**40, "x" * 2000, b"y" * 2000, "\ud800", ..., 10**600]),
)
hashable = st.one_of(st.integers(-3, 3), st.text(max_size=3), st.booleans(), st.tuples(st.integers(0, 2)))


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=6),
        st.lists(inner, max_size=4).map(tuple),
        st.lists(inner, max_size=3).map(lambda items: items * 7),
        st.dictionaries(hashable, inner, max_size=4),
        st.sets(hashable, max_size=4),
        st.frozensets(hashable, max_size=4),
        st.builds(bytearray, st.binary(max_size=5)),
        st.builds(Point, inner, inner),
        st.builds(Named, inner, inner),
        st.lists(inner, max_size=3).map(MyList),
        st.builds(MyInt, st.integers(0, 3)),
    )


values = st.recursive(scalars, containers, max_leaves=25)
plain_values = st.recursive(
    scalars.filter(lambda value: type(value) not in (complex, type(...))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.lists(inner, max_size=4).map(tuple),
        st.lists(inner, max_size=3).map(lambda items: items * 7),
        st.dictionaries(hashable, inner, max_size=4),
    ),
    max_leaves=40,
)
thorough = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def written_out(value: Any) -> Any:
    """A value in other words, slowly: equal for two values exactly if they have the same structure and types."""
    kind = type(value)
    if kind is float:
        return "float", repr(bits(value)) if math.isnan(value) else value.hex()
    if kind is complex:
        return "complex", written_out(value.real), written_out(value.imag)
    if kind in (list, tuple, Named, MyList):
        return kind.__name__, tuple(map(written_out, value))
    if kind is dict:
        return "dict", tuple((written_out(key), written_out(item)) for key, item in value.items())
    if kind in (set, frozenset):
        return kind.__name__, frozenset(map(written_out, value))
    if kind is Point:
        return "Point", written_out(value.__dict__)
    return kind.__name__, repr(value) if kind is not int else hex(value)


def bits(value: float) -> bytes:
    import struct

    return struct.pack("<d", value)


def places(value: Any) -> list[Any]:
    """Every container in a value, itself included."""
    found = [value] if type(value) in (list, dict, bytearray, Point, MyList, set) else []
    inner = value.__dict__ if type(value) is Point else value
    if type(inner) is dict:
        inner = list(inner.values())
    return found + [place for item in (inner if isinstance(inner, (list, tuple)) else ()) for place in places(item)]


@thorough
@given(values)
def test_copies_are_keyed_alike(value):
    """A deep copy and what comes back from pickling have the key of the original."""
    assert encode(copy.deepcopy(value)) == encode(value)
    assert encode(pickle.loads(pickle.dumps(value))) == encode(value)


@thorough
@given(values, values)
def test_keys_are_equal_exactly_if_the_values_are(left, right):
    """No two values of another structure or other types have the same key, and no two of the same have two."""
    assert (encode(left) == encode(right)) == (written_out(left) == written_out(right))
    assert encode([left, right]) != encode([[left, right]])
    assert (encode([left, right]) == encode([right, left])) == (written_out(left) == written_out(right))


@thorough
@given(values, st.randoms(use_true_random=False))
def test_a_small_change_is_another_key(value, chance: random.Random):
    """Whatever is changed anywhere inside a value changes its key."""
    changed = copy.deepcopy(value)
    spots = places(changed)
    if not spots:
        return
    spot = chance.choice(spots)
    before = written_out(changed)
    if type(spot) is dict:
        spot["new"] = 1
    elif type(spot) is set:
        spot.add("new")
    elif type(spot) is bytearray:
        spot.append(1)
    elif type(spot) is Point:
        spot.new = 1
    else:
        spot.insert(chance.randrange(len(spot) + 1), "new")
    assert written_out(changed) != before
    assert encode(changed) != encode(value)


@thorough
@given(values)
def test_what_is_shared_counts_where_it_can_be_changed(value):
    """Equal parts that are one object have the key of a copy in which they are, and no other's."""
    shared, apart = [value, value, [value]], [value, copy.deepcopy(value), [copy.deepcopy(value)]]
    if "MyInt" not in repr(written_out(value)):  # an instance of a class of the user's can be changed
        assert (encode(shared) == encode(apart)) == (not places(value))
    one = merged(value, {})
    assert encode(copy.deepcopy(one)) == encode(one) == encode(pickle.loads(pickle.dumps(one)))


def merged(value: Any, seen: dict[Any, Any]) -> Any:
    """A copy of a value in which all equal parts are one object."""
    kind = type(value)
    if kind in (list, tuple):
        made = kind(merged(item, seen) for item in value)
    elif kind is dict:
        made = {key: merged(item, seen) for key, item in value.items()}
    elif kind is Point:
        made = Point(merged(value.x, seen), merged(value.y, seen))
    else:
        made = value
    return seen.setdefault(written_out(value), made)


def expected_form(value: Any) -> bytes | None:
    """The plain form by its definition, in Python: which values have one, and what it is."""

    if len(value) > CHUNK or not is_plain(value, NESTED):
        return None
    stream = io.BytesIO()
    pickler = pickle._Pickler(stream, 4)  # the one written in Python
    pickler.fast = True
    pickler.dump(value)
    return stream.getvalue() if len(stream.getvalue()) <= ROOM else None


def is_plain(value: Any, nested: int) -> bool:
    if type(value) in (list, tuple, dict):
        inner = [*value, *value.values()] if type(value) is dict else value
        nested -= type(value) is not tuple
        return nested > 0 and all(is_plain(item, nested) for item in inner)
    return type(value) in SCALARS - {complex, type(...)} or (type(value) is set and not value)


@thorough
@given(
    plain_values.filter(lambda value: type(value) in (list, tuple, dict))
    | values.filter(lambda v: type(v) in (list, tuple, dict))
)
def test_the_fast_way_gives_what_the_slow_way_gives(value):
    """Whether a value has a plain form, and which, follows from its structure alone."""
    forms = PlainForms()
    assert forms.stream(value) == expected_form(value)
    assert forms.stream(merged(value, {})) == expected_form(value)
    assert Tall().stream(value) == expected_form(value)


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 3 * CHUNK),
    st.sampled_from([1, 1.5, "a", None, (1, "a"), [[1]], {1: 2}, {3, 4}, Point(1), bytearray(b"x")]),
)
def test_chunks_do_not_show(size, odd):
    """Something odd anywhere in a long list is seen, and a copy of the list is keyed alike."""
    numbers: list[Any] = list(range(2 * CHUNK + 100))
    numbers.insert(size, odd)
    assert encode(numbers) == encode(copy.deepcopy(numbers))
    assert encode(numbers) != encode([*numbers[:size], "odd", *numbers[size + 1 :]])
    assert encode(tuple(numbers)) != encode(numbers)


CHILD = """
import pickle, sys
sys.path.insert(0, sys.argv[1])
from brinery._keying.values.digest import encode
for value in pickle.load(sys.stdin.buffer):
    print(encode(value).hex())
"""


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(st.lists(values, min_size=30, max_size=60))
def test_other_processes_agree(drawn):
    """A process with another hash seed keys the same values alike."""
    there = subprocess.run(
        [sys.executable, "-c", CHILD, __file__.rpartition("/")[0]],
        input=pickle.dumps(drawn),
        env={"PYTHONHASHSEED": "7", "PATH": ""},
        capture_output=True,
        check=True,
    )
    assert there.stdout.decode().split() == [encode(value).hex() for value in drawn]
