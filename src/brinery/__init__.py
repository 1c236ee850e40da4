"""A disk-backed cache of function results: never stale, never unsafe, never in the way, never slow."""

from ._adoption import Adoption
from ._cache import Cache
from ._cached_function import CachedFunction, CacheInfo
from ._explanation import Explanation
from ._keying.digest import register_digest
from .errors import (
    AdoptionError,
    BrineryError,
    BrineryWarning,
    ChangedWhileRunningWarning,
    DamagedEntryWarning,
    EvictionWarning,
    OptionWarning,
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
    "Adoption",
    "AdoptionError",
    "BrineryError",
    "BrineryWarning",
    "Cache",
    "CacheInfo",
    "CachedFunction",
    "ChangedWhileRunningWarning",
    "DamagedEntryWarning",
    "EvictionWarning",
    "Explanation",
    "OptionWarning",
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
