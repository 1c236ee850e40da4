"""Processes to run edited programs in, each with a hash seed of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from freshness.many_processes import Nursery


@pytest.fixture(scope="session")
def nurseries() -> Iterator[list[Nursery]]:
    """Three places to run a program in, which differ by their hash seed."""
    made = [Nursery(hash_seed) for hash_seed in (1, 2, 3)]
    yield made
    for nursery in made:
        nursery.close()
