"""A cache as a notebook shows it."""

from __future__ import annotations

from collections.abc import Sequence

from . import pieces
from .functions import of_functions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._store.records import FunctionRecord


def of_overview(
    name: str,
    place: str,
    measures: Sequence[tuple[str, str, float | None]],
    functions: Sequence[FunctionRecord],
    remark: str,
    now: float,
) -> str:
    """Where a cache is, how much is in it and what that saved, as a whole and by function."""
    parts = [pieces.line(pieces.strong(pieces.text(name)), " ", pieces.code(place))]
    if measures:
        parts.append(pieces.measures(measures))
    if functions:
        parts.append(of_functions(functions, now))
    if remark:
        parts.append(pieces.line(pieces.quiet(pieces.text(remark))))
    return pieces.block(*parts)
