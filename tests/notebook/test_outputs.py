"""What a real kernel shows of brinery's objects, and of work that takes long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("ipykernel", reason="a notebook needs a kernel")
pytest.importorskip("nbclient", reason="what runs the cells")

from kernel import Kernel
from other_process import run
from outputs import Outputs

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

BEGIN = """
from brinery import Cache
import brinery._display.progress as progress
memory = Cache("store")

@memory
def square(x):
    return x * x

def at_once():  # a bar is shown of what takes no time, too
    progress._UNSEEN = progress._EVERY = 0
"""


@pytest.fixture
def cells(tmp_path: Path) -> Iterator[Outputs]:
    """A notebook with a function that is cached."""
    kernel = Kernel(tmp_path)
    made = Outputs(kernel)
    kernel.run(BEGIN)
    yield made
    kernel.stop()


def test_everything_has_a_form_in_html_and_one_in_text(cells):
    """A cache, a listing, a piece of it, counts and an explanation; inside something else each is as anywhere."""
    assert "there is no store yet" in cells.forms("memory")["text/html"]
    assert cells.forms("memory.entries()")["text/plain"] == "no entries"
    cells.of("square(2), square(2)")
    cells.of("memory(lambda text: text)('<b>')")
    forms = cells.forms("memory")
    assert forms["text/plain"].startswith("Cache ")
    assert "1 of 3 calls" in forms["text/plain"]
    assert "__main__.square" in forms["text/plain"]
    assert "1 of 3 calls" in forms["text/html"]
    forms = cells.forms("memory.entries()")
    assert forms["text/plain"].split()[:3] == ["key", "function", "size"]
    assert "text=&#x27;&lt;b&gt;&#x27;" in forms["text/html"]
    assert "</table>" in cells.forms("memory.entries()[:1]")["text/html"]
    forms = cells.forms("memory.functions()")
    assert forms["text/plain"].split()[:2] == ["function", "entries"]
    assert "__main__.square" in forms["text/html"]
    forms = cells.forms("square.cache_info()")
    assert forms["text/plain"].startswith("CacheInfo(hits=1, misses=1, maxsize=None, currsize=1")
    assert "1 of 2 calls" in forms["text/html"]
    forms = cells.forms("square.explain(3)")
    assert "argument x: 2 -> 3" in forms["text/plain"]
    assert "was" in forms["text/html"]
    forms = cells.forms("[memory, memory.entries()[:1]]")
    assert set(forms) == {"text/plain"}
    assert forms["text/plain"].startswith("[Cache('")
    assert "EntryRecord(key=" in forms["text/plain"]


IN_THREADS = "with ThreadPoolExecutor(2) as pool: list(square.map(range(9), executor=pool))"


def test_work_that_takes_long_has_one_bar_that_goes(cells):
    """It is drawn over, in HTML with text beside it, and empty in the end; what else the cell shows stays."""
    cells.of("from concurrent.futures import ThreadPoolExecutor; at_once()")
    for work, what in (
        ("list(square.map(range(9)))", "square: 9 of 9"),
        (IN_THREADS, "looking up square: 9 of 9"),
        ("memory.verify()", "verifying: 256 of 256"),
        ("memory.prune(max_entries=1)", "pruning: 8 of 8"),
        ("memory.clear()", "clearing: 256 of 256"),
    ):
        found = cells.of(f"print('before')\n_ = {work}" if "with" not in work else work, "display_data")
        assert len(found) == 1, work
        drawn = cells.bar()
        assert what in [forms["text/plain"] for forms in drawn]
        assert all("width:" in forms["text/html"] for forms in drawn if forms["text/plain"])
        assert drawn[-1] == {"text/plain": "", "text/html": ""}
        assert cells.left() == [drawn[-1]]


def test_work_that_is_done_soon_has_no_bar(cells):
    """Half a second is soon."""
    cells.of("progress._UNSEEN = 60")
    cells.of("list(square.map(range(9)))")
    assert cells.bar() == []


def test_work_by_the_way_of_other_work_has_no_bar_of_its_own(cells):
    """One bar in a cell, however often the cached function itself looks through the store."""
    cells.of("at_once()\n@memory\ndef outer(x):\n    memory.verify()\n    return sum(square.map(range(x)))\nsquare(1)")
    assert len(cells.of("list(outer.map(range(1, 4)))", "display_data")) == 1
    texts = [forms["text/plain"] for forms in cells.bar()]
    shown = [text for text in texts[texts.index("outer: 1 of 3") :] if text]
    assert shown == ["outer: 1 of 3", "outer: 2 of 3", "outer: 3 of 3"]
    assert texts[-1] == ""


def test_work_that_is_left_unfinished_takes_no_bar_from_later_cells(cells):
    """Some results of `map` may be asked for in one cell, and the rest never."""
    cells.of("at_once(); results = square.map(range(9)); next(results), next(results)")
    assert cells.left()[0]["text/plain"].startswith("square: ")
    assert len(cells.of("list(square.map(range(9)))", "display_data")) == 1
    assert cells.left()[0]["text/plain"] == ""
    cells.of("del results")


def test_no_bar_where_it_would_be_in_the_way(cells):
    """In other threads, in a forked process, and where what a cell shows is captured."""
    cells.of("at_once()\nimport os, threading, warnings\nwarnings.simplefilter('ignore')  # about fork\nsquare(1)")
    kinds = ("display_data", "update_display_data", "stream")
    thread = "thread = threading.Thread(target=lambda: list(square.map(range(9)))); thread.start(); thread.join()"
    assert cells.of(thread, *kinds) == []
    fork = "pid = os.fork()\nif not pid:\n    list(square.map(range(9)))\n    os._exit(0)\n_ = os.waitpid(pid, 0)"
    assert cells.of(fork, *kinds) == []
    assert cells.of("%%capture found\nlist(square.map(range(9)))\nprint('seen')", *kinds) == []
    assert cells.forms("found.stdout, len(found.outputs)")["text/plain"] == "('seen\\n', 0)"


def test_ipython_is_not_imported_for_it(tmp_path: Path):
    """A program that runs in no notebook shows nothing, even where IPython is loaded for something else."""
    script = """
import sys
import brinery._display.progress as progress
from brinery import Cache
progress._UNSEEN = progress._EVERY = 0
square = Cache("store")(lambda x: x * x)
total = sum(square.map(range(9)))
print(total, any(name.startswith(("IPython", "brinery._display.html")) for name in sys.modules))
import IPython
print(sum(square.map(range(9))), "brinery._display.html" in sys.modules)
"""
    assert run("-c", script, cwd=tmp_path).split() == ["204", "False", "204", "False"]
