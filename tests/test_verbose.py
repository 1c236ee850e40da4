"""What a cache tells of its calls, if it is asked to: a line each, on stderr; and nothing if it is not."""

from __future__ import annotations

import re
import subprocess
import sys
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


BESIDE_OTHERS = """
import logging, logging.config, sys
BEFORE
from brinery import Cache
memory = Cache("store", verbose=True)
AFTER
@memory
def fit(x):
    return [x]
fit(1)
"""
WITH_A_ROOT = """
logging.config.dictConfig({
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"a": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["a"]},
})
"""
CONFIGURED = [
    ("nothing", "", 1),
    ("basicConfig", "logging.basicConfig()", 1),
    ("basicConfig with a level", "logging.basicConfig(level=logging.DEBUG)", 1),
    ("basicConfig that shows errors only", "logging.basicConfig(level=logging.ERROR)", 1),
    ("basicConfig to stdout", "logging.basicConfig(stream=sys.stdout)", 1),
    ("basicConfig to a file", "logging.basicConfig(filename='log')", 1),
    ("a handler that shows errors only", "logging.basicConfig(); logging.root.handlers[0].setLevel('ERROR')", 1),
    ("a handler of the logger's own", "logging.getLogger('brinery').addHandler(logging.StreamHandler())", 1),
    ("a logger that does not propagate", "logging.basicConfig(); logging.getLogger('brinery').propagate = False", 1),
    ("a null handler", "logging.getLogger('brinery').addHandler(logging.NullHandler())", 1),
    ("dictConfig", "logging.config.dictConfig({'version': 1})", 1),
    ("dictConfig with a root", WITH_A_ROOT, 1),
    ("another stderr", "sys.stderr = open('other', 'w', buffering=1)", 0),
]  # fmt: skip


@pytest.mark.parametrize(("what", "configure", "lines"), CONFIGURED, ids=[what for what, *_ in CONFIGURED])
@pytest.mark.parametrize("where", ["BEFORE", "AFTER"])
def test_each_line_is_shown_once_beside_what_a_program_configures(
    tmp_path: Path, what: str, configure: str, lines: int, where: str
):
    """Neither doubled by the program's own handlers nor lost where those show nothing."""
    program = BESIDE_OTHERS.replace(where, configure).replace("BEFORE", "").replace("AFTER", "")
    tmp_path.joinpath("program.py").write_text(program)
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    shown = done.stdout + done.stderr
    assert shown.count("fit: miss, is computed") == shown.count("fit: stored") == lines
    if what == "another stderr":
        assert tmp_path.joinpath("other").read_text().count("fit: stored") == 1
    if what == "basicConfig to a file":
        assert tmp_path.joinpath("log").read_text().count("fit: stored") == 1
