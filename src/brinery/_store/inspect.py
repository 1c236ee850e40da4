"""Read what an entry says of itself without unpickling it; what is wrong with it is said, or is None."""

from __future__ import annotations

import os
from os import fstat
from stat import S_ISREG
from time import time

from .._warnings import warn
from ..errors import DamagedEntryWarning
from .disk.files import READ, closing, open_to_look
from .entry.encoding import Payload, facts
from .entry.reading import read_entry, read_facts, read_recorded
from .layout import ABOUT_STREAM, HEAD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .entry.encoding import Facts
    from .signing.signer import Keyring


def contains(path: str, key: str, ttl: float | None, open_keyring: Callable[[], Keyring]) -> bool:
    """Whether a fresh entry of ours is stored at the place of a key; changes no byte and unpickles nothing."""
    try:
        with closing(open_to_look(path)) as fd:
            status = fstat(fd)
            return (
                S_ISREG(status.st_mode)
                and read_facts(fd, status.st_size, bytes.fromhex(key), open_keyring(), time(), ttl) is not None
            )
    except OSError:
        return False


def recorded(path: str, key: str, open_keyring: Callable[[], Keyring]) -> tuple[Facts, dict[str, Any]] | None:
    """An entry's head and metadata, both as one of our secrets signed them, however old it is."""
    try:
        with closing(open_to_look(path)) as fd:
            status = fstat(fd)
            if not S_ISREG(status.st_mode):
                return None
            return read_recorded(fd, status.st_size, bytes.fromhex(key), open_keyring())
    except OSError:
        return None


def to_carry_over(
    path: str, key: str, open_keyring: Callable[[], Keyring], *, compress: bool
) -> tuple[Facts, Payload] | None:
    """An entry's head, and what it holds, ready to be kept under another key; None if it is not fresh and right."""
    try:
        with closing(os.open(path, READ)) as fd:
            status = fstat(fd)
            name, keyring, now = bytes.fromhex(key), open_keyring(), time()
            head = read_facts(fd, status.st_size, name, keyring, now, None) if S_ISREG(status.st_mode) else None
            if head is None:
                return None
            verified = read_entry(fd, status, name, keyring, now, None)
    except OSError:
        return None
    if verified is None:
        return None
    from .entry import contents

    buffers = [contents.to_store(buffer) for buffer in verified.buffers]
    return head, Payload(bytes(verified.stream), buffers, verified.flags & ABOUT_STREAM, compress)


def blame(
    fd: int,
    status: os.stat_result,
    path: str,
    key: str,
    ttl: float | None,
    keyring: Keyring,
    *,
    store: str,
    strict: bool,
) -> None:
    """Say what is wrong with an entry that was opened and not used, unless it is only too old."""
    if not S_ISREG(status.st_mode):
        reason = "it is no regular file"
    else:
        present = os.stat(path, follow_symlinks=False)
        if present.st_ino != status.st_ino:  # it was removed or replaced meanwhile, and nobody will meet it again
            return
        found = facts(os.pread(fd, HEAD.size, 0), status.st_size)
        if found is None:
            reason = "it is damaged, or was not written by brinery"
        elif found.key != bytes.fromhex(key):
            reason = "it was stored under another key"
        elif not found.created <= time() < found.expires or (ttl is not None and time() >= found.created + ttl):
            return
        elif keyring.find(found.secret_id) is None:
            reason = "it was signed with another secret"
        else:
            reason = "its signature does not hold, or a library to read it is missing"
    warn(
        DamagedEntryWarning,
        f"{path} was not used: {reason}; the call is computed and the file replaced; "
        "`brinery verify` looks at the whole store",
        cause=f"damaged: {reason}",
        store=store,
        strict=strict,
    )
