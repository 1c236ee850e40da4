"""The pieces of a form for notebooks: no script, no outside resource, and no text is taken for markup.

Everything is in the page's own font and colour, so that a form is at home in light and in dark. JupyterLab keeps of a
notebook that is not trusted inline styles and nothing else, and of these not the newest: an older one stands before it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from .text import percent, printable

# What JupyterLab calls it, what VS Code calls it, and what is seen on white and on black.
_ACCENT = "#1976d2", "var(--jp-brand-color1,var(--vscode-charts-blue,#1976d2))"
_FONT = "monospace", "var(--jp-code-font-family,var(--vscode-editor-font-family,monospace))"
_LINE = "rgba(127,127,127,.35)"
_TRACK = "rgba(127,127,127,.25)"
_QUIET = "opacity:.75"
_CODE = (
    f"font-family:{_FONT[0]};font-family:{_FONT[1]};font-size:.95em;white-space:pre-wrap;"
    "color:inherit;background:none;padding:0"
)
_CELL = "padding:.25em .6em .25em 0;vertical-align:top;border:none;text-align:{};white-space:{}"
# The page may centre tables, and give all columns the same width.
_TABLE = "border-collapse:collapse;table-layout:auto;margin:.4em 0;font-size:inherit;max-width:100%"
GOOD, BAD = "46,160,67", "219,109,40"


def text(value: object) -> str:
    """Write text as text, whatever is in it."""
    return escape(printable(str(value)))


def block(*parts: str) -> str:
    """Put parts together into one form; formulas between dollar signs are left as they are."""
    style = "max-width:60em;line-height:1.45;overflow-wrap:break-word;overflow-wrap:anywhere"
    return f'<div class="tex2jax_ignore mathjax_ignore" style="{style}">{"".join(parts)}</div>'


def line(*parts: str, space: str = ".15em") -> str:
    """Put parts on a line of their own."""
    return f'<div style="margin:{space} 0">{"".join(parts)}</div>'


def code(*lines: object) -> str:
    """Write names or values in the page's font for code, each on a line of its own."""
    written = "\n".join(map(text, lines))
    return f'<code style="{_CODE}">{written}</code>'


def quiet(markup: str) -> str:
    """Set apart what is said beside the matter."""
    return f'<span style="{_QUIET}">{markup}</span>'


def strong(markup: str) -> str:
    """Set apart what the matter is."""
    return f'<b style="font-weight:600">{markup}</b>'


def label(word: str, colour: str) -> str:
    """Write a word in a frame of a colour, in the page's own ink."""
    frame = f"border:1px solid rgba({colour},.9);background-color:rgba({colour},.15);border-radius:3px"
    return (
        f'<span style="{frame};padding:0 .45em;margin-left:.6em;font-weight:600;white-space:nowrap">{text(word)}</span>'
    )


def bar(share: float) -> str:
    """Draw a share of one; beside a number, which says the same to those who do not see it."""
    full = 100 * min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0
    if full:
        full = max(full, 1.0)  # what is there is seen
    colours = ";".join(f"background-color:{colour}" for colour in _ACCENT)
    filled = f'<div style="width:{full:.0f}%;height:5px;border-radius:2px;{colours}"></div>'
    return (
        f'<div style="background-color:{_TRACK};height:5px;border-radius:2px;min-width:5em;margin:3px 0">{filled}</div>'
    )


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[bool]) -> str:
    """Lay out rows of markup under titles of text; what are numbers stands to the right."""
    styles = [_CELL.format("right", "nowrap") if number else _CELL.format("left", "normal") for number in numbers]
    head = "".join(
        f'<th scope="col" style="{style};font-weight:600;{_QUIET}">{text(title)}</th>'
        for title, style in zip(titles, styles, strict=True)
    )
    body = "".join(
        f'<tr style="border-top:1px solid {_LINE}">'
        + "".join(f'<td style="{style}">{cell}</td>' for cell, style in zip(row, styles, strict=True))
        + "</tr>"
        for row in rows
    )
    return f'<table style="{_TABLE}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def measures(rows: Iterable[tuple[str, str, float | None]]) -> str:
    """Lay out what is measured: its name, what is told of it, and a bar if it is a share of something."""
    name_style, style = _CELL.format("left", "nowrap"), _CELL.format("left", "normal")
    body = "".join(
        f'<tr><th scope="row" style="{name_style};font-weight:normal;{_QUIET}">{text(name)}</th>'
        f'<td style="{style};min-width:9em">{text(told)}{_share(share)}</td></tr>'
        for name, told, share in rows
    )
    return f'<table style="{_TABLE}"><tbody>{body}</tbody></table>'


def _share(share: float | None) -> str:
    return "" if share is None else f" ({percent(share)}){bar(share)}"


def details(title: str, lines: Iterable[str]) -> str:
    """Fold lines of text away under their title."""
    lines = list(lines)
    items = "".join(f"<li>{text(found)}</li>" for found in lines)
    summary = f'<summary style="cursor:pointer">{text(title)}: {len(lines)}</summary>'
    return f'<details style="{_QUIET}">{summary}<ul style="margin:.2em 0;padding-left:1.4em">{items}</ul></details>'


def change(before: str, after: str) -> str:
    """Write what something was over what it is, and set apart where the two differ."""
    old, new = _parted(before, after)
    return _side("was", old, BAD) + _side("now", new, GOOD)


def _side(word: str, pieces: tuple[str, str, str], colour: str) -> str:
    start, middle, end = map(text, pieces)
    marked = f'<b style="font-weight:700">{middle}</b>' if middle and (start or end) else middle
    value = f'<code style="{_CODE}">{start}{marked}{end}</code>'
    style = f"padding:0 .5em;border-left:3px solid rgba({colour},.9);background-color:rgba({colour},.2)"
    said = f'<span style="display:inline-block;min-width:2.5em;{_QUIET}">{word}</span>'
    return f'<div style="{style}">{said} {value}</div>'


def _parted(before: str, after: str) -> list[tuple[str, str, str]]:
    """Cut two texts that are much alike into what they begin with, what differs, and what they end with."""
    least = min(len(before), len(after))
    start = next((at for at in range(least) if before[at] != after[at]), least)
    end = next((at for at in range(least - start) if before[-1 - at] != after[-1 - at]), least - start)
    if 2 * (start + end) < least:
        start = end = 0
    ends = len(before) - end, len(after) - end
    return [(whole[:start], whole[start:at], whole[at:]) for whole, at in zip((before, after), ends, strict=True)]
