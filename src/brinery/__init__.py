"""A disk-backed cache of function results: never stale, never unsafe, never in the way, never slow."""

import sys as _sys

if "beartype.claw" in _sys.modules:
    from . import _unchecked  # noqa: F401  before anything else of ours

from ._cache import Cache
from .errors import (
    AdoptionError,
    BrineryError,
    BrineryWarning,
    CachingOffError,
    ChangedWhileRunningWarning,
    DamagedEntryWarning,
    EvictionWarning,
    OptionError,
    OptionWarning,
    PlatformWarning,
    SecretError,
    SecretWarning,
    StoreError,
    StoreWarning,
    UnkeyableError,
    UnstorableResultWarning,
    WaitingWarning,
    WorkerWarning,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._explain.adoption import Adoption
    from ._explain.explanation import Explanation
    from ._explain.session import Session
    from ._function.cached import CachedFunction, CacheInfo
    from ._keying.values.digest import register_digest, register_handle

__version__ = "0.1.0"

cache = Cache()

__all__ = [
    "Adoption",
    "AdoptionError",
    "BrineryError",
    "BrineryWarning",
    "Cache",
    "CacheInfo",
    "CachedFunction",
    "CachingOffError",
    "ChangedWhileRunningWarning",
    "DamagedEntryWarning",
    "EvictionWarning",
    "Explanation",
    "OptionError",
    "OptionWarning",
    "PlatformWarning",
    "SecretError",
    "SecretWarning",
    "Session",
    "StoreError",
    "StoreWarning",
    "UnkeyableError",
    "UnstorableResultWarning",
    "WaitingWarning",
    "WorkerWarning",
    "cache",
    "register_digest",
    "register_handle",
]

_LATER = {
    "Adoption": "_explain.adoption",
    "CacheInfo": "_function.cached",
    "CachedFunction": "_function.cached",
    "Explanation": "_explain.explanation",
    "Session": "_explain.session",
    "register_digest": "_keying.values.digest",
    "register_handle": "_keying.values.digest",
}
_FOR_IPYTHON = ("load_ipython_extension", "unload_ipython_extension")  # what `%load_ext brinery` looks for


def __getattr__(name: str) -> object:
    """Import at its first use what a program that only imports brinery does without."""
    from importlib import import_module

    if name in _FOR_IPYTHON:
        hook: object = getattr(import_module("._notebook.magics", __name__), name)
        return hook
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f".{_LATER[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
