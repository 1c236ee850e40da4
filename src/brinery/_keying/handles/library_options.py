"""Options that libraries keep for a process, thread or context: decimal's precision, how numpy prints, and their like.

Only what differs from the library's own defaults counts, so a key is the same whether the library is loaded or not.
While a result is prepared, options count as they were when its run began: a function may set them for itself.
"""

# ruff: noqa: SLF001  what libraries offer to be asked for takes several times as long
from __future__ import annotations

import sys
from _contextvars import Context
from _thread import get_ident
from gc import get_referents
from operator import itemgetter

from ..._light import NamedTuple, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    from ..values.node import Asked

    Options: TypeAlias = tuple[tuple[str, Any], ...]  # by name

_OF_DECIMAL = {"prec": 28, "rounding": "ROUND_HALF_EVEN", "Emin": -999999, "Emax": 999999, "capitals": 1, "clamp": 0}
_ON_SCREEN = "backend", "interactive"  # of matplotlib, which sets them when it first draws, as notebooks do
_TRAPS = "InvalidOperation", "DivisionByZero", "Overflow"


class _Library(NamedTuple):
    """Where a library keeps its options.

    Attributes:
        module: the module that has them, once it is loaded.
        watch: returns a quick question, whether they are still what they are now.
        options: returns all of them by name, and the same as the library itself sets them.
    """

    module: str
    watch: Callable[[Any], Callable[[], bool]]
    options: Callable[[Any], tuple[dict[str, object], dict[str, object]]]


def _watch_decimal(module: Any) -> Callable[[], bool]:
    get = module.getcontext
    known = get().copy()

    def facts(context: Any) -> tuple[object, ...]:
        return (context.prec, context.rounding, context.Emin, context.Emax, context.capitals, context.clamp)

    before, traps = facts(known), known.traps  # which is empty once `known` is gone

    def is_same() -> bool:
        now = get()
        return now.traps == traps and facts(now) == before and known is not None

    return is_same


def _options_of_decimal(module: Any) -> tuple[dict[str, object], dict[str, object]]:
    context = module.getcontext()
    traps = {signal.__name__: is_trapped for signal, is_trapped in context.traps.items()}
    values: dict[str, object] = {name: getattr(context, name) for name in _OF_DECIMAL}
    defaults: dict[str, object] = {**_OF_DECIMAL, **{name: name in _TRAPS for name in traps}}
    return values | traps, defaults


def _watch_numpy(module: Any) -> Callable[[], bool]:
    # Setting anything makes another object of either, so they are compared by identity.
    printing, errors = module.format_options.get, sys.modules["numpy._core.umath"]._extobj_contextvar.get
    known = printing(), errors()
    return lambda: printing() is known[0] and errors() is known[1]


def _options_of_numpy(module: Any) -> tuple[dict[str, object], dict[str, object]]:
    def values() -> dict[str, object]:
        found: dict[str, object] = module.format_options.get() | sys.modules["numpy._core.umath"]._get_extobj_dict()
        return found

    return values(), Context().run(values)  # in a context in which nobody has set anything


def _watch_tables(find: Callable[[Any], Any]) -> Callable[[Any], Callable[[], bool]]:
    """Watch a dict, and the dicts and lists in it: numbers by their types as well, as 2 is not 2.0."""

    def watch(module: Any) -> Callable[[], bool]:
        table = find(module)
        held = tuple(_containers(table))
        known = get_referents(*held)
        numbers = itemgetter(0, 0, *(place for place, item in enumerate(known) if type(item) in (int, float)))
        types = list(map(type, numbers(known)))

        def is_same() -> bool:
            now = get_referents(*held)
            return now == known and list(map(type, numbers(now))) == types and find(module) is table

        return is_same

    return watch


def _containers(table: Any) -> Iterator[Any]:
    yield table
    for item in dict.values(table) if isinstance(table, dict) else table:
        if isinstance(item, (dict, list)):
            yield from _containers(item)


def _flat(table: Any, path: str = "") -> Iterator[tuple[str, object]]:
    for name, value in dict.items(table):
        if type(value) is dict:
            yield from _flat(value, f"{path}{name}.")
        elif not name.startswith(_ON_SCREEN):
            yield f"{path}{name}", value


