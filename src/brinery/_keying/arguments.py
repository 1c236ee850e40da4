"""Binding a call to a function's signature: one tuple of values, defaults filled in, what is ignored left out.

The binder is compiled once per function: a function with the same parameters that returns them as a tuple. Calling it
costs a tenth of a microsecond where `inspect.Signature.bind` takes two.
"""

from __future__ import annotations

from .._light import FunctionType, NamedTuple
from ..errors import UnkeyableError
from .values.digest import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_POSITIONAL_ONLY, _POSITIONAL, _VAR_POSITIONAL, _KEYWORD, _VAR_KEYWORD = range(5)
_CO_VARARGS, _CO_VARKEYWORDS = 0x4, 0x8


class Parameter(NamedTuple):
    """One parameter, as `inspect.Parameter` but without importing `inspect`."""

    name: str
    kind: int
    has_default: bool = False
    default: object = None


class Binder:
    """Turns the arguments of a call into the tuple of values that its key covers.

    Attributes:
        names: the parameters whose values stand in the tuple, in order.
        boxed: those of them whose value stands in a tuple of one, or as ``()`` where it is the default.
        bind: called as the function is; returns the tuple, raises TypeError where the function would.
    """

    __slots__ = ("bind", "boxed", "names")

    def __init__(self, target: Callable[..., Any], ignore: frozenset[str] = frozenset()) -> None:
        given = parameters(target)
        kept = [parameter for parameter in given if parameter.name not in ignore]
        self.names = tuple(parameter.name for parameter in kept)
        self.boxed = frozenset(item.name for item in kept if item.has_default and not _is_keyable(item.default))
        self.bind = _compile(given, ignore, self.boxed, getattr(target, "__qualname__", type(target).__qualname__))

    def by_name(self, values: tuple[Any, ...]) -> dict[str, Any]:
        """Name the values of a bound call; a boxed default is `...`."""
        named = dict(zip(self.names, values, strict=True))
        if not self.boxed:
            return named
        return named | {name: named[name][0] if named[name] else ... for name in self.boxed}


def parameters(target: Callable[..., Any]) -> list[Parameter]:
    """List the parameters of a callable; where nothing tells them, any arguments, as they are given."""
    if isinstance(target, FunctionType):
        return _parameters_of_function(target)
    import inspect

    signature = None
    for follow_wrapped in (False, True):  # what C code wraps, as numpy's dispatched functions, takes the same
        try:
            signature = inspect.signature(target, follow_wrapped=follow_wrapped)
            break
        except (ValueError, TypeError):
            continue
    if signature is None:
        return [Parameter("args", _VAR_POSITIONAL), Parameter("kwargs", _VAR_KEYWORD)]
    return [
        Parameter(
            item.name,
            int(item.kind),
            item.default is not item.empty,
            None if item.default is item.empty else item.default,
        )
        for item in signature.parameters.values()
    ]


def _parameters_of_function(function: FunctionType) -> list[Parameter]:
    code = function.__code__
    names = code.co_varnames
    count = code.co_argcount
    defaults = function.__defaults__ or ()
    first_default = count - len(defaults)
    found = []
    for index, name in enumerate(names[:count]):
        kind = _POSITIONAL_ONLY if index < code.co_posonlyargcount else _POSITIONAL
        has_default = index >= first_default
        found.append(Parameter(name, kind, has_default, defaults[index - first_default] if has_default else None))
    last = count + code.co_kwonlyargcount
    keywords = function.__kwdefaults__ or {}
    if code.co_flags & _CO_VARARGS:
        found.append(Parameter(names[last], _VAR_POSITIONAL))
    found += [Parameter(name, _KEYWORD, name in keywords, keywords.get(name)) for name in names[count:last]]
    if code.co_flags & _CO_VARKEYWORDS:
        found.append(Parameter(names[last + bool(code.co_flags & _CO_VARARGS)], _VAR_KEYWORD))
    return found


def _compile(
    given: list[Parameter], ignore: frozenset[str], boxed: frozenset[str], name_in_errors: str
) -> Callable[..., tuple[Any, ...]]:
    """Write and compile the binder.

    A default that cannot be digested (a bare sentinel object) stands as ``()`` where it is used, and any other value
    of that parameter as a tuple of one.
    """
    prefix = "_"
    while any(parameter.name.startswith(prefix) for parameter in given):
        prefix += "_"
    fixed: dict[str, object] = {}
    head, body = [], []
    kinds = [parameter.kind for parameter in given]
    for index, (name, kind, has_default, default) in enumerate(given):
        if (
            kind == _KEYWORD
            and _VAR_POSITIONAL not in kinds
            and kinds[index - 1 if index else 0] != (_KEYWORD if index else -1)
        ):
            head.append("*")
        own = f"{prefix}{index}"
        if has_default:
            fixed[own] = default
        head.append(
            {_VAR_POSITIONAL: "*", _VAR_KEYWORD: "**"}.get(kind, "") + (f"{name}={own}" if has_default else name)
        )
        if kind == _POSITIONAL_ONLY and kinds[index + 1 : index + 2] != [_POSITIONAL_ONLY]:
            head.append("/")
        if name not in ignore:
            body.append(f"() if {name} is {own} else ({name},)" if name in boxed else name)
    text = (
        f"def make({', '.join(fixed)}):\n"
        f"    def bind({', '.join(head)}):\n"
        f"        return ({''.join(item + ', ' for item in body)})\n"
        f"    return bind"
    )
    made: dict[str, Any] = {}
    # Without `compile`, which sets up all kinds of syntax nodes first, for a millisecond.
    exec(text, {}, made)  # noqa: S102  our own text and the function's identifiers
    binder: Callable[..., tuple[Any, ...]] = made["make"](**fixed)
    binder.__qualname__ = name_in_errors
    return binder


def _is_keyable(default: object) -> bool:
    try:
        digest(default)
    except UnkeyableError:
        return False
    return True
