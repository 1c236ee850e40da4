"""The secret that signs entries: given, or made in the user's state folder when first something is stored; never shown.

The secret file holds one secret a line, in hexadecimal. The first signs; the others, left by `rotate`, only verify.
What `export` gives works on another machine through `import_` or as ``BRINERY_SECRET`` alike.
"""

from __future__ import annotations

import hmac
import os
import stat
from contextlib import contextmanager, suppress
from hashlib import sha256
from hmac import compare_digest

from ..errors import SecretError
from .files import FOLDER_OR_LINK, READ, closing, let_go, make_folders, make_locked_anew, remove_if_dead, write_all
from .names import is_hexadecimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

Bytes = bytes | bytearray | memoryview

VARIABLE = "BRINERY_SECRET"
_LEAST_BYTES = 32
_MOST_LINES = 100
_WAY_OUT = f"set {VARIABLE} to a string of at least {_LEAST_BYTES} bytes instead"

# What a secret is used for. Another format of entries signs with another key, so that no signature fits both.
_SIGNING = b"brinery: sign entries, format 1"
_NAMING = b"brinery: name the secret"

_BLOCK = 64
_ASIDE = "secret."
_INNER_PAD = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD = bytes(byte ^ 0x5C for byte in range(256))


def _is_line(text: str) -> bool:
    """Whether a line of the secret file is a secret."""
    return is_hexadecimal(text, 64)


def _is_left(name: str) -> bool:
    """Whether a file was left beside the secret by a process that was killed while it wrote."""
    return name.startswith(_ASIDE) and is_hexadecimal(name.removeprefix(_ASIDE), 16)


class Signer:
    """One secret, ready to sign: HMAC-SHA256 with the padded key hashed beforehand, at a quarter of `hmac`'s cost."""

    __slots__ = ("_inner", "_outer", "secret_id")

    def __init__(self, secret: bytes) -> None:
        padded = hmac.digest(secret, _SIGNING, "sha256").ljust(_BLOCK, b"\0")
        self._inner = sha256(padded.translate(_INNER_PAD))
        self._outer = sha256(padded.translate(_OUTER_PAD))
        self.secret_id = hmac.digest(secret, _NAMING, "sha256")[:8]

    def sign(self, data: Bytes) -> bytes:
        """Give the 32 bytes that only who has the secret can make of the data."""
        inner = self._inner.copy()
        inner.update(data)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()

    def verify(self, mac: bytes, data: Bytes) -> bool:
        """Whether `sign` gives `mac` for the data."""
        # Its lines over again instead of a call: every hit passes here.
        inner = self._inner.copy()
        inner.update(data)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return compare_digest(outer.digest(), mac)

    def __repr__(self) -> str:
        return f"<Signer {self.secret_id.hex()}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never pickled")


class Keyring:
    """The secret that signs, and older ones whose entries still count.

    The ring of a secret file follows what other processes do to that: it looks before it signs, and when it is asked
    for a secret that it does not know. While there is no file, `current` is a signer that nothing was signed by.
    """

    __slots__ = ("_file", "_is_empty", "_old", "_seen", "current")

    def __init__(self, current: Signer, old: tuple[Signer, ...] = ()) -> None:
        self.current = current
        self._old = {signer.secret_id: signer for signer in old}
        self._is_empty = False
        self._file = ""
        self._seen: object = None

    @classmethod
    def of_file(cls, path: str) -> Keyring:
        """The ring of a secret file, which need not be there yet."""
        ring = cls(Signer(os.urandom(_LEAST_BYTES)))
        ring._is_empty = True
        ring._file = path
        ring._refresh()
        return ring

    def find(self, secret_id: bytes) -> Signer | None:
        """The signer of that id, if it is on the ring."""
        if secret_id != self.current.secret_id:
            with suppress(SecretError):  # whoever stores is told
                self._refresh()
        return self.current if secret_id == self.current.secret_id else self._old.get(secret_id)

    def to_sign(self) -> Signer:
        """The signer for what is about to be stored; the secret file is made if there is none.

        Raises:
            SecretError: the secret file cannot be used, or made; says why and what to do.
        """
        if self._file:
            self._refresh()
            if self._is_empty:
                with _explained(self._file):
                    _create(self._file)
                self._refresh()
        return self.current

    def signers(self) -> tuple[Signer, ...]:
        """All signers on the ring, the current one first."""
        return () if self._is_empty else (self.current, *self._old.values())

    def _refresh(self) -> None:
        """Take over what is in the secret file, if it is not what it was."""
        if not self._file:
            return
        with _explained(self._file):
            try:
                status = os.stat(self._file, follow_symlinks=False)
                seen = (status.st_ino, status.st_dev, status.st_ctime_ns, status.st_mtime_ns, status.st_size)
            except FileNotFoundError:
                seen = None
            if seen == self._seen:
                return
            signers = [Signer(line.encode()) for line in _read(self._file)]
        self._old = {signer.secret_id: signer for signer in signers[1:]}
        self._is_empty = not signers
        self.current = signers[0] if signers else Signer(os.urandom(_LEAST_BYTES))
        self._seen = seen

    def __repr__(self) -> str:
        if self._is_empty:
            return "<Keyring without a secret>"
        return f"<Keyring {self.current.secret_id.hex()} and {len(self._old)} old>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never pickled")


