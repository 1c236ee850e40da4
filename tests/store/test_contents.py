"""Long bytes, bytearrays and texts stand beside the stream, and come back as the objects that they were."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import os
import pickle
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brinery import Cache
from brinery._store import layout
from brinery._store.entry import compression, contents
from brinery._store.entry import encoding as entry
from brinery._store.entry.encoding import Contents, Payload
from brinery._store.entry.reading import read_entry
from brinery._store.results import pieces
from brinery._store.results.payload import Codec, Unstorable
from brinery._store.results.pieces import Pieces
from brinery._store.signing.signer import Keyring, Signer

RING = Keyring(Signer(b"s" * 32))
KEY = bytes(16)
SECRET = "0123456789abcdef" * 2
LONG = os.urandom(100_000)
HUGE = LONG * 50  # worth a second thread


class Marked(bytes):
    """A subclass is no bytes, whatever it holds."""


@dataclasses.dataclass
class Page:
    title: str
    body: Any


class Scribble:
    """Writes into what it holds when it is unpickled."""

    def __init__(self, parts: list[Any]) -> None:
        self.parts = parts

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for part in self.parts:
            part[0] = 0


def shared() -> list[Any]:
    return [LONG, {"again": LONG, "text": "é" * 70_000}, "a" * 70_000]


RESULTS: dict[str, Any] = {
    "bytes": LONG,
    "huge bytes": HUGE,
    "bytearray": bytearray(LONG),
    "a huge bytearray": bytearray(HUGE),
    "text": "plain" * 20_000,
    "a huge text": "plain" * 1_000_000,
    "text of all kinds": "plain, é, \U0001f600" * 10_000,
    "a huge text of all kinds": "é" * 3_000_000,
    "half a surrogate pair": "\ud800" * 70_000,
    "no bytes": b"",
    "no text": "",
    "exactly as long": [b"x" * pieces.LONG, "x" * pieces.LONG],
    "one less": [b"x" * (pieces.LONG - 1), "x" * (pieces.LONG - 1), bytearray(pieces.LONG - 1)],
    "nested": {"a": (LONG, [bytearray(LONG), {"deep": "t" * 100_000}]), "b": b"short"},
    "shared": shared(),
    "in an object": Page("title", Page("t" * 70_000, bytearray(LONG))),
    "a subclass": Marked(LONG),
    "as a key": {"k" * 70_000: 1, LONG: 2},
    "in a set": {LONG, "s" * 70_000},
    "beside much else": [list(range(50_000)), LONG, [str(number) for number in range(50_000)], "z" * 70_000, 1],
    "like opcodes": [pickle.PROTO + LONG, pickle.FRAME + LONG, pickle.FRAME + bytes(70_000), LONG[:-5] + b"B\0\0\1\0"],
}


def codec(serializer: object = "pickle", **options: Any) -> Codec:
    return Codec(serializer, module=__name__, home_module=__name__, **options)


def stored(made: Payload, path: Path) -> Path:
    parts = entry.encode(KEY, made, created=0, expires=math.inf, seconds=0, metadata=b"{}", signer=RING.current)
    path.write_bytes(b"".join(parts))
    path.chmod(0o600)
    return path


def found(path: Path, **options: Any) -> Any:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        return read_entry(file.fileno(), status, KEY, RING, time.time(), None, **options)


def through_a_file(result: object, folder: Path, by: Codec | None = None, **options: Any) -> Any:
    by = by or codec()
    verified = found(stored(by.dumps(result), folder / "entry"), **options)
    assert verified is not None
    return by.loads(verified)


def types(value: Any) -> Any:
    """The types of a value and of all that is in it."""
    if isinstance(value, dict):
        return dict, [(types(key), types(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value), [types(item) for item in value]
    return (type(value), types(vars(value))) if isinstance(value, Page) else type(value)


@pytest.fixture(params=["by C", "by a copy"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without the interpreter's C functions."""

    def none(*_: object) -> None:
        raise ImportError("ctypes")

    if request.param == "by a copy":
        monkeypatch.setattr(contents, "_made_by_c", none)


@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle"])
@pytest.mark.parametrize("kind", RESULTS)
def test_they_come_back_as_they_were(kind, serializer, tmp_path):
    """Equal, and of the same types throughout, whatever stands around them."""
    if serializer == "cloudpickle":
        pytest.importorskip("cloudpickle")
    back = through_a_file(RESULTS[kind], tmp_path, codec(serializer))
    assert back == RESULTS[kind]
    assert types(back) == types(RESULTS[kind])


