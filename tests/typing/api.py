"""User code that only has to type-check: what callers of decorated functions see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterator
from pathlib import Path
from typing import assert_type

from brinery import Cache, CachedFunction, CacheInfo, Explanation, Session, cache

memory = Cache("results", max_size="10GB", eviction="value", half_life="7d", ttl="1d", ignore=["verbose"])
other = Cache(Path("elsewhere"), eviction=lambda entry: entry.seconds / entry.size)
off = Cache(None)


@cache
def plain(x: int, *, y: str = "a") -> float:
    return float(x)


@memory(ttl="7d", ignore=["verbose"], may_change=["verbose"], version="2")
def with_options(x: int, verbose: bool = False) -> list[int]:
    return [x]


@memory.cache
async def awaited(x: int) -> bytes:
    return bytes(x)


@cache
def yielded(x: int) -> Generator[int, None, str]:
    yield x
    return ""


@cache
async def yielded_async(x: int) -> AsyncGenerator[int, None]:
    yield x


@memory.step
def rows() -> list[int]:
    return [1]


@memory.step(ttl="7d")
def total() -> float:
    return 1.0


class Model:
    @cache
    def fit(self, x: int) -> str:
        return str(x)


assert_type(rows, list[int])
assert_type(total, float)
assert_type(memory.step(lambda: "a"), str)
assert_type(plain(1, y="b"), float)
assert_type(plain.is_cached(1), bool)
assert_type(plain.forget(1, y="c"), bool)
assert_type(plain.refresh(1), float)
assert_type(plain.key(1), str)
assert_type(plain.map([1, 2]), Iterator[float])
assert_type(Model().fit.map([1, 2]), Iterator[str])
assert_type(plain.explain(1), Explanation)
assert_type(plain.cache_info(), CacheInfo)
assert_type(plain.cache_info().seconds_saved, float)
assert_type(with_options(1), list[int])
assert_type(asyncio.run(awaited(1)), bytes)
assert_type(yielded(1), Generator[int, None, str])
assert_type(yielded_async(1), AsyncGenerator[int, None])
assert_type(Model().fit(1), str)
assert_type(Model().fit.is_cached(1), bool)
assert_type(memory.path, Path | None)
assert_type(len(memory), int)
assert_type(memory.last_session(), Session | None)


def takes_function(function: CachedFunction[[int], str]) -> str:
    return function(1)


takes_function(Model().fit)

plain("wrong")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
plain.is_cached()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
Model().fit("wrong")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
memory(tll="7d")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
Cache("results", max_siez=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
