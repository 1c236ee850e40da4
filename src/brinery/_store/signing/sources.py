"""What a function's sources said, in a small file beside its entries, sealed with our secret.

A process whose first call is a hit takes it from there, and neither reads nor parses a source file. What it says is
worth nothing to anybody else, but a key that somebody else chose could hit what he likes; so it is sealed.
"""

from __future__ import annotations

import os

from ..._light import suppress
from ..disk import names
from ..disk.files import MAKE_NEW, closing, make_private, read_small, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..disk.root import Root
    from .signer import Keyring

# Where an entry that is signed has the id of the secret, this has other letters. The number is that of what is sealed.
_SEALED = b"brinery: what sources said, 2\0"
_ID_SIZE, _MAC_SIZE = 8, 32


class Sources:
    """The file of one function; touches no disk before it is asked."""

    __slots__ = ("_records", "_root", "_written")

    def __init__(self, root: Root) -> None:
        self._root = root
        self._written: bytes | None = None
        self._records = b""

    def read(self, folder: int, keyring: Keyring) -> bytes:
        """Give what one of our secrets sealed; empty if there is nothing like that."""
        data = read_small(names.SOURCES, folder) or b""
        head = _ID_SIZE + _MAC_SIZE
        signer = keyring.find(data[:_ID_SIZE]) if len(data) > head else None
        if signer is None or not signer.verify(data[_ID_SIZE:head], _SEALED + data[head:]):
            return b""
        self._written = self._records = data[head:]
        return self._records

    def keep(self, records: bytes) -> None:
        """Have this written when next something of the function is."""
        self._records = records

    def write(self, folder: int, keyring: Keyring) -> None:
        """Write what is not in the file yet; whatever stands in the way costs later processes some milliseconds."""
        if self._records == self._written or not keyring.signers():
            return
        self._written = self._records
        signer = keyring.current
        data = signer.secret_id + signer.sign(_SEALED + self._records) + self._records
        with suppress(OSError), closing(self._root.open_temporary()) as temporary:
            _write_aside(data, temporary, folder)


def _write_aside(data: bytes, aside: int, folder: int) -> None:
    """Put the file in place in one step; without a lock, so that a program that only hits loads none.

    Somebody who sweeps may take what is being written for a dead process's: then it is written another time.
    """
    temporary = f".brinery-{os.urandom(8).hex()}"
    fd = os.open(temporary, MAKE_NEW, 0o600, dir_fd=aside)
    try:
        with closing(fd):
            make_private(fd, os.fstat(fd))
            write_all(fd, [data])
        os.rename(temporary, names.SOURCES, src_dir_fd=aside, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=aside)
        raise
