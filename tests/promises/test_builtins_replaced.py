"""A cached function may stand for a builtin that brinery itself calls: every call ends, and with the right value."""

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
