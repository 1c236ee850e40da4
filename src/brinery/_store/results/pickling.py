"""A result -> pickle stream and out-of-band buffers. Pickling only: the way back is in `loading`."""

from __future__ import annotations

import copyreg
import io
import pickle
import sys
from contextlib import suppress
from types import BuiltinFunctionType, FunctionType

from ..._light import NamedTuple
from . import left_out
from .pieces import Buffers, Pieces
from .reducing import reducer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, ClassVar

    from ..entry.encoding import Contents
    from ..entry.noncontiguous import Gapped

    Reducer = Callable[[Any], Any]

PROTOCOL = 5
_NONE: frozenset[type] = frozenset()
_NO_REDUCERS: dict[type, Reducer | None] = dict.fromkeys((type, FunctionType, BuiltinFunctionType))
_WELL_KNOWN = frozenset(
    ("numpy", "pandas", "pyarrow", "scipy", "torch", "polars", "xarray", "attr", "pydantic", "matplotlib", "brinery")
)
# What takes part when an object is made again; a set of weak references is empty by then.
_WAYS_BACK = (
    "__reduce__",
    "__reduce_ex__",
    "__getstate__",
    "__setstate__",
    "__getnewargs__",
    "__getnewargs_ex__",
    "__new__",
)
_WAYS_BACK_OF = {dict: ("__setitem__", "items"), list: ("append", "extend", "__iter__"), set: ("__iter__",)}
_FAMILIES = frozenset(("pyarrow", "torch"))
_NO_FAMILIES: frozenset[str] = frozenset()
_MUCH_LARGER = 4096  # bytes of a parent that a slice may drag along


class _Careful(pickle.Pickler):
    """Reduces so that what pickle gives back changed comes back as it was; notes what pickles in a way of its own.

    Attributes:
        own: the classes met whose objects are made again by code of the user's; none if a copy of what was met must
            not be made and thrown away, for its end would do something.
        families: of the libraries with objects that may drag a parent along, those whose classes were met.
        has_met: whether anything was met that pickle does not know by itself.
    """

    def __init__(self, file: Any, take: Callable[[pickle.PickleBuffer], bool] | None) -> None:
        super().__init__(file, PROTOCOL, buffer_callback=take)
        self._apart = take is not None
        self.forget()

    def forget(self) -> None:
        """Forget what was met."""
        self.families = _NO_FAMILIES
        self._own = _NONE
        self._has_end = False
        self._reducers = _NO_REDUCERS.copy()
        self.has_met = False

    def reducer_override(self, value: Any) -> Any:
        self.has_met = True
        kind = type(value)
        try:
            reducer = self._reducers[kind]
        except KeyError:
            reducer = reducer_of(kind, apart=self._apart)
            self._has_end = self._has_end or hasattr(kind, "__del__")
            self.families |= _FAMILIES.intersection(str(base.__module__).partition(".")[0] for base in kind.__mro__)
            if is_made_by_user_code(kind):
                self._note_own(kind)
                reducer = left_out.unless_used_up(reducer)
            else:
                reducer = left_out.looking(kind, reducer, is_well_known, self._note_own)
            self._reducers[kind] = reducer
        return NotImplemented if reducer is None else reducer(value)

    def _note_own(self, kind: type) -> None:
        self._own |= {kind}

    @property
    def own(self) -> frozenset[type]:
        return _NONE if self._has_end else self._own


class Pickled(NamedTuple):
    """A stream, the buffers beside it, and the classes in it whose objects are made again by code of the user's."""

    stream: bytes
    buffers: Sequence[memoryview | Contents | Gapped]
    own: frozenset[type]
    names: bytes  # all of the stream in which a class can be named
    families: frozenset[str] = _NO_FAMILIES  # of the classes met, those whose objects may drag a parent along


# Picklers made beforehand, each with what it writes to: making one takes longer than pickling most results.
_ready: list[tuple[_Careful, Pieces, Buffers]] = []
_MOST_READY = 8
_MOST_KEPT = 1 << 16  # bytes; a longer stream may leave a pickler that keeps as much memory


def _dump_ready(result: object) -> Pickled:
    try:
        ready = _ready.pop()
    except IndexError:
        ready = _make_ready()
    pickler, pieces, buffers = ready
    pickler.dump(result)  # if this raises, nobody uses that pickler again
    pickler.clear_memo()
    stream = pieces.getvalue()
    if not (pickler.has_met or buffers):  # pickle knows all of it by itself, and no class is named
        pickled = Pickled(stream, [], _NONE, b"", _NO_FAMILIES)
    else:
        pickled = Pickled(stream, list(buffers), pickler.own, pieces.names(), pickler.families)
        buffers.clear()
        pickler.forget()
    pieces.clear()
    if len(stream) <= _MOST_KEPT and len(_ready) < _MOST_READY:
        _ready.append(ready)
    return pickled


def _make_ready() -> tuple[_Careful, Pieces, Buffers]:
    pieces, buffers = Pieces(), Buffers()
    pieces.beside = buffers
    return _Careful(pieces, buffers.take), pieces, buffers


def dump(result: object, pieces: Pieces | None = None, *, apart: bool = True) -> Pickled:
    """Pickle by plain `pickle`, large buffers apart or all in one; raises whatever that raises."""
    pickled = _dump_ready(result) if pieces is None and apart else _dump(_Careful, result, {}, pieces, apart=apart)
    if pickled.families and (compact := _compacting(pickled.families)):
        return _dump(_Careful, result, compact, apart=apart)
    return pickled


