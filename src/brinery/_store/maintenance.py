"""What people do with a store: look through it, clear, prune and verify it."""

from __future__ import annotations

import functools
import math
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from time import time

from . import names
from .entry import HEAD, Facts, facts
from .eviction import Policy
from .files import (
    FOLDER,
    allocated,
    clear_away,
    closing,
    is_out_of_resources,
    open_to_look,
    remove_if_dead,
    status_of,
)
from .reading import (
    holds_together,
    is_signed_but_for_its_secret_id,
    lacks_library,
    read_entry,
    read_facts,
    read_metadata,
)
from .records import BadEntry, EntryRecord, FunctionRecord, Removed
from .shards import Stored, entries_in, entries_of, list_shards, list_slugs, opened_shard, remove_entries
from .signing import Keyring
from .statistics import Tally, read_tally
from .sweep import record_of
from .upkeep import Upkeep, describe, function_name

_AT_ONCE = 256  # entries removed while writers wait
_FOREIGN = "signed by another secret"
_UNTOLD = "right as far as can be told: a library to read all of it is missing"
_NO_FILE = "no regular file"
_NO_FOLDER = "no folder"


def walk(root: int, path: str, slugs: list[str], prefix: str = "") -> Iterator[EntryRecord]:
    """The records of all entries whose key begins so."""
    for slug in slugs:
        function = function_name(root, slug)
        for shard in list_shards(root, slug):
            if not shard.startswith(prefix[:2]):
                continue
            with opened_shard(root, slug, shard) as folder:
                if folder is None:
                    continue
                entries = [entry for entry in entries_of(folder, slug, shard) if entry.name.startswith(prefix)]
                records = [record_of(folder, entry, function, path) for entry in entries]
            yield from filter(None, records)


def functions(root: int) -> list[FunctionRecord]:
    """All functions, in the order of their names."""
    return sorted(function_of(root, slug) for slug in list_slugs(root))


def function_of(root: int, slug: str) -> FunctionRecord:
    """One function's folder in numbers."""
    count = size = 0
    last_use = 0.0
    for shard in list_shards(root, slug):
        for entry in entries_in(root, slug, shard):
            count += 1
            size += entry.size
            last_use = max(last_use, entry.last_use)
    tally = Tally(0, 0, 0.0)
    with suppress(OSError), closing(os.open(slug, FOLDER, dir_fd=root)) as folder:
        tally = read_tally(folder)
    return FunctionRecord(function_name(root, slug), slug, count, size, *tally, last_use, describe(root, slug))


def count_other_formats(root: int) -> int:
    """How many entries there are of formats that this release does not know."""
    count = 0
    for slug in list_slugs(root):
        for shard in list_shards(root, slug):
            with opened_shard(root, slug, shard) as folder:
                if folder is not None:
                    count += sum(map(names.is_other_format, os.listdir(folder)))
    return count


def clear(root: int, slugs: list[str], upkeep: Upkeep, *, everything: bool) -> Removed:
    """Remove all entries of some functions, and keep their runs under way from storing.

    A run stores by renaming its temporary file, so it stored before that file was removed here, and then its entry is
    found below, or not at all.
    """
    starts = {slug[-8:] for slug in slugs}
    with suppress(OSError), closing(os.open(names.TEMPORARY, FOLDER, dir_fd=root)) as temporary:
        for name in os.listdir(temporary):
            if names.is_temporary(name) and (everything or name[:8] in starts):
                with suppress(OSError):
                    os.unlink(name, dir_fd=temporary)
    entries = size = 0
    for slug in slugs:
        for shard in list_shards(root, slug):
            removed = upkeep.removing(functools.partial(_empty, root, slug, shard))
            entries += removed.entries
            size += removed.bytes
        _remove_function(root, slug)
    return Removed(entries, size)


def _empty(root: int, slug: str, shard: str) -> Removed:
    entries = size = 0
    with opened_shard(root, slug, shard) as folder:
        if folder is None:
            return Removed(0, 0)
        for name in os.listdir(folder):
            if names.entry_key(name) is None:
                continue
            with suppress(OSError):
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                os.unlink(name, dir_fd=folder)
                if stat.S_ISREG(status.st_mode):
                    entries += 1
                    size += allocated(status)
    return Removed(entries, size)


def _remove_function(root: int, slug: str) -> None:
    """Remove a function's empty shards and, if nothing else is left, what tells about the function."""
    with suppress(OSError), closing(os.open(slug, FOLDER, dir_fd=root)) as folder:
        for name in os.listdir(folder):
            if name in names.SHARDS:
                with suppress(OSError):
                    os.rmdir(name, dir_fd=folder)
        if set(os.listdir(folder)) <= {names.DESCRIPTION, names.STATISTICS}:
            for name in (names.DESCRIPTION, names.STATISTICS):
                with suppress(OSError):
                    os.unlink(name, dir_fd=folder)
            os.rmdir(slug, dir_fd=root)


