"""One function's entries: put and remove. A hit does without all of this."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from stat import S_ISDIR, S_ISREG
from time import time

from .._display.text import printable
from .._warnings import logger, warn
from ..errors import EvictionWarning, SecretError, SecretWarning, StoreError, StoreWarning
from .accounting.upkeep import Upkeep
from .accounting.usage import Totals
from .disk import names
from .disk.files import (
    allocated,
    clear_away,
    closing,
    is_no_folder,
    let_go,
    open_folder,
    read_small,
    status_of,
    write_aside,
)
from .disk.names import SUFFIX
from .disk.records import parse_object
from .entry.encoding import Unsealed, encode, is_short
from .locking.locks import Claim
from .locking.waiting import with_descriptors
from .signing import history

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .disk.root import Root
    from .entry.encoding import Payload
    from .layout import Bytes
    from .signing.history import Record
    from .signing.signer import Keyring, Signer
    from .signing.sources import Sources

_SECOND = 1_000_000_000
_TRIES = 10
_NOTHING = Totals(0, 0)


class FunctionWriter:
    """Puts and removes the entries of one function. Made by its `FunctionFolder`, at the first need."""

    __slots__ = (
        "_clean",
        "_describe",
        "_home",
        "_is_described",
        "_keyring",
        "_place",
        "_root",
        "_slug",
        "_sources",
        "_strict",
        "_upkeep",
    )

    def __init__(
        self,
        root: Root,
        upkeep: Upkeep,
        open_keyring: Callable[[], Keyring],
        home: str,
        slug: str,
        describe: Callable[[], tuple[str, Callable[[], Record]]],
        clean: Callable[[Record], Record] | None,
        place: str,
        sources: Sources,
        *,
        strict: bool,
    ) -> None:
        self._root = root
        self._upkeep = upkeep
        self._keyring = open_keyring
        self._home = home
        self._slug = slug
        self._describe = describe
        self._clean = clean
        self._place = place
        self._sources = sources
        self._is_described = False
        self._strict = strict

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
        now = time()
        signer = self._signer()
        if signer is None:
            return False
        content = (encode if is_short(payload) else Unsealed)(
            bytes.fromhex(key),
            payload,
            created=now if created is None else created,
            expires=expires if expires is not None else math.inf if ttl is None else now + ttl,
            seconds=seconds,
            metadata=metadata if isinstance(metadata, bytes) else _to_json(metadata),
            signer=signer,
        )
        most = self._upkeep.limits.max_size
        if most is not None and (size := _size(content)) > most:  # not even written
            self._say_too_large(size, most)
            return False
        try:
            is_kept = self._store(claim, key, content, now, seconds)
        except OSError as error:
            warn(
                StoreWarning,
                f"a result could not be kept in {self._root.path} ({error.strerror or error}); it was returned all the "
                "same, and the next such call computes again; see that the folder can be written and the disk has room",
                cause=f"put: {error.errno}",
                store=self._root.location,
                strict=self._strict,
            )
            return False
        return is_kept

    def _signer(self) -> Signer | None:
        """What signs a new entry; None, said once, if there is no usable secret."""
        try:
            return self._keyring().to_sign()
        except SecretError as error:
            warn(
                SecretWarning,
                f"nothing is stored and every call computes: {error.args[0]}",
                cause="secret",
                store=self._root.location,
                strict=self._strict,
            )
            return None

    def _say_too_large(self, size: int, most: int) -> None:
        warn(
            EvictionWarning,
            f"a result of {self._home} takes {size:,} bytes on the disk, more than the store may hold ({most:,}); it "
            "was returned and not kept; give the Cache a larger max_size",
            cause=f"too large: {self._home}",
            store=self._root.location,
            strict=self._strict,
        )

    def _say_no_room(self) -> None:
        warn(
            EvictionWarning,
            f"a result of {self._home} was returned and not kept: others fill the store at {self._root.path}, or keep "
            "it from being changed, for longer than is worth waiting; give the Cache a larger max_size or max_entries",
            cause="no room",
            store=self._root.location,
            strict=self._strict,
        )

    def _store(self, claim: Claim, key: str, content: list[Bytes] | Unsealed, now: float, seconds: float) -> bool:
        """Write an entry, make room for it, and rename it to its place, if the claim still allows."""
        shard = self._open_shard(key[:2])
        try:
            name = f"{key}{SUFFIX}"
            fd, status = claim.write(content)
            size = status.st_blocks * 512  # allocated
            most = self._upkeep.limits.max_size
            if most is not None and size > most:
                self._say_too_large(size, most)
                return False
            replaced = self._make_way(name, shard) if claim.may_replace else _NOTHING
            entered = self._upkeep.enter(size - replaced.bytes, 1 - replaced.entries, fd)
            if entered is None:
                self._say_no_room()
                return False
            is_published = False
            try:
                os.utime(fd, ns=(int(now * _SECOND), self._upkeep.policy.first(now, seconds, size)))
                for attempt in range(_TRIES):
                    try:
                        if claim.may_replace:
                            look = partial(self._make_way, name, shard)
                            publish = partial(claim.publish, name, shard)
                            is_published, entered = self._upkeep.replace(size, entered, look, publish)
                        else:
                            is_published = claim.publish(name, shard)
                        break
                    except FileNotFoundError:  # the shard was cleared away meanwhile
                        if attempt == _TRIES - 1:
                            raise
                        let_go(shard)
                        shard = -1
                        shard = self._open_shard(key[:2])
            finally:
                if not is_published:
                    self._upkeep.leave(entered)
            return is_published
        finally:
            if shard >= 0:
                let_go(shard)

    def _make_way(self, name: str, shard: int) -> Totals:
        """Move what is no file away from an entry's place; gives what the file there takes."""
        replaced = status_of(name, shard)
        if replaced is None:
            return _NOTHING
        if S_ISDIR(replaced.st_mode):
            clear_away(name, shard)
        return Totals(allocated(replaced), 1) if S_ISREG(replaced.st_mode) else _NOTHING

    def _open_shard(self, shard: str) -> int:
        opening = partial(self._open_shard_once, shard)
        for _ in range(_TRIES):
            with suppress(FileNotFoundError):  # somebody clears the store: made, and gone before it was opened
                return with_descriptors(opening)
        return with_descriptors(opening)

    def _open_shard_once(self, shard: str) -> int:
        try:
            folder = self._root.open_function(self._slug)
        except OSError as error:
            if not is_no_folder(error):
                raise
            self._is_described = False
            folder = self._root.open_function(self._slug, make=True)
        try:
            if not self._is_described:
                self.write_description(folder)
            return open_folder(shard, folder, make=True)
        finally:
            let_go(folder)

    @property
    def is_described(self) -> bool:
        """Whether what is told of the function is what this process knows."""
        return self._is_described

    def write_description(self, folder: int) -> None:
        """Tell people, and `explain`, `adopt` and `prune`, of the present version of the code."""
        before = read_small(names.DESCRIPTION, folder)
        known: dict[str, Record] = {}
        try:
            keyring = self._keyring()
            known = history.records(parse_object(before), self._home, keyring)
            if self._clean is not None:
                known = history.changed(known, self._clean, self._home, keyring.current)
            fingerprint, describe = self._describe()
            if not history.is_latest(known, fingerprint, self._place):
                record = known.get(fingerprint) or describe()
                signer = keyring.current
                known = history.with_record(known, fingerprint, record, self._place, time(), self._home, signer)
        except Exception as error:  # it is only for people
            logger.info("%s cannot be described: %r", printable(self._home), error)
        data = _to_json({"name": self._home, "fingerprints": known}) + b"\n"
        with suppress(SecretError):
            self._sources.write(folder, self._keyring())
        if before != data:
            # A folder in its place, or another user's file in a sticky folder.
            with suppress(IsADirectoryError, PermissionError), closing(self._root.open_temporary()) as temporary:
                write_aside(names.DESCRIPTION, data, aside=temporary, folder=folder)
        self._is_described = True

    def describe_anew(self) -> None:
        """Have the description written again with the next result: the function is no longer what it was."""
        self._is_described = False

    def remove(self, key: str) -> bool:
        """Forget one entry, and keep a run of it that is under way from storing; True if there was an entry.

        Raises:
            StoreError: it cannot be removed.
        """
        try:
            return self._upkeep.forget(self._slug, key)
        except OSError as error:
            raise StoreError(f"the store at {self._root.path} cannot be changed: {error.strerror}") from error


def _size(content: list[Bytes] | Unsealed) -> int:
    return content.size if isinstance(content, Unsealed) else sum(map(len, content))


def _to_json(value: dict[str, Any]) -> bytes:
    try:
        return _json_encoder()(value).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        logger.info("metadata left out: %r", error)
        return b"{}"


@cache
def _json_encoder() -> Callable[[object], str]:
    from json import JSONEncoder  # a hit does without

    # What is circular is too deep as well.
    return JSONEncoder(
        default=lambda other: f"<{type(other).__name__}>", check_circular=False, separators=(",", ":")
    ).encode
