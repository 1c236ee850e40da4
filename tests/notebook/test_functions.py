"""Decorated functions in a notebook's cells behave as in files: in a real kernel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("ipykernel", reason="a notebook needs a kernel")
pytest.importorskip("nbclient", reason="what runs the cells")

from kernel import Kernel

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

BEGIN = "from brinery import Cache\ncache = Cache('store')"
FUNCTION = "@cache\ndef scaled(x):\n    print('computing')\n    return helper(x) * FACTOR"
HELPER = "def helper(x):\n    return x + 1"
CALL = "print(scaled(1))"


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    made = Kernel(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def analysis(kernel: Kernel) -> Kernel:
    """A notebook whose function was called once."""
    for cell in (BEGIN, "FACTOR = 3", HELPER, FUNCTION):
        kernel.run(cell)
    assert kernel.run(CALL) == "computing\n6\n"
    return kernel


def test_a_cell_run_again_hits(analysis):
    """The call, the definition and the import may all be run again."""
    assert analysis.run(CALL) == "6\n"
    for cell in (BEGIN, "FACTOR = 3", HELPER, FUNCTION):
        analysis.run(cell)
    assert analysis.run(CALL) == "6\n"


def test_comments_and_layout_in_a_cell_change_nothing(analysis):
    """Nor does where in the cell the function stands."""
    analysis.run(f"import os\n\n# about it\n{FUNCTION}  # that is it\n")
    assert analysis.run(CALL) == "6\n"


def test_a_constant_of_another_cell_recomputes_at_the_next_call(analysis):
    """And taking it back hits what was there."""
    analysis.run("FACTOR = 4")
    assert analysis.run(CALL) == "computing\n8\n"
    analysis.run("FACTOR = 3")
    assert analysis.run(CALL) == "6\n"


def test_a_helper_redefined_in_another_cell_recomputes_at_the_next_call(analysis):
    """Without the decorated function's own cell."""
    analysis.run("def helper(x):\n    return x + 2")
    assert analysis.run(CALL) == "computing\n9\n"
    analysis.run(HELPER)
    assert analysis.run(CALL) == "6\n"


def test_a_class_redefined_in_another_cell_recomputes_at_the_next_call(analysis):
    """Its methods are part of what a helper does, and of an argument of that class."""
    shape = "class Shape:\n    def area(self):\n        return {}"
    analysis.run(shape.format(2))
    analysis.run("def helper(x):\n    return Shape().area()")
    assert analysis.run(CALL) == "computing\n6\n"
    analysis.run(shape.format(5))
    assert analysis.run(CALL) == "computing\n15\n"
    assert analysis.run(CALL) == "15\n"


def test_a_restarted_kernel_hits(analysis):
    """Cells have other file names then, which are no part of the key."""
    analysis.restart()
    for cell in (BEGIN, "FACTOR = 3", HELPER, FUNCTION):
        analysis.run(cell)
    assert analysis.run(CALL) == "6\n"


def test_what_the_kernel_adds_to_the_names_is_no_part_of_the_key(analysis):
    """The history of the cells, the last results, and a name that nothing reads."""
    analysis.run("1 + 1")
    analysis.run("unread = _ + 1")
    assert analysis.run(CALL) == "6\n"


def test_a_magic_around_the_call_hits(analysis):
    """`%%time`, `%time` and `%run` call the same function."""
    assert "computing" not in analysis.run(f"%%time\n{CALL}")
    assert "computing" not in analysis.run("%time scaled(1)")


def test_the_same_function_in_a_module_is_another(analysis, tmp_path):
    """A module's function has another home; it computes once, and hits then, edits noticed with `%autoreload 2`."""
    module = tmp_path / "steps.py"
    module.write_text(f"{BEGIN}\nFACTOR = 3\n{HELPER}\n{FUNCTION}\n")
    analysis.run("%load_ext autoreload\n%autoreload 2\nimport steps")
    assert analysis.run("print(steps.scaled(1))") == "computing\n6\n"
    assert analysis.run("print(steps.scaled(1))") == "6\n"
    module.write_text(module.read_text().replace("x + 1", "x + 10"))
    assert analysis.run("print(steps.scaled(1))") == "computing\n33\n"
    assert analysis.run("print(steps.scaled(1))") == "33\n"


def test_an_await_at_the_top_of_a_cell_hits(analysis):
    """Coroutine functions are awaited where notebooks let one."""
    analysis.run("@cache\nasync def fetched(x):\n    print('computing')\n    return x * FACTOR")
    assert analysis.run("await fetched(2)") == "computing\n6"
    assert analysis.run("await fetched(2)") == "6"
    analysis.run("FACTOR = 5")
    assert analysis.run("await fetched(2)") == "computing\n10"
