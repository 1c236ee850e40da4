"""Something changes while a process runs: the very next call knows."""

from __future__ import annotations

from pathlib import Path

import pytest
from freshness import changes, changes_of_filled_state, changes_of_libraries, changes_of_new_syntax, changes_of_state
from freshness.changes import Change
from freshness.edit import write_files
from freshness.many_processes import Do, Nursery

CHANGES: list[Change] = [
    *changes.CHANGES,
    *changes_of_libraries.CHANGES,
    *changes_of_new_syntax.CHANGES,
    *changes_of_state.CHANGES,
    *changes_of_filled_state.CHANGES,
]


@pytest.mark.parametrize("change", CHANGES, ids=[change.what for change in CHANGES])
def test_a_change_is_noticed_at_the_very_next_call(change: Change, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """A second call hits; after a change that matters the value is the new one, after another it hits still."""
    write_files(tmp_path, change.source)
    ran = nurseries[0].run(tmp_path, change.call, change.call, Do(change.change), change.call, change.call)
    assert ran.values == ran.truths, "an old result was returned"
    assert ran.computed[1] == 0, "the second call did not find the result of the first"
    assert (ran.truths[2] == ran.truths[1]) is change.hit, "the change does not do what this case says"
    assert (ran.computed[2] == 0) is change.hit, (
        "a stored result was not found" if change.hit else "nothing was computed"
    )
    assert ran.computed[3] == 0, "the call after the change did not find the result of the one before"
    assert ran.warnings == []


_WHILE_RUNNING = """
import pathlib
STEPS = []
def g(x): return x + 1
@cache(ignore=['.STEPS'])
def f(x):
    result = g(x)
    if STEPS: exec(STEPS.pop(), globals())
    return result
"""


def _after_a_change_during_the_run(folder: Path, nursery: Nursery, step: str) -> tuple[list[str], list[int], list[str]]:
    """Let something change while the function runs; return what it gives, and what the call after it gives."""
    write_files(folder, _WHILE_RUNNING.replace("exec(STEPS.pop(), globals())", "STEPS.pop()()"))
    ran = nursery.run(folder, Do(f"def change():\n    global g\n    {step}\nSTEPS.append(change)"), "f(1)", "f(1)")
    return ran.values, ran.computed, ran.warnings


def test_a_helper_rebound_while_the_function_runs_does_not_file_the_old_result_under_the_new_code(
    tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """The running call returns what it computed; nothing is stored, one warning says so, and the next call is right."""
    values, computed, warned = _after_a_change_during_the_run(tmp_path, nurseries[0], "g = lambda x: x + 5")
    assert values == ["2", "6"]
    assert computed == [1, 1]
    assert len(warned) == 1
    assert "changed while main.f ran" in warned[0]


def test_a_source_saved_while_the_function_runs_changes_nothing_in_the_process(
    tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """The code that runs is the old one, and so is the key; a process that loads the new source computes."""
    step = "pathlib.Path('main.py').write_text(pathlib.Path('main.py').read_text().replace('x + 1', 'x + 7'))"
    values, computed, warned = _after_a_change_during_the_run(tmp_path, nurseries[0], step)
    assert values == ["2", "2"]
    assert computed[0] == 1
    assert warned == []
    ran = nurseries[1].run(tmp_path, "f(1)", "f(1)")
    assert ran.values == ["8", "8"]
    assert ran.computed == [1, 0]


def test_a_source_saved_between_import_and_first_call_is_not_mistaken_for_the_code_that_runs(
    tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """What is computed by the old code is never found by the new one, nor the other way round."""
    write_files(tmp_path, "def g(x): return x + 1\n@cache\ndef f(x): return g(x)\n")
    save = Do("import pathlib; p = pathlib.Path('main.py'); p.write_text(p.read_text().replace('x + 1', 'x + 7'))")
    old = nurseries[0].run(tmp_path, save, "f(1)", "f(1)")
    assert old.values == ["2", "2"]
    assert old.computed == [1, 0]
    new = nurseries[1].run(tmp_path, "f(1)", "f(1)")
    assert new.values == ["8", "8"]
    assert new.computed == [1, 0]


def test_a_docstring_saved_between_import_and_first_call_is_not_mistaken_for_the_one_that_a_decorator_read(
    tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """No bytecode tells of the docstring of a function within another, and yet the result depends on it."""
    write_files(
        tmp_path,
        """
        def told(function): return [getattr(function, '__do' + 'c__')]
        @cache
        def f(x):
            @told
            def inner():
                'first'
            return inner
        """,
    )
    save = Do("import pathlib; p = pathlib.Path('main.py'); p.write_text(p.read_text().replace('first', 'other'))")
    old = nurseries[0].run(tmp_path, save, "f(1)", "f(1)")
    assert old.values == ["['first']", "['first']"]
    assert old.computed == [1, 0]
    new = nurseries[1].run(tmp_path, "f(1)", "f(1)")
    assert new.values == ["['other']", "['other']"]
    assert new.computed == [1, 0]


def test_a_function_that_changes_its_argument_is_never_served_as_if_it_had_not(
    tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """Every call sorts its list, and says so once."""
    write_files(tmp_path, "@cache\ndef f(x):\n    x.sort()\n    return len(x)\n")
    ran = nurseries[0].run(tmp_path, Do("a, b = [3, 1, 2], [3, 1, 2]"), "(f(a), a)", "(f(b), b)")
    assert ran.values == ["(3, [1, 2, 3])", "(3, [1, 2, 3])"]
    assert [warning for warning in ran.warnings if "argument x" not in warning] == []
    assert len(ran.warnings) == 1


def test_a_memo_in_a_global_makes_every_call_a_miss_unless_it_is_left_out(
    tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """A dict that the function fills is an input like any other; the warning names it, and `ignore` takes it out."""
    text = "MEMO = {}\n@cacheOPTIONS\ndef f(x):\n    MEMO[len(MEMO)] = x\n    return x\n"
    write_files(tmp_path / "kept", text.replace("OPTIONS", ""))
    write_files(tmp_path / "ignored", text.replace("OPTIONS", "(ignore=['.MEMO'])"))
    kept = nurseries[0].run(tmp_path / "kept", "f(1)", "f(1)")
    assert kept.computed == [1, 1]
    assert len(kept.warnings) == 1
    assert "main.MEMO" in kept.warnings[0]
    ignored = nurseries[0].run(tmp_path / "ignored", "f(1)", "f(1)")
    assert ignored.computed == [1, 0]
    assert ignored.warnings == []
