"""`examples/notebook.ipynb`, its forest made small: run twice and edited, it computes exactly what it must."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

pytest.importorskip("ipykernel", reason="a notebook needs a kernel")
pytest.importorskip("sklearn", reason="the example needs scikit-learn")

pytest.importorskip("matplotlib", reason="figures are shown as well")

from cells import Cells, running, text_of

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

EXAMPLE = Path(__file__).parents[2] / "examples" / "notebook.ipynb"
STEPS = ["patients", "groups", "correlations", "figure", "split", "strengths", "forest", "final", "errors"]


class Analysis:
    """The notebook, edited and run as somebody does who runs all of its cells."""

    def __init__(self, cells: Cells) -> None:
        self._kernel = cells
        self._sources = [cell.source for cell in nbformat.read(EXAMPLE, 4).cells if cell.cell_type == "code"]
        self.edit("RandomForestRegressor(200", "RandomForestRegressor(10")

    def edit(self, old: str, new: str) -> None:
        assert sum(old in source for source in self._sources) == 1
        self._sources = [source.replace(old, new) for source in self._sources]

    def restart(self) -> None:
        self._kernel.restart()

    def run(self) -> tuple[list[str], list[str]]:
        """Which steps were computed, and all that was shown, without the time that was saved and the last cell."""
        computed, shown = [], []
        for source in self._sources[:-1]:
            outputs = self._kernel.outputs(source)
            assert not [output for output in outputs if output.output_type == "error"], outputs
            text = "".join(map(text_of, outputs))
            is_reused = "reused, " in text
            if source.startswith("%%brinery "):
                assert text.strip()
                assert "not stored" not in text
                computed += [] if is_reused else [source.split()[1]]
            figures = [len(output.data["image/png"]) for output in outputs if "image/png" in output.get("data", {})]
            shown.append(f"{text.partition('reused, ')[0]}{figures}")
        return computed, shown


def test_it_is_clean():
    """No output is kept in it, and no count: each run would change them."""
    for cell in nbformat.read(EXAMPLE, 4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_each_edit_computes_what_depends_on_it(tmp_path):
    """And a new kernel computes nothing."""
    with running(tmp_path) as cells:
        cells.begin(tmp_path)
        analysis = Analysis(cells)
        computed, shown = analysis.run()
        assert computed == STEPS
        assert "[0]" not in shown[STEPS.index("figure") + 2]

        analysis.restart()
        assert analysis.run() == ([], shown)
        assert analysis.run() == ([], shown)

        analysis.edit('"""The measurements, and', '"""What is learnt from: the measurements, and')
        analysis.edit("tried = {}", "# By strength.\ntried = {}")
        assert analysis.run() == ([], shown)

        analysis.edit('title="progress by body mass index"', 'title="progress by BMI"')
        assert analysis.run()[0] == ["figure"]

        # The best strength is the same with as many folds, so what is learnt with it is, too.
        analysis.edit("FOLDS = 5", "FOLDS = 4")
        assert analysis.run()[0] == ["strengths", "forest", "final"]

        analysis.edit('chosen["bmi"] * chosen["bp"]', 'chosen["bmi"] * chosen["s5"]')
        assert analysis.run()[0] == ["strengths", "final", "errors"]

        analysis.edit("SEED = 0", "SEED = 1")
        assert analysis.run()[0] == ["split", "strengths", "forest", "final", "errors"]

        analysis.edit("edges = [0, 18.5, 25, 30, 100]", "edges = [0, 18.5, 25, 32, 100]")
        assert analysis.run()[0] == [
            "groups",
            "correlations",
            "figure",
            "split",
            "strengths",
            "forest",
            "final",
            "errors",
        ]

        # Taken back, all of it, in this kernel as well: what was computed at first is still there.
        analysis.edit("FOLDS = 4", "FOLDS = 5")
        analysis.edit("SEED = 1", "SEED = 0")
        analysis.edit('chosen["bmi"] * chosen["s5"]', 'chosen["bmi"] * chosen["bp"]')
        analysis.edit("edges = [0, 18.5, 25, 32, 100]", "edges = [0, 18.5, 25, 30, 100]")
        analysis.edit('title="progress by BMI"', 'title="progress by body mass index"')
        assert analysis.run() == ([], shown)
