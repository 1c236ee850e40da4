"""What an edit is: sources, what is changed in them, and whether the next call must recompute."""

from __future__ import annotations

import importlib.util
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from .many_processes import Nursery


class Edit(NamedTuple):
    """One edit of source files between two runs of a program.

    Attributes:
        what: what is edited, and so why the next call must recompute (or need not).
        before: the files. The text up to the first line ``#: name.py`` is `main.py`, which finds the decorator
            ``cache`` imported already unless it imports it itself.
        change: texts and what they are replaced by, in every file and in the files' names.
        call: what is evaluated in `main`, before and after.
        hit: whether the stored result must still be found after the edit.
        needs: modules that it imports; where one is not installed the case is skipped, and says so.
    """

    what: str
    before: str
    change: dict[str, str]
    call: str = "f(1)"
    hit: bool = False
    needs: tuple[str, ...] = ()

    @property
    def after(self) -> str:
        text = self.before
        for old, new in self.change.items():
            if old not in text:
                raise ValueError(f"{self.what}: {old!r} does not occur")
            text = text.replace(old, new)
        return text


def write_files(folder: Path, text: str) -> None:
    """Write the files of an edit to a folder; a file that is there and not in the text is removed."""
    kept = set()
    for index, section in enumerate(f"\n{textwrap.dedent(text)}".split("\n#: ")):
        name, _, source = ("main.py", "", section) if index == 0 else section.partition("\n")
        if index == 0 and "brinery" not in source:
            source = f"from brinery import cache\n{source}"
        path = folder / name.strip()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.encode())
        kept.add(path)
    for path in sorted(folder.rglob("*"), reverse=True):
        if "store" in path.relative_to(folder).parts:
            continue
        if path.is_file() and path not in kept:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def edit_cases(edits: Iterable[Edit]) -> pytest.MarkDecorator:
    """Parametrize a test over edits, by name; a case is skipped where a library is missing."""
    table = []
    for edit in edits:
        missing = [name for name in edit.needs if importlib.util.find_spec(name) is None]
        skip = pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")
        table.append(pytest.param(edit, id=edit.what, marks=skip))
    return pytest.mark.parametrize("edit", table)


def check_edit(edit: Edit, folder: Path, nurseries: list[Nursery]) -> None:
    """Run a program, again in another process, and edited in a third: what must be computed is, and nothing else."""
    first, second, third = nurseries
    write_files(folder, edit.before)
    before = first.run(folder, edit.call)
    assert before.values == before.truths
    assert before.computed != [0]
    again = second.run(folder, edit.call)
    assert again.values == before.values
    assert again.computed == [0], "the same program did not find its own result"
    write_files(folder, edit.after)
    after = third.run(folder, edit.call)
    assert after.values == after.truths, "an old result was returned"
    assert (after.truths == before.truths) is edit.hit, "the edit does not do what this case says"
    assert (after.computed == [0]) is edit.hit, "a stored result was not found" if edit.hit else "nothing was computed"
    assert [*before.warnings, *again.warnings, *after.warnings] == []
