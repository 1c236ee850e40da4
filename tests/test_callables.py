"""Every kind of callable can be decorated, and still answers as the undecorated one does."""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import pickle

import pytest

from brinery import BrineryWarning, Cache, CachedFunction, UnstorableResultWarning

CALLS: list[object] = []


@pytest.fixture(autouse=True)
def count_from_nothing():
    CALLS.clear()


def count(*what):
    CALLS.append(what)


IGNORED = [".CALLS"]


def test_a_function_is_computed_once(memory: Cache):
    """The second call is answered from the store, however the arguments are written."""

    @memory(ignore=IGNORED)
    def f(x, y=2, *rest, z=3, **others):
        count()
        return [x, y, rest, z, others]

    assert f(1) == f(1, 2) == f(x=1) == f(1, z=3) == [1, 2, (), 3, {}]
    assert len(CALLS) == 1
    assert f(1, 2, 3, a=4) == [1, 2, (3,), 3, {"a": 4}]
    assert len(CALLS) == 2


def test_a_returned_value_is_an_independent_copy(memory: Cache):
    """Changing what a call returned changes no later hit."""

    @memory
    def f():
        return {"rows": [1]}

    f()["rows"].append(2)
    f()["rows"].append(3)
    assert f() == {"rows": [1]}


@pytest.mark.parametrize(
    "value",
    [None, NotImplemented, ..., 0, "", b"", ValueError("x"), float("inf"), 10**400],
    ids=lambda value: type(value).__name__,
)
def test_odd_values_are_values(memory: Cache, value):
    """None and its like are results as good as any."""

    @memory(ignore=[".CALLS", ".count"])
    def f():
        count()
        return value

    assert repr(f()) == repr(f()) == repr(value)
    assert len(CALLS) == 1


def test_a_lambda_and_a_partial(memory: Cache):
    """What stands for a function is keyed with what it holds."""
    double = memory(lambda x: (x, "double"))
    assert double(2) == double(2) == (2, "double")
    assert double.cache_info().hits == 1

    def power(base, exponent):
        return base**exponent

    square, cube = memory(functools.partial(power, exponent=2)), memory(functools.partial(power, exponent=3))
    assert (square(3), cube(3), square(3), cube(3)) == (9, 27, 9, 27)
    assert (square.cache_info().hits, cube.cache_info().hits) == (1, 1)


