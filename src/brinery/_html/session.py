"""How a program fared, as a notebook shows it."""

from __future__ import annotations

from . import pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._session import Session


def of_session(session: Session) -> str:
    """Lay out a row for each function, and all of it in a sentence below."""
    titles, rows = session.rows()
    cells = [[pieces.code(row[0]), *map(pieces.text, row[1:])] for row in rows]
    table = pieces.table(titles, cells, (False, True, True, True, False))
    return pieces.block(table, pieces.line(pieces.quiet(pieces.text(session.sum()))))
