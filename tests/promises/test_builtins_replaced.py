"""A cached function may stand for a builtin that brinery itself calls, and Python's own modules.

Every call of a function, of whatever kind, ends with the right value.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from other_process import run, write

# Each with arguments, in a process of its own; `new` stands for the builtin while both functions are called.
PROGRAM = """
import builtins
from brinery import Cache

cache = Cache("store")
real = builtins.NAME

def mine(*args, **kwargs):
    return real(*args, **kwargs)

cached = cache(mine)

def new(*args, **kwargs):
    return cached(*args, **kwargs)

@cache
def other(x):
    return [x, {"a": [x] * 30}]

@cache
def deep(n):
    return 0 if n == 0 else deep(n - 1) + 1

class Model:
    @cache
    def method(self, x):
        return (x, x)

truth = real(*ARGUMENTS)
if FIRST:
    cached(*ARGUMENTS), other(2)
builtins.NAME = STANDING
try:
    found = [NAME(*ARGUMENTS), NAME(*ARGUMENTS), other(2), other(3), other(2), deep(5), Model().method(1)]
finally:
    builtins.NAME = real
assert found == [truth, truth, [2, {"a": [2] * 30}], [3, {"a": [3] * 30}], [2, {"a": [2] * 30}], 5, (1, 1)], found
print(other(2) == found[2], other.cache_info().hits > 0)
"""
BUILTINS = {
    "len": "([1, 2],)",
    "isinstance": "(1, int)",
    "print": "()",
    "sorted": "([2, 1],)",
    "getattr": "(1, 'real')",
    "any": "([1],)",
    "repr": "(1,)",
    "id": "(None,)",
    "open": "(None,)",
    "hasattr": "(1, 'real')",
}


@pytest.mark.parametrize("standing", ["cached", "new"], ids=["the function itself", "in a wrapper"])
@pytest.mark.parametrize("name", BUILTINS)
def test_a_builtin_may_be_a_cached_function(name: str, standing: str, tmp_path: Path) -> None:
    """Brinery's own calls of it are computed, the program's are cached; before and after its first call."""
    arguments = BUILTINS[name]
    program = PROGRAM.replace("NAME", name).replace("STANDING", standing)
    if name == "open":
        program = program.replace("return real(*args", "return 7 if args == (None,) else real(*args")
        program = program.replace("truth = real(*ARGUMENTS)", "truth = 7")
    first = "True" if standing == "cached" else "False"
    write(tmp_path, script=program.replace("ARGUMENTS", arguments).replace("FIRST", first))
    assert run("script.py", cwd=tmp_path).split("\n")[-2] == "True True"


# The second call of each kind hits, while what brinery, `asyncio` and `threading` call is the cached function.
KINDS = """
import asyncio
import builtins
from brinery import Cache

cache = Cache("store")
real = builtins.NAME

@cache
def cached(*args, **kwargs):
    return real(*args, **kwargs)

ran = []
LARGE = "x" * 3_000_000

@cache(may_change=[".ran"])
async def coroutine(x):
    ran.append(x)
    await asyncio.sleep(0)
    return [x, LARGE]

@cache(may_change=[".ran"])
def generator(x):
    ran.append(x)
    yield from [x, {"a": [x] * 30}, LARGE]

@cache(may_change=[".ran"])
async def async_generator(x):
    ran.append(x)
    yield x
    await asyncio.sleep(0)
    yield {"a": [x] * 30}
    yield LARGE

async def of_two():
    first, second = await asyncio.gather(coroutine(2), coroutine(2))
    assert first == second
    return first

async def items():
    return [item async for item in async_generator(2)]

def take_step():
    @cache.step(may_change=[".ran"])
    def step():
        ran.append(2)
        print("said")
        return [2, {"a": [2] * 30}]
    return step

builtins.NAME = cached
found = [CALL, CALL, NAME(*ARGUMENTS)]
builtins.NAME = real if IS_PUT_BACK else cached
assert found == [TRUTH, TRUTH, real(*ARGUMENTS)], found
assert ran == [2], ran
print(cached.cache_info().currsize)
"""
CALLS = {
    "coroutine": ("asyncio.run(of_two())", "[2, LARGE]"),
    "generator": ("list(generator(2))", "[2, {'a': [2] * 30}, LARGE]"),
    "async generator": ("asyncio.run(items())", "[2, {'a': [2] * 30}, LARGE]"),
    "step": ("take_step()", "[2, {'a': [2] * 30}]"),
}
STANDING = {
    "len": "([1, 2],)",
    "isinstance": "(1, int)",
    "min": "(1, 2)",
    "repr": "(1,)",
    "hash": "(1,)",
    "sorted": "([2, 1],)",
    "next": "(iter(()), 1)",
    "getattr": "(1, 'real')",
}


@pytest.mark.parametrize("kind", CALLS)
@pytest.mark.parametrize("name", STANDING)
def test_a_builtin_may_be_cached_for_functions_of_all_kinds(name: str, kind: str, tmp_path: Path) -> None:
    """What `asyncio` hands to it may have no key, and is computed; brinery's own calls of it are not stored."""
    call, truth = CALLS[kind]
    program = KINDS.replace("ARGUMENTS", STANDING[name]).replace("CALL", call).replace("TRUTH", truth)
    program = program.replace("IS_PUT_BACK", str(name != "len")).replace("NAME", name)
    write(tmp_path, script=program)
    stored = int(run("script.py", cwd=tmp_path).split()[-1])
    assert stored <= (5 if kind == "generator" else 60), stored
