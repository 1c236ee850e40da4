"""A disk-backed cache of function results: never stale, never unsafe, never in the way, never slow."""

from ._cache import Cache
from ._cached_function import CachedFunction, CacheInfo
from ._explanation import Explanation
from ._keying.digest import register_digest
from .errors import (
    BrineryError,
    BrineryWarning,
    ChangedWhileRunningWarning,
    DamagedEntryWarning,
    EvictionWarning,
    PlatformWarning,
    SecretError,
    SecretWarning,
    StoreError,
    StoreWarning,
    UnkeyableError,
    UnstorableResultWarning,
)

__version__ = "0.1.0"

cache = Cache()

__all__ = [
    "BrineryError",
    "BrineryWarning",
    "Cache",
    "CacheInfo",
    "CachedFunction",
    "ChangedWhileRunningWarning",
    "DamagedEntryWarning",
    "EvictionWarning",
    "Explanation",
    "PlatformWarning",
    "SecretError",
    "SecretWarning",
    "StoreError",
    "StoreWarning",
    "UnkeyableError",
    "UnstorableResultWarning",
    "cache",
    "register_digest",
]