def prune(
    root: int,
    path: str,
    upkeep: Upkeep,
    *,
    max_size: int | None,
    max_entries: int | None,
    older_than: float | None,
    dry_run: bool,
) -> Removed:
    """Remove what has expired or was not used for so long, then what has the lowest priority above the limits."""
    now = time()
    going: list[EntryRecord] = []
    staying: list[EntryRecord] = []
    for record in walk(root, path, list_slugs(root)):
        is_old = older_than is not None and record.last_use < now - older_than
        (going if is_old or record.expires <= now else staying).append(record)
    size, entries = sum(record.size for record in staying), len(staying)
    staying.sort(key=lambda record: _rank(upkeep.policy, record), reverse=True)
    while staying and (
        (max_size is not None and size > max_size) or (max_entries is not None and entries > max_entries)
    ):
        record = staying.pop()
        size -= record.size
        entries -= 1
        going.append(record)
    if dry_run:
        return Removed(len(going), sum(record.size for record in going))
    entries = size = 0
    for at in range(0, len(going), _AT_ONCE):
        chosen = [_stored(record) for record in going[at : at + _AT_ONCE]]
        removed = upkeep.removing(functools.partial(remove_entries, root, chosen))
        entries += removed.entries
        size += removed.bytes
    return Removed(entries, size)


def _rank(policy: Policy, record: EntryRecord) -> float:
    rank = policy.rank(record)
    return record.priority if rank is None or math.isnan(rank) else rank


def _stored(record: EntryRecord) -> Stored:
    slug, _, name = record.path.split("/")[-3:]
    return Stored(slug, name, record.size, 0, record.last_use)


def verify(root: int, path: str, keyring: Keyring, *, fix: bool) -> Iterator[BadEntry]:
    """Whatever is not as it was stored: every byte and signature is checked, nothing is unpickled.

    What another secret signed may be quite right for those who have that, so it is listed and never removed, unless it
    does not even agree with itself: it stands in the wrong place, or its buffers or metadata are not those that its
    head tells of. An entry that one of our secrets signed, but for the name of the secret in its head, is ours and
    damaged.
    """
    slugs = list_slugs(root)
    yield from _no_folders(root, path, (names.TEMPORARY, *slugs), fix=fix)
    for slug in slugs:
        shards = list_shards(root, slug)
        with suppress(OSError), closing(os.open(slug, FOLDER, dir_fd=root)) as folder:
            yield from _no_folders(folder, f"{path}/{slug}", shards, fix=fix)
        for shard in shards:
            with opened_shard(root, slug, shard) as folder:
                for name in [] if folder is None else os.listdir(folder):
                    if folder is None or names.entry_key(name) is None:
                        continue
                    reason = _reason(folder, shard, name, keyring)
                    if reason:
                        is_foreign = reason in (_FOREIGN, _UNTOLD)
                        is_removed = fix and not is_foreign and _remove(name, folder)
                        yield BadEntry(f"{path}/{slug}/{shard}/{name}", reason, is_removed, is_foreign)
    with suppress(OSError), closing(os.open(names.TEMPORARY, FOLDER, dir_fd=root)) as temporary:
        for name in os.listdir(temporary):
            if not names.is_temporary(name) and not names.is_aside(name):
                continue
            status = status_of(name, temporary)
            if status is not None and not stat.S_ISREG(status.st_mode):
                yield BadEntry(f"{path}/{names.TEMPORARY}/{name}", _NO_FILE, fix and _remove(name, temporary))
            elif remove_if_dead(name, temporary, only_look=not fix):
                yield BadEntry(f"{path}/{names.TEMPORARY}/{name}", "left by a process that was killed", fix)


def _no_folders(parent: int, path: str, folders: Iterable[str], *, fix: bool) -> Iterator[BadEntry]:
    """What has the name of a folder of ours and is something else: the next result to be stored there removes it."""
    for name in folders:
        status = status_of(name, parent)
        if status is not None and not stat.S_ISDIR(status.st_mode):
            yield BadEntry(f"{path}/{name}", _NO_FOLDER, fix and _remove(name, parent))


def _reason(folder: int, shard: str, name: str, keyring: Keyring) -> str:
    """What is wrong with an entry; nothing if it is right, or just gone."""
    status = status_of(name, folder)
    if status is None:
        return ""
    if not stat.S_ISREG(status.st_mode):
        return _NO_FILE
    if name[:2] != shard:
        return "in the wrong folder"
    try:
        with closing(open_to_look(name, folder)) as fd:
            status = os.fstat(fd)
            found = facts(os.pread(fd, HEAD.size, 0), status.st_size)
            if found is None:
                return "damaged, or not written by brinery"
            if found.key.hex() != names.entry_key(name):
                return "stored under another key"
            if keyring.find(found.secret_id) is None:
                return _reason_without_secret(fd, status.st_size, found, keyring)
            if read_entry(fd, status.st_size, found.key, keyring, found.created, None, status=status) is None:
                return _reason_unread(fd, status.st_size, found, keyring)
            if read_metadata(fd, status.st_size) is None:
                return "the metadata is damaged"
    except FileNotFoundError:
        return ""
    except OSError as error:
        if is_out_of_resources(error):  # nothing is wrong with the entry
            raise
        return f"cannot be read: {error.strerror}"
    return ""


def _reason_without_secret(fd: int, size: int, found: Facts, keyring: Keyring) -> str:
    if not holds_together(fd, size, found) or is_signed_but_for_its_secret_id(fd, found, keyring.signers()):
        return "damaged"
    return _FOREIGN


def _reason_unread(fd: int, size: int, found: Facts, keyring: Keyring) -> str:
    is_signed = read_facts(fd, size, found.key, keyring, found.created, None) is not None
    return _UNTOLD if is_signed and lacks_library(found) else "the signature does not hold"


def _remove(name: str, folder: int) -> bool:
    """Remove what is bad; a folder that holds somebody's files gets another name."""
    try:
        clear_away(name, folder)
    except OSError:
        return False
    return True
