"""Cached functions in what people combine them with: models, validators, web frameworks, command lines, proxies."""

from __future__ import annotations

import abc
import asyncio
import contextvars
import dataclasses
import enum
import functools
import importlib
import inspect
import pathlib
import typing
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from brinery import Cache, OptionWarning

if typing.TYPE_CHECKING:
    from types import ModuleType


def need(name: str) -> ModuleType:
    return pytest.importorskip(name)


def module(name: str) -> Any:
    return importlib.import_module(name)


# Classes.


def test_methods_of_a_pydantic_model(memory: Cache) -> None:
    """Every kind of method, and none is taken for a field."""
    pydantic = need("pydantic")

    class Model(pydantic.BaseModel, frozen=True):  # type: ignore[misc, name-defined]
        a: int = 1

        @memory
        def times(self, x: int) -> int:
            return self.a * x

        @staticmethod
        @memory
        def static(x: int) -> int:
            return x

        @memory
        @staticmethod
        def static_below(x: int) -> int:
            return x

        @classmethod
        @memory
        def of_class(cls, x: int) -> int:
            return x

        @memory
        @classmethod
        def of_class_below(cls, x: int) -> int:
            return x

        @property
        @memory
        def shown(self) -> int:
            return self.a

        @pydantic.computed_field  # type: ignore[misc]
        @property
        @memory
        def computed(self) -> int:
            return self.a + 1

        @pydantic.field_validator("a")  # type: ignore[misc]
        @classmethod
        @memory
        def validated(cls, value: int) -> int:
            return value + 100 if value == 50 else value

        @memory
        async def later(self) -> int:
            return self.a

        @memory
        def many(self) -> Iterator[int]:
            yield self.a

    assert list(Model.model_fields) == ["a"]
    for _ in range(2):
        two = Model(a=2)
        assert (two.times(3), Model(a=3).times(3), two.model_copy(update={"a": 5}).times(3)) == (6, 9, 15)
        assert (two.static(4), two.static_below(4), two.of_class(4), two.of_class_below(4)) == (4, 4, 4, 4)
        assert (two.shown, two.model_dump(), Model(a=50).a) == (2, {"a": 2, "computed": 3}, 150)
        assert (asyncio.run(two.later()), list(two.many())) == (2, [2])
    assert Model.times.cache_info()[:2] == (3, 3)