@pytest.mark.parametrize(
    "options", [{"mmap": True}, {"trust_unchanged": True}, {"mmap": True, "trust_unchanged": True}]
)
@pytest.mark.parametrize("kind", ["huge bytes", "a huge bytearray", "a huge text", "nested"])
def test_mapped_and_trusted(kind, options, tmp_path, monkeypatch):
    """They are objects of their own, mapped or not, and so they are when the file is known to be right."""
    monkeypatch.setattr("brinery._store.entry.trust._SETTLED_NS", 0)
    tmp_path.chmod(0o700)
    path = stored(codec().dumps(RESULTS[kind]), tmp_path / "entry")
    for _ in range(2):
        assert codec().loads(found(path, **options)) == RESULTS[kind]


@pytest.mark.parametrize("kind", ["huge bytes", "bytearray", "a huge text", "nested", "text of all kinds"])
def test_compressed(kind, tmp_path):
    """Those that shrink are stored short and come back whole."""
    if not compression.is_there():
        pytest.skip("needs zstd")
    result = [RESULTS[kind], bytes(5 << 20), bytearray(5 << 20), "a" * (5 << 20), "é" * 100_000]
    made = codec(compress=True).dumps(result)
    path = stored(made, tmp_path / "entry")
    assert path.stat().st_size < sum(map(len, made.buffers)) / 2
    assert codec().loads(found(path)) == result


def test_bytes_are_not_copied_when_they_are_stored():
    """What is written is the result itself."""
    made = codec().dumps(HUGE)
    assert len(made.stream) < 10
    assert [buffer.data for buffer in made.buffers] == [HUGE]
    assert made.buffers[0].data is HUGE


@pytest.mark.parametrize(
    "result",
    [
        LONG,
        [LONG],
        {"a": LONG},
        ({"a": [LONG]},),
        [[[[LONG]]]],
        [[[[[[LONG]]]]]],
        [1.5, *["short"] * 1000, LONG],
        [*["short"] * 1000, "a" * 70_000],
    ],
)
def test_long_contents_are_found_in_plain_results(result):
    """However deep they stand, and among however many others."""
    made = codec().dumps(result)
    assert len(made.buffers) == 1
    assert len(made.stream) < 10_000


def test_a_bytearray_can_grow_while_it_is_stored_and_after_it_was_loaded(tmp_path):
    """Neither the result that was returned nor the one that came back is held on to."""
    result = bytearray(HUGE)
    made = codec().dumps(result)
    result += b"more"
    back = codec().loads(found(stored(made, tmp_path / "entry")))
    assert back == HUGE
    back += b"more"
    assert back == result


def test_each_reader_has_its_own(tmp_path):
    """What one caller writes into a bytearray is nobody else's."""
    path = stored(codec().dumps(bytearray(HUGE)), tmp_path / "entry")
    one, other = codec().loads(found(path)), codec().loads(found(path))
    one[:3] = b"\0\0\0"
    assert other == HUGE


def test_the_same_bytes_twice_are_one_object(tmp_path):
    """They are stored once and come back as one."""
    first, second, _ = through_a_file(shared(), tmp_path)
    assert first is second["again"]
    assert len(codec().dumps(shared()).buffers) == 3


def test_texts_of_ascii_are_ascii(tmp_path):
    """A text made in place is as any other: it compares, hashes and is searched as one."""
    back = through_a_file("plain" * 1_000_000, tmp_path)
    assert back.isascii()
    assert hash(back) == hash("plain" * 1_000_000)
    assert back.encode() == b"plain" * 1_000_000
    assert back + "é" == "plain" * 1_000_000 + "é"


@pytest.mark.parametrize("kind", ["huge bytes", "bytearray", "a huge text", "text of all kinds", "nested"])
def test_damaged_contents_are_a_miss(kind, tmp_path):
    """One bit that flipped, in any of them, and nothing comes back; a text not even where files are trusted."""
    made = codec().dumps(RESULTS[kind])
    path = stored(made, tmp_path / "entry")
    tmp_path.chmod(0o700)
    data = path.read_bytes()
    for buffer in made.buffers:
        at = data.index(bytes(buffer.data)) + len(buffer) // 2
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x80]) + data[at + 1 :])
        assert found(path) is None
        assert found(path, mmap=True) is None


