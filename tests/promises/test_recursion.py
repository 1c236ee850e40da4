"""A cached function that calls itself goes about half as deep as a plain one: what it needs is two frames a level."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from other_process import run, write

PROGRAM = """
import sys, threading
from brinery import Cache

cache = Cache("store")

def plain(n):
    return 0 if n == 0 else plain(n - 1) + 1

@cache
def cached(n):
    return 0 if n == 0 else cached(n - 1) + 1

class Model:
    @cache
    def method(self, n):
        return 0 if n == 0 else self.method(n - 1) + 1

@cache
def one(n):
    return 0 if n == 0 else two(n - 1) + 1

@cache(ttl="1d")
def two(n):
    return 0 if n == 0 else one(n - 1) + 1

@cache
def twice(n):  # comes up and goes down again
    return 0 if n == 0 else max(twice(n - 1), twice(n // 2)) + 1
"""
FUNCTIONS = "cached", "Model().method", "one", "twice"
OF_C = pytest.mark.skipif(
    sys.version_info[:2] == (3, 12), reason="Python 3.12 ends any `__call__` some 700 levels deep, whatever the limit"
)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("limit", [1000, pytest.param(2000, marks=OF_C)])
def test_a_cached_function_goes_half_as_deep(function: str, limit: int, tmp_path: Path) -> None:
    """On every Python, for functions and methods, and the limit is what it was afterwards."""
    depth = int(0.47 * limit)
    told = f"sys.setrecursionlimit({limit})\nprint({function}({depth}), sys.getrecursionlimit())\n"
    write(tmp_path, script=PROGRAM + told)
    assert run("script.py", cwd=tmp_path) == f"{depth} {limit}\n"


def test_threads_that_go_deep_leave_the_limit_as_it_was(tmp_path: Path) -> None:
    """Several at the same time, and a limit that the program sets meanwhile stays."""
    write(
        tmp_path,
        script=PROGRAM
        + """
def go(function, number):
    for _ in range(2):
        try:
            function(number)
        except RecursionError:
            pass

def setting(n):
    if n == 0:
        sys.setrecursionlimit(1234)
    return 0 if n == 0 else setting(n - 1) + 1

setting = cache(setting)
threads = [threading.Thread(target=go, args=(function, 100 + 200 * number))
           for number in range(3) for function in (cached, one, twice)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
before = sys.getrecursionlimit()
setting(100)
print(before, sys.getrecursionlimit())
""",
    )
    assert run("script.py", cwd=tmp_path) == "1000 1234\n"
