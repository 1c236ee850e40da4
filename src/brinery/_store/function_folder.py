"""One function's entries: get, put, remove. Anything wrong is a miss, and no failure reaches the caller."""

from __future__ import annotations

import os
from _weakref import ref  # `weakref` itself takes a millisecond to import
from os import close, fstat, read
from os import open as open_file
from time import time

from .._warnings import logger
from ..errors import BrineryWarning, DamagedEntryWarning, SecretError
from .accounting.statistics import Report, report
from .disk import names
from .disk.files import READ, closing, read_small
from .disk.names import SUFFIX, entry_key, slug_of, temporary_name
from .disk.root import Root
from .layout import AT_ONCE, HEAD, MAGIC, SIGNED_FROM
from .signing.sources import Sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .accounting.eviction import Policy
    from .accounting.upkeep import Upkeep
    from .entry.encoding import Facts, Payload
    from .function_writer import FunctionWriter
    from .locking.locks import Claim
    from .results.loading import Loader
    from .signing.history import Record
    from .signing.signer import Keyring

_SECOND = 1_000_000_000
_HEAD_SIZE = HEAD.size
_unpack = HEAD.unpack_from
_MOST_UNLOADABLE = 1000

_claim_made: type[Claim] | None = None  # loaded by the first miss


class FunctionFolder:
    """One function's entries. Made by `Store.folder`; touches no disk before it is first asked.

    Safe among threads and processes.
    """

    __slots__ = (
        "__weakref__",
        "_again",
        "_clean",
        "_describe",
        "_keyring",
        "_mmap",
        "_open_keyring",
        "_open_upkeep",
        "_place",
        "_place_of_code",
        "_prefix",
        "_report",
        "_root",
        "_sources",
        "_strict",
        "_temporary",
        "_trust_unchanged",
        "_used",
        "_writer_made",
        "home",
        "slug",
        "unloadable",
    )

    def __init__(
        self,
        root: Root,
        policy: Policy,
        open_upkeep: Callable[[], Upkeep],
        open_keyring: Callable[[], Keyring],
        home: str,
        describe: Callable[[], tuple[str, Callable[[], Record]]],
        *,
        clean: Callable[[Record], Record] | None = None,
        place: str = "",
        mmap: bool = False,
        trust_unchanged: bool = False,
        strict: bool = False,
    ) -> None:
        self.home = home
        self.slug = slug_of(home)
        self._temporary = temporary_name(self.slug, "")
        self._root = root
        self._open_upkeep = open_upkeep
        self._again = policy.again
        self._open_keyring = open_keyring
        self._keyring: Keyring | None = None
        self._describe = describe
        self._clean = clean
        self._place_of_code = place
        self._used = ""  # the version that is known to be in use in that place
        self._writer_made: FunctionWriter | None = None
        self._prefix = ""
        self._place: str | None = None  # the root's, of which the prefix was made
        self._mmap = mmap
        self._trust_unchanged = trust_unchanged
        self._strict = strict
        self._report: Report | None = None
        self._sources = Sources(root)
        self.unloadable: set[str] = set()  # keys of entries that were right and could not be unpickled

    @property
    def prefix(self) -> str:
        """``<root>/<slug>/``, where the function's shards are."""
        if not self._prefix:
            prefix = f"{self._root.path}/{self.slug}/"
            self._place = self._root.settled
            if self._place is None:  # somebody else may still take the place
                return prefix
            self._prefix = prefix
        return self._prefix

    def _path(self, key: str) -> str:
        return f"{self.prefix}{key[:2]}/{key}{SUFFIX}"

    def _secrets(self) -> Keyring:
        if self._keyring is None:
            self._keyring = self._open_keyring()
        return self._keyring

    def get(self, key: str, ttl: float | None, loader: Loader) -> tuple[Any, float] | None:
        """Give what is stored under a key and the seconds that it took to compute; None if there is nothing right."""
        # A short result is the commonest by far, so this is written for speed: one read, one look at the head, one MAC,
        # and no call that can be done without. Whatever does not fit, rightly or wrongly, takes the long way.
        try:
            fd = open_file(f"{self._prefix or self.prefix}{key[:2]}/{key}{SUFFIX}", READ)
        except FileNotFoundError:
            return None
        except BrineryWarning:  # strict
            raise
        except Exception:  # without memory, or deep down, it cannot even be looked for
            fd = self._open_in_need(key)
            if fd < 0:
                return None
        try:
            status = fstat(fd)
            size = status.st_size
            now = time()
            if _HEAD_SIZE <= size <= AT_ONCE and loader.is_plain:
                data = read(fd, size)
                magic, mac, name, secret_id, created, expires, seconds, flags, buffers, length, beside, _ = _unpack(
                    data
                )
                end = _HEAD_SIZE + length
                signer = (self._keyring or self._secrets()).current
                if (
                    magic == MAGIC
                    and name.hex() == key
                    and created <= now < expires
                    and (ttl is None or now < created + ttl)
                    and not buffers
                    and not flags & loader.not_short
                    and end + beside == size == len(data)
                    and secret_id == signer.secret_id
                    and signer.verify(mac, data[SIGNED_FROM:end])
                ):
                    found = loader.load_stream(data[_HEAD_SIZE:end])
                    priority = self._again(status.st_mtime_ns, now, seconds, status.st_blocks * 512)
                    if priority is not None:
                        self._touch(fd, status, now, priority)
                    return found, seconds
            return self._get_any(fd, status, key, now, ttl, loader)
        except DamagedEntryWarning:  # strict
            raise
        except Exception as error:  # a class that is gone, an unpickling that fails: recomputed
            logger.info("%s: an entry cannot be loaded and is recomputed: %r", self.home, error)
            is_passing = isinstance(error, (OSError, MemoryError, RecursionError, SecretError))
            if not is_passing and len(self.unloadable) < _MOST_UNLOADABLE:
                self.unloadable.add(key)
        finally:
            try:  # noqa: SIM105  # no hit waits for `suppress`, nor is lost because closing its file failed
                close(fd)
            except OSError:
                pass
        return None

    def _open_in_need(self, key: str) -> int:
        """Open an entry where that failed; -1 if it fails again, whether or not other threads give descriptors back."""
        try:
            from .locking.waiting import with_descriptors  # a hit does without

            return with_descriptors(lambda: open_file(self._path(key), READ))
        except Exception:
            return -1

    def _get_any(
        self, fd: int, status: os.stat_result, key: str, now: float, ttl: float | None, loader: Loader
    ) -> tuple[Any, float] | None:
        from .entry.reading import read_entry  # short results do without

        name, keyring = bytes.fromhex(key), self._secrets()
        verified = read_entry(
            fd, status, name, keyring, now, ttl, mmap=self._mmap, trust_unchanged=self._trust_unchanged
        )
        if verified is None:
            from .inspect import blame

            blame(fd, status, self._path(key), key, ttl, keyring, store=self._root.location, strict=self._strict)
            return None
        found = loader.loads(verified)
        priority = self._again(status.st_mtime_ns, now, verified.seconds, status.st_blocks * 512)
        if priority is not None:
            self._touch(fd, status, now, priority)
        return found, verified.seconds

    def _touch(self, fd: int, status: os.stat_result, now: float, priority: int) -> None:
        try:
            os.utime(fd, ns=(int(now * _SECOND), priority))
            if self._report is not None:
                self._report.note_use(now)
            if self._trust_unchanged:
                from .entry.trust import note_touch

                note_touch(status, fstat(fd))
        except OSError:  # another's file, a read-only disk: it only ages sooner
            pass

    def contains(self, key: str, ttl: float | None) -> bool:
        """Whether a fresh entry of ours is stored under a key; changes no byte and unpickles nothing."""
        from .inspect import contains

        return contains(self._path(key), key, ttl, self._secrets)

    def size(self, key: str) -> int:
        """How many bytes the file under a key has; 0 if there is none."""
        try:
            return os.stat(self._path(key), follow_symlinks=False).st_size
        except OSError:
            return 0

    def missed(self, key: str, ttl: float | None, *, refresh: bool) -> str:
        """What to note of a call that is about to be computed: its key, and why though something stands there."""
        if not self.size(key):
            return key
        from .accounting.tally import EXPIRED, REFRESHED, UNUSABLE

        if self.contains(key, ttl):
            return key + (REFRESHED if refresh else UNUSABLE)
        return key + (UNUSABLE if self.recorded(key) is None else EXPIRED)

    def metadata(self, key: str) -> dict[str, Any] | None:
        """What was recorded beside an entry; None if there is none, or it is not what was recorded."""
        from .entry.reading import metadata_at

        return metadata_at(self._path(key))

    def recorded(self, key: str) -> tuple[Facts, dict[str, Any]] | None:
        """An entry's head and metadata, both as one of our secrets signed them, however old it is."""
        from .inspect import recorded

        return recorded(self._path(key), key, self._secrets)

    def computed(self) -> int:
        """How many calls were computed, in this process or as others have written down."""
        from .accounting.statistics import read_sum

        counted = 0 if self._report is None else self._report.unwritten().misses
        try:
            with closing(self._root.open_function(self.slug)) as folder:
                return counted + read_sum(folder).tally.misses
        except OSError:  # nobody has written down anything
            return counted

    def count(self) -> int:
        """How many entries there are."""
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[str]:
        """The keys that have a file, in no order."""
        for shard in names.SHARDS:
            try:
                found = os.listdir(self.prefix + shard)
            except OSError:
                continue
            yield from filter(None, map(entry_key, found))

    def claim(self, key: str) -> Claim:
        """The wish to compute a key; nothing happens before its first `attempt`."""
        root = self._root
        if self._place is not root.settled:  # the store was removed and made again, maybe elsewhere
            self._prefix = ""
        path = f"{self._prefix or self.prefix}{key[:2]}/{key}{SUFFIX}"
        return (_claim_made or _load_claim())(root, self._temporary + key, path)

    def description(self) -> dict[str, Any]:
        """What ``function.json`` says, whoever wrote it; empty if it cannot be read."""
        try:
            with closing(self._root.open_function(self.slug)) as folder:
                from .disk.records import parse_object

                return parse_object(read_small(names.DESCRIPTION, folder))
        except OSError:
            return {}

    def history(self) -> dict[str, Record]:
        """What the function's code was, by fingerprint, the latest last; only what our secrets sealed."""
        from .signing import history

        return history.records(self.description(), self.home, self._secrets())

    def carry_over(self, key: str, to: str, metadata: dict[str, Any], *, compress: bool) -> bool:
        """Keep an entry under another key, with other metadata; False if it is not fresh and right, or cannot be kept.

        Its creation and its end stay what they are.
        """
        from .inspect import to_carry_over
        from .locking.locks import Turn

        found = to_carry_over(self._path(key), key, self._secrets, compress=compress)
        if found is None:
            return False
        head, payload = found
        with self.claim(to) as claim:
            if claim.attempt() is not Turn.COMPUTE or not self.put(
                claim,
                to,
                payload,
                seconds=head.seconds,
                ttl=None,
                metadata=metadata,
                created=head.created,
                expires=head.expires,
            ):
                return False
        self.remove(key)
        return True

    # What follows is of misses, and a program that only hits does without the modules.

    @property
    def _writer(self) -> FunctionWriter:
        if self._writer_made is None:
            from .function_writer import FunctionWriter

            self._writer_made = FunctionWriter(
                self._root,
                self._open_upkeep(),
                self._secrets,
                self.home,
                self.slug,
                self._describe,
                self._clean,
                self._place_of_code,
                self._sources,
                strict=self._strict,
            )
        return self._writer_made

    def put(
        self,
        claim: Claim,
        key: str,
        payload: Payload,
        *,
        seconds: float,
        ttl: float | None,
        metadata: dict[str, Any] | bytes,
        created: float | None = None,
        expires: float | None = None,
    ) -> bool:
        """Keep a result, after `claim` said COMPUTE or ALONE; metadata may be written as JSON already.

        False if it is not kept: with a warning if it cannot be, in silence if it was cleared or removed meanwhile.
        """
        is_kept = self._writer.put(
            claim,
            key,
            payload,
            seconds=seconds,
            ttl=ttl,
            metadata=metadata,
            created=created,
            expires=expires,
        )
        if self._report is not None:
            self._report.write_if_due()
        return is_kept

    def describe_anew(self) -> None:
        """Have the description written again with the next result: the function is no longer what it was."""
        if self._writer_made is not None:
            self._writer_made.describe_anew()

    def remove(self, key: str) -> bool:
        """Forget one entry, and keep a run of it that is under way from storing; True if there was an entry.

        Raises:
            StoreError: it cannot be removed.
        """
        return self._writer.remove(key)

    def report(self, totals: Callable[[], tuple[int, int, float]], take_missed: Callable[[], str] = str) -> None:
        """Have `totals` asked now and then and at the end, for the hits, misses and seconds saved of this process.

        And `take_missed` for a call that was computed since. Call it once. They must not block nor keep the function
        alive, with which this folder goes; a forked child asks them as well, and reports only what it counts itself.
        """
        folder = ref(self)

        def write_beside(opened: int) -> None:
            itself = folder()
            if itself is not None:
                itself.write_beside(opened)

        self._report = report(
            self._root, self.slug, totals, take_missed, self.home, write_beside, lambda: folder() is None
        )

    def write_beside(self, folder: int) -> None:
        """Write what a process that only hits has to tell: what its sources say, and which version is in use here."""
        self._sources.write(folder, self._secrets())
        if self._writer_made is not None and self._writer_made.is_described:
            return
        fingerprint = self._describe()[0]
        if self._used != fingerprint:
            from .signing.history import tells

            if not tells(read_small(names.DESCRIPTION, folder) or b"", fingerprint, self._place_of_code):
                self._writer.write_description(folder)
            self._used = fingerprint

    def recall_sources(self) -> bytes:
        """What a process of ours wrote down of the sources of the function's code; empty if there is nothing."""
        try:
            with closing(self._root.open_function(self.slug)) as folder:
                return self._sources.read(folder, self._secrets())
        except (OSError, SecretError):
            return b""

    def keep_sources(self, records: bytes) -> None:
        """Have it written with the next result, or with the count of this process's calls."""
        self._sources.keep(records)


def _load_claim() -> type[Claim]:
    global _claim_made
    from .locking.locks import Claim

    _claim_made = Claim
    return Claim
