"""What is not to be recorded, and what looks like a secret, stands in no file of a store and in no explanation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from other_process import write

# Where a value may be that a function's key covers: what stands before the function, and what the function reads.
PLACES = {
    "a global": ("X = {value}", "X"),
    "a table": ("X = {{'database': {value}, 'n': [1, {{'deeper': {value}}}]}}", "X"),
    "a key of a table": ("X = {{{value}: 1}}", "X"),
    "a default": ("def h(x={value}): return x", "h()"),
    "a keyword's default": ("def h(*, x={value}): return x", "h()"),
    "a class attribute": ("class C:\n    x = {value}", "C.x"),
    "an attribute of an instance": ("class C: pass\nc = C()\nc.x = {value}", "c.x"),
    "a field's default": ("from dataclasses import dataclass\n@dataclass\nclass C:\n    x: str = {value}", "C()"),
    "a member of an enumeration": ("from enum import Enum\nclass C(Enum):\n    X = {value}", "C.X"),
    "a closure": ("def make(x):\n    def h(): return x\n    return h\nh = make({value})", "h()"),
    "an attribute of a function": ("def h(): return h.x\nh.x = {value}", "h()"),
    "a partial": ("from functools import partial\nh = partial(str, {value})", "h()"),
    "a constant": ("", "{value}"),
    "a constant of a helper": ("def h(): return {value}", "h()"),
    "a docstring": ("def h():\n    {value}\n    return h.__doc__", "h()"),
    "another module": ("import settings\nsettings.X", "settings.X"),
}
PROGRAM = """
import sys
from brinery import Cache
memory = Cache("store", record_values={recorded})
{before}
@memory
def f(argument, {own} y=0):
    return len(str({read}))
if __name__ == "__main__":
    f({argument})
    print(f.explain({argument}), f.explain(0), memory.last_session(), memory.entries(), memory.functions())
    for entry in memory.entries():
        print(memory.metadata(entry), memory.explain(entry.key))
"""
SECRET_URL = "postgres://me:Rumpelstilz@db/x"


def everything_told(folder: Path, place: str, value: str, *, recorded: bool) -> str:
    """All that is in the store's files, and what is printed about them."""
    before, read = (text.format(value=repr(value)) for text in PLACES[place])
    source = PROGRAM.format(before=before, read=read, recorded=recorded, argument=repr(value), own=f"x={value!r},")
    write(folder, script=source, settings=f"X = {value!r}\n")
    said = ""
    # Twice with other code, so that differences are told as well.
    for text in (source, source.replace("len(str(", "len(repr(").replace(repr(value), repr(value + "!"))):
        write(folder, script=text)
        done = subprocess.run(
            [sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        said += done.stdout + done.stderr
    for command in (["ls", "--json"], ["ls"], ["info"], ["show", "-n", "9"]):
        done = subprocess.run(
            [sys.executable, "-m", "brinery", *command],
            cwd=folder,
            env={**os.environ, "BRINERY_DIR": "store"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        said += done.stdout
    files = [path for path in (folder / "store").rglob("*") if path.is_file()]
    assert len([path for path in files if path.suffix == ".brine1"]) == 2
    return said + "".join(path.read_bytes().decode("latin-1") for path in files)


@pytest.mark.parametrize("place", PLACES)
def test_without_recording_no_value_is_written(tmp_path, place):
    """`record_values=False` is about arguments, globals, defaults, and whatever else a key covers."""
    assert "Rumpelstilz" not in everything_told(tmp_path, place, "Rumpelstilz", recorded=False)


@pytest.mark.parametrize("place", [place for place in PLACES if place != "a key of a table"])
def test_what_looks_like_a_secret_is_never_written(tmp_path, place):
    """A URL with a password, under whatever name."""
    assert "Rumpelstilz" not in everything_told(tmp_path, place, SECRET_URL, recorded=True)


def test_ordinary_values_are_written(tmp_path):
    """The tests above would find them."""
    assert "Rumpelstilz" in everything_told(tmp_path, "a global", "Rumpelstilz", recorded=True)


def test_values_that_were_recorded_go_when_they_are_not_to_be(tmp_path):
    """With the next result that is stored."""
    source = """
from brinery import Cache
memory = Cache("store", record_values={recorded})
X = "Rumpelstilz"
@memory
def f(x):
    return len(X)
f({number})
"""
    description = None
    for recorded, number in ((True, 1), (False, 2)):
        write(tmp_path, script=source.format(recorded=recorded, number=number))
        subprocess.run([sys.executable, "script.py"], cwd=tmp_path, timeout=60, check=True)
        (description,) = (tmp_path / "store").rglob("function.json")
        assert ("Rumpelstilz" in description.read_text()) is recorded
