"""An explanation as a notebook shows it: what each thing was, over what it is."""

from __future__ import annotations

from .._change import Change
from . import pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._explanation import Explanation


def of_explanation(explanation: Explanation) -> str:
    """Why a call hits or misses."""
    word, colour = ("hit", pieces.GOOD) if explanation.hit else ("miss", pieces.BAD)
    parts = [
        pieces.line(pieces.strong(pieces.code(explanation.function)), pieces.label(word, colour)),
        *map(_reason, explanation.reasons),
    ]
    if explanation.nearest and explanation.nearest != explanation.key:
        nearest = f"compared with the nearest entry, {pieces.code(explanation.nearest[:8])}: "
        parts.append(pieces.line(pieces.quiet(nearest + pieces.text(explanation.about)), space=".5em"))
    parts += [pieces.details(title, found) for title, found in explanation.lists()]
    return pieces.block(*parts)


def _reason(reason: str) -> str:
    """One sentence; of a change its parts."""
    if not isinstance(reason, Change):
        return pieces.line(pieces.text(reason))
    kind, _, name = reason.what.partition(" ")
    beside = ", ".join(filter(None, (reason.note, reason.where)))
    told = [pieces.quiet(pieces.text(kind)), pieces.code(name), pieces.quiet(pieces.text(beside))]
    values = pieces.change(reason.before or "?", reason.after or "?") if reason.before or reason.after else ""
    return f'<div style="margin:.45em 0">{" ".join(told)}{values}</div>'
