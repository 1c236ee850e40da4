"""How numpy's values are taken apart: by dtype, shape, logical bytes and the order of axes in memory.

That order counts, since `ravel("K")` gives it and the last digits of sums depend on it; strides as such, whether an
array is writeable, and whose memory it is do not.
"""

# ruff: noqa: SLF001  numpy's masked arrays make up what is missing when they are asked politely
from __future__ import annotations

import sys
from _weakref import ref
from types import MemberDescriptorType

from xxhash import xxh3_128, xxh3_128_digest

from ..handles.library_options import options_for
from ..values.generators import unless_global
from ..values.node import Asked, Expander, Node, Passing, Refused, attributes, close, leaf, part
from ..values.plain import head
from ..values.reached import reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BLOCK = 1 << 20  # bytes copied at a time where an array is not contiguous
_ARRAY, _SCALAR = head("ndarray"), head("scalar of numpy")
_SIMPLE = "biufcmMSU"  # kinds of dtype that their own string describes
_MASKED_BOOKKEEPING = frozenset(
    {"_mask", "_fill_value", "_hardmask", "_sharedmask", "_isfield", "_baseclass", "_basedict", "_optinfo"}
)


def find(base: type) -> Expander | None:
    """Return what takes the values of one of numpy's classes apart, or of a class that inherits from it."""
    np: Any = sys.modules["numpy"]
    exact = _EXACT.get(f"{base.__module__}.{base.__qualname__}")
    if exact is not None:
        return exact
    for parent, expander in (
        (getattr(sys.modules.get("numpy.ma"), "MaskedArray", None), _masked),
        (np.ndarray, _ndarray),
        (np.generic, _numpy_scalar),
        (np.dtype, _dtype),
        (np.ufunc, _ufunc),
        (np.flatiter, _iterator),
        (np.nditer, _iterator),
    ):
        if parent and issubclass(base, parent):
            return expander
    return None


def memory_order(shape: Any, strides: Any) -> tuple[int, ...]:
    """Return the axes of more than one item in the order of their steps in memory; nothing where that is C's order."""
    axes = [axis for axis, size in enumerate(shape) if size > 1]
    ordered = sorted(axes, key=lambda axis: -abs(strides[axis]))
    return () if ordered == axes else tuple(ordered)


def _unordered(array: Any, _walk: Asked) -> bytes | Node:
    return _content(array, ())


def array_node(array: Any) -> bytes | Node:
    """Take an array apart without regard to its class."""
    if array.ndim < 2 or array.flags.c_contiguous or not array.size:
        return _content(array, ())
    return _content(array, memory_order(array.shape, array.strides))


def _content(array: Any, order: tuple[int, ...]) -> bytes | Node:
    facts = ("in memory", *order) if order else ()
    dtype = array.dtype
    if dtype.metadata or (dtype.hasobject and dtype.names is None) or dtype.kind == "T":
        return _by_elements(array, facts)
    if dtype.names is not None and (dtype.hasobject or not is_dense(dtype)):
        start = head("record array", dtype_facts(dtype), array.shape, *facts)
        return Node(start, [plain(array[name]) for name in dtype.names], [f"[{name!r}]" for name in dtype.names])
    return leaf("array of numpy", dtype_facts(dtype), array.shape, bytes_digest(array), *facts)


def _by_elements(array: Any, facts: tuple[object, ...]) -> Node:
    dtype = array.dtype
    children: list[object] = []
    if dtype.metadata:
        children.append(dict(dtype.metadata))
    if dtype.kind == "T" and hasattr(dtype, "na_object"):
        children.append(dtype.na_object)
    start = head("array by elements", dtype_facts(dtype), array.shape, len(children), *facts)
    by_object = dtype.hasobject or dtype.kind == "T"
    flat = array.reshape(-1).tolist() if by_object else bytes_digest(array)
    return Node(start, [*children, Passing(flat, 0)], [*[".dtype"] * len(children), ""])


