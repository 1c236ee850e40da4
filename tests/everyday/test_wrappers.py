"""Code of the user's behind a library's wrapper: an edit of it is noticed, however the wrapper holds or names it."""

from __future__ import annotations

from pathlib import Path

from freshness.edit import Edit, check_edit, edit_cases
from freshness.many_processes import Nursery

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
_LIBRARY = """
#: site-packages/lib/__init__.py
def f(x): return x
class C:
    def run(self): return 1
class Keep:
    def __init__(self, function): self.function = function
    def __call__(self, *args): return self.function(*args)
    def __reduce__(self): return self.function.__qualname__
class Held(Keep):
    def __reduce__(self): return Held, (self.function.__qualname__,)
class Token(Keep):
    def __dask_tokenize__(self): return self.function.__qualname__
class Refusing(Keep):
    def __reduce__(self): raise TypeError
TABLE = {}
#: site-packages/lib-1.0.dist-info/METADATA
Name: lib
Version: 1.0
#: site-packages/lib-1.0.dist-info/RECORD
lib/__init__.py,sha256=aaa,1
"""
_PATH = "import functools, os, sys\nsys.path.insert(0, os.path.abspath('site-packages'))\nfrom brinery import cache\nimport lib\n"
_HELPER = "def h(x): return x + 10\n"


def _lib(what: str, text: str, use: str = "g(x)", call: str = "f(1)") -> Edit:
    """An edit of what a small installed library, written for it, holds."""
    return Edit(what, f"{_PATH}{text}\n@cache\ndef f(x): return {use}{_LIBRARY}", {"+ 10": "+ 20"}, call)


def _with(needs: str, what: str, text: str, use: str = "g(x)", call: str = "f(1)") -> Edit:
    """An edit of what a real library wraps."""
    return Edit(f"{needs.partition(' ')[0]}: {what}", f"{text}\n@cache\ndef f(x): return {use}\n", {"+ 10": "+ 20"}, call, needs=tuple(needs.split()))