def test_damaged_text_is_a_miss_in_a_file_that_seems_unchanged(tmp_path, monkeypatch):
    """A text with wrong bytes in it might end the process, so it is always verified."""
    monkeypatch.setattr("brinery._store.entry.trust.is_unchanged", lambda *_: True)
    tmp_path.chmod(0o700)
    path = stored(codec().dumps("plain" * 20_000), tmp_path / "entry")
    assert found(path, trust_unchanged=True) is not None
    data = path.read_bytes()
    at = data.index(b"plain" * 20_000)
    path.write_bytes(data[:at] + b"\xff" + data[at + 1 :])
    assert found(path, trust_unchanged=True) is None


def test_an_unknown_kind_is_a_miss(tmp_path):
    """What a later format may mean by another number is not guessed at."""
    for kind in (layout.TEXT, layout.TEXT + 1):
        made = Payload(b"\x80\x05\x97.", [Contents(b"text" * 20_000, kind)])
        assert (found(stored(made, tmp_path / "entry")) is None) is (kind > layout.TEXT)


def test_more_than_an_entry_takes_stay_in_the_stream(tmp_path, monkeypatch):
    """Beyond the number that an entry holds, contents are part of the stream, in the right order."""
    monkeypatch.setattr(pieces, "MOST_BUFFERS", 3)
    result = [bytes([number]) * 70_000 for number in range(5)] + ["a" * 70_000]
    assert len(codec().dumps(result).buffers) == 2
    assert through_a_file(result, tmp_path) == result


def test_arrays_and_bytes_together(tmp_path):
    """What pickle puts out of band and what is taken out of the stream meet in one order."""
    numpy = pytest.importorskip("numpy")
    frozen = numpy.arange(20_000)
    frozen.flags.writeable = False
    back = through_a_file([LONG, numpy.arange(20_000.0), "a" * 70_000, frozen, bytearray(LONG)], tmp_path)
    assert back[0] == LONG
    assert (back[1] == numpy.arange(20_000.0)).all()
    assert back[2] == "a" * 70_000
    assert (back[3] == frozen).all()
    assert not back[3].flags.writeable
    assert back[1].flags.writeable
    assert back[4] == bytearray(LONG)


