"""A child of fork computes and hits, whatever other threads of its parent were doing just then."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from other_process import run, write

if not hasattr(os, "fork"):
    pytest.skip("needs fork", allow_module_level=True)

# Threads make first calls of new functions, and the program forks while they import what these need.
PROGRAM = """
import asyncio, os, signal, sys, threading, time, warnings
from brinery import Cache

warnings.filterwarnings("ignore", category=DeprecationWarning)
cache = Cache("store", **OPTIONS)
RESULT = "{'a': [x, [1.5]], 'b': json.dumps(x), 'c': LIMITS[0]}"
DEFINED = {
    "function": f"@cache\\ndef f(x):\\n  import json\\n  return {RESULT}",
    "coroutine": f"@cache\\nasync def f(x):\\n  import json\\n  return {RESULT}",
    "generator": f"@cache\\ndef f(x):\\n  import json\\n  yield {RESULT}",
    "async generator": f"@cache\\nasync def f(x):\\n  import json\\n  yield {RESULT}",
    "step": f"def f(x):\\n  import json\\n  @cache.step\\n  def s():\\n    print()\\n    return {RESULT}\\n  return s",
}

async def only_item(items):
    return [item async for item in items][0]

ENDED = {
    "function": lambda f: f,
    "coroutine": lambda f: lambda x: asyncio.run(f(x)),
    "generator": lambda f: lambda x: list(f(x))[0],
    "async generator": lambda f: lambda x: asyncio.run(only_item(f(x))),
    "step": lambda f: f,
}

def new(number):
    space = {"__name__": "__main__", "cache": cache, "LIMITS": [number]}
    exec(DEFINED[KIND], space)
    return ENDED[KIND](space["f"])

def is_right(number):
    function, x = new(number), number + 1000
    return function(x) == function(x) == {"a": [x, [1.5]], "b": str(x), "c": number}

stop = False
def call():
    number = 0
    while not stop:
        assert is_right(number)
        number += 1

threads = [threading.Thread(target=call) for _ in range(THREADS)]
for thread in threads:
    thread.start()
children = set()
for number in range(FORKS):
    child = os.fork()
    if not child:
        os._exit(0 if is_right(number) else 1)
    children.add(child)
    time.sleep(0.001 * (number % 5))
stop = True
for thread in threads:
    thread.join()
ended = time.monotonic() + 60
failed = []
while children and time.monotonic() < ended:
    child, status = os.waitpid(-1, os.WNOHANG)
    if child:
        children.discard(child)
        failed += [status] if status else []
    else:
        time.sleep(0.01)
for child in children:
    os.kill(child, signal.SIGKILL)
print(len(children), "hang,", len(failed), "failed")
"""


@pytest.mark.parametrize(
    ("kind", "forks", "threads", "options"),
    [
        ("function", 50, 1, {}),
        ("function", 12, 4, {"verbose": True}),
        ("function", 12, 1, {"serializer": "json", "compress": True}),
        ("coroutine", 12, 1, {}),
        ("generator", 12, 1, {}),
        ("async generator", 12, 1, {}),
        ("step", 12, 1, {}),
    ],
)
def test_children_of_a_fork_during_first_calls_neither_hang_nor_fail(
    kind: str, forks: int, threads: int, options: dict[str, object], tmp_path: Path
) -> None:
    """What another thread was importing just then is imported by the child itself."""
    program = PROGRAM.replace("OPTIONS", repr(options)).replace("THREADS", str(threads)).replace("FORKS", str(forks))
    write(tmp_path, script=program.replace("KIND", repr(kind)))
    assert run("script.py", cwd=tmp_path).endswith("0 hang, 0 failed\n")
