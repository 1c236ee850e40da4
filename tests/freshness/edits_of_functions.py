"""Edits of functions that change what they return: their own text, their helpers', and how they find their helpers."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from freshness.edit import Edit


def _body(what: str, old: str, new: str, call: str = "f(3)") -> Edit:
    """An edit of a function's own text, given as its body."""
    return Edit(what, f"@cache\ndef f(x):\n    {old}\n", {f"    {old}\n": f"    {new}\n"}, call)


OWN_TEXT = [
    _body("a constant", "return x + 1", "return x + 2"),
    _body("an operator", "return x + 2", "return x * 2"),
    _body("an operator of the same precedence", "return x - 2", "return x + 2"),
    _body("a comparison", "return x < 3", "return x <= 3"),
    _body("is for ==", "return [] == []", "return [] is []"),
    _body("and for or", "return x and 0", "return x or 0"),
    _body("a negation", "return x > 5", "return not x > 5"),
    _body("an int for an equal float", "return x * 1", "return x * 1.0"),
    _body("True for an equal int", "return [1]", "return [True]"),
    _body("zero for negative zero", "return 0.0", "return -0.0"),
    _body("a constant inside a tuple", "return x in (1, 2, 3)", "return x in (1, 2, 4)"),
    _body("an equal constant of another type inside a tuple", "return (1, 2)[0]", "return (1.0, 2)[0]"),
    _body("a constant inside a set", "return x in {1, 2, 3}", "return x in {1, 2, 4}"),
    _body("a slice", "return 'abcdef'[1:x]", "return 'abcdef'[2:x]"),
    _body("a string for the bytes", "return 'a'", "return b'a'"),
    _body("an f-string's text", "return f'{x} a'", "return f'{x} b'"),
    _body("an f-string's format", "return f'{x:02}'", "return f'{x:03}'"),
    _body("an f-string's conversion", "return f'{str(x)!r}'", "return f'{str(x)!s}'"),
    _body("a case of a match", "match x:\n        case 3: return 1", "match x:\n        case 4: return 1"),
    _body("a guard of a match", "match x:\n        case y if y > 2: return y", "match x:\n        case y if y > 3: return y"),
    _body("a comprehension's element", "return [y for y in range(x)]", "return [-y for y in range(x)]"),
    _body("a comprehension's condition", "return [y for y in range(x) if y]", "return [y for y in range(x) if not y]"),
    _body("a generator expression", "return sum(y for y in range(x))", "return sum(y + 1 for y in range(x))"),
    _body("a set comprehension for a list's", "return [y for y in (x, x)]", "return {y for y in (x, x)}"),
    _body("a nested function", "def g(): return 1\n    return g()", "def g(): return 2\n    return g()"),
    _body("a nested function's default", "def g(y=1): return y\n    return g()", "def g(y=2): return y\n    return g()"),
    _body("a nested lambda", "return (lambda y: y)(x)", "return (lambda y: -y)(x)"),
    _body("a nested class", "class C: a = 1\n    return C.a", "class C: a = 2\n    return C.a"),
    _body("a walrus", "return (y := x) + y", "return (y := x + 1) + y"),
    _body("an exception that is caught", "try: return 1 / (x - 3)\n    except ZeroDivisionError: return 'a'",
          "try: return 1 / (x - 3)\n    except ArithmeticError: return 'b'"),
    _body("the order of statements", "y = x; y += 1; y *= 2; return y", "y = x; y *= 2; y += 1; return y"),
    _body("a loop's end", "return [y for y in range(x)]", "return [y for y in range(x + 1)]"),
    _body("break for continue", "for y in range(x):\n        if y == 1: break\n    return y",
          "for y in range(x):\n        if y == 1: continue\n    return y"),
    _body("the name of a method", "return 'Ab'.upper()", "return 'Ab'.lower()"),
    _body("the name of an argument in a call", "return dict(a=x)", "return dict(b=x)"),
    _body("a star before an argument", "return max([x, 9], [x])", "return max(*[x, 9], *[x])"),
    _body("the order of a dict", "return {'a': 1, 'b': 2}", "return {'b': 2, 'a': 1}"),
    _body("the text of an assertion", "try:\n        assert x > 5, 'a'\n    except AssertionError as e: return str(e)",
          "try:\n        assert x > 5, 'b'\n    except AssertionError as e: return str(e)"),
    _body("a big number", "return 10**30 + 1", "return 10**30 + 2"),
    _body("a lone surrogate", r"return ascii('\ud800')", r"return ascii('\ud801')"),
    _body("one branch of a conditional", "return 1 if x else 2", "return 3 if x else 2"),
    _body("a finally", "try: y = 1\n    finally: y = 2\n    return y", "try: y = 1\n    finally: y = 3\n    return y"),
    _body("an attribute's name", "return x.real", "return x.imag"),
    _body("a subscript that is deleted", "y = [1, 2, 3]; del y[0]; return y", "y = [1, 2, 3]; del y[1]; return y"),
    _body("a global that is a builtin", "return max(x, 9)", "return min(x, 9)"),
    _body("a docstring that the function reads", "'a'\n    return f.__doc__", "'b'\n    return f.__doc__"),
    Edit("a default", "@cache\ndef f(x, y=1): return x + y", {"y=1": "y=2"}),
    Edit("a default for an equal one of another type", "@cache\ndef f(x, y=1): return x * y", {"y=1": "y=1.0"}),
    Edit("a keyword-only default", "@cache\ndef f(x, *, y=1): return x + y", {"y=1": "y=2"}),
    Edit("a default of a positional-only parameter", "@cache\ndef f(x, y=1, /): return x + y", {"y=1": "y=2"}),
    Edit("a default that is a list", "@cache\ndef f(x, y=[1]): return x + y[0]", {"[1]": "[2]"}),
    Edit("a default that is a function", "def g(): return 1\n@cache\ndef f(x, y=g): return x + y()", {"return 1": "return 2"}),
    Edit("a default that is a lambda", "@cache\ndef f(x, y=lambda: 1): return x + y()", {": 1": ": 2"}),
    Edit("a default that is a class", "class C: a = 1\n@cache\ndef f(x, y=C): return x + y.a", {"a = 1": "a = 2"}),
    Edit("a default that is computed", "K = 1\n@cache\ndef f(x, y=K + 1): return x + y", {"K = 1": "K = 2"}),
    Edit("the order of parameters", "@cache\ndef f(x, y): return x - y", {"(x, y)": "(y, x)"}, "f(1, 2)"),
    Edit("a star that gathers arguments", "@cache\ndef f(x, *y): return x, y", {"f(x, *y)": "f(*y, x=0)"}, "f(1, 2)"),
    Edit("def for async def", "@cache\nasync def f(x): return x + 1", {"x + 1": "x + 2"}),
    Edit("what a generator yields", "@cache\ndef f(x):\n    yield x\n    yield 1", {"yield 1": "yield 2"}),
    Edit("a lambda that is decorated", "f = cache(lambda x: x + 1)", {"x + 1": "x + 2"}),
    Edit("one of two lambdas on a line", "f, g = cache(lambda x: x + 1), lambda x: x + 5", {"x + 1": "x + 2"}),
    Edit("a decorated function made by exec", "exec('@cache\\ndef f(x): return x + 1')", {"x + 1": "x + 2"}),
    Edit("a lambda made by eval", "g = eval('lambda x: x + 1')\n@cache\ndef f(x): return g(x)", {"x + 1": "x + 2"}),
    Edit("annotations that the function reads", """
        @cache
        def f(x: int): return f.__wrapped__.__annotations__['x']
        """, {"x: int": "x: str"}),
    Edit("annotations that a helper of the function reads", """
        from typing import get_type_hints
        def hints(function): return str(get_type_hints(function))
        def g(x: int): return x
        @cache
        def f(x): return hints(g)
        """, {"x: int": "x: str"}),
    Edit("annotations that a decorator reads", """
        def convert(function):
            wanted = function.__annotations__['x']
            return lambda x: function(wanted(x))
        @convert
        def g(x: int): return x
        @cache
        def f(x): return g(x + 0.5)
        """, {"x: int": "x: float"}),
    Edit("annotations that singledispatch reads", """
        from functools import singledispatch
        @singledispatch
        def g(x): return 'any'
        @g.register
        def _(x: int): return 'special'
        @cache
        def f(x): return g(x)
        """, {"x: int": "x: str"}),
    Edit("a signature that a helper reads", """
        import inspect
        def names(function): return str(inspect.signature(function))
        def g(x: int): return x
        @cache
        def f(x): return names(g)
        """, {"x: int": "x: str"}),
    Edit("a docstring that a helper reads", """
        def text(function): return function.__doc__
        def g(x): "one"
        @cache
        def f(x): return text(g)
        """, {"one": "two"}),
    Edit("a docstring of a class that a helper reads", """
        def text(cls): return cls.__doc__
        class C: "one"
        @cache
        def f(x): return text(C)
        """, {"one": "two"}),
    Edit("a docstring of a module that the function reads", '''
        """one"""
        from brinery import cache
        @cache
        def f(x): return __doc__
        ''', {"one": "two"}),
]

