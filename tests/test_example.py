"""The example, made small, keeps what its docstring promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sklearn", reason="the example needs scikit-learn")
pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parent.parent / "examples" / "digits.py"
SMALL = {"WORDS = 384": "WORDS = 8", "(0.1, 1, 10, 100)": "(1,)", "(1, 3, 5, 9)": "(1,)"}


class Analysis:
    """A small copy of the example that can be edited and run in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "digits.py"
        self.path.write_text(EXAMPLE.read_text())
        self.environment = os.environ | {"HOME": str(folder / "home"), "BRINERY_DIR": str(folder / "store")}
        for old, new in SMALL.items():
            self.edit(old, new)

    def edit(self, old: str, new: str) -> None:
        source = self.path.read_text()
        assert old in source
        self.path.write_text(source.replace(old, new))

    def run(self) -> tuple[str, dict[str, int]]:
        """What it printed, and how often each step was computed, if it was."""
        command = [sys.executable, self.path]
        ended = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        rows = [line.split() for line in ended.stderr.partition("\nstep ")[2].splitlines()[1:-1]]
        return ended.stdout, {name: int(computed) for name, _, computed, *_ in rows if int(computed)}


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return Analysis(tmp_path_factory.mktemp("example"))


def test_edits(analysis: Analysis) -> None:
    """Each edit of the example recomputes the steps that depend on it, and no others."""
    table, computed = analysis.run()
    assert "Of the 450 digits kept for the test" in table
    assert computed == {
        "load": 1, "split": 1, "pixels": 1, "gradients": 1, "patches": 1, "cross_validate": 9, "fit": 1, "score": 1,
    }  # fmt: skip

    # A second run prints the same and computes nothing.
    assert analysis.run() == (table, {})

    # Nor does a comment, a docstring or another look of the table change anything.
    analysis.edit("down, right = np.gradient", "# Slopes.\n    down, right = np.gradient")
    analysis.edit('"""Nothing but the grey values."""', '"""The grey values."""')
    analysis.edit("{accuracy:.2%}", "{accuracy:.1%}")
    changed_table, computed = analysis.run()
    assert changed_table != table
    assert computed == {}

    # A constant: the features that it describes, and the settings that are tried on them.
    analysis.edit("DIRECTIONS = 8", "DIRECTIONS = 12")
    assert analysis.run()[1] == {"gradients": 1, "cross_validate": 3}

    # A helper: the settings with the model that it builds.
    analysis.edit("KNeighborsClassifier(count)", "KNeighborsClassifier(count, weights='distance')")
    assert analysis.run()[1].items() >= {"cross_validate": 3}.items()

    # Another value: the settings that are new.
    analysis.edit("neighbours: (1,)", "neighbours: (1, 7)")
    assert analysis.run()[1] == {"cross_validate": 3}

    # Taken back: it is all still there.
    analysis.edit("DIRECTIONS = 12", "DIRECTIONS = 8")
    analysis.edit("KNeighborsClassifier(count, weights='distance')", "KNeighborsClassifier(count)")
    analysis.edit("neighbours: (1, 7)", "neighbours: (1,)")
    assert analysis.run() == (changed_table, {})
