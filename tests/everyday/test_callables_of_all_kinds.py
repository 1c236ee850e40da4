"""Whatever can be called can be cached: partials, objects, functions in C, with and without names and signatures."""

from __future__ import annotations

import copy
import functools
import importlib
import inspect
import math
import operator
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from brinery import Cache, OptionError


class Case(NamedTuple):
    """Something that can be called, and arguments for it."""

    what: str
    make: Callable[[], Any]
    args: tuple[Any, ...]
    needs: str = ""
    pickles: bool = True


def add(a: Any, b: Any = 1) -> Any:
    return a + b


class Scale:
    """It is called as a function."""

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __call__(self, x: int) -> int:
        return self.factor * x

    def times(self, x: int) -> int:
        return self.factor * x

    @classmethod
    def named(cls, x: int) -> Any:
        return cls.__name__, x

    @staticmethod
    def plain(x: int) -> int:
        return 9 * x


class Slotted:
    __slots__ = ("factor",)

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __call__(self, x: int) -> int:
        return self.factor * x


class AnyArguments:
    def __call__(self, *args: int, **kwargs: int) -> int:
        return sum(args) + sum(kwargs.values())


class AnswersAll(Scale):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return 5


def numpy(path: str) -> Callable[[], Any]:
    return lambda: operator.attrgetter(path)(importlib.import_module("numpy"))


def toolz(name: str) -> Any:
    return getattr(importlib.import_module("toolz"), name)


# A case is a line, however long, as in a table.
# fmt: off
CASES = [
    Case("a partial", lambda: functools.partial(add, b=2), (1,)),
    Case("a partial of a partial", lambda: functools.partial(functools.partial(add, 1), b=2), ()),
    Case("a partial of an object", lambda: functools.partial(Scale(2), 3), ()),
    Case("a partial of a method", lambda: functools.partial(Scale(2).times, 3), ()),
    Case("a partial of a class", lambda: functools.partial(int, base=2), ("11",)),
    Case("a partial of dict", lambda: functools.partial(dict, a=1), ([("b", 2)],)),
    Case("a partial of a function in C", lambda: functools.partial(max, 3), (2,)),
    Case("an object", lambda: Scale(3), (2,)),
    Case("an object with slots", lambda: Slotted(3), (2,)),
    Case("an object that takes anything", AnyArguments, (2, 3)),
    Case("an object that answers everything", lambda: AnswersAll(3), (2,)),
    Case("a bound method", lambda: Scale(3).times, (2,)),
    Case("a class method", lambda: Scale.named, (2,)),
    Case("a static method", lambda: Scale.plain, (2,)),
    Case("a lambda", lambda: lambda x: x + 1, (2,), pickles=False),
    Case("a function under lru_cache", lambda: functools.lru_cache(add), (2,), pickles=False),
    Case("a function in C", lambda: math.sqrt, (4.0,)),
    Case("a function in C without a signature", lambda: max, ([1, 3, 2],)),
    Case("a function in C, called with keywords", lambda: sorted, ([1, 3, 2],)),
    Case("a method in C", lambda: str.upper, ("a",)),
    Case("a bound method in C", lambda: ",".join, (["a", "b"],)),
    Case("itemgetter", lambda: operator.itemgetter(1), ([1, 2],)),
    Case("attrgetter", lambda: operator.attrgetter("real"), (1,)),
    Case("methodcaller", lambda: operator.methodcaller("upper"), ("a",)),
    Case("a ufunc", numpy("sin"), (1.0,), "numpy"),
    Case("a ufunc of two", numpy("add"), (1, 2), "numpy"),
    Case("a ufunc's method", numpy("add.reduce"), ([1, 2],), "numpy"),
    Case("a dispatched function", numpy("linalg.svd"), ([[1.0, 2.0], [3.0, 4.0]],), "numpy"),
    Case("a dispatched function with a sentinel", numpy("mean"), ([1.0, 2.0],), "numpy"),
    Case("a dispatched function in C", numpy("concatenate"), ([[1.0], [2.0]],), "numpy"),
    Case("a constructor function", numpy("zeros"), (2,), "numpy"),
    Case("a vectorized function", lambda: numpy("vectorize")()(add), ([1, 2],), "numpy"),
    Case("a polynomial", lambda: numpy("poly1d")()([1, 2]), (3,), "numpy"),
    Case("a curried function", lambda: toolz("curry")(add, b=4), (1,), "toolz"),
    Case("a composed function", lambda: toolz("compose")(str, add), (1,), "toolz"),
    Case("a function of sympy's", lambda: importlib.import_module("sympy").simplify, ("x + x",), "sympy"),
]
# fmt: on


