"""Stores without the public face above them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bare_store import open_store

from brinery._store.directory import Directory


@pytest.fixture
def new_store(tmp_path: Path) -> Iterator[Callable[..., Directory]]:
    """Open stores in a folder of this test; each is closed at the end."""
    made: list[Directory] = []

    def make(location: Path | None = None, **options: Any) -> Directory:
        made.append(open_store(location or tmp_path / "store", **options))
        return made[-1]

    yield make
    for store in made:
        store.close()
