"""Changes of what objects fill in by themselves, and of what they leave out when they are pickled."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from freshness.changes import Change

_LAZY = "from functools import cached_property\nclass C:\n    a = 1\n    @cached_property\n    def n(self): return self.a\nc = C()\n"
_READ = "@cache\ndef f(x): return c.n"
_ARGUMENT = "@cache\ndef f(x): return x.n"
_REIFY = "class reify:\n    def __init__(self, function): self.function, self.name = function, function.__name__\n    def __get__(self, one, kind=None):\n        value = vars(one)[self.name] = self.function(one)\n        return value\nclass C:\n    a = 1\n    @reify\n    def n(self): return self.a\nc = C()\n"
_GETSTATE = "class C:\n    def __init__(self, g): self.g = g\n    def __getstate__(self): return {}\ndef g(): return 1\nc = C(g)\n"

CHANGES = [
    # Attributes that a class computes when they are first read.
    Change("a cached property that was computed is assigned", _LAZY + _READ, "c.n = 5"),
    Change("a cached property that nobody computed is assigned", _LAZY + "@cache\ndef f(x): return vars(c).get('n', 0)", "c.n = 5"),
    Change("a cached property of an argument is assigned", _LAZY + _ARGUMENT, "c.n = 5", "f(c)"),
    Change("a cached property's value is changed in place", "from functools import cached_property\nclass C:\n    @cached_property\n    def n(self): return [1]\nc = C()\n" + _READ, "c.n.append(5)"),
    Change("a cached property's value of an argument is changed in place", "from functools import cached_property\nclass C:\n    @cached_property\n    def n(self): return {'a': 1}\nc = C()\n" + _ARGUMENT, "c.n['a'] = 5", "f(c)"),
    Change("a cached property that was assigned is deleted", _LAZY + "c.n = 5\n" + _READ, "del c.n"),
    Change("a cached property deep in a container is assigned", _LAZY + "T = {'a': [c]}\n@cache\ndef f(x): return T['a'][0].n", "c.n = 5"),
    Change("a cached property is assigned on an object with slots", "from functools import cached_property\nclass B: __slots__ = ('b', '__dict__', '__weakref__')\nclass C(B):\n    __slots__ = ()\n    @cached_property\n    def n(self): return 1\nc = C()\nc.b = 1\n" + _READ, "c.n = 5"),
    Change("a cached property is assigned on a frozen dataclass", "from dataclasses import dataclass\nfrom functools import cached_property\n@dataclass(frozen=True)\nclass C:\n    a: int = 1\n    @cached_property\n    def n(self): return self.a\nc = C()\n" + _READ, "vars(c)['n'] = 5"),
    Change("an attribute that a subclass has made plain is set", _LAZY + "class D(C): n = 0\nd = D()\n@cache\ndef f(x): return d.n", "d.n = 5"),
    Change("a cached property's function is monkeypatched on the class", _LAZY + "@cache\ndef f(x): return C().n", "C.n.func.__code__ = (lambda self: 5).__code__"),
    Change("a lazy attribute of one's own descriptor is assigned", _REIFY + _READ, "c.n = 5"),
    Change("a lazy attribute of one's own descriptor of an argument is assigned", _REIFY + _ARGUMENT, "c.n = 5", "f(c)"),
    Change("a cached property of a pydantic model is assigned", "from functools import cached_property\nfrom pydantic import BaseModel\nclass C(BaseModel):\n    a: int = 1\n    @cached_property\n    def n(self): return self.a\nc = C()\n" + _READ, "vars(c)['n'] = 5"),
    Change("a cached property of an exception is assigned", "from functools import cached_property\nclass C(Exception):\n    @cached_property\n    def n(self): return 1\nc = C()\n" + _READ, "c.n = 5"),
    # What must still be found.
    Change("a lazy attribute of one's own descriptor is computed", _REIFY + _READ, "c.n", hit=True),
    Change("a cached property of an argument is computed by the call", _LAZY + _ARGUMENT, "c.n", "f(c)", hit=True),
    Change("cached properties that lead back to their object are computed", "from functools import cached_property\nclass View:\n    def __init__(self, of): self.of = of\nclass C:\n    a = 1\n    @cached_property\n    def n(self): return View(self)\nc = C()\n@cache\ndef f(x): return c.n.of.a", "c.n", hit=True),
    Change("a cached property without lasting identity is computed", "import threading\nfrom functools import cached_property\nclass C:\n    a = 1\n    @cached_property\n    def n(self): return [threading.Lock()]\nc = C()\n@cache\ndef f(x):\n    with x.n[0]: return x.a", "c.n", "f(c)", hit=True),
    # Objects whose own pickling leaves out what matters.
    Change("a function that __getstate__ leaves out is replaced", _GETSTATE + "@cache\ndef f(x): return c.g()", "c.g = lambda: 5"),
    Change("a function that __getstate__ leaves out of an argument is replaced", _GETSTATE + "@cache\ndef f(x): return x.g()", "c.g = lambda: 5", "f(c)"),
    Change("a helper of a function that __getstate__ leaves out is rebound", "def h(): return 1\n" + _GETSTATE + "g.__code__ = (lambda: h()).__code__\n@cache\ndef f(x): return c.g()", "h = lambda: 5"),
    Change("data that __getstate__ leaves out are changed in place", "class C:\n    def __init__(self): self.a, self.b = 1, [1]\n    def __getstate__(self): return {'a': self.a}\nc = C()\n@cache\ndef f(x): return c.b", "c.b.append(2)"),
    Change("data that __reduce__ leaves out are changed", "class C:\n    def __init__(self, a): self.a, self.b = a, [1]\n    def __reduce__(self): return C, (self.a,)\nc = C(1)\n@cache\ndef f(x): return c.b", "c.b.append(2)"),
    Change("a slot that __getstate__ leaves out is set", "class C:\n    __slots__ = ('a', 'b')\n    def __init__(self): self.a, self.b = 1, 2\n    def __getstate__(self): return self.a\n    def __setstate__(self, a): self.a = a\nc = C()\n@cache\ndef f(x): return c.b", "c.b = 5"),
    Change("data that __reduce__ leaves out of a dict of one's own", "class C(dict):\n    def __reduce__(self): return C, ()\nc = C(a=1)\n@cache\ndef f(x): return c['a']", "c['a'] = 5"),
    Change("data that a function in copyreg leaves out", "import copyreg\nclass C:\n    b = 1\nc = C()\ncopyreg.pickle(C, lambda c: (C, ()))\n@cache\ndef f(x): return c.b", "c.b = 5"),
    Change("data behind a slot and a property", "class C:\n    __slots__ = ('_a', '__dict__')\n    @property\n    def a(self): return self._a\nc = C()\nc._a = 1\n@cache\ndef f(x): return c.a", "c._a = 5"),
    Change("data behind a property are in a table of the module", "_DATA = {}\nclass C:\n    @property\n    def a(self): return _DATA.get('c', 1)\nc = C()\n@cache\ndef f(x): return x.a", "_DATA['c'] = 5", "f(c)"),
    Change("data behind a property are found by weak reference", "import weakref\n_DATA = weakref.WeakKeyDictionary()\nclass C:\n    @property\n    def a(self): return _DATA.get(self, 1)\nc = C()\n@cache\ndef f(x): return c.a", "_DATA[c] = 5"),
    Change("an object that says it is of another class gets another attribute", "class C:\n    @property\n    def __class__(self): return int\nc = C()\nc.a = 1\n@cache\ndef f(x): return c.a", "c.a = 5"),
    Change("the handle beside data that __getstate__ leaves out is opened", "class C:\n    a, lock = 1, None\n    def __getstate__(self): return {}\nc = C()\nc.b = [1]\n@cache\ndef f(x): return x.b", "import threading; c.lock = threading.Lock()", "f(c)", hit=True),
]