def dump_by_cloudpickle(result: object, *, apart: bool = True) -> Pickled:
    """Pickle by cloudpickle: functions and classes that no module has go in by value."""
    kind, table = _by_cloudpickle()
    return _dump(kind, result, table, apart=apart)


def pickler_to_look(file: Any, *, by_cloudpickle: bool, watch: Callable[[object], None]) -> pickle.Pickler:
    """A pickler that shows everything that it is about to pickle."""
    kind, table = _by_cloudpickle() if by_cloudpickle else (_Careful, {})

    class Watched(kind):  # type: ignore[misc, valid-type]
        dispatch_table: ClassVar[dict[type, Reducer]] = {**copyreg.dispatch_table, **table}

        def persistent_id(self, value: object) -> None:
            watch(value)

    return Watched(file, lambda _: None)


def _dump(
    kind: type[_Careful], result: object, table: dict[type, Reducer], pieces: Pieces | None = None, *, apart: bool
) -> Pickled:
    if table:  # a pickler looks for its table of reducers when it is made, so this one has a class of its own
        kind = type(kind.__name__, (kind,), {"dispatch_table": {**copyreg.dispatch_table, **table}})
    buffers = Buffers()
    file = Pieces() if pieces is None else pieces
    file.beside = buffers if apart else None
    pickler = kind(file, buffers.take if apart else None)
    pickler.dump(result)
    return Pickled(file.getvalue(), buffers, pickler.own, file.names(), pickler.families)


def _by_cloudpickle() -> tuple[type[Any], dict[type, Reducer]]:
    import cloudpickle  # type: ignore[import-untyped]

    class Careful(_Careful, cloudpickle.Pickler):  # type: ignore[misc]
        def reducer_override(self, value: Any) -> Any:
            reduced = super().reducer_override(value)
            if reduced is not NotImplemented:
                return reduced
            if is_by_name_in_main(value):
                return value.__qualname__
            return cloudpickle.Pickler.reducer_override(self, value)

    table = {**cloudpickle.Pickler.dispatch_table, **_reducers_of_arrow(), **_reducers_of_torch()}
    table.pop(io.TextIOWrapper, None)  # an open file would come back as its text: something else, and no longer a file
    return Careful, table


def is_by_name_in_main(value: Any) -> bool:
    """Whether the script itself has a class or function under its name, so that a copy of it would be another one."""
    if not isinstance(value, (type, FunctionType)) or value.__module__ not in ("__main__", "__mp_main__"):
        return False
    found: Any = sys.modules.get(value.__module__)
    for name in value.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is value


def is_made_by_user_code(kind: type) -> bool:
    """Whether code in Python, of nobody from the standard library, takes part when an object of a class is made again.

    Pickling calls `__new__` with what a builtin holds, and fills dicts, lists and sets item by item.
    """
    names = _WAYS_BACK
    for base, more in _WAYS_BACK_OF.items():
        if issubclass(kind, base):
            names += more
    for name in names:
        method = getattr(kind, name, None)
        if isinstance(method, FunctionType) and not is_well_known(method.__module__ or ""):
            return method.__globals__.get("__name__") in sys.modules  # else made from text, as of named tuples
    reducer = copyreg.dispatch_table.get(kind)
    return isinstance(reducer, FunctionType) and not is_well_known(reducer.__module__ or "")


def is_well_known(module: str) -> bool:
    """Whether a module belongs to the standard library, or to a package whose objects are known to come back."""
    home = module.partition(".")[0]
    return home in _WELL_KNOWN or (home in sys.stdlib_module_names and home != "_weakrefset")


def _compacting(families: frozenset[str]) -> dict[type, Reducer]:
    """Reducers for what was met and would drag a larger parent along."""
    reducers: dict[type, Reducer] = {}
    if "pyarrow" in families:
        reducers |= _reducers_of_arrow()
    if "torch" in families:
        reducers |= _reducers_of_torch()
    return reducers


def _reducers_of_arrow() -> dict[type, Reducer]:
    arrow = sys.modules.get("pyarrow")
    if arrow is None:
        return {}

    def reduce_array(array: Any) -> Any:
        if array.get_total_buffer_size() > array.nbytes + _MUCH_LARGER:
            with suppress(Exception):  # a type that cannot be concatenated keeps its parent
                array = arrow.concat_arrays([array, array[:0]])  # of one alone it might give the same back
        return array.__reduce_ex__(PROTOCOL)

    # Tables, batches and chunked arrays pickle their arrays one by one, so these are enough.
    return dict.fromkeys(_subclasses(arrow.Array), reduce_array)


def _reducers_of_torch() -> dict[type, Reducer]:
    torch = sys.modules.get("torch")
    if torch is None:
        return {}

    def reduce_tensor(tensor: Any) -> Any:
        with suppress(Exception):  # sparse, quantised, on no device: as torch pickles it
            if tensor.untyped_storage().nbytes() > tensor.numel() * tensor.element_size() + _MUCH_LARGER:
                tensor = tensor.detach().clone().requires_grad_(tensor.requires_grad)
        return tensor.__reduce_ex__(PROTOCOL)

    return {torch.Tensor: reduce_tensor}


def _subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    yield kind
    for below in type.__subclasses__(kind):
        yield from _subclasses(below)