@pytest.fixture(params=[pytest.param(case, id=case.what) for case in CASES])
def case(request: pytest.FixtureRequest) -> Case:
    if request.param.needs:
        pytest.importorskip(request.param.needs)
    return request.param


def test_calls_questions_and_orders(memory: Cache, case: Case) -> None:
    """The second call is a hit, and everything that a cached function can be asked has an answer."""
    function = case.make()
    truth = repr(function(*case.args))
    for cached in (memory(function), memory(version=2)(function)):
        assert [repr(cached(*case.args)) for _ in range(2)] == [truth, truth]
        assert cached.cache_info()[:2] == (1, 1)
        assert cached.is_cached(*case.args)
        assert len(cached.key(*case.args)) == 32
        assert "hit" in str(cached.explain(*case.args))
        assert repr(cached).startswith("<cached ")
        assert repr(cached.refresh(*case.args)) == truth
        assert cached.adopt(quiet=True).entries == 0
        assert repr(copy.deepcopy(cached)(*case.args)) == repr(copy.copy(cached)(*case.args)) == truth
        assert cached.forget(*case.args)
        cached.cache_clear()
        assert not cached.is_cached(*case.args)


def test_many_calls_at_once(memory: Cache, case: Case) -> None:
    """With an executor and without."""
    function = case.make()
    cached = memory(function)
    columns = [[argument] * 2 for argument in case.args]
    truths = [repr(function(*case.args))] * (2 if columns else 0)
    assert [repr(one) for one in cached.map(*columns)] == truths
    with ThreadPoolExecutor(1) as pool:
        assert [repr(one) for one in memory(version=3)(function).map(*columns, executor=pool)] == truths


def test_pickling(memory: Cache, case: Case) -> None:
    """What can be pickled can be pickled when it is cached, and finds the same results."""
    if not case.pickles:
        pytest.skip("it cannot be pickled without a cache")
    cached = memory(case.make())
    truth = repr(cached(*case.args))
    again = pickle.loads(pickle.dumps(cached))
    assert repr(again(*case.args)) == truth
    assert again.cache_info()[:2] == (1, 0)


def test_the_signature_is_the_functions_own(memory: Cache, case: Case) -> None:
    """Where it has one."""
    function = case.make()
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return
    assert inspect.signature(memory(function)) == signature


def test_what_has_no_signature_is_keyed_as_it_is_called(memory: Cache) -> None:
    """Other arguments are another call, and nothing fits too little or too much."""
    cached = memory(max)
    assert (cached(1, 2), cached(2, 1), cached([3], [4], key=len), cached([], default=7)) == (2, 2, [3], 7)
    assert cached.cache_info()[:2] == (0, 4)
    assert (cached(1, 2), cached([], default=7)) == (2, 7)
    assert cached.cache_info()[:2] == (2, 4)
    for _ in range(2):
        with pytest.raises(TypeError):
            cached()


@pytest.mark.parametrize("kind", [int, Scale, Exception])
def test_a_class_is_refused_with_the_way_out(memory: Cache, kind: type) -> None:
    """Its objects would be copies; a function that makes one says that it is meant."""
    with pytest.raises(OptionError, match="a function that makes it"):
        memory(kind)
    made = memory(lambda: kind(3))
    assert type(made()) is type(made()) is kind


