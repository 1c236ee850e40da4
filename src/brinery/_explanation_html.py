"""An explanation as a notebook shows it."""

from __future__ import annotations

from html import escape

from ._printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._explanation import Explanation

# Colours that are read on white and on black; everything else is the page's own.
_HIT, _MISS = "#2e9e5b", "#d9822b"
_LABEL = "color:{};border:1px solid {};border-radius:3px;padding:0 .4em;margin-left:.6em;font-weight:600"
_LIST = "margin:.3em 0 .6em;padding-left:1.4em"
_QUIET = "opacity:.7"


def to_html(explanation: Explanation) -> str:
    """Give one block of HTML: no script, no outside resource, and nothing of what was stored is taken for markup."""
    colour = _HIT if explanation.hit else _MISS
    word = "hit" if explanation.hit else "miss"
    parts = [
        f'<div style="overflow-wrap:anywhere"><code>{_text(explanation.function)}</code>',
        f'<span style="{_LABEL.format(colour, colour)}">{word}</span>',
        _items(explanation.reasons),
    ]
    if explanation.nearest and explanation.nearest != explanation.key:
        parts.append(
            f'<div style="{_QUIET}">compared with the nearest entry, '
            f"<code>{_text(explanation.nearest[:8])}</code>: {_text(explanation.about)}</div>"
        )
    parts += [
        f'<details style="{_QUIET}"><summary>{_text(title)}: {len(found)}</summary>{_items(found)}</details>'
        for title, found in explanation.lists()
    ]
    return "".join(parts) + "</div>"


def _items(lines: tuple[str, ...]) -> str:
    return f'<ul style="{_LIST}">' + "".join(f"<li>{_marked(line)}</li>" for line in lines) + "</ul>"


def _marked(line: str) -> str:
    """Set a change apart: what it was, and what it is."""
    what, arrow, after = line.partition(" -> ")
    if not arrow:
        return _text(line)
    name, _, before = what.partition(": ")
    return f"{_text(name)}: <del>{_text(before)}</del> &rarr; <b>{_text(after)}</b>"


def _text(text: str) -> str:
    return escape(printable(text))
