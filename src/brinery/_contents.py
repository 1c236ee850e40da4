"""What people ask of a store and do to it: the upkeep of a `Cache`."""

from __future__ import annotations

from ._options import checked_entries
from ._units import parse_size, parse_time
from .errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta
    from typing import Any, TypeAlias

    from ._explain.explanation import Explanation
    from ._explain.session import Session
    from ._function.keyer import KeyedFunction
    from ._store.directory import Directory
    from ._store.disk.records import BadEntry, EntryRecord, FunctionRecord, Removed, StoreInfo

    Time: TypeAlias = str | float | timedelta


class Tended:
    """The store of a cache, as people look at it and tend it; `Cache` says which store that is."""

    if TYPE_CHECKING:
        _is_off: bool

        def _directory_here(self) -> Directory: ...

    def _asked_store(self) -> Directory:
        if self._is_off:
            raise StoreError("this cache has no store: it was made with Cache(None)")
        return self._directory_here()

    def info(self) -> StoreInfo:
        """Describe the store: place, entries, bytes on disk, limits, policy. Changes no byte.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._asked_store().info()

    def entries(self, function: str | None = None) -> list[EntryRecord]:
        """List the entries, or those of a function by its name, with their numbers; nothing is unpickled.

        The list prints as a table, and is one in a notebook. Changes no byte.

        Raises:
            StoreError: the store cannot be read.
        """
        from ._explain.tables import EntryList

        return EntryList() if self._is_off else EntryList(self._asked_store().walk(function))

    def keys(self, beginning: str = "") -> list[str]:
        """List the whole keys of all entries, or those that begin so, in no order; of a million in a second or two.

        Changes no byte.

        Raises:
            StoreError: the store cannot be read.
        """
        return [] if self._is_off else self._asked_store().keys(beginning)

    def functions(self) -> list[FunctionRecord]:
        """List the functions that have results in the store, with their numbers. Changes no byte.

        The list prints as a table, and is one in a notebook.

        Raises:
            StoreError: the store cannot be read.
        """
        from ._explain.tables import FunctionList

        return FunctionList() if self._is_off else FunctionList(self._asked_store().functions())

    def find(self, key: str) -> list[EntryRecord]:
        """Find entries by the beginning of their key. Changes no byte.

        Raises:
            StoreError: the store cannot be read.
        """
        from ._explain.tables import EntryList

        return EntryList() if self._is_off else EntryList(self._asked_store().find(key))

    def stale(self, entries: Iterable[EntryRecord]) -> list[EntryRecord]:
        """Pick those of some entries that have expired, or that code stored which is nowhere the present one any more.

        Each file that has the function counts for itself: another project with a function of that name, or a branch of
        this one in a folder of its own, has present code as well. Where no code is known, nothing is picked. Changes no
        byte.

        Raises:
            SecretError: there is a secret that cannot be used.
        """
        from ._explain.tables import EntryList

        return EntryList() if self._is_off else EntryList(filter(self._asked_store().staleness(), entries))

    def settings(self) -> dict[str, object]:
        """Return the limits and the policy that the latest program to write the store had. Changes no byte."""
        return {} if self._is_off else self._asked_store().settings()

    def metadata(self, entry: str | EntryRecord) -> dict[str, object] | None:
        """Return what was written beside an entry when it was stored, None if it is gone or was tampered with.

        Takes the entry, or its whole key.

        Nothing is unpickled, and no byte changes.
        """
        return None if self._is_off else self._asked_store().metadata(entry)

    def load(self, entry: str | EntryRecord) -> Any:
        """Return a stored result, expired or not; it is unpickled only after its signature was checked.

        Takes the entry, or its whole key. The modules of its classes must be importable here. What a generator yielded
        comes as a list. This is a look: it counts as no hit, and does not keep the entry from being evicted.

        Raises:
            KeyError: there is no such entry.
            StoreError: it is not as it was signed, or cannot be unpickled here.
            SecretError: there is a secret that cannot be used.
        """
        if isinstance(entry, str):
            found = [record for record in self.find(entry) if record.key == entry]
            if not found:
                raise KeyError(entry)
            entry = found[0]
        return self._asked_store().load(entry)

    def explain(self, key: str) -> Explanation | None:
        """Say of an entry whether it can still be hit, and if not why; None if there is none under that whole key.

        As far as the store tells: against the code of the function that stored last. `CachedFunction.explain` says it
        of a call and of the code as it is. Changes no byte.

        Raises:
            StoreError: the store cannot be read.
        """
        from ._explain.explanation import explain_entry

        folder = None if self._is_off else self._asked_store().function_of(key)
        return None if folder is None else explain_entry(folder, key)

    def last_session(self) -> Session | None:
        """Tell how the program fared that used the store last, with its workers; None if that is not known.

        What hit, what was computed and why, and what it saved; reads well when printed. Processes write down what they
        counted when they end, and now and then before. Changes no byte.

        Raises:
            StoreError: the store cannot be read.
        """
        from ._explain.session import last_session

        return None if self._is_off else last_session(self._asked_store())

    def remove(self, key: str) -> bool:
        """Remove one entry by its whole key; say whether there was one.

        Raises:
            StoreError: the store cannot be changed.
        """
        return not self._is_off and self._asked_store().remove(key)

    def clear(self, function: str | KeyedFunction[..., Any] | None = None) -> Removed:
        """Remove every entry, or every entry of one function; a run under way returns and is not stored.

        Raises:
            StoreError: the store cannot be changed.
        """
        name = function if isinstance(function, str) or function is None else function._home
        if self._is_off:
            from ._store.disk.records import Removed

            return Removed(0, 0)
        return self._asked_store().clear(name)

    def prune(
        self,
        *,
        max_size: str | float | None = None,
        max_entries: int | None = None,
        older_than: Time | None = None,
        stale: bool = False,
        dry_run: bool = False,
    ) -> Removed:
        """Remove what has expired, what was not used for a time, and the least worthy beyond a size or a number.

        With ``stale``, also what code stored that is nowhere the present one any more: no file that has the function
        was last used with that code.

        Raises:
            StoreError: the store cannot be changed.
            ValueError: a size or a time makes no sense.
        """
        size = None if max_size is None else parse_size(max_size, "max_size")
        age = None if older_than is None else parse_time(older_than, "older_than")
        return self._asked_store().prune(
            max_size=size, max_entries=checked_entries(max_entries), older_than=age, stale=stale, dry_run=dry_run
        )

    def verify(self, fix: bool = False) -> list[BadEntry]:  # noqa: FBT001, FBT002  `verify(True)` reads well enough
        """Check every entry, signature and all, without unpickling; with ``fix`` remove the bad ones.

        Raises:
            StoreError: the store cannot be read.
        """
        return [] if self._is_off else self._asked_store().verify(fix=fix)

    def __len__(self) -> int:
        return 0 if self._is_off else sum(1 for _ in self._asked_store().walk())