class Scale:
    """A class with a method of every kind; the factor is part of the instance."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return ("called", self.factor * x)


def test_methods_count_their_instance(memory: Cache):
    """Two instances that are equal in state share results, two that differ do not."""

    class Model(Scale):
        @memory(ignore=[".CALLS", ".count"])
        def apply(self, x):
            count()
            return self.factor * x

        @memory
        @staticmethod
        def above_static(x):
            return ("static", x)

        @staticmethod
        @memory
        def below_static(x):
            return ("static", x)

        @memory
        @classmethod
        def above_class(cls, x):
            return (cls.__name__, x)

        @classmethod
        @memory
        def below_class(cls, x):
            return (cls.__name__, x)

    assert Model(2).apply(3) == Model(2).apply(3) == 6
    assert Model(5).apply(3) == 15
    assert len(CALLS) == 2
    assert Model(2).apply.is_cached(3)
    assert not Model(2).apply.is_cached(4)
    assert Model(2).apply.forget(3)
    assert Model.apply(Model(2), 3) == 6
    for kind in (Model, Model(1)):
        assert kind.above_static(1) == kind.below_static(1) == ("static", 1)
        assert kind.above_class(1) == kind.below_class(1) == ("Model", 1)
    assert Model.above_static.is_cached(1)
    assert Model.above_class.is_cached(1)


def test_a_callable_object_counts_its_state(memory: Cache):
    """Decorating an object with `__call__` keys what is in it."""
    twice, thrice = memory(Scale(2)), memory(Scale(3))
    assert (twice(1), thrice(1), twice(1)) == (("called", 2), ("called", 3), ("called", 2))
    assert (twice.cache_info().hits, thrice.cache_info().hits) == (1, 0)


def test_a_coroutine_function_is_awaited(memory: Cache):
    """Each call gives a new awaitable, and only the first runs the function."""

    @memory(ignore=[".CALLS", ".count"])
    async def f(x):
        count()
        await asyncio.sleep(0)
        return [x]

    async def main():
        first = f(1)
        assert inspect.iscoroutine(first)
        return await first, await f(1), await asyncio.gather(*(f(2) for _ in range(8)))

    assert asyncio.run(main()) == ([1], [1], [[2]] * 8)
    assert len(CALLS) == 2


def test_the_key_of_a_coroutine_is_taken_when_it_is_called(memory: Cache):
    """What happens to an argument before the await does not file the result under another key."""

    @memory
    async def total(items):
        return sum(items)

    async def main():
        items = [1, 2]
        waiting = total(items)
        items.append(3)
        with pytest.warns(BrineryWarning, match="argument items changed"):
            changed = await waiting
        return changed, await total([1, 2]), await total([1, 2, 3])

    assert asyncio.run(main()) == (6, 3, 6)


def test_a_generator_replays_its_items(memory: Cache):
    """Items and the returned value come again without the function running."""

    @memory(ignore=[".CALLS", ".count"])
    def f(n):
        count()
        yield from range(n)
        return "end"

    def outer(n):
        returned = yield from f(n)
        yield returned

    assert inspect.isgenerator(f(3))
    assert list(outer(3)) == list(outer(3)) == [0, 1, 2, "end"]
    assert len(CALLS) == 1


def test_a_generator_that_is_left_early_is_not_stored(memory: Cache):
    """A part of the items is never taken for the whole."""

    @memory(ignore=[".CALLS", ".count"])
    def f():
        count()
        try:
            yield 1
            yield 2
        finally:
            count("closed")

    assert next(f()) == 1
    assert list(f()) == list(f()) == [1, 2]
    assert CALLS == [(), ("closed",), (), ("closed",)]


def test_a_generator_that_is_sent_values_works_and_is_not_stored(memory: Cache):
    """What was sent is not in the key."""

    @memory
    def echo():
        got = yield "ready"
        yield got

    for word in ("a", "b"):
        generator = echo()
        assert next(generator) == "ready"
        assert generator.send(word) == word
        assert list(generator) == []
    assert len(memory) == 0


def test_an_async_generator_replays_its_items(memory: Cache):
    """As a generator, for `async for`."""

    @memory(ignore=[".CALLS", ".count"])
    async def f(n):
        count()
        for i in range(n):
            yield i

    async def main():
        return [i async for i in f(3)], [i async for i in f(3)]

    assert asyncio.run(main()) == ([0, 1, 2], [0, 1, 2])
    assert len(CALLS) == 1


def test_inspect_answers_as_for_the_function_itself(memory: Cache):
    """Signature, name, docstring and kind stay."""

    def plain(a, /, b: int = 2, *, c: str = "x") -> float:
        """What it does."""

    async def coroutine(): ...

    def generator():
        yield

    async def async_generator():
        yield

    for function in (plain, coroutine, generator, async_generator):
        cached = memory(function)
        assert inspect.signature(cached) == inspect.signature(function)
        for question in (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction):
            assert question(cached) == question(function)
        assert (cached.__name__, cached.__qualname__, cached.__module__) == (
            function.__name__,
            function.__qualname__,
            function.__module__,
        )
        assert cached.__doc__ == function.__doc__
        assert cached.__wrapped__ is function


def test_a_bound_method_has_the_docstring_of_the_method(memory: Cache):
    """`help` and the question mark of notebooks show it, and what wraps the method has it."""

    class Model:
        @memory
        def fit(self, x):
            """Fit it."""
            return x

        @memory
        def plain(self, x):
            return x

    assert inspect.getdoc(Model().fit) == inspect.getdoc(Model.fit) == "Fit it."
    assert Model().plain.__doc__ is None


def test_a_wrong_call_raises_what_the_function_raises(memory: Cache):
    """Too few, too many and unknown arguments are the function's own TypeError."""

    @memory
    def f(x, *, y=1):
        return x

    for args, kwargs in [((), {}), ((1, 2), {}), ((1,), {"z": 1})]:
        with pytest.raises(TypeError) as ours:
            f(*args, **kwargs)
        with pytest.raises(TypeError) as its_own:
            f.__wrapped__(*args, **kwargs)
        assert str(ours.value) == str(its_own.value)
        with pytest.raises(TypeError):
            f.is_cached(*args, **kwargs)


