"""Edits of what only some Pythons have: deferred annotations, lazy imports, type parameters, template strings."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

import sys

from freshness.edit import Edit

_N = {"n = 1": "n = 2"}


def _since(minor: int, *edits: Edit) -> list[Edit]:
    return list(edits) if sys.version_info >= (3, minor) else []


# Annotations are code that runs when asked for, since 3.14; what can be read of them counts on every Python.
_ANNOTATIONS = [
    Edit(
        f"{what} of {kind}",
        f"import typing\n{before.format(said)}\n"
        f"@cache\ndef f(x): return str(typing.get_type_hints({target}, include_extras=True))",
        {f"a: {said}": f"a: {changed}"},
    )
    for kind, target, before in (
        ("a function", "g", "def g(a: {}) -> int: pass"),
        ("a method", "C.g", "class C:\n    def g(self, a: {}): pass"),
        ("a class", "C", "class C:\n    a: {}"),
        ("a named tuple", "C", "class C(typing.NamedTuple):\n    a: {}"),
        ("a typed dict", "C", "class C(typing.TypedDict):\n    a: {}"),
        ("a dataclass", "C", "from dataclasses import dataclass\n@dataclass\nclass C:\n    a: {} = None"),
        ("a protocol", "C", "class C(typing.Protocol):\n    a: {}"),
    )
    for what, said, changed in (
        ("an annotation", "int", "str"),
        ("an annotation with arguments", "dict[str, int]", "dict[str, str]"),
        ("a union", "int | None", "str | None"),
        ("an annotation in text", "'int'", "'str'"),
        ("an annotation with metadata", "typing.Annotated[int, 1]", "typing.Annotated[int, 2]"),
    )
]
_MEANINGS = [
    Edit("a type that a function's annotation names", "import typing\nclass T: n = 1\ndef g(a: T): pass\n@cache\ndef f(x): return typing.get_type_hints(g)['a'].n", _N),
    Edit("a type that a method's annotation names", "import typing\nclass T: n = 1\nclass C:\n    def g(self, a: T): pass\n@cache\ndef f(x): return typing.get_type_hints(C.g)['a'].n", _N),
    Edit("a type that a class's annotation names", "import typing\nclass T: n = 1\nclass C:\n    a: T\n@cache\ndef f(x): return typing.get_type_hints(C)['a'].n", _N),
    Edit("a type that a class's annotation takes from the class itself", "class C:\n    class T: n = 1\n    a: T\n@cache\ndef f(x): return C.__annotations__['a'].n", _N),
    Edit("a constant that an annotation is made with", "import typing\nN = 1\nclass C:\n    a: typing.Literal[N]\n@cache\ndef f(x): return str(C.__annotations__)", {"N = 1": "N = 2"}),
    Edit("a type that a decorated helper's annotation names", "def keep(g):\n    g.kept = g.__annotations__\n    return g\nclass T: n = 1\n@keep\ndef g(a: T): pass\n@cache\ndef f(x): return g.kept['a'].n", _N),
    Edit("the annotation of a parameter that singledispatch goes by", "import functools\n@functools.singledispatch\ndef g(x): return 0\n@g.register\ndef _(x: int): return 1\n@cache\ndef f(x): return g(x)", {"x: int": "x: str"}),
    Edit("a type of another module that an annotation names in text", "import typing, helper\n@cache\ndef f(x): return typing.get_type_hints(helper.C)['a'].n\n#: helper.py\nclass T: n = 1\nclass C:\n    a: 'T'\n", _N),
    Edit("a condition under which there is an annotation", "ON = True\nclass C:\n    if ON:\n        a: int\n    b: int\n@cache\ndef f(x): return str(C.__annotations__)", {"ON = True": "ON = False"}),
    Edit("an annotation that is put into a class afterwards", "class C:\n    a: int\nC.__annotations__['a'] = str\n@cache\ndef f(x): return str(C.__annotations__)", {"= str": "= float"}),
    Edit("annotations that take the place of a function's", "def g(a: int): pass\ng.__annotations__ = {'a': str}\n@cache\ndef f(x): return str(g.__annotations__)", {"str}": "float}"}),
    Edit("the default of a field of a dataclass whose type is defined later", "from dataclasses import dataclass\n@dataclass\nclass C:\n    a: 'T' = 1\nclass T: pass\n@cache\ndef f(x): return C().a", {"= 1": "= 2"}),
]
_HARMLESS = [
    Edit("the annotation of a helper that nobody reads", "def g(a: int): return a\n@cache\ndef f(x): return g(x)", {"a: int": "a: str"}, hit=True),
    Edit("the annotation of a plain class that nobody reads", "class C:\n    a: int = 1\n@cache\ndef f(x): return C.a", {"a: int": "a: str"}, hit=True),
    Edit("the layout of annotations that are read", "class C:\n    a: dict[str, int] | None\n    b: int\n@cache\ndef f(x): return str(C.__annotations__)", {"a: dict[str, int] | None": "a: dict[\n        str,  # key\n        int,\n    ] | None\n"}, hit=True),
    Edit("that somebody asks for annotations before", "class C:\n    a: int\ndef g(a: int): pass\n@cache\ndef f(x): return str(C.__annotations__) + str(g.__annotations__)", {"@cache": "C.__annotations__\ng.__annotations__\n@cache"}, hit=True),
    Edit("that somebody asks for a dataclass's annotations before", "from dataclasses import dataclass\n@dataclass\nclass C:\n    a: int = 1\n@cache\ndef f(x): return C().a", {"@cache": "C.__annotations__\n@cache"}, hit=True),
    Edit("the line in which a class begins", "class C:\n    def g(self): self.a = 1; return self.a\n@cache\ndef f(x): return C().g()", {"class C": "\n\n# a class\nclass C"}, hit=True),
    Edit("the line in which a class inside begins", "@cache\ndef f(x):\n    class C:\n        def g(self): self.a = 1; return self.a\n    return C().g()", {"    class C": "\n\n    # a class\n    class C"}, hit=True),
    Edit("the layout of a comprehension", "K = 2\n@cache\ndef f(x): return [K * y for y in range(3) if y]", {"[K * y for y in range(3) if y]": "[\n        K * y\n        for y in range(3)  # few\n        if y\n    ]"}, hit=True),
    Edit("the layout of what may fail", "@cache\ndef f(x):\n    try:\n        return x[0]\n    except (TypeError, ValueError): return 1\n    finally: pass", {"except (TypeError, ValueError): return 1": "except (\n        TypeError,\n        ValueError,\n    ):\n        return 1"}, hit=True),
]

_TYPES = _since(
    12,
    Edit("what a type alias stands for", "type A = list[int]\n@cache\ndef f(x): return str(A.__value__)", {"[int]": "[str]"}),
    Edit("a class that a type alias stands for", "class T: n = 1\ntype A = T\n@cache\ndef f(x): return A.__value__.n", _N),
    Edit("the bound of a type parameter", "def g[T: int](a: T): pass\n@cache\ndef f(x): return str(g.__type_params__[0].__bound__)", {"T: int": "T: str"}),
    Edit("code of a function with type parameters", "def g[T](a: T) -> T: return 1\n@cache\ndef f(x): return g(x)", {"return 1": "return 2"}),
    Edit("a constant that a generic class reads", "N = 1\nclass C[T]:\n    def g(self) -> T: return N\n@cache\ndef f(x): return C[int]().g()", {"N = 1": "N = 2"}),
    Edit("a constant in an f-string with quotes inside", "N = 1\n@cache\ndef f(x): return f'{f'{N}'}'", {"N = 1": "N = 2"}),
    Edit("a comprehension that shadows a name", "K = 1\n@cache\ndef f(x): return [K for K in range(2)] + [K]", {"K = 1": "K = 2"}),
    Edit("the default of a comprehension in a class", "class C:\n    k = 1\n    ks = [i for i in range(k)]\n@cache\ndef f(x): return C.ks", {"k = 1": "k = 2"}),
)
_DEFAULTS_OF_PARAMETERS = _since(
    13,
    Edit("the default of a type parameter", "def g[T = int](a: T): pass\n@cache\ndef f(x): return str(g.__type_params__[0].__default__)", {"T = int": "T = str"}),
)
_OF_14 = _since(
    14,
    Edit("a template string", "@cache\ndef f(x): return t'a{x}b'.strings", {"'a{x}b'": "'a{x}c'"}),
    Edit("a value in a template string", "N = 1\n@cache\ndef f(x): return t'{N}'.values", {"N = 1": "N = 2"}),
    Edit("how a template string converts", "@cache\ndef f(x): return t'{x!r}'.interpolations[0].conversion", {"!r": "!s"}),
    Edit("a template string that is a constant", "T = t'{1 + 1}'\n@cache\ndef f(x): return T.values", {"1 + 1": "1 + 2"}),
    Edit("an exception without parentheses", "@cache\ndef f(x):\n    try:\n        try: return x[0]\n        except KeyError, TypeError: return 1\n    except Exception: return 2", {"KeyError, TypeError": "KeyError, IndexError"}),
    Edit("parentheses about exceptions", "@cache\ndef f(x):\n    try: return x[0]\n    except KeyError, TypeError: return 1", {"KeyError, TypeError": "(KeyError, TypeError)"}, hit=True),
    Edit("an annotation that names what is not there", "import annotationlib\nclass C:\n    a: Missing\n    b: int\n@cache\ndef f(x): return str(annotationlib.get_annotations(C, format=annotationlib.Format.STRING))", {"Missing": "Absent"}),
    Edit("a type that an annotation names before it is defined", "import typing\nclass C:\n    a: T\nclass T: n = 1\n@cache\ndef f(x): return typing.get_type_hints(C)['a'].n", _N),
    Edit("a type that a dataclass names before it is defined", "import typing\nfrom dataclasses import dataclass\n@dataclass\nclass C:\n    a: T = None\nclass T: n = 1\n@cache\ndef f(x): return typing.get_type_hints(C)['a'].n", _N),
    Edit("code of a function that annotates what is not there", "def keep(g): return g\n@keep\ndef g(a: Missing): return 1\n@cache\ndef f(x): return g(x)", {"return 1": "return 2"}),
    Edit("a function that makes annotations", "import annotationlib\nclass C: pass\ndef make(form): return {'a': 1}\nC.__annotate__ = make\n@cache\ndef f(x): return str(annotationlib.get_annotations(C))", {"'a': 1": "'a': 2"}),
)
# A lazy import counts as one inside the function: by its file, whether it has been resolved or not.
_LAZY = [
    Edit(f"{thing} reached by {way}", f"{statement}\n@cache\ndef f(x): return {use}\n#: pkg/__init__.py\n#: pkg/sub.py\nK = 1\nOTHER = 5\ndef g(): return K\ndef h(): return OTHER\n", change, hit=hit)
    for way, statement, prefix in (
        ("lazy import", "lazy import pkg.sub", "pkg.sub."),
        ("lazy import with a name", "lazy import pkg.sub as s", "s."),
        ("lazy from-import of a module", "lazy from pkg import sub", "sub."),
        ("lazy from-import", "lazy from pkg.sub import g, K", ""),
        ("lazy from-import over several lines", "lazy from pkg.sub import (\n    g as g,  # here\n    K,\n)", ""),
    )
    for thing, use, change, hit in (
        ("code", f"{prefix}g()", {"return K": "return K + 1"}, False),
        ("a constant of code", f"{prefix}g()", {"K = 1": "K = 2"}, False),
        ("a constant", f"{prefix}K", {"K = 1": "K = 2"}, False),
        ("a comment in a module", f"{prefix}g()", {"OTHER = 5": "OTHER = 5  # five"}, True),
        ("that somebody uses before what is", f"{prefix}K", {"@cache": f"{prefix}K\n@cache"}, True),
    )
] + [
    Edit("which module is imported lazily", "lazy from one import K\n@cache\ndef f(x): return K\n#: one.py\nK = 1\n#: two.py\nK = 2\n", {"from one": "from two"}),
    Edit("a constant of a lazily imported module of a lazily imported module", "lazy import one\n@cache\ndef f(x): return one.g()\n#: one.py\nlazy import two\ndef g(): return two.K\n#: two.py\nK = 1\n", {"K = 1": "K = 2"}),
    Edit("a constant of a module that is imported lazily and by dots", "from pkg import main\nf = main.f\n#: pkg/__init__.py\n#: pkg/main.py\nfrom brinery import cache\nlazy from . import sub\nlazy from .sub import K\n@cache\ndef f(x): return sub.K + K\n#: pkg/sub.py\nK = 1\n", {"K = 1": "K = 2"}),
    Edit("which function of the standard library is imported lazily", "lazy from math import floor as g\n@cache\ndef f(x): return g(1.5)", {"floor": "ceil"}),
]
_OF_15 = _since(
    15,
    *_LAZY,
    Edit("a frozen dict", "D = frozendict(a=1)\n@cache\ndef f(x): return D['a']", {"a=1": "a=2"}),
    Edit("code in a frozen dict", "def g(): return 1\nD = frozendict(a=g)\n@cache\ndef f(x): return D['a']()", {"return 1": "return 2"}),
    Edit("which sentinel a name stands for", "A = sentinel('A')\nB = sentinel('B')\nC = A\n@cache\ndef f(x): return C is A", {"C = A": "C = B"}),
    Edit("a sentinel as default", "A = sentinel('A')\nB = sentinel('B')\ndef g(x=A): return x is A\n@cache\ndef f(x): return g()", {"x=A": "x=B"}),
    Edit("what is unpacked in a comprehension", "K = [1]\n@cache\ndef f(x): return [*y for y in (K, K)]", {"K = [1]": "K = [2]"}),
)

EDITS: list[Edit] = [
    *_ANNOTATIONS, *_MEANINGS, *_HARMLESS, *_TYPES, *_DEFAULTS_OF_PARAMETERS, *_OF_14, *_OF_15,
]
