"""What functions may return: classes of every kind, and how a returned object is told from another."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from typing import Any, NamedTuple

from brinery import Cache


def call_twice(cache: Cache, function: Callable[[], Any], **options: Any) -> tuple[Any, Any]:
    """What a function returned, and what the next call answers from the store."""
    cached = cache(function, **options)
    first, second = cached(), cached()
    assert cached.cache_info()[:2] == (1, 1)
    return first, second


class Point(NamedTuple):
    x: Any
    y: Any


@dataclasses.dataclass
class Record:
    name: str
    inside: Any = None


@dataclasses.dataclass(slots=True)
class SlottedRecord:
    inside: Any


@dataclasses.dataclass(slots=True, frozen=True)
class FrozenRecord:
    inside: Any


class Slotted:
    __slots__ = ("__dict__", "empty", "full")

    def __init__(self, full: Any) -> None:
        self.full = full
        self.beside = full

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Slotted) and (self.full, self.beside) == (other.full, other.beside)

    def __repr__(self) -> str:
        return f"Slotted({self.full}, {self.beside}, {hasattr(self, 'empty')})"

    __hash__ = None  # type: ignore[assignment]


class Color(enum.Enum):
    RED = 1
    CRIMSON = 1  # noqa: PIE796  another name of the same
    BLUE = 2


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Text(str):
    __slots__ = ("__dict__",)


class Number(int):
    pass


class Items(list[Any]):
    pass


class Table(dict[Any, Any]):
    pass


class Bag(set[Any]):
    pass


class Pair(tuple[Any, Any]):
    __slots__ = ()


def with_attributes(made: Any) -> Any:
    """The same, with attributes of its own."""
    made.unit = "km"
    made.inside = [1, made.unit]
    return made


# Exceptions.


class Refused(Exception):
    """Its argument is not what it hands on."""

    def __init__(self, who: str) -> None:
        super().__init__(f"{who} was refused")
        self.who = who


class Misplaced(ValueError):
    """It takes two and hands on one."""

    def __init__(self, row: int, column: int) -> None:
        super().__init__(f"row {row}, column {column}")
        self.place = (row, column)


class KeywordOnly(Exception):
    def __init__(self, *, code: int) -> None:
        super().__init__()
        self.code = code


class OwnOSError(OSError):
    def __init__(self, path: str) -> None:
        super().__init__(2, "no such thing", path)


class OwnExit(SystemExit):
    def __init__(self, code: int) -> None:
        super().__init__(code + 1)


class OwnUnicodeError(UnicodeDecodeError):
    def __init__(self, data: bytes) -> None:
        super().__init__("utf-8", data, 0, 1, "odd")


class SlottedError(Exception):
    __slots__ = ("place",)


@dataclasses.dataclass(frozen=True)
class FrozenError(Exception):
    place: int


class ReducingError(Exception):
    def __init__(self, a: int, b: int) -> None:
        super().__init__(a)
        self.b = b

    def __reduce__(self) -> Any:
        return ReducingError, (self.args[0], self.b)


class OwnGroup(ExceptionGroup[Exception]):
    def derive(self, excs: Any) -> OwnGroup:
        return OwnGroup(self.message, excs)


def raised(error: BaseException, *, cause: BaseException | None = None, within: BaseException | None = None) -> Any:
    """An exception as it is once it was raised and caught."""
    try:
        try:
            if within is not None:
                raise within
        finally:
            if cause is not None:
                raise error from cause
            raise error
    except BaseException as caught:
        return caught


def with_notes(error: BaseException) -> BaseException:
    error.add_note("on a Sunday")
    return error


FIELDS = """
    b code encoding end errno filename filename2 lineno message msg name
    object path place reason start strerror text value
"""


def told(error: BaseException | None) -> Any:
    """All there is to an exception but the traceback."""
    if error is None:
        return None
    fields = {name: getattr(error, name, "unset") for name in FIELDS.split()}
    inner = [told(one) for one in error.exceptions] if isinstance(error, BaseExceptionGroup) else repr(error.args)
    chain = (told(error.__cause__), told(error.__context__), error.__suppress_context__)
    return type(error), inner, str(error), sorted(vars(error).items(), key=str), fields, chain
