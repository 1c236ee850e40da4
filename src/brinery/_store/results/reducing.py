"""What pickle gives back changed, reduced so that it comes back as it was: exceptions, and arrays of some kinds."""

from __future__ import annotations

import copyreg
import sys
from pickle import PickleBuffer, PicklingError
from types import BuiltinFunctionType, FunctionType, MemberDescriptorType

from ..entry import noncontiguous
from . import restoring
from .left_out import OF_A_MAP, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Reducer = Callable[[Any], Any]

_PROTOCOL = 5
_LARGE = 64 * 1024  # bytes
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made by a class statement
_NEVER_KEPT = frozenset({"obj", "exceptions", "message"})  # what an AttributeError was about; what a group is made of


def reducer_of(kind: type[Any], *, apart: bool = True) -> Reducer | None:
    """How objects of a class are reduced; None if pickle itself does well. With `apart`, buffers go out of band."""
    registered = copyreg.dispatch_table.get(kind)
    is_error = issubclass(kind, BaseException)
    if registered is not None and not (is_error and _is_for_all_errors(registered)):
        return None
    if is_error:
        return _reduce_exception
    if kind is getattr(sys.modules.get("array"), "array", None):
        return _reduce_array_of_numbers
    tensor = getattr(sys.modules.get("torch"), "Tensor", None)
    if tensor is not None and issubclass(kind, tensor):
        return _reduce_tensor_and_gradient
    numpy = sys.modules.get("numpy")
    array = getattr(numpy, "ndarray", None)
    if array is None or not issubclass(kind, array):
        return None
    masked = getattr(sys.modules.get("numpy.ma"), "MaskedArray", array)
    is_plain = (
        kind is array
        or kind.__reduce_ex__ is not array.__reduce_ex__
        or kind.__reduce__ not in (array.__reduce__, masked.__reduce__)
        or kind.__setstate__ not in (array.__setstate__, masked.__setstate__)
    )
    if kind is array and apart:
        return _reduce_array_apart
    return _reduce_array if is_plain else _reduce_array_of_subclass


# Arrays.


def _reduce_array(array: Any) -> Any:
    """Large arrays of times, and those with gaps, go apart like all others, and not into the stream, copied twice.

    A read-only array that pickles as a state and not as a buffer would come back writable.
    """
    if array.nbytes >= _LARGE and not array.dtype.hasobject:
        has_gaps = not array.flags.c_contiguous and not array.flags.f_contiguous
        if has_gaps:
            is_writable = array.flags.writeable
            array = array.copy()
            array.flags.writeable = is_writable
        if array.dtype.kind in "mM":
            return restoring.viewed, (array.view("i8"), array.dtype)
        if has_gaps:
            return array.__reduce_ex__(_PROTOCOL)
    if array.flags.writeable:
        return NotImplemented
    reduced = array.__reduce_ex__(_PROTOCOL)
    if not isinstance(reduced, tuple) or len(reduced) != 3:
        return reduced
    return (*reduced, None, None, restoring.set_state_and_freeze)


def _reduce_array_apart(array: Any) -> Any:
    """What has gaps is copied when it is written, part by part."""
    dtype, flags = array.dtype, array.flags
    if flags.c_contiguous or flags.f_contiguous or dtype.hasobject or not noncontiguous.is_worth_it(array):
        return _reduce_array(array)
    if dtype.kind in "mM":
        return restoring.viewed, (array.view("i8"), dtype)
    # As numpy reduces one without gaps, with a buffer that stands for the elements.
    reduced = type(array)((2,), dtype).__reduce_ex__(_PROTOCOL)
    if len(reduced) != 2 or type(reduced[1][0]) is not PickleBuffer or reduced[1][2] != (2,):
        return _reduce_array(array)
    make, (_, dtype, _, *order) = reduced
    return make, (PickleBuffer(noncontiguous.Token(array)), dtype, array.shape, *order)


def _reduce_array_of_subclass(array: Any) -> Any:
    """Numpy forgets the attributes of subclasses, and copies their memory; here it stays apart as that of others."""
    numpy = sys.modules["numpy"]
    plain = numpy.ndarray.view(array, numpy.ndarray)
    is_map = isinstance(array, numpy.memmap)
    attributes = {name: value for name, value in state(array).items() if name not in OF_A_MAP or not is_map}
    made = restoring.array, (type(array), plain)
    return (*made, attributes, None, None, restoring.update_array) if attributes else made


def _reduce_array_of_numbers(numbers: Any) -> Any:
    """The bytes of an `array.array` go apart, as a copy: while a buffer is in use, its owner could not append to it."""
    if len(numbers) * numbers.itemsize < _LARGE:
        return NotImplemented
    buffer = PickleBuffer(numbers.tobytes())
    return restoring.array_of_numbers, (numbers.typecode, sys.byteorder, buffer)


