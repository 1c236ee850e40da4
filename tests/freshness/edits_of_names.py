"""Edits of things that share their name with something else, and of what modules lead to that are held as values."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from freshness.edit import Edit

_LOAD = "import importlib.util, sys\ndef load(name, path):\n    spec = importlib.util.spec_from_file_location(name, path)\n    module = importlib.util.module_from_spec(spec)\n    REGISTER\n    spec.loader.exec_module(module)\n    return module\n"
_BY_PATH = _LOAD + "a, b = load('A', 'a/config.py'), load('B', 'b/config.py')\n@cache\ndef f(x): return (a.K, b.K, a.g(), b.g())\n#: a/config.py\nK = [1]\ndef g(): return K\n#: b/config.py\nK = [10]\ndef g(): return K\n"
_FOLDERS = "from a import config as a\nfrom b import config as b\n@cache\ndef f(x): return USE\n#: a/config.py\nK = 1\ndef g(y=[1]): return (K, y)\nclass C:\n    k = 1\n    def run(self): return self.k\n#: b/config.py\nK = 10\ndef g(y=[10]): return (K, y)\nclass C:\n    k = 10\n    def run(self): return self.k\n"
_FACTORY = "def make(n):\n    def g(x): return x + n[0]\n    g.n = n\n    class C:\n        k = n\n    return g, C, lambda x, y=n: y\na, b = make([1]), make([10])\n@cache\ndef f(x): return USE\n"


def _one_of_two(what: str, text: str, use: str, first: tuple[str, str], second: tuple[str, str]) -> list[Edit]:
    """Two things of one name: the first is edited, the second, and they change places."""
    before = text.replace("USE", use)
    places = {first[0]: "\0", second[0]: first[0], "\0": second[0]}
    return [
        Edit(f"{what}, the first", before, dict([first])),
        Edit(f"{what}, the second", before, dict([second])),
        Edit(f"{what}, exchanged", before, places),
    ]


_LEADING = "\n#: pkg/__init__.py\n\n#: pkg/helper.py\nimport low\ndef g(x=0): return low.h() + K\nK = 10\n#: low.py\ndef h(): return L[0] + 100\nL = [1000]\n#: up.py\nimport low, pkg.helper\n"


def _module(how: str, text: str, use: str) -> list[Edit]:
    """A module as a value, which leads to others: their code and their constants are edited."""
    before = f"{text}\n@cache\ndef f(x): return {use}{_LEADING}"
    return [
        Edit(f"a constant beyond {how}", before, {"K = 10": "K = 20"}),
        Edit(f"code beyond {how}", before, {"+ 100": "+ 200"}),
        Edit(f"a list beyond {how}", before, {"[1000]": "[2000]"}),
    ]


EDITS = [
    *_one_of_two("constants of two folders' config.py", _FOLDERS, "(a.K, b.K)", ("K = 1\n", "K = 2\n"), ("K = 10\n", "K = 20\n")),
    *_one_of_two("functions of two folders' config.py", _FOLDERS, "(a.g(), b.g())", ("y=[1]", "y=[2]"), ("y=[10]", "y=[20]")),
    *_one_of_two("classes of two folders' config.py", _FOLDERS, "(a.C().run(), b.C().run())", ("k = 1\n", "k = 2\n"), ("k = 10\n", "k = 20\n")),
    *_one_of_two("two folders' config.py as values", _FOLDERS, "[m.K for m in (a, b)]", ("K = 1\n", "K = 2\n"), ("K = 10\n", "K = 20\n")),
    *_one_of_two("two folders' config.py imported inside", _FOLDERS.replace("from a import config as a\nfrom b import config as b\n", "").replace("return USE", "\n    from a import config as a\n    from b import config as b\n    return USE"), "(a.K, b.K)", ("K = 1\n", "K = 2\n"), ("K = 10\n", "K = 20\n")),
    *_one_of_two("two modules loaded by path", _BY_PATH.replace("REGISTER", "sys.modules[name] = module"), "", ("[1]", "[2]"), ("[10]", "[20]")),
    *_one_of_two("two modules loaded by path and not registered", _BY_PATH.replace("REGISTER", "pass"), "", ("[1]", "[2]"), ("[10]", "[20]")),
    *_one_of_two("two modules of one name", _BY_PATH.replace("REGISTER", "pass").replace("'A'", "'C'").replace("'B'", "'C'"), "", ("[1]", "[2]"), ("[10]", "[20]")),
    *_one_of_two("two closures of one name", _FACTORY, "(a[0](x), b[0](x))", ("make([1])", "make([2])"), ("make([10])", "make([20])")),
    *_one_of_two("attributes of two functions of one name", _FACTORY, "(a[0].n, b[0].n)", ("make([1])", "make([2])"), ("make([10])", "make([20])")),
    *_one_of_two("two classes of one name", _FACTORY, "(a[1].k, b[1].k)", ("make([1])", "make([2])"), ("make([10])", "make([20])")),
    *_one_of_two("defaults of two functions of one name", _FACTORY, "(a[2](x), b[2](x))", ("make([1])", "make([2])"), ("make([10])", "make([20])")),
    *_one_of_two("two namespaces of exec", "a, b = {'__name__': 'x'}, {'__name__': 'x'}\nexec('K = [1]\\ndef g(): return K', a)\nexec('K = [10]\\ndef g(): return K', b)\na, b = a['g'], b['g']\n@cache\ndef f(x): return USE", "(a(), b())", ("[1]", "[2]"), ("[10]", "[20]")),
    *_one_of_two("methods of two values", "a, b = [1].copy, [10].copy\n@cache\ndef f(x): return USE", "(a(), b())", ("[1]", "[2]"), ("[10]", "[20]")),
    *_one_of_two("a function and a class of one name", "def C(): return C.k\nC.k = [1]\na = C\nclass C: k = [10]\n@cache\ndef f(x): return USE", "(a.k, C.k)", ("[1]", "[2]"), ("[10]", "[20]")),
    *_module("a package that is bound to another name", "import pkg.helper\nm = pkg", "m.helper.g()"),
    *_module("a package in a local variable", "import pkg.helper", "(lambda m: m.helper.g())(pkg)"),
    *_module("a module in a local variable", "import up", "(lambda m: m.pkg.helper.g())(up)"),
    *_module("getattr of a module", "import up", "getattr(getattr(up, 'pkg'), 'helper').g()"),
    *_module("getattr of a module by a computed name", "import up", "getattr(up, 'p' + 'kg').helper.g()"),
    *_module("vars of a module", "import up", "vars(up)['pkg'].helper.g()"),
    *_module("attrgetter of a module", "import up, operator\nget = operator.attrgetter('pkg.helper.g')", "get(up)()"),
    *_module("a module in a dict", "import up\nT = {'a': up}", "T['a'].pkg.helper.g()"),
    *_module("a module in a list", "import up\nT = [up]", "[t.pkg.helper.g() for t in T]"),
    *_module("a module in a named tuple", "import up\nfrom collections import namedtuple\nT = namedtuple('T', 'm')(up)", "T.m.pkg.helper.g()"),
    *_module("a module as a default", "import up\ndef k(m=up): return m.pkg.helper.g()", "k()"),
    *_module("a module in a closure", "import up\ndef make(m):\n    def k(): return m.pkg.helper.g()\n    return k\nk = make(up)", "k()"),
    *_module("a module in an instance", "import up\nclass A: pass\na = A()\na.m = up", "a.m.pkg.helper.g()"),
    *_module("a module in a class", "import up\nclass A: m = up", "A.m.pkg.helper.g()"),
    *_module("a module in an attribute of a function", "import up\ndef k(): return k.m.pkg.helper.g()\nk.m = up", "k()"),
    *_module("a module in a partial", "import up, functools\ndef k(m): return m.pkg.helper.g()\np = functools.partial(k, up)", "p()"),
    *_module("the module itself", "import sys, up", "getattr(sys.modules[__name__], 'up').pkg.helper.g()"),
    *_module("globals()", "import up", "globals()['up'].pkg.helper.g()"),
    *_module("a text that is evaluated", "import up", "eval('up.pkg.helper.g()')"),
    *_module("a module made by hand", "import types, up\nm = types.ModuleType('mine')\nm.up = up", "m.up.pkg.helper.g()"),
    *_module("a module of a class of its own", "import types, up\nclass M(types.ModuleType):\n    def __getattr__(self, name): return self.up.pkg.helper.g\nm = M('mine')\nm.up = up", "m.any()"),
    Edit("code beyond a module as an argument", f"import up\n@cache\ndef f(m): return m.pkg.helper.g(){_LEADING}", {"+ 100": "+ 200"}, "f(up)"),
    Edit("code beyond a module as the function's own default", f"import up\n@cache\ndef f(m=up): return m.pkg.helper.g(){_LEADING}", {"+ 100": "+ 200"}, "f()"),
    Edit("a comment beyond a module as a value", f"import up\nm = up\n@cache\ndef f(x): return m.low.h(){_LEADING}", {"def h": "# said\ndef h"}, hit=True),
    Edit("a module that is only imported above", f"import up\n@cache\ndef f(x): return x{_LEADING}", {"+ 100": "+ 200"}, hit=True),
    Edit("what a module leads to that is used by its attributes alone", f"import up, low\n@cache\ndef f(x): return up.low.h(){_LEADING}", {"K = 10": "K = 20"}, hit=True),
]
