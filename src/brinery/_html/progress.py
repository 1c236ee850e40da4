"""How far something long has come, as a notebook shows it."""

from __future__ import annotations

from . import pieces


def of_progress(what: str, done: int, total: int | None) -> str:
    """One line, and a bar below."""
    told = pieces.code(what) + " " + pieces.quiet(pieces.text(f"{done}" if total is None else f"{done} of {total}"))
    if total is None:
        return pieces.block(pieces.line(told))
    return pieces.block(pieces.line(told), pieces.bar(done / total if total else 0.0))