def open_keyring(secret: str | bytes | None) -> Keyring:
    """Take the secret given, else the one in ``BRINERY_SECRET``, else the secret file's; changes no byte.

    Raises:
        SecretError: the first of these that there is cannot be used; says why and what to do.
    """
    if secret is not None:
        try:
            return Keyring(Signer(check_secret(secret)))
        finally:
            del secret  # what collects an error's variables must not find it
    if VARIABLE in os.environ:
        return Keyring(Signer(check_secret(os.fsencode(os.environ[VARIABLE]), name=VARIABLE)))
    return Keyring.of_file(secret_path())


def check_secret(secret: str | bytes, *, name: str = "secret") -> bytes:
    """Give the secret's bytes.

    Raises:
        SecretError: it is too short or no string. Neither the message shows it, nor a variable on the way.
    """
    if isinstance(secret, str):
        raw = secret.encode("utf-8", "surrogatepass")  # never fails: an UnicodeEncodeError would show the secret
    elif isinstance(secret, bytes):
        raw = secret
    else:
        kind = type(secret).__name__
        del secret
        raise SecretError(f"{name} must be str or bytes, not {kind}")
    length = len(raw)
    if length < _LEAST_BYTES:
        del secret, raw
        raise SecretError(
            f"{name} has {length} bytes, at least {_LEAST_BYTES} are needed: "
            "python -c 'import secrets; print(secrets.token_hex())' makes a good one"
        )
    return raw


def secret_path() -> str:
    """Where the secret file is, or will be made when first something is stored.

    Raises:
        SecretError: there is no home folder to keep it in.
    """
    from .._folders import user_folder

    try:
        folder = user_folder("state")
    except (OSError, RuntimeError):
        raise SecretError(f"there is no folder to keep a secret in: {_WAY_OUT}") from None
    # An empty HOME would give "/.local", a relative one the folder that happens to be the current one.
    placed = os.path.isabs(os.environ.get("XDG_STATE_HOME", "")) or os.path.isabs(os.environ.get("HOME", "/"))
    if not placed or not os.path.isabs(folder):
        raise SecretError(f"there is no home folder to keep a secret in, HOME is no absolute path: {_WAY_OUT}")
    return os.path.join(folder, "secret")


def export() -> str:
    """The secret file's current secret as text, for another machine."""
    path = secret_path()
    with _explained(path):
        return (_read(path) or _create(path))[0]


def import_(text: str) -> None:
    """Sign with an exported secret from now on; entries of the former ones still count.

    Raises:
        SecretError: the text is not what `export` gives.
    """
    line = text.strip()
    if not _is_line(line):
        raise SecretError("this is not an exported secret: 64 digits, 0-9 and a-f, are expected")
    with _changing() as (path, lines):
        _replace(path, [line, *(old for old in lines if old != line)])


def rotate() -> None:
    """Sign with a new secret from now on; entries of the former ones still count until `drop_old`."""
    with _changing() as (path, lines):
        _replace(path, [_new_secret(), *lines])


def drop_old() -> None:
    """Forget all secrets but the current one; what they signed is computed anew."""
    with _changing() as (path, lines):
        _replace(path, lines[:1] or [_new_secret()])


def _new_secret() -> str:
    return os.urandom(32).hex()


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turn the system's refusals into errors that say what to do."""
    try:
        yield
    except OSError as error:
        raise SecretError(f"cannot use the secret file {path}: {error.strerror or error}; {_WAY_OUT}") from None


def _read(path: str) -> list[str]:
    """Read the secrets, the current one first; none if there is no file."""
    try:
        fd = os.open(path, READ)
    except FileNotFoundError:
        return []
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise SecretError(f"the secret file {path} is not a regular file; {_WAY_OUT}")
        if status.st_uid != os.geteuid():
            raise SecretError(f"the secret file {path} belongs to another user (id {status.st_uid}); {_WAY_OUT}")
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise SecretError(
                f"the secret file {path} can be used by others, so what it signs proves nothing: chmod 600 {path}, and "
                "`brinery secret rotate` if somebody may have read it"
            )
        content = os.read(fd, _MOST_LINES * 65 + 1)
    finally:
        os.close(fd)
    lines = content.decode("ascii", "replace").split("\n")
    # Each line is closed, so that a file cut short is noticed.
    if lines.pop() or not 1 <= len(lines) <= _MOST_LINES or not all(map(_is_line, lines)):
        del content, lines  # the rest of it may be as good as ever
        raise SecretError(
            f"the secret file {path} is damaged: restore it, or remove it to start with a new secret (every entry is "
            "then computed anew)"
        )
    return lines


def _create(path: str) -> list[str]:
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
    lines = _read(path)
    if not lines:
        raise SecretError(f"the secret file {path} was removed as soon as it was made; {_WAY_OUT}")
    return lines


@contextmanager
def _changing() -> Iterator[tuple[str, list[str]]]:
    """The file's path and secrets, while no other process changes them."""
    path = secret_path()
    with _explained(path):
        make_folders(os.path.dirname(path))
        with _locked(os.path.dirname(path)):
            yield path, _read(path)


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    from fcntl import LOCK_EX, flock

    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flock(fd, LOCK_EX)
        yield
    finally:
        os.close(fd)


def _replace(path: str, lines: list[str]) -> None:
    with _written_aside(path, lines[:_MOST_LINES]) as aside:
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
