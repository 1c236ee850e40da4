"""The conditions of `mmap` and `trust_unchanged`: both rely on nobody else writing the store.

So both are refused, and the buffers are read and hashed as always, where the file or its folder could be written by
another user. A mapped file shows later writes and kills a process that reads beyond a new end; a file that seems
unchanged may have been changed by somebody who can set the clock.
"""

from __future__ import annotations

import os
import sys
import time

_MOST = 4096
_SETTLED_NS = 100_000_000  # a younger change of status might share its time with one that is still to come

_verified: dict[tuple[int, int], tuple[int, int, bytes]] = {}


def only_we_write(fd: int, status: os.stat_result) -> bool:
    """Whether this user alone may write the file and its folder, going by their owners and modes."""
    if not _is_ours(status):
        return False
    try:
        return _is_ours(os.stat(os.path.dirname(_path_of(fd))))
    except OSError:
        return False


def remember(status: os.stat_result, mac: bytes) -> None:
    """Note that the buffers of this file were hashed and are what the MAC says."""
    if time.time_ns() - status.st_ctime_ns < _SETTLED_NS:
        return
    if len(_verified) >= _MOST:
        _verified.clear()
    _verified[status.st_dev, status.st_ino] = (status.st_size, status.st_ctime_ns, mac)


def is_unchanged(status: os.stat_result, mac: bytes) -> bool:
    """Whether the buffers of this file were hashed before in this process, and nothing wrote to it since."""
    known = _verified.get((status.st_dev, status.st_ino))
    return known == (status.st_size, status.st_ctime_ns, mac)


def note_touch(before: os.stat_result, after: os.stat_result) -> None:
    """Tell that between these two looks this process set the file's times, so that it still counts as unchanged."""
    known = _verified.get((before.st_dev, before.st_ino))
    if known is not None and known[:2] == (before.st_size, before.st_ctime_ns) and before.st_size == after.st_size:
        _verified[after.st_dev, after.st_ino] = (after.st_size, after.st_ctime_ns, known[2])


def map_copy_on_write(fd: int, size: int) -> memoryview:
    """Map a file so that what is written to the map stays in this process."""
    import mmap

    if sys.version_info >= (3, 13):
        return memoryview(mmap.mmap(fd, size, access=mmap.ACCESS_COPY, trackfd=False))
    return memoryview(mmap.mmap(fd, size, access=mmap.ACCESS_COPY))


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _path_of(fd: int) -> str:
    if sys.platform == "darwin":
        from fcntl import F_GETPATH, fcntl

        return os.fsdecode(fcntl(fd, F_GETPATH, bytes(1024)).rstrip(b"\0"))
    return os.readlink(f"/proc/self/fd/{fd}")
