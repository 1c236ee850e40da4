"""Decorated methods, bound to their instance or class."""

from __future__ import annotations

from itertools import repeat

from .._keying.values.digest import register_digest
from .._light import MethodType, partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .cached import CachedFunction


class _Docstring:
    """The method's own docstring for what is bound, and that of the class for the class."""

    def __init__(self, of_class: str) -> None:
        self._of_class = of_class

    def __get__(self, bound: BoundCachedFunction | None, _: type) -> str | None:
        return self._of_class if bound is None else bound.__func__.__doc__


class BoundCachedFunction:
    __doc__ = _Docstring("A decorated method, bound to its instance, which counts as an argument like any other.")  # pyright: ignore[reportAssignmentType]
    # What a call calls stands in a slot, as a bound method: a method that calls itself needs two frames a level.
    __slots__ = ("__call__", "__func__", "__self__")

    def __init__(self, function: CachedFunction[Any, Any], instance: object) -> None:
        self.__func__ = function
        self.__self__ = instance
        # Not annotated in the class, whose annotations each instance would show in place of the method's.
        self.__call__: Callable[..., Any] = MethodType(MethodType(type(function).__call__, function), instance)

    def map(self, *iterables: Any, **options: Any) -> Any:
        """As `CachedFunction.map`, for this instance."""
        return self.__func__.map(*((repeat(self.__self__), *iterables) if iterables else ()), **options)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.__func__, name)
        if name in _TAKING_ARGUMENTS:
            return partial(value, self.__self__)
        if name == "__wrapped__":
            return MethodType(value, self.__self__)
        return value

    def __repr__(self) -> str:
        return f"<bound {self.__func__!r}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BoundCachedFunction):
            return NotImplemented
        return self.__func__ is other.__func__ and self.__self__ is other.__self__

    def __hash__(self) -> int:
        return hash((id(self.__func__), id(self.__self__)))

    # As methods are copied: shallowly with the same instance, deeply with its copy.

    def __copy__(self) -> BoundCachedFunction:
        return BoundCachedFunction(self.__func__, self.__self__)

    def __deepcopy__(self, memo: dict[int, Any]) -> BoundCachedFunction:
        from copy import deepcopy

        return BoundCachedFunction(self.__func__, deepcopy(self.__self__, memo))

    def __reduce__(self) -> Any:
        owner = self.__self__ if isinstance(self.__self__, type) else type(self.__self__)
        for base in owner.__mro__:
            for name, value in vars(base).items():
                if getattr(value, "__func__", value) is self.__func__ and _first(owner, name) is value:
                    return getattr, (self.__self__, name)
        return BoundCachedFunction, (self.__func__, self.__self__)  # a subclass has taken its name


def _first(owner: type, name: str) -> object:
    return next(vars(base)[name] for base in owner.__mro__ if name in vars(base))


class CachedClassMethod(classmethod):  # type: ignore[type-arg]
    """A class method decorated from above; since Python 3.13 `classmethod` does not bind what it wraps."""

    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        function: Any = self.__func__
        return BoundCachedFunction(function, type(instance) if owner is None else owner)


_TAKING_ARGUMENTS = {"key", "is_cached", "forget", "refresh", "explain"}


register_digest(BoundCachedFunction, lambda bound: (bound.__func__, bound.__self__))
