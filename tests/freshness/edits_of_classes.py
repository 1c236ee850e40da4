"""Edits of classes that change what functions that use them return."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from freshness.edit import Edit


def _class(what: str, text: str, old: str, new: str, use: str = "C().run()") -> Edit:
    """An edit of classes; the function is appended."""
    import textwrap

    return Edit(what, f"{textwrap.dedent(text)}\n@cache\ndef f(x): return {use}\n", {old: new})


EDITS = [
    _class("a method", "class C:\n    def run(self): return 1", "return 1", "return 2"),
    _class("a method's default", "class C:\n    def run(self, y=1): return y", "y=1", "y=2"),
    _class("a method that another calls", "class C:\n    def run(self): return self.n()\n    def n(self): return 1", "return 1", "return 2"),
    _class("a method by super()", "class B:\n    def run(self): return 1\nclass C(B):\n    def run(self): return super().run()", "return 1", "return 2"),
    _class("a method of a base", "class B:\n    def run(self): return 1\nclass C(B): pass", "return 1", "return 2"),
    _class("a method of a base's base", "class A:\n    def run(self): return 1\nclass B(A): pass\nclass C(B): pass", "return 1", "return 2"),
    _class("which base there is", "class A:\n    def run(self): return 1\nclass B:\n    def run(self): return 2\nclass C(A): pass", "C(A)", "C(B)"),
    _class("the order of bases", "class A:\n    def run(self): return 1\nclass B:\n    def run(self): return 2\nclass C(A, B): pass", "(A, B)", "(B, A)"),
    _class("a base in the middle of a diamond", """
        class A:
            def run(self): return 'a'
        class L(A):
            def run(self): return 'l' + super().run()
        class R(A):
            def run(self): return 'r' + super().run()
        class C(L, R): pass
        """, "'r'", "'s'"),
    _class("a method that is overridden now", "class B:\n    def run(self): return 1\nclass C(B): pass", "C(B): pass", "C(B):\n    def run(self): return 2"),
    _class("a method that is no longer overridden", "class B:\n    def run(self): return 1\nclass C(B):\n    def run(self): return 2", "    def run(self): return 2", "    pass"),
    _class("__init__", "class C:\n    def __init__(self): self.a = 1", "a = 1", "a = 2", "C().a"),
    _class("__new__", "class C:\n    def __new__(cls): return 1", "return 1", "return 2", "C()"),
    _class("__call__", "class C:\n    def __call__(self): return 1", "return 1", "return 2", "C()()"),
    _class("an operator of a class", "class C:\n    def __add__(self, other): return 1", "return 1", "return 2", "C() + 1"),
    _class("a reflected operator", "class C:\n    def __radd__(self, other): return 1", "return 1", "return 2", "1 + C()"),
    _class("__getattr__", "class C:\n    def __getattr__(self, name): return 1", "return 1", "return 2", "C().any"),
    _class("__getitem__", "class C:\n    def __getitem__(self, name): return 1", "return 1", "return 2", "C()[0]"),
    _class("__class_getitem__", "class C:\n    def __class_getitem__(cls, name): return 1", "return 1", "return 2", "C[0]"),
    _class("__len__", "class C:\n    def __len__(self): return 1", "return 1", "return 2", "len(C())"),
    _class("__iter__", "class C:\n    def __iter__(self): yield 1", "yield 1", "yield 2", "list(C())"),
    _class("__enter__", "class C:\n    def __enter__(self): return 1\n    def __exit__(self, *e): pass", "return 1", "return 2", "C().__enter__()"),
    _class("__eq__", "class C:\n    def __eq__(self, other): return True\n    __hash__ = None", "return True", "return False", "C() == 1"),
    _class("__repr__", "class C:\n    def __repr__(self): return 'a'", "'a'", "'b'", "repr(C())"),
    _class("__bool__", "class C:\n    def __bool__(self): return True", "return True", "return False", "bool(C())"),
    _class("a class attribute", "class C: a = 1", "a = 1", "a = 2", "C.a"),
    _class("a class attribute by an instance", "class C: a = 1", "a = 1", "a = 2", "C().a"),
    _class("a class attribute of a base", "class B: a = 1\nclass C(B): pass", "a = 1", "a = 2", "C.a"),
    _class("a list that is a class attribute", "class C: a = [1]", "[1]", "[2]", "C.a"),
    _class("a private class attribute", "class C:\n    __a = 1\n    def run(self): return self.__a", "__a = 1", "__a = 2"),
    _class("a class attribute computed from a constant", "K = 1\nclass C: a = K + 1", "K = 1", "K = 2", "C.a"),
    _class("a property", "class C:\n    @property\n    def a(self): return 1", "return 1", "return 2", "C().a"),
    _class("a property's setter", """
        class C:
            a = property(lambda self: self._a)
            @a.setter
            def a(self, value): self._a = value + 1
            def run(self):
                self.a = 1
                return self.a
        """, "value + 1", "value + 2"),
    _class("a cached property", "from functools import cached_property\nclass C:\n    @cached_property\n    def a(self): return 1", "return 1", "return 2", "C().a"),
    _class("a static method", "class C:\n    @staticmethod\n    def run(): return 1", "return 1", "return 2", "C.run()"),
    _class("a class method", "class C:\n    @classmethod\n    def run(cls): return 1", "return 1", "return 2", "C.run()"),
    _class("a class method that makes instances", "class C:\n    @classmethod\n    def make(cls): return cls()\n    def run(self): return 1", "return 1", "return 2", "C.make().run()"),
    _class("a partialmethod", "from functools import partialmethod\nclass C:\n    def n(self, y): return y\n    run = partialmethod(n, 1)", "(n, 1)", "(n, 2)"),
    _class("the function in a partialmethod", "from functools import partialmethod\nclass C:\n    def n(self, y): return y + 1\n    run = partialmethod(n, 1)", "y + 1", "y + 2"),
    _class("a singledispatchmethod", """
        from functools import singledispatchmethod
        class C:
            @singledispatchmethod
            def run(self, y): return 'any'
            @run.register(int)
            def _(self, y): return 'int'
        """, "'int'", "'integer'", "C().run(1)"),
    _class("a method under lru_cache", "from functools import lru_cache\nclass C:\n    @lru_cache\n    def run(self): return 1", "return 1", "return 2"),
    _class("a descriptor", "class D:\n    def __get__(self, instance, owner): return 1\nclass C: a = D()", "return 1", "return 2", "C().a"),
    _class("the state of a descriptor", "class D:\n    def __init__(self, n): self.n = n\n    def __get__(self, instance, owner): return self.n\nclass C: a = D(1)", "D(1)", "D(2)", "C().a"),
    _class("the __set_name__ of a descriptor", """
        class D:
            def __set_name__(self, owner, name): self.name = name + '1'
            def __get__(self, instance, owner): return self.name
        class C: a = D()
        """, "'1'", "'2'", "C().a"),
    _class("a method set from outside", "def n(self): return 1\nclass C: pass\nC.run = n", "return 1", "return 2"),
    _class("a lambda that is a class attribute", "class C: run = lambda self: 1", ": 1", ": 2"),
    _class("a metaclass's method", "class M(type):\n    def run(cls): return 1\nclass C(metaclass=M): pass", "return 1", "return 2", "C.run()"),
    _class("a metaclass's __call__", "class M(type):\n    def __call__(cls): return 1\nclass C(metaclass=M): pass", "return 1", "return 2", "C()"),
    _class("which metaclass there is", "class M(type): n = 1\nclass N(type): n = 2\nclass C(metaclass=M): pass", "metaclass=M", "metaclass=N", "C.n"),
    _class("a metaclass that reads annotations", """
        class M(type):
            def __init__(cls, name, bases, space): cls.names = str(space.get('__annotations__', cls.__annotations__))
        class C(metaclass=M): a: int
        """, "a: int", "a: str", "C.names"),
    _class("an __init_subclass__", "class B:\n    def __init_subclass__(cls, n=0): cls.n = n + 1\nclass C(B, n=1): pass", "n + 1", "n + 2", "C.n"),
    _class("an argument of a class", "class B:\n    def __init_subclass__(cls, n=0): cls.n = n\nclass C(B, n=1): pass", "n=1", "n=2", "C.n"),
    _class("a decorator of a class", "def add(cls):\n    cls.a = 1\n    return cls\n@add\nclass C: pass", "a = 1", "a = 2", "C.a"),
    _class("a slot's name", "class C: __slots__ = ('a',)", "'a'", "'b'", "C.__slots__"),
    _class("slots that are there now", "class C: pass", "C: pass", "C: __slots__ = ()", "hasattr(C(), '__dict__')"),
    _class("a nested class that is used", "class C:\n    class D: a = 1", "a = 1", "a = 2", "C.D.a"),
    _class("a class that a method uses", "class D: a = 1\nclass C:\n    def run(self): return D.a", "a = 1", "a = 2"),
    _class("a class that is only subclassed in the function", "class B:\n    def run(self): return 1\ndef make():\n    class C(B): pass\n    return C", "return 1", "return 2", "make()().run()"),
    _class("an instance that a class holds", "class D: a = 1\nclass C: d = D()", "a = 1", "a = 2", "C.d.a"),
    _class("a subclass in a table of its base", "class B: table = {}\nclass C(B):\n    def run(self): return 1\nB.table['c'] = C", "return 1", "return 2", "B.table['c']().run()"),
    _class("a class in a dict", "class C:\n    def run(self): return 1\nT = {'c': C}", "return 1", "return 2", "T['c']().run()"),
    _class("an abstract method's implementation", """
        from abc import ABC, abstractmethod
        class B(ABC):
            @abstractmethod
            def n(self): ...
            def run(self): return self.n()
        class C(B):
            def n(self): return 1
        """, "return 1", "return 2"),
    _class("a method of an abstract base", "from abc import ABC\nclass B(ABC):\n    def run(self): return 1\nclass C(B): pass", "return 1", "return 2"),
    _class("a class registered with an abstract base", "from abc import ABC\nclass B(ABC): pass\nclass C: pass", "class C: pass", "class C: pass\nB.register(C)", "isinstance(C(), B)"),
    _class("a protocol's implementation", """
        from typing import Protocol
        class P(Protocol):
            def run(self) -> int: ...
        class C:
            def run(self): return 1
        def use(p: P): return p.run()
        """, "return 1", "return 2", "use(C())"),
    _class("a protocol that is checked", "from typing import Protocol, runtime_checkable\n@runtime_checkable\nclass P(Protocol):\n    def a(self): ...\nclass C:\n    def a(self): ...", "class P(Protocol):\n    def a", "class P(Protocol):\n    def b", "isinstance(C(), P)"),
    _class("a generic class", "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass C(Generic[T]):\n    def run(self): return 1", "return 1", "return 2", "C[int]().run()"),
    _class("a dataclass's default", "from dataclasses import dataclass\n@dataclass\nclass C: a: int = 1", "= 1", "= 2", "C().a"),
    _class("a dataclass's factory", "from dataclasses import dataclass, field\n@dataclass\nclass C: a: list = field(default_factory=lambda: [1])", "[1]", "[2]", "C().a"),
    _class("a dataclass's field", "from dataclasses import dataclass\n@dataclass\nclass C: a: int = 1", "a: int", "b: int", "repr(C())"),
    _class("the order of a dataclass's fields", "from dataclasses import dataclass\n@dataclass\nclass C:\n    a: int = 1\n    b: int = 2", "    a: int = 1\n    b: int = 2", "    b: int = 2\n    a: int = 1", "repr(C())"),
    _class("the type of a dataclass's field", "from dataclasses import dataclass, fields\n@dataclass\nclass C: a: int = 1", "a: int", "a: str", "str(fields(C)[0].type)"),
    _class("an option of a dataclass", "from dataclasses import dataclass\n@dataclass(order=False)\nclass C: a: int = 1", "order=False", "order=True", "'__lt__' in vars(C)"),
    _class("an option of a dataclass's field", "from dataclasses import dataclass, field\n@dataclass\nclass C: a: int = field(default=1, repr=True)", "repr=True", "repr=False", "repr(C())"),
    _class("a dataclass's field whether it is compared", "from dataclasses import dataclass, field\n@dataclass\nclass C: a: int = field(compare=True)", "compare=True", "compare=False", "C(1) == C(2)"),
    _class("a dataclass's metadata", "from dataclasses import dataclass, field, fields\n@dataclass\nclass C: a: int = field(metadata={'n': 1})", "'n': 1", "'n': 2", "fields(C)[0].metadata['n']"),
    _class("a dataclass's __post_init__", "from dataclasses import dataclass\n@dataclass\nclass C:\n    a: int = 1\n    def __post_init__(self): self.a += 1", "+= 1", "+= 2", "C().a"),
    _class("a dataclass's base", "from dataclasses import dataclass\n@dataclass\nclass B: a: int = 1\n@dataclass\nclass C(B): b: int = 2", "= 1", "= 3", "C().a"),
    _class("a dataclass with slots", "from dataclasses import dataclass\n@dataclass(slots=True)\nclass C:\n    a: int = 1\n    def run(self): return 1", "return 1", "return 2"),
    _class("a member of an enumeration", "from enum import Enum\nclass C(Enum): A = 1", "A = 1", "A = 2", "C.A.value"),
    _class("a member that is added", "from enum import Enum\nclass C(Enum): A = 1", "A = 1", "A = 1; B = 2", "len(C)"),
    _class("an alias of a member", "from enum import Enum\nclass C(Enum):\n    A = 1\n    B = 2\n    D = 1", "D = 1", "D = 2", "C.D.name"),
    _class("the order of members", "from enum import Enum\nclass C(Enum): A = 1; B = 2", "A = 1; B = 2", "B = 2; A = 1", "[c.name for c in C]"),
    _class("a method of an enumeration", "from enum import Enum\nclass C(Enum):\n    A = 1\n    def run(self): return 1", "return 1", "return 2", "C.A.run()"),
    _class("a property of an enumeration", "from enum import Enum\nclass C(Enum):\n    A = 1\n    @property\n    def n(self): return 1", "return 1", "return 2", "C.A.n"),
    _class("an enumeration's base", "from enum import Enum, IntEnum\nclass C(Enum): A = 1", "C(Enum)", "C(IntEnum)", "C.A == 1"),
    _class("an enumeration's _missing_", "from enum import Enum\nclass C(Enum):\n    A = 1\n    B = 2\n    @classmethod\n    def _missing_(cls, value): return cls.A", "cls.A", "cls.B", "C(9).name"),
    _class("a member's attribute", "from enum import Enum\nclass C(Enum):\n    A = 1\n    def __init__(self, value): self.n = value + 1", "value + 1", "value + 2", "C.A.n"),
    _class("a flag", "from enum import Flag, auto\nclass C(Flag):\n    A = auto()\n    B = auto()", "    A = auto()\n    B", "    B = auto()\n    A", "C.A.value"),
    _class("a named tuple's default", "from typing import NamedTuple\nclass C(NamedTuple): a: int = 1", "= 1", "= 2", "C().a"),
    _class("a method of a named tuple", "from typing import NamedTuple\nclass C(NamedTuple):\n    a: int = 1\n    def run(self): return 1", "return 1", "return 2"),
    _class("the fields of a collections.namedtuple", "from collections import namedtuple\nC = namedtuple('C', 'a b', defaults=(1, 2))", "'a b'", "'b a'", "C().a"),
    _class("a typed dict's keys", "from typing import TypedDict\nclass C(TypedDict): a: int", "a: int", "b: int", "sorted(C.__annotations__)"),
    _class("annotations of a class that are read", "class C: a: int", "a: int", "a: str", "str(C.__annotations__)"),
    _class("an exception's method", "class C(Exception):\n    def __str__(self): return 'a'", "'a'", "'b'", "str(C())"),
    _class("a subclass of a builtin type", "class C(int):\n    def __add__(self, other): return 1", "return 1", "return 2", "C(5) + 1"),
    _class("which builtin type is the base", "class C(dict): pass", "C(dict)", "C(list)", "C() == {}"),
    _class("a generated class", "def make(n):\n    class C:\n        def run(self): return n\n    return C\nC = make(1)", "make(1)", "make(2)"),
    _class("a class made by type()", "C = type('C', (), {'a': 1})", "'a': 1", "'a': 2", "C.a"),
    _class("a class's __match_args__", "class C:\n    __match_args__ = ('a',)\n    a, b = 1, 2\ndef get(c):\n    match c:\n        case C(y): return y", "('a',)", "('b',)", "get(C())"),
    _class("a mixin from another module", "from helper import Mixin\nclass C(Mixin): pass", "return 1", "return 2")
    ._replace(before="from helper import Mixin\nclass C(Mixin): pass\n@cache\ndef f(x): return C().run()\n#: helper.py\nclass Mixin:\n    def run(self): return 1\n"),
    _class("a pydantic model's default", "from pydantic import BaseModel\nclass C(BaseModel): a: int = 1", "= 1", "= 2", "C().a"),
    _class("a pydantic model's field type", "from pydantic import BaseModel\nclass C(BaseModel): a: int", "a: int", "a: float", "C(a='1').a"),
    _class("a pydantic model's validator", """
        from pydantic import BaseModel, field_validator
        class C(BaseModel):
            a: int
            @field_validator('a')
            @classmethod
            def check(cls, value): return value + 1
        """, "value + 1", "value + 2", "C(a=1).a"),
    _class("a pydantic model's constraint", "from pydantic import BaseModel, Field, ValidationError\nclass C(BaseModel): a: int = Field(gt=0)\ndef ok(a):\n    try: C(a=a)\n    except ValidationError: return False\n    return True", "gt=0", "gt=5", "ok(3)"),
    _class("a pydantic model's method", "from pydantic import BaseModel\nclass C(BaseModel):\n    def run(self): return 1", "return 1", "return 2"),
    _class("a pydantic model's configuration", "from pydantic import BaseModel\nclass C(BaseModel):\n    model_config = {'extra': 'ignore'}", "'ignore'", "'allow'", "C(b=1).model_dump()"),
    _class("an attrs class's default", "import attrs\n@attrs.define\nclass C: a: int = 1", "= 1", "= 2", "C().a"),
    _class("an attrs class's converter", "import attrs\ndef more(x): return x + 1\n@attrs.define\nclass C: a: int = attrs.field(default=1, converter=more)", "x + 1", "x + 2", "C().a"),
    _class("an attrs class's method", "import attrs\n@attrs.frozen\nclass C:\n    a: int = 1\n    def run(self): return 1", "return 1", "return 2"),
    _class("an attrs class's validator", "import attrs\ndef check(self, attribute, value):\n    if value > 1: raise ValueError\n@attrs.define\nclass C: a: int = attrs.field(validator=check)\ndef ok(a):\n    try: C(a)\n    except ValueError: return False\n    return True", "value > 1", "value > 5", "ok(3)"),
    _class("a class registered with an abstract base of the standard library", "from collections.abc import Sized\nclass C: pass", "class C: pass", "class C: pass\nSized.register(C)", "isinstance(C(), Sized)"),
    _class("a method that is put into an installed class", "import fractions\ndef twice(self): return self * 2\nfractions.Fraction.twice = twice", "* 2", "* 3", "str(fractions.Fraction(1).twice())"),
    _class("a property that is put into an installed class", "import fractions\nfractions.Fraction.half = property(lambda self: self / 2)", "/ 2", "/ 3", "str(fractions.Fraction(1).half)"),
    _class("a subclass that is found by __subclasses__", "class B: pass\nclass C(B): n = 1", "n = 1", "n = 2", "B.__subclasses__()[0].n"),
    _class("a subclass that is found by a helper", "class B: pass\nclass C(B): n = 1\ndef find(): return [c.n for c in B.__subclasses__()]", "class C(B): n = 1", "class C(B): n = 1\nclass D(B): n = 2", "find()"),
    _class("a subclass in a registry that its base keeps", "R = {}\nclass B:\n    def __init_subclass__(cls): R[cls.__name__] = cls\nclass C(B): n = 1", "n = 1", "n = 2", "R['C'].n"),
    _class("an order that functools completes", "from functools import total_ordering\n@total_ordering\nclass C:\n    def __init__(self, n): self.n = n\n    def __eq__(self, other): return self.n == other.n\n    def __lt__(self, other): return self.n < other.n", "self.n < other.n", "self.n > other.n", "C(1) >= C(2)"),
    _class("a __subclasshook__", "from abc import ABC\nclass C(ABC):\n    @classmethod\n    def __subclasshook__(cls, other): return True", "return True", "return False", "isinstance(5, C)"),
    _class("the arguments of a generic base", "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass B(Generic[T]): pass\nclass C(B[int]): pass", "B[int]", "B[str]", "str(C.__orig_bases__)"),
    _class("a builtin class registered with an abstract base", "from abc import ABC\nclass B(ABC): pass\nB.register(int)", "register(int)", "register(str)", "isinstance(5, B)"),
    _class("an installed class registered with an abstract base", "from abc import ABC\nimport decimal, fractions\nclass B(ABC): pass\nB.register(fractions.Fraction)", "fractions.Fraction", "decimal.Decimal", "isinstance(decimal.Decimal(1), B)"),
    _class("a private constant of an enumeration", "from enum import Enum\nclass C(Enum):\n    A = 1\n    __k = 3\n    def run(self): return self.__k", "__k = 3", "__k = 4", "C.A.run()"),
    _class("a constant of an enumeration that is no member", "from enum import Enum, nonmember\nclass C(Enum):\n    A = 1\n    K = nonmember(3)", "(3)", "(4)", "C.K"),
    _class("a constant of an enumeration that is set from outside", "from enum import Enum\nclass C(Enum): A = 1\nC.K = 3", "C.K = 3", "C.K = 4", "C.K"),
    _class("an attribute of a member that is set from outside", "from enum import Enum\nclass C(Enum): A = 1\nC.A.more = 3", "more = 3", "more = 4", "C.A.more"),
    _class("the boundary of a flag", "from enum import Flag, STRICT, KEEP\nclass C(Flag, boundary=KEEP): A = 1\ndef ok():\n    try: C(8)\n    except ValueError: return False\n    return True", "boundary=KEEP", "boundary=STRICT", "ok()"),
    _class("how an enumeration counts on", "from enum import Enum, auto\nclass C(Enum):\n    def _generate_next_value_(name, *rest): return name + '1'\n    A = auto()", "'1'", "'2'", "C.A.value"),
    _class("a method that a protocol gives", "from typing import Protocol\nclass P(Protocol):\n    def run(self): return 1\nclass C(P): pass", "return 1", "return 2"),
    _class("the __init__ that a protocol gives", "from typing import Protocol\nclass P(Protocol):\n    def __init__(self): self.a = 1\nclass C(P): pass", "a = 1", "a = 2", "C().a"),
    _class("a class made by types.new_class", "import types\nC = types.new_class('C', (), {}, lambda space: space.update(n=1))", "n=1", "n=2", "C.n"),
    _class("a class made by make_dataclass", "from dataclasses import field, make_dataclass\nC = make_dataclass('C', [('a', int, field(default=1))])", "default=1", "default=2", "C().a"),
    _class("what a metaclass prepares", "class M(type):\n    @classmethod\n    def __prepare__(meta, name, bases): return {'n': 1}\nclass C(metaclass=M): pass", "'n': 1", "'n': 2", "C.n"),
    _class("a metaclass's __getattr__", "class M(type):\n    def __getattr__(cls, name): return 1\nclass C(metaclass=M): pass", "return 1", "return 2", "C.any"),
    _class("a metaclass's __instancecheck__", "class M(type):\n    def __instancecheck__(cls, other): return True\nclass C(metaclass=M): pass", "return True", "return False", "isinstance(5, C)"),
    _class("__missing__", "class C(dict):\n    def __missing__(self, key): return 1", "return 1", "return 2", "C()['a']"),
    _class("__format__", "class C:\n    def __format__(self, form): return 'a' + form", "'a'", "'b'", "f'{C():x}'"),
    _class("__hash__", "class C:\n    def __hash__(self): return 1", "return 1", "return 2", "hash(C())"),
    _class("__index__", "class C:\n    def __index__(self): return 1", "return 1", "return 2", "[5, 6, 7][C()]"),
    _class("__contains__", "class C:\n    def __contains__(self, item): return True", "return True", "return False", "5 in C()"),
    _class("a dataclass's InitVar", "from dataclasses import InitVar, dataclass\n@dataclass\nclass C:\n    a: InitVar[int] = 1\n    def __post_init__(self, a): self.b = a + 1", "a + 1", "a + 2", "C().b"),
    _class("what is keyword-only in a dataclass", "from dataclasses import KW_ONLY, dataclass, fields\n@dataclass\nclass C:\n    a: int = 1\n    _: KW_ONLY\n    b: int = 2", "    _: KW_ONLY\n", "", "[field.kw_only for field in fields(C)]"),
    _class("a pydantic model's computed field", "from pydantic import BaseModel, computed_field\nclass C(BaseModel):\n    a: int = 1\n    @computed_field\n    @property\n    def b(self) -> int: return self.a + 1", "+ 1", "+ 2", "C().model_dump()"),
    _class("a pydantic model's validator in an annotation", "from typing import Annotated\nfrom pydantic import AfterValidator, BaseModel\ndef more(value): return value + 1\nclass C(BaseModel): a: Annotated[int, AfterValidator(more)]", "value + 1", "value + 2", "C(a=1).a"),
    _class("a pydantic model's validator of the whole", "from pydantic import BaseModel, model_validator\nclass C(BaseModel):\n    a: int = 1\n    @model_validator(mode='after')\n    def check(self):\n        object.__setattr__(self, 'a', self.a + 1)\n        return self", "+ 1", "+ 2", "C(a=1).a"),
    _class("a pydantic model's serializer", "from pydantic import BaseModel, field_serializer\nclass C(BaseModel):\n    a: int = 1\n    @field_serializer('a')\n    def show(self, value): return value + 1", "value + 1", "value + 2", "C().model_dump()"),
    _class("a pydantic model inside another", "from pydantic import BaseModel\nclass B(BaseModel): n: int = 1\nclass C(BaseModel): b: B = B()", "n: int = 1", "n: int = 2", "C().b.n"),
    _class("a pydantic model's factory", "from pydantic import BaseModel, Field\nclass C(BaseModel): a: list = Field(default_factory=lambda: [1])", "[1]", "[2]", "C().a"),
    _class("a model made by pydantic.create_model", "from pydantic import create_model\nC = create_model('C', a=(int, 1))", "(int, 1)", "(int, 2)", "C().a"),
    _class("a pydantic type adapter", "from typing import Annotated\nfrom pydantic import Field, TypeAdapter\nT = TypeAdapter(Annotated[int, Field(gt=0)])\ndef ok(n):\n    try: T.validate_python(n)\n    except ValueError: return False\n    return True", "gt=0", "gt=5", "ok(3)"),
    _class("an attrs class's __attrs_post_init__", "import attrs\n@attrs.define\nclass C:\n    a: int = 1\n    def __attrs_post_init__(self): self.a += 1", "+= 1", "+= 2", "C().a"),
    _class("an attrs class's factory", "import attrs\n@attrs.define\nclass C: a: list = attrs.Factory(lambda: [1])", "[1]", "[2]", "C().a"),
    _class("whether an attrs field is compared", "import attrs\n@attrs.define\nclass C: a: int = attrs.field(eq=True)", "eq=True", "eq=False", "C(1) == C(2)"),
]
