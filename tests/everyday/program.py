"""What an everyday program is: sources, what is called, and what brinery must make of it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest
from freshness.edit import write_files
from freshness.many_processes import Nursery

# Function calls of a hit, whatever the function reaches: a plain hit takes about 70, one over a table of functions 400.
HIT_STEPS = 450


class Program(NamedTuple):
    """A program as people write it, whose second run must find the results of the first.

    Attributes:
        what: what the program does, as the name of the case.
        source: the files, in the form of `freshness.edit.Edit.before`.
        needs: modules that it imports; where one is not installed the case is skipped, and says so.
        call: what is evaluated in `main`.
        says: texts that the warnings of the first run must hold; without any there must be no warning.
        stored: whether the result can be stored at all.
        hit_steps: the most function calls that a hit may take, once the process has had its first.
    """

    what: str
    source: str
    needs: tuple[str, ...] = ()
    call: str = "f(1)"
    says: tuple[str, ...] = ()
    stored: bool = True
    hit_steps: int = HIT_STEPS


class Needing(Protocol):
    """A case with a name, and the modules that it imports."""

    @property
    def what(self) -> str:
        """The name of the case."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Where one of them is not installed the case is skipped."""
        ...


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package that it is in
        return False


def needed(programs: Iterable[Needing]) -> pytest.MarkDecorator:
    """Parametrize a test over cases, by name; one is skipped where a library is missing."""
    table = [
        pytest.param(
            program,
            id=program.what,
            marks=[
                pytest.mark.skipif(not _is_installed(module), reason=f"{module} is not installed")
                for module in program.needs
            ],
        )
        for program in programs
    ]
    return pytest.mark.parametrize("program", table)


def cases(programs: Iterable[Program]) -> pytest.MarkDecorator:
    """Parametrize a test over programs, by name; a case is skipped where a library is missing."""
    return needed(programs)


def check(program: Program, folder: Path, nurseries: list[Nursery]) -> None:
    """Run a program twice, in processes that differ by their hash seed, and compare with the uncached run."""
    write_files(folder, program.source)
    first = nurseries[0].run(folder, program.call, program.call, program.call)
    assert first.values == first.truths, "a wrong value"
    assert first.computed[0] >= 1
    for text in program.says:
        assert any(text in warning for warning in first.warnings), first.warnings
    if not program.says:
        assert first.warnings == []
    second = nurseries[1].run(folder, program.call, program.call, program.call)
    assert second.values == second.truths, "a wrong value in another process"
    if not program.stored:
        return
    assert first.computed[1:] == [0, 0], "the same call in the same process was computed again"
    assert second.computed == [0, 0, 0], "another process did not find the result"
    # Now and then a hit compares all of a library, never two in a row: it is the others that are to be short.
    steps = max(min(first.steps[1:]), min(second.steps[1:]))
    assert steps <= program.hit_steps, "a hit walks through what the function reaches"
