"""A file that is written under its own lock, and renamed to its place when it is whole."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from ..disk.files import MAKE_NEW, OPEN, closing, let_go, lock_new, make_locked_anew, same_file, status_of, write_all
from ..entry.encoding import Unsealed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Buffer

    from ..disk.root import Root

_AT_ONCE = 0.001  # seconds; whatever happens sooner is seen after the renaming


class Temporary:
    """An open file in the store's folder of temporary files; its lock tells it from those of killed processes."""

    __slots__ = ("_folder", "_is_published", "_name", "_status", "_written", "fd", "is_kept_by_marker")

    def __init__(self, folder: int, name: str, fd: int = -1, status: os.stat_result | None = None) -> None:
        self._folder = folder  # kept open by the root, even when that has opened another one since
        self._name = name
        self._status = status  # None until the lock is ours
        self._is_published = False
        self.is_kept_by_marker = False
        self._written = 0.0
        self.fd = fd

    def make(self, root: Root) -> bool:
        """Make the file of that very name; False if it is there already, or may be in the hands of somebody else.

        Whoever calls keeps this object already: an interrupt at any moment leaves no lock that nobody knows of.
        """
        try:
            self.fd = os.open(self._name, MAKE_NEW, 0o600, dir_fd=self._folder)
            self._status = lock_new(self.fd)
        except FileExistsError:
            return False
        except FileNotFoundError:  # the store was removed
            root.open_temporary_anew()
            return False
        if self._status is None:
            self.abandon()
        return self._status is not None

    @classmethod
    def make_apart(cls, root: Root, name: str) -> Temporary:
        """Make a file that no other run can meet: its name begins with `name`."""
        folder = root.temporary
        try:
            made = make_locked_anew(f"{name}-", folder)
        except FileNotFoundError:
            folder = root.open_temporary_anew()
            made = make_locked_anew(f"{name}-", folder)
        return cls(folder, *made)

    def replace(self, name: str) -> None:
        """Take the name, and the place, of another temporary file."""
        os.rename(self._name, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self._name = name

    def write(self, content: Sequence[Buffer] | Unsealed) -> os.stat_result:
        """Write the whole content, once, over whatever the file held; OSError if the disk does not take it."""
        if isinstance(content, Unsealed):
            from ..entry import large  # with what only large results need

            size = large.write(self.fd, content)
        else:
            size = write_all(self.fd, content)
        status = os.fstat(self.fd)
        if status.st_size != size:
            os.ftruncate(self.fd, size)
            status = os.fstat(self.fd)
        self._status = status
        self._written = monotonic()
        return status

    def publish(self, name: str, folder: int) -> bool:
        """Rename the file to `name` in an open folder; False if it was removed, or made again by others, meanwhile.

        FileNotFoundError is raised if the folder was removed.
        """
        # Making room may take time after the writing: `clear` may have removed the file, and another run made one.
        if monotonic() - self._written > _AT_ONCE and not self._is_there():
            return False
        try:
            os.rename(self._name, name, src_dir_fd=self._folder, dst_dir_fd=folder)
        except FileNotFoundError:
            if not self._is_there():
                return False
            raise
        if not os.fstat(self.fd).st_nlink:
            present = status_of(name, folder)
            # If nothing is there any more, somebody made room in the moment after: it has been there, and is accounted.
            if present is not None and not self._is(present):
                # It was removed in the moment before, and what was renamed is another run's, which is not whole yet.
                with suppress(OSError):
                    os.unlink(name, dir_fd=folder)
                return False
        self._is_published = True
        return True

    def mark(self, marker: bytes) -> bool:
        """Write the marker of the run that holds the file; False if that cannot be done."""
        try:
            if not self.is_kept_by_marker:
                _write_marker(self.fd, marker)
                return True
            with closing(os.open(self._name, OPEN, dir_fd=self._folder)) as fd:
                is_ours = self._is(os.fstat(fd))
                if is_ours:
                    _write_marker(fd, marker)
                    self._status = os.fstat(fd)
                return is_ours
        except OSError:
            return False

    def keep_by_marker(self, marker: bytes) -> None:
        """Give the descriptor back, and with it the lock: from now on the marker alone says that the file is held."""
        _write_marker(self.fd, marker)
        status = os.fstat(self.fd)
        self.abandon()
        self._status = status
        self.is_kept_by_marker = True

    def close(self) -> None:
        """Give up the lock; a file that was not published is removed before."""
        if self.is_kept_by_marker:
            self.is_kept_by_marker = False
            with suppress(OSError):
                present = status_of(self._name, self._folder)
                # Its number may be another file's by now; the time of the marker is not.
                if present is not None and self._is(present) and present.st_mtime_ns == self._status.st_mtime_ns:  # type: ignore[union-attr]
                    os.unlink(self._name, dir_fd=self._folder)
        if self.fd < 0:
            return
        if not self._is_published:
            with suppress(OSError, MemoryError, RecursionError):  # whatever it is, the lock must not stay
                if self._status is None:  # interrupted when it was made
                    self._status = lock_new(self.fd)
                if self._is_there():
                    os.unlink(self._name, dir_fd=self._folder)
        self.abandon()

    def abandon(self) -> None:
        """Close the file and leave it, as after a fork: it is the parent's."""
        self.is_kept_by_marker = False
        fd, self.fd = self.fd, -1
        if fd >= 0:
            let_go(fd)

    def _is_there(self) -> bool:
        present = status_of(self._name, self._folder)
        return present is not None and self._is(present)

    def _is(self, present: os.stat_result) -> bool:
        return self._status is not None and same_file(present, self._status)


def _write_marker(fd: int, marker: bytes) -> None:
    os.pwrite(fd, marker, 0)
    os.ftruncate(fd, len(marker))