def test_a_cached_function_as_a_field_of_a_model(memory: Cache) -> None:
    """Annotated, it is one."""
    pydantic = need("pydantic")

    class Model(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        call: Callable[[list[int]], int] = memory(len)
        any: typing.Any = memory(len)

    assert (Model().call([1]), Model().any([1])) == (1, 1)


def test_a_validated_call_counts_by_its_function_and_its_types(tmp_path: pathlib.Path) -> None:
    """Other names of its module do not count, though pydantic holds them all."""
    need("pydantic")
    source = (
        "from typing import Annotated\nimport pydantic\nfrom brinery import Cache\n"
        f"memory = Cache({str(tmp_path)!r})\n"
        "Positive = Annotated[int, pydantic.Field(gt=0)]\n"
        "@pydantic.validate_call\ndef h(a: Positive): return a + 1\n"
        "f = memory(h)\n@memory\ndef g(a): return h(a)\n"
        "before = f.key(1), g.key(1)\nother = [1, before]\nafter = f.key(1), g.key(1)\n"
    )
    keys = []
    for text in (source, source, source.replace("gt=0", "gt=-5"), source.replace("a + 1", "a + 2")):
        space: dict[str, Any] = {"__name__": "validated"}
        exec(compile(text, "validated", "exec", dont_inherit=True), space)
        assert space["before"] == space["after"]
        keys.append(space["before"])
    assert keys[0] == keys[1]
    assert not {*keys[0]} & {*keys[2], *keys[3]}
    assert not {*keys[2]} & {*keys[3]}


def test_validate_call(memory: Cache) -> None:
    """Above the cache and below it."""
    pydantic = need("pydantic")

    @pydantic.validate_call  # type: ignore[misc]
    @memory
    def above(a: int, b: int = 2) -> int:
        return a + b

    @memory
    @pydantic.validate_call
    def below(a: int, b: int = 2) -> int:
        return a + b

    class Model:
        @pydantic.validate_call  # type: ignore[misc]
        @memory
        def method(self, a: int) -> int:
            return a

    assert [above("1"), above(1), below("1"), below(1), below(1)] == [3] * 5
    assert below.cache_info()[:2] == (1, 2)
    assert Model().method("3") == 3
    with pytest.raises(pydantic.ValidationError):
        above("x")


def test_beartype(memory: Cache) -> None:
    """On functions above and below, and on classes with cached methods."""
    beartype = need("beartype")

    @beartype.beartype
    @memory
    def above(a: int) -> int:
        return a

    @memory
    @beartype.beartype
    def below(a: int) -> int:
        return a

    @beartype.beartype
    class Scale:
        def __init__(self) -> None:
            self.factor = 2

        @memory
        def times(self, a: int) -> int:
            return a * self.factor

        @staticmethod
        @memory
        def static(a: int) -> int:
            return a

        @classmethod
        @memory
        def of_class(cls, a: int) -> int:
            return a

    for _ in range(2):
        assert (above(1), below(1), Scale().times(1), Scale.static(1), Scale.of_class(1)) == (1, 1, 2, 1, 1)
    assert below.cache_info()[:2] == (1, 1)
    with pytest.raises(beartype.roar.BeartypeCallHintViolation):
        below("x")


CLAWED = """
import beartype.claw
if "all" in __import__("sys").argv:
    beartype.claw.beartype_all()
else:
    beartype.claw.beartype_package("checked")
import checked
for _ in range(2):
    print(checked.double(2), checked.Scale(3).times(2), checked.Scale.static(4), checked.plain(5))
print(checked.double.__wrapped__.cache_info()[:2])  # what checks is a plain function
"""
CHECKED = """
from dataclasses import dataclass
from brinery import Cache
memory = Cache("store")

@memory
def double(x: int) -> int:
    return helper(x)

def helper(x: int) -> int:
    return 2 * x

@memory(ttl="1d")
def plain(x):
    return x

@dataclass
class Scale:
    factor: int

    @memory
    def times(self, x: int) -> int:
        return self.factor * x

    @staticmethod
    @memory
    def static(x: int) -> int:
        return x
"""


@pytest.mark.parametrize("what", ["all", "package"])
def test_beartype_by_an_import_hook(tmp_path: Any, what: str) -> None:
    """Everything that is imported is checked and cached, and brinery is left alone."""
    need("beartype")
    from other_process import run, write

    write(tmp_path, main=CLAWED, checked=CHECKED)
    assert run("main.py", what, cwd=tmp_path).splitlines() == ["4 6 4 5", "4 6 4 5", "(1, 1)"]
    assert run("main.py", what, cwd=tmp_path).splitlines()[:2] == ["4 6 4 5", "4 6 4 5"]


def test_methods_of_classes_of_all_kinds(memory: Cache) -> None:
    """Dataclasses and attrs with slots, named tuples, protocols, abstract classes, generics."""
    item = typing.TypeVar("item")

    @dataclasses.dataclass(slots=True)
    class Slotted:
        factor: int = 2

        @memory
        def times(self, x: int) -> int:
            return self.factor * x

    class Tuple(typing.NamedTuple):
        factor: int = 2

        @memory
        def times(self, x: int) -> int:
            return self.factor * x

    class Generic(typing.Generic[item]):
        def __init__(self, factor: int = 2) -> None:
            self.factor = factor

        @memory
        def times(self, x: int) -> int:
            return self.factor * x

    kinds: list[Any] = [Slotted, Tuple, Generic, Generic[int]]
    if importlib.util.find_spec("attrs"):

        @module("attrs").define
        class Attrs:
            factor: int = 2

            @memory
            def times(self, x: int) -> int:
                return self.factor * x if __class__ else 0  # type: ignore[name-defined]

        kinds.append(Attrs)
    for kind in kinds:
        assert [kind().times(3), kind().times(3), kind(3).times(3)] == [6, 6, 9], kind


def test_protocols_and_abstract_classes(memory: Cache) -> None:
    """What is abstract stays so, and `super()` finds the cached method."""

    @typing.runtime_checkable
    class Timed(typing.Protocol):
        def times(self, x: int) -> int: ...

    class Abstract(abc.ABC):
        @abc.abstractmethod
        @memory
        def times(self, x: int) -> int:
            return x

        @memory
        @abc.abstractmethod
        def other(self) -> int: ...

    class Concrete(Abstract):
        def times(self, x: int) -> int:
            return 10 * super().times(x)

        def other(self) -> int:
            return 1

    assert sorted(Abstract.__abstractmethods__) == ["other", "times"]
    with pytest.raises(TypeError):
        Abstract()  # type: ignore[abstract]
    assert [Concrete().times(2), Concrete().times(2)] == [20, 20]
    assert isinstance(Concrete(), Timed)


def test_methods_of_enums(memory: Cache) -> None:
    """They are methods and no members."""

    class Level(enum.Enum):
        LOW = 1
        HIGH = 2

        @memory
        def times(self, x: int) -> int:
            return self.value * x

        @classmethod
        @memory
        def of_class(cls, x: int) -> int:
            return x

        @memory
        @staticmethod
        def static(x: int) -> int:
            return x

        @property
        @memory
        def shown(self) -> int:
            return self.value

    assert len(Level) == 2
    assert [Level.LOW.times(2), Level.HIGH.times(2), Level.HIGH.times(2)] == [2, 4, 4]
    assert (Level.of_class(1), Level.static(2), Level.HIGH.shown) == (1, 2, 2)


def test_what_functools_makes_of_it(memory: Cache) -> None:
    """Single dispatch, partial methods, cached properties, `wraps`."""

    class Kind:
        factor = 3

        @functools.singledispatchmethod
        @memory
        def name(self, _: object) -> str:
            return "any"

        @name.register
        @memory
        def _(self, _: int) -> str:
            return "int"

        @memory
        def times(self, a: int, b: int) -> int:
            return a * b * self.factor

        twice = functools.partialmethod(times, 2)

        @functools.cached_property
        @memory
        def whole(self) -> int:
            return self.factor

    @functools.singledispatch
    @memory
    def name(_: object) -> str:
        return "any"

    @name.register
    @memory
    def _(_: int) -> str:
        return "int"

    @memory
    @functools.singledispatch
    def dispatched(_: object) -> str:
        return "any"

    dispatched.register(int, lambda _: "int")

    @functools.wraps(memory(len))
    def wrapped(*args: Any) -> int:
        return len(*args)

    for _ in range(2):
        kind = Kind()
        assert (kind.name("a"), kind.name(1), name("a"), name(1)) == ("any", "int", "any", "int")
        assert (dispatched("a"), dispatched(1), wrapped([1])) == ("any", "int", 1)
        assert (kind.twice(5), kind.whole, kind.whole) == (30, 3, 3)


def test_what_inspect_says(memory: Cache) -> None:
    """As of the function itself, where it has a word for it."""

    @memory
    async def later(a: int, *, b: str = "x") -> int:
        return a

    @memory
    async def items() -> Any:
        yield 1

    @memory
    def numbers() -> Iterator[int]:
        yield 1

    class Kind:
        @memory
        async def method(self, a: int) -> int:
            return a

    assert inspect.iscoroutinefunction(later)
    assert inspect.isasyncgenfunction(items)
    assert inspect.isgeneratorfunction(numbers)
    assert inspect.iscoroutinefunction(Kind().method)
    assert str(inspect.signature(later)) == "(a: 'int', *, b: 'str' = 'x') -> 'int'"
    assert str(inspect.signature(Kind().method)) == "(a: 'int') -> 'int'"
    assert typing.get_type_hints(later) == {"a": int, "b": str, "return": int}
    assert typing.get_type_hints(Kind().method) == {"a": int, "return": int}
    assert later.__annotations__ == {"a": "int", "b": "str", "return": "int"}
    assert Kind().method.__annotations__ == {"a": "int", "return": "int"}


# Programs for the web and for terminals.


def test_fastapi(memory: Cache) -> None:
    """As endpoints and as dependencies, plain and asynchronous."""
    fastapi = need("fastapi")
    need("httpx")
    app = fastapi.FastAPI()

    def plain(q: int = 1) -> int:
        return q + 1

    async def later(q: int = 1) -> int:
        return q + 2

    def items() -> Iterator[int]:
        yield 3

    depends = fastapi.Depends

    def endpoint(x: int, d: int = depends(memory(plain)), e: int = depends(memory(later))) -> dict[str, int]:
        return {"x": x, "d": d, "e": e}

    async def other(x: int, g: int = depends(memory(items))) -> dict[str, int]:
        return {"x": x, "g": g}

    for function in (plain, later, items, endpoint, other):
        function.__annotations__ = typing.get_type_hints(function)
    app.get("/a")(memory(endpoint))
    app.get("/b")(memory(other))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = module("fastapi.testclient").TestClient(app)
    for _ in range(2):
        assert client.get("/a?x=1&q=5").json() == {"x": 1, "d": 6, "e": 7}
        assert client.get("/b?x=2").json() == {"x": 2, "g": 3}
        assert client.get("/a?x=word").status_code == 422


def test_flask(memory: Cache) -> None:
    """The endpoint has the function's name."""
    flask = need("flask")
    app = flask.Flask("program")

    @app.route("/a/<int:x>")
    @memory
    def endpoint(x: int) -> dict[str, int]:
        return {"x": x}

    assert "endpoint" in app.view_functions
    assert [app.test_client().get("/a/1").json for _ in range(2)] == [{"x": 1}] * 2


def test_click(memory: Cache) -> None:
    """A command that is cached computes once, under its own name."""
    click = need("click")

    @click.command()
    @click.option("--number", default=1)
    @memory
    def command(number: int) -> None:
        """Say it."""
        click.echo(number)

    assert command.name == "command"
    runner = module("click.testing").CliRunner()
    assert [runner.invoke(command, ["--number", "3"]).output for _ in range(2)] == ["3\n", ""]


def test_typer(memory: Cache) -> None:
    """Options come from the function's own annotations."""
    typer = need("typer")
    app = typer.Typer()

    def command(number: int = 1) -> None:
        """Say it."""
        print(number)

    command.__annotations__ = {"number": int, "return": None}
    app.command()(memory(command))
    result = module("typer.testing").CliRunner().invoke(app, ["--number", "3"])
    assert (result.exit_code, result.output) == (0, "3\n")


# Arguments and results that are unusual.


class Raises:
    """Every question to it raises."""

    def __raise(self, *_: object) -> Any:
        raise ZeroDivisionError

    __repr__ = __str__ = __len__ = __bool__ = __hash__ = __eq__ = __iter__ = __contains__ = __format__ = __dir__ = (
        __raise
    )
    __sizeof__ = __index__ = __call__ = __raise

    def __init__(self) -> None:
        self.value = 1


class EqualsByArray(Raises):
    def __eq__(self, other: object) -> Any:
        return importlib.import_module("numpy").array([True, False])

    __hash__ = None  # type: ignore[assignment]


class AnswersAll:
    def __init__(self) -> None:
        self.value = 1

    def __getattr__(self, name: str) -> Any:
        if name in ("__reduce_ex__", "__deepcopy__", "__getstate__", "__setstate__"):
            raise AttributeError(name)
        return self.__class__()


class RaisesToken:
    def __init__(self) -> None:
        self.value = 1

    def __dask_tokenize__(self) -> Any:
        raise ZeroDivisionError


class Meta(type):
    def __repr__(cls) -> str:
        raise ZeroDivisionError

    def __instancecheck__(cls, _: object) -> bool:
        raise ZeroDivisionError

    def __subclasscheck__(cls, _: object) -> bool:
        raise ZeroDivisionError


class OfMeta(metaclass=Meta):
    def __init__(self) -> None:
        self.value = 1


GLOBAL = Raises()


@pytest.mark.parametrize("kind", [Raises, EqualsByArray, AnswersAll, RaisesToken, OfMeta])
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {"a": (x,)}], ids=["alone", "list", "dict"])
def test_objects_that_raise_when_they_are_asked(memory: Cache, kind: type, wrap: Callable[[Any], Any]) -> None:
    """As arguments, as results and as globals; another state is another call."""
    if kind is EqualsByArray:
        need("numpy")

    @memory
    def f(x: Any) -> Any:
        return [x, GLOBAL]

    f(wrap(kind())), f(wrap(kind()))
    assert f.cache_info()[:2] == (1, 1)
    assert "hit" in str(f.explain(wrap(kind())))
    other = kind()
    other.value = 2
    f(wrap(other))
    assert f.cache_info()[:2] == (1, 2)
    assert "value" in str(f.explain(wrap(other))) or f.is_cached(wrap(other))
    assert len(list(f.map([wrap(kind())]))) == 1


