"""The page that tells what happens under every fault."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "reliability.md"


def test_every_line_names_a_test_that_exists():
    """Nothing is said that no test shows."""
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and "Shown by" not in line]
    assert len(rows) > 30
    for row in rows:
        found = re.findall(r"`((?:tests/)?[\w/]*test_\w+\.py)::(test_\w+)`", row)
        assert found, row
        for path, name in found:
            file = PROJECT / path if path.startswith("tests/") else Path(__file__).parent / path
            assert re.search(rf"^def {name}\(", file.read_text(), re.MULTILINE), f"{path} has no {name}"
