"""Looking at live objects without running any of their code; which of their classes are the standard library's."""

from __future__ import annotations

import sys

from ..._light import BuiltinFunctionType, FunctionType, ModuleType
from ..modules.origin import find_file, is_folder
from ..source.reads import COUNTED, ITEM_SET
from ..values.plain import SCALARS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeGuard


_HEAP_TYPE = 1 << 9
_IMMUTABLE_TYPE = 1 << 8

_names: dict[int, tuple[str, type]] = {}


def standard_name(kind: type) -> str:
    """Return the dotted name of a class of the standard library, or "" for any other, whatever it calls itself."""
    known = _names.get(id(kind))
    if known is not None:
        return known[0]
    module, name = kind.__module__, kind.__qualname__
    if type(module) is not str or module.partition(".")[0] not in sys.stdlib_module_names:
        return ""
    if is_changeable(kind) and _by_name(module, name) is not kind:
        return ""
    found = f"{module}.{name}"
    _names[id(kind)] = found, kind
    return found


def is_changeable(kind: type) -> bool:
    """Whether anybody can set attributes of a class."""
    return bool(kind.__flags__ & _HEAP_TYPE) and not kind.__flags__ & _IMMUTABLE_TYPE


def _by_name(module: str, name: str) -> object:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    return found


_UNCHANGING = {
    "builtins.range", "datetime.date", "datetime.timedelta", "datetime.timezone", "decimal.Decimal",
    "fractions.Fraction", "pathlib.PosixPath", "pathlib.PurePosixPath", "pathlib.PureWindowsPath",
    "pathlib._local.PosixPath", "pathlib._local.PurePosixPath", "pathlib._local.PureWindowsPath",
    "re.Pattern", "uuid.UUID",
}  # fmt: skip
_MAPPINGS = {"builtins.dict", "collections.Counter", "collections.OrderedDict", "collections.defaultdict"}
_TAKING = {"builtins.list", "builtins.set", "builtins.bytearray", "collections.deque", *_MAPPINGS}
# The names of a class, whatever its metaclass makes of the question.
name_of_class: Callable[[type], str] = type.__dict__["__name__"].__get__
qualname_of_class: Callable[[type], str] = type.__dict__["__qualname__"].__get__
LONG = 4096  # a longer string is digested at every call rather than kept alive by the check


def is_empty(cell: Any) -> bool:
    """Whether a closure variable has no value."""
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return True
    return False


def is_frozen(value: object) -> bool:
    """Whether the identity of a value tells that it is unchanged."""
    kind = type(value)
    if kind is str or kind is bytes:
        return len(value) < LONG  # type: ignore[arg-type]
    if kind in SCALARS or is_code(value):
        return True
    if kind is BuiltinFunctionType:
        return is_unbound_builtin(value) or is_frozen(value.__self__)  # type: ignore[attr-defined]
    if kind is tuple or kind is frozenset:
        return _holds_frozen(value)
    return _is_unchanging(value)


def _holds_frozen(value: Any) -> bool:
    """Whether all that tuples and frozensets hold at any depth is frozen; what is shared is looked at once."""
    seen, pending = {id(value)}, [value]
    while pending:
        for item in pending.pop():
            if type(item) is tuple or type(item) is frozenset:
                if id(item) not in seen:
                    seen.add(id(item))
                    pending.append(item)
            elif not is_frozen(item):
                return False
    return True


def is_class(value: object) -> TypeGuard[type]:
    """Whether a value is a class, whatever it says of itself: a proxy calls itself what it stands for."""
    return issubclass(type(value), type)


def is_loaded_module(value: object) -> TypeGuard[ModuleType]:
    """Whether a value is a module, whatever it says of itself."""
    return issubclass(type(value), ModuleType)


def is_code(value: object) -> bool:
    """Whether a value is a function, a class or a module, whatever it says of itself."""
    kind = type(value)
    return kind is FunctionType or issubclass(kind, (type, ModuleType))


def is_unbound_builtin(value: object) -> bool:
    """Whether a value is a builtin function and no method of an object, which would count with it."""
    if type(value) is not BuiltinFunctionType:
        return False
    owner = value.__self__
    return owner is None or issubclass(type(owner), (ModuleType, type))


def _is_unchanging(value: Any) -> bool:
    """Whether a value is of a type of the standard library whose values never change, or an enumeration's member."""
    kind = type(value)
    name = standard_name(kind)
    if name in ("datetime.datetime", "datetime.time"):
        return value.tzinfo is None or standard_name(type(value.tzinfo)) == "datetime.timezone"
    enum = sys.modules.get("enum")
    if enum is not None and isinstance(kind, enum.EnumMeta):
        # What a member holds is watched with its class, where that is the user's.
        return not any(type(item) in (list, dict, set) for item in vars(value).values())
    return name in _UNCHANGING


def kind_of_written(value: Any, done: str) -> str:
    """Say of what kind something is that code only writes to, if writing tells nothing of what it holds; else "".

    ``done`` is what is done to its items: one that is not there cannot be counted up, and a list has no new ones.
    """
    kind = type(value)
    name = standard_name(kind)
    if done.startswith(COUNTED):
        key = done.removeprefix(COUNTED)
        item = dict.get(value, key) if key and name in _MAPPINGS else None
        begins = name == "collections.Counter" or getattr(value, "default_factory", None) in (int, float)
        return kind.__name__ if name in _MAPPINGS and (begins or type(item) in (int, float)) else ""
    if done == ITEM_SET:
        return kind.__name__ if name in _MAPPINGS else ""
    if kind in (int, float, complex, bool):
        return "number"
    return kind.__name__ if name in _TAKING or kind in (str, bytes, tuple) else ""


def is_found_by_name(function: FunctionType) -> bool:
    """Whether a function stands in the module that made it; `functools.wraps` may have given it another's name."""
    module = sys.modules.get(str(function.__globals__.get("__name__")))
    found = attribute(module, function.__code__.co_qualname.split("."))
    return getattr(found, "__func__", found) is function


def is_class_found_by_name(cls: type) -> bool:
    """Whether a class stands in its module under its name; one that a library makes when it runs does not."""
    module = sys.modules.get(str(cls.__module__))
    return attribute(module, cls.__qualname__.split(".")) is cls


def attribute_of(get: Callable[[], object], name: str) -> object:
    """Return an attribute of what a function gives."""
    return getattr(get(), name)


def class_attribute(cls: type, name: str) -> object:
    """Take what instances find under a name in a class or its bases, without running any code; None if nothing."""
    return next((base.__dict__[name] for base in cls.__mro__ if name in base.__dict__), None)


def attribute(module: object, rest: list[str]) -> object:
    """Take attributes from a module without running any code; what is not there yet is None."""
    value = module
    for name in rest:
        if not is_loaded_module(value) and not is_class(value):
            break
        value = vars(value).get(name)
    return value


def is_module(name: str) -> bool:
    """Whether a dotted name is a module's, loaded or not."""
    if name in sys.modules:
        return True
    parent = sys.modules.get(name.rpartition(".")[0])
    if parent is not None and name.rpartition(".")[2] in vars(parent):
        return False
    return find_file(name) is not None or is_folder(name)
