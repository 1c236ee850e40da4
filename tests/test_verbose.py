"""What a cache tells of its calls, if it is asked to: a line each, on stderr; and nothing if it is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from other_process import run

PROGRAM = """
import asyncio, logging, sys
BEFORE
from brinery import Cache
memory = Cache("store", max_entries=3OPTIONS)

@memory
def fit(x):
    return [x]

@memory
async def fetch(x):
    return [x]

@memory
def count(n):
    yield from range(n)

other = Cache("other")(lambda x: x)
logging.getLogger("brinery").addHandler(logging.StreamHandler(sys.stdout))
fit(1); fit(1); fit.refresh(1)
asyncio.run(fetch(1)); asyncio.run(fetch(1))
list(count(2)); list(count(2))
fit(2)
other(1)
"""
TOLD = [
    "fit: miss, is computed",
    "fit: stored, took TIME",
    "fit: hit, saved TIME",
    "fit: miss, is computed",
    "fit: stored, took TIME",
    "fetch: miss, is computed",
    "fetch: stored, took TIME",
    "fetch: hit, saved TIME",
    "count: miss, is computed",
    "count: stored, took TIME",
    "count: hit, saved TIME",
    "fit: miss, is computed",
    "evicted 1 entry (4.1kB) to make room in STORE",
    "fit: stored, took TIME",
]


def told(folder: Path, before: str = "", options: str = "") -> list[str]:
    """What the program's logger hears."""
    folder.joinpath("program.py").write_text(PROGRAM.replace("BEFORE", before).replace("OPTIONS", options))
    text = run("-W", "ignore", "program.py", cwd=folder).replace(str(folder / "store"), "STORE")
    text = re.sub(r"\d+(\.\d+)?(us|ms|s)\b", "TIME", text)
    return text.replace("program.", "").splitlines()


def test_a_verbose_cache_tells_of_each_hit_miss_store_and_eviction(tmp_path: Path):
    """With the time saved; another cache of the same program stays quiet."""
    assert told(tmp_path, options=", verbose=True") == TOLD


def test_so_does_the_logger_where_a_program_gave_it_a_level(tmp_path: Path):
    """For every cache."""
    heard = told(tmp_path, "logging.getLogger('brinery').setLevel(logging.INFO)")
    assert heard == [*TOLD, "<lambda>: miss, is computed", "<lambda>: stored, took TIME"]


@pytest.mark.parametrize("before", ["", "logging.basicConfig(level=logging.INFO, stream=sys.stdout)"])
def test_it_is_quiet_by_default(tmp_path: Path, before: str):
    """Also in a program that lets all others talk, but for evictions, which are rare."""
    assert [line for line in told(tmp_path, before) if "evicted" not in line] == []