def dtype_facts(dtype: Any) -> bytes:
    """Return bytes that describe a dtype: its layout, field by field, with byte order, names and titles."""
    if dtype.kind in _SIMPLE:
        return str(dtype.str).encode()
    if dtype.subdtype is not None:
        inner, shape = dtype.subdtype
        return head("subarray", dtype_facts(inner), shape)
    kind = dtype.type
    name = f"{kind.__module__}.{kind.__qualname__}"
    if dtype.names is not None:
        facts: list[object] = []
        for field in dtype.names:
            inner, offset, *title = dtype.fields[field]
            facts += [field, dtype_facts(inner), offset, repr(title) if title and type(title[0]) is str else ""]
        return head("record", name, dtype.itemsize, dtype.isalignedstruct, *facts)
    written = "" if dtype.kind in "OV" else str(dtype)
    return head("dtype", name, dtype.str, dtype.kind, getattr(dtype, "coerce", None), written)


def is_dense(dtype: Any) -> bool:
    """Tell whether every byte of an element is content, so that padding cannot be in the way."""
    if dtype.subdtype is not None:
        return is_dense(dtype.subdtype[0])
    if dtype.names is None:
        return dtype.char not in "gG"
    inner = [dtype.fields[name] for name in dtype.names]
    offset = 0
    for item in inner:
        if item[1] != offset or not is_dense(item[0]):
            return False
        offset += item[0].itemsize
    return bool(offset == dtype.itemsize)


def bytes_digest(array: Any) -> bytes:
    """Digest an array's logical bytes in C order, with no copy where it is contiguous."""
    np: Any = sys.modules["numpy"]
    if array.size == 0 or array.itemsize == 0:
        return b""
    if array.dtype.char in "gG":
        return _without_padding(np, array)
    if array.flags.c_contiguous:
        if array.dtype.kind in "biufcSU":
            return xxh3_128_digest(array)
        return xxh3_128_digest(array.reshape(-1).view(np.uint8))
    return _blockwise(np, array)


def _blockwise(np: Any, array: Any) -> bytes:
    """Digest an array in C order, copying a block at a time; the result is that of the contiguous bytes."""
    hasher = xxh3_128()
    _feed(np, array, hasher)
    return hasher.digest()


