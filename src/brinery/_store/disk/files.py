"""Careful file work: whole writes, folders that are really folders, and nothing followed by mistake.

Everything below a store's root goes through descriptors of folders, one level at a time, so that a symbolic link
somebody planted on the way is refused instead of followed.
"""

from __future__ import annotations

import errno
import os
import stat
import sys

from ..._light import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Buffer

# Zero where the platform lacks them: importing works everywhere, storing only where `SUPPORTED` is true.
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_NOATIME = getattr(os, "O_NOATIME", 0)

SUPPORTED = os.name == "posix" and os.open in os.supports_dir_fd

# A FIFO at an entry's place must not hang its reader, hence O_NONBLOCK on everything.
READ = os.O_RDONLY | _NOFOLLOW | _NONBLOCK | _CLOEXEC
OPEN = os.O_RDWR | _NOFOLLOW | _NONBLOCK | _CLOEXEC
MAKE_NEW = OPEN | os.O_CREAT | os.O_EXCL
FOLDER = os.O_RDONLY | _DIRECTORY | _NOFOLLOW | _NONBLOCK | _CLOEXEC
FOLDER_OR_LINK = os.O_RDONLY | _DIRECTORY | _NONBLOCK | _CLOEXEC

_OUT_OF_RESOURCES = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM))
_LINK = frozenset((errno.ELOOP, errno.EMLINK))  # what opening one answers, by the system
_NO_FILE = _LINK | {errno.EISDIR, errno.ENXIO, errno.ENODEV}
_NO_FOLDER = _LINK | {errno.ENOTDIR}
_TRIES = 10
_TRIES_ALONE = 1000  # for which a new name may be taken from us as soon as it is made

_BUFFERS_AT_ONCE = 512  # POSIX promises 16, Linux and macOS take 1024
_BYTES_AT_ONCE = 1 << 30  # Linux writes at most 2 GiB at a time, macOS refuses more

_lock_descriptor: Callable[..., object] | None = None  # filelock's, from the first use on
_without_modes: set[int] = set()  # devices on which everything may be written by all, whatever mode it is given


def write_all(fd: int, buffers: Sequence[Buffer]) -> int:
    """Write every byte of `buffers` and return their number; OSError if the disk does not take them all."""
    if len(buffers) == 1 and type(buffers[0]) is bytes and len(buffers[0]) <= _BYTES_AT_ONCE:  # as nearly all are
        data = buffers[0]
        written = os.write(fd, data)
        return written if written == len(data) else written + write_all(fd, [memoryview(data)[written:]])
    left = [view for view in (memoryview(buffer).cast("B") for buffer in buffers) if view.nbytes]
    size = sum(view.nbytes for view in left)
    if size > _BYTES_AT_ONCE:
        left = [view[at : at + _BYTES_AT_ONCE] for view in left for at in range(0, view.nbytes, _BYTES_AT_ONCE)]
    at_once = _BUFFERS_AT_ONCE if size <= _BYTES_AT_ONCE else 1
    first = 0
    while first < len(left):
        written = os.writev(fd, left[first : first + at_once])
        while first < len(left) and written >= left[first].nbytes:
            written -= left[first].nbytes
            first += 1
        if written:
            left[first] = left[first][written:]
    return size


def allocated(status: os.stat_result) -> int:
    """The bytes that a file takes on the disk, which is more than it holds."""
    return status.st_blocks * 512


def same_file(one: os.stat_result, other: os.stat_result) -> bool:
    """Whether two looks saw the same file, whatever its name."""
    return one.st_ino == other.st_ino and one.st_dev == other.st_dev


def is_own(status: os.stat_result) -> bool:
    """Whether only this user can write to a file: it is a regular one of his own, with no second name.

    All other files are a stranger's, also for root: whoever made one may have kept it open, to read what is written to
    it or to hold its lock.
    """
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_nlink == 1
        and status.st_uid == os.geteuid()
        and (not status.st_mode & 0o022 or status.st_dev in _without_modes)
    )


def is_still(fd: int, identity: os.stat_result | None, *, gone_too: bool = False) -> bool:
    """Whether a descriptor kept for long is still open on its file or folder, and that was not removed.

    A program that makes itself a daemon closes all descriptors, and what it opens then gets their numbers.
    """
    if identity is None:
        return False
    try:
        status = os.fstat(fd)
    except OSError:
        return False
    return status.st_ino == identity.st_ino and status.st_dev == identity.st_dev and (gone_too or status.st_nlink > 0)


