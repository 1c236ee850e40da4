"""Where a store lives: which folder is its root, how it is made when first written to, how its parts are opened."""

from __future__ import annotations

import errno
import os

from ..._light import suppress
from . import names
from .files import (
    FOLDER,
    FOLDER_OR_LINK,
    READ,
    SUPPORTED,
    clear_away,
    closing,
    is_no_folder,
    is_still,
    let_go,
    make_folders,
    open_folder,
    open_own,
    read_small,
    remove_if_dead,
    status_of,
    write_aside,
)

_TAG = b"""\
Signature: 8a477f597d28d172789f06886806bc55
# This folder is a cache of results made by brinery. It can be removed at any time; it will only cost time.
"""
_IN_FOREIGN_FOLDER = ".brinery"
# So that every entry below has a path by which it can be opened: a slug, a shard and a file's name.
_LONGEST = (os.pathconf("/", "PC_PATH_MAX") if hasattr(os, "pathconf") else 260) - 150


class Root:
    """The root folder of one store; making the object touches no disk."""

    __slots__ = ("_temporaries", "location", "settled")

    def __init__(self, location: str) -> None:
        self.location = os.path.abspath(location)
        # What `path` is and will stay, once the store exists; another object each time that it had to be made.
        self.settled: str | None = None
        # The last is in use; others may still be, by other threads.
        self._temporaries: list[tuple[int, os.stat_result]] = []

    def __del__(self) -> None:
        try:  # noqa: SIM105  # `suppress` may be gone
            self.close()
        except (AttributeError, OSError, TypeError):  # at the end of the interpreter modules are taken apart
            pass

    def close(self) -> None:
        """Give the descriptors back; they are opened again when needed. Not while results are being stored."""
        while self._temporaries:
            fd, identity = self._temporaries.pop()
            if is_still(fd, identity, gone_too=True):
                let_go(fd)

    @property
    def path(self) -> str:
        """The location itself if it is missing, empty or a store already, else the folder ``.brinery`` in it."""
        if self.settled is not None:
            return self.settled
        path, settled = _choose(self.location)
        if settled:
            self.settled = path
        return path

    def make(self) -> None:
        """Make the root and what belongs in every store, or whatever of it is missing."""
        if not SUPPORTED:
            raise OSError(errno.ENOTSUP, "brinery cannot store on this platform")
        self.settled = None  # may have been removed, and its place taken by somebody else's files
        path = self.path
        if len(os.fsencode(path)) > _LONGEST:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), path)
        make_folders(path)
        with closing(os.open(path, FOLDER_OR_LINK)) as root:
            # The tag comes first: by it the folder is known as a store, whenever its maker is killed.
            _tag(root)
            with closing(open_folder(names.TEMPORARY, root, make=True)) as temporary:
                if status_of(names.GITIGNORE, root) is None:
                    write_aside(names.GITIGNORE, b"*\n", aside=temporary, folder=root)
        self.settled = path

    def mend_tag(self) -> None:
        """See that the root has its tag, by which it is known as a store even when it is empty."""
        with closing(self.open()) as root:
            _tag(root)

    def open(self) -> int:
        """Open the root, which may be a link; OSError if it is not there."""
        return os.open(self.path, FOLDER_OR_LINK)

    @property
    def temporary(self) -> int:
        """The open folder where files are written before they are renamed: one descriptor for all that do.

        Whoever finds that the folder is gone calls `open_temporary_anew`.
        """
        if self._temporaries:
            fd, identity = self._temporaries[-1]  # may be anybody's, if the program closed all its descriptors
            if is_still(fd, identity):
                return fd
        return self.open_temporary_anew()

    def open_temporary_anew(self) -> int:
        """Open that folder, made if it was removed; OSError if neither can be done."""
        fd = self._open(names.TEMPORARY, make=True)
        try:
            self._temporaries.append((fd, os.fstat(fd)))
        except OSError:
            let_go(fd)
            raise
        return fd

    def open_temporary(self) -> int:
        """Open that folder for the caller alone; OSError if it is not there."""
        return self._open(names.TEMPORARY, make=False)

    def open_function(self, slug: str, *, make: bool = False) -> int:
        """Open a function's folder."""
        return self._open(slug, make=make)

    def _open(self, name: str, *, make: bool) -> int:
        try:
            return os.open(f"{self.path}/{name}", FOLDER)
        except OSError as error:
            if not (make and is_no_folder(error)):
                raise
        self.make()
        with closing(self.open()) as root:
            return open_folder(name, root, make=True)

    def write(self, name: str, data: bytes) -> None:
        """Put a small file into the root in one step."""
        with closing(self.open()) as root, closing(self.open_temporary()) as temporary:
            write_aside(name, data, aside=temporary, folder=root)

    def read(self, name: str) -> bytes | None:
        """The bytes of a small file in the root, or None."""
        try:
            with closing(self.open()) as root:
                return read_small(name, root)
        except OSError:
            return None

    def generation(self) -> tuple[int, int] | None:
        """What changes whenever entries are removed by name; runs without a lock compare it before they store."""
        try:
            status = os.stat(f"{self.path}/{names.GENERATION}", follow_symlinks=False)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def raise_generation(self) -> None:
        """Tell runs without a lock that what they compute was cleared or removed meanwhile."""
        with (
            suppress(OSError),
            closing(self.open()) as root,
            closing(open_own(names.GENERATION, root)[0]) as fd,
        ):
            before = os.fstat(fd).st_mtime_ns
            os.utime(fd)
            if os.fstat(fd).st_mtime_ns == before:  # twice within one tick of the clock
                os.utime(fd, ns=(before + 1, before + 1))


def owner_of_closed_store(location: str) -> int | None:
    """Give the id of another user whose store a folder is, if only that user can read it."""
    try:
        with closing(os.open(location, FOLDER_OR_LINK)) as root:
            status = status_of(names.CACHEDIR_TAG, root)
            if status is None or status.st_uid == os.geteuid():
                return None
            let_go(os.open(names.CACHEDIR_TAG, READ, dir_fd=root))
    except PermissionError:
        return None if status is None else status.st_uid
    except OSError:
        pass
    return None


def _choose(location: str) -> tuple[str, bool]:
    """The root that belongs to a location, and whether that is settled; changes nothing."""
    try:
        root = os.open(location, FOLDER_OR_LINK)
    except OSError:  # missing, a file, not ours to read: whoever writes will learn it
        return location, False
    with closing(root):
        try:
            is_empty = all(map(names.is_aside, os.listdir(root)))
        except OSError:
            is_empty = True
        # Only then the tag: a store that is just being made has it before it has anything else.
        if _is_tagged(root) or (not is_empty and _holds_entries(root)):
            return location, True
    return (location, False) if is_empty else (os.path.join(location, _IN_FOREIGN_FOLDER), True)


def _is_tagged(root: int) -> bool:
    return b"brinery" in (read_small(names.CACHEDIR_TAG, root) or b"")


def _tag(root: int) -> None:
    if _is_tagged(root):
        return
    try:
        write_aside(names.CACHEDIR_TAG, _TAG, aside=root, folder=root)
    except IsADirectoryError:
        clear_away(names.CACHEDIR_TAG, root)
        write_aside(names.CACHEDIR_TAG, _TAG, aside=root, folder=root)
    for name in filter(names.is_aside, os.listdir(root)):
        remove_if_dead(name, root)


def _holds_entries(root: int) -> bool:
    """Whether a folder is a store by all but its tag, which somebody removed, or which a power failure emptied."""
    if status_of(names.TEMPORARY, root) is None:
        return False
    from ..accounting.shards import all_entries

    return next(all_entries(root), None) is not None