HELPERS = [
    Edit("a helper", "def g(x): return x + 1\n@cache\ndef f(x): return g(x)", {"x + 1": "x + 2"}),
    Edit("a helper's default", "def g(x, y=1): return x + y\n@cache\ndef f(x): return g(x)", {"y=1": "y=2"}),
    Edit("a helper's keyword-only default", "def g(x, *, y=1): return x + y\n@cache\ndef f(x): return g(x)", {"y=1": "y=2"}),
    Edit("a helper's helper", "def h(x): return x + 1\ndef g(x): return h(x)\n@cache\ndef f(x): return g(x)", {"x + 1": "x + 2"}),
    Edit("a helper that is defined below", "@cache\ndef f(x): return g(x)\ndef g(x): return x + 1", {"x + 1": "x + 2"}),
    Edit("the other of two functions that call each other", """
        def even(n): return True if n == 0 else odd(n - 1)
        def odd(n): return False if n == 0 else even(n - 1)
        @cache
        def f(x): return even(x)
        """, {"False if": "'no' if"}),
    Edit("a function that calls itself", "def g(n): return n and g(n - 1) + 1\n@cache\ndef f(x): return g(x)", {"+ 1": "+ 2"}),
    Edit("a lambda in a global", "g = lambda x: x + 1\n@cache\ndef f(x): return g(x)", {"x + 1": "x + 2"}),
    Edit("a helper called in a nested function", """
        def g(x): return x + 1
        @cache
        def f(x):
            def inner(): return g(x)
            return inner()
        """, {"x + 1": "x + 2"}),
    Edit("a helper called in a comprehension", "def g(x): return x + 1\n@cache\ndef f(x): return [g(y) for y in (x,)]", {"x + 1": "x + 2"}),
    Edit("a helper called in a lambda", "def g(x): return x + 1\n@cache\ndef f(x): return (lambda: g(x))()", {"x + 1": "x + 2"}),
    Edit("a helper called in a nested class", """
        def g(x): return x + 1
        @cache
        def f(x):
            class C:
                a = g(1)
            return C.a
        """, {"x + 1": "x + 2"}),
    Edit("a helper that is only passed on", "def g(x): return x + 1\n@cache\ndef f(x): return list(map(g, [x]))", {"x + 1": "x + 2"}),
    Edit("a sort key", "def g(x): return x\n@cache\ndef f(x): return sorted([2, 1, 3], key=g)", {"return x\n": "return -x\n"}),
    Edit("a helper in a partial", """
        from functools import partial
        def g(x, y): return x + y + 1
        h = partial(g, 1)
        @cache
        def f(x): return h(x)
        """, {"y + 1": "y + 2"}),
    Edit("an argument of a partial", """
        from functools import partial
        def g(x, y): return x + y
        h = partial(g, 1)
        @cache
        def f(x): return h(x)
        """, {"(g, 1)": "(g, 2)"}),
    Edit("a keyword argument of a partial of a partial", """
        from functools import partial
        def g(x, y, z): return x + y + z
        h = partial(partial(g, z=1), y=1)
        @cache
        def f(x): return h(x)
        """, {"z=1": "z=2"}),
    Edit("a helper in a dict", "def g(x): return x + 1\nT = {'a': g}\n@cache\ndef f(x): return T['a'](x)", {"x + 1": "x + 2"}),
    Edit("a helper in a list", "def g(x): return x + 1\nT = [g]\n@cache\ndef f(x): return T[0](x)", {"x + 1": "x + 2"}),
    Edit("a helper in a dict of tuples", "def g(x): return x + 1\nT = {1: (g, 'a')}\n@cache\ndef f(x): return T[x][0](x)", {"x + 1": "x + 2"}),
    Edit("a helper in a set", "def g(x): return x + 1\nT = {g}\n@cache\ndef f(x): return [h(x) for h in T]", {"x + 1": "x + 2"}),
    Edit("a helper in an instance", """
        class Box: pass
        def g(x): return x + 1
        box = Box()
        box.run = g
        @cache
        def f(x): return box.run(x)
        """, {"x + 1": "x + 2"}),
    Edit("a helper registered by a decorator", """
        TABLE = {}
        def register(function):
            TABLE[function.__name__] = function
            return function
        @register
        def g(x): return x + 1
        @cache
        def f(x): return TABLE['g'](x)
        """, {"x + 1": "x + 2"}),
    Edit("an implementation of a singledispatch function", """
        from functools import singledispatch
        @singledispatch
        def g(x): return 'any'
        @g.register(int)
        def _(x): return 'int'
        @cache
        def f(x): return g(x)
        """, {"'int'": "'integer'"}),
    Edit("an implementation of a singledispatch function for more special arguments", """
        from functools import singledispatch
        @singledispatch
        def g(x): return 'any'
        @g.register(int)
        def _(x): return 'int'
        @cache
        def f(x): return g(x)
        """, {"@cache": "@g.register(bool)\n        def _(x): return 'bool'\n        @cache"}, "f(True)"),
    Edit("a helper under lru_cache", """
        from functools import lru_cache
        @lru_cache
        def g(x): return x + 1
        @cache
        def f(x): return g(x)
        """, {"x + 1": "x + 2"}),
    Edit("a helper's helper under functools.cache", """
        import functools
        def h(x): return x + 1
        @functools.cache
        def g(x): return h(x)
        @cache
        def f(x): return g(x)
        """, {"x + 1": "x + 2"}),
    Edit("a helper that is cached itself", "@cache\ndef g(x): return x + 1\n@cache\ndef h(x): return g(x)", {"x + 1": "x + 2"}, "h.__wrapped__(1) + h(1)")
    ._replace(what="a helper that is cached itself, called beside", call="g(1)"),
    Edit("a decorator of the function", """
        def twice(function):
            def run(x): return 2 * function(x)
            return run
        @cache
        @twice
        def f(x): return x
        """, {"2 *": "3 *"}),
    Edit("what the decorator of a function decorates", """
        def twice(function):
            def run(x): return 2 * function(x)
            return run
        @cache
        @twice
        def f(x): return x
        """, {"return x\n": "return x + 1\n"}),
    Edit("a decorator with functools.wraps", """
        from functools import wraps
        def twice(function):
            @wraps(function)
            def run(x): return 2 * function(x)
            return run
        @cache
        @twice
        def f(x): return x
        """, {"2 *": "3 *"}),
    Edit("a function under functools.wraps", """
        from functools import wraps
        def twice(function):
            @wraps(function)
            def run(x): return 2 * function(x)
            return run
        @cache
        @twice
        def f(x): return x
        """, {"return x\n": "return x + 1\n"}),
    Edit("a decorator of a helper", """
        def twice(function):
            def run(x): return 2 * function(x)
            return run
        @twice
        def g(x): return x
        @cache
        def f(x): return g(x)
        """, {"2 *": "3 *"}),
    Edit("a decorator of a helper, taken away", """
        def twice(function):
            def run(x): return 2 * function(x)
            return run
        @twice
        def g(x): return x
        @cache
        def f(x): return g(x)
        """, {"@twice": ""}),
    Edit("the argument of a decorator", """
        def times(n):
            def decorate(function):
                def run(x): return n * function(x)
                return run
            return decorate
        @cache
        @times(2)
        def f(x): return x
        """, {"times(2)": "times(3)"}),
    Edit("the innermost of three layers", """
        from functools import wraps
        def layer(function):
            @wraps(function)
            def run(x): return function(x) + 1
            return run
        @cache
        @layer
        @layer
        def f(x): return x
        """, {"return x\n": "return -x\n"}),
    Edit("a decorator that is a class", """
        class Twice:
            def __init__(self, function): self.function = function
            def __call__(self, x): return 2 * self.function(x)
        @Twice
        def g(x): return x
        @cache
        def f(x): return g(x)
        """, {"2 *": "3 *"}),
    Edit("what a decorator that is a class decorates", """
        class Twice:
            def __init__(self, function): self.function = function
            def __call__(self, x): return 2 * self.function(x)
        @Twice
        def g(x): return x
        @cache
        def f(x): return g(x)
        """, {"return x\n": "return -x\n"}),
    Edit("a context manager made of a generator", """
        from contextlib import contextmanager
        @contextmanager
        def given(x): yield x + 1
        @cache
        def f(x):
            with given(x) as y: return y
        """, {"x + 1": "x + 2"}),
    Edit("a closure's variable", """
        def make(n):
            def g(x): return x + n
            return g
        g = make(1)
        @cache
        def f(x): return g(x)
        """, {"make(1)": "make(2)"}),
    Edit("a function that is closed over", """
        def make():
            def h(x): return x + 1
            def g(x): return h(x)
            return g
        g = make()
        @cache
        def f(x): return g(x)
        """, {"x + 1": "x + 2"}),
    Edit("a variable that the cached function closes over", """
        def make(n):
            @cache
            def f(x): return x + n
            return f
        f = make(1)
        """, {"make(1)": "make(2)"}),
    Edit("a list that a helper's helper closes over", """
        def make():
            table = [1]
            def g(x): return table[0] + x
            return lambda x: g(x)
        g = make()
        @cache
        def f(x): return g(x)
        """, {"[1]": "[2]"}),
    Edit("a generator that is a helper", "def g(x): yield x + 1\n@cache\ndef f(x): return list(g(x))", {"x + 1": "x + 2"}),
    Edit("a coroutine function that is a helper", """
        async def g(x): return x + 1
        @cache
        async def f(x): return await g(x)
        """, {"x + 1": "x + 2"}),
    Edit("a helper on the other branch of an if", """
        import sys
        if sys.version_info > (3, 0):
            def g(x): return x + 1
        else:
            def g(x): return x + 1000
        @cache
        def f(x): return g(x)
        """, {"x + 1\n": "x + 2\n"}),
    Edit("the second of two helpers with one name", "def g(x): return x + 7\ndef g(x): return x + 1\n@cache\ndef f(x): return g(x)", {"x + 1": "x + 2"}),
    Edit("which of two helpers has a name", "def g(x): return x + 1\ndef h(x): return x + 2\nk = g\n@cache\ndef f(x): return k(x)", {"k = g": "k = h"}),
    Edit("a helper by a bound method", """
        class C:
            def run(self, x): return x + 1
        g = C().run
        @cache
        def f(x): return g(x)
        """, {"x + 1": "x + 2"}),
    Edit("the instance of a bound method", """
        class C:
            def __init__(self, n): self.n = n
            def run(self, x): return x + self.n
        g = C(1).run
        @cache
        def f(x): return g(x)
        """, {"C(1)": "C(2)"}),
    Edit("a helper in functools.reduce", "import functools\ndef g(a, b): return a + b\n@cache\ndef f(x): return functools.reduce(g, [1, 2, 3])", {"a + b": "a - b"}),
    Edit("a type that an annotation names in text", """
        from __future__ import annotations
        import typing
        from brinery import cache
        T = int
        def g(x: T): ...
        @cache
        def f(x): return str(typing.get_type_hints(g))
        """, {"T = int": "T = str"}),
    Edit("a helper in operator.methodcaller's class", """
        from operator import methodcaller
        class C:
            def run(self, x): return x + 1
        c, g = C(), methodcaller('run', 1)
        @cache
        def f(x): return g(c)
        """, {"x + 1": "x + 2"}),
    Edit("a helper taken from globals()", "def g(x): return x + 1\n@cache\ndef f(x): return globals()['g'](x)", {"x + 1": "x + 2"}),
    Edit("a constant taken from globals() by a helper", "K = 1\ndef g(x): return globals()['K'] + x\n@cache\ndef f(x): return g(x)", {"K = 1": "K = 2"}),
    Edit("a helper called by eval of a text", "def g(x): return x + 1\n@cache\ndef f(x): return eval('g(x)')", {"x + 1": "x + 2"}),
    Edit("a builtin that is shadowed", "@cache\ndef f(x): return abs(x)", {"@cache": "def abs(x): return 'mine'\n@cache"}),
    Edit("a builtin that is shadowed in another module", """
        from helper import g
        @cache
        def f(x): return g(x)
        #: helper.py
        def g(x): return abs(x)
        """.replace("\n        ", "\n"), {"def g(x)": "def abs(x): return 'mine'\ndef g(x)"}),
    Edit("a builtin that is no longer shadowed", "def abs(x): return 'mine'\n@cache\ndef f(x): return abs(x)", {"def abs": "def other"}),
    Edit("a name that is made where there was none", """
        @cache
        def f(x):
            try: return missing
            except NameError: return 'none'
        """, {"@cache": "missing = 1\n        @cache"}),
    Edit("a name that is no longer there", """
        missing = 1
        @cache
        def f(x):
            try: return missing
            except NameError: return 'none'
        """, {"missing = 1": ""}),
    Edit("a callable that a cached partial holds", """
        from functools import partial
        def g(n, x): return n + x + 1
        f = cache(partial(g, 1))
        """, {"x + 1": "x + 2"}, "f(1)"),
    Edit("what follow=own still covers", "@cache(follow='own')\ndef f(x): return x + 1", {"x + 1": "x + 2"}),
    Edit("what depends_on names", "K = [1]\n@cache(depends_on=[K])\ndef f(x): return eval('K')[0]", {"[1]\n": "[2]\n"}),
    Edit("the version that a person raises", "@cache(version='1', follow='version')\ndef f(x): return x + 1", {"'1'": "'2'", "x + 1": "x + 2"}),
]

EDITS = [*OWN_TEXT, *HELPERS]