def status_of(name: str, folder: int) -> os.stat_result | None:
    """The status of `name` in an open folder, links not followed; None if it is not there."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def open_to_look(name: str, folder: int | None = None) -> int:
    """Open for a question, leaving the time of the last use alone where the system lets us."""
    try:
        return os.open(name, READ | _NOATIME, dir_fd=folder)
    except PermissionError:  # only a file's owner may read it without a trace
        return os.open(name, READ, dir_fd=folder)


def is_out_of_resources(error: OSError) -> bool:
    """Whether the process or the system ran out of descriptors or memory, which says nothing about the file."""
    return error.errno in _OUT_OF_RESOURCES


class closing:  # noqa: N801  # a function in use; as a generator it took five times as long
    """Close a descriptor at the end of a block."""

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __enter__(self) -> int:
        return self._fd

    def __exit__(self, *_: object) -> None:
        let_go(self._fd)


def let_go(fd: int) -> None:
    """Close a descriptor. Where the system complains, over a network for instance, it is closed all the same."""
    try:  # noqa: SIM105  # a result stored lets go of three, and `suppress` takes as long as a close
        os.close(fd)
    except OSError:
        pass


def make_folder(name: str, parent: int | None = None) -> bool:
    """Make one folder for its owner only, whatever the umask; False if something of that name is there already."""
    above, last = os.path.split(name.rstrip("/"))
    if above and sys.platform == "linux":
        # Found once: a link that is put on the way meanwhile must not lead to another folder, whose mode would change.
        with closing(os.open(above, os.O_PATH | _DIRECTORY | _CLOEXEC, dir_fd=parent)) as fd:
            return make_folder(last, fd)
    try:
        os.mkdir(name, 0o700, dir_fd=parent)
    except FileExistsError:
        return False
    made = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if stat.S_ISDIR(made.st_mode) and stat.S_IMODE(made.st_mode) & 0o777 != 0o700:  # a umask that takes from the owner
        _make_folder_private(name, parent)
    return True


def _make_folder_private(name: str, parent: int | None) -> None:
    """See that a folder just made is its owner's alone; another one that was put in its place is left as it is."""
    if sys.platform != "linux":
        os.chmod(name, 0o700, dir_fd=parent, follow_symlinks=False)
        return
    # Not by its name, which may lead elsewhere by now; nor opened to be read, which the umask may forbid.
    with closing(os.open(name, os.O_PATH | _DIRECTORY | _NOFOLLOW | _CLOEXEC, dir_fd=parent)) as fd:
        if os.fstat(fd).st_uid == os.geteuid():
            os.chmod(f"/proc/self/fd/{fd}", 0o700)


def make_folders(path: str) -> None:
    """Make a folder and all that are missing above it, each for its owner only."""
    try:
        make_folder(path)
    except FileNotFoundError:
        above = os.path.dirname(path.rstrip("/"))
        if not above or above == path:
            raise
        make_folders(above)
        make_folder(path)


def open_folder(name: str, parent: int, *, make: bool = False) -> int:
    """Open a folder inside an open folder; OSError if it is anything else, a link for instance.

    With `make` it is made, and what stands in its place is removed: the link, never what it leads to.
    """
    try:
        return os.open(name, FOLDER, dir_fd=parent)
    except OSError as error:
        if not (make and is_no_folder(error)):
            raise
        if not isinstance(error, FileNotFoundError):
            with suppress(OSError):  # a folder, if somebody else was quicker: this removes none
                os.unlink(name, dir_fd=parent)
    is_new = make_folder(name, parent)
    fd = os.open(name, FOLDER, dir_fd=parent)
    if is_new and os.geteuid() == 0:
        _leave_to_owner(fd, parent)
    return fd


def _leave_to_owner(fd: int, parent: int) -> None:
    """Give a folder that root has just made in another user's to that user, who could store nothing in it otherwise."""
    with suppress(OSError):
        owner, made = os.fstat(parent), os.fstat(fd)
        if owner.st_uid and not made.st_uid and not os.listdir(fd):  # not another one, put in its place meanwhile
            os.fchown(fd, owner.st_uid, owner.st_gid)


def is_no_folder(error: OSError) -> bool:
    """Whether opening a folder failed because there is none of that name, or something else."""
    return isinstance(error, FileNotFoundError) or error.errno in _NO_FOLDER


def is_no_file(error: OSError) -> bool:
    """Whether opening a file failed because something else has its name."""
    return error.errno in _NO_FILE


def read_small(name: str, folder: int, limit: int = 1 << 20) -> bytes | None:
    """The bytes of a regular file of modest size, or None for anything else that may stand there."""
    try:
        fd = open_to_look(name, folder)
    except OSError:
        return None
    with closing(fd):
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
                return None
            return os.read(fd, limit)
        except OSError:
            return None


def try_lock(fd: int) -> bool:
    """Take the lock on an open file if it is free."""
    return bool((_lock_descriptor or _load_lock_descriptor())(fd, blocking=False))


def unlock(fd: int) -> None:
    """Give the lock on an open file back."""
    import filelock

    filelock.unlock_descriptor(fd)


