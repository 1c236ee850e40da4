"""A source file is edited between two runs: the next call recomputes if, and only if, the edit could matter."""

from __future__ import annotations

from pathlib import Path

import pytest
from freshness import (
    edits_of_classes,
    edits_of_functions,
    edits_of_modules,
    edits_of_names,
    edits_of_new_syntax,
    edits_of_packages,
    edits_of_values,
    edits_seen_indirectly,
    harmless,
)
from freshness.edit import Edit, check_edit
from freshness.many_processes import Nursery

EDITS: list[Edit] = [
    *edits_of_functions.EDITS,
    *edits_of_values.EDITS,
    *edits_of_classes.EDITS,
    *edits_of_modules.EDITS,
    *edits_of_names.EDITS,
    *edits_of_new_syntax.EDITS,
    *edits_of_packages.EDITS,
    *edits_seen_indirectly.EDITS,
    *harmless.EDITS,
]


@pytest.mark.parametrize("edit", EDITS, ids=[edit.what for edit in EDITS])
def test_an_edit_is_noticed_if_it_matters(edit: Edit, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """The same program hits in another process; after an edit the value is the new one, or the result is found."""
    check_edit(edit, tmp_path, nurseries)


def test_every_edit_has_a_name_of_its_own() -> None:
    """No two edits are called the same, so that a failure names one of them."""
    names = [edit.what for edit in EDITS]
    assert len(names) == len(set(names))
