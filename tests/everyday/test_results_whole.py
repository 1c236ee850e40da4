"""Results that would come back as less than they were: returned untouched, not stored, and named."""

from __future__ import annotations

import collections
import copyreg
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import importlib
import io
import pathlib
import threading
import types
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from brinery import Cache, UnstorableResultWarning


class Case(NamedTuple):
    """A result, what is asked of it, and the path that a warning names; without a path it has to be stored."""

    what: str
    make: Callable[[], Any]
    ask: Callable[[Any], Any]
    path: str = ""
    needs: str = ""


class Lossy:
    """Its pickling leaves a field out."""

    def __init__(self) -> None:
        self.kept, self.dropped = 1, [2]

    def __getstate__(self) -> dict[str, Any]:
        return {"kept": self.kept}


class LosesFunction(Lossy):
    def __init__(self) -> None:
        super().__init__()
        self.dropped = lambda: 2


class ByConstructor:
    """It is made again by its constructor, which knows nothing of what was set later."""

    def __init__(self, size: int = 1) -> None:
        self.size, self.shown = size, False

    def __reduce__(self) -> Any:
        return ByConstructor, (self.size,)


class Recomputes:
    def __init__(self, start: int) -> None:
        self.start = start

    def __getstate__(self) -> int:
        return self.start

    def __setstate__(self, start: int) -> None:
        self.start = start + 1


class Rounds:
    """It pickles its numbers with fewer digits."""

    def __init__(self) -> None:
        self.values = importlib.import_module("numpy").arange(3) + 0.123456789123

    def __getstate__(self) -> dict[str, Any]:
        return {"values": self.values.astype("f4").astype("f8")}


class LosesSlot:
    __slots__ = ("kept", "lost")

    def __init__(self) -> None:
        self.kept, self.lost = 1, 2

    def __getstate__(self) -> Any:
        return None, {"kept": self.kept}


class Doubling(dict):
    """Each item that is set is doubled, also by pickle."""

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, 2 * value)


class Counting(list):
    def append(self, item: Any) -> None:
        super().append(item + 1)

    def extend(self, items: Any) -> None:
        for item in items:
            self.append(item)


class Doubled(float):
    def __new__(cls, value: float) -> Any:
        return super().__new__(cls, 2 * value)


class Locked:
    """It makes its lock again."""

    def __init__(self) -> None:
        self.lock, self.value = threading.Lock(), 1

    def __getstate__(self) -> dict[str, Any]:
        return {"value": self.value}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]
        vars(self).update(state)


class LosesLock(Locked):
    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


class Computes:
    """What its pickling leaves out, it computes again."""

    def __init__(self) -> None:
        self.side = 3

    @functools.cached_property
    def area(self) -> int:
        return self.side**2

    def __getstate__(self) -> dict[str, Any]:
        return {"side": self.side}


class Falls:
    """What it leaves out, its class has as well."""

    level = 0

    def __init__(self, level: int) -> None:
        self.level = level

    def __getstate__(self) -> dict[str, Any]:
        return {}


class Unequal:
    """It is equal to nothing, not even to itself, and asking raises."""

    def __init__(self) -> None:
        self.value = 1

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> dict[str, Any]:
        return dict(vars(self))


class AnswersAll:
    def __init__(self) -> None:
        self.value = 1

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return AnswersAll()

    def __getstate__(self) -> dict[str, Any]:
        return dict(vars(self))

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


class Holds:
    """What it holds is read when it is pickled, and only once."""

    def __init__(self, held: Any) -> None:
        self.held = held

    def __getstate__(self) -> list[Any]:
        return list(self.held)

    def __setstate__(self, items: list[Any]) -> None:
        self.held = iter(items)


class Watches:
    """It watches another object, and its copy none."""

    def __init__(self, other: object) -> None:
        self.other = weakref.ref(other)

    def __getstate__(self) -> dict[str, Any]:
        return {}


class Planet(enum.Enum):
    EARTH = 1, 2

    def __init__(self, mass: int, radius: int) -> None:
        self.mass, self.radius = mass, radius


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Two(NamedTuple):
    first: Any
    second: Any


class Pair(Two):
    """A subclass with attributes."""


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    value: int = 1


