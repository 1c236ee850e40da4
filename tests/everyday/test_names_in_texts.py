"""Names in texts that a library looks up in the caller's frame: what they mean counts."""

from __future__ import annotations

from pathlib import Path

from freshness.edit import Edit, check_edit, edit_cases
from freshness.many_processes import Nursery


def _text(needs: str, what: str, text: str, use: str, *, hit: bool = False) -> Edit:
    before = f"{text}\n@cache\ndef f(x): return {use}\n"
    return Edit(f"{needs}: {what}", before, {"= 10": "= 20"}, hit=hit, needs=tuple(needs.split()))


# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
_PANDAS = "import pandas as pd\nLIMIT = 10\nD = pd.DataFrame({'a': [5, 15, 25]})\n"
EDITS = [
    _text("pandas", "query", _PANDAS, "len(D.query('a > @LIMIT'))"),
    _text("pandas", "a query among others", _PANDAS, "len(D.query('a > @LIMIT and a < 1000'))"),
    _text("pandas", "eval", _PANDAS, "int(D.eval('a + @LIMIT').sum())"),
    _text("pandas", "eval of the library", _PANDAS, "int(pd.eval('D.a + LIMIT').sum())"),
    _text("pandas", "a query that is put together", _PANDAS, "len(D.query(f'a > @LIMIT and a < {1000}'))"),
    _text("pandas", "a query in a global", _PANDAS + "Q = 'a > @LIMIT'\n", "len(D.query(Q))"),
    _text("pandas", "a query in a helper", _PANDAS + "def h(d): return d.query('a > @LIMIT')\n", "len(h(D))"),
    _text("pandas", "a query that calls a function", _PANDAS + "def limit(): return LIMIT\n", "len(D.query('a > @limit()'))"),
    _text("pandas", "a column with the name of a global", "import pandas as pd\na = 10\nD = pd.DataFrame({'a': [5, 15, 25]})\n", "len(D.query('a > 7'))", hit=True),
    _text("duckdb pandas", "sql", "import duckdb, pandas as pd\nn = 10\ndf = pd.DataFrame({'a': [n]})\n", "duckdb.sql('select * from df').fetchall()"),
    _text("duckdb pandas", "query", "import duckdb, pandas as pd\nn = 10\ndf = pd.DataFrame({'a': [n]})\n", "duckdb.query('select sum(a) from df').fetchall()"),
    _text("polars", "sql", "import polars as pl\nn = 10\ndf = pl.DataFrame({'a': [n]})\n", "pl.sql('select * from df').collect().rows()"),
    _text("polars", "SQLContext", "import polars as pl\nn = 10\ndf = pl.DataFrame({'a': [n]})\n", "pl.SQLContext.execute_global('select * from df').collect().rows()"),
    _text("numexpr numpy", "evaluate", "import numexpr as ne, numpy as np\nn = 10\nA = np.array([n])\n", "ne.evaluate('A + 1').tolist()"),
    _text("patsy pandas", "a formula", "import patsy, pandas as pd\nn = 10\nD = pd.DataFrame({'a': [1., 2.]})\ndef shift(v): return v + n\n", "float(patsy.dmatrix('shift(a)', D).sum())"),
    _text("builtins", "eval", "X = 10\n", "eval('X + 1')"),
    _text("builtins", "globals", "X = 10\n", "globals()['X']"),
    _text("sys", "a frame", "import sys\nX = 10\n", "sys._getframe().f_globals['X']"),
    _text("inspect", "a frame", "import inspect\nX = 10\n", "inspect.currentframe().f_globals['X']"),
    _text("builtins", "a text that nothing looks up", "X = 10\n", "'the X is here'", hit=True),
]
# fmt: on


@edit_cases(EDITS)
def test_an_edit_of_what_a_text_names_is_noticed(edit: Edit, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """The same program hits in another process; what a name in a text means is edited, and the function runs again."""
    check_edit(edit, tmp_path, nurseries)
