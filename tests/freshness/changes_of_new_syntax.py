"""Changes in a running process of what only some Pythons have: deferred annotations, lazy imports."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

import sys

from freshness.changes import Change

_READ = "import typing\nclass T: n = 1\ndef g(a: T): pass\n@cache\ndef f(x): return typing.get_type_hints(g)['a'].n"
_LAZY = "lazy import helper\n@cache\ndef f(x): return helper.g()\n#: helper.py\nK = 1\ndef g(): return K\n"
_LAZY_NAME = "lazy from helper import g\n@cache\ndef f(x): return g()\n#: helper.py\nK = 1\ndef g(): return K\n"
_LAZY_SPARE = "lazy import helper\n@cache\ndef f(x): return helper.g() if x > 5 else 0\n#: helper.py\nK = 1\ndef g(): return K\n"

CHANGES = [
    Change("a type that a helper's annotation names gets another attribute", _READ, "T.n = 2"),
    Change("a helper's annotation is set", _READ, "class U: n = 2\ng.__annotations__['a'] = U"),
    Change("a helper's annotations are replaced", _READ, "class U: n = 2\ng.__annotations__ = {'a': U}"),
    Change("somebody asks for a helper's annotations", "def g(a: int): return a\n@cache\ndef f(x): return g(x)", "g.__annotations__", hit=True),
    Change("somebody asks for a class's annotations", "class C:\n    a: int = 1\n@cache\ndef f(x): return C.a", "C.__annotations__", hit=True),
    *([
        Change("a lazily imported module is used", _LAZY_SPARE, "helper.K", hit=True),
        Change("a lazily imported module is used and then changed", _LAZY_SPARE, "helper.K = 5", call="f(6)"),
        Change("a constant of a lazily imported module is changed", _LAZY, "helper.K = 5"),
        Change("a lazily imported module's function is replaced", _LAZY, "helper.g = lambda: 7"),
        Change("a lazily imported module's name is bound to something else", _LAZY, "class helper:\n    g = staticmethod(lambda: 7)"),
        Change("a lazily imported function's name is bound to something else", _LAZY_NAME, "g = lambda: 7"),
        Change("a constant that a lazily imported function reads is changed", _LAZY_NAME, "import sys\nsys.modules['helper'].K = 5"),
    ] if sys.version_info >= (3, 15) else []),
]
