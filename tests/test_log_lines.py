"""What is told once in the log: that files are used which no key covers, and that hits cost more than computing."""

from __future__ import annotations

import itertools
import logging
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from other_process import run

from brinery import Cache
from brinery._tally import Tally

MODULE = """
from pathlib import Path
from brinery import Cache
memory = Cache("store")
def load(name): return Path(name).read_text()
@memory
def f(x): return load("model.py")[:0] + str(x)
@memory
def g(x): return x
"""


def told(caplog: pytest.LogCaptureFixture, name: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.getMessage().endswith(f"[{name}]")]


def test_a_function_that_uses_files_says_so_once(memory: Cache, caplog: pytest.LogCaptureFixture) -> None:
    """When its first result is stored, at level WARNING, which is seen without any logging set up."""

    @memory
    def f(x):
        with open(os.devnull) as file:
            return file.read() + str(x)

    for x in (1, 2, 1):
        f(x)
    (line,) = told(caplog, "files")
    assert "test_log_lines" in line
    assert "open, in " in line
    assert caplog.records[-1].levelno == logging.WARNING


def test_it_is_said_once_for_a_store_and_not_again_after_an_edit(tmp_path: Path) -> None:
    """On stderr, where the program has set up no logging."""
    program = "import subprocess, sys; print(subprocess.run([sys.executable, '-c', 'import model; model.f(1); model.f(2); model.g(1)'], capture_output=True, text=True).stderr)"  # noqa: E501
    tmp_path.joinpath("model.py").write_text(MODULE)
    first = run("-c", program, cwd=tmp_path)
    assert first.count("[files]") == 1
    assert "model.f uses files" in first
    assert "model.load" in first
    assert run("-c", program, cwd=tmp_path).strip() == ""
    tmp_path.joinpath("model.py").write_text(MODULE.replace("[:0]", "[:1]"))
    assert run("-c", program, cwd=tmp_path).strip() == ""


@pytest.mark.parametrize("options", [{"key": lambda x: x}, {"depends_on": [1]}, {"ttl": "1d"}])
def test_who_has_taken_care_is_told_nothing(options: dict, memory: Cache, caplog: pytest.LogCaptureFixture) -> None:
    """By `key=`, `depends_on=` or `ttl=`."""

    @memory(**options)
    def f(x):
        with open(os.devnull) as file:
            return file.read() + str(x)

    f(1)
    assert told(caplog, "files") == []


def test_a_function_that_uses_no_files_is_told_nothing(memory: Cache, caplog: pytest.LogCaptureFixture) -> None:
    """Other things that no key covers are for `explain`."""

    @memory
    def f(x):
        return time.time() * 0 + x

    f(1)
    assert caplog.records == []


def test_hits_that_cost_more_than_computing_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """Some hits in all, so that a slow first one is not taken for all of them."""
    tally = Tally()
    tally.name = "main.f"
    for _ in range(200):
        tally.hit(0.001, 0.02)
    (line,) = told(caplog, "cheap")
    assert " hits of main.f took " in line


@pytest.mark.parametrize(("seconds", "took", "hits"), [(1.0, 0.5, 100), (1e-6, 2e-5, 100), (1e-6, 0.5, 4)])
def test_hits_that_save_time_or_cost_little_are_not_told_of(
    seconds: float, took: float, hits: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor is one slow hit."""
    tally = Tally()
    for _ in range(hits):
        tally.hit(seconds, took)
    assert told(caplog, "cheap") == []


def test_a_slow_check_is_told(memory: Cache, caplog: pytest.LogCaptureFixture) -> None:
    """What a hit of a real function takes is measured as a whole."""
    numbers = {str(number): number for number in range(100_000)}

    @memory
    def f(x):
        return len(numbers)

    for _ in range(60):
        f(1)
    (line,) = told(caplog, "cheap")
    assert ".f took " in line


def slowly(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Have every look at a clock find that some time has gone by."""
    now = itertools.count()
    monkeypatch.setattr("brinery._function.call.time", SimpleNamespace(perf_counter=lambda: seconds * next(now)))
    monkeypatch.setattr("brinery._function.slow.clock", lambda: seconds * next(now))


class Model:
    def __init__(self) -> None:
        self.weights = [1.0, 2.0]


TABLE, MODEL = {"a": [1]}, Model()


def of_a_table(x):
    return TABLE, x


def of_a_model(x):
    return MODEL.weights, x


def of_its_argument(x):
    return x


SLOW = {
    "a table": (of_a_table, 1, "TABLE, which it reaches, takes 10ms: if it is always the same, @cache(ignore=['.TABLE'])"),  # noqa: E501
    "a model": (of_a_model, 1, "MODEL, which it reaches, takes 10ms: if its type is all that counts, brinery.register_handle(Model)"),  # noqa: E501
    "an argument": (of_its_argument, [1], "argument x, which it was given, takes 10ms: if it is always the same, @cache(ignore=['x'])"),  # noqa: E501
}  # fmt: skip


@pytest.mark.parametrize("case", SLOW)
def test_what_takes_long_to_look_at_is_told_once(
    case: str, memory: Cache, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some slow hits; the line names it and has what to write, and `explain` lists it."""
    function, given, expected = SLOW[case]
    f = memory(function)
    f(given)
    slowly(monkeypatch, 0.01)
    for _ in range(2):
        f(given)
    assert told(caplog, "slow") == []
    for _ in range(20):
        f(given)
    lines = told(caplog, "slow")
    assert [expected in line for line in lines].count(True) == 1
    assert len(lines) == len(set(lines)) <= 2
    assert any(expected in item for item in f.explain(given).slow)


def test_explain_lists_only_what_takes_long_again(memory: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look may have waited, as on a busy machine, or imported what it needs."""
    f = memory(of_a_table)
    f(1)
    times = itertools.chain([0.0, 1.0], itertools.repeat(1.0))
    monkeypatch.setattr("brinery._function.slow.clock", lambda: next(times))
    assert f.explain(1).slow == ()


def test_what_is_looked_at_quickly_is_not_told(
    memory: Cache, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less than 5 ms."""
    f = memory(of_a_table)
    f(1)
    slowly(monkeypatch, 0.001)
    for _ in range(20):
        f(1)
    assert told(caplog, "slow") == []
    assert f.explain(1).slow == ()
