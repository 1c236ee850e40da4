"""A store as calls need it: its place, what it may hold, its secrets, and the folders of its functions."""

from __future__ import annotations

from ..errors import OptionError
from .accounting.eviction import Value
from .disk.root import Root
from .function_folder import FunctionFolder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .accounting.eviction import Policy
    from .accounting.upkeep import Upkeep
    from .disk.records import EntryRecord
    from .signing.history import Record
    from .signing.signer import Keyring


class Store:
    """A store; the constructor touches no disk. Calls go through `folder` and only ever warn."""

    def __init__(
        self,
        location: str,
        *,
        max_size: int | None,
        max_entries: int | None,
        policy: Policy,
        half_life: float,
        secret: str | bytes | None,
        secret_id: bytes | None = None,
        strict: bool = False,
    ) -> None:
        self._root = Root(location)
        self._limits = max_size, max_entries
        self._policy = policy
        self._upkeep_made: Upkeep | None = None
        self._secret = secret
        self._secret_id = secret_id  # of the one that alone may sign, where the secret itself is not given
        self._keyring: Keyring | None = None
        self._strict = strict
        self.half_life = half_life

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.location!r})"

    @property
    def location(self) -> str:
        """The absolute path that was asked for."""
        return self._root.location

    @property
    def root(self) -> str:
        """The location if it does not exist, is empty or is a store already, else the folder ``.brinery`` in it."""
        return self._root.path

    def beside_whose(self) -> int | None:
        """The id of another user whose store the location is, so that this one is a second store inside that folder."""
        from .disk.root import owner_of_closed_store

        return None if self.root == self.location else owner_of_closed_store(self.location)

    @property
    def keyring(self) -> Keyring:
        """What signs and verifies entries; raises SecretError if there is a secret that cannot be used.

        Asking makes no secret: that is done when first something is stored.
        """
        if self._keyring is None:
            from .signing.signer import keyring_named, open_keyring

            named = self._secret_id
            self._keyring = open_keyring(self._secret) if named is None else keyring_named(named)
        return self._keyring

    @property
    def _upkeep(self) -> Upkeep:
        """What keeps the limits; a program that only hits does without."""
        if self._upkeep_made is None:
            from .accounting.sweep import Limits
            from .accounting.upkeep import Upkeep

            made = Upkeep(self._root, Limits(*self._limits), self._policy)
            # One for all threads, whichever comes first, as what it has counted must not be lost; and no lock, which a
            # forked child could inherit in the hands of nobody.
            first: Upkeep = vars(self).setdefault("_first_upkeep", made)
            self._upkeep_made = first
            return first
        return self._upkeep_made

    def __del__(self) -> None:
        # The root itself may be kept a while longer, by what functions that are gone have still to report.
        try:  # noqa: SIM105  # `suppress` may be gone
            self._root.close()
        except (AttributeError, OSError, TypeError):  # at the end of the interpreter modules are taken apart
            pass

    def close(self) -> None:
        """Give back what descriptors the store keeps open; not while calls are under way. It can be used again."""
        if self._upkeep_made is not None:
            self._upkeep_made.usage.close()
        self._root.close()

    def folder(
        self,
        home: str,
        describe: Callable[[], tuple[str, Callable[[], Record]]],
        *,
        clean: Callable[[Record], Record] | None = None,
        place: str = "",
        mmap: bool = False,
        trust_unchanged: bool = False,
    ) -> FunctionFolder:
        """The folder of one function; `describe` gives its fingerprint, and what to tell of it in function.json.

        `clean` takes from what is told there of former versions what is not to be told any more; `place` is a name for
        where the function's code is, which tells versions of it apart that are in use at the same time.
        """
        return FunctionFolder(
            self._root,
            self._policy,
            lambda: self._upkeep,
            lambda: self.keyring,
            home,
            describe,
            clean=clean,
            place=place,
            mmap=mmap,
            trust_unchanged=trust_unchanged,
            strict=self._strict,
        )


def policy(choice: str | Callable[[EntryRecord], float], half_life: float) -> Policy:
    """The policy of that name, or one that ranks by a function of an entry's record (the lowest goes first).

    Raises:
        ValueError: no policy has that name, or the half-life is no positive number of seconds.
        TypeError: neither a name nor callable.
    """
    if not 0 < half_life < float("inf"):
        raise OptionError(f"half_life must be a positive number of seconds, not {half_life!r}")
    if choice == "value":
        return Value(half_life)
    from .accounting.policies import other_policy  # most stores have that one

    return other_policy(choice, half_life)
