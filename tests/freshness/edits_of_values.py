"""Edits of what functions read: constants and containers, and what stands inside them."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from freshness.edit import Edit


def _constant(what: str, old: str, new: str, read: str = "K", imports: str = "") -> Edit:
    """An edit of a global that the function reads."""
    return Edit(what, f"{imports}\nK = {old}\n@cache\ndef f(x): return {read}\n", {f"K = {old}\n": f"K = {new}\n"})


EDITS = [
    _constant("a number that is read", "1", "2"),
    _constant("a number for an equal one of another type", "1", "1.0"),
    _constant("a string", "'a'", "'b'"),
    _constant("a long string", "'a' * 10_000 + 'b'", "'a' * 10_000 + 'c'", "K[-1]"),
    _constant("a list", "[1, 2]", "[1, 3]"),
    _constant("a list for an equal tuple", "[1, 2]", "(1, 2)"),
    _constant("the order of a list", "[1, 2]", "[2, 1]"),
    _constant("a value in a dict", "{'a': 1}", "{'a': 2}"),
    _constant("a key in a dict", "{'a': 1}", "{'b': 1}"),
    _constant("the order of a dict that is read", "{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", "list(K)"),
    _constant("something deep in a container", "{'a': [({'b': 1},)]}", "{'a': [({'b': 2},)]}"),
    _constant("a set", "{'a', 'b'}", "{'a', 'c'}", "sorted(K)"),
    _constant("a frozenset", "frozenset({'a', 'b'})", "frozenset({'a', 'c'})", "sorted(K)"),
    _constant("bytes", "b'a'", "b'b'"),
    _constant("a bytearray", "bytearray(b'a')", "bytearray(b'b')"),
    _constant("None for False", "None", "False"),
    _constant("a range", "range(3)", "range(4)", "list(K)"),
    _constant("a path", "Path('a')", "Path('b')", imports="from pathlib import Path"),
    _constant("a Decimal's last zero", "Decimal('1.0')", "Decimal('1.00')", "str(K)", imports="from decimal import Decimal"),
    _constant("a date", "date(2020, 1, 1)", "date(2020, 1, 2)", imports="from datetime import date"),
    _constant("a time zone", "datetime(2020, 1, 1, tzinfo=timezone.utc)", "datetime(2020, 1, 1)", "str(K)", imports="from datetime import datetime, timezone"),
    _constant("a pattern", "re.compile('a')", "re.compile('b')", "K.pattern", imports="import re"),
    _constant("a pattern's flag", "re.compile('a')", "re.compile('a', re.I)", "bool(K.match('A'))", imports="import re"),
    _constant("a deque", "deque([1])", "deque([2])", "list(K)", imports="from collections import deque"),
    _constant("a deque's length", "deque([1], 3)", "deque([1], 4)", "K.maxlen", imports="from collections import deque"),
    _constant("a defaultdict's factory", "defaultdict(int)", "defaultdict(list)", "K.copy()['a']", imports="from collections import defaultdict"),
    _constant("a Counter", "Counter('a')", "Counter('aa')", "K['a']", imports="from collections import Counter"),
    _constant("a namespace's attribute", "SimpleNamespace(a=1)", "SimpleNamespace(a=2)", "K.a", imports="from types import SimpleNamespace"),
    _constant("a mapping proxy", "MappingProxyType({'a': 1})", "MappingProxyType({'a': 2})", "K['a']", imports="from types import MappingProxyType"),
    _constant("a named tuple's field", "P(1)", "P(2)", "K.a", imports="from collections import namedtuple\nP = namedtuple('P', 'a')"),
    _constant("an array of numbers", "array('i', [1])", "array('i', [2])", "K[0]", imports="from array import array"),
    _constant("a numpy array's element", "np.array([1, 2])", "np.array([1, 3])", "K.sum()", imports="import numpy as np"),
    _constant("a numpy array's type", "np.array([1], 'i4')", "np.array([1], 'i8')", "str(K.dtype)", imports="import numpy as np"),
    _constant("a random generator's seed", "Random(1)", "Random(2)", "K.getstate()[1][1]", imports="from random import Random"),
    _constant("a slice that is kept", "slice(1, 2)", "slice(1, 3)", "'abcd'[K]"),
    _constant("a type", "int", "str"),
    _constant("a builtin function", "max", "min", "K(1, 2)"),
    _constant("a method of a builtin type", "str.upper", "str.lower", "K('a') + K('A')"),
    _constant("a bound method of a builtin object", "'a'.join", "'b'.join", "K('xy')"),
    _constant("a function of the standard library", "math.floor", "math.ceil", "K(1.5)", imports="import math"),
    _constant("an item getter", "itemgetter(0)", "itemgetter(1)", "K('ab')", imports="from operator import itemgetter"),
    _constant("a generic alias", "list[int]", "list[str]", "str(K)"),
    _constant("a union of types", "int | str", "int | bytes", "str(K)"),
    Edit("a constant that another is made of", "A = 1\nK = A + 1\n@cache\ndef f(x): return K", {"A = 1": "A = 2"}),
    Edit("a constant that a comprehension reads", "K = 1\n@cache\ndef f(x): return [K for _ in 'a']", {"K = 1": "K = 2"}),
    Edit("a constant that a nested function reads", "K = 1\n@cache\ndef f(x):\n    def g(): return K\n    return g()", {"K = 1": "K = 2"}),
    Edit("a constant that a default of a nested function reads", "K = 1\n@cache\ndef f(x):\n    def g(y=K): return y\n    return g()", {"K = 1": "K = 2"}),
    Edit("a constant that a helper reads", "K = 1\ndef g(x): return x + K\n@cache\ndef f(x): return g(x)", {"K = 1": "K = 2"}),
    Edit("a constant that a method reads", """
        K = 1
        class C:
            def run(self): return K
        @cache
        def f(x): return C().run()
        """, {"K = 1": "K = 2"}),
    Edit("a constant that is built up by the module", "K = []\nfor i in range(3): K.append(i)\n@cache\ndef f(x): return K", {"range(3)": "range(4)"}),
    Edit("a constant that is changed below the function", "K = {'a': 1}\n@cache\ndef f(x): return K['a']\nK['a'] = 2", {"] = 2": "] = 3"}),
    Edit("a constant that is deleted from a container", "K = {'a': 1, 'b': 2}\n@cache\ndef f(x): return len(K)", {", 'b': 2": ""}),
    Edit("a constant read from a file by the module", """
        from data import TEXT
        K = TEXT.split()
        @cache
        def f(x): return K
        #: data.py
        TEXT = 'a b'
        """.replace("\n        ", "\n"), {"a b": "a c"}),
    Edit("an attribute of an instance", """
        class Box: pass
        box = Box()
        box.a = 1
        @cache
        def f(x): return box.a
        """, {"a = 1": "a = 2"}),
    Edit("an attribute of an instance inside a container", """
        class Box:
            def __init__(self, a): self.a = a
        boxes = [Box(1), Box(2)]
        @cache
        def f(x): return boxes[1].a
        """, {"Box(2)": "Box(3)"}),
    Edit("a slot of an instance", """
        class Box:
            __slots__ = ('a',)
            def __init__(self, a): self.a = a
        box = Box(1)
        @cache
        def f(x): return box.a
        """, {"Box(1)": "Box(2)"}),
    Edit("a private attribute of an instance", """
        class Box:
            def __init__(self, a): self.__a = a
            def get(self): return self.__a
        box = Box(1)
        @cache
        def f(x): return box.get()
        """, {"Box(1)": "Box(2)"}),
    Edit("a field of a dataclass's instance", """
        from dataclasses import dataclass
        @dataclass
        class Box: a: int
        box = Box(1)
        @cache
        def f(x): return box.a
        """, {"Box(1)": "Box(2)"}),
    Edit("an item of a subclass of dict", """
        class Table(dict): pass
        table = Table(a=1)
        @cache
        def f(x): return table['a']
        """, {"a=1": "a=2"}),
    Edit("an attribute of a subclass of dict", """
        class Table(dict): pass
        table = Table()
        table.a = 1
        @cache
        def f(x): return table.a
        """, {"a = 1": "a = 2"}),
    Edit("an attribute of a function", """
        def g(): return g.factor
        g.factor = 1
        @cache
        def f(x): return g()
        """, {"factor = 1": "factor = 2"}),
    Edit("an attribute of the cached function's own", """
        @cache
        def f(x): return f.__wrapped__.factor
        f.__wrapped__.factor = 1
        """, {"factor = 1": "factor = 2"}),
    Edit("the class of an instance", """
        class A: name = 'a'
        class B: name = 'b'
        box = A()
        @cache
        def f(x): return box.name
        """, {"box = A()": "box = B()"}),
    Edit("the method of an instance's class", """
        class A:
            def name(self): return 'a'
        box = A()
        @cache
        def f(x): return box.name()
        """, {"'a'": "'b'"}),
    Edit("an instance inside an instance", """
        class Box:
            def __init__(self, a): self.a = a
        box = Box(Box(1))
        @cache
        def f(x): return box.a.a
        """, {"Box(1)": "Box(2)"}),
    Edit("the class of an instance inside a list", """
        class A:
            def name(self): return 'a'
        boxes = [A()]
        @cache
        def f(x): return boxes[0].name()
        """, {"'a'": "'b'"}),
    Edit("the member of an enumeration that is named", """
        from enum import Enum
        class Color(Enum):
            RED, BLUE = 1, 2
        color = Color.RED
        @cache
        def f(x): return color.name
        """, {"= Color.RED": "= Color.BLUE"}),
    Edit("a constant that a test of the type picks", "K = 1\n@cache\ndef f(x): return K if isinstance(x, int) else 0", {"K = 1": "K = 2"}),
    Edit("a global declared so", "K = 1\n@cache\ndef f(x):\n    global K\n    return K", {"K = 1": "K = 2"}),
    Edit("a constant in a chain of cached functions", """
        K = 1
        @cache
        def g(x): return x + K
        @cache
        def h(x): return g(x)
        @cache
        def f(x): return 0 if x is None else h.__wrapped__(x)
        """, {"K = 1": "K = 2"}),
    Edit("the class of an argument", """
        class A:
            def run(self): return 1
        @cache
        def f(x): return x.run()
        """, {"return 1": "return 2"}, "f(A())"),
    Edit("the class of something inside an argument", """
        class A:
            def run(self): return 1
        @cache
        def f(x): return x['a'][0].run()
        """, {"return 1": "return 2"}, "f({'a': [A()]})"),
    Edit("the base of the class of an argument", """
        class Base:
            def run(self): return 1
        class A(Base): pass
        @cache
        def f(x): return x.run()
        """, {"return 1": "return 2"}, "f(A())"),
    Edit("a function that is an argument", "def g(): return 1\n@cache\ndef f(x): return x()", {"return 1": "return 2"}, "f(g)"),
    Edit("a helper of a function that is an argument", """
        def h(): return 1
        def g(): return h()
        @cache
        def f(x): return x()
        """, {"return 1": "return 2"}, "f(g)"),
    Edit("a lambda that is an argument", "@cache\ndef f(x): return x()\ng = lambda: 1", {": 1": ": 2"}, "f(g)"),
    Edit("what a lambda that is an argument closes over", "@cache\ndef f(x): return x()\ndef make(n): return lambda: n\ng = make(1)", {"make(1)": "make(2)"}, "f(g)"),
    Edit("a class that is an argument", "class A: a = 1\n@cache\ndef f(x): return x.a", {"a = 1": "a = 2"}, "f(A)"),
    Edit("a partial that is an argument", """
        from functools import partial
        def g(n): return n + 1
        @cache
        def f(x): return x()
        """, {"n + 1": "n + 2"}, "f(partial(g, 1))"),
    Edit("the method of an argument's own", """
        class A:
            n = 1
            def run(self): return self.n
        @cache
        def f(x): return x()
        """, {"n = 1": "n = 2"}, "f(A().run)"),
    Edit("a module that is an argument", "import helper\n@cache\ndef f(x): return x.K\n#: helper.py\nK = 1\n", {"K = 1": "K = 2"}, "f(helper)"),
    Edit("the class of self", """
        class A:
            n = 1
            @cache
            def run(self): return self.n
        f = A.__dict__['run']
        """, {"n = 1": "n = 2"}, "A().run()"),
    Edit("another method of self", """
        class A:
            def n(self): return 1
            @cache
            def run(self): return self.n()
        f = A.__dict__['run']
        """, {"return 1": "return 2"}, "A().run()"),
    Edit("an attribute of self", """
        class A:
            def __init__(self): self.n = 1
            @cache
            def run(self): return self.n
        f = A.__dict__['run']
        """, {"n = 1": "n = 2"}, "A().run()"),
    Edit("another class method of a cached class method", """
        class A:
            @classmethod
            def n(cls): return 1
            @classmethod
            @cache
            def run(cls): return cls.n()
        f = A.__dict__['run'].__func__
        """, {"return 1": "return 2"}, "A.run()"),
    _constant("a property that is kept", "property(lambda self: 1)", "property(lambda self: 2)", "K.fget(0)"),
    _constant("a static method that is kept", "staticmethod(lambda: 1)", "staticmethod(lambda: 2)", "K()"),
    _constant("a chain of mappings", "ChainMap({'a': 1})", "ChainMap({'a': 2})", "K['a']", imports="from collections import ChainMap"),
    _constant("a vectorized function", "np.vectorize(lambda v: v + 1)", "np.vectorize(lambda v: v + 2)", "K([1]).tolist()", imports="import numpy as np"),
    Edit("an instance that iterates", "class C:\n    def __iter__(self): return iter([1])\nc = C()\n@cache\ndef f(x): return list(c)", {"[1]": "[2]"}),
    Edit("a global that a function sets at import", "K = None\ndef start():\n    global K\n    K = 5\nstart()\n@cache\ndef f(x): return K", {"K = 5": "K = 6"}),
    Edit("a type under another name in a match", "class A: pass\nclass B(A): pass\nT = A\n@cache\ndef f(x):\n    match B():\n        case T(): return 1\n    return 2", {"T = A": "T = int"}),
]