def test_an_exception_is_its_own_and_nothing_is_stored(memory: Cache):
    """The next call runs again."""

    @memory(ignore=[".CALLS", ".count"])
    def f():
        count()
        raise KeyError("mine")

    for _ in range(2):
        with pytest.raises(KeyError, match="mine"):
            f()
    assert len(CALLS) == 2
    assert len(memory) == 0


def test_orders_and_questions(memory: Cache):
    """Everything beside the call takes the call's own arguments."""

    @memory(ignore=[".CALLS", ".count"])
    def f(x):
        count()
        return len(CALLS)

    assert not f.is_cached(1)
    assert f(1) == 1
    assert f.is_cached(1)
    assert len(f.key(1)) == 32
    assert f.key(1) == f.key(x=1) != f.key(2)
    assert f.refresh(1) == 2
    assert f(1) == 2
    assert f.forget(1)
    assert not f.forget(1)
    assert f(1) == 3
    hits, misses, maxsize, currsize, saved = f.cache_info()
    assert (hits, misses, maxsize, currsize) == (1, 3, None, 1)
    assert saved > 0
    assert f.cache_parameters()["maxsize"] is None
    f.cache_clear()
    assert f.cache_info() == (0, 0, None, 0, 0.0)


def test_control_never_takes_a_name_out_of_the_call(memory: Cache):
    """A function may have parameters named like anything of ours."""

    @memory
    def f(self, key, ttl=None, refresh=False, args=(), kwargs=None, call=None, state=None):
        return [self, key, ttl, refresh, args, kwargs, call, state]

    assert f(self=1, key=2, ttl=3, refresh=True) == f(1, 2, 3, True) == [1, 2, 3, True, (), None, None, None]
    assert f.cache_info().hits == 1


def test_a_sentinel_default_counts_as_the_default(memory: Cache):
    """A bare object() may be a default; another bare object as an argument is refused."""
    missing = object()

    @memory
    def f(x, default=missing):
        return default is missing

    assert f(1) is True
    assert f(1, missing) is True
    assert f(1, None) is False
    assert f.cache_info()[:2] == (1, 2)
    with pytest.raises(TypeError, match=r"default.*ignore"):
        f(1, object())


def test_a_decorated_function_may_call_itself(memory: Cache):
    """Recursion goes through the cache, and the same call inside itself ends as it would without."""

    @memory
    def fibonacci(n):
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    assert fibonacci(30) == 832040
    assert fibonacci.cache_info().misses == 31

    @memory
    def endless(n):
        return endless(n)

    with pytest.raises(RecursionError):
        endless(1)


def test_copies_are_the_same_cache(memory: Cache):
    """A cache and a decorated function are one place, however often they are copied."""

    @memory
    def f(x):
        return x

    assert copy.copy(memory) is copy.deepcopy(memory) is memory
    assert copy.copy(f) is copy.deepcopy(f) is f


@Cache("unused")
def found_by_name(x):
    return x


def test_pickling_by_name(memory: Cache):
    """What is found under its own name pickles as that name; a cache as its place and options."""
    assert pickle.loads(pickle.dumps(found_by_name)) is found_by_name
    again = pickle.loads(pickle.dumps(memory))
    assert again.path == memory.path


def test_a_secret_is_never_pickled(new_cache, tmp_path):
    """Not with the cache, not with a function of it."""
    cloudpickle = pytest.importorskip("cloudpickle")
    secret = "correct horse battery staple, at length"
    cache = new_cache(tmp_path / "s", secret=secret)
    f = cache(lambda x: x)
    f(1)
    for data in (pickle.dumps(cache), cloudpickle.dumps(f)):
        assert secret.encode() not in data
    assert secret not in repr(cache) + repr(f) + str(vars(cache).get("_given"))


def test_a_local_function_survives_cloudpickle(memory: Cache):
    """Away from its name it travels as cache, options and function, and finds the same results."""
    cloudpickle = pytest.importorskip("cloudpickle")
    factor = 3

    @memory(ignore=[".CALLS", ".count"])
    def f(x):
        return x * factor

    f(2)
    again = pickle.loads(cloudpickle.dumps(f))
    assert isinstance(again, CachedFunction)
    assert again.is_cached(2)
    assert again(2) == 6


