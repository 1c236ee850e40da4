"""Options that are set inside libraries: decimal's context, how numpy and pandas print, what numpy does on errors."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from everyday.program import needed
from freshness.edit import write_files
from freshness.many_processes import Do, Nursery

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off


class Setting(NamedTuple):
    """A program, a statement that sets an option, and one that sets it to what it was.

    Attributes:
        what: the name of the case.
        source: the files.
        sets: the statement.
        back: the other statement.
        needs: modules that it imports.
        call: what is evaluated.
        hit: whether the option makes no difference to the key.
    """

    what: str
    source: str
    sets: str
    back: str
    needs: tuple[str, ...] = ()
    call: str = "f(1)"
    hit: bool = False


_DECIMAL = "import decimal\n@cache\ndef f(x): return str(decimal.Decimal(x) / 3)"
_FROM = "from decimal import Decimal, getcontext\n@cache\ndef f(x): return str(Decimal(x) / 3 * 200000)"
_ARGUMENT = "from decimal import Decimal, getcontext\n@cache\ndef f(x): return str(x / 3)"
_HELPER = "import helper, decimal\n@cache\ndef f(x): return helper.g(x)\n#: helper.py\nimport decimal\ndef g(x): return str(decimal.Decimal(x) / 3)\n"
_ERROR = "import decimal\n@cache\ndef f(x):\n    try: return str(decimal.Decimal(x) / 0)\n    except ArithmeticError: return 'error'"
_PRINTS = "import numpy as np\n@cache\ndef f(x): return str(np.array([x / 3]))"
_INSIDE = "import numpy as outside\n@cache\ndef f(x):\n    import numpy as np\n    return str(np.array([x / 3]))"
_DIVIDES = "import numpy as np\n@cache\ndef f(x):\n    try: return str(np.array([1.0, 3.0]) / np.array([1e-300, 1.0]) / np.array([1e-300, 1.0]))\n    except FloatingPointError: return 'error'"
_FRAME = "import pandas as pd\n@cache\ndef f(x): return str(pd.DataFrame({'a': [x / 3]}))"
_SKLEARN = "import numpy as np, sklearn\nfrom sklearn.preprocessing import StandardScaler\n@cache\ndef f(x): return type(StandardScaler().fit_transform(np.array([[1.0], [2.0]]))).__name__"
_PLOT = "import matplotlib\nfrom matplotlib.lines import Line2D\n@cache\ndef f(x): return Line2D([0], [0]).get_linewidth()"
_CYCLE = "import matplotlib, matplotlib.pyplot as plt\nmatplotlib.use('agg')\nimport numpy as np\n@cache\ndef f(x): return str(list(matplotlib.rcParams['axes.prop_cycle'])[0])"
_COLOURS = "plt.rcParams['axes.prop_cycle'] = matplotlib.cycler(color=plt.cm.{}(np.linspace(0, 1, 10)))"
_FONTS = "import matplotlib\nfrom matplotlib.font_manager import FontProperties\n@cache\ndef f(x): return FontProperties().get_family(), matplotlib.rcParams['font.sans-serif'][:1]"

_PRECISION = "decimal.getcontext().prec = 6", "decimal.getcontext().prec = 28"
_PRINTING = "np.set_printoptions(precision=3)", "np.set_printoptions(precision=8)"
SETTINGS = [
    Setting("decimal: precision", _DECIMAL, *_PRECISION),
    Setting("decimal: precision, by a name that was taken from it", _FROM, "getcontext().prec = 6", "getcontext().prec = 28"),
    Setting("decimal: precision, of an argument", _ARGUMENT, "getcontext().prec = 6", "getcontext().prec = 28", call="f(Decimal(1))"),
    Setting("decimal: precision, in a helper", _HELPER, *_PRECISION),
    Setting("decimal: precision, of a global", "import decimal\nD = [decimal.Decimal(1)]\n@cache\ndef f(x): return str(D[0] / 3)", *_PRECISION),
    Setting("decimal: rounding", _FROM, "getcontext().rounding = 'ROUND_UP'", "getcontext().rounding = 'ROUND_HALF_EVEN'"),
    Setting("decimal: a trap", _ERROR, "decimal.getcontext().traps[decimal.DivisionByZero] = False", "decimal.getcontext().traps[decimal.DivisionByZero] = True"),
    Setting("decimal: another context", _DECIMAL, "decimal.setcontext(decimal.Context(prec=4))", "decimal.setcontext(decimal.Context())"),
    Setting("decimal: the case of an exponent", "import decimal\n@cache\ndef f(x): return str(decimal.Decimal(x).scaleb(50))", "decimal.getcontext().capitals = 0", "decimal.getcontext().capitals = 1"),
    Setting("decimal: what it is already", _DECIMAL, "decimal.getcontext().prec = 28", "decimal.setcontext(decimal.Context())", hit=True),
    Setting("decimal: flags, which computing sets", _DECIMAL, "decimal.Decimal(1) / 3", "decimal.getcontext().clear_flags()", hit=True),
    Setting("decimal: not reached", "import decimal\n@cache\ndef f(x): return x", *_PRECISION, hit=True),
    Setting("numpy: how it prints", _PRINTS, *_PRINTING, needs=("numpy",)),
    Setting("numpy: how it prints, imported inside", _INSIDE, "outside.set_printoptions(precision=3)", "outside.set_printoptions(precision=8)", needs=("numpy",)),
    Setting("numpy: how it prints an argument", "import numpy as np\n@cache\ndef f(x): return str(x)", *_PRINTING, needs=("numpy",), call="f(np.array([1 / 3]))"),
    Setting("numpy: how it prints an argument in a list", "import numpy as np\n@cache\ndef f(x): return str(x)", *_PRINTING, needs=("numpy",), call="f([np.array([1 / 3])])"),
    Setting("numpy: how it prints a global", "import numpy as np\nA = np.array([1 / 3])\n@cache\ndef f(x): return str(A)", *_PRINTING, needs=("numpy",)),
    Setting("numpy: a formatter", _PRINTS, "np.set_printoptions(formatter={'float': lambda x: 'mine'})", "np.set_printoptions(formatter=None)", needs=("numpy",)),
    Setting("numpy: what it does on errors", _DIVIDES, "np.seterr(over='raise')", "np.seterr(over='warn')", needs=("numpy",)),
    Setting("numpy: an errstate around", _DIVIDES, "e = np.errstate(over='raise'); e.__enter__()", "e.__exit__()", needs=("numpy",)),
    Setting("numpy: what it is already", _PRINTS, "np.set_printoptions(precision=8); np.seterr(over='warn')", "np.seterr(over='warn')", needs=("numpy",), hit=True),
    Setting("numpy: not reached", "import numpy as np\n@cache\ndef f(x): return x", *_PRINTING, needs=("numpy",), hit=True),
    Setting("scipy: what numpy does on errors", "import numpy as np, scipy.integrate\n@cache\ndef f(x):\n    try: return float(scipy.integrate.trapezoid([x * 1e308, 1e308]))\n    except FloatingPointError: return 'error'", "np.seterr(over='raise')", "np.seterr(over='warn')", needs=("numpy", "scipy")),
    Setting("pandas: precision", _FRAME, "pd.set_option('display.precision', 2)", "pd.reset_option('display.precision')", needs=("pandas",)),
    Setting("pandas: precision, by attribute", _FRAME, "pd.options.display.precision = 2", "pd.options.display.precision = 6", needs=("pandas",)),
    Setting("pandas: a context", _FRAME, "c = pd.option_context('display.precision', 2); c.__enter__()", "c.__exit__(None, None, None)", needs=("pandas",)),
    Setting("pandas: a format", _FRAME, "pd.set_option('display.float_format', '{:.1f}'.format)", "pd.reset_option('display.float_format')", needs=("pandas",)),
    Setting("pandas: a format of the user's", _FRAME, "pd.set_option('display.float_format', lambda x: 'mine')", "pd.reset_option('display.float_format')", needs=("pandas",)),
    Setting("pandas: precision, of an argument", "import pandas as pd\n@cache\ndef f(x): return x.to_string()", "pd.set_option('display.precision', 2)", "pd.reset_option('display.precision')", needs=("pandas",), call="f(pd.DataFrame({'a': [1 / 3]}))"),
    Setting("pandas: precision, of a global", "import pandas as pd\nD = pd.DataFrame({'a': [1 / 3]})\n@cache\ndef f(x): return D.to_string()", "pd.set_option('display.precision', 2)", "pd.reset_option('display.precision')", needs=("pandas",)),
    Setting("pandas: what it is already", _FRAME, "pd.set_option('display.precision', 6)", "pd.reset_option('display.precision')", needs=("pandas",), hit=True),
    Setting("scikit-learn: what transformers return", _SKLEARN, "sklearn.set_config(transform_output='pandas')", "sklearn.set_config(transform_output='default')", needs=("sklearn", "pandas")),
    Setting("matplotlib: a cycle of colours that are arrays", _CYCLE, _COLOURS.format("viridis"), "matplotlib.rcdefaults()", needs=("matplotlib",)),
    Setting("matplotlib: another cycle of colours that are arrays", _CYCLE, _COLOURS.format("viridis") + "; f(1); " + _COLOURS.format("magma"), "matplotlib.rcdefaults()", needs=("matplotlib",)),
    Setting("matplotlib: a line's width", _PLOT, "matplotlib.rcParams['lines.linewidth'] = 7", "matplotlib.rcParams['lines.linewidth'] = 1.5", needs=("matplotlib",)),
    Setting("matplotlib: an entry of a list", _FONTS, "matplotlib.rcParams['font.sans-serif'].insert(0, 'Mine')", "del matplotlib.rcParams['font.sans-serif'][0]", needs=("matplotlib",)),
    Setting("matplotlib: the backend, which drawing chooses", _PLOT, "import matplotlib.pyplot; matplotlib.use('agg')", "matplotlib.use('svg')", needs=("matplotlib",), hit=True),
]

SETTING_THEIR_OWN = [
    Setting("decimal: a local context", "import decimal\n@cache\ndef f(x):\n    with decimal.localcontext() as c:\n        c.prec = 4\n        return str(decimal.Decimal(x) / 3)", "", ""),
    Setting("decimal: precision", "import decimal\n@cache\ndef f(x):\n    decimal.getcontext().prec = 4\n    return str(decimal.Decimal(x) / 3)", "", "decimal.getcontext().prec = 28"),
    Setting("decimal: the case of an argument", "import decimal\n@cache\ndef f(x):\n    decimal.getcontext().capitals = 0\n    return str(x)", "", "decimal.getcontext().capitals = 1", call="f(decimal.Decimal('1E+50'))"),
    Setting("numpy: errors", "import numpy as np\n@cache\ndef f(x):\n    np.seterr(all='ignore')\n    return str(np.array([1.0]) / 0)", "", "np.seterr(all='warn', under='ignore')", ("numpy",)),
    Setting("numpy: errors, of an argument and a global", "import numpy as np\nA = np.array([1.0])\n@cache\ndef f(x):\n    np.seterr(all='ignore')\n    return str(x / 0 + A)", "", "np.seterr(all='warn', under='ignore')", ("numpy",), "f(np.array([1.0]))"),
    Setting("numpy: an errstate", "import numpy as np\n@cache\ndef f(x):\n    with np.errstate(all='ignore'): return str(np.array([1.0]) / 0)", "", "", ("numpy",)),
    Setting("pandas: precision", "import pandas as pd\n@cache\ndef f(x):\n    pd.set_option('display.precision', 2)\n    return str(x)", "", "pd.reset_option('display.precision')", ("pandas",), "f(pd.DataFrame({'a': [1 / 3]}))"),
    Setting("pandas: imported inside", "@cache\ndef f(x):\n    import pandas as pd\n    with pd.option_context('display.precision', 2): return str(pd.DataFrame({'a': [1 / 3]}))", "", "", ("pandas",)),
    Setting("matplotlib: drawing for the first time", "@cache\ndef f(x):\n    import matplotlib.pyplot as plt\n    figure = plt.figure()\n    plt.close(figure)\n    return len(figure.axes)", "", "", ("matplotlib",)),
]
# fmt: on


@needed(SETTINGS)
def test_an_option_of_a_library_counts(program: Setting, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """A call after it was set computes again, one after it was set back hits, and so do both in another process."""
    write_files(tmp_path, program.source)
    call = program.call
    ran = nurseries[0].run(tmp_path, call, call, Do(program.sets), call, call, Do(program.back), call)
    assert ran.values == ran.truths, "an old result was returned"
    assert (ran.truths[2] == ran.truths[1]) is program.hit, "the option does not do what this case says"
    assert ran.computed == [1, 0, int(not program.hit), 0, 0]
    other = nurseries[1].run(tmp_path, Do(program.sets), call, Do(program.back), call)
    assert other.values == other.truths, "an old result was returned in another process"
    assert other.computed == [0, 0]


@needed(SETTING_THEIR_OWN)
def test_a_function_may_set_options_for_itself(program: Setting, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """Its result is stored, without a warning, under the options that were set when it was called."""
    write_files(tmp_path, program.source)
    ran = nurseries[0].run(tmp_path, program.call, Do(program.back or "pass"), program.call)
    assert ran.values == ran.truths
    assert ran.warnings == []
    assert ran.computed == [1, 0]
    assert nurseries[1].run(tmp_path, program.call).computed == [0]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import polars as pl\n@cache\ndef f(x): return pl.DataFrame({'a': [x]}).height", "polars.Config"),
        ("import locale\n@cache\ndef f(x): return locale.format_string('%d', x)", "locale.format_string (environment)"),
        ("import warnings\n@cache\ndef f(x): return warnings.warn('x')", "warnings.warn (environment)"),
    ],
)
def test_explain_tells_of_options_that_are_not_followed(
    source: str, told: str, tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """A function that goes by such options has a sentence that says how they are set."""
    if "polars" in source:
        pytest.importorskip("polars")
    write_files(tmp_path, source)
    (value,) = nurseries[0].run(tmp_path, "str(f.explain(1))").values
    assert told in value


def test_explain_names_the_option_that_was_set(tmp_path: Path, nurseries: list[Nursery]) -> None:
    """The sentence has the option's name, and what it is now."""
    write_files(tmp_path, "import decimal\n@cache\ndef f(x): return str(decimal.Decimal(x) / 3)")
    *_, value = (
        nurseries[0]
        .run(tmp_path, "f(1)", Do("decimal.getcontext().prec = 6"), "'setting decimal.prec' in str(f.explain(1))")
        .values
    )
    assert value == "True"