def _options_of_matplotlib(module: Any) -> tuple[dict[str, object], dict[str, object]]:
    if not _of_matplotlib:  # its defaults share their lists with what is set, where they may have been changed in place
        filename = f"{module.get_data_path()}/matplotlibrc"
        _of_matplotlib.update(dict.items(module._rc_params_in_file(filename, lambda line: line.removeprefix("#"))))
    return dict(_flat(module.rcParams)), dict(_flat(module.rcParamsDefault)) | _of_matplotlib


_of_matplotlib: dict[str, object] = {}
LIBRARIES = {
    "decimal": _Library("decimal", _watch_decimal, _options_of_decimal),
    "matplotlib": _Library(
        "matplotlib",
        _watch_tables(lambda module: module.rcParams),
        _options_of_matplotlib,
    ),
    "numpy": _Library("numpy._core.printoptions", _watch_numpy, _options_of_numpy),
    "pandas": _Library(
        "pandas._config.config",
        _watch_tables(lambda module: module._global_config),
        lambda module: (
            dict(_flat(module._global_config)),
            {name: option.defval for name, option in module._registered_options.items()},
        ),
    ),
    "sklearn": _Library(
        "sklearn._config",
        _watch_tables(lambda module: module._get_threadlocal_config()),
        lambda module: (module._get_threadlocal_config(), module._global_config),
    ),
}
# What others have, and how it is set: told, as no key has it.
UNFOLLOWED = {
    "dask": "dask.config",
    "jax": "jax.config",
    "polars": "polars.Config",
    "sympy": "sympy.init_printing",
    "tensorflow": "tf.config",
    "torch": "torch.set_default_dtype",
    "xarray": "xarray.set_options",
}

_known: dict[str, tuple[Callable[[], bool], Options]] = {}
_restored: dict[int, dict[str, Options]] = {}  # by thread


def options_set(library: str) -> Options:
    """Return the options of a library that are not as it sets them itself: the same object while nothing is set."""
    if _restored:
        before = _restored.get(get_ident())
        if before is not None:
            return before.get(library, ())
    known = _known.get(library)
    with suppress(Exception):  # what was set may not like to be compared, as a cycle of colours that are arrays
        if known is not None and known[0]():
            return known[1]
    module_name, watch, options = LIBRARIES[library]
    module = sys.modules.get(module_name)
    if module is None:
        return ()
    try:
        is_same = watch(module)
        values, defaults = options(module)
        found = tuple(item for item in values.items() if not _is_equal(item[1], defaults.get(item[0])))
    except Exception:  # it is just being imported, or of a release that keeps them elsewhere
        return ()
    _known[library] = is_same, found
    return found


def options_for(library: str, walk: Asked) -> bytes:
    """Return what counts of a library's options with a value of its types, whose methods go by them."""
    known = walk.options.get(library)
    if known is None:
        known = walk.options[library] = walk.code_of(sys.modules[library]) if options_set(library) else b""
    return known


def are_options(library: str, before: Options) -> bool:
    """Whether the same options of a library are set as before."""
    now = options_set(library)
    return now is before or (
        len(now) == len(before)
        and all(one[0] == other[0] and _is_equal(one[1], other[1]) for one, other in zip(now, before, strict=True))
    )


def _is_equal(value: object, other: object) -> bool:
    if value is other:
        return True
    try:
        return type(value) is type(other) and bool(value == other)
    except Exception:  # arrays, or what holds some
        return False


class OptionsSnapshot:
    """The options of all libraries that are set now; in a `with`, they count in this thread instead of later ones."""

    __slots__ = ("_former", "_set")

    def __init__(self) -> None:
        self._set = {name: options for name in LIBRARIES if (options := options_set(name))}
        self._former: dict[str, Options] | None = None

    def __enter__(self) -> None:
        self._former = _restored.get(get_ident())
        _restored[get_ident()] = self._set

    def __exit__(self, *_: object) -> None:
        if self._former is None:
            del _restored[get_ident()]
        else:
            _restored[get_ident()] = self._former
