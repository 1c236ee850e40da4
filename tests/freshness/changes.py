"""Changes inside one running process, after which the very next call must recompute, or must hit."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from typing import NamedTuple


class Change(NamedTuple):
    """A change in the running process.

    Attributes:
        what: what is changed, and so why the next call must recompute (or need not).
        source: the files, as those of an `Edit`.
        change: statements that run in `main` between two calls.
        call: what is evaluated before and after.
        hit: whether the stored result must still be found.
    """

    what: str
    source: str
    change: str
    call: str = "f(1)"
    hit: bool = False


_HELPER = "def g(x): return x + 1\n@cache\ndef f(x): return g(x)"
_OTHER = "import helper\n@cache\ndef f(x): return helper.g(x)\n#: helper.py\nK = 1\ndef g(x): return x + K\n"
_CONSTANT = "K = 1\n@cache\ndef f(x): return K"
_TABLE = "K = {'a': [1, 2]}\n@cache\ndef f(x): return K"
_CLASS = "class B:\n    n = 1\n    def run(self): return self.n\nclass C(B): pass\n@cache\ndef f(x): return C().run()"
_CLOSURE = "def make(n):\n    def more():\n        nonlocal n\n        n += 1\n    def f(x): return x + n\n    return f, more\nf, more = make(1)\nf = cache(f)"
_LIBRARY = "import colorsys\n@cache\ndef f(x): return colorsys.rgb_to_hsv(1, 1, 1)"
_FOLDERS = "from a import config as a\nfrom b import config as b\n@cache\ndef f(x): return (a.K, b.K)\n#: a/config.py\nK = 1\n#: b/config.py\nK = 10\n"
_LEADING = "import up, low\nHOLD\n@cache\ndef f(x): return m.low.h()\n#: up.py\nimport low\n#: low.py\nL = [1]\ndef h(): return L[0]\n"
_EDIT_HELPER = "import pathlib; pathlib.Path('helper.py').write_text('K = 20\\ndef g(x): return x + K\\n')"

CHANGES = [
    Change("a class is made below a metaclass", "class Meta(type): pass\nclass A(metaclass=Meta): pass\n@cache\ndef f(x): return [k.__name__ for k in type(A).__subclasses__(type(A))]", "class Lower(Meta): pass"),
    Change("a helper is rebound", _HELPER, "g = lambda x: x + 5"),
    Change("a helper is redefined", _HELPER, "def g(x): return x + 5"),
    Change("a helper is redefined with other defaults", "def g(x, y=1): return x + y\n@cache\ndef f(x): return g(x)", "def g(x, y=2): return x + y"),
    Change("a helper is deleted, so that a builtin shows", "def abs(x): return 'mine'\n@cache\ndef f(x): return abs(x)", "del abs"),
    Change("a builtin is shadowed", "@cache\ndef f(x): return abs(x)", "def abs(x): return 'mine'"),
    Change("a builtin is replaced", "@cache\ndef f(x): return ascii(x)", "import builtins; builtins.ascii = lambda x: 'mine'"),
    Change("a global is rebound that has the name of one of ours", "from brinery import cache\n_brinery_0 = 1\n@cache\ndef f(x): return _brinery_0", "_brinery_0 = 5"),
    Change("a global is deleted from a module that means something else by Exception", "class Exception(Exception): pass\nK = 1\n@cache\ndef f(x):\n    try: return K\n    except NameError: return None", "del K"),
    Change("a global is rebound whose name the compiler takes for another", "import helper\n@cache\ndef f(x): return sorted(vars(helper).items())[-1][1]\n#: helper.py\nglobals()['fi'] = globals()['\ufb01'] = 'a'\n", "vars(helper)['\ufb01'] = 'b'"),
    Change("a name comes to be", "@cache\ndef f(x):\n    try: return missing\n    except NameError: return None", "missing = 1"),
    Change("a constant of the one of two folders' config.py", _FOLDERS, "a.K = 5"),
    Change("a constant of the other of two folders' config.py", _FOLDERS, "b.K = 5"),
    Change("code beyond a module that is bound to another name", _LEADING.replace("HOLD", "m = up"), "low.h = lambda: 7"),
    Change("a list beyond a module that is bound to another name", _LEADING.replace("HOLD", "m = up"), "low.L[0] = 7"),
    Change("code beyond a module in a dict", _LEADING.replace("HOLD", "T = {'a': up}").replace("m.low", "T['a'].low"), "low.h = lambda: 7"),
    Change("a list beyond a module in an instance", _LEADING.replace("HOLD", "class A: pass\na = A()\na.m = up").replace("m.low", "a.m.low"), "low.L[0] = 7"),
    Change("code beyond a module in an argument", _LEADING.replace("HOLD", "").replace("m.low", "x.low"), "low.h = lambda: 7", "f(up)"),
    Change("a helper's code is replaced", _HELPER, "g.__code__ = (lambda x: x + 5).__code__"),
    Change("a helper's defaults are replaced", "def g(x, y=1): return x + y\n@cache\ndef f(x): return g(x)", "g.__defaults__ = (5,)"),
    Change("a helper's keyword defaults are replaced", "def g(x, *, y=1): return x + y\n@cache\ndef f(x): return g(x)", "g.__kwdefaults__ = {'y': 5}"),
    Change("a helper's keyword defaults are changed in place", "def g(x, *, y=1): return x + y\n@cache\ndef f(x): return g(x)", "g.__kwdefaults__['y'] = 5"),
    Change("a helper's default is changed in place", "def g(x, y=[1]): return x + y[0]\n@cache\ndef f(x): return g(x)", "g.__defaults__[0][0] = 5"),
    Change("the function's own code is replaced", "@cache\ndef f(x): return x + 1", "f.__wrapped__.__code__ = (lambda x: x + 5).__code__"),
    Change("the function's own default is replaced", "@cache\ndef f(x, y=1): return x + y", "f.__wrapped__.__defaults__ = (5,)"),
    Change("an attribute of a helper is set", "def g(x): return g.n\ng.n = 1\n@cache\ndef f(x): return g(x)", "g.n = 5"),
    Change("an attribute of a helper comes to be", "def g(x): return getattr(g, 'n', 0)\n@cache\ndef f(x): return g(x)", "g.n = 5"),
    Change("a helper two levels down is rebound", "def h(x): return x + 1\ndef g(x): return h(x)\n@cache\ndef f(x): return g(x)", "def h(x): return x + 5"),
    Change("a helper in another module is monkeypatched", _OTHER, "helper.g = lambda x: x + 5"),
    Change("a constant in another module is monkeypatched", _OTHER, "helper.K = 5"),
    Change("a module is replaced in sys.modules and by name", _OTHER, "import types; helper = types.SimpleNamespace(g=lambda x: x + 5)"),
    Change("a module that is imported inside is replaced", "@cache\ndef f(x):\n    import helper\n    return helper.g(x)\n#: helper.py\ndef g(x): return x + 1\n",
           "import sys, types; m = types.ModuleType('helper'); m.g = lambda x: x + 5; sys.modules['helper'] = m"),
    Change("a module that is imported inside is monkeypatched", "@cache\ndef f(x):\n    from helper import g\n    return g(x)\n#: helper.py\ndef g(x): return x + 1\n",
           "import helper; helper.g = lambda x: x + 5"),
    Change("a constant of a module that is imported inside is changed", "@cache\ndef f(x):\n    import helper\n    return helper.g(x)\n#: helper.py\nK = 1\ndef g(x): return x + K\n",
           "import helper; helper.K = 5"),
    Change("a module is edited and reloaded", _OTHER, f"import importlib; {_EDIT_HELPER}; importlib.reload(helper)"),
    Change("a module that is imported inside is edited and reloaded", "@cache\ndef f(x):\n    import helper\n    return helper.g(x)\n#: helper.py\nK = 1\ndef g(x): return x + K\n",
           f"import importlib, helper; {_EDIT_HELPER}; importlib.reload(helper)"),
    Change("a constant is rebound", _CONSTANT, "K = 2"),
    Change("a constant is rebound to an equal one of another type", _CONSTANT, "K = 1.0"),
    Change("a constant is rebound to a container", _CONSTANT, "K = [1]"),
    Change("a container is changed in place", _TABLE, "K['b'] = 1"),
    Change("a text in a long table is changed in place", "K = {str(n): 'a' for n in range(3000)}\n@cache\ndef f(x): return K['7']", "K['7'] = 'b'"),
    Change("a text in a long table gives way to what is equal and more", "class S(str): pass\nK = {str(n): n for n in range(3000)}\n@cache\ndef f(x): return type(K['1']).__name__", "K['1'] = True"),
    Change("a key of a long table is replaced", "K = dict.fromkeys(map(str, range(3000)), 'a')\n@cache\ndef f(x): return [*K][-2]", "del K['2998'], K['2999']\nK['x'] = K['2999'] = 'a'"),
    Change("the order of a long table is changed", "K = dict.fromkeys(map(str, range(3000)), 'a')\n@cache\ndef f(x): return [*K][-1]", "K['7'] = K.pop('7')"),
    Change("a text in a long list is changed in place", "K = [str(n) for n in range(3000)]\n@cache\ndef f(x): return K[7]", "K[7] = 'b'"),
    Change("a list is put into a long list of texts", "K = [None] * 3000\n@cache\ndef f(x): return len(K[7] or '')", "K[7] = [1]"),
    Change("a long list of texts becomes longer", "K = ['a'] * 3000\n@cache\ndef f(x): return len(K)", "K.append('a')"),
    Change("something deep in a container is changed in place", _TABLE, "K['a'].append(3)"),
    Change("a container is rebound", _TABLE, "K = {'a': [1, 3]}"),
    Change("a set is changed in place", "K = {1}\n@cache\ndef f(x): return sorted(K)", "K.add(2)"),
    Change("a bytearray is changed in place", "K = bytearray(b'a')\n@cache\ndef f(x): return bytes(K)", "K[0] = 98"),
    Change("a deque is changed in place", "from collections import deque\nK = deque([1])\n@cache\ndef f(x): return list(K)", "K.append(2)"),
    Change("a numpy array is changed in place", "import numpy as np\nK = np.zeros(3)\n@cache\ndef f(x): return float(K.sum())", "K[1] = 1"),
    Change("a big numpy array is changed in the middle", "import numpy as np\nK = np.zeros(300_000)\n@cache\ndef f(x): return float(K.sum())", "K[150_000] = 1"),
    Change("an attribute of an instance is set", "class C: n = 1\nc = C()\n@cache\ndef f(x): return c.n", "c.n = 5"),
    Change("an attribute of an instance inside a container is set", "class C: n = 1\nT = [C()]\n@cache\ndef f(x): return T[0].n", "T[0].n = 5"),
    Change("a slot of an instance is set", "class C:\n    __slots__ = ('n',)\nc = C()\nc.n = 1\n@cache\ndef f(x): return c.n", "c.n = 5"),
    Change("an instance gets another class", "class C: n = 1\nclass D: n = 2\nc = C()\n@cache\ndef f(x): return c.n", "c.__class__ = D"),
    Change("a method is monkeypatched", _CLASS, "C.run = lambda self: 5"),
    Change("a method of a base is monkeypatched", _CLASS, "B.run = lambda self: 5"),
    Change("a class attribute is set", _CLASS, "B.n = 5"),
    Change("a class attribute comes to be", _CLASS, "C.n = 5"),
    Change("a class attribute is deleted", "class B: n = 1\nclass C(B): n = 2\n@cache\ndef f(x): return C.n", "del C.n"),
    Change("a list that is a class attribute is changed in place", "class C: n = [1]\n@cache\ndef f(x): return C.n", "C.n.append(2)"),
    Change("the bases of a class are replaced", "class A:\n    def run(self): return 1\nclass B:\n    def run(self): return 2\nclass C(A): pass\n@cache\ndef f(x): return C().run()", "C.__bases__ = (B,)"),
    Change("a method's default is replaced", "class C:\n    def run(self, y=1): return y\n@cache\ndef f(x): return C().run()", "C.run.__defaults__ = (5,)"),
    Change("a class is redefined", "class C: n = 1\n@cache\ndef f(x): return C.n", "class C: n = 5"),
    Change("a property is replaced", "class C:\n    @property\n    def n(self): return 1\n@cache\ndef f(x): return C().n", "C.n = property(lambda self: 5)"),
    Change("a class is registered with an abstract base", "from abc import ABC\nclass B(ABC): pass\nclass C: pass\n@cache\ndef f(x): return isinstance(C(), B)", "B.register(C)"),
    Change("a variable that the function closes over", _CLOSURE, "more()"),
    Change("a variable that a helper closes over", "def make(n):\n    def more():\n        nonlocal n\n        n += 1\n    def g(x): return x + n\n    return g, more\ng, more = make(1)\n@cache\ndef f(x): return g(x)", "more()"),
    Change("a list that the function closes over", "def make(t):\n    @cache\n    def f(x): return t\n    return f\nT = [1]\nf = make(T)", "T.append(2)"),
    Change("a closed over variable is set through its cell", _CLOSURE, "f.__wrapped__.__closure__[0].cell_contents = 50"),
    Change("a function is added to a dispatch table", "T = {}\n@cache\ndef f(x): return T.get('a', lambda: 0)()", "T['a'] = lambda: 1"),
    Change("a function in a dispatch table is replaced", "T = {'a': lambda: 0}\n@cache\ndef f(x): return T['a']()", "T['a'] = lambda: 1"),
    Change("an implementation is registered", "from functools import singledispatch\n@singledispatch\ndef g(x): return 'any'\n@cache\ndef f(x): return g(x)", "g.register(int, lambda x: 'int')"),
    Change("a partial's function is changed", "from functools import partial\ndef g(x, y): return x + y\nh = partial(g, 1)\n@cache\ndef f(x): return h(x)", "g.__code__ = (lambda x, y: x - y).__code__"),
    Change("a wrapped function's code is changed", "from functools import wraps\ndef twice(h):\n    @wraps(h)\n    def run(x): return 2 * h(x)\n    return run\n@cache\n@twice\ndef f(x): return x", "f.__wrapped__.__wrapped__.__code__ = (lambda x: x + 5).__code__"),
    Change("a random generator is drawn from", "import random\nR = random.Random(1)\n@cache\ndef f(x): return R.getstate()[1][624]", "R.random()"),
    Change("a function of the standard library is monkeypatched", _LIBRARY, "colorsys.rgb_to_hsv = lambda *a: 'mine'"),
    Change("a function of the standard library is patched by mock", _LIBRARY, "from unittest import mock; mock.patch('colorsys.rgb_to_hsv', lambda *a: 'mine').start()"),
    Change("a constant of the standard library is patched", "import math\n@cache\ndef f(x): return math.pi", "math.pi = 3"),
    Change("a function of an installed package is patched", "import numpy as np\n@cache\ndef f(x): return str(np.arange(3))", "from unittest import mock; mock.patch('numpy.arange', lambda n: 'mine').start()"),
    Change("a function of an installed package that is imported inside is patched", "@cache\ndef f(x):\n    import numpy as np\n    return str(np.arange(3))", "from unittest import mock; mock.patch('numpy.arange', lambda n: 'mine').start()"),
    Change("a function that was imported from an installed package is patched where it is used", "from numpy import arange\n@cache\ndef f(x): return str(arange(3))", "arange = lambda n: 'mine'"),
    Change("a function of a module of an installed package is patched", "from numpy import linalg\n@cache\ndef f(x): return linalg.norm([x])", "from unittest import mock; mock.patch('numpy.linalg.norm', lambda n: 'mine').start()"),
    Change("a method of an installed class is patched", "import fractions\n@cache\ndef f(x): return fractions.Fraction('0.333').limit_denominator(5)", "fractions.Fraction.limit_denominator = lambda self, n: 'mine'"),
    Change("a method of a base of an installed class is patched", "import collections\nclass D(collections.UserDict): pass\n@cache\ndef f(x): return D().copy()", "collections.UserDict.copy = lambda self: 'mine'"),
    Change("a subclass comes to be", "class B: pass\n@cache\ndef f(x): return len(B.__subclasses__())", "class C(B): pass"),
    Change("an attribute with an odd name is set on a helper", "def g(): return g.__dict__['a b']\ng.__dict__['a b'] = 1\n@cache\ndef f(x): return g()", "g.__dict__['a b'] = 5"),
    Change("the class of an argument is changed", "class A: n = 1\na = A()\n@cache\ndef f(x): return x.n", "A.n = 5", "f(a)"),
    Change("a helper of a function that is an argument is rebound", "def h(): return 1\ndef g(): return h()\n@cache\ndef f(x): return x()", "def h(): return 5", "f(g)"),
    Change("an argument is changed in place between two calls", "L = [1]\n@cache\ndef f(x): return x", "L.append(2)", "f(L)"),
    Change("a class attribute of self", "class A:\n    n = 1\n    @cache\n    def run(self): return self.n\nf = A.__dict__['run']\na = A()", "A.n = 5", "a.run()"),
    Change("an attribute of self is set", "class A:\n    n = 1\n    @cache\n    def run(self): return self.n\nf = A.__dict__['run']\na = A()", "a.n = 5", "a.run()"),
    Change("a helper is redefined by a notebook's cell", _HELPER, "exec(compile('def g(x): return x + 5', '<ipython-input-2>', 'exec'))"),
    Change("a helper of a cached helper is rebound", "def h(x): return x + 1\n@cache\ndef g(x): return h(x)\n@cache\ndef f(x): return g(x)", "def h(x): return x + 5"),
    Change("a lazy attribute of a module changes", "import lazy\n@cache\ndef f(x): return lazy.a\n#: lazy.py\nK = [1]\ndef __getattr__(name): return K[0]\n", "lazy.K[0] = 5"),
    Change("what globals() gives is changed", "K = 1\n@cache\ndef f(x): return globals()['K']", "K = 5"),
    Change("annotations that are read are changed", "def g(x: int): ...\n@cache\ndef f(x): return str(g.__annotations__)", "g.__annotations__['x'] = str"),
    Change("a docstring that is read is changed", "def g(x): 'a'\n@cache\ndef f(x): return g.__doc__", "g.__doc__ = 'b'"),
    Change("what depends_on names is changed", "K = [1]\n@cache(depends_on=[K])\ndef f(x): return eval('K')[0]", "K[0] = 5"),
    Change("a module gets a __getattr__", "import helper\n@cache\ndef f(x):\n    try: return helper.K\n    except AttributeError: return 0\n#: helper.py\nL = 1\n", "helper.__getattr__ = lambda name: 5"),
    Change("a partial is given another state", "from functools import partial\ndef g(a): return a\np = partial(g, 1)\n@cache\ndef f(x): return p()", "p.__setstate__((g, (5,), {}, None))"),
    Change("a list that a partial holds is changed", "from functools import partial\ndef g(a): return a\np = partial(g, a=[1])\n@cache\ndef f(x): return p()", "p.keywords['a'].append(5)"),
    Change("a method is set on an instance", "class C:\n    def run(self): return 1\nc = C()\n@cache\ndef f(x): return c.run()", "c.run = lambda: 5"),
    Change("a dict is patched by mock", "import helper\n@cache\ndef f(x): return helper.T['a']\n#: helper.py\nT = {'a': 1}\n", "from unittest import mock; mock.patch.dict('helper.T', a=5).start()"),
    Change("a view of a numpy array is changed through its base", "import numpy as np\nB = np.zeros((4, 4))\nV = B[1]\n@cache\ndef f(x): return float(V.sum())", "B[1, 1] = 5"),
    Change("a frame is changed in place", "import pandas as pd\nD = pd.DataFrame({'a': [1, 2]})\n@cache\ndef f(x): return int(D.a.sum())", "D.loc[0, 'a'] = 50"),
    Change("what a property closes over is changed", "def make(n):\n    def get(self): return n[0]\n    return property(get)\nN = [1]\nclass C: a = make(N)\n@cache\ndef f(x): return C().a", "N[0] = 5"),
    Change("an attribute of a metaclass is set", "class M(type): n = 1\nclass C(metaclass=M): pass\n@cache\ndef f(x): return C.n", "M.n = 5"),
    # What must still be found.
    Change("a helper is redefined as it was", _HELPER, "exec(compile('\\n\\ndef g(x): return x + 1', __file__, 'exec'))", hit=True),
    Change("a constant is rebound to an equal one", "K = 'a b'\n@cache\ndef f(x): return K", "K = ' '.join(['a', 'b'])", hit=True),
    Change("a container is rebound to an equal one", _TABLE, "K = {'a': [1, 2]}", hit=True),
    Change("a container is changed and changed back", _TABLE, "K['b'] = 1; del K['b']", hit=True),
    Change("a helper is patched and put back", _OTHER, "g = helper.g; helper.g = None; helper.g = g", hit=True),
    Change("something unrelated is defined", _HELPER, "def h(x): return x + 5", hit=True),
    Change("something unrelated is imported", _HELPER, "import colorsys, json", hit=True),
    Change("a module is reloaded that has not changed", _OTHER, "import importlib; importlib.reload(helper)", hit=True),
    Change("another global of a module is changed", _OTHER, "helper.L = 5", hit=True),
    Change("a helper under lru_cache is called", "from functools import lru_cache\n@lru_cache\ndef g(x): return x\n@cache\ndef f(x): return g(x)", "g(5); g(6)", hit=True),
    Change("a singledispatch function is called", "from functools import singledispatch\n@singledispatch\ndef g(x): return x\n@cache\ndef f(x): return g(x)", "g(5); g('a'); g([])", hit=True),
    Change("a cached property is computed", "from functools import cached_property\nclass C:\n    @cached_property\n    def n(self): return 1\nc = C()\n@cache\ndef f(x): return c.n", "c.n", hit=True),
    Change("a class is used in isinstance", "from abc import ABC\nclass B(ABC): pass\nclass C(B): pass\n@cache\ndef f(x): return isinstance(C(), B)", "isinstance(5, B); issubclass(int, B)", hit=True),
    Change("a class is instantiated", _CLASS, "C(); B()", hit=True),
    Change("an instance is pickled", "import copy, pickle\n" + _CLASS, "pickle.dumps(C()); copy.copy(C()); copy.deepcopy(C())", hit=True),
    Change("an instance that is read is pickled", "import copy, pickle\nclass C: n = 1\nc = C()\n@cache\ndef f(x): return c.n", "pickle.dumps(c); copy.deepcopy(c)", hit=True),
    Change("an argument is pickled", "import pickle\nclass A: n = 1\na = A()\n@cache\ndef f(x): return x.n", "pickle.dumps(a)", "f(a)", hit=True),
    Change("a class is subclassed", _CLASS, "class D(C): pass", hit=True),
    Change("a class's annotations are looked at", "class C:\n    n: int = 1\n@cache\ndef f(x): return C.n", "C.__annotations__; C.__doc__; C.__mro__; hash(C); repr(C)", hit=True),
    Change("a dataclass is used", "from dataclasses import dataclass\n@dataclass\nclass C: n: int = 1\n@cache\ndef f(x): return C().n", "C() == C(); repr(C())", hit=True),
    Change("a pydantic model is used", "from pydantic import BaseModel\nclass C(BaseModel): n: int = 1\n@cache\ndef f(x): return C().n", "C(n=5).model_dump_json(); C.model_json_schema()", hit=True),
    Change("an enumeration is used", "from enum import Flag\nclass C(Flag): A = 1; B = 2\n@cache\ndef f(x): return C.A.value", "C.A | C.B; C(3); list(C)", hit=True),
    Change("a function's signature is looked at", _HELPER, "import inspect, typing; inspect.signature(g); typing.get_type_hints(g); repr(f)", hit=True),
    Change("a function is called often enough to be specialised", _HELPER, "for i in range(2000): g(i)", hit=True),
    Change("a cached function is pickled and copied", _HELPER, "import copy, pickle; pickle.dumps(f); copy.deepcopy(f)", hit=True),
    Change("the file is touched", _HELPER, "import os; os.utime('main.py', (1, 1))", hit=True),
    Change("the current folder is another", _OTHER, "import os; os.chdir('/')", hit=True),
    Change("a lazily imported module is imported", "@cache\ndef f(x):\n    if x: return 5\n    import helper\n    return helper.K\n#: helper.py\nimport colorsys\nK = colorsys.ONE_THIRD\n", "import helper", hit=True),
    Change("a module that is imported inside has been imported by the call itself", "@cache\ndef f(x):\n    import helper\n    return helper.g(x)\n#: helper.py\nimport json\nTABLE = json.loads('[1]')\ndef g(x): return TABLE\n", "pass", hit=True),
    Change("a warning is shown once", "import warnings\n@cache\ndef f(x): return x", "warnings.warn('a', stacklevel=1)", hit=True)._replace(change="__warningregistry__ = {}"),
    Change("a library is used", "import pandas as pd\nD = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})\n@cache\ndef f(x): return int(x.a.sum())", "D.groupby('b').a.sum(); D.b.str.upper(); D.index.is_unique; D.describe()", "f(D)", hit=True),
    Change("a path is used", "from pathlib import Path\nP = Path('a/b')\n@cache\ndef f(x): return P.name + x.name", "P.parent; str(P); hash(P); P.parts", "f(P)", hit=True),
    Change("a protocol is used", "from typing import Protocol\nclass P(Protocol):\n    def run(self): return 1\nclass C(P): pass\n@cache\ndef f(x): return C.run(None)", "C()", hit=True),
    Change("a module is reloaded of which the old function is still bound", "from helper import g\nimport helper\n@cache\ndef f(x): return g()\n#: helper.py\ndef g(): return 1\n", "import importlib, pathlib; pathlib.Path('helper.py').write_text('def g(): return 200\\n'); importlib.reload(helper)", hit=True),
]
