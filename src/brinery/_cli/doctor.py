"""Whether this machine is fit for a store: folder, secret, locks, file system, space, clock, extras, in plain words."""

from __future__ import annotations

import os
import stat
import sys
import time
from argparse import Namespace
from contextlib import contextmanager, suppress

import brinery

from .._display.text import fields
from .._light import NamedTuple
from .._units import format_size, format_time
from ..errors import BrineryError
from .output import say, say_json
from .store import open_store, path_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

OK, NOTE, PROBLEM = "ok", "note", "problem"

_LITTLE_SPACE = 100_000_000  # bytes
_CLOCKS_APART = 2.0  # seconds; the coarsest file systems keep times to two
_LONGEST_WAIT = 20  # seconds
_TMPFS = ("tmpfs", "ramfs")
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs")
_EXTRAS = (
    ("blake3", ("blake3",), "large results are verified faster"),
    ("cloudpickle", ("cloudpickle",), "results may hold functions and classes made on the spot"),
    ("rich", ("rich",), "tables have colours, and progress is a bar"),
    ("zstd", ("compression.zstd", "backports.zstd"), "results can be compressed"),
)
_TRY_TO_LOCK = """
import fcntl, sys
with open(sys.argv[1], "rb+") as file:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(3)
"""


class Finding(NamedTuple):
    """What one look found: its subject, how it stands, and a sentence."""

    subject: str
    state: str
    text: str


def doctor(options: Namespace) -> int:
    """Look at everything that a store needs of its machine; 1 if something keeps it from working."""
    findings = list(_findings(options))
    if options.json:
        say_json({"findings": [finding._asdict() for finding in findings]})
    else:
        marks = {OK: "ok", NOTE: "note", PROBLEM: "PROBLEM"}
        say(fields((f"{marks[state]:7}  {subject}", text) for subject, state, text in findings))
    return 1 if any(finding.state == PROBLEM for finding in findings) else 0


def _findings(options: Namespace) -> Iterator[Finding]:
    yield Finding(
        "version",
        OK,
        f"brinery {brinery.__version__}, Python {'.'.join(map(str, sys.version_info[:3]))}, {sys.platform}",
    )
    yield secret()
    try:
        cache = open_store(options)
        path = path_of(cache)
    except (BrineryError, OSError) as error:
        yield Finding("folder", PROBLEM, f"{error}")
        return
    place = nearest_folder(path)
    yield folder(path, place)
    yield permissions(place)
    yield filesystem(place)
    yield space(place, cache.max_size, is_known="max_size" in cache.settings())
    yield from locks_and_clock(place)
    for name, modules, gain in _EXTRAS:
        if any(map(_is_there, modules)):
            yield Finding(name, OK, f"installed: {gain}")
        else:
            yield Finding(name, NOTE, f"not installed; with `pip install 'brinery[{name}]'` {gain}")


def secret() -> Finding:
    """The secret: whose, and whether it can be used."""
    from .._store.signing import secret_file, signer

    try:
        if "BRINERY_SECRET" in os.environ:
            signer.open_keyring(None)
            return Finding("secret", OK, "BRINERY_SECRET signs; whoever has it can read and sign here")
        path = secret_file.secret_path()
        if not os.path.lexists(path):
            return Finding("secret", OK, f"none yet: the first result stored makes {path}")
        number = len(signer.open_keyring(None).signers())
    except (BrineryError, OSError) as error:
        return Finding("secret", PROBLEM, f"{error}")
    if not number:
        return Finding("secret", PROBLEM, f"{path} holds none: remove it, and the next result stored makes one")
    former = "" if number == 1 else f"; {number - 1} former still verify"
    return Finding("secret", OK, f"{path} signs{former}")


def nearest_folder(path: str) -> str:
    """The store's folder, or the first above it that exists."""
    while not os.path.lexists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


def folder(path: str, place: str) -> Finding:
    """Whether the store is there and can be written, or made."""
    if not os.path.isdir(place):
        return Finding("folder", PROBLEM, f"{place} is no folder: set BRINERY_DIR to one, or remove it")
    if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        return Finding("folder", PROBLEM, f"{place} cannot be written here: what is stored hits, nothing new is stored")
    is_there = path == place
    return Finding("folder", OK, path if is_there else f"{path}, not there yet: the first result stored makes it")


