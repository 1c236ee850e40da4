"""Sizes and times as people write them: ``"10GB"``, ``"7d"``; what is printed can be typed back in."""

from __future__ import annotations

from .errors import OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import timedelta

_SIZES = {
    "": 1, "b": 1,
    "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "pb": 10**15,
    "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40, "pib": 2**50,
}  # fmt: skip
_TIMES = {
    "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 0.001, "us": 0.000001,
    "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 86400.0, "day": 86400.0, "days": 86400.0,
    "w": 604800.0, "week": 604800.0, "weeks": 604800.0,
    "y": 31557600.0, "year": 31557600.0, "years": 31557600.0,
}  # fmt: skip


def parse_size(value: str | float, what: str = "size") -> int:
    """Read a size in bytes: a whole number, or text such as ``"10GB"`` (10^9) or ``"10GiB"`` (2^30).

    Raises:
        ValueError: it is not a size, or below zero.
        TypeError: it is neither a number nor text.

    >>> parse_size("1.5kB")
    1500
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise OptionError(f"{what} must be a number of bytes or text such as '10GB', not {type(value).__name__}")
    if isinstance(value, str):
        number, unit = _split(value)
        if unit not in _SIZES:
            raise OptionError(
                f"{what}={value!r} is not a size: write a number and one of B, kB, MB, GB, TB, "
                "KiB, MiB, GiB, TiB, such as '10GB'"
            )
        value = float(number) * _SIZES[unit] if "." in number else int(number) * _SIZES[unit]
    if not value >= 0 or value == float("inf"):
        raise OptionError(f"{what}={value!r} must be zero or more bytes; None means no limit")
    return int(value)


def parse_time(value: str | float | timedelta, what: str = "ttl") -> float:
    """Read a time in seconds: a number, a `timedelta`, or text such as ``"7d"``, ``"12h"``, ``"90s"``.

    Raises:
        ValueError: it is not a time, or not above zero.
        TypeError: it is neither a number, a `timedelta` nor text.

    >>> parse_time("2h")
    7200.0
    """
    if not isinstance(value, (int, float, str)) and hasattr(value, "total_seconds"):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise OptionError(
            f"{what} must be a number of seconds, a timedelta or text such as '7d', not {type(value).__name__}"
        )
    if isinstance(value, str):
        number, unit = _split(value)
        if unit == "":
            raise OptionError(
                f"{what}={value!r} has no unit: write {number}s for seconds, {number}h for hours or {number}d for days"
            )
        if unit not in _TIMES:
            raise OptionError(
                f"{what}={value!r} is not a time: write a number and one of s, m, h, d, w, y, such as '7d'"
            )
        value = float(number) * _TIMES[unit]
    try:
        seconds = float(value)
    except OverflowError:
        seconds = float("inf")
    if not 0 < seconds < float("inf"):
        raise OptionError(f"{what}={value!r} must be above zero seconds")
    return seconds


def _split(text: str) -> tuple[str, str | None]:
    """A number without a sign, and its unit in small letters; a unit of None if that is not what the text is."""
    # Without regular expressions, which take 6 ms to import.
    text = text.strip()
    number = text[: len(text) - len(text.lstrip("0123456789."))]
    whole, dot, fraction = number.partition(".")
    is_number = text.isascii() and (fraction.isdigit() if dot else bool(whole))
    return number, text[len(number) :].lstrip().lower() if is_number else None


def format_size(count: int) -> str:
    """Write a size with the unit in which it is a small number.

    >>> format_size(1_536_000)
    '1.5MB'
    """
    size = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 999.5 or unit == "TB":
            return f"{size:.0f}{unit}" if unit == "B" or size >= 99.95 else f"{size:.1f}{unit}"
        size /= 1000
    return f"{size:.1f}PB"


def format_time(seconds: float) -> str:
    """Write a time with the unit in which it is a small number.

    >>> format_time(5400)
    '1.5h'
    """
    if seconds < 1:
        milliseconds = seconds * 1000
        if 0 < milliseconds < 0.95:
            return f"{seconds * 1e6:.0f}us"
        return f"{milliseconds:.0f}ms" if milliseconds >= 9.95 or not seconds else f"{milliseconds:.1f}ms"
    for unit, length, limit in (("s", 1, 60), ("m", 60, 60), ("h", 3600, 24), ("d", 86400, 365), ("y", 31557600, 0)):
        amount = seconds / length
        if amount < limit or not limit:
            return f"{amount:.0f}{unit}" if amount >= 99.95 else f"{amount:.1f}{unit}"
    return f"{seconds:.0f}s"