class Thawed(Frozen):
    """A subclass with attributes, which the pickling of a slotted frozen dataclass does not know."""


class Zone(dt.tzinfo):
    def __init__(self, hours: int = 0) -> None:
        self.hours = hours

    def utcoffset(self, _: object) -> dt.timedelta:
        return dt.timedelta(hours=self.hours)


class Single:
    one: Any = None

    def __new__(cls) -> Any:
        cls.one = cls.one or super().__new__(cls)
        return cls.one


def with_note(value: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns of attributes
        value.note = "x"
    return value


SUBCLASSES: dict[str, type] = {}


def subclass(base: type, *args: Any) -> Any:
    """An instance of a subclass that has attributes, with one set."""
    name = f"Own{base.__name__}"
    if name not in SUBCLASSES:
        SUBCLASSES[name] = globals()[name] = type(name, (base,), {"__module__": __name__})
    return with_note(SUBCLASSES[name](*args))


def note(result: Any) -> Any:
    return result.note


def numpy() -> Any:
    return importlib.import_module("numpy")


def pandas() -> Any:
    return importlib.import_module("pandas")


def polars() -> Any:
    return importlib.import_module("polars")


def image(mode: str = "RGB") -> Any:
    return importlib.import_module("PIL.Image").new(mode, (2, 2))


def png() -> Any:
    """An image as it is opened, from memory."""
    module, data = importlib.import_module("PIL.Image"), io.BytesIO()
    image().save(data, "PNG")
    opened = module.open(data)
    opened.load()
    return opened


def slotted_array() -> Any:
    kind = SUBCLASSES.get("SlottedArray")
    if kind is None:
        names = {"__slots__": ("note",), "__module__": __name__}
        kind = SUBCLASSES["SlottedArray"] = globals()["SlottedArray"] = type("SlottedArray", (numpy().ndarray,), names)
    return with_note(numpy().zeros(3).view(kind))


def of_frame(**attributes: Any) -> Any:
    frame = pandas().DataFrame({"a": [1]})
    frame.attrs.update(attributes)
    return frame


def watched() -> Any:
    return [(held := types.SimpleNamespace(a=1)), held]


# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
LESS = [
    Case("a field that __getstate__ drops", Lossy, lambda r: r.dropped, "result.dropped"),
    Case("a function that __getstate__ drops", LosesFunction, lambda r: r.dropped(), "result.dropped"),
    Case("deep inside", lambda: {"a": [1, (Lossy(),)]}, lambda r: r["a"][1][0].dropped, 'result["a"][1][0].dropped'),
    Case("as a key", lambda: {Lossy(): 1}, lambda r: next(iter(r)).dropped, "result[<Lossy>].dropped"),
    Case("in a set", lambda: {Lossy()}, lambda r: next(iter(r)).dropped, "result (an element).dropped"),
    Case("in a deque", lambda: collections.deque([Lossy()]), lambda r: r[0].dropped, "result[0].dropped"),
    Case("in an exception", lambda: ValueError(Lossy()), lambda r: r.args[0].dropped, "result.args[0].dropped"),
    Case("in a partial", lambda: functools.partial(print, Lossy()), lambda r: r.args[0].dropped, "result.args[0].dropped"),
    Case("made by its constructor", lambda: with_note(ByConstructor(3)), note, "result.note"),
    Case("a changed field of one made by its constructor", lambda: [set_shown(ByConstructor())], lambda r: r[0].shown, "result[0].shown"),
    Case("a value that is computed again", lambda: Recomputes(1), lambda r: r.start, "result.start"),
    Case("numbers with fewer digits", Rounds, lambda r: list(r.values), "result.values", "numpy"),
    Case("a slot that is dropped", LosesSlot, lambda r: r.lost, "result.lost"),
    Case("a dict that changes what is set", lambda: fill(Doubling()), dict, 'result["a"]'),
    Case("a list that changes what is appended", lambda: fill(Counting()), list, "result[0]"),
    Case("a number that is made otherwise", lambda: Doubled(1.5), float, "result"),
    Case("a lock that is not made again", LosesLock, lambda r: r.lock.locked(), "result.lock"),
    Case("a value other than the class's own", lambda: Falls(3), lambda r: r.level, "result.level"),
    Case("a weak reference", lambda: [(kept := Computes()), Watches(kept)], lambda r: r[1].other() is r[0], "result[1].other"),
    Case("a subclass of a slotted dataclass", lambda: slip(Thawed()), note, "result.note"),
    *(
        Case(f"an attribute of a subclass of {base.__name__}", functools.partial(subclass, base, *args), note, "result.note")
        for base, args in [
            (dt.datetime, (2020, 1, 1)), (dt.date, (2020, 1, 1)), (dt.time, (1,)), (dt.timedelta, (1,)),
            (decimal.Decimal, ("1.5",)), (pathlib.PurePosixPath, ("a",)),
            (fractions.Fraction, (1, 2)), (collections.Counter, ("aab",)),
        ]
    ),
    Case("an attribute of a DataFrame", lambda: with_note(of_frame()), note, "result.note", "pandas"),
    Case("an attribute of a Series", lambda: with_note(pandas().Series([1])), note, "result.note", "pandas"),
    Case("an attribute of an Index", lambda: with_note(pandas().Index([1])), note, "result.note", "pandas"),
    Case("the name of a frame, an idiom", lambda: name(of_frame()), lambda r: r.name, "result.name", "pandas"),
    Case("a frame with an attribute, inside", lambda: [(with_note(of_frame()), 1)], lambda r: r[0][0].note, "result[0][0].note", "pandas"),
    Case("a lossy object in a frame", lambda: pandas().DataFrame({"a": [Lossy()]}), lambda r: r["a"][0].dropped, ".dropped", "pandas"),
    Case("a lossy object in an array", lambda: numpy().array([Lossy()], dtype=object), lambda r: r[0].dropped, "result[0].dropped", "numpy"),
    Case("an attribute of a Polars frame", lambda: with_note(polars().DataFrame({"a": [1]})), note, "result.note", "polars"),
    Case("an attribute of a Polars series", lambda: with_note(polars().Series("a", [1])), note, "result.note", "polars"),
    Case("an attribute of a LazyFrame", lambda: with_note(polars().LazyFrame({"a": [1]})), note, "result.note", "polars"),
    Case("objects in a Polars column", lambda: polars().DataFrame({"a": polars().Series([object], dtype=polars().Object)}), lambda r: r["a"][0], "result", "polars"),
    Case("the format of an image", lambda: set_format(image()), lambda r: r.format, "result.format", "PIL"),
    Case("an attribute of an image", lambda: with_note(image()), note, "result.note", "PIL"),
    Case("an image as it was opened", png, lambda r: r.text, "result.", "PIL"),
    Case("a lossy object on a graph", lambda: graph(Lossy()), lambda r: r.nodes[0]["held"].dropped, '["held"].dropped', "networkx"),
    Case("a tensor in a graph", lambda: [torch().ones(3, requires_grad=True) * 2], lambda r: r[0].grad_fn is None, "result[0]", "torch"),
    Case("an attribute of a response", lambda: with_note(response()), note, "result.note", "requests"),
]
WHOLE = [
    Case("a lock that is made again", Locked, lambda r: (r.value, r.lock.locked())),
    Case("a cached property that is left out", lambda: touch(Computes()), lambda r: (r.side, r.area)),
    Case("a value that is the class's own", lambda: Falls(0), lambda r: r.level),
    Case("an object that equals nothing", Unequal, lambda r: r.value),
    Case("an object that answers everything", AnswersAll, lambda r: r.value),
    Case("attributes of subclasses of containers", lambda: [subclass(dict), subclass(list), subclass(set), subclass(str), subclass(collections.OrderedDict), subclass(collections.deque)], lambda r: [one.note for one in r]),
    Case("an attribute of a named tuple's subclass", lambda: with_note(Pair(1, 2)), note),
    Case("attributes of exceptions", lambda: with_note(ValueError("a")), note),
    Case("members of enums, with attributes", lambda: [Planet.EARTH, Access.READ | Access.WRITE], lambda r: [r[0].mass, r[1]]),
    Case("an attribute of a member", lambda: with_note(Planet.EARTH), note),
    Case("a zone of one's own", lambda: dt.datetime(2020, 1, 1, tzinfo=Zone(3)), lambda r: r.utcoffset()),
    Case("a factory", lambda: collections.defaultdict(list, {1: [2]}), lambda r: r["new"]),
    Case("a chain of dicts", lambda: collections.ChainMap({1: 2}, {3: 4}), lambda r: r.maps),
    Case("what there is one of", Single, lambda r: r is Single()),
    Case("what is there twice", watched, lambda r: r[0] is r[1]),
    Case("a file in memory", lambda: io.StringIO("abc"), lambda r: (r.tell(), r.getvalue())),
    Case("attrs of a frame", lambda: of_frame(unit="km"), lambda r: r.attrs, "", "pandas"),
    Case("a frame that was looked at in many ways", lambda: looked_at(of_frame()), lambda r: r["a"].sum(), "", "pandas"),
    Case("extension types", lambda: pandas().DataFrame({"a": pandas().array([1, None], dtype="Int64"), "b": pandas().Categorical(["x", "y"])}), lambda r: list(map(str, r.dtypes)), "", "pandas"),
    Case("an attribute of an array's subclass", lambda: with_note(numpy().zeros(3).view(array_kind())), note, "", "numpy"),
    Case("a slot of an array's subclass", slotted_array, note, "", "numpy"),
    Case("a masked array", lambda: numpy().ma.array([1, 2], mask=[0, 1], fill_value=7), lambda r: (r.fill_value, list(r.mask)), "", "numpy"),
    Case("the encoding of an xarray", lambda: encoded(), lambda r: r.encoding, "", "xarray"),
    Case("a fitted estimator, with an attribute", lambda: fitted(), lambda r: (r.note, r.coef_.round(3).tolist()), "", "sklearn"),
    Case("a graph with an attribute", lambda: with_note(graph(1)), note, "", "networkx"),
    Case("assumptions of a symbol", lambda: assumed(), lambda r: (r.is_positive, r + r), "", "sympy"),
    Case("dummies are what they are", lambda: dummies(), lambda r: (r[0] == r[1] - 1, r[0] != r[2]), "", "sympy"),
    Case("an image", lambda: image("L"), lambda r: (r.size, r.tobytes()), "", "PIL"),
    Case("a response that was read", lambda: response(), lambda r: r.text, "", "requests"),
    Case("a response that was read, of httpx", lambda: importlib.import_module("httpx").Response(200, text="a"), lambda r: (r.text, r.status_code), "", "httpx"),
    Case("a model, its private attributes and cached properties", lambda: model(), lambda r: (r._p, r.extra, r.doubled), "", "pydantic"),
    Case("a gradient", lambda: trained(torch().ones(3, requires_grad=True)), lambda r: (r.grad, r.requires_grad, r.is_leaf), "", "torch"),
    Case("a large gradient", lambda: trained(torch().ones(100_000, requires_grad=True)), lambda r: (r.grad.sum(), r.is_leaf), "", "torch"),
    Case("a trained layer", lambda: trained_layer(), lambda r: [one.grad for one in r.parameters()], "", "torch"),
    Case("an attribute of a tensor", lambda: with_note(torch().ones(3)), note, "", "torch"),
    Case("a struct", lambda: struct(), lambda r: r.a, "", "msgspec"),
]
# fmt: on


def torch() -> Any:
    return importlib.import_module("torch")


def trained(tensor: Any) -> Any:
    (tensor * 2).sum().backward()
    return tensor


def trained_layer() -> Any:
    layer = torch().nn.Linear(2, 2)
    layer(torch().ones(1, 2)).sum().backward()
    return layer


def set_shown(value: Any) -> Any:
    value.shown = True
    return value


def fill(value: Any) -> Any:
    if isinstance(value, dict):
        value["a"] = 1
    else:
        value.append(1)
    return value


def name(value: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value.name = "train"
    return value


def slip(value: Any) -> Any:
    object.__setattr__(value, "note", "x")
    return value


def set_format(value: Any) -> Any:
    value.format = "PNG"
    return value


def touch(value: Any) -> Any:
    value.area  # noqa: B018
    return value


def looked_at(frame: Any) -> Any:
    frame["a"], frame.index, frame.columns.is_unique, frame.loc[0], frame.iloc[0]
    frame.groupby("a").sum()
    return frame


def array_kind() -> type:
    if "OwnArray" not in SUBCLASSES:
        SUBCLASSES["OwnArray"] = globals()["OwnArray"] = type("OwnArray", (numpy().ndarray,), {"__module__": __name__})
    return SUBCLASSES["OwnArray"]


def encoded() -> Any:
    made = importlib.import_module("xarray").DataArray([1.0])
    made.encoding = {"dtype": "i2"}
    return made


def fitted() -> Any:
    model = importlib.import_module("sklearn.linear_model").LinearRegression()
    return with_note(model.fit([[1.0], [2.0]], [1, 2]))


def graph(held: Any) -> Any:
    made = importlib.import_module("networkx").Graph()
    made.add_node(0, held=held)
    return made


def assumed() -> Any:
    return importlib.import_module("sympy").Symbol("x", positive=True)


def dummies() -> Any:
    sympy = importlib.import_module("sympy")
    one = sympy.Dummy("x")
    return [one, one + 1, sympy.Dummy("x")]


def response() -> Any:
    made = importlib.import_module("requests").Response()
    made._content, made.status_code = b"abc", 200
    return made


def model() -> Any:
    pydantic = importlib.import_module("pydantic")
    if "Model" not in SUBCLASSES:

        class Model(pydantic.BaseModel, extra="allow"):  # type: ignore[misc, name-defined]
            a: int = 1
            _p: int = pydantic.PrivateAttr(default=2)

            @functools.cached_property
            def doubled(self) -> int:
                return 2 * self.a

        Model.__qualname__ = "Model"
        SUBCLASSES["Model"] = globals()["Model"] = Model
    made = SUBCLASSES["Model"](extra=4)
    made._p = 7
    made.doubled  # noqa: B018
    return made


def struct() -> Any:
    msgspec = importlib.import_module("msgspec")
    if "Struct" not in SUBCLASSES:
        SUBCLASSES["Struct"] = globals()["Struct"] = msgspec.defstruct("Struct", [("a", int, 1)], module=__name__)
    return SUBCLASSES["Struct"](3)


def cases(table: list[Case]) -> Any:
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.what) for case in table])


