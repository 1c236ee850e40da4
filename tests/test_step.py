"""`Cache.step`: a function called where it stands, in scripts and in marimo, with what it prints kept as well."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from brinery import Cache, UnstorableResultWarning
from brinery._function import captured_output

SCRIPT = """
import sys
from brinery import Cache

memory = Cache("store")
FACTOR = 3

def helper(x):
    return x * FACTOR

@memory.step
def rows():
    print("making rows")
    print("to stderr", file=sys.stderr)
    return [helper(number) for number in range(3)]

@memory.step(ttl="7d")
def total():
    print("adding up")
    return sum(rows)

print(rows, total)
"""


def run(folder: Path, source: str, **environment: str) -> tuple[str, list[str]]:
    """What a script prints, and the lines on stderr, without the time that was saved."""
    (folder / "script.py").write_text(source)
    command = [sys.executable, "script.py"]
    environment = {**os.environ, **environment}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line.partition(" reused, ")[0] for line in done.stderr.splitlines()]
    return done.stdout, lines


def test_a_second_process_prints_the_same_and_says_what_it_reused(tmp_path):
    """Each on its stream; and only what an edit concerns is recomputed."""
    printed = "making rows\nadding up\n[0, 3, 6] 9\n"
    assert run(tmp_path, SCRIPT) == (printed, ["to stderr"])
    assert run(tmp_path, SCRIPT) == (printed, ["to stderr", "rows:", "total:"])
    assert run(tmp_path, SCRIPT.replace("sum(rows)", "max(rows)")) == (
        "making rows\nadding up\n[0, 3, 6] 6\n",
        ["to stderr", "rows:"],
    )
    edited = SCRIPT.replace("FACTOR = 3", "FACTOR = 4")
    assert run(tmp_path, edited) == ("making rows\nadding up\n[0, 4, 8] 12\n", ["to stderr"])
    assert run(tmp_path, SCRIPT)[1] == ["to stderr", "rows:", "total:"]


def test_switched_off_it_is_a_call(tmp_path):
    """And nothing is said."""
    for _ in range(2):
        assert run(tmp_path, SCRIPT, BRINERY_DISABLE="1")[1] == ["to stderr"]


def test_a_step_and_the_decorated_function_are_two_things(memory, capsys):
    """What a step keeps is more than the result."""

    def work():
        print("working")
        return 5

    assert memory.step(work) == 5
    assert memory(work)() == 5
    assert memory.step(work) == 5
    assert memory(work)() == 5
    written = capsys.readouterr()
    assert written.out == "working\n" * 3
    assert written.err.startswith("work: reused, ")


def test_what_is_no_step_is_said(memory):
    """Before anything runs."""

    async def later(): ...

    def yields():
        yield

    for wrong, said in (
        (lambda x: x, "wants x"),
        (later, "does not return"),
        (yields, "does not return"),
        (memory(lambda: 1), "cached already"),
        (int, "is none"),
        (5, "is none"),
    ):
        with pytest.raises(TypeError, match=said):
            memory.step(wrong)
    with pytest.raises(TypeError, match="did you mean 'ttl'"):
        memory.step(tll="7d")


def test_a_result_that_cannot_be_kept_is_returned_and_named(memory):
    """By the path to what stands in the way."""
    with pytest.warns(UnstorableResultWarning, match=r"cannot be kept: result\['f'\]|result\[\"f\"\]"):
        assert memory.step(lambda: {"f": lambda: 1})["f"]() == 1


def test_an_error_goes_through_and_nothing_is_stored(memory):
    """As without the cache."""

    def fail():
        raise ValueError("own")

    with pytest.raises(ValueError, match="own"):
        memory.step(fail)
    assert len(memory) == 0


def test_streams_are_as_they_were(memory, capsys):
    """Listening ends with the step, whatever stands in `sys` by then."""
    before = sys.stdout, "write" in vars(sys.stdout)
    memory.step(lambda: print("once"))
    Cache(None).step(lambda: print("off"))
    assert (sys.stdout, "write" in vars(sys.stdout)) == before
    assert capsys.readouterr().out == "once\noff\n"


MARIMO = """
import marimo
app = marimo.App()

@app.cell
def _():
    from brinery import Cache
    memory = Cache("store")
    return (memory,)

@app.cell
def _():
    N = 4
    return (N,)

