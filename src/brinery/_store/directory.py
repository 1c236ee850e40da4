"""What people ask of a whole store, and do to it."""

from __future__ import annotations

import os
import stat
import time

from ..errors import StoreError
from .accounting.statistics import with_unwritten
from .disk.files import closing, open_to_look
from .disk.names import is_aside, is_key, slug_of
from .store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .accounting.sessions import Session
    from .accounting.usage import Totals
    from .disk.records import BadEntry, EntryRecord, FunctionRecord, Removed, StoreInfo
    from .disk.root import Root
    from .function_folder import FunctionFolder
    from .signing.history import Record

_MOST = 1 << 62


class Directory(Store):
    """A store, with what is for people and their tools: `StoreError` is raised where it cannot be read or changed.

    A store that does not exist yet is an empty one.
    """

    @classmethod
    def of(cls, store: Store) -> Directory:
        """Return the directory of a store: what either of the two finds out, or opens, the other has."""
        directory = cls.__new__(cls)
        directory.__dict__ = store.__dict__
        return directory

    def looked_at(self, home: str) -> FunctionFolder:
        """The folder of one function, for questions about it only."""
        return self.folder(home, _undescribed)

    def functions(self) -> list[FunctionRecord]:
        """Every function that has a folder, in the order of their names."""
        with self._opened() as root:
            from .maintenance import inspection

            return [] if root is None else with_unwritten(inspection.functions(root), self.root)

    def functions_within(self, seconds: float) -> list[FunctionRecord] | None:
        """Every function that has a folder; None if counting all entries takes longer than so many seconds."""
        with self._opened() as root:
            from .maintenance import inspection

            found = [] if root is None else inspection.functions_within(root, seconds)
            return None if found is None else with_unwritten(found, self.root)

    def totals(self) -> Totals | None:
        """What the store holds as those who store have added it up; None if they have not."""
        return self._upkeep.usage.read()

    def walk(self, home: str | None = None) -> Iterator[EntryRecord]:
        """Every entry, or every one of a function; from the heads of the files, so nothing is authenticated."""
        with self._opened() as root:
            from .maintenance import inspection

            if root is not None:
                yield from inspection.walk(root, self.root, self._slugs(root, home))

    def keys(self, prefix: str = "") -> list[str]:
        """The keys of all entries, or those that begin with these hex digits; only names are looked at."""
        with self._opened() as root:
            from .maintenance import inspection

            return [] if root is None else list(inspection.keys(root, prefix.lower()))

    def find(self, key_prefix: str) -> list[EntryRecord]:
        """The entries whose key begins with these hex digits."""
        with self._opened() as root:
            from .maintenance import inspection

            if root is None:
                return []
            return list(inspection.walk(root, self.root, self._slugs(root), key_prefix.lower()))

    def metadata(self, entry: str | EntryRecord) -> dict[str, Any] | None:
        """What was recorded beside an entry, checked against its digest; None if there is none."""
        if isinstance(entry, str):
            found = self.find(entry) if is_key(entry) else []
            return self.metadata(found[0]) if found else None
        from .entry.reading import metadata_at

        return metadata_at(entry.path)

    def load(self, entry: EntryRecord) -> Any:
        """Give what an entry holds, once its signature was checked; StoreError says what is wrong with it."""
        from .entry.reading import read_entry
        from .results.items import Items
        from .results.loading import Loader

        name = (self.metadata(entry) or {}).get("serializer", "pickle")
        if name not in ("pickle", "cloudpickle", "json"):
            raise StoreError(f"{entry.key} was pickled by {name!r}, which only its program has: call the function")
        try:
            with closing(open_to_look(entry.path)) as fd:
                status = os.fstat(fd)
                verified = None
                if stat.S_ISREG(status.st_mode):
                    key = bytes.fromhex(entry.key)
                    verified = read_entry(fd, status, key, self.keyring, entry.created, None)
        except OSError as error:
            raise StoreError(f"{entry.path} cannot be read: {error.strerror}") from error
        if verified is None:
            raise StoreError(f"{entry.key} is damaged, or signed by another secret: `brinery verify` tells more")
        module = entry.function.rpartition(".")[0]
        loader = Loader(name, module=module, home_module=module)
        try:
            found = loader.loads(verified)
            if isinstance(found, Items):  # the last is what the generator returned
                found = [loader.thaw(item) for item in found.frozen[:-1]]
        except Exception as error:
            raise StoreError(f"{entry.key} cannot be unpickled here: {type(error).__name__}: {error}") from error
        return found

    def last_session(self, *, own: bool = False) -> Session | None:
        """The session that told last of its calls, or this process's own; None if none is known."""
        from .accounting import sessions
        from .accounting.session_name import session_name
        from .accounting.statistics import counted_here, difference
        from .accounting.statistics_lines import added

        here = counted_here(self.location) if own else {}
        with self._opened() as root:
            from .maintenance import inspection

            lines = {} if root is None else inspection.statistics_lines(root)
        name = session_name() if own else ""
        # What could not be written down is only known here.
        for home, counted in here.items():
            told = added(line.tally for line in lines.get(home, ()) if line.session == name)
            untold = difference(added(line.tally for line in counted), told)
            if untold.hits or untold.misses:
                like = max(counted, key=lambda line: line.missed is not None)
                lines.setdefault(home, []).append(like._replace(tally=untold))
        return sessions.latest(lines, name)

    def staleness(self) -> Callable[[EntryRecord], bool]:
        """Give what tells whether an entry has expired, or was stored by code that no place has any more that had it.

        Code that is not known any more says nothing: then an entry is not stale.
        """
        from .signing import history

        current: dict[str, set[str]] = {}
        now = time.time()

        def is_stale(record: EntryRecord) -> bool:
            if record.expires <= now:
                return True
            if record.function not in current:
                current[record.function] = set(history.current(self.looked_at(record.function).history()).values())
            known = current[record.function]
            fingerprint = (self.metadata(record) or {}).get("fingerprint") if known else None
            return fingerprint is not None and fingerprint not in known

        return is_stale

    def function_of(self, key: str) -> FunctionFolder | None:
        """The entries among which that of a whole key is; None if there is none."""
        found = self.find(key) if is_key(key) else []
        return self.looked_at(found[0].function) if found else None

    def remove(self, key: str) -> bool:
        """Forget the entry of a key, whichever function's it is; True if there was one."""
        with self._opened() as root:
            if root is None or not is_key(key):
                return False
            self._upkeep.stop_runs(key)
            return sum(self._upkeep.forget(slug, key) for slug in self._slugs(root)) > 0

    def clear(self, home: str | None = None) -> Removed:
        """Remove every entry, or every one of a function, by its home name or its folder's name.

        What began to be computed before is not stored.
        """
        with self._opened() as root:
            from .disk.records import Removed
            from .maintenance import clearing

            if root is None:
                return Removed(0, 0)
            self._root.raise_generation()
            slugs = self._slugs(root, home)
            if home is not None and not slugs:  # it may be running for the first time
                slugs = [slug_of(home)]
            return clearing.clear(root, slugs, self._upkeep, everything=home is None)

    def prune(
        self,
        *,
        max_size: int | None = None,
        max_entries: int | None = None,
        older_than: float | None = None,
        stale: bool = False,
        dry_run: bool = False,
    ) -> Removed:
        """Remove what has expired, what was not used for `older_than` seconds or is stale, and the least above a limit.

        Limits that are not given are the store's own.
        """
        most_size, most_entries = self._limits
        with self._opened() as root:
            from .accounting.upkeep import sweep_temporary
            from .disk.records import Removed
            from .maintenance.pruning import Pruning

            if root is None:
                return Removed(0, 0)
            pruning = Pruning(
                root,
                self.root,
                self._upkeep,
                max_size=most_size if max_size is None else max_size,
                max_entries=most_entries if max_entries is None else max_entries,
                oldest=float("-inf") if older_than is None else time.time() - older_than,
                is_outdated=self.staleness() if stale else None,
            )
            pruning.look()
            if dry_run:
                return pruning.chosen()
            removed = pruning.remove()
            sweep_temporary(self._root)
            self._upkeep.recount(known=pruning.known)
            return removed

    def verify(self, *, fix: bool = False) -> list[BadEntry]:
        """Check every byte and signature of all entries, unpickling nothing; with `fix`, remove what is not right.

        What another secret signed is listed as foreign, and never removed unless it is damaged beyond doubt.
        """
        with self._opened() as root:
            from .maintenance import inspection

            if root is None:
                return []
            bad = list(inspection.verify(root, self.root, self.keyring, fix=fix))
            if fix:
                self._upkeep.recount()
            return bad

    def settings(self) -> dict[str, object]:
        """What the latest writer recorded: max_size, max_entries, policy, half_life; what is not right is absent."""
        from .disk.records import read_settings

        recorded = read_settings(self._root)
        kinds: dict[str, tuple[type, ...]] = {
            "max_size": (int, type(None)),
            "max_entries": (int, type(None)),
            "policy": (str,),
            "half_life": (int, float),
        }
        return {
            name: recorded[name]
            for name, kind in kinds.items()
            if name in recorded and isinstance(recorded[name], kind) and _makes_sense(recorded[name])
        }

    def info(self) -> StoreInfo:
        """The store in numbers."""
        with self._opened() as root:
            from .disk.records import StoreInfo
            from .maintenance import inspection

            functions = [] if root is None else with_unwritten(inspection.functions(root), self.root)
        return StoreInfo(
            location=self.location,
            root=self.root,
            entries=sum(function.entries for function in functions),
            bytes=sum(function.bytes for function in functions),
            functions=len(functions),
            other_formats=sum(function.other_formats for function in functions),
            max_size=self._limits[0],
            max_entries=self._limits[1],
            policy=self._policy.name,
            half_life=self.half_life,
            hits=sum(function.hits for function in functions),
            misses=sum(function.misses for function in functions),
            seconds_saved=sum(function.seconds_saved for function in functions),
        )

    def _opened(self) -> _Opened:
        return _Opened(self._root)

    def _slugs(self, root: int, home: str | None = None) -> list[str]:
        from .accounting.shards import list_slugs

        slugs = list_slugs(root)
        return slugs if home is None else [slug for slug in slugs if slug in (home, slug_of(home))]


class _Opened:
    """A store's root, opened for a question or an order; None if there is no store.

    What is imported inside is imported under its protection: with no descriptor left that fails as well.
    """

    def __init__(self, root: Root) -> None:
        self._root = root
        self._fd = -1

    def __enter__(self) -> int | None:
        is_store = False
        try:
            self._fd = self._root.open()
            # In a folder that is no store yet, a file of ours without the tag would make it a stranger's.
            is_store = self._root.settled is not None or not all(map(is_aside, os.listdir(self._fd)))
        except FileNotFoundError:
            pass
        except OSError as error:
            self._close()
            raise StoreError(f"the store at {self._root.path} cannot be read: {error.strerror}") from error
        return self._fd if is_store else None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._close()
        if isinstance(error, OSError):
            raise StoreError(f"the store at {self._root.path} cannot be read or changed: {error.strerror}") from error

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)


def _makes_sense(setting: object) -> bool:
    """Whether something that anybody may have written could be a limit, if it is a number."""
    return not isinstance(setting, bool) and (not isinstance(setting, (int, float)) or 0 < setting < _MOST)


def _undescribed() -> tuple[str, Callable[[], Record]]:
    raise RuntimeError("a folder that was opened to look at is not written to")
