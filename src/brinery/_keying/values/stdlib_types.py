"""How the types of the language and of the standard library are taken apart.

By name, so that nothing is imported for it: a value of a type exists only if its module was imported. What is not here
and pickles by code of its own (dates, Decimal, compiled patterns, itemgetter and the like) goes by its `__reduce_ex__`.
"""

from __future__ import annotations

from gc import get_referents

from xxhash import xxh3_128_digest

from ..._light import BuiltinFunctionType, CellType, FunctionType, MemberDescriptorType, ModuleType
from ..code.home import home_of_module
from ..handles.library_options import options_for
from . import filled
from .filled import Filling, is_to_be_settled, lazy_names
from .generators import drawing_from_the_system, unless_global
from .node import Asked, Expander, Node, Passing, Refused, attributes, close, leaf
from .objects import by_reduce, read_slot, without_lazy
from .plain import SCALAR_IDS, head, scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def code(value: object, walk: Asked) -> bytes:
    """Encode a function, class or module by what the caller says of its code."""
    return walk.code_of(value)


def _builtin_function(value: BuiltinFunctionType, walk: Asked) -> bytes | Node:
    owner = value.__self__
    if owner is None or type(owner) is ModuleType:
        return walk.code_of(value)
    return Node(head("method of", value.__name__), (owner,), ("",))


def _method(value: Any, _walk: Asked) -> Node:
    return Node(head("method"), (value.__func__, value.__self__), (".__func__", ".__self__"))


def _slot_method(value: Any, _walk: Asked) -> Node:
    return Node(head("method of", value.__name__), (value.__self__,), (".__self__",))


def _descriptor(value: Any, walk: Asked) -> bytes:
    return leaf("descriptor", type(value).__name__, value.__name__, walk.class_of(value.__objclass__))


def _wrapping(value: Any, walk: Asked) -> Node:
    return Node(head("wrapping") + walk.class_of(type(value)), (value.__func__,), (".__func__",))


def _property(value: Any, _walk: Asked) -> Node:
    return Node(head("property"), (value.fget, value.fset, value.fdel), (".fget", ".fset", ".fdel"))


def _cached_property(value: Any, walk: Asked) -> Node:
    """A cached property of a class derived from it: by its function and what else it holds, but for its lock."""
    state = {name: item for name, item in vars(value).items() if name not in ("lock", "__doc__")}
    return Node(head("cached property") + walk.class_of(type(value)), (attributes(state),), ("",))


def _partial(value: Any, _walk: Asked) -> Node:
    parts = value.func, value.args, value.keywords, attributes(value.__dict__)
    return Node(head("partial"), parts, (".func", ".args", ".keywords", ""))


def _lru_cache_wrapper(value: Any, walk: Asked) -> bytes | Node:
    if type(value.__wrapped__) is FunctionType:
        return close(head("lru_cache"), walk.code_of(value))
    return Node(head("lru_cache"), (value.__wrapped__,), (".__wrapped__",))


def _decimal(value: Any, walk: Asked) -> bytes:
    return close(head("decimal", str(value).upper()), options_for("decimal", walk))  # the context says in which case


def _dispatching_method(value: Any, _walk: Asked) -> Node:
    """By what it dispatches to; the methods that it has made for instances are kept in a cache."""
    return Node(head("singledispatchmethod"), (value.dispatcher, value.func), (".dispatcher", ".func"))


def _exception(value: Any, walk: Asked) -> Node:
    """Take an exception apart: arguments, attributes, the C members of its builtin class, cause and context."""
    kind = type(value)
    names, members = [], []
    for base in kind.__mro__:
        if base is BaseException:
            break
        for name, member in base.__dict__.items():
            if type(member) is MemberDescriptorType:
                names.append(name)
                members.append(read_slot(member, value))
    state = BaseException.__dict__["__dict__"].__get__(value)
    state, lazy = without_lazy(value, state, lazy_names(kind))
    arguments = BaseException.__dict__["args"].__get__(value)
    parts = [arguments, value.__cause__, value.__context__, attributes(state), *members]
    start = head("exception", value.__suppress_context__, *names) + walk.class_of(kind)
    if lazy or is_to_be_settled(value):
        return Filling(start, value, parts, lazy)
    return Node(start, parts, (".args", ".__cause__", ".__context__", "", *(f".{name}" for name in names)))


def _cell(value: CellType, _walk: Asked) -> Node:
    try:
        return Node(head("cell"), (value.cell_contents,), (".cell_contents",))
    except ValueError:
        return Node(head("empty cell"), ())


def _set(value: Any, _walk: Asked) -> bytes | Node:
    start = head(type(value).__name__, len(value))
    if SCALAR_IDS.issuperset(map(id, map(type, value))):
        return close(start, b"".join(sorted(map(scalar, value))))
    return Node(start, _in_lasting_order(value), unordered=True)


def _in_lasting_order(value: Any) -> list[object]:
    """Put functions in an order that is the same in every process: parts of one name are numbered as they are met."""
    functions = [item for item in value if type(item) is FunctionType]
    if len(functions) < 2:
        return list(value)
    places = [(str(item.__module__), item.__qualname__) for item in functions]
    if len(set(places)) < len(places):
        functions.sort(key=filled.code_digest)
    functions.sort(key=lambda item: (str(item.__module__), item.__qualname__))
    return [*(item for item in value if type(item) is not FunctionType), *functions]


def _range(value: Any, _walk: Asked) -> Node:
    return Node(head(type(value).__name__), (value.start, value.stop, value.step), (".start", ".stop", ".step"))


def _not_implemented(_value: object, _walk: Asked) -> bytes:
    return leaf("NotImplemented")


