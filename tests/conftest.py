"""Every test has a home, a secret and a store of its own, and leaves that store as it should be."""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from zlib import crc32

import pytest
from freshness import edits_of_new_syntax

from brinery import Cache
from brinery._warnings import forget_warnings

# The long suites of programs run whole on one Python, and in fifths on the others: other ones on each.
IN_SHARES = ("tests/everyday/", "tests/freshness/test_edits.py", "tests/freshness/test_running_process.py")
SHARES = 5
# Where the newest syntax is all of its edits are tried.
ALWAYS = {edit.what for edit in edits_of_new_syntax.EDITS} if sys.version_info >= (3, 14) else set()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what is another Python's share."""
    for item in items:
        if (
            item.nodeid.startswith(IN_SHARES)
            and item.name.partition("[")[2][:-1] not in ALWAYS
            and crc32(item.name.encode()) % SHARES != sys.version_info.minor % SHARES
        ):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the user's own cache, secret and settings out of it, in this process and in those it starts."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(("BRINERY_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    forget_warnings()
    return home


@pytest.fixture(autouse=True)
def logger_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no test be told of calls because one before asked to be."""
    monkeypatch.setattr("brinery._options._level_is_ours", False)
    logger = logging.getLogger("brinery")
    level, handlers = logger.level, logger.handlers[:]
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """See that a test leaves no entry, no temporary file and no thread of ours open behind."""
    before = _open_files()
    threads = set(threading.enumerate())
    yield
    assert _open_files() - before == set()
    ours = [thread for thread in threading.enumerate() if thread not in threads and "brinery" in thread.name]
    for thread in ours:  # that has said its last word may still be on its way out
        thread.join(10)
    assert not [thread for thread in ours if thread.is_alive()]


def _open_files() -> set[str]:
    """The entries and temporary files that this process has open."""
    found = set()
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        try:
            path = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        if re.search(r"[0-9a-f]{32}", os.path.basename(path)):
            found.add(path)
    return found


@pytest.fixture
def new_cache(tmp_path: Path) -> Iterator[Callable[..., Cache]]:
    """Make caches in a folder of this test; each store is verified at the end."""
    made: list[Cache] = []

    def make(*location: object, **options: object) -> Cache:
        cache = Cache(*(location or (tmp_path / "store",)), **options)  # type: ignore[arg-type]
        made.append(cache)
        return cache

    yield make
    for cache in made:
        assert cache.verify() == []


@pytest.fixture
def memory(new_cache: Callable[..., Cache]) -> Cache:
    """A cache with the options that a user gets who gives none."""
    return new_cache()
