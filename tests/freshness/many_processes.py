"""A process for every run, without the start of an interpreter for every run.

A *nursery* is an interpreter with a hash seed of its own that has imported brinery and nothing of the user's. Each run
is a fork of it: as fresh as a process of its own, at a fiftieth of the price. Run as a program, this file is a nursery.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any, NamedTuple

# Imported before the forks, as importing is most of what a first call takes.
_WHAT_BRINERY_IMPORTS = (
    "ast", "brinery._store.entry.chunks", "brinery._store.directory", "brinery._store.locking.locks",
    "brinery._store.signing.signer",
    "filelock", "json.encoder", "platformdirs.unix",
)  # fmt: skip


class Ran(NamedTuple):
    """What came of a program.

    Attributes:
        values: what each of its expressions gave, as text; a statement gives nothing.
        truths: the same with caching switched off.
        computed: how often cached functions themselves ran in each, told by the interpreter's profiler.
        steps: how many functions were called in each, Python's and C's, the cached function's own among them.
        warnings: what was warned of, as text.
    """

    values: list[str]
    truths: list[str]
    computed: list[int]
    steps: list[int]
    warnings: list[str]


class Do(str):
    """A statement of a program, which is run for what it changes."""

    __slots__ = ()


class Nursery:
    """Runs programs, each in a process of its own."""

    def __init__(self, hash_seed: int) -> None:
        environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def run(self, folder: Path, *program: str, module: str = "main") -> Ran:
        """Import a module of a folder and run expressions and statements one after another in its namespace."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        steps = [(isinstance(step, Do), step) for step in program]
        asked = {"folder": str(folder), "program": steps, "module": module, "home": os.environ["HOME"]}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise AssertionError(answer["error"])
        return Ran(**answer)

    def close(self) -> None:
        self._process.communicate("")


def _serve() -> None:
    for name in _WHAT_BRINERY_IMPORTS:
        importlib.import_module(name)
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os.dup2(2, 1)  # what programs print is no answer
            try:
                answer = _run(json.loads(line))
            except BaseException:
                answer = {"error": traceback.format_exc()}
            os.write(writing, json.dumps(answer).encode())
            sys.stderr.flush()
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        sys.stdout.write(answer.decode() + "\n")
        sys.stdout.flush()


def _run(asked: dict[str, Any]) -> dict[str, Any]:
    folder = asked["folder"]
    os.environ.update(HOME=asked["home"], BRINERY_DIR=os.path.join(folder, "store"))
    os.chdir(folder)
    sys.path.insert(0, folder)
    values, truths, computed, steps = [], [], [], []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        module = importlib.import_module(asked["module"])
        for is_statement, step in asked["program"]:
            if is_statement:
                exec(compile(step, "<step>", "exec"), module.__dict__)
                continue
            codes = {_code(item) for item in vars(module).values() if type(item).__module__.startswith("brinery.")}
            frames: list[Any] = []  # kept, as the frame of a generator is entered several times
            calls = [0]

            def count(
                frame: Any, event: str, argument: object, codes: Any = codes, frames: Any = frames, calls: Any = calls
            ) -> None:
                calls[0] += event in ("call", "c_call")
                if event == "call" and frame.f_code in codes and frame not in frames:
                    frames.append(frame)

            sys.setprofile(count)
            values.append(_show(eval(step, module.__dict__)))
            sys.setprofile(None)
            computed.append(len(frames))
            steps.append(calls[0])
            os.environ["BRINERY_DISABLE"] = "1"
            truths.append(_show(eval(step, module.__dict__)))
            del os.environ["BRINERY_DISABLE"]
    shown = [str(item.message) for item in caught]
    return {"values": values, "truths": truths, "computed": computed, "steps": steps, "warnings": shown}


def _code(cached: Any) -> object:
    function = getattr(cached, "__wrapped__", cached)
    return getattr(getattr(function, "func", function), "__code__", None)


def _show(value: object) -> str:
    if hasattr(value, "__next__"):
        return repr(list(value))
    if hasattr(value, "send"):

        async def wait() -> object:
            return await value

        import asyncio

        return repr(asyncio.run(wait()))
    return repr(value)


if __name__ == "__main__":
    _serve()