def permissions(place: str) -> Finding:
    """Whether somebody else may change what is stored."""
    try:
        status = os.stat(place)
    except OSError as error:
        return Finding("permissions", PROBLEM, f"{place}: {error.strerror}")
    if hasattr(os, "geteuid") and status.st_uid not in (os.geteuid(), 0):
        return Finding(
            "permissions", NOTE, f"{place} is another user's; entries are only read if our secret signed them"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return Finding(
            "permissions", NOTE, f"others may write to {place}; what they change is not read, and nothing is mapped"
        )
    return Finding("permissions", OK, "only you may change the folder")


def filesystem(place: str, mounts: str | None = None) -> Finding:
    """The kind of file system, where the machine tells; `mounts` is what Linux has in /proc/self/mountinfo."""
    if mounts is None:
        try:
            with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
                mounts = file.read()
        except OSError:
            return Finding("file system", NOTE, f"{sys.platform} does not say of what kind")
    kind = _kind_at(os.path.realpath(place), mounts)
    if kind in _TMPFS:
        return Finding("file system", NOTE, f"{kind}: it is in memory, and gone when the machine restarts")
    if kind in _NETWORK or kind.startswith("fuse."):
        return Finding(
            "file system", NOTE, f"{kind}: each call waits for it; a folder on a disk of this machine is faster"
        )
    return Finding("file system", OK, kind or "of a kind that is not known")


def _kind_at(path: str, mounts: str) -> str:
    """The type of the mount that a path is on: the longest mount point above it, of equal ones the last."""
    best = kind = ""
    for line in mounts.splitlines():
        words, _, rest = line.partition(" - ")
        parts = words.split(" ")
        if len(parts) < 5 or not rest:
            continue
        point = parts[4].replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
        if len(point) >= len(best) and (path == point or path.startswith(point.rstrip("/") + "/")):
            best, kind = point, rest.split(" ")[0]
    return kind


def space(place: str, limit: int | None, *, is_known: bool = True) -> Finding:
    """How much room there is, beside what the store may take."""
    from shutil import disk_usage

    try:
        free = disk_usage(place).free
    except OSError as error:
        return Finding("space", PROBLEM, f"{place}: {error.strerror}")
    allowed = "there is no limit for the store" if limit is None else f"the store may take {format_size(limit)}"
    if not is_known:
        allowed = "the program that first stores something sets the limit"
    if free < _LITTLE_SPACE:
        return Finding("space", PROBLEM, f"only {format_size(free)} are free: results are returned, and hardly stored")
    state = NOTE if limit is not None and free < limit else OK
    return Finding("space", state, f"{format_size(free)} are free; {allowed}")


def locks_and_clock(place: str) -> Iterator[Finding]:
    """Whether a lock keeps another process out, and whether files are stamped with our time."""
    try:
        with _probe(place) as (fd, path):
            apart = abs(os.fstat(fd).st_mtime - time.time())
            yield _locks(fd, path)
    except OSError as error:
        yield Finding("locks", NOTE, f"not tried: no file can be made in {place} ({error.strerror})")
        return
    if apart > _CLOCKS_APART:
        yield Finding(
            "clock", NOTE, f"the file system's is {format_time(apart)} off: ages are wrong by as much; set both clocks"
        )
    else:
        yield Finding("clock", OK, "the file system's agrees with ours")


def _locks(fd: int, path: str) -> Finding:
    import subprocess

    from .._store.disk.files import try_lock

    if not try_lock(fd):
        return Finding(
            "locks", PROBLEM, "a file nobody knows of cannot be locked: put the store on another file system"
        )
    try:
        command = [sys.executable, "-I", "-c", _TRY_TO_LOCK, path]
        ended = subprocess.run(  # noqa: S603  our own words, and a path of ours
            command, capture_output=True, timeout=_LONGEST_WAIT, check=False
        )
    except subprocess.TimeoutExpired:
        return Finding("locks", PROBLEM, "a process that asks for a lock does not come back: see to the file system")
    if ended.returncode == 3:
        return Finding("locks", OK, "they keep other processes out")
    if ended.returncode == 0:
        return Finding(
            "locks", PROBLEM, "two processes got the same one: results may be computed twice; use a local disk"
        )
    return Finding("locks", NOTE, "not tried: no other process could be started")


@contextmanager
def _probe(place: str) -> Iterator[tuple[int, str]]:
    """A new file in a folder, gone in the end; it has the name of those that a store's sweep removes."""
    path = os.path.join(place, f".brinery-{os.urandom(8).hex()}")
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        yield fd, path
    finally:
        os.close(fd)
        with suppress(OSError):
            os.unlink(path)


def _is_there(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package that it would be in
        return False