def lazy_values() -> list[Any]:
    werkzeug, wrapt = module("werkzeug.local"), module("wrapt")
    variable: contextvars.ContextVar[Any] = contextvars.ContextVar("variable")
    variable.set({"a": 1})
    functional = module("django.utils.functional")
    return [
        werkzeug.LocalProxy(variable),
        wrapt.ObjectProxy({"a": 1}),
        functional.SimpleLazyObject(lambda: {"a": 1}),
        functional.lazy(lambda: "abc", str)(),
    ]


@pytest.mark.parametrize("number", range(4))
def test_proxies_as_results(memory: Cache, number: int) -> None:
    """What stands for something else is returned as it is, or as what it stands for."""
    for name in ("werkzeug", "wrapt", "django"):
        need(name)
    value = lazy_values()[number]

    @memory(ignore=["value"])
    def f() -> Any:
        return value

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = [f(), f()]
    for result in results:
        assert (result["a"] == 1) if number < 3 else (str(result) == "abc")


def tables() -> list[Callable[[], Any]]:
    table, units = module("astropy.table"), module("astropy.units")
    return [
        lambda: table.Table({"a": [1, 2]}),
        lambda: table.QTable({"a": [1, 2] * units.m}),
        lambda: table.Table({"a": [1, 2]})["a"],
        lambda: table.Table({"a": [1, 2]})[0],
        lambda: table.vstack([table.Table({"a": [1]}), table.Table({"a": [2]})]),
        lambda: 3 * units.m,
        lambda: units.m,
        lambda: module("astropy.time").Time(["2020-01-01"]),
        lambda: module("astropy.coordinates").SkyCoord([1], [2], unit="deg"),
    ]