def _reduce_tensor_and_gradient(tensor: Any) -> Any:
    """Torch forgets a gradient, and of what is part of a graph the graph."""
    torch = sys.modules["torch"]
    if tensor.grad_fn is not None:
        raise PicklingError("it is part of a graph of gradients, which does not come back; return tensor.detach()")
    reduced = _reduce_tensor(tensor) if type(tensor) is torch.Tensor else NotImplemented
    gradient = tensor.grad if tensor.requires_grad else None
    if gradient is None:
        return reduced
    if reduced is NotImplemented:
        reduced = tensor.__reduce_ex__(_PROTOCOL)
    if len(reduced) != 2:
        raise PicklingError("it has a gradient, which does not come back; return tensor.grad as well")
    return (*reduced, gradient, None, None, restoring.set_gradient)


def _reduce_tensor(tensor: Any) -> Any:
    """Large plain tensors go apart; torch itself would write all of the memory that a slice is part of, three times."""
    torch = sys.modules["torch"]
    if (
        tensor.device.type != "cpu"
        or tensor.layout is not torch.strided
        or tensor.numel() * tensor.element_size() < _LARGE
        or not tensor.is_contiguous()
        or (tensor.requires_grad and not tensor.is_leaf)
        or tensor.is_quantized
        or tensor.is_conj()
        or tensor.is_neg()
        or tensor._backward_hooks  # noqa: SLF001  as torch itself looks
        or vars(tensor)
    ):
        return NotImplemented
    whole = tensor.detach().reshape(-1).view(torch.uint8)
    dtype, shape = tensor.dtype, tuple(tensor.shape)
    return restoring.tensor, (PickleBuffer(whole.numpy()), dtype, shape, tensor.requires_grad)


# Exceptions.


def _reduce_exception(error: BaseException) -> Any:
    """Pickle forgets cause, context and slots, and calls `__init__` with arguments that may not be its own."""
    kind = type(error)
    reduced: Any = error.__reduce_ex__(_PROTOCOL)
    if isinstance(reduced, tuple) and len(reduced) == 3 and reduced[2] == {}:  # whether somebody looked for attributes
        reduced = reduced[:2]
    if not isinstance(reduced, tuple) or len(reduced) not in (2, 3):
        return reduced
    attributes = dict(_chain(error))
    if not _has_own_pickling(kind):
        is_made_here = isinstance(kind.__init__, FunctionType) and isinstance(kind.__new__, BuiltinFunctionType)
        attributes = {**dict(_fields(error, of_c=is_made_here)), **attributes}
        if is_made_here:
            attributes["args"] = error.args
            reduced = (copyreg.__newobj__, (kind, *error.args), *reduced[2:])  # type: ignore[attr-defined]
    if not attributes:
        return reduced
    make, arguments, state = (*reduced, None)[:3]
    if state is None:
        return make, arguments, attributes, None, None, restoring.set_attributes
    if isinstance(state, dict) and not _has_own_pickling(kind):
        return make, arguments, {**state, **attributes}, None, None, restoring.set_attributes
    return make, arguments, (state, attributes), None, None, restoring.set_state_and_attributes


def _is_for_all_errors(reducer: object) -> bool:
    """Whether a library has registered a reducer for each exception that there was, to have tracebacks along.

    It is as forgetful as pickle, and whether it is there depends on what was imported.
    """
    return copyreg.dispatch_table.get(BaseException) is reducer


def _has_own_pickling(kind: type[BaseException]) -> bool:
    return any(
        isinstance(getattr(kind, name, None), FunctionType)
        for name in ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__")
    )


def _chain(error: BaseException) -> Iterator[tuple[str, Any]]:
    cause, context, suppressed = error.__cause__, error.__context__, error.__suppress_context__
    if cause is not None:
        yield "__cause__", cause
    if context is not None:
        yield "__context__", context
    if suppressed or cause is not None:
        yield "__suppress_context__", suppressed  # last, for setting a cause sets it


def _fields(error: BaseException, *, of_c: bool) -> Iterator[tuple[str, Any]]:
    """The slots, and, if nothing else will set them, what exceptions written in C keep outside their `__dict__`."""
    for kind in type(error).__mro__:
        is_of_c = not kind.__flags__ & _HEAP_TYPE
        for name, descriptor in vars(kind).items():
            if type(descriptor) is not MemberDescriptorType or name.startswith("__"):
                continue
            if is_of_c and (name in _NEVER_KEPT or not (of_c or kind in (AttributeError, NameError))):
                continue
            try:
                value = descriptor.__get__(error)
            except AttributeError:
                continue  # an empty slot
            if value is not None or not is_of_c:
                yield name, value