class Columns:
    """Pickles memory that lies there in Fortran's order, and says so."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return Columns._of, (pickle.PickleBuffer(self.table), self.table.shape)

    @staticmethod
    def _of(memory: Any, shape: tuple[int, ...]) -> Columns:
        numpy = pytest.importorskip("numpy")
        return Columns(numpy.frombuffer(memory).reshape(shape, order="F"))


def test_memory_in_fortrans_order_stays_in_it_where_it_goes_into_the_stream(monkeypatch):
    """What a buffer is in memory is what comes back, of an item of a generator and of one buffer too many."""
    numpy = pytest.importorskip("numpy")
    table = numpy.asfortranarray(numpy.arange(30_000.0).reshape(150, 200))
    codec = Codec("pickle", module=__name__, home_module=__name__)
    assert (codec.thaw(codec.freeze(Columns(table))).table == table).all()
    monkeypatch.setattr(pieces, "MOST_BUFFERS", 1)
    payload = codec.dumps(Columns(table))
    assert not payload.buffers
    assert (pickle.loads(payload.stream).table == table).all()


def test_what_only_looks_like_an_announcement_is_none():
    """The end of a frame may be anything that a result holds; only its length tells where it ends."""
    file = Pieces()
    file.beside = pieces.Buffers()
    like_a_head = pickle.BINBYTES + (70_000).to_bytes(4, "little")
    content = b"x" * 1000 + like_a_head
    file.write(pickle.PROTO + b"\x05" + pickle.FRAME + len(content).to_bytes(8, "little") + content)
    file.write(b"y" * 70_000)
    assert file.beside == []
    assert file.getvalue().endswith(like_a_head + b"y" * 70_000)
    assert file.names() == file.getvalue()


def test_after_a_piece_that_is_not_understood_nothing_is_taken_out():
    """Should another pickler write otherwise, its stream is kept as it is."""
    file = Pieces()
    file.beside = pieces.Buffers()
    head = pickle.BINBYTES + (70_000).to_bytes(4, "little")
    for piece in (pickle.PROTO + b"\x05", b"z" * 70_000, head, b"y" * 70_000):
        file.write(piece)
    assert file.beside == []
    assert file.getvalue() == pickle.PROTO + b"\x05" + b"z" * 70_000 + head + b"y" * 70_000


def test_a_bytearray_that_changed_its_length_is_not_stored():
    """The opcode tells of a length; if what follows has another one, all that comes after would be misread."""
    file = Pieces()
    file.beside = pieces.Buffers()
    file.write(pickle.PROTO + b"\x05" + pickle.BYTEARRAY8 + (70_000).to_bytes(8, "little"))
    with pytest.raises(pickle.PicklingError, match="changed"):
        file.write(bytearray(70_001))


def test_the_result_is_checked_with_contents_of_its_own():
    """A result that is loaded once to see that it can be gets copies of what can be written to."""
    numpy = pytest.importorskip("numpy")
    result = Scribble([bytearray(b"x" * 70_000), numpy.ones(70_000), numpy.ones((2, 1 << 20))[:, ::2]])
    made = codec().dumps(result, check=True)
    assert len(made.buffers) == 3
    assert [part[0] for part in result.parts[:2]] == [ord("x"), 1]
    assert result.parts[2].all()
    assert bytes(made.buffers[0].data) == b"x" * 70_000


def test_names_in_contents_are_no_names():
    """A text about ``__main__`` says nothing of where its classes live."""
    made = Codec("pickle", module="__main__", home_module="home").dumps(["__main__ home" * 10_000])
    assert not made.flags & (layout.HOME_AS_MAIN | layout.HOME_NAMED)


@pytest.mark.parametrize("options", [{}, {"compress": True}, {"mmap": True}, {"trust_unchanged": True}, {"ttl": 3600}])
@pytest.mark.parametrize("kind", ["bytes", "a huge bytearray", "a huge text", "nested", "in an object"])
def test_through_a_cache(kind, options, tmp_path):
    """Stored by one cache, found by another, computed once."""
    if "compress" in options and not compression.is_there():
        pytest.skip("needs zstd")
    calls = []

    def compute(name: str) -> Any:
        calls.append(name)
        return RESULTS[name]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            cache = Cache(tmp_path / "store", secret=SECRET)
            assert cache(**options, ignore=[".RESULTS", "calls"])(compute)(kind) == RESULTS[kind]
    assert calls == [kind]


def test_generators_and_coroutines(tmp_path):
    """Items of generators and results of coroutines, too."""
    cache = Cache(tmp_path / "store", secret=SECRET)
    calls = []

    @cache(ignore=["calls"])
    def items() -> Iterator[Any]:
        calls.append("items")
        yield LONG
        yield bytearray(HUGE)
        yield "a" * 100_000

    @cache(ignore=["calls"])
    async def coroutine() -> Any:
        calls.append("coroutine")
        return {"a": HUGE, "b": "é" * 100_000}

    for _ in range(2):
        assert list(items()) == [LONG, bytearray(HUGE), "a" * 100_000]
        assert asyncio.run(coroutine()) == {"a": HUGE, "b": "é" * 100_000}
    assert calls == ["items", "coroutine"]


def test_json_of_some_megabytes(tmp_path):
    """Another serializer's stream comes back as the bytes that it made."""
    result = ["text" * 500_000, {"a": [1.5] * 1000}]
    assert through_a_file(result, tmp_path, codec("json")) == result


def test_what_was_read_can_be_stored_again(tmp_path):
    """An entry is carried over to another key with all kinds as they were."""
    result = [LONG, bytearray(LONG), "a" * 70_000, "é" * 70_000, "\ud800" * 70_000]
    verified = found(stored(codec().dumps(result), tmp_path / "entry"))
    buffers = [contents.to_store(buffer) for buffer in verified.buffers]
    assert [buffer.kind for buffer in buffers] == [
        layout.BYTES,
        layout.BYTEARRAY,
        layout.ASCII,
        layout.TEXT,
        layout.TEXT,
    ]
    again = stored(Payload(verified.stream, buffers), tmp_path / "again")
    assert codec().loads(found(again)) == result


def test_a_result_that_cannot_be_pickled_is_explained_as_ever():
    """What stands beside long contents and cannot be kept is still named."""
    with pytest.raises(Unstorable, match="lambda"):
        codec().dumps([LONG, {"here": lambda: None}])