@pytest.mark.parametrize("number", range(9))
def test_astropy(memory: Cache, number: int) -> None:
    """Tables, whose columns lead back to them, their parts, quantities and times are arguments and results."""
    need("astropy")
    make = tables()[number]

    @memory
    def f(x: Any) -> Any:
        return [x]

    assert repr(f(make())[0]) == repr(f(make())[0]) == repr(make())
    assert f.cache_info()[:2] == (1, 1)


def expressions() -> list[tuple[Callable[[], Any], Callable[[], Any]]]:
    sympy = module("sympy")
    x = sympy.Symbol
    return [
        (lambda: sympy.sin, lambda: sympy.cos),
        (lambda: sympy.Function("F"), lambda: sympy.Function("G")),
        (lambda: sympy.Function("F")(x("x")), lambda: sympy.Function("F")(x("y"))),
        (lambda: sympy.sin(x("x")) + 1, lambda: sympy.sin(x("x")) + 2),
        (lambda: x("x"), lambda: x("x", positive=True)),
        (lambda: sympy.Matrix([[1, 2]]), lambda: sympy.Matrix([[1, 3]])),
        (lambda: sympy.oo, lambda: -sympy.oo),
        (lambda: sympy.Eq(x("x"), 1), lambda: sympy.Eq(x("x"), 2)),
        (lambda: sympy.Integral(x("x")), lambda: sympy.Integral(x("y"))),
        (lambda: sympy.lambdify(x("x"), x("x") ** 2), lambda: sympy.lambdify(x("x"), x("x") ** 3)),
    ]


