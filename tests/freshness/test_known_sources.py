"""What sources said is known without reading them again, and never when they say something else by now."""

from __future__ import annotations

import ast
import os
import time
from pathlib import Path
from typing import Any

import pytest
from other_process import run, write

from brinery._keying.source import known_sources, parsed
from brinery._keying.source.bytecode import reads
from brinery._keying.source.known_sources import recall, records_of
from brinery._keying.source.reads import FileState, Source

PROGRAM = """
import sys
from brinery import Cache
import typed

@Cache("store", secret="s" * 32)
def f(x):
    return typed.describe(x)

if __name__ == "__main__":
    print(f.is_cached(1) if "ask" in sys.argv else f(1), f.cache_info().hits, "ast" in sys.modules)
"""
# A decorator that returns the function itself and reads its annotations: the function's bytecode tells nothing of them.
TYPED = """
kinds = {}

def registered(function):
    kinds[function.__name__] = str(function.__annotations__["x"])
    return function

@registered
def describe(x: int): return kinds["describe"]
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program whose sources are known: the state of a file that was just written says too little."""
    write(tmp_path, script=PROGRAM, typed=TYPED)
    run_until_known(tmp_path)
    return tmp_path


def run_until_known(program: Path) -> None:
    for _ in range(50):
        if run("script.py", cwd=program).split()[-2:] == ["1", "False"]:
            return
    raise AssertionError("every process parses")


def kept(program: Path) -> bytes:
    (file,) = program.glob("store/*/sources")
    return file.read_bytes()


def test_a_later_process_does_not_read_them(program):
    """It hits without having parsed anything."""
    assert run("script.py", cwd=program) == "<class 'int'> 1 False\n"


def test_an_edit_that_no_bytecode_tells_of_is_noticed(program):
    """Though the file has its former size, and the time of its last change was set back."""
    file = program / "typed.py"
    before = file.stat()
    file.write_text(file.read_text().replace("x: int", "x: str"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert run("script.py", cwd=program) == "<class 'str'> 0 True\n"


def test_an_edit_that_changes_nothing_hits_and_is_known_then(program):
    """A comment: the next process parses the file, those after it do not."""
    before = kept(program)
    file = program / "typed.py"
    file.write_text(file.read_text() + "# as before\n")
    assert run("script.py", cwd=program).split()[-2:] == ["1", "True"]
    run_until_known(program)
    assert kept(program) != before


def test_a_question_writes_nothing(program):
    """Whatever it found out."""
    before = kept(program)
    file = program / "typed.py"
    file.write_text(file.read_text() + "# as before\n")
    assert run("script.py", "ask", cwd=program).split()[0] == "True"
    assert kept(program) == before


@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda data: data[:30], lambda _: b""]
)
def test_what_we_did_not_seal_is_not_believed(program, spoil):
    """Sources are read again then; nothing goes wrong, and what is kept is mended."""
    before = kept(program)
    (file,) = program.glob("store/*/sources")
    file.write_bytes(spoil(before))
    assert run("script.py", cwd=program).split()[-2:] == ["1", "True"]
    assert kept(program) == before
    assert run("script.py", cwd=program).split()[-2:] == ["1", "False"]


def test_another_secret_seals_nothing_for_us(program):
    """A file of the same form, sealed by somebody else, counts for nothing."""
    script = program / "script.py"
    ours = kept(program)
    text = script.read_text()
    script.write_text(text.replace('"s" * 32', '"t" * 32'))
    run_until_known(program)
    assert kept(program)[:8] != ours[:8]
    script.write_text(text)
    assert "True" in run("script.py", cwd=program)


RELOADED = """
import importlib, os, sys
from brinery import Cache
import told

def save(text):
    with open("told.py") as file:
        before = file.read()
    with open("told.py", "w") as file:
        file.write(before.replace("first", text))
    os.utime("told.py", (1e9, 1e9))

save("first")
importlib.reload(told)
print(told.f(1))
save("other")
importlib.reload(told)
print(told.f(1))
"""
TOLD = """
from brinery import Cache

def kept(function): return function

@Cache("store", secret="s" * 32)
def f(x):
    @kept
    def inner():
        "first"
    return inner.__doc__
"""


