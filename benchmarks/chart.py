"""One chart of a run, as SVG that is read on a light page and on a dark one: each job's median beside its floor's."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, log10
from pathlib import Path
from xml.sax.saxutils import escape

from .cases import Table

COLOURS = {
    "brinery": "#2da44e",
    "joblib": "#bf5af2",
    "diskcache": "#e08214",
    "checkpointer": "#4393c3",
    "cachier": "#8c959f",
}
_LEFT, _RIGHT, _TOP, _ROW, _WIDTH = 354, 40, 60, 26, 920
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#57606a}.line{stroke:#8c959f;stroke-opacity:.35}"
    ".floor{stroke:#57606a;stroke-width:1.5}"
    "@media(prefers-color-scheme:dark){text{fill:#adbac7}.floor{stroke:#adbac7}}"
)


def draw(path: str, tables: list[Table]) -> None:
    """Draw the tables in which brinery stands beside its peers."""
    shown = [table for table in tables if {"brinery", "joblib"} <= {row.name for row in table.rows}]
    Path(path).write_text("\n".join(_lines(shown)) + "\n", encoding="utf-8")


def _lines(tables: list[Table]) -> Iterator[str]:
    ratios = [[(row.name, row.median / table.rows[0].median) for row in table.rows[1:]] for table in tables]
    decades = ceil(log10(max((ratio for row in ratios for _, ratio in row), default=10)))
    bottom = _TOP + _ROW * len(tables)

    def across(ratio: float) -> float:  # what is faster than its floor stands a little before it
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * max(log10(ratio), -0.1) / decades

    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom + 44}" role="img">'
    yield "<title>What calls cost, as a multiple of the least that each job can cost</title>"
    yield f"<style>{_STYLE}</style>"
    for number, (name, colour) in enumerate(COLOURS.items()):
        left = _LEFT + 120 * number - 20
        yield f'<circle cx="{left}" cy="20" r="6" fill="{colour}"/><text x="{left + 12}" y="24.5">{name}</text>'
    for decade in range(decades + 1):
        at = across(10**decade)
        kind = "floor" if decade == 0 else "line"
        yield f'<line class="{kind}" x1="{at:.0f}" y1="{_TOP - 14}" x2="{at:.0f}" y2="{bottom - 6}"/>'
        yield f'<text x="{at:.0f}" y="{bottom + 12}" text-anchor="middle">{10**decade:,} x</text>'
    for number, (table, row) in enumerate(zip(tables, ratios, strict=True)):
        up = _TOP + _ROW * number
        yield f'<line class="line" x1="{_LEFT}" y1="{up}" x2="{_WIDTH - _RIGHT}" y2="{up}"/>'
        yield f'<text x="{_LEFT - 44}" y="{up + 4.5}" text-anchor="end">{escape(table.title)}</text>'
        for name, ratio in sorted(row, key=lambda point: point[0] == "brinery"):  # ours on top
            if name in COLOURS:
                size = 7 if name == "brinery" else 5
                told = f"<title>{name}: {ratio:.2f} x</title>"
                yield f'<circle cx="{across(ratio):.1f}" cy="{up}" r="{size}" fill="{COLOURS[name]}">{told}</circle>'
    least = "median time, as a multiple of the least that the job can cost (further left is better)"
    yield f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2:.0f}" y="{bottom + 34}" text-anchor="middle">{least}</text>'
    yield "</svg>"