@pytest.mark.parametrize("number", range(10))
def test_sympy(memory: Cache, number: int) -> None:
    """Symbols, functions that are classes, expressions: equal ones are one call, and others are not."""
    need("sympy")
    one, other = expressions()[number]

    @memory
    def f(x: Any) -> Any:
        return str(x)

    f(one()), f(one())
    assert f.cache_info()[:2] == (1, 1)
    f(other())
    assert f.cache_info()[:2] == (1, 2)


# A key function of the user's.


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyError, TypeError, AttributeError])
def test_a_key_that_raises_costs_no_call(memory: Cache, error: type[Exception]) -> None:
    """The call is computed and not stored, and a warning names the function that raised; others are cached."""

    def stands_for(x: int) -> int:
        if x == 0:
            raise error("no such thing")
        return x

    @memory(key=stands_for)
    def f(x: int) -> int:
        return x

    with pytest.warns(OptionWarning, match=r"key=.*stands_for of .*f raised .*no such thing"):
        assert f(0) == 0
    assert (f(0), f(1), f(1)) == (0, 1, 1)
    assert not f.is_cached(0)
    assert f.cache_info()[:2] == (1, 3)
    assert list(f.map([0, 1])) == [0, 1]


def test_a_key_that_takes_other_arguments_costs_no_call(memory: Cache) -> None:
    """The warning says so."""
    f = memory(lambda x: x, key=lambda x, y: x)
    with pytest.warns(OptionWarning, match="missing 1 required positional argument"):
        assert f(1) == 1
