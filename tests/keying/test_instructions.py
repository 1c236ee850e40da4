"""Bytecode is read as this Python's own `dis` reads it; what is not known counts as a whole, and is told once."""

from __future__ import annotations

import dis
import random
import subprocess
import sys
import sysconfig
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

from brinery._keying.source import bytecode, instructions
from brinery._keying.source.bytecode import reads
from brinery._keying.source.compiled import bytecode_digest, nested_codes
from brinery._keying.source.reads import Read

FILES = sorted(
    path
    for path in Path(sysconfig.get_path("stdlib")).rglob("*.py")
    if not {"site-packages", "dist-packages", "tests", "test", "lib2to3"} & set(path.parts)
)
SAMPLE = 24
TAKING = {*dis.hasname, *dis.haslocal, *dis.hasfree, *dis.hasconst}


def codes(path: Path) -> Iterator[CodeType]:
    """All code objects of a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pending = [compile(path.read_bytes(), str(path), "exec", dont_inherit=True)]
        except SyntaxError:
            return
    while pending:
        code = pending.pop()
        yield code
        pending += nested_codes(code)


def by_dis(code: CodeType) -> list[tuple[str, object]]:
    """What `dis` says: names, and the values where it resolves them."""
    found: list[tuple[str, object]] = []
    for step in dis.get_instructions(code):
        if step.opname == "EXTENDED_ARG":
            continue
        if step.opname in instructions._PAIRS:
            found += zip(instructions._PAIRS[step.opname], step.argval, strict=True)
        else:
            found.append((step.opname, step.argval if step.opcode in TAKING else None))
    return found


def by_us(code: CodeType) -> list[tuple[str, object]]:
    unresolved = {"LOAD_SMALL_INT", "LOAD_COMMON_CONSTANT"}  # `dis` resolves them on some Pythons only
    return [(step.name, None if step.name in unresolved else step.value) for step in instructions.instructions_of(code)]


def differing(path: Path) -> list[str]:
    """The functions of a file that are read in another way than `dis` reads them."""
    found = []
    for code in codes(path):
        theirs, ours = by_dis(code), by_us(code)
        if len(theirs) != len(ours):
            found.append(code.co_qualname)
        for (name, value), (our_name, our_value) in zip(theirs, ours, strict=False):
            same = value is our_value or repr(value) == repr(our_value) or value is getattr(dis, "UNKNOWN", value)
            if name != our_name or not (same or name == "KW_NAMES"):  # 3.11 does not resolve the latter
                found.append(f"{code.co_qualname}: {name} {value!r} and not {our_name} {our_value!r}")
    return found


@pytest.mark.parametrize("path", random.Random(20).sample(FILES, SAMPLE), ids=lambda path: path.stem)
def test_instructions_are_what_dis_says(path):
    """The same operations by name, and the same names, variables and constants, in a sample of the library."""
    assert differing(path) == []


@pytest.mark.stress
def test_instructions_of_the_whole_library_are_what_dis_says():
    """In every file of the standard library."""
    assert {str(path): found for path in FILES if (found := differing(path))} == {}


def test_the_lines_of_instructions_are_what_dis_says():
    """Each operation stands in the line that the source has it in."""
    for path in FILES[:5]:
        for code in codes(path):
            found = instructions.instructions_of(code)
            lines = []
            for step in dis.get_instructions(code):
                if step.opname != "EXTENDED_ARG":
                    is_pair = step.opname in instructions._PAIRS
                    lines += [step.positions.lineno or code.co_firstlineno] * (1 + is_pair)
            assert instructions.lines_of(code, found) == lines


IMPORTS = {
    "import a\n    return a": [Read("import", ("a",))],
    "import a\n    a.b.c()": [Read("import", ("a", "b", "c"))],
    "import a.b\n    a.b.c()": [Read("import", ("a", "b", "c"))],
    "import a.b as x\n    x.c()": [Read("import", ("a.b", "c"))],
    "from a import b\n    b.c()": [Read("import", ("a", "b")), Read("import", ("a", "b", "c"))],
    "from a import b as x, c as y\n    x(y)": [Read("import", ("a", "b")), Read("import", ("a", "c"))],
    "from . import b\n    b()": [Read("import", ("", "b"), 1)],
    "from ..a import b\n    b()": [Read("import", ("a", "b"), 2)],
    "if x:\n        from a import b\n        return b": [Read("import", ("a", "b"))],
    "while x:\n        use(b)\n        from a import b": [Read("global", ("use",)), Read("import", ("a", "b"))],
    "try:\n        import a\n    except ImportError:\n        a = None\n    return a": [
        Read("import", ("a",)), Read("global", ("ImportError",)),
    ],
    "import importlib\n    importlib.import_module('a.b')": [
        Read("import", ("importlib", "import_module")), Read("import", ("a.b",)),
    ],
    "import a\n    def inner():\n        return a.b\n    return inner": [Read("import", ("a", "b"))],
    "import a\n    return [a.b for _ in x]": [Read("import", ("a", "b"))],
    "global a\n    import a\n    a.b()": [Read("global", ("a", "b")), Read("import", ("a", "b"))],
    "if x: import a as c\n    else: import b as c\n    c.d()": [Read("import", ("a", "d")), Read("import", ("b", "d"))],
    "__import__('a' + x)": [Read("global", ("__import__",)), Read("import", ("a",)), Read("named", ("*",))],
}  # fmt: skip


@pytest.mark.parametrize("body", IMPORTS)
def test_imports_inside_functions_are_read_alike_on_every_python(body):
    """With what they bind, in whatever form and place."""
    space = {}
    exec(f"def f(x):\n    {body}", space)
    found = [read for read in reads(space["f"].__code__) if read.chain[0] != "x"]
    assert set(IMPORTS[body]) <= set(found)
    assert {read for read in found if read.kind == "import"} <= set(IMPORTS[body])


def strange(monkeypatch, name):
    """Have an operation count as one that nobody has seen."""
    table = [
        (instructions._UNKNOWN if found == name else what, found, flags) for what, found, flags in instructions._TABLE
    ]
    monkeypatch.setattr(instructions, "_TABLE", table)
    monkeypatch.setattr(bytecode, "unknown_instructions", set())  # what is met here is nobody else's news


def test_code_with_an_unknown_instruction_counts_with_all_its_names_and_its_module(monkeypatch):
    """And with what it imports, as `dis` tells that."""
    space = {}
    exec("def f(x):\n    from a import b\n    return b(x.y) + c.d", space)
    strange(monkeypatch, "BINARY_OP")
    found = set(reads(space["f"].__code__))
    assert found >= {Read("module", ()), Read("global", ("c",)), Read("global", ("y",)), Read("import", ("a", "b"))}


def test_a_docstring_counts_where_nobody_knows_whether_it_is_read(monkeypatch):
    """Rather one miss too many."""
    sources = "def f():\n    'one'\n    return x + 1", "def f():\n    'two'\n    return x + 1"
    spaces = [{}, {}]
    for source, space in zip(sources, spaces, strict=True):
        exec(source, space)
    assert len({bytecode_digest(space["f"].__code__) for space in spaces}) == 1
    strange(monkeypatch, "BINARY_OP")
    assert len({bytecode_digest(space["f"].__code__) for space in spaces}) == 2


def test_a_returned_text_is_no_docstring():
    """Not even where it is the same text as the docstring, and so the same constant."""
    spaces = [{}, {}]
    for text, space in zip(("one", "two"), spaces, strict=True):
        exec(f"def f():\n    {text!r}\n    return {text!r}", space)
    assert len({bytecode_digest(space["f"].__code__) for space in spaces}) == 2


PROGRAM = """
import sys
{fake}
from brinery import cache

