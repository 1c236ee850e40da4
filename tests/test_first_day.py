"""The page about the first day shows what happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "first-day"


@pytest.mark.slow
def test_the_page_shows_what_happens():
    """Every command on it, run again in a fresh home, says the same, but for keys, times and the machine."""
    ended = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
