"""What the pickle of an entry calls to make exactly the result again, where pickle by itself gives back something else.

The names here stand in entries, so they stay.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def set_attributes(made: object, attributes: dict[str, Any]) -> None:
    """Set attributes one after another; the object may forbid that to others."""
    for name, value in attributes.items():
        object.__setattr__(made, name, value)


def set_state_and_attributes(made: Any, given: tuple[Any, dict[str, Any]]) -> None:
    """Set the state as the object wants it, then attributes."""
    state, attributes = given
    if hasattr(made, "__setstate__"):
        made.__setstate__(state)
    else:
        vars(made).update(state)
    set_attributes(made, attributes)


def array(kind: type[Any], plain: Any) -> Any:
    """Make an array of a subclass out of a plain one, in the same memory."""
    return type(plain).view(plain, kind)


def viewed(plain: Any, dtype: Any) -> Any:
    """Make an array of another type in the same memory."""
    return plain.view(dtype)


def array_of_numbers(typecode: str, byteorder: str, buffer: Any) -> Any:
    """Make an `array.array`."""
    import sys
    from array import array

    made = array(typecode)
    made.frombytes(buffer)
    if byteorder != sys.byteorder:
        made.byteswap()
    return made


def tensor(buffer: Any, dtype: Any, shape: tuple[int, ...], requires_grad: bool) -> Any:  # noqa: FBT001
    """Make a tensor in memory of its own, so that it can be resized as any other."""
    import torch  # type: ignore[import-not-found]

    made = torch.empty(shape, dtype=dtype)
    made.reshape(-1).view(torch.uint8).copy_(torch.frombuffer(buffer, dtype=torch.uint8))
    return made.requires_grad_(requires_grad)


def set_gradient(made: Any, gradient: Any) -> None:
    """Give a tensor its gradient."""
    made.grad = gradient


def update_array(made: Any, attributes: dict[str, Any]) -> None:
    """Set the attributes of an array of a subclass, and what is in its slots."""
    set_attributes(made, attributes)


def set_state_and_freeze(made: Any, state: object) -> None:
    """Fill an array that nobody may write to."""
    made.__setstate__(state)
    made.flags.writeable = False