def test_a_result_that_is_used_up_by_reading_is_returned_untouched(memory: Cache):
    """An iterator comes back whole, with a warning, and is not stored."""

    @memory
    def f():
        return iter([1, 2, 3])

    with pytest.warns(UnstorableResultWarning):
        assert list(f()) == [1, 2, 3]
    assert len(memory) == 0


def test_a_decorated_function_reached_by_another_counts_with_its_code(memory: Cache):
    """Calling one cached function in another is what people do most."""

    @memory
    def inner(x):
        return x + 1

    @memory
    def outer(x):
        return inner(x) * 2

    assert outer(1) == outer(1) == 4
    assert outer.cache_info().hits == 1


def test_a_deep_recursion_fits(memory: Cache):
    """What takes a quarter of the interpreter's limit fits through the cache."""

    @memory
    def depth(n):
        return 0 if n == 0 else 1 + depth(n - 1)

    assert depth(250) == 250


def test_what_the_cache_ignores_by_default_need_not_be_everywhere(new_cache):
    """A default is for the functions that have such a parameter."""
    cache = new_cache(ignore=["verbose"])

    @cache
    def with_it(x, verbose=False):
        return [x, verbose]

    @cache
    def without(x):
        return [x]

    assert with_it(1) == with_it(1, verbose=True) == [1, False]
    assert without(1) == without(1) == [1]


def test_a_replayed_generator_answers_what_it_is_sent_and_thrown(memory: Cache):
    """On a hit, too, the generator does what it would have done without the cache."""

    @memory
    def echo():
        try:
            got = yield "ready"
            yield got
        except ValueError:
            yield "caught"

    assert list(echo()) == list(echo()) == ["ready", None]
    generator = echo()
    assert next(generator) == "ready"
    assert generator.send(5) == 5
    generator = echo()
    assert next(generator) == "ready"
    assert generator.throw(ValueError) == "caught"


def test_an_item_that_the_consumer_changes_poisons_nothing(memory: Cache):
    """What comes after may depend on the change, so the run is not stored."""

    @memory
    def f():
        items = []
        yield items
        yield len(items)

    with pytest.warns(UnstorableResultWarning, match="item 0 of .* was changed after it was yielded"):
        for item in f():
            if isinstance(item, list):
                item.append("mine")
    assert list(f()) == [[], 0]
    assert list(f()) == [[], 0]


def test_a_serializer_is_not_inherited_from_a_cache_below(new_cache, tmp_path):
    """Decorating a decorated function again copies nothing of ours."""
    inner = new_cache(tmp_path / "a")(lambda x: [x])
    inner(1)
    outer = new_cache(tmp_path / "b", serializer="json")(inner)
    assert outer(1) == outer(1) == [1]
    assert outer.cache_parameters()["serializer"] == "json"
    (entry,) = outer._cache.entries()
    with open(entry.path, "rb") as file:
        assert b"[1]" in file.read()


def test_an_attribute_of_a_decorated_function_counts_and_shadows_nothing(memory: Cache):
    """A user may keep a constant on the function; `key` stays ours."""

    def scaled(x):
        return x * scaled.factor

    scaled.key = "mine"
    scaled = memory(scaled)
    scaled.factor = 2
    assert scaled(1) == 2
    scaled.factor = 3
    assert scaled(1) == 3
    assert len(scaled.key(1)) == 32


def test_methods_of_builtin_classes_can_be_decorated(memory: Cache):
    """They have a name and a signature as well."""
    upper = memory(str.upper)
    assert upper("a") == upper("a") == "A"
    assert upper.cache_info().hits == 1


def test_arguments_of_libraries_written_in_cython(new_cache):
    """Their classes hold functions that belong to no file; neither those nor their metaclass are the user's code."""
    pd = pytest.importorskip("pandas")
    f = new_cache(strict=True)(lambda value: value)
    days = pd.date_range("2026-01-01", periods=3)
    values = [
        days,
        days.to_frame(),
        pd.DataFrame({"day": days, "name": ["a", "b", "c"]}),
        pd.Timestamp("2026-01-01", tz="UTC"),
        pd.Timedelta("1h"),
        pd.Period("2026-01", "M"),
        pd.offsets.MonthEnd(),
    ]
    for value in values:
        key = f.key(value)
        f(value)
        f(value)
        assert f.key(value) == key
    assert f.cache_info()[:2] == (len(values), len(values))
    assert f.key(pd.Timestamp.now) != f.key(pd.Timestamp.today)