@app.cell
def _(N, memory):
    def helper(x):
        return x * N

    @memory
    def scaled(x):
        print("scaling")
        return helper(x)
    return (scaled,)

@app.cell
def _(memory, scaled):
    @memory.step
    def table():
        print("making a table")
        return [scaled(number) for number in range(2)]
    print(table)
    return (table,)

if __name__ == "__main__":
    app.run()
"""


def test_marimo_cells_are_reused(tmp_path):
    """Decorated functions and steps in its cells, which find each other as parameters; and an edit is noticed."""
    pytest.importorskip("marimo")
    assert run(tmp_path, MARIMO) == ("making a table\nscaling\nscaling\n[0, 4]\n", [])
    assert run(tmp_path, MARIMO) == ("making a table\nscaling\nscaling\n[0, 4]\n", ["table:"])
    assert run(tmp_path, MARIMO.replace("N = 4", "N = 5"))[0].endswith("[0, 5]\n")


def overlapping(first: str, second: str, wait: str) -> dict[str, list[tuple[str, str]]]:
    """Two steps in two threads of which the first begins first, and that end in any order; what each has written."""
    heard: dict[str, list[tuple[str, str]]] = {}
    begun, ended = {first: threading.Event(), second: threading.Event()}, threading.Event()

    def run(name: str) -> None:
        written = captured_output.Heard()
        with captured_output.heard(written):
            print(f"{name} begins")
            begun[name].set()
            for event in begun.values():
                assert event.wait(10)
            if name == wait:
                assert ended.wait(10)
            print(f"{name} ends")
        heard[name] = written.pieces()
        ended.set()

    one, two = (threading.Thread(target=run, args=(name,)) for name in (first, second))
    one.start()
    assert begun[first].wait(10)
    two.start()
    one.join(10)
    two.join(10)
    return heard


@pytest.mark.parametrize("last", ["one", "two"])
def test_steps_of_several_threads_may_overlap(capsys, last):
    """Each keeps what it wrote itself, and the streams are as they were, whichever ends last."""
    before = sys.stdout, sys.stderr, vars(sys.stdout).get("write"), vars(sys.stderr).get("write")
    heard = overlapping("one", "two", last)
    assert heard == {name: [("stdout", f"{name} begins\n{name} ends\n")] for name in ("one", "two")}
    assert (sys.stdout, sys.stderr, vars(sys.stdout).get("write"), vars(sys.stderr).get("write")) == before
    assert sorted(capsys.readouterr().out.split("\n")) == ["", "one begins", "one ends", "two begins", "two ends"]


def test_steps_of_a_loop_may_overlap(new_cache, capsys):
    """In threads of a loop, too: what is written again is what each of them wrote."""
    meet = threading.Barrier(3)

    def work(memory, number: int) -> int:
        @memory.step(version=number, ignore=["meet"], follow="own")
        def step() -> int:
            print(f"{number} begins")
            meet.wait(10)
            print(f"{number} ends")
            return number

        return step

    async def all_at_once() -> list[int]:
        memory = new_cache()
        return await asyncio.gather(*[asyncio.to_thread(work, memory, number) for number in range(3)])

    before = vars(sys.stdout).get("write")
    assert asyncio.run(all_at_once()) == [0, 1, 2]
    assert vars(sys.stdout).get("write") is before
    capsys.readouterr()
    for number in range(3):
        meet = None
        assert work(new_cache(), number) == number
        assert capsys.readouterr().out == f"{number} begins\n{number} ends\n"


def test_a_step_within_a_step_is_heard_by_both(capsys):
    """And by nobody after it has ended, nor when another tool has put its own function in the stream meanwhile."""
    outer, inner = captured_output.Heard(), captured_output.Heard()
    with captured_output.heard(outer):
        print("a")
        with captured_output.heard(inner):
            print("b")
        print("c")
    print("d")
    assert outer.pieces() == [("stdout", "a\nb\nc\n")]
    assert inner.pieces() == [("stdout", "b\n")]
    listener = captured_output.heard(outer)
    listener.__enter__()
    ours = sys.stdout.write
    sys.stdout.write = lambda text: ours(text.upper())
    listener.__exit__(None, None, None)
    print("e")
    del sys.stdout.write
    print("f")
    assert capsys.readouterr().out == "a\nb\nc\nd\nE\nf\n"
