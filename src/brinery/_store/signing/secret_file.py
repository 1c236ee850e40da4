"""The secret file of a user: a secret a line, in hexadecimal. The first signs, the others, left by `rotate`, verify.

Looked for and read here; a question makes none.
"""

from __future__ import annotations

import os
import stat

from ...errors import SecretError
from ..disk.files import READ
from ..disk.names import is_hexadecimal

VARIABLE = "BRINERY_SECRET"
LEAST_BYTES = 32
MOST_LINES = 100
WAY_OUT = f"set {VARIABLE} to a string of at least {LEAST_BYTES} bytes instead"


def is_line(text: str) -> bool:
    """Whether a line of the secret file is a secret."""
    return is_hexadecimal(text, 64)


def secret_path() -> str:
    """Where the secret file is, or will be made when first something is stored.

    Raises:
        SecretError: there is no home folder to keep it in.
    """
    from ..._folders import user_folder

    try:
        folder = user_folder("state")
    except (OSError, RuntimeError):
        raise SecretError(f"there is no folder to keep a secret in: {WAY_OUT}") from None
    # An empty HOME would give "/.local", a relative one the folder that happens to be the current one.
    placed = os.path.isabs(os.environ.get("XDG_STATE_HOME", "")) or os.path.isabs(os.environ.get("HOME", "/"))
    if not placed or not os.path.isabs(folder):
        raise SecretError(f"there is no home folder to keep a secret in, HOME is no absolute path: {WAY_OUT}")
    return os.path.join(folder, "secret")


class explained:  # noqa: N801  reads as a statement
    """Turn the system's refusals into errors that say what to do."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            raise SecretError(
                f"cannot use the secret file {self._path}: {error.strerror or error}; {WAY_OUT}"
            ) from None


def read_secrets(path: str) -> list[str]:
    """Read the secrets, the current one first; none if there is no file."""
    try:
        fd = os.open(path, READ)
    except FileNotFoundError:
        return []
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise SecretError(f"the secret file {path} is not a regular file; {WAY_OUT}")
        if status.st_uid != os.geteuid():
            raise SecretError(f"the secret file {path} belongs to another user (id {status.st_uid}); {WAY_OUT}")
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise SecretError(
                f"the secret file {path} can be used by others, so what it signs proves nothing: chmod 600 {path}, and "
                "`brinery secret rotate` if somebody may have read it"
            )
        content = os.read(fd, MOST_LINES * 65 + 1)
    finally:
        os.close(fd)
    lines = content.decode("ascii", "replace").split("\n")
    # Each line is closed, so that a file cut short is noticed.
    if lines.pop() or not 1 <= len(lines) <= MOST_LINES or not all(map(is_line, lines)):
        del content, lines  # the rest of it may be as good as ever
        raise SecretError(
            f"the secret file {path} is damaged: restore it, or remove it to start with a new secret (every entry is "
            "then recomputed)"
        )
    return lines
