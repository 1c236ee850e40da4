"""What a cell under ``%%brinery`` has shown is shown again: in its order, on its streams, with all its parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("ipykernel", reason="a notebook needs a kernel")
pytest.importorskip("nbclient", reason="what runs the cells")

pytest.importorskip("matplotlib", reason="figures are shown as well")

from cells import Cells, running

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cells]:
    with running(tmp_path_factory.mktemp("kernel")) as cells:
        yield cells


@pytest.fixture
def cells(kernel: Cells, tmp_path: Path) -> Cells:
    """A notebook with no name in it, and an empty store."""
    kernel.begin(tmp_path)
    return kernel


def looks(outputs) -> list[tuple]:
    """What outputs look like, without the count of the cell and where pieces of a stream were cut."""
    found: list[tuple] = []
    for output in outputs:
        if output.output_type == "stream":
            if found and found[-1][0] == output.name:
                found[-1] = (output.name, found[-1][1] + output.text)
            else:
                found.append((output.name, output.text))
        else:
            found.append((output.output_type, dict(output.data), dict(output.metadata)))
    return found


def shown_twice(cells: Cells, body: str) -> tuple[list[tuple], list[tuple]]:
    """What a cell shows when it runs, and when it is reused, without the quiet line."""
    first = looks(cells.outputs(f"%%brinery\n{body}"))
    second = looks(cells.outputs(f"%%brinery\n{body}"))
    kind, data, _ = second.pop()
    assert kind == "display_data"
    assert data["text/plain"].startswith("reused, ")
    assert data["text/plain"].endswith(" saved")
    assert first
    return first, second


@pytest.mark.parametrize(
    "body",
    [
        "print('a')\nprint('b')",
        "from IPython.display import HTML, display\nprint('a')\ndisplay(HTML('<b>b</b>'))\nprint('c')\n1 + 1",
        "from IPython.display import display\ndisplay({'a/b': 'c', 'text/plain': 'x'}, raw=True, metadata={'m': 1})",
        "from IPython.display import Image\nImage(data=bytes(range(256)) * 4, format='png', metadata={'w': 1})",
        "from IPython.display import display\nh = display('one', display_id=True)\nh.update('two')\nprint('b')",
        "from IPython.display import clear_output\nprint('a')\nclear_output()\nprint('b')",
        "from IPython.display import clear_output\nprint('a')\nclear_output(wait=True)\nprint('b')",
        "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
        "import matplotlib.pyplot as plt\nprint('a')\nplt.plot([1, 2])\nplt.show()\nprint('b')",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint('before the figure')",
        "class Own:\n    def _repr_html_(self):\n        print('by the way')\n        return '<i>own</i>'\nOwn()",
        "class Own:\n    def _ipython_display_(self):\n        print('in its own way')\nOwn()",
        "for i in range(3):\n    print(i, end='\\r')",
        "import logging, sys\nsys.stdout.flush()\nlogging.getLogger('a').warning('by the last resort')",
        "'text'",
        "1;",
    ],
)
def test_it_is_shown_again_as_it_was(cells, body):
    """Streams, displays with metadata, updates, what was cleared, figures, and the last expression."""
    body = "print('computing')\n" + body
    first, second = shown_twice(cells, body)
    assert first == second


def test_each_comes_on_its_own_stream(cells):
    """stdout and stderr, also from a handler of `logging` that was made before."""
    cells.run("import logging, sys\nlogging.basicConfig(format='%(message)s', level='INFO', force=True)")
    body = "print('out')\nlogging.info('logged')\nprint('err', file=sys.stderr)\nsys.stdout.writelines(['x', 'y'])"
    for shown in shown_twice(cells, body):
        streams = {stream: "".join(text for name, text in shown if name == stream) for stream in ("stdout", "stderr")}
        assert streams == {"stdout": "out\nxy", "stderr": "logged\nerr\n"}


def test_a_thread_of_the_cell_is_heard_and_another_is_not(cells):
    """What an earlier cell has left running may print meanwhile; that is none of the cell's."""
    cells.run(
        "import threading\ngo, done = threading.Event(), threading.Event()\n"
        "def other():\n    go.wait(20)\n    print('of another')\n    done.set()\n"
        "threading.Thread(target=other).start()"
    )
    body = (
        "import threading as t\nown = t.Thread(target=lambda: print('of its own'))\nown.start()\nown.join()\ndel own\n"
    )
    body += "go.set(), done.wait(20)\nprint('computing')"
    cells.cached(body, "--ignore go --ignore done")
    again = cells.cached(body, "--ignore go --ignore done")
    assert "of another" not in again
    assert "of its own\ncomputing\nreused" in again


def test_out_and_underscore_hold_the_last_expression(cells):
    """As after a run: the value itself, which is the object that a name stands for; or what it looked like."""
    body = "print('computing')\nrows = [1, 2]\nrows"
    cells.cached(body)
    cells.run("del rows")
    cells.cached(body)
    assert cells.value("_ is rows, _") == "(True, [1, 2])"
    body = "print('computing')\n(n for n in [1])"
    cells.cached(body)
    cells.run("'something else'")
    assert "reused" in cells.cached(body)
    assert cells.value("_").startswith("<generator object <genexpr>")
    assert cells.value("hasattr(_, '__next__')") == "False"


def test_a_widget_is_shown_by_its_text(cells):
    """A view of an object of the kernel's shows nothing in another kernel."""
    view = "'application/vnd.jupyter.widget-view+json'"
    bundle = f"{{{view}: {{'model_id': 'x'}}, 'text/plain': 'slider'}}"
    body = f"from IPython.display import display\ndisplay({bundle}, raw=True)"
    first = cells.outputs(f"%%brinery\n{body}")
    assert "widget-view" in str(first)
    again = cells.outputs(f"%%brinery\n{body}")
    assert "widget-view" not in str(again)
    assert "slider" in str(again)


def test_what_is_captured_above_is_shown_there(cells):
    """`%%capture` above gets what is shown again as it got what was shown."""
    for _ in range(2):
        cells.run("%%capture caught\n%%brinery\nprint('computing')\n1 + 1")
    assert cells.value("caught.stdout") == "'computing\\n'"
    assert cells.value("[output.data['text/plain'] for output in caught.outputs][0]") == "'2'"
    assert cells.value("caught.outputs[1].data['text/plain'][:7]") == "'reused,'"
