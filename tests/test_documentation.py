"""What the README, the docs and the docstrings show is what happens."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import brinery

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path for path in [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob(".github/*.md")] if path.exists()
)
MODULES = sorted(module.name for module in pkgutil.walk_packages(brinery.__path__, "brinery."))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Examples make their stores in an empty folder."""
    monkeypatch.chdir(tmp_path)


class _Checker(doctest.OutputChecker):
    """Takes one key, and one time that something took, for another."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return super().check_output(_without_chance(want), _without_chance(got), optionflags)


def _without_chance(text: str) -> str:
    text = re.sub(r"\b[0-9a-f]{8}\b", "KEY", text)
    return re.sub(r"\b\d+(?:\.\d+)?(?:us|ms|s)\b", "TIME", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_examples_of_a_page_run(page: Path):
    """Every session on it gives the output that it shows."""
    examples = doctest.DocTestParser().get_doctest(page.read_text(encoding="utf-8"), {}, page.name, str(page), 0)
    runner = doctest.DocTestRunner(_Checker(), optionflags=doctest.ELLIPSIS)
    assert runner.run(examples).failed == 0


def test_the_readme_has_examples():
    """They are found, so that the test above tests something."""
    examples = doctest.DocTestParser().get_examples((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(examples) > 10


@pytest.mark.parametrize("name", [name for name in MODULES if "__main__" not in name])
def test_the_examples_of_docstrings_run(name: str):
    """Each can be copied and run."""
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    """A link to a file of the repository, or to a heading in one, is not broken."""
    for target in re.findall(r"\]\(([^)#]*(?:#[^)]*)?)\)", page.read_text(encoding="utf-8")):
        if "://" in target or not target:
            continue
        name, _, heading = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in headings}, target
