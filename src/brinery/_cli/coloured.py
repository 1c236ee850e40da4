"""Colours, by rich, which takes longer to import than most commands run."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

from rich.console import Console
from rich.text import Text


def coloured_table(text: str, names: Sequence[str]) -> str:
    """Give a table its colours: bold titles, and what its lines begin with in another colour. The columns stay."""
    titles, *lines = text.split("\n")
    drawn = Text.assemble((titles, "bold"))
    for line, name in zip(lines, names, strict=True):
        drawn.append("\n").append(line[: len(name)], "cyan").append(line[len(name) :])
    file = StringIO()
    Console(file=file, force_terminal=True).print(drawn, soft_wrap=True, end="")
    return file.getvalue()