def test_a_module_that_is_loaded_again_is_read_again(tmp_path):
    """Though its file has its former size, and the time of its last change was set back."""
    write(tmp_path, script=RELOADED, told=TOLD)
    assert run("script.py", cwd=tmp_path) == "first\nother\n"


def test_a_file_that_was_only_just_saved_is_read_again(tmp_path, monkeypatch):
    """Saved twice within a tick of the kernel's clock, it has the same times."""
    now = time.time_ns() + 1
    monkeypatch.setattr(parsed, "file_state", lambda _: FileState(1, 1, 1, now, now))
    file = tmp_path / "saved.py"
    for text in ("a = 1", "a = 2"):
        file.write_text(text)
        assert ast.unparse(parsed.syntax_tree(str(file))) == text


def test_what_the_interpreter_leaves_out_is_not_what_the_source_says(tmp_path):
    """`python -OO` has no docstrings, and each way of running has its own result, however often they take turns."""
    write(tmp_path, script=TOLD + "print(f(1))\n")
    told = [run(*options, "script.py", cwd=tmp_path) for _ in range(2) for options in ((), ("-OO",))]
    assert told == ["first\n", "None\n"] * 2


READING = """
import sys

def many(x):
    import os.path as places
    from . import sibling
    from ..above import one, other as renamed
    return places.join(x), sibling.f(one, renamed), sys.modules["a\\nb"], x.y, LIMIT, __import__("json").loads

def nothing(x):
    return x

def hidden():
    return __import__("a\\0b")
"""


def test_what_code_reads_is_told_as_well(monkeypatch):
    """Of each function, whatever it reads: names with a path, relative imports, names that are texts; or nothing."""
    space: dict[str, Any] = {}
    exec(READING, space)
    told = []
    for number, name in enumerate(("many", "nothing")):
        code = space[name].__code__
        told.append((code, Source(bytes([number]) * 16, number == 1, reads(code), name[:1].encode() * 16)))
    assert len(told[0][1].reads or ()) > 6
    monkeypatch.setattr(known_sources, "_known", {})
    recall(records_of(told))
    assert known_sources._known == {source.name: source for _, source in told}


def test_a_name_that_cannot_be_told_is_read_again():
    """The record would be taken apart in another way than it was made."""
    space: dict[str, Any] = {}
    exec(READING, space)
    code = space["hidden"].__code__
    assert records_of([(code, Source(b"d" * 16, False, reads(code), b"n" * 16))]) == b""


def test_another_brinery_reads_for_itself(monkeypatch):
    """What one has read is not what another would: which files read is part of the name."""
    code = test_another_brinery_reads_for_itself.__code__
    state = FileState(1, 2, 3, 4, 5)
    before = known_sources._name(code, state, 0, documented=False)
    assert known_sources._name(code, state, 0, documented=False) == before
    monkeypatch.setattr(known_sources, "_states_of_readers", [state, state])
    assert known_sources._name(code, state, 0, documented=False) != before


def test_whoever_reads_is_known_by_its_files():
    """Whatever the two that read are made of may read in another way, and so is part of the name."""
    folder = Path(known_sources.__file__).parent
    kept = folder.parent / "handles" / "settings.py"  # says what is kept of statements
    pending, reading = (
        [folder / "parsed.py", folder / "bytecode.py", folder.parent / "handles" / "statements.py"],
        {kept},
    )
    while pending:
        reading.add(path := pending.pop())
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level and node.module:
                found = path.parents[node.level - 1].joinpath(*node.module.split(".")).with_suffix(".py")
                if {folder, kept.parent} & {found.parent} and found not in reading:
                    pending.append(found)
    assert reading - {folder / "reads.py"} == {(folder / name).resolve() for name in known_sources._READERS}