def test_ignored_parameters_of_what_has_no_name(memory: Cache) -> None:
    """A name that does not exist is told, for partials as well."""
    with pytest.raises(OptionError, match="no parameter of add"):
        memory(functools.partial(add, b=2), ignore=["c"])
    with pytest.raises(OptionError, match="no parameter of Scale"):
        memory(Scale(2), ignore=["c"])
    cached = memory(functools.partial(add), ignore=["b"])
    assert cached(1, b=2) == cached(1, b=5) == 3


# Copies: a function is copied with what it is bound to.


class Holder:
    """It keeps its own methods, cached in several ways."""

    cache: Cache

    def __init__(self, factor: int) -> None:
        self.factor = factor
        self.decorated = self.method
        self.wrapped = self.cache(self.plain)
        self.part = self.cache(functools.partial(self.plain))
        self.held = self.cache(Scale(factor))
        self.all = [self.decorated, {"wrapped": self.wrapped}]

    def plain(self, x: int) -> int:
        return self.factor * x


def holder(memory: Cache) -> Holder:
    @memory
    def method(self: Holder, x: int) -> int:
        return self.factor * x

    kind = type("Holder", (Holder,), {"cache": memory, "method": method})
    return kind(2)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", ["method", "decorated", "wrapped", "part"])
def test_a_deep_copy_computes_with_itself(memory: Cache, name: str) -> None:
    """A cached method that an object keeps is bound to the copy in its copy, as plain methods are."""
    original = holder(memory)
    copied = copy.deepcopy(original)
    copied.factor = 3
    assert getattr(copied, name)(10) == 30
    assert getattr(original, name)(10) == 20
    assert copied.all[0](10) == copied.all[1]["wrapped"](10) == 30
    assert copied.all[1]["wrapped"] is copied.wrapped


def test_a_deep_copy_of_a_callable_object_is_its_own(memory: Cache) -> None:
    """The copy's object is another one."""
    original = memory(Scale(2))
    copied = copy.deepcopy(original)
    copied.__wrapped__.factor = 3
    assert (original(10), copied(10)) == (20, 30)


def test_a_shallow_copy_shares_what_is_bound(memory: Cache) -> None:
    """As with plain methods: `copy.copy` copies no attributes."""
    original = holder(memory)
    copied = copy.copy(original)
    copied.factor = 3
    assert copied.wrapped is original.wrapped
    assert (copied.method(10), copied.wrapped(10), copied.decorated(10)) == (30, 20, 20)
    assert copy.copy(original.decorated)(10) == 20


def test_functions_are_copied_as_functions_are(memory: Cache) -> None:
    """Not at all."""
    cached = memory(add)
    assert copy.copy(cached) is copy.deepcopy(cached) is cached
    assert copy.deepcopy({"f": [cached]})["f"][0] is cached


CACHE = Cache(None)


class Base:
    """Methods under the names that are hard to find again."""

    def __init__(self, factor: int) -> None:
        self.factor = factor

    @CACHE
    def times(self, x: int) -> int:
        return self.factor * x

    @CACHE
    def __private(self, x: int) -> int:
        return self.factor + x

    also = times

    def private(self) -> Any:
        return self.__private

    @classmethod
    @CACHE
    def named(cls, x: int) -> Any:
        return cls.__name__, x


class Derived(Base):
    def times(self, x: int) -> int:
        return -1

    def of_base(self) -> Any:
        return super().times


@pytest.mark.parametrize(
    ("bound", "result"),
    [
        (lambda: Base(2).times, 20),
        (lambda: Base(2).also, 20),
        (lambda: Base(2).private(), 12),
        (lambda: Derived(2).of_base(), 20),
        (lambda: Base.named, ("Base", 10)),
        (lambda: Derived.named, ("Derived", 10)),
    ],
)
@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda bound: pickle.loads(pickle.dumps(bound))])
def test_bound_methods_are_copied_and_pickled(how: Callable[[Any], Any], bound: Callable[[], Any], result: Any) -> None:
    """With what they are bound to, under whatever name they are found."""
    copied = how(bound())
    assert bound()(10) == copied(10) == result
    assert type(copied) is type(bound())
