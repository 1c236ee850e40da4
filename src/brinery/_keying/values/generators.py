"""The generators that `random` and `numpy.random` draw from by default: one for the process, whatever leads to them.

Their state moves with every draw of anybody's, so no key covers it; `explain` says where numbers are drawn.
"""

from __future__ import annotations

import sys

from .node import Asked, Expander, Node, leaf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A module, the name by which it keeps its generator, and what the functions that draw from it are called by.
_PLACES = (("random", "_inst", "random."), ("numpy.random.mtrand", "_rand", "numpy.random."))
_CLASSES = frozenset({"random.Random", "numpy.random.mtrand.RandomState", "numpy.random._mt19937.MT19937"})
_DRAWING = frozenset(
    {
        "random.Random", "numpy.random.mtrand.RandomState", "numpy.random._generator.Generator",
        "numpy.random.bit_generator.BitGenerator", "torch._C.Generator",
    }
)  # fmt: skip


def global_generator(value: object) -> str:
    """Return what the functions that draw from a generator are called by, such as ``random.``; "" for any other."""
    kind = type(value)
    if f"{kind.__module__}.{kind.__qualname__}" not in _CLASSES:
        return ""
    for module, attribute, prefix in _PLACES:
        own: Any = vars(sys.modules[module]).get(attribute) if module in sys.modules else None
        if own is not None and (value is own or value is getattr(own, "_bit_generator", None)):
            return prefix
    return ""


def is_generator(value: object) -> bool:
    """Whether a value is a generator of random numbers, or a method of one, whose state moves with every draw."""
    value = value if (owner := getattr(value, "__self__", None)) is None else owner
    return any(f"{kind.__module__}.{kind.__qualname__}" in _DRAWING for kind in type(value).__mro__)


def unless_global(otherwise: Expander) -> Expander:
    """Return what takes generators apart: the process's own by name, all others by their state."""

    def expand(value: Any, walk: Asked) -> bytes | Node:
        prefix = global_generator(value)
        if not prefix:
            return otherwise(value, walk)
        walk.note(value)
        return leaf("global generator", prefix)

    return expand


def drawing_from_the_system(value: Any, walk: Asked) -> bytes:
    """Take a generator apart that has no state of its own: it counts by its class."""
    walk.note(value)
    return leaf("system generator", walk.class_of(type(value)))
