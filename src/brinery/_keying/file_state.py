"""The state of a source file, by which a later change shows without reading it."""

from __future__ import annotations

import os
import time

from .._light import NamedTuple

_SECOND = 1_000_000_000
_RESOLUTION = _SECOND // 10  # nanoseconds; kernels keep times by ticks of up to 10 ms
_COARSE = 2 * _SECOND  # of FAT


class FileState(NamedTuple):
    """Which file stands at a place, and when it was last changed; the latter time is not for people to set."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int

    @property
    def is_settled(self) -> bool:
        """Whether that was so long ago that a change from now on shows, coarse as the times may be.

        To be asked before the file is read: a change while it is read may show in no time.
        """
        resolution = _RESOLUTION if self.modified % _SECOND else _COARSE
        return time.time_ns() - max(self.modified, self.changed) > resolution


def file_state(filename: str) -> FileState | None:
    """Look at a file; None where there is none."""
    try:
        status = os.stat(filename)
    except (OSError, ValueError):
        return None
    return FileState(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