FACTOR = {factor}
OTHER = {other}

def helper(x):
    from pathlib import Path  {comment}
    return FACTOR * x

@cache
def f(x):
    return helper(x)

{call}
print(f(2), f.cache_info().misses, f.cache_info().hits)
"""
FAKES = {
    "a newer Python": "import brinery._keying.source.tested as tested; tested.NEWEST = (3, 10)",
    "an unknown instruction": (
        "import brinery._keying.source.instructions as instructions\n"
        "instructions._TABLE[:] = [(instructions._UNKNOWN if one[1] == 'BINARY_OP' else one[0], *one[1:])"
        " for one in instructions._TABLE]"
    ),
}


@pytest.mark.parametrize("fake", FAKES.values(), ids=FAKES)
def test_what_is_not_known_is_sound_and_told_once(fake, tmp_path):
    """It hits as long as nothing changes, computes when anything of the module does, and one warning says why."""

    def run(*, factor=3, other=1, comment="", call=""):
        text = PROGRAM.format(fake=fake, factor=factor, other=other, comment=comment, call=call)
        (tmp_path / "program.py").write_text(text)
        child = subprocess.run(
            [sys.executable, "-B", "program.py"],
            cwd=tmp_path,
            env={"PATH": "", "HOME": str(tmp_path), "BRINERY_DIR": str(tmp_path / "store")},
            capture_output=True,
            text=True,
            check=True,
        )
        return child.stdout.split(), child.stderr.count("[platform]")

    assert run(call="f(3), f(4)") == (["6", "3", "0"], 1)
    assert run()[0] == ["6", "0", "1"]
    assert run(comment="# nothing else")[0] == ["6", "0", "1"]
    assert run(factor=4)[0] == ["8", "1", "0"]
    assert run(other=2)[0] == ["6", "1", "0"]


def test_the_warning_says_what_it_costs_and_what_to_do(monkeypatch):
    """With this Python's version, and the newest that was tested."""
    from brinery._keying.source import tested

    monkeypatch.setattr(tested, "NEWEST", (3, 10))
    assert textwrap.shorten(tested.newer_python(), 80).startswith(f"Python 3.{sys.version_info.minor} is newer than")
    assert "up to 3.10" in tested.newer_python()
    assert "look for a newer release" in tested.newer_python()