def called(memory: Cache, case: Case) -> tuple[list[Any], Any, list[str]]:
    """What two calls returned, the cached function, and the warnings."""
    if case.needs:
        pytest.importorskip(case.needs)
    made: list[Any] = []

    @memory(ignore=["made", "case"])
    def compute() -> Any:
        made.append(case.make())
        return made[-1]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UnstorableResultWarning)
        results = [compute(), compute()]
    assert results[0] is made[0], "the first caller did not get the result itself"
    return results, compute, [str(one.message) for one in caught]


@cases(LESS)
def test_what_would_come_back_as_less_is_not_stored(memory: Cache, case: Case) -> None:
    """Each call returns what the function returns, and one warning names what would be lost."""
    results, compute, said = called(memory, case)
    truth = repr(case.ask(case.make())) if "png" not in repr(case.make) else None
    for result in results:
        assert truth is None or repr(case.ask(result)) == truth
    assert compute.cache_info()[:2] == (0, 2)
    assert len(said) == 1
    assert case.path in said[0].partition("cannot be kept: ")[2].partition("; it was returned")[0]


@cases(WHOLE)
def test_what_comes_back_whole_is_stored(memory: Cache, case: Case) -> None:
    """What a class leaves out and has again is no loss, nor is what a library keeps for itself."""
    results, compute, said = called(memory, case)
    assert said == []
    assert compute.cache_info()[:2] == (1, 1)
    if "dummies" not in case.what:
        assert repr(case.ask(case.make())) == repr(case.ask(results[1]))
    assert repr(case.ask(results[0])) == repr(case.ask(results[1]))


