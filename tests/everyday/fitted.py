"""A transformer that tells, in a file, how often it was fitted, in whichever process; importable by workers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sklearn.decomposition import PCA

FITS = "BRINERY_TEST_FITS"


class Counted(PCA):
    def fit_transform(self, features: Any, labels: Any = None) -> Any:
        with Path(os.environ[FITS]).open("a", encoding="ascii") as file:
            file.write(".")
        return super().fit_transform(features, labels)


def take_fits() -> int:
    """Return how many fits there were since it was last asked for."""
    file = Path(os.environ[FITS])
    count = file.stat().st_size if file.exists() else 0
    file.unlink(missing_ok=True)
    return count