def _bytearray(value: bytearray, _walk: Asked) -> bytes:
    return leaf("bytearray", xxh3_128_digest(value))


def _memoryview(value: memoryview, _walk: Asked) -> bytes:
    try:
        data = value if value.c_contiguous else value.tobytes("C")
        return leaf("memoryview", value.format, value.shape, xxh3_128_digest(data))
    except ValueError:
        raise Refused("is a released memoryview and has no content any more") from None


def _array(value: Any, _walk: Asked) -> bytes:
    return leaf("array", value.typecode, value.itemsize, xxh3_128_digest(value))


def _keys(value: Any, walk: Asked) -> Node:
    return Node(head("view") + walk.class_of(type(value)), (Passing(list(value), 0),))


def _proxy(value: Any, _walk: Asked) -> Node:
    return Node(head("mappingproxy"), get_referents(value))


def _namespace(value: Any, _walk: Asked) -> Node:
    return Node(head("namespace"), (attributes(value.__dict__),))


def _memory_file(value: Any, walk: Asked) -> Node:
    try:
        return Node(head("file in memory") + walk.class_of(type(value)), (Passing(value.__getstate__()),))
    except ValueError:
        raise Refused("is a closed file in memory and has no content any more") from None


def _fraction(value: Any, walk: Asked) -> Node:
    return Node(head("fraction") + walk.class_of(type(value)), (value.numerator, value.denominator))


def _struct(value: Any, _walk: Asked) -> bytes:
    return leaf("struct", value.format)


def _enum_member(value: Any, walk: Asked) -> Node:
    state = object.__getattribute__(value, "__dict__")
    parts = (state.get("_name_"), state.get("_value_"))
    return Node(head("enum") + walk.class_of(type(value)), parts, (".name", ".value"))


def _mock(value: Any, walk: Asked) -> Node:
    """A mock by what it was told to do, and not by the calls that it has seen."""
    state = {name: item for name, item in vars(value).items() if name not in _CALLS_SEEN}
    return Node(head("mock") + walk.class_of(type(value)), (attributes(state),), ("",))


def _forward_reference(value: Any, _walk: Asked) -> bytes:
    """By its text; what it was found to mean is kept in it, and counts with the annotations in which it stands."""
    return leaf("forward reference", value.__forward_arg__, value.__forward_is_class__)


def _alias(value: Any, _walk: Asked) -> Node:
    """By the code that says what it stands for, which runs when it is first asked for."""
    return Node(head("type alias", value.__name__), _evaluated_when_asked(value))


def _type_variable(value: Any, walk: Asked) -> bytes | Node:
    code = _evaluated_when_asked(value)
    return Node(head("type variable", value.__name__), code) if code else by_reduce(value, walk)


def _evaluated_when_asked(value: object) -> list[FunctionType]:
    return [part for part in get_referents(value) if type(part) is FunctionType]


def _sentinel(value: Any, _walk: Asked) -> bytes:
    return leaf("sentinel", home_of_module(value.__module__), value.__name__)


def _lazy_import(value: object, _walk: Asked) -> bytes:
    """A proxy among other values, by what it says of itself: a name's own counts as the import that it stands for."""
    return leaf("lazy import", repr(value))


_CALLS_SEEN = {
    "method_calls", "_mock_call_args", "_mock_call_args_list", "_mock_call_count", "_mock_called", "_mock_mock_calls",
}  # fmt: skip

EXACT: dict[str, Expander] = {
    "builtins.function": code,
    "builtins.code": code,
    "builtins.builtin_function_or_method": _builtin_function,
    "builtins.method": _method,
    "builtins.method-wrapper": _slot_method,
    "builtins.wrapper_descriptor": _descriptor,
    "builtins.method_descriptor": _descriptor,
    "builtins.classmethod_descriptor": _descriptor,
    "builtins.getset_descriptor": _descriptor,
    "builtins.member_descriptor": _descriptor,
    "builtins.staticmethod": _wrapping,
    "builtins.classmethod": _wrapping,
    "builtins.property": _property,
    "builtins.cell": _cell,
    "builtins.set": _set,
    "builtins.frozenset": _set,
    "builtins.range": _range,
    "builtins.slice": _range,
    "builtins.NotImplementedType": _not_implemented,
    "builtins.bytearray": _bytearray,
    "builtins.memoryview": _memoryview,
    "builtins.mappingproxy": _proxy,
    "builtins.dict_keys": _keys,
    "builtins.dict_values": _keys,
    "builtins.dict_items": _keys,
    "types.SimpleNamespace": _namespace,
    "functools.partial": _partial,
    "functools._lru_cache_wrapper": _lru_cache_wrapper,
    "functools.singledispatchmethod": _dispatching_method,
    "array.array": _array,
    "_io.BytesIO": _memory_file,
    "_io.StringIO": _memory_file,
    "fractions.Fraction": _fraction,
    "decimal.Decimal": _decimal,
    "_struct.Struct": _struct,
    "builtins.lazy_import": _lazy_import,
    "builtins.sentinel": _sentinel,
    "typing.TypeAliasType": _alias,
    "typing.TypeVar": _type_variable,
    "typing.ForwardRef": _forward_reference,
    "annotationlib.ForwardRef": _forward_reference,
    "random.Random": unless_global(by_reduce),
    "random.SystemRandom": drawing_from_the_system,
}
# Also for what inherits from them.
INHERITED: dict[str, Expander] = {
    "functools.cached_property": _cached_property,
    "enum.Enum": _enum_member,
    "builtins.BaseException": _exception,
    "unittest.mock.NonCallableMock": _mock,
}