@pytest.mark.parametrize(
    "make",
    [
        lambda: iter([1, 2, 3]),
        lambda: (one for one in (1, 2, 3)),
        lambda: map(int, "123"),
        lambda: zip("abc", strict=True),
    ],
)
def test_what_can_be_read_once_is_not_read_to_be_stored(memory: Cache, make: Callable[[], Any]) -> None:
    """The pickling of the object that has it is not asked at all."""
    case = Case("", lambda: {"a": [Holds(make())]}, lambda r: len(list(r["a"][0].held)), 'result["a"][0].held')
    results, compute, said = called(memory, case)
    assert [case.ask(result) for result in results] == [3, 3]
    assert compute.cache_info()[:2] == (0, 2)
    assert case.path in said[0]


def test_a_file_is_not_read_to_be_stored(memory: Cache, tmp_path: pathlib.Path) -> None:
    """An open file is left where it is; one that is closed is no hindrance."""
    path = tmp_path / "data"
    path.write_text("a\nb\n")
    case = Case("", lambda: Holds(path.open()), lambda r: [line.strip() for line in r.held])
    results, _, said = called(memory, case)
    assert [case.ask(result) for result in results] == [["a", "b"]] * 2
    assert "result.held" in said[0]


@pytest.fixture
def server() -> Iterator[str]:
    """The address of an HTTP server."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "3000")
            self.end_headers()
            self.wfile.write(b"abc" * 1000)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("library", ["requests", "httpx"])
def test_a_streamed_response_is_read_by_its_caller(memory: Cache, server: str, library: str) -> None:
    """Storing reads none of it; a response that was read is stored."""
    pytest.importorskip(library)
    streams: Callable[[], Any]
    if library == "requests":
        requests = importlib.import_module("requests")
        session = requests.Session()
        streams, plain = lambda: session.get(server, stream=True), lambda: session.get(server)
    else:
        httpx = importlib.import_module("httpx")
        session = httpx.Client(trust_env=False)
        streams = lambda: session.send(session.build_request("GET", server), stream=True)
        plain = lambda: session.get(server)

    def read(response: Any) -> int:
        parts = response.iter_content(100) if library == "requests" else response.iter_raw(100)
        return sum(map(len, parts))

    with session:
        results, compute, said = called(memory, Case("", streams, read))
        assert [read(result) for result in results] == [3000, 3000]
        assert compute.cache_info()[:2] == (0, 2)
        assert len(said) == 1
        for result in results:
            result.close()
        results, compute, said = called(memory, Case("", plain, read))
        assert [result.content for result in results] == [b"abc" * 1000] * 2
        assert compute.cache_info().hits == 1
        assert said == []


def test_the_way_out_can_be_pasted(memory: Cache) -> None:
    """The warning tells how to return what would be lost."""
    _, _, said = called(memory, LESS[0])
    assert "as in `return result, result.dropped`" in said[0]


def test_nothing_is_copied_where_nothing_can_be_lost(memory: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain builtins, arrays, frames and instances of ordinary classes are stored without a look at a copy."""
    from brinery._store.results.payload import Codec

    looks: list[object] = []
    monkeypatch.delitem(copyreg.dispatch_table, ValueError, raising=False)  # importing Dask puts one there
    monkeypatch.setattr(Codec, "_check", lambda _, result, *__, **___: looks.append(result))
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    plain = [
        {"a": [1, (2.0, "x")]},
        numpy.arange(10),
        pandas.DataFrame({"a": [1], "b": ["x"]}),
        types.SimpleNamespace(a=1),
        dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
        Pair(1, 2),
        Planet.EARTH,
        Frozen(1),
        ValueError("x"),
        collections.OrderedDict(a=1),
    ]
    for number, value in enumerate(plain):
        assert memory(lambda number, value: value, ignore=["value"], version=number)(number, value) is value
    assert looks == []
    memory(lambda: Locked())()
    assert len(looks) == 1


class OwnCache(Cache):
    """A cache with something of its own."""

    unit = "km"

    def doubled(self) -> int:
        return 2 * self.factor  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("is_off", [False, True])
def test_a_subclass_of_cache_comes_back(memory: Cache, tmp_path: pathlib.Path, is_off: bool) -> None:
    """With its class and its attributes, at the same place."""

    def make() -> OwnCache:
        made = OwnCache(None) if is_off else OwnCache(tmp_path / "other", max_size="1MB")
        made.factor = 3  # type: ignore[attr-defined]
        return made

    results, compute, said = called(memory, Case("", make, repr))
    assert said == []
    assert compute.cache_info().hits == 1
    found = results[1]
    assert (type(found), found.doubled(), found.unit, found.path) == (OwnCache, 6, "km", results[0].path)
    assert is_off or found.max_size == 1_000_000
