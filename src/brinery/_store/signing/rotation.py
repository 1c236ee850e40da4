"""Making and changing the secret file, of which other processes always find all or nothing.

What `export` gives works on another machine through `import_` or as ``BRINERY_SECRET`` alike.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress

from ...errors import SecretError
from ..disk.files import FOLDER_OR_LINK, closing, let_go, make_folders, make_locked_anew, remove_if_dead, write_all
from ..disk.names import is_hexadecimal
from .secret_file import MOST_LINES, WAY_OUT, explained, is_line, read_secrets, secret_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_ASIDE = "secret."
_PATIENCE, _PAUSE = 10.0, 0.01  # seconds


def _is_left(name: str) -> bool:
    """Whether a file was left beside the secret by a process that was killed while it wrote."""
    return name.startswith(_ASIDE) and is_hexadecimal(name.removeprefix(_ASIDE), 16)


def export() -> str:
    """The secret file's current secret as text, for another machine."""
    path = secret_path()
    with explained(path):
        return (read_secrets(path) or create(path))[0]


def import_(text: str) -> None:
    """Sign with an exported secret from now on; entries of the former ones still count.

    Raises:
        SecretError: the text is not what `export` gives.
    """
    line = text.strip()
    if not is_line(line):
        raise SecretError("this is not an exported secret: 64 digits, 0-9 and a-f, are expected")
    with _changing() as (path, lines):
        _replace(path, [line, *(old for old in lines if old != line)])


def rotate() -> None:
    """Sign with a new secret from now on; entries of the former ones still count until `drop_old`."""
    with _changing() as (path, lines):
        _replace(path, [_new_secret(), *lines])


def drop_old() -> None:
    """Forget all secrets but the current one; what they signed is recomputed."""
    with _changing() as (path, lines):
        _replace(path, lines[:1] or [_new_secret()])


def _new_secret() -> str:
    return os.urandom(32).hex()


def create(path: str) -> list[str]:
    """Make the file, unless another process is faster; the secrets that stand in it then."""
    make_folders(os.path.dirname(path))
    with _written_aside(path, [_new_secret()]) as aside:
        try:
            # A link, unlike a rename, never replaces: of all who try at once, one succeeds, and its secret is read by
            # the others.
            os.link(aside, path, follow_symlinks=False)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            with _locked(os.path.dirname(path)):
                if not os.path.lexists(path):
                    os.rename(aside, path)
    lines = read_secrets(path)
    if not lines:
        raise SecretError(f"the secret file {path} was removed as soon as it was made; {WAY_OUT}")
    return lines


@contextmanager
def _changing() -> Iterator[tuple[str, list[str]]]:
    """The file's path and secrets, while no other process changes them."""
    path = secret_path()
    with explained(path):
        make_folders(os.path.dirname(path))
        with _locked(os.path.dirname(path)):
            yield path, read_secrets(path)


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    from fcntl import LOCK_EX, LOCK_NB, flock

    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                flock(fd, LOCK_EX | LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:  # stopped, or another user who may look into the folder
                    raise SecretError(
                        f"another process holds the lock on {folder}: end it, or keep others out by chmod 700 {folder}"
                    ) from None
                time.sleep(_PAUSE)
        yield
    finally:
        os.close(fd)


def _replace(path: str, lines: list[str]) -> None:
    with _written_aside(path, lines[:MOST_LINES]) as aside:
        os.rename(aside, path)


@contextmanager
def _written_aside(path: str, lines: list[str]) -> Iterator[str]:
    """Write a file beside the secret file, to be moved into its place; gives its path.

    It is locked meanwhile, which tells it from what killed processes left.
    """
    with closing(os.open(os.path.dirname(path), FOLDER_OR_LINK)) as folder:
        name, fd, _ = make_locked_anew(f"{os.path.basename(path)}.", folder)
        try:
            write_all(fd, ["".join(line + "\n" for line in lines).encode("ascii")])
            os.fsync(fd)  # once in a store's life; a secret lost with the power would take every entry with it
            yield f"{os.path.dirname(path)}/{name}"
        finally:
            with suppress(OSError):  # mostly it is gone; what cannot be removed now is found by the next who writes
                os.unlink(name, dir_fd=folder)
            let_go(fd)
        for left in filter(_is_left, os.listdir(folder)):
            remove_if_dead(left, folder)
