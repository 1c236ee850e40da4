"""Processes to run edited programs in, each with a hash seed of its own; and which edits each Python is spared."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from zlib import crc32

import pytest
from freshness import edits_of_new_syntax
from freshness.many_processes import Nursery

SHARES = 5  # as many as there are Pythons
# Where the newest syntax is all of its edits are tried.
ALWAYS = {edit.what for edit in edits_of_new_syntax.EDITS} if sys.version_info >= (3, 14) else set()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Four fifths of the edits are slow, other ones on every Python."""
    for item in items:
        is_edit = item.name.startswith("test_an_edit_is_noticed_if_it_matters")
        if (
            is_edit
            and item.name.partition("[")[2][:-1] not in ALWAYS
            and crc32(item.name.encode()) % SHARES != sys.version_info.minor % SHARES
        ):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def nurseries() -> Iterator[list[Nursery]]:
    """Three places to run a program in, which differ by their hash seed."""
    made = [Nursery(hash_seed) for hash_seed in (1, 2, 3)]
    yield made
    for nursery in made:
        nursery.close()