def _load_lock_descriptor() -> Callable[..., object]:
    global _lock_descriptor
    from filelock import lock_descriptor  # 11 ms that only a miss has to pay

    _lock_descriptor = lock_descriptor
    return lock_descriptor


def make_private(fd: int, status: os.stat_result) -> None:
    """See that a file of ours is its owner's alone, even under a umask that takes from the owner."""
    if status.st_mode & 0o777 != 0o600:
        with suppress(PermissionError):  # what some file systems without modes answer
            os.fchmod(fd, 0o600)
        if os.fstat(fd).st_mode & 0o022:
            _without_modes.add(status.st_dev)


def open_own(name: str, folder: int | None = None, flags: int = 0) -> tuple[int, os.stat_result]:
    """Open a file that is written to in place, or appended to, made if it is missing; its descriptor and status.

    Whatever else has its name was put there by somebody else, who may want another file written over, or to read along:
    it is cleared away.
    """
    for _ in range(_TRIES):
        try:
            # Without O_CREAT, as Linux refuses that for a stranger's file in a sticky folder.
            fd = os.open(name, OPEN | flags, dir_fd=folder)
            is_new = False
        except FileNotFoundError:
            try:
                fd = os.open(name, MAKE_NEW | flags, 0o600, dir_fd=folder)
                is_new = True
            except FileExistsError:
                continue
        except OSError as error:
            if not is_no_file(error) and error.errno != errno.EACCES:
                raise
            fd = -1
        if fd >= 0:
            try:
                status = os.fstat(fd)
                if is_new or is_own(status):
                    make_private(fd, status)
                    return fd, status
            except BaseException:
                let_go(fd)
                raise
            let_go(fd)
            if not status.st_nlink:  # removed as we came
                continue
        with suppress(FileNotFoundError):
            clear_away(name, folder)
    raise OSError(errno.EEXIST, "something else is put in its place again and again", name)


def clear_away(name: str, folder: int | None = None) -> None:
    """Make place where something else stands: a folder that holds somebody's files gets another name, the rest goes."""
    if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=folder)
        return
    try:
        os.rmdir(name, dir_fd=folder)
    except OSError:
        os.rename(name, f"{name}.displaced-{os.urandom(4).hex()}", src_dir_fd=folder, dst_dir_fd=folder)


def make_locked(name: str, folder: int) -> tuple[int, os.stat_result] | None:
    """Make a new file and lock it, which tells it from what a killed process left; its descriptor and status.

    None if somebody who sweeps, or who wants the same file, came before the lock was taken. FileExistsError is raised
    if there is a file.
    """
    fd = os.open(name, MAKE_NEW, 0o600, dir_fd=folder)
    try:
        status = lock_new(fd)
        if status is not None:
            return fd, status
    except BaseException:
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
        let_go(fd)
        raise
    let_go(fd)
    return None


def lock_new(fd: int) -> os.stat_result | None:
    """Lock a file that was just made, and give its status; None if somebody came before the lock was taken."""
    is_locked = try_lock(fd)
    status = os.fstat(fd)
    # Others may have had the lock first: who sweeps has removed the file then, who uses it has written to it.
    if not is_locked or not status.st_nlink or status.st_size:
        return None
    if status.st_mode & 0o777 != 0o600:
        make_private(fd, status)
    return status


def make_locked_anew(prefix: str, folder: int) -> tuple[str, int, os.stat_result]:
    """Make and lock a file that nobody else can want: its name only begins so. Its name, descriptor and status."""
    for _ in range(_TRIES_ALONE):
        name = prefix + os.urandom(8).hex()
        made = make_locked(name, folder)
        if made is not None:
            return name, *made
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
    raise OSError(errno.EBUSY, "every new file is taken away by somebody else", prefix)


def write_aside(name: str, data: bytes, *, aside: int, folder: int) -> None:
    """Put a small file in place in one step: it is written in the folder `aside` and renamed into `folder`."""
    temporary, fd, _ = make_locked_anew(".brinery-", aside)
    with closing(fd):
        try:
            write_all(fd, [data])
            os.rename(temporary, name, src_dir_fd=aside, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=aside)
            raise


def remove_if_dead(
    name: str, folder: int, *, only_look: bool = False, is_held: Callable[[int], bool] | None = None
) -> bool:
    """Remove a temporary file whose writer is gone; True if it was such a one.

    That is to say one whose lock is free, and which is not held in another way, as far as `is_held` can tell.
    """
    try:
        fd = os.open(name, OPEN, dir_fd=folder)
    except OSError:
        return False
    with closing(fd):
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode) or not try_lock(fd) or (is_held is not None and is_held(fd)):
                return False
            present = status_of(name, folder)
            if present is None or not same_file(present, status):
                return False
            if not only_look:
                os.unlink(name, dir_fd=folder)
        except OSError:
            return False
    return True
