"""Arguments of libraries' classes that a function can tell apart have two keys."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from everyday.program import needed
from freshness.edit import write_files
from freshness.many_processes import Nursery


class Pair(NamedTuple):
    """Two arguments that a function tells apart, though they are equal or look so.

    Attributes:
        what: the name of the case.
        made: statements that make what the calls use.
        ask: what a function that is called with `x` returns.
        left: the one argument.
        right: the other one.
        needs: modules that are imported.
    """

    what: str
    made: str
    ask: str
    left: str
    right: str
    needs: tuple[str, ...] = ()


_NOTED = "def noted(value, note):\n    value.note = note\n    return value\n"
# fmt: off
PAIRS = [
    Pair("rows that are one list", "import copy\ndef written(x):\n    x = copy.deepcopy(x)\n    x[0][0] = 9\n    return x", "written(x)", "[[0] * 2] * 2", "[[0] * 2 for _ in range(2)]"),
    Pair("one object in two places", "class Config: pass\ndef jobs(a, b): return [{'config': a}, {'config': b}]\nONE, OTHER = Config(), Config()", "x[0]['config'] is x[1]['config']", "jobs(ONE, ONE)", "jobs(ONE, OTHER)"),
    Pair("one array in two places", "import numpy as np\nONE, OTHER = np.zeros(3), np.zeros(3)", "x[0] is x[1]", "(ONE, ONE)", "(ONE, OTHER)", ("numpy",)),
    Pair("one frame in two places", "import pandas as pd\nONE = pd.DataFrame({'a': [1]})", "x['raw'] is x['clean']", "{'raw': ONE, 'clean': ONE}", "{'raw': ONE, 'clean': ONE.copy()}", ("pandas",)),
    Pair("one list in a dataclass and beside it", "from dataclasses import dataclass\n@dataclass\nclass D: a: object\nONE = [1]", "x[0].a is x[1]", "(D(ONE), ONE)", "(D(ONE), [1])"),
    Pair("one record in two tables", "ROW = {'n': 1}", "x['first'][0] is x['last'][0]", "{'first': [ROW], 'last': [ROW]}", "{'first': [ROW], 'last': [dict(ROW)]}"),
    Pair("memory order of an array", "import numpy as np", "x.ravel('K').tolist()", "np.array([[1, 2], [3, 4]])", "np.array([[1, 2], [3, 4]], order='F')", ("numpy",)),
    Pair("memory order of an array in a dataclass", "import numpy as np\nfrom dataclasses import dataclass\n@dataclass\nclass D: a: object", "x.a.flags.c_contiguous", "D(np.zeros((2, 2)))", "D(np.zeros((2, 2), order='F'))", ("numpy",)),
    Pair("what is under a mask", "import numpy as np", "x.data.tolist()", "np.ma.array([1, 2], mask=[0, 1])", "np.ma.array([1, 9], mask=[0, 1])", ("numpy",)),
    Pair("an attribute of one's own array", "import numpy as np\nclass A(np.ndarray): pass\n" + _NOTED, "x.note", "noted(np.zeros(2).view(A), 1)", "noted(np.zeros(2).view(A), 2)", ("numpy",)),
    Pair("an attribute of one's own sparse array", "import scipy.sparse as sp\nclass A(sp.csr_array): pass\n" + _NOTED, "x.note", "noted(A((2, 2)), 1)", "noted(A((2, 2)), 2)", ("scipy",)),
    Pair("an attribute of one's own frame", "import pandas as pd\nclass A(pd.DataFrame):\n    _metadata = ['note']\n" + _NOTED, "x.note", "noted(A({'a': [1]}), 1)", "noted(A({'a': [1]}), 2)", ("pandas",)),
    Pair("attrs of a series", "import pandas as pd\ndef noted(value, note):\n    value.attrs['note'] = note\n    return value\n", "x.attrs['note']", "noted(pd.Series([1]), 1)", "noted(pd.Series([1]), 2)", ("pandas",)),
    Pair("the zone of a column", "import pandas as pd", "str(x.dt.tz)", "pd.Series(pd.to_datetime(['2020-01-01']).tz_localize('UTC'))", "pd.Series(pd.to_datetime(['2020-01-01']).tz_localize('Europe/London'))", ("pandas",)),
    Pair("the order of categories", "import pandas as pd", "list(x.cat.categories)", "pd.Series(['a'], dtype=pd.CategoricalDtype(['a', 'b']))", "pd.Series(['a'], dtype=pd.CategoricalDtype(['b', 'a']))", ("pandas",)),
    Pair("flags of a frame", "import pandas as pd", "x.flags.allows_duplicate_labels", "pd.DataFrame({'a': [1]})", "pd.DataFrame({'a': [1]}).set_flags(allows_duplicate_labels=False)", ("pandas",)),
    Pair("an attribute of a frame of polars", "import polars as pl\n" + _NOTED, "x.note", "noted(pl.DataFrame({'a': [1]}), 1)", "noted(pl.DataFrame({'a': [1]}), 2)", ("polars",)),
    Pair("an attribute of one's own frame of polars", "import polars as pl\nclass A(pl.DataFrame): pass\n" + _NOTED, "x.note", "noted(A({'a': [1]}), 1)", "noted(A({'a': [1]}), 2)", ("polars",)),
    Pair("an attribute of a series of polars", "import polars as pl\n" + _NOTED, "x.note", "noted(pl.Series('a', [1]), 1)", "noted(pl.Series('a', [1]), 2)", ("polars",)),
    Pair("a slot of one's own dataset", "import xarray as xr\nclass A(xr.Dataset): __slots__ = ('note',)\n" + _NOTED, "x.note", "noted(A({'a': 1}), 1)", "noted(A({'a': 1}), 2)", ("xarray",)),
    Pair("a slot of one's own data array", "import xarray as xr\nclass A(xr.DataArray): __slots__ = ('note',)\n" + _NOTED, "x.note", "noted(A([1]), 1)", "noted(A([1]), 2)", ("xarray",)),
    Pair("an attribute of a struct with a dict", "import msgspec\nclass A(msgspec.Struct, dict=True): a: int = 1\n" + _NOTED, "x.note", "noted(A(), 1)", "noted(A(), 2)", ("msgspec",)),
    Pair("fields of a model that were set", "from pydantic import BaseModel\nclass A(BaseModel): a: int = 1", "x.model_fields_set", "A()", "A(a=1)", ("pydantic",)),
    Pair("a private attribute of a model", "from pydantic import BaseModel, PrivateAttr\nclass A(BaseModel):\n    _note: int = PrivateAttr(0)\ndef noted(value, note):\n    value._note = note\n    return value\n", "x._note", "noted(A(), 1)", "noted(A(), 2)", ("pydantic",)),
    Pair("the scale of a quantized tensor", "import torch", "x.q_scale()", "torch.quantize_per_tensor(torch.tensor([1.0]), 0.5, 0, torch.qint8)", "torch.quantize_per_tensor(torch.tensor([1.0]), 0.25, 0, torch.qint8)", ("torch",)),
    Pair("the scales of a tensor quantized by channel", "import torch\ndef q(*scales): return torch.quantize_per_channel(torch.ones(2, 2), torch.tensor(scales), torch.zeros(2), 0, torch.qint8)", "x.q_per_channel_scales().tolist()", "q(0.5, 0.25)", "q(0.25, 0.5)", ("torch",)),
    Pair("functions of sympy by what is assumed of them", "import sympy", "x(sympy.Symbol('s')).is_real", "sympy.Function('G')", "sympy.Function('G', real=True)", ("sympy",)),
    Pair("memory order of a tensor", "import torch", "x.is_contiguous()", "torch.zeros(2, 2)", "torch.zeros(2, 2).t()", ("torch",)),
]
# fmt: on


@needed(PAIRS)
def test_what_a_function_tells_apart_is_keyed_apart(program: Pair, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """Each gets its own result, found again by an equal argument, in another process too."""
    write_files(tmp_path, f"from brinery import cache\n{program.made}\n@cache\ndef f(x): return {program.ask}\n")
    calls = f"f({program.left})", f"f({program.right})"
    ran = nurseries[0].run(tmp_path, *calls, *calls)
    assert ran.values == ran.truths
    assert ran.truths[0] != ran.truths[1], "the function does not tell them apart"
    assert ran.computed == [1, 1, 0, 0]
    assert ran.warnings == []
    again = nurseries[1].run(tmp_path, *calls)
    assert again.values == ran.values[:2]
    assert again.computed == [0, 0]
