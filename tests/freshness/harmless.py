"""Edits that change nothing that a call could see: the stored result must be found again."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from freshness.edit import Edit

_BASE = """
    import os, sys
    K = 1
    def g(x):
        y = x + K
        return y
    class C:
        a = 1
        def run(self): return self.a
    @cache
    def f(x):
        z = g(x) + C().run()
        return z
    """


def _edit(what: str, change: dict[str, str], before: str = _BASE, call: str = "f(1)") -> Edit:
    return Edit(what, before, change, call, hit=True)


_OTHERS = """
    from helper import g
    @cache
    def f(x): return g(x)
    """.replace("\n    ", "\n")
_INSIDE = "@cache\ndef f(x):\n    from helper import g\n    return g(x)\n"
_HELPER = "#: helper.py\nimport math\nK = 1\ndef g(x): return x + K\ndef unused(): return 1\n"

EDITS = [
    _edit("a comment above", {"@cache": "# said above\n    @cache"}),
    _edit("a comment inside", {"        z =": "        # said inside\n        z ="}),
    _edit("a comment at the end of a line", {"return z": "return z  # said"}),
    _edit("a comment in a helper", {"        y =": "        # said\n        y ="}),
    _edit("a comment in a class", {"        a = 1": "        # said\n        a = 1"}),
    _edit("blank lines", {"        return z": "\n\n        return z", "    def g": "\n\n    def g"}),
    _edit("a docstring that is written", {"        z =": "        'what it does'\n        z ="}),
    _edit("a docstring of a helper", {"        y =": "        'what it does'\n        y ="}),
    _edit("a docstring of a class", {"        a = 1": "        'what it is'\n        a = 1"}),
    _edit("a docstring of a method", {"self): return self.a": "self):\n            'what it does'\n            return self.a"}),
    _edit("a docstring of the module", {"\n    import os": "\n    'what it is'\n    import os"}),
    _edit("a docstring that is changed", {"one": "two"}, "@cache\ndef f(x):\n    'one'\n    return x"),
    _edit("a docstring of a nested function", {"one": "two"}, "@cache\ndef f(x):\n    def g():\n        'one'\n        return x\n    return g()"),
    _edit("the docstring of a generator", {"one": "two"}, "def g(x):\n    'one'\n    yield x\n@cache\ndef f(x): return list(g(x))"),
    _edit("parentheses", {"z = g(x) + C().run()": "z = (g(x) + (C().run()))"}),
    _edit("a line that is broken", {"z = g(x) + C().run()": "z = (\n            g(x)\n            + C().run()\n        )"}),
    _edit("deeper indentation", {"        z = g(x) + C().run()\n        return z": "            z = g(x) + C().run()\n            return z"}),
    _edit("quotes of another kind", {'"one"': "'one'"}, '@cache\ndef f(x): return "one"'),
    _edit("a number written otherwise", {"1000": "1_000"}, "@cache\ndef f(x): return x + 1000"),
    _edit("a string written in two pieces", {"'ab'": "'a' 'b'"}, "@cache\ndef f(x): return 'ab'"),
    _edit("statements on one line", {"\n    y = x\n    z = y": "\n    y = x; z = y"}, "@cache\ndef f(x):\n    y = x\n    z = y\n    return z"),
    _edit("a trailing comma", {"(1, 2)": "(1, 2,)"}, "@cache\ndef f(x): return max((1, 2))"),
    _edit("an if over several lines", {"if x and g(x):": "if (\n        x\n        and g(x)\n    ):"}, "def g(x): return x\n@cache\ndef f(x):\n    if x and g(x):\n        return 1\n    return 2"),
    _edit("a try over several lines", {"g(x, 1)": "g(\n            x,\n            1,\n        )"}, "def g(*a): return a\n@cache\ndef f(x):\n    try:\n        return g(x, 1)\n    finally:\n        pass"),
    _edit("a with over several lines", {"with c(1) as y, c(2) as z:": "with (\n        c(1) as y,\n        c(2) as z,\n    ):"}, "from contextlib import nullcontext as c\n@cache\ndef f(x):\n    with c(1) as y, c(2) as z:\n        return y + z"),
    _edit("line endings", {"    y = x\n": "    y = x\r\n"}, "@cache\ndef f(x):\n    y = x\n    return y\n"),
    _edit("annotations of the function", {"def f(x):": "def f(x: int) -> int:"}),
    _edit("annotations of a helper", {"def g(x):": "def g(x: int) -> int:"}),
    _edit("annotations of a method", {"def run(self)": "def run(self) -> int"}),
    _edit("an annotation of a local variable", {"z = g(x)": "z: int = g(x)"}),
    _edit("annotations of a nested function", {"g(y)": "g(y: int) -> int"}, "@cache\ndef f(x):\n    def g(y): return y\n    return g(x)"),
    _edit("annotations that become text", {"from brinery": "from __future__ import annotations\nfrom brinery"}, "from brinery import cache\n@cache\ndef f(x: int): return x"),
    _edit("a pass that is not needed", {"        return z": "        pass\n        return z"}),
    _edit("an import that is not used", {"import os, sys": "import os, sys, json"}),
    _edit("the order of imports", {"import os, sys": "import sys\n    import os"}),
    _edit("a global that is not used", {"K = 1": "K = 1\n    L = 5"}),
    _edit("a function that is not used", {"    def g": "    def unused(): return 5\n    def g"}),
    _edit("a class that is not used", {"    def g": "    class Unused: a = 5\n    def g"}),
    _edit("another cached function", {"    @cache\n": "    @cache\n    def other(x): return x * 5\n    @cache\n"}, call="f(1)")._replace(before=_BASE),
    _edit("code for the command line", {"        return z": "        return z\n    if __name__ == '__main__':\n        print(f(5))"}),
    _edit("the order of definitions", {"    K = 1\n": "", "    @cache": "    K = 1\n    @cache"}),
    _edit("where in the file the function is", {"    @cache\n    def f(x):\n        z = g(x) + C().run()\n        return z\n": "", "    K = 1": "    @cache\n    def f(x):\n        z = g(x) + C().run()\n        return z\n    K = 1"}),
    _edit("the order of methods", {"        a = 1\n        def run(self): return self.a": "        def run(self): return self.a\n        a = 1"}),
    _edit("an equal constant written otherwise", {"K = 1": "K = 2 - 1"}),
    _edit("an equal list written otherwise", {"[1, 2]": "list(range(1, 3))"}, "K = [1, 2]\n@cache\ndef f(x): return K"),
    _edit("an equal dict made in another way", {"{'a': 1}": "dict(a=1)"}, "K = {'a': 1}\n@cache\ndef f(x): return K"),
    _edit("the order of a set", {"{'a', 'b', 'c'}": "{'c', 'b', 'a'}"}, "K = {'a', 'b', 'c'}\n@cache\ndef f(x): return sorted(K)"),
    _edit("type: ignore", {"return z": "return z  # type: ignore"}),
    _edit("a comment in another module", {"K = 1": "# said\nK = 1"}, _OTHERS + _HELPER),
    _edit("a function that is not used in another module", {"return 1": "return 2"}, _OTHERS + _HELPER),
    _edit("an import that is not used in another module", {"import math": "import math, json"}, _OTHERS + _HELPER),
    _edit("a global that is not used in another module", {"K = 1": "K = 1\nL = 5"}, _OTHERS + _HELPER),
    _edit("a comment in a module imported inside", {"K = 1": "# said\nK = 1"}, _INSIDE + _HELPER),
    _edit("a docstring in a module imported inside", {"import math": "'what it is'\nimport math"}, _INSIDE + _HELPER),
    _edit("that a module imported inside is imported above as well", {"@cache": "import helper\n@cache"}, _INSIDE + _HELPER),
    _edit("that a module imported inside is no longer imported above", {"import helper\n@cache": "@cache"}, "import helper\n" + _INSIDE + _HELPER),
    _edit("that a class imported inside is imported above as well", {"@cache": "import helper\n@cache"}, "@cache\ndef f(x):\n    from helper import C\n    return C().run()\n#: helper.py\nclass C:\n    def run(self): return 1\n"),
    _edit("that a library imported inside is imported above as well", {"@cache": "import numpy\n@cache"}, "@cache\ndef f(x):\n    import numpy as np\n    return int(np.arange(3).sum())"),
    _edit("that a module of the standard library is imported above as well", {"@cache": "import colorsys\n@cache"}, "@cache\ndef f(x):\n    import colorsys\n    return colorsys.rgb_to_hsv(1, 1, 1)"),
    _edit("that a function of the standard library is imported above as well", {"@cache": "import colorsys\n@cache"}, "@cache\ndef f(x):\n    from colorsys import rgb_to_hsv\n    return rgb_to_hsv(1, 1, 1)"),
    _edit("another attribute of a module that is used", {"L = 1": "L = 2"}, "import helper\n@cache\ndef f(x): return helper.K\n#: helper.py\nK = 1\nL = 1\n"),
    _edit("another module of a package", {"return 1": "return 2"}, "from pkg import a\n@cache\ndef f(x): return a.g(x)\n#: pkg/__init__.py\n\n#: pkg/a.py\ndef g(x): return x\n#: pkg/b.py\ndef g(x): return 1\n"),
    _edit("a file that nobody imports", {"return 1": "return 2"}, "@cache\ndef f(x): return x\n#: other.py\ndef g(x): return 1\n"),
    _edit("a comment beside two lambdas on a line", {"x + 5": "x + 5  # said"}, "f, g = cache(lambda x: x + 1), lambda x: x + 5"),
    _edit("a bare object that stands for no argument", {"# here": "\n\n"}, "_MISSING = object()\n# here\n@cache\ndef f(x, y=_MISSING): return y is _MISSING"),
    _edit("a lock that is only used", {"# here": "\n"}, "import threading\nLOCK = threading.Lock()\n# here\n@cache\ndef f(x):\n    with LOCK: return x"),
    _edit("a logger that is only used", {"# here": "\n"}, "import logging\nlog = logging.getLogger('a')\n# here\n@cache\ndef f(x):\n    log.debug('run')\n    return x"),
    _edit("a helper under lru_cache that has been used", {"# here": "g(5)"}, "from functools import lru_cache\n@lru_cache\ndef g(x): return x\n# here\n@cache\ndef f(x): return g(x)"),
    _edit("a cached helper that has been called", {"# here": "g(5)"}, "@cache\ndef g(x): return x\n# here\n@cache\ndef h(x): return g(x)\nf = None", "h(1)"),
    _edit("what follow=own leaves out", {"return x\n": "return x * 1\n"}, "def g(x): return x\n@cache(follow='own')\ndef f(x): return g(x)"),
    _edit("a global that is ignored", {"K = 1": "K = 2"}, "K = 1\n@cache(ignore=['.K'])\ndef f(x): return x if K else None"),
    _edit("a global of another module that is ignored", {"K = 1": "K = 2"}, "import helper\n@cache(ignore=['helper.K'])\ndef f(x): return x if helper.K else None\n#: helper.py\nK = 1\n"),
    _edit("an attribute of a class that only a name uses", {"'C'": "'D'"}, "class D: pass\nCLASSES = {'C': 1}\n@cache\ndef f(x): return x"),
    _edit("the class of nothing that is reached", {"return 5": "return 6"}, "class C:\n    def run(self): return 5\nc = C()\n@cache\ndef f(x): return x"),
    _edit("a comment in a dataclass", {"    b": "    # said\n    b"}, "from dataclasses import dataclass\n@dataclass\nclass C:\n    a: int = 1\n    b: int = 2\n@cache\ndef f(x): return C().a"),
    _edit("the docstring of an enumeration's module", {"\nfrom enum": "\n'what it is'\nfrom enum"}, "\nfrom enum import Enum\nclass C(Enum): A = 1\n@cache\ndef f(x): return C.A.value"),
    _edit("a comment in an abstract class", {"    def n": "    # said\n    def n"}, "from abc import ABC\nclass B(ABC):\n    def n(self): return 1\n@cache\ndef f(x): return B().n()"),
    _edit("a comment in a pydantic model", {"    a:": "    # said\n    a:"}, "from pydantic import BaseModel\nclass C(BaseModel):\n    a: int = 1\n@cache\ndef f(x): return C().a"),
    _edit("a comment in an attrs class", {"    a:": "    # said\n    a:"}, "import attrs\n@attrs.define\nclass C:\n    a: int = 1\n@cache\ndef f(x): return C().a"),
    _edit("a comment in a generic class", {"    def run": "    # said\n    def run"}, "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass C(Generic[T]):\n    def run(self): return 1\n@cache\ndef f(x): return C[int]().run()"),
    _edit("an assertion's layout", {"assert x, 'a'": "assert (\n        x\n    ), 'a'"}, "@cache\ndef f(x):\n    assert x, 'a'\n    return x"),
    _edit("a name of a type that is only imported for annotations", {"def g(x)": "def g(x: Decimal)", "# here": "from decimal import Decimal"}, "# here\ndef g(x): return x\n@cache\ndef f(x): return g(x)"),
    _edit("a variable of the environment that is not read", {"# here": "import os\nos.environ['OF_NO_USE'] = '1'"}, "from os import environ\n# here\n@cache\ndef f(x): return environ.get('HOME') and x"),
    _edit("the name under which a library is imported", {"# here": "import numpy"}, "import numpy as np\n# here\n@cache\ndef f(x): return int(np.arange(3).sum())"),
]
