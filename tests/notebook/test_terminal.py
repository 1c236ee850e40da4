"""`%%brinery` in IPython on a terminal, where there is no kernel: a real one, and its real prompt."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("IPython", reason="it is about IPython")
pexpect = pytest.importorskip("pexpect", reason="what types into the terminal")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

CELL = "print('computing'); print('err', file=sys.stderr)\ny = x + 1\ny"


class Terminal:
    """IPython as somebody has it in a terminal."""

    def __init__(self, folder: Path) -> None:
        arguments = ["-m", "IPython", "--no-banner", "--simple-prompt", "--no-confirm-exit", "--no-term-title"]
        environment = {**os.environ, "BRINERY_DIR": str(folder / "store"), "TERM": "dumb", "NO_COLOR": "1"}
        self._child = pexpect.spawn(
            sys.executable, arguments, cwd=str(folder), env=environment, encoding="utf-8", timeout=60, echo=False
        )
        self._child.expect_exact("In [1]: ")

    def run(self, line: str) -> str:
        """Type a line; give what it showed."""
        self._child.sendline(line)
        self._child.expect(r"In \[\d+\]: ")
        return self._child.before.replace("\r\n", "\n").strip()

    def cell(self, body: str) -> str:
        """Run a cell of several lines, as a paste does."""
        return self.run(f"get_ipython().run_cell({body!r}); None")

    def close(self) -> None:
        self._child.sendline("exit")
        self._child.expect(pexpect.EOF)
        self._child.close()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path)
    yield made
    made.close()


def test_a_cell_is_reused_and_shows_the_same(terminal):
    """Streams and `Out`, with the count that it has now; errors as they are; a word for what cannot be."""
    terminal.run("%load_ext brinery")
    terminal.run("import sys; x = 3")
    first = terminal.cell(f"%%brinery\n{CELL}")
    second = terminal.cell(f"%%brinery\n{CELL}")
    assert first.split() == ["computing", "err", "Out[3]:", "4"]
    assert second.split()[:4] == ["computing", "err", "Out[4]:", "4"]
    assert second.splitlines()[-1].startswith("reused, ")
    assert terminal.run("_, y, Out").endswith("(4, 4, {3: 4, 4: 4})")
    assert "__main__.%%y" in terminal.run("%brinery ls")
    failed = terminal.cell("%%brinery\nz = 1\n1/0")
    assert "line 2" in failed
    assert "brinery" not in failed
    assert "Nothing has run" in terminal.cell("%%brinery\nimport asyncio\nawait asyncio.sleep(0)")
    assert terminal.run("z").endswith("1")
