"""Something changes while a process runs: the very next call knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from freshness.changes import CHANGES, Change
from freshness.edit import write_files
from freshness.many_processes import Do, Nursery


@pytest.mark.parametrize("change", CHANGES, ids=[change.what for change in CHANGES])
def test_a_change_is_noticed_at_the_very_next_call(change: Change, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """A second call hits; after a change that matters the value is the new one, after another it hits still."""
    write_files(tmp_path, change.source)
    ran = nurseries[0].run(tmp_path, change.call, change.call, Do(change.change), change.call, change.call)
    assert ran.values == ran.truths, "an old result was returned"
    assert ran.computed[1] == 0, "the second call did not find the result of the first"
    assert (ran.truths[2] == ran.truths[1]) is change.hit, "the change does not do what this case says"
    assert (ran.computed[2] == 0) is change.hit, "a stored result was not found" if change.hit else "nothing was computed"
    assert ran.computed[3] == 0, "the call after the change did not find the result of the one before"
    assert ran.warnings == []