def _feed(np: Any, array: Any, hasher: Any) -> None:
    row = array.nbytes // len(array)
    if row > _BLOCK and array.ndim > 1:
        for inner in array:
            _feed(np, inner, hasher)
        return
    step = max(1, _BLOCK // max(1, row))
    for start in range(0, len(array), step):
        hasher.update(np.ascontiguousarray(array[start : start + step]).reshape(-1).view(np.uint8))


def _without_padding(np: Any, array: Any) -> bytes:
    """Digest long doubles without the six bytes of each that hold whatever was there before."""
    whole = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    if np.finfo(array.dtype).nmant != 63:
        return xxh3_128_digest(whole)
    size = 16 if array.dtype.itemsize in (16, 32) else 12
    return xxh3_128_digest(np.ascontiguousarray(whole.reshape(-1, size)[:, :10]).reshape(-1))


def _ndarray(value: Any, walk: Asked) -> bytes | Node:
    np: Any = sys.modules["numpy"]
    kind = np.ndarray if _is_handed_over(value, np.memmap) else type(value)
    start = _ARRAY + walk.class_of(kind) + options_for("numpy", walk)
    array = np.ndarray.view(value, np.ndarray)
    extra = {} if kind is np.ndarray else _attributes_beyond(value, kind)
    taken = array_node(array)
    if isinstance(taken, bytes) and not extra:
        return close(start, taken)
    children: list[object] = [plain(array)]
    if extra:
        children.append(attributes(extra))
    return Node(start, children, ("", ""))


def _is_handed_over(value: Any, memmap: Any) -> bool:
    """Whether joblib has put an array into a file for its workers, to whom it is what it was in their parent."""
    return type(value) is memmap and "joblib_memmapping_folder_" in str(value.filename)


def plain(array: Any) -> Passing:
    """Prepare an array as a child that counts without regard to its class."""
    return part(array, lambda array, _walk: array_node(array))


def _attributes_beyond(value: Any, kind: type) -> dict[str, object]:
    """What an instance of a subclass holds besides the array; a memmap's file and offset are not part of its value."""
    if kind.__module__.partition(".")[0] == "numpy":
        return {}
    np: Any = sys.modules["numpy"]
    state: dict[str, object] = dict(getattr(value, "__dict__", {}))
    for base in kind.__mro__:
        if base is np.ndarray:
            break
        for name, member in base.__dict__.items() if "__slots__" in base.__dict__ else ():
            if type(member) is MemberDescriptorType and hasattr(value, name):
                state[name] = member.__get__(value)
    if issubclass(kind, np.memmap):
        for name in ("_mmap", "filename", "offset", "mode"):
            state.pop(name, None)
    # A column leads back to its table by a weak reference: what it leads to counts, as the code can go there.
    return {name: part(item, reference) if type(item) is ref else item for name, item in state.items()}


def _masked(value: Any, walk: Asked) -> Node:
    np: Any = sys.modules["numpy"]
    data = value._data.view(np.ndarray)
    mask = np.ma.getmaskarray(value)
    fill = value._fill_value
    if fill is None:
        fill = np.ma.default_fill_value(data.dtype)
    start = head("masked array", bool(value._hardmask)) + walk.class_of(type(value))
    state = {name: item for name, item in value.__dict__.items() if name not in _MASKED_BOOKKEEPING}
    state["_optinfo"] = value.__dict__.get("_optinfo")
    children = [
        plain(data),
        part(mask, _unordered),
        plain(np.asarray(fill, data.dtype) if data.dtype.names is None else np.asarray(fill)),
        attributes(state),
    ]
    return Node(start, children, ("", ".mask", ".fill_value", ""))


def _numpy_scalar(value: Any, walk: Asked) -> bytes | Node:
    np: Any = sys.modules["numpy"]
    start = _SCALAR + walk.class_of(type(value)) + options_for("numpy", walk)
    dtype = value.dtype
    if dtype.kind in _SIMPLE and dtype.char not in "gG":
        return close(start, leaf("bytes", str(dtype.str), value.tobytes()))
    taken = array_node(np.asarray(value))
    return close(start, taken) if isinstance(taken, bytes) else Node(start, (plain(np.asarray(value)),), ("",))


def _dtype(value: Any, _walk: Asked) -> Node:
    rest: list[object] = [dict(value.metadata) if value.metadata else None]
    if value.kind == "T" and hasattr(value, "na_object"):
        rest.append(value.na_object)
    return Node(head("dtype", dtype_facts(value)), rest, (".metadata", ".na_object"))


def _ufunc(value: Any, _walk: Asked) -> bytes:
    name = str(value.__name__)
    for module in ("numpy", "scipy.special"):
        if getattr(sys.modules.get(module), name, None) is value:
            return leaf("ufunc", module, name)
    raise Refused(f"is a ufunc made on the way ({name}), whose code cannot be seen")


def _iterator(value: object, _walk: Asked) -> Node:
    raise Refused(f"is an iterator (numpy.{type(value).__name__}) and has no lasting identity")


def _generator(value: Any, walk: Asked) -> Node:
    return Node(head("random generator") + walk.class_of(type(value)), (value.bit_generator,), (".bit_generator",))


def _bit_generator(value: Any, walk: Asked) -> Node:
    children = [Passing(value.state), getattr(value, "seed_seq", None)]
    return Node(head("bit generator") + walk.class_of(type(value)), children, (".state", ".seed_seq"))


def _seed_sequence(value: Any, _walk: Asked) -> Node:
    return Node(head("seed sequence"), (Passing(value.state),), (".state",))


def _random_state(value: Any, walk: Asked) -> Node:
    return Node(head("random state") + walk.class_of(type(value)), (Passing(value.get_state(legacy=False)),), ("",))


_EXACT: dict[str, Expander] = {
    "numpy.random._generator.Generator": _generator,
    "numpy.random.bit_generator.BitGenerator": unless_global(_bit_generator),
    "numpy.random.bit_generator.SeedSequence": _seed_sequence,
    "numpy.random.mtrand.RandomState": unless_global(_random_state),
}
