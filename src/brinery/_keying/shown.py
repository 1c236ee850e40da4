"""Values in short, for people: what may be written beside an entry in the clear."""

from __future__ import annotations

from .._light import BuiltinFunctionType, FunctionType
from .confidential import looks_secret, sounds_secret
from .live import is_class, is_loaded_module
from .standard import standard_name

_LONGEST = 80
DOTS = "..."
_WIDEST_INT = 200
# Types of the standard library that say in a few words what they are; nothing of the user's runs.
_READABLE = {
    "builtins.range", "builtins.slice", "datetime.date", "datetime.datetime", "datetime.time", "datetime.timedelta",
    "decimal.Decimal", "fractions.Fraction", "pathlib.PosixPath", "pathlib.PurePosixPath", "pathlib._local.PosixPath",
    "pathlib._local.PurePosixPath", "re.Pattern", "uuid.UUID",
}  # fmt: skip
ARRAY_LIBRARIES = {"numpy", "pandas", "polars", "torch"}


def is_short(value: object) -> bool:
    """Whether a value is a number, a bool, None or a short text that holds no secret, which may be shown as it is."""
    kind = type(value)
    if kind is int:
        return value.bit_length() <= _WIDEST_INT  # type: ignore[attr-defined, no-any-return]
    if kind is str:
        return len(value) <= _LONGEST and not looks_secret(value)  # type: ignore[arg-type]
    return kind is float or kind is bool or value is None or kind is complex


def short_value(name: str, value: object) -> str:
    """Write a value in short, and dots where its name sounds like a secret, or it looks like one itself."""
    return DOTS if sounds_secret(name) else shorten(value)


def shorten(value: object) -> str:
    """Write a value in short; only its type where it is not short. No method of the value's own is called."""
    if is_short(value):
        return repr(value)
    kind = type(value)
    if kind is str and len(value) <= _LONGEST:  # type: ignore[arg-type]
        return DOTS
    if standard_name(kind) in _READABLE:
        shown = next((form for form in (repr(value), f"<{kind.__qualname__} {value}>") if len(form) <= _LONGEST), "")
        return shown if shown and not looks_secret(shown) else f"<{kind.__qualname__}>"
    if kind is FunctionType or kind is BuiltinFunctionType or is_class(value) or is_loaded_module(value):
        module = "" if is_loaded_module(value) else f"{getattr(value, '__module__', '')}.".removeprefix("builtins.")
        word = "class" if is_class(value) else "module" if is_loaded_module(value) else "function"
        return f"<{word} {module}{getattr(value, '__qualname__', None) or getattr(value, '__name__', '')}>"
    if standard_name(type(kind)) in ("enum.EnumType", "enum.EnumMeta"):
        name = object.__getattribute__(value, "__dict__").get("_name_")
        return f"{kind.__qualname__}.{name}" if type(name) is str else f"<{kind.__qualname__}>"
    if str(kind.__module__).partition(".")[0] == "pandas" and kind.__name__ in ("Timestamp", "Timedelta"):
        return repr(value)
    if kind in (str, bytes, list, tuple, dict, set, frozenset):
        return f"<{kind.__name__} of {len(value)}>"  # type: ignore[arg-type]
    shape = getattr(value, "shape", None) if str(kind.__module__).partition(".")[0] in ARRAY_LIBRARIES else None
    if shape == () and kind.__module__ == "numpy" and len(shown := repr(value)) <= _LONGEST:
        return shown
    return (
        f"<{kind.__qualname__} {'x'.join(map(str, shape))}>" if isinstance(shape, tuple) else f"<{kind.__qualname__}>"
    )
