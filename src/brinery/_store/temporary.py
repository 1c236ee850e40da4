"""A file that is written under its own lock, and renamed to its place when it is whole."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from .files import make_locked, same_file, status_of, write_all

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from .root import Root


class Temporary:
    """An open file in the store's folder of temporary files; its lock tells it from those of killed processes."""

    __slots__ = ("_identity", "_is_published", "_name", "_root", "fd")

    def __init__(self, root: Root, name: str, fd: int, identity: os.stat_result) -> None:
        self._root = root
        self._name = name
        self._identity = identity
        self._is_published = False
        self.fd = fd

    @classmethod
    def make(cls, root: Root, name: str) -> Temporary:
        """Make a file that no other run can meet: its name begins with `name`."""
        try:
            name, fd = make_locked(f"{name}-", root.temporary)
        except FileNotFoundError:
            name, fd = make_locked(f"{name}-", root.open_temporary_anew())
        return cls(root, name, fd, os.fstat(fd))

    @property
    def size(self) -> int:
        """How many bytes it held when it was opened."""
        return self._identity.st_size

    def replace(self, name: str) -> None:
        """Take the name, and the place, of another temporary file."""
        folder = self._root.temporary
        os.rename(self._name, name, src_dir_fd=folder, dst_dir_fd=folder)
        self._name = name

    def write(self, buffers: Sequence[Buffer]) -> os.stat_result:
        """Write the whole content, once, over whatever the file held; OSError if the disk does not take it."""
        size = write_all(self.fd, buffers)
        status = os.fstat(self.fd)
        if status.st_size != size:
            os.ftruncate(self.fd, size)
            status = os.fstat(self.fd)
        return status

    def publish(self, name: str, folder: int) -> bool:
        """Rename the file to `name` in an open folder; False if it was removed, or made anew by others, meanwhile.

        FileNotFoundError is raised if the folder was removed.
        """
        temporary = self._root.temporary
        if not self._is_there(temporary):
            return False
        os.rename(self._name, name, src_dir_fd=temporary, dst_dir_fd=folder)
        self._is_published = True
        return True

    def close(self) -> None:
        """Give up the lock; a file that was not published is removed before."""
        if self.fd < 0:
            return
        if not self._is_published:
            temporary = self._root.temporary
            with suppress(OSError):
                if self._is_there(temporary):
                    os.unlink(self._name, dir_fd=temporary)
        self.abandon()

    def abandon(self) -> None:
        """Close the file and leave it, as after a fork: it is the parent's."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def _is_there(self, temporary: int) -> bool:
        present = status_of(self._name, temporary)
        return present is not None and same_file(present, self._identity)
