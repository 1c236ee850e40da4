"""What people ask of a store: what is in it, and whether all of it is as it was stored."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from time import monotonic

from ..._display.progress import Progress
from ..accounting.counts import count_shards, read_counts
from ..accounting.shards import (
    list_shards,
    list_slugs,
    open_if_there,
    opened_function,
    opened_shard,
    records_of,
    shards_of,
)
from ..accounting.statistics import read_lines, read_sum
from ..accounting.statistics_lines import Line
from ..accounting.tally import NOTHING
from ..disk import names
from ..disk.files import FOLDER, clear_away, closing, is_out_of_resources, open_to_look, remove_if_dead, status_of
from ..disk.records import BadEntry, EntryRecord, FunctionRecord, describe, function_name, name_in
from ..entry.encoding import Facts, facts
from ..entry.reading import (
    holds_together,
    is_signed_but_for_its_secret_id,
    lacks_library,
    read_entry,
    read_facts,
    read_metadata,
)
from ..layout import HEAD
from ..locking.holder import is_held_by_marker
from ..signing.signer import Keyring

_FOREIGN = "signed by another secret"
_UNTOLD = "right as far as can be told: a library to read all of it is missing"
_NO_FILE = "no regular file"
_NO_FOLDER = "no folder"


def walk(root: int, path: str, slugs: list[str], prefix: str = "") -> Iterator[EntryRecord]:
    """The records of all entries whose key begins so."""
    for slug in slugs:
        with opened_function(root, slug) as function:
            if function is None:
                continue
            home = function_name(root, slug)
            for shard in shards_of(function):
                if shard.startswith(prefix[:2]):
                    yield from [
                        record
                        for record in records_of(function, shard, slug, home, path)
                        if record.key.startswith(prefix)
                    ]


def keys(root: int, prefix: str = "") -> Iterator[str]:
    """The keys of all entries, or those that begin so, by the names of their files alone."""
    shards = [shard for shard in names.SHARDS if shard.startswith(prefix[:2])]
    for slug in list_slugs(root):
        with opened_function(root, slug) as function:
            if function is None:
                continue
            for shard in shards if len(shards) == 1 else set(shards).intersection(shards_of(function)):
                folder = open_if_there(shard, function)
                if folder is not None:
                    with closing(folder):
                        found = os.listdir(folder)
                    yield from (key for key in map(names.entry_key, found) if key and key.startswith(prefix))


def functions(root: int) -> list[FunctionRecord]:
    """All functions, in the order of their names."""
    return sorted(function_of(root, slug) for slug in list_slugs(root))


def functions_within(root: int, seconds: float) -> list[FunctionRecord] | None:
    """All functions, in the order of their names; None if that takes longer than so many seconds."""
    until = monotonic() + seconds
    try:
        return sorted(function_of(root, slug, until) for slug in list_slugs(root))
    except _TooLongError:
        return None


class _TooLongError(Exception):
    """Counting was given up."""


def function_of(root: int, slug: str, until: float = math.inf) -> FunctionRecord:
    """One function's folder in numbers."""
    entries = size = others = 0
    tally = NOTHING
    last_use = 0.0
    with opened_function(root, slug) as folder:
        if folder is not None:
            told = read_sum(folder)
            tally = told.tally
            last_use = told.last_use
            for _, count in count_shards(folder, read_counts(folder)):
                if monotonic() > until:
                    raise _TooLongError
                entries += count.entries
                size += count.bytes
                others += count.other_formats
                last_use = max(last_use, count.last_use)
    description = describe(root, slug)
    return FunctionRecord(
        name_in(description, slug), slug, entries, size, *tally, last_use, description, other_formats=others
    )


def statistics_lines(root: int) -> dict[str, list[Line]]:
    """What was told of the calls of each function, line by line."""
    found = {}
    for slug in list_slugs(root):
        with opened_function(root, slug) as folder:
            if folder is not None:
                found[function_name(root, slug)] = read_lines(folder)
    return found


def verify(root: int, path: str, keyring: Keyring, *, fix: bool) -> Iterator[BadEntry]:
    """Whatever is not as it was stored: every byte and signature is checked, nothing is unpickled.

    What another secret signed may be quite right for those who have that, so it is listed and never removed, unless it
    does not even agree with itself: it stands in the wrong place, or its buffers or metadata are not those that its
    head tells of. An entry that one of our secrets signed, but for the name of the secret in its head, is ours and
    damaged.
    """
    slugs = list_slugs(root)
    yield from _no_folders(root, path, (names.TEMPORARY, *slugs), fix=fix)
    with Progress("verifying", len(slugs) * len(names.SHARDS)) as progress:
        for slug in slugs:
            shards = list_shards(root, slug)
            with suppress(OSError), closing(os.open(slug, FOLDER, dir_fd=root)) as folder:
                yield from _no_folders(folder, f"{path}/{slug}", shards, fix=fix)
            progress.advance(len(names.SHARDS) - len(shards))
            for shard in shards:
                progress.advance()
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
            elif remove_if_dead(name, temporary, only_look=not fix, is_held=is_held_by_marker):
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
            if read_entry(fd, status, found.key, keyring, found.created, None) is None:
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
