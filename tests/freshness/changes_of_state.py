"""Changes of state that things keep beside their fields: descriptors, functions, members of enumerations."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from freshness.changes import Change

_PROPERTY = "class Own(property):\n    def __init__(self, get, more=1):\n        super().__init__(get)\n        self.more = more\n    def __get__(self, one, kind=None): return super().__get__(one, kind) + self.more\nclass C: n = Own(lambda self: 1)\nc = C()\n@cache\ndef f(x): return C().n"
_METHOD = "class Own(KIND):\n    def __get__(self, one, kind=None): return lambda *a: self.__func__(*a) + self.more\nclass C:\n    n = Own(lambda *a: 1)\nvars(C)['n'].more = 1\n@cache\ndef f(x): return C().n()"
_ENUM = "from enum import Enum\nclass E(Enum):\n    A = [1]\n    B = 2\n"

CHANGES = [
    # Descriptors.
    Change("an attribute of a property of one's own", _PROPERTY, "vars(C)['n'].more = 5"),
    Change("the getter behind a property of one's own", "def get(self): return h()\ndef h(): return 1\nclass Own(property): pass\nclass C: n = Own(get)\n@cache\ndef f(x): return C().n", "h = lambda: 5"),
    Change("the getter behind a property in slots of one's own", "class Own(property): __slots__ = ('more', '__doc__')\nclass C: n = Own(lambda self: vars(C)['n'].more)\nvars(C)['n'].more = 1\n@cache\ndef f(x): return C().n", "vars(C)['n'].more = 5"),
    Change("an attribute of a static method of one's own", _METHOD.replace("KIND", "staticmethod"), "vars(C)['n'].more = 5"),
    Change("an attribute of a class method of one's own", _METHOD.replace("KIND", "classmethod"), "vars(C)['n'].more = 5"),
    Change("an attribute of a static method", "class C: n = staticmethod(lambda: vars(C)['n'].more)\nvars(C)['n'].more = 1\n@cache\ndef f(x): return C.n()", "vars(C)['n'].more = 5"),
    Change("a class method's function of one's own kind", "def g(cls): return h()\ndef h(): return 1\nclass Own(classmethod): pass\nclass C: n = Own(g)\n@cache\ndef f(x): return C.n()", "h = lambda: 5"),
    Change("an attribute of a cached property of one's own", "from functools import cached_property\nclass Own(cached_property):\n    more = 1\n    def __get__(self, one, kind=None): return self.func(one) + self.more\nclass C: n = Own(lambda self: 1)\n@cache\ndef f(x): return C().n", "vars(C)['n'].more = 5"),
    Change("what a partial method holds", "from functools import partialmethod\nclass C:\n    def m(self, a): return a[0]\n    n = partialmethod(m, [1])\n@cache\ndef f(x): return C().n()", "vars(C)['n'].args[0][0] = 5"),
    Change("an instance of a class with __get__ changes", "class D:\n    def __init__(self): self.v = 1\n    def __get__(self, one, kind=None): return self.v\nclass C: n = D()\n@cache\ndef f(x): return C().n", "vars(C)['n'].v = 5"),
    # Functions.
    Change("a function with an empty __dict__ gets an attribute", "def g(): return vars(g).get('n', 0)\n@cache\ndef f(x): return g()", "g.n = 5"),
    Change("a function that was looked at gets an attribute", "def g(): return getattr(g, 'n', 0)\ng.__dict__\n@cache\ndef f(x): return g()", "g.n = 5"),
    Change("a function whose attributes were all deleted gets another", "def g(): return getattr(g, 'n', 0)\ng.m = 1\ndel g.m\n@cache\ndef f(x): return g()", "g.n = 5"),
    Change("a method with an empty __dict__ gets an attribute", "class C:\n    def g(self): return getattr(C.g, 'n', 0)\nC.g.__dict__\n@cache\ndef f(x): return C().g()", "C.g.n = 5"),
    Change("the function itself gets an attribute", "@cache\ndef f(x): return getattr(f.__wrapped__, 'n', 0)\nvars(f.__wrapped__)", "f.__wrapped__.n = 5"),
    Change("a new key in the defaults of keywords", "def g(*, a=1, b): return a + b\n@cache\ndef f(x):\n    try: return g()\n    except TypeError: return 'b is missing'", "g.__kwdefaults__['b'] = 5"),
    Change("a key less in the defaults of keywords", "def g(*, a=1): return a\n@cache\ndef f(x):\n    try: return g()\n    except TypeError: return 'a is missing'", "del g.__kwdefaults__['a']"),
    Change("a new key in empty defaults of keywords", "def g(*, b): return b\ng.__kwdefaults__ = {}\n@cache\ndef f(x):\n    try: return g()\n    except TypeError: return 'b is missing'", "g.__kwdefaults__['b'] = 5"),
    Change("a key in the defaults of keywords is exchanged for another", "def g(*, a=1, b=2): return a + b\ndel g.__kwdefaults__['b']\n@cache\ndef f(x):\n    try: return g(a=1)\n    except TypeError: return 'b is missing'", "d = g.__kwdefaults__; d['b'] = 5; del d['a']"),
    Change("the name of a function that reads it", "def g(): return g.__name__\n@cache\ndef f(x): return g()", "g.__name__ = 'other'"),
    Change("the qualified name of a function that is read", "def g(): pass\n@cache\ndef f(x): return g.__qualname__", "g.__qualname__ = 'other'"),
    Change("the module's name of a function that is read", "def g(): pass\n@cache\ndef f(x): return g.__module__", "g.__module__ = 'other'"),
    Change("the name of a class that is read", "class C: pass\n@cache\ndef f(x): return C.__name__", "C.__name__ = 'other'"),
    Change("the qualified name of a class that repr reads", "class C: pass\nC.__repr__ = lambda self: type(self).__qualname__\n@cache\ndef f(x): return repr(C())", "C.__qualname__ = 'other'"),
    Change("the module's name of a class that is read", "class C: pass\n@cache\ndef f(x): return C.__module__", "C.__module__ = 'other'"),
    Change("the name of a function in a table that is sorted by it", "def g(): pass\ndef h(): pass\nT = [g, h]\n@cache\ndef f(x): return [t.__name__ for t in sorted(T, key=lambda t: t.__name__)]", "g.__name__ = 'z'"),
    Change("the docstring of a class that is read", "class C: 'a'\n@cache\ndef f(x): return C.__doc__", "C.__doc__ = 'b'"),
    # Members of enumerations.
    Change("a member whose value is a list changes in place", _ENUM + "@cache\ndef f(x): return E.A.value", "E.A.value.append(5)"),
    Change("a member in a global whose value is a list changes in place", _ENUM + "M = E.A\n@cache\ndef f(x): return M.value", "E.A.value.append(5)"),
    Change("a member as an argument whose value is a list changes in place", _ENUM + "@cache\ndef f(x): return x.value", "E.A.value.append(5)", "f(E.A)"),
    Change("an attribute is set on a member", _ENUM + "@cache\ndef f(x): return getattr(E.B, 'more', 0)", "E.B.more = 5"),
    Change("an attribute is set on a member in a global", _ENUM + "M = E.B\n@cache\ndef f(x): return getattr(M, 'more', 0)", "M.more = 5"),
    Change("an attribute is set on a member in a table", _ENUM + "T = {'b': E.B}\n@cache\ndef f(x): return getattr(T['b'], 'more', 0)", "E.B.more = 5"),
    Change("an attribute is set on a member that is an argument", _ENUM + "@cache\ndef f(x): return getattr(x, 'more', 0)", "E.B.more = 5", "f(E.B)"),
    Change("an attribute of a member is changed in place", "from enum import Enum\nclass E(Enum):\n    A = 1\n    def __init__(self, v): self.more = [v]\nM = E.A\n@cache\ndef f(x): return M.more", "M.more.append(5)"),
    Change("the value of a member is set", _ENUM + "M = E.B\n@cache\ndef f(x): return M._value_", "M._value_ = 5"),
    Change("a member of a class with slots of its own", "from enum import Enum\nclass B:\n    def __init__(self, *a): self.more = 1\nclass E(B, Enum):\n    A = 1\nM = E.A\n@cache\ndef f(x): return M.more", "M.more = 5"),
]