EDITS = [
    _lib("a function put in a library's place, with functools.wraps", "@functools.wraps(lib.f)\ndef patched(x): return x + 10\nlib.f = patched", "lib.f(x)"),
    _lib("one that calls what was there", "o = lib.f\n@functools.wraps(o)\ndef patched(x): return o(x) + 10\nlib.f = patched", "lib.f(x)"),
    _lib("a method put in a library's place, with functools.wraps", "@functools.wraps(lib.C.run)\ndef patched(self): return 5 + 10\nlib.C.run = patched", "lib.C().run()"),
    _lib("a static method put in a library's place, with functools.wraps", "@functools.wraps(lib.C.run)\ndef patched(): return 5 + 10\nlib.C.run = staticmethod(patched)", "lib.C.run()"),
    _lib("a class that says it is the library's", "class K(lib.C):\n    def run(self): return 5 + 10\nK.__module__ = 'lib'\nlib.C = K", "lib.C().run()"),
    _with("numpy", "a ufunc made of a function", "import numpy as np\n" + _HELPER + "g = np.frompyfunc(h, 1, 1)"),
    _with("numpy", "a vectorized function", "import numpy as np\n" + _HELPER + "g = np.vectorize(h)", "int(g(x))"),
    _lib("a bound method put into a library", "class A:\n    def run(self, x): return x + 10\nlib.f = A().run", "lib.f(x)"),
    _lib("an object of the library's own put into it", _HELPER + "lib.f = lib.Keep(h)", "lib.f(x)"),
    _lib("an object in a table of the library's", _HELPER + "lib.TABLE['a'] = [lib.Keep(h)]", "lib.TABLE['a'][0](x)"),
    _lib("an object that pickles by a name that is not there", "g = lib.Keep(lambda x: x + 10)"),
    _lib("an object that pickles by its name", "@lib.Keep\ndef g(x): return x + 10"),
    _lib("an object that pickles by its name and says so", "def h(x): return x + 10\ng = functools.update_wrapper(lib.Keep(h), h)"),
    _lib("an object that pickles by a name among others", _HELPER + "g = lib.Held(h)"),
    _lib("an object that tells a token", _HELPER + "g = lib.Token(h)"),
    _lib("an object that refuses to be pickled", _HELPER + "g = lib.Refusing(h)"),
    _lib("what a helper of it calls", "def k(x): return x + 10\ndef h(x): return k(x)\ng = lib.Keep(h)"),
    _lib("what a partial in it calls", "def h(y, x): return x + 10\ng = lib.Keep(functools.partial(h, 5))"),
    _lib("an argument that pickles by a name among others", _HELPER + "g = lib.Held(h)", "x(1)", "f(g)"),
    _lib("an argument that tells a token", _HELPER + "g = lib.Token(h)", "x(1)", "f(g)"),
    _lib("an argument in a list that tells a token", _HELPER + "g = [lib.Token(h)]", "x[0](1)", "f(g)"),
    _with("wrapt", "a decorator", "import wrapt\n@wrapt.decorator\ndef more(wrapped, instance, args, kwargs): return wrapped(*args) + 10\n@more\ndef g(x): return x"),
    _with("wrapt", "what is decorated", "import wrapt\n@wrapt.decorator\ndef more(wrapped, instance, args, kwargs): return 2 * wrapped(*args)\n@more\ndef g(x): return x + 10"),
    _with("wrapt", "a method that is decorated", "import wrapt\n@wrapt.decorator\ndef more(wrapped, instance, args, kwargs): return 2 * wrapped(*args)\nclass A:\n    @more\n    def g(self, x): return x + 10", "A().g(x)"),
    _with("wrapt", "a proxy of one's own", "import wrapt\nclass P(wrapt.ObjectProxy):\n    def __call__(self, x): return self.__wrapped__(x) + 10\ndef h(x): return x\ng = P(h)"),
    _with("wrapt", "the class behind a proxy", "import wrapt\nclass A:\n    def run(self): return 10 + 10\ng = wrapt.ObjectProxy(A())", "g.run()"),
    _with("wrapt", "the value behind a proxy", "import wrapt\ng = wrapt.ObjectProxy([1 + 10])", "list(g)"),
    Edit("wrapt: the value behind a proxy that is an argument", "import wrapt\nclass A:\n    def __init__(self): self.a = 10\n@cache\ndef f(x): return x.a\n", {"= 10": "= 20"}, call="f(wrapt.ObjectProxy(A()))", needs=("wrapt",)),
    Edit("wrapt: the code of a proxy that is an argument", "import wrapt\nclass P(wrapt.ObjectProxy):\n    def run(self): return self.__wrapped__[0] + 10\n@cache\ndef f(x): return x.run()\n", {"+ 10": "+ 20"}, call="f(P([1]))", needs=("wrapt",)),
    Edit("werkzeug: the value behind a proxy that is an argument", "from werkzeug.local import LocalProxy\nA = [10]\n@cache\ndef f(x): return x[0]\n", {"[10]": "[20]"}, call="f(LocalProxy(lambda: A))", needs=("werkzeug",)),
    Edit("beartype: a helper in a package under its import hook", "from pkg.h import g\n@cache\ndef f(x): return g(x)\n#: pkg/__init__.py\nfrom beartype.claw import beartype_this_package\nbeartype_this_package()\n#: pkg/h.py\ndef g(x: int) -> int:\n    y: int = x + 10\n    return y\n", {"+ 10": "+ 20"}, needs=("beartype",)),
    _with("wrapt", "a patch of the standard library", "import wrapt, colorsys\n@wrapt.patch_function_wrapper('colorsys', 'rgb_to_hsv')\ndef patched(wrapped, instance, args, kwargs): return 5 + 10", "colorsys.rgb_to_hsv(1, 1, 1)"),
    _with("celery", "a task", "from celery import Celery\napp = Celery('a')\n@app.task\ndef g(x): return x + 10"),
    _with("toolz", "a curried function with an argument", "import toolz\n@toolz.curry\ndef h(y, x): return x + 10 + y\ng = h(1)"),
    _with("toolz", "a composed function", f"import toolz\n{_HELPER}g = toolz.compose(h, h)"),
    _with("numpy", "np.vectorize", "import numpy as np\n@np.vectorize\ndef g(x): return x + 10", "int(g(x))"),
    _with("numpy", "np.frompyfunc", "import numpy as np\ng = np.frompyfunc(lambda x: x + 10, 1, 1)"),
    _with("click", "a command's callback", "import click\n@click.command()\n@click.argument('x', type=int)\ndef g(x): return x + 10", "g.callback(x)"),
    _with("tenacity", "a function that is retried", "import tenacity\n@tenacity.retry(stop=tenacity.stop_after_attempt(2))\ndef g(x): return x + 10"),
    _with("pydantic", "a function whose call is validated", "from pydantic import validate_call\n@validate_call\ndef g(x: int) -> int: return x + 10"),
    _with("dask", "map over a bag", f"import dask.bag as db\n{_HELPER}B = db.from_sequence([1], npartitions=1).map(h)", "B.compute(scheduler='sync')"),
    _with("dask", "a bag as an argument", f"import dask.bag as db\n{_HELPER}B = db.from_sequence([1], npartitions=1).map(h)", "x.compute(scheduler='sync')", "f(B)"),
    _with("dask numpy", "map_blocks over an array, by a helper", f"import dask.array as da\n{_HELPER}def k(x): return h(x)\nB = da.ones(2, chunks=2).map_blocks(k)", "B.compute(scheduler='sync')"),
    _with("sklearn numpy", "a function that transforms", "import numpy as np\nfrom sklearn.preprocessing import FunctionTransformer\nT = FunctionTransformer(lambda v: v + 10)", "float(T.transform(np.ones((1, 1)))[0, 0])"),
    _with("scipy numpy", "an operator made of a function", "import numpy as np\nfrom scipy.sparse.linalg import LinearOperator\nL = LinearOperator((1, 1), matvec=lambda v: v + 10)", "float(L.matvec(np.ones(1))[0])"),
    _with("attrs", "a converter", "import attrs\n@attrs.define\nclass A: x: int = attrs.field(converter=lambda v: v + 10)", "A(x).x"),
]
# fmt: on


@edit_cases(EDITS)
def test_an_edit_behind_a_wrapper_is_noticed(edit: Edit, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """The same program hits in another process; what the wrapper holds is edited, and the function runs again."""
    check_edit(edit, tmp_path, nurseries)
