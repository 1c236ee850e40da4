"""Edits of what a function depends on by way of references, contexts, annotations as text, and its arguments' code."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from freshness.edit import Edit

_A = "class A:\n    n = 1\n    def run(self): return self.n\na = A()\n"
_N = {"n = 1": "n = 2"}


def _weak(what: str, text: str, use: str, change: dict[str, str] = _N) -> Edit:
    return Edit(what, f"import weakref\n{_A}{text}\n@cache\ndef f(x): return {use}", change)


def _context(what: str, text: str, use: str, change: dict[str, str]) -> Edit:
    return Edit(what, f"import threading\nfrom contextvars import ContextVar\n{_A}{text}\n@cache\ndef f(x): return {use}", change)


EDITS = [
    _weak("the class behind a weak reference", "r = weakref.ref(a)", "r().n"),
    _weak("the class behind a weak reference in a list", "r = [weakref.ref(a)]", "r[0]().n"),
    _weak("the state behind a weak reference", "a.m = 1\nr = weakref.ref(a)", "r().m", {"m = 1": "m = 2"}),
    _weak("the class behind a weak proxy", "r = weakref.proxy(a)", "r.n"),
    _weak("a value in a mapping of weak references", "r = weakref.WeakValueDictionary(a=a)", "r['a'].n"),
    _weak("a key in a mapping of weak references", "r = weakref.WeakValueDictionary(a=a)", "list(r)", {"(a=a)": "(b=a)"}),
    _weak("a value under a weak key", "r = weakref.WeakKeyDictionary({a: 1})", "r[a]", {"{a: 1}": "{a: 2}"}),
    _weak("the class of a weak key", "r = weakref.WeakKeyDictionary({a: 1})", "[b.n for b in r]"),
    _weak("the class of what is in a weak set", "r = weakref.WeakSet([a])", "[b.n for b in r]"),
    _weak("the method behind a weak reference to one", "r = weakref.WeakMethod(a.run)", "r()()"),
    _weak("the function behind a weak reference", "def g(): return 5\nr = weakref.ref(g)", "r()()", {"return 5": "return 6"}),
    _context("a context variable's default", "V = ContextVar('V', default=5)", "V.get()", {"default=5": "default=6"}),
    _context("a context variable's value", "V = ContextVar('V')\nV.set(5)", "V.get()", {"set(5)": "set(6)"}),
    _context("that a context variable is set", "V = ContextVar('V')\nV.set(5)", "V.get(None)", {"V.set(5)": ""}),
    _context("the class of a context variable's value", "V = ContextVar('V', default=a)", "V.get().run()", _N),
    _context("an attribute of thread-local data", "L = threading.local()\nL.a = 5", "L.a", {"a = 5": "a = 6"}),
    _context("a class of thread-local data", "class B(threading.local): b = 5\nL = B()", "L.b", {"b = 5": "b = 6"}),
    Edit("a docstring of an argument", "def g(): 'a'\n@cache\ndef f(x): return x.__doc__", {"'a'": "'b'"}, "f(g)"),
    Edit("a docstring of an argument that a helper reads", "def g(): 'a'\ndef h(y): return y.__doc__\n@cache\ndef f(x): return h(x)", {"'a'": "'b'"}, "f(g)"),
    Edit("a docstring of an argument's class", "class A: 'a'\n@cache\ndef f(x): return type(x).__doc__", {"'a'": "'b'"}, "f(A())"),
    Edit("annotations of an argument's class", "class A: n: int = 1\n@cache\ndef f(x): return str(type(x).__annotations__)", {"n: int": "n: float"}, "f(A())"),
    Edit("the signature of an argument", "import inspect\ndef g(a: int): return 1\n@cache\ndef f(x): return str(inspect.signature(x))", {"a: int": "a: str"}, "f(g)"),
    Edit("a subclass of an argument", "class A: pass\nclass B(A): n = 1\n@cache\ndef f(x): return [c.n for c in x.__subclasses__()]", {"n = 1": "n = 2"}, "f(A)"),
    Edit("a type that a class's annotation names in text", "from typing import get_type_hints\nclass T: n = 1\nclass C:\n    a: 'T'\n@cache\ndef f(x): return get_type_hints(C)['a'].n", _N),
    Edit("a type that a dataclass's annotation names in text", "import typing\nfrom dataclasses import dataclass\nclass T: n = 1\n@dataclass\nclass C:\n    a: 'T' = None\n@cache\ndef f(x): return typing.get_type_hints(C)['a'].n", _N),
    Edit("a type that a class of another module names in text", "from helper import C\nfrom typing import get_type_hints\n@cache\ndef f(x): return get_type_hints(C)['a'].n\n#: helper.py\nclass T: n = 1\nclass C:\n    a: 'T'\n", _N),
    Edit("what a mock returns", "from unittest import mock\nm = mock.Mock(return_value=1)\n@cache\ndef f(x): return m(x)", {"return_value=1": "return_value=2"}),
    Edit("an entry that is put into a library's table", "import copyreg, calendar\ncalendar.mdays[1] = 40\n@cache\ndef f(x): return calendar.mdays[1]", {"= 40": "= 41"}),
    Edit("a function that is put into a library's table", "import mimetypes, codecs\ndef g(): return 1\nmimetypes.types_map['.mine'] = g\n@cache\ndef f(x): return mimetypes.types_map['.mine']()", {"return 1": "return 2"}),
]
