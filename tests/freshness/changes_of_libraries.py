"""Changes that a running process makes to installed code, and to what contexts and references lead to."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from freshness.changes import Change

_A = "import weakref\nclass A: n = 1\na = A()\n"
_PATCH = "from unittest import mock; mock.patch.object"
_LIMIT = "fractions.Fraction.limit_denominator = lambda self, n: 'mine'"

CHANGES = [
    Change("a method of an instance's class of the standard library is patched", "import argparse\nP = argparse.ArgumentParser('a')\n@cache\ndef f(x): return P.format_usage()", "argparse.ArgumentParser.format_usage = lambda self: 'mine'"),
    Change("a method of an argument's class of the standard library is patched", "import fractions\n@cache\ndef f(x): return x.limit_denominator(5)", _LIMIT, "f(fractions.Fraction('0.333'))"),
    Change("a method of the class of something in an argument is patched", "import fractions\n@cache\ndef f(x): return x[0].limit_denominator(5)", _LIMIT, "f([fractions.Fraction('0.333')])"),
    Change("a method of the base of an argument's class is patched", "import fractions\nclass F(fractions.Fraction): pass\n@cache\ndef f(x): return x.limit_denominator(5)", _LIMIT, "f(F('0.333'))"),
    Change("a method is patched that no code names", "import fractions\nF = fractions.Fraction('0.333')\n@cache\ndef f(x): return str(F)", "fractions.Fraction.__str__ = lambda self: 'mine'"),
    Change("a method is patched that no code names, of an argument", "import fractions\n@cache\ndef f(x): return str(x)", "fractions.Fraction.__str__ = lambda self: 'mine'", "f(fractions.Fraction('0.333'))"),
    Change("a method of an argument's class is put there", "from collections import Counter\n@cache\ndef f(x): return x.mine() if hasattr(x, 'mine') else 0", "Counter.mine = lambda self: 5", "f(Counter())"),
    Change("a method of a path is patched", "from pathlib import Path\nP = Path('a')\n@cache\ndef f(x): return P.exists()", f"{_PATCH}(Path, 'exists', lambda self: 'mine').start()"),
    Change("a method of a path that is an argument is patched", "from pathlib import Path\n@cache\ndef f(x): return x.exists()", f"{_PATCH}(Path, 'exists', lambda self: 'mine').start()", "f(Path('a'))"),
    Change("a method of an installed class is patched, seen by an instance", "import pandas as pd\nD = pd.Series([1])\n@cache\ndef f(x): return str(D.sum())", f"{_PATCH}(pd.Series, 'sum', lambda self: 'mine').start()"),
    Change("a method of an installed class is patched, seen by an argument", "import pandas as pd\nD = pd.Series([1])\n@cache\ndef f(x): return str(x.sum())", f"{_PATCH}(pd.Series, 'sum', lambda self: 'mine').start()", "f(D)"),
    Change("a method of an installed base is patched, seen by an argument", "import pandas as pd\nD = pd.Series([1])\n@cache\ndef f(x): return str(x.head())", "import pandas.core.generic as g; g.NDFrame.head = lambda self: 'mine'", "f(D)"),
    Change("a method is patched by a mock that returns something", "import fractions\nF = fractions.Fraction('0.333')\n@cache\ndef f(x): return F.limit_denominator(5)", f"{_PATCH}(fractions.Fraction, 'limit_denominator', return_value=3).start()"),
    Change("a number in a class of a library is set", "import argparse\nargparse.Action.limit = 1\n@cache\ndef f(x): return argparse.Action.limit", "argparse.Action.limit = 2"),
    Change("a number in a class of a library is set to an equal one", "from argparse import Action\nAction.limit = 2\n@cache\ndef f(x): return Action.limit", "Action.limit = 2.0"),
    Change("a text of a library's class is set", "import string\n@cache\ndef f(x): return string.Template.delimiter", "string.Template.delimiter = '%'"),
    Change("a number in a module of a library is set", "import calendar\n@cache\ndef f(x): return calendar.EPOCH", "calendar.EPOCH = 5"),
    Change("a short table of the standard library is changed", "import calendar\n@cache\ndef f(x): return list(calendar.mdays)", "calendar.mdays[1] = 99"),
    Change("a function is put into a table of the standard library", "import mimetypes\n@cache\ndef f(x): return mimetypes.types_map.get('.mine', lambda: 0)()", "mimetypes.types_map['.mine'] = lambda: 5"),
    Change("the class behind a weak reference is changed", _A + "r = weakref.ref(a)\n@cache\ndef f(x): return r().n", "A.n = 5"),
    Change("what a weak reference leads to goes away", _A + "r = weakref.ref(a)\n@cache\ndef f(x): return r() is None", "del a"),
    Change("something is put into a mapping of weak references", _A + "r = weakref.WeakValueDictionary()\n@cache\ndef f(x): return len(r)", "r['a'] = a"),
    Change("a context variable is set", "from contextvars import ContextVar\nV = ContextVar('V', default=1)\n@cache\ndef f(x): return V.get()", "V.set(5)"),
    Change("a context variable that a class holds is set", "from contextvars import ContextVar\nclass S: v = ContextVar('V', default=1)\n@cache\ndef f(x): return S.v.get()", "S.v.set(5)"),
    Change("a context variable of another module is set", "import helper\n@cache\ndef f(x): return helper.get()\n#: helper.py\nfrom contextvars import ContextVar\nV = ContextVar('V', default=1)\ndef get(): return V.get()\n", "helper.V.set(5)"),
    Change("an attribute of thread-local data is set", "import threading\nL = threading.local()\nL.a = 1\n@cache\ndef f(x): return L.a", "L.a = 5"),
    Change("a builtin class is registered with an abstract base", "from abc import ABC\nclass B(ABC): pass\n@cache\ndef f(x): return isinstance(5, B)", "B.register(int)"),
    Change("a constant of an enumeration is set", "from enum import Enum\nclass C(Enum):\n    A = 1\nC.K = 3\n@cache\ndef f(x): return C.K", "C.K = 4"),
    Change("an attribute of a member of an enumeration is set", "from enum import Enum\nclass C(Enum):\n    A = 1\nC.A.extra = 3\n@cache\ndef f(x): return C.A.extra", "C.A.extra = 4"),
    Change("a type that an annotation names in text is redefined", "from typing import get_type_hints\nclass T: n = 1\nclass C:\n    a: 'T'\n@cache\ndef f(x): return get_type_hints(C)['a'].n", "class T: n = 2"),
    Change("the docstring of an argument is changed", "def g(): 'a'\n@cache\ndef f(x): return x.__doc__", "g.__doc__ = 'b'", "f(g)"),
    Change("a subclass of an argument comes to be", "class A: pass\n@cache\ndef f(x): return len(x.__subclasses__())", "class B(A): pass", "f(A)"),
    Change("a constant is changed that is found by sys.modules", "import sys, helper\n@cache\ndef f(x): return sys.modules['helper'].K\n#: helper.py\nK = 1\n", "helper.K = 5"),
    # What must still be found.
    Change("a context variable is set and reset", "from contextvars import ContextVar\nV = ContextVar('V', default=1)\n@cache\ndef f(x): return V.get()", "V.reset(V.set(5))", hit=True),
    Change("another thread's data is set", "import threading\nL = threading.local()\nL.a = 1\n@cache\ndef f(x): return L.a", "t = threading.Thread(target=lambda: setattr(L, 'a', 5)); t.start(); t.join()", hit=True),
    Change("a mock is called", "from unittest import mock\nm = mock.Mock(return_value=1)\n@cache\ndef f(x): return m(x)", "m(5); m(6)", hit=True),
    Change("a library's table gets an entry of the library's", "import mimetypes\n@cache\ndef f(x): return mimetypes.types_map['.json']", "mimetypes.types_map['.mine'] = 'a/b'", hit=True),
    Change("a method of another installed class is patched", "import fractions, argparse\nF = fractions.Fraction('0.333')\n@cache\ndef f(x): return str(F)", "argparse.ArgumentParser.format_usage = lambda self: 'mine'", hit=True),
    Change("a patch is put back", "import fractions\nF = fractions.Fraction('0.333')\n@cache\ndef f(x): return str(F)", "p = mock.patch.object(fractions.Fraction, '__str__', lambda self: 'mine'); p.start(); p.stop()".replace("p = mock", "from unittest import mock; p = mock"), hit=True),
]
