"""What came of a call under faults: its value, and what was said meanwhile."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from brinery import BrineryWarning
from brinery._warnings import forget_warnings


@contextmanager
def quietly() -> Iterator[list[str]]:
    """Collect brinery's warnings instead of raising them; any other warning is an error as always."""
    said: list[str] = []
    forget_warnings()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", BrineryWarning)
        yield said
    for one in caught:
        assert issubclass(one.category, BrineryWarning), one
        said.append(str(one.message))
