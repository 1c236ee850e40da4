"""Names in texts that a library looks up in the caller's frame, such as ``df.query("a > @LIMIT")`` and SQL over frames.

A text is a constant of the code, or a global that it reads. Whatever word in it is a global of the module counts as if
the code read it: a column of that name costs a needless computation at most.
"""

from __future__ import annotations

from ..._light import NamedTuple
from .compiled import names_in, nested_codes
from .reads import Read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import CodeType
    from typing import Any

# Methods and functions that take such a text, whatever they belong to.
_MARKED = {"eval", "query"}  # pandas: names after an @
_SQL = {"execute", "execute_global", "executemany", "from_query", "query", "register_globals", "sql"}  # DuckDB, Polars
_EXPRESSIONS = {
    "eval", "evaluate",  # pandas, numexpr
    "dmatrices", "dmatrix", "from_formula", "model_matrix",  # patsy, formulaic
    "gee", "glm", "gls", "logit", "mixedlm", "mnlogit", "negativebinomial", "ols", "phreg", "poisson", "probit",
    "quantreg", "rlm", "wls",  # statsmodels
}  # fmt: skip
_FRAMES = {"f_builtins", "f_globals"}
_LONGEST = 100_000


class Texts(NamedTuple):
    """What a code object may hand to such functions; ``ways`` is empty for nearly all code."""

    ways: frozenset[str] = frozenset()
    constants: tuple[str, ...] = ()
    looks_at_frames: bool = False


def texts_in(code: CodeType) -> Texts:
    """Say which functions a code object names that look names up in texts, and which texts it holds."""
    names = names_in(code)
    ways = names & (_MARKED | _SQL | _EXPRESSIONS)
    return Texts(ways, tuple(constants_in(code)) if ways else (), not names.isdisjoint(_FRAMES))


def constants_in(code: CodeType) -> Iterator[str]:
    """List the texts that the code and its nested code hold."""
    yield from (value for value in code.co_consts if type(value) is str)
    for nested in nested_codes(code):
        yield from constants_in(nested)


def reads_in_texts(texts: Texts, reads: Iterable[Read], space: Mapping[str, Any]) -> list[Read]:
    """List the globals that stand in the texts of some code, in a lasting order."""
    read = [space.get(one.chain[0]) for one in reads if one.kind == "global" and len(one.chain) == 1]
    found = [text for text in read if type(text) is str]
    words = {word for text in (*texts.constants, *found) for word in _words(text[:_LONGEST], texts.ways)}
    return [Read("global", (word,)) for word in sorted(words) if word in space]


def _words(text: str, ways: frozenset[str]) -> set[str]:
    import re

    words = set(re.findall(r"@\s*([^\W\d]\w*)", text)) if ways & _MARKED else set()
    is_sql = ways & _SQL and re.search(r"\b(from|join|table|describe|summarize)\b", text, re.IGNORECASE)
    if is_sql or ways & _EXPRESSIONS:
        words.update(re.findall(r"[^\W\d]\w*", text))
    return words
