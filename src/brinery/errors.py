"""Everything that brinery raises or warns of.

::

    Exception
    └── BrineryError              parent of all errors raised by brinery
        ├── UnkeyableError        an argument has no lasting identity (also a TypeError)
        ├── OptionError           an option is not known or makes no sense (also a TypeError and a ValueError)
        ├── CachingOffError       a call has no key, as nothing is cached just now (also a RuntimeError)
        ├── AdoptionError         results of former code cannot stand for those of the present
        ├── SecretError           the signing secret cannot be used
        └── StoreError            a store cannot be read or changed, and it was asked for by name
    UserWarning
    └── BrineryWarning            parent of all warnings
        ├── StoreWarning          the store cannot be used; the call was computed
        ├── DamagedEntryWarning   an entry was not what was stored; it was recomputed
        ├── UnstorableResultWarning   a result cannot be kept; it was returned
        ├── ChangedWhileRunningWarning  code, values or arguments changed during a run
        ├── SecretWarning         nothing can be signed, so nothing is stored
        ├── OptionWarning         an option names something that does not exist
        ├── EvictionWarning       entries make room for others, or a result is too large
        ├── WaitingWarning        a call waits long for another, or no longer for one that was stopped
        ├── WorkerWarning         a function is not the same where an executor computes
        └── PlatformWarning       this platform is not supported, or this Python not known yet

Each has a short ``name`` that ends its messages in brackets.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


class BrineryError(Exception):
    """Parent of every error that brinery raises on its own account."""

    name: ClassVar[str] = "error"

    def __str__(self) -> str:
        return f"{super().__str__()} [{self.name}]"


class UnkeyableError(BrineryError, TypeError):
    """An argument cannot be part of a key, because nothing about it lasts.

    Raised before the function runs, never when caching is switched off.

    Attributes:
        path: where in the call the culprit stands, such as ``rows[3].handle``.
    """

    name = "unkeyable"

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message, path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.args[0]} [{self.name}]"


class OptionError(BrineryError, TypeError, ValueError):
    """An option is not known, is of a wrong kind or makes no sense, or something cannot be decorated."""

    name = "wrong-option"


class CachingOffError(BrineryError, RuntimeError):
    """A call was asked for its key while nothing is cached."""

    name = "caching-off"


class AdoptionError(BrineryError):
    """Results of a function's former code cannot stand for those of the present one."""

    name = "adoption"


class SecretError(BrineryError):
    """The secret that signs entries is missing, too short, or readable by others."""

    name = "secret"


class StoreError(BrineryError):
    """A store that was asked for by name cannot be read or changed."""

    name = "store"


class BrineryWarning(UserWarning):
    """Parent of every warning; filter on it to silence or to raise them all."""

    name: ClassVar[str] = "warning"


class StoreWarning(BrineryWarning):
    """The store cannot be used just now; the call was computed and returned."""

    name = "store-unusable"


class DamagedEntryWarning(BrineryWarning):
    """An entry is not what was stored under its key; it counts as a miss."""

    name = "damaged-entry"


class UnstorableResultWarning(BrineryWarning):
    """A result cannot be kept in the store; it was returned all the same."""

    name = "unstorable-result"


class ChangedWhileRunningWarning(BrineryWarning):
    """What the key covers changed while the function ran; nothing was stored."""

    name = "changed-while-running"


class SecretWarning(BrineryWarning):
    """There is no usable secret, so nothing is stored and every call computes."""

    name = "no-secret"


class OptionWarning(BrineryWarning):
    """An option names a global, a module or a package that does not exist."""

    name = "option"


class EvictionWarning(BrineryWarning):
    """Entries were removed to keep to the limit, or a result exceeds it."""

    name = "eviction"


class WaitingWarning(BrineryWarning):
    """A call waits long for another one that computes the same, or no longer, as that one was stopped."""

    name = "waiting"


class WorkerWarning(BrineryWarning):
    """A function is not the same in an executor's processes as here; what they would return is not what it is here."""

    name = "worker"


class PlatformWarning(BrineryWarning):
    """This platform is not supported yet, so every call computes; or this Python is newer than what was tested."""

    name = "platform"
