"""What signs entries: a secret that was given, or those in the user's secret file; never shown."""

from __future__ import annotations

import os

from ..._light import suppress
from ...errors import SecretError
from . import hashes
from .hashes import compare_digest
from .secret_file import LEAST_BYTES, VARIABLE, explained, read_secrets, secret_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from ..layout import Bytes

# What a secret is used for. Another format of entries signs with another key, so that no signature fits both.
_SIGNING = b"brinery: sign entries, format 1"
_NAMING = b"brinery: name the secret"

_FIRST = 1000  # verifications, after which loading OpenSSL begins to pay


class Signer:
    """One secret, ready to sign: HMAC-SHA256 with the padded key hashed beforehand, at a quarter of `hmac`'s cost.

    Attributes:
        verify: whether 32 bytes are what `sign` gives for some data.
    """

    __slots__ = ("_inner", "_key", "_left", "_outer", "secret_id", "verify")

    def __init__(self, secret: bytes) -> None:
        self._key = hashes.hmac_sha256(secret, _SIGNING)
        self._inner, self._outer = hashes.keyed(self._key)
        self._left = _FIRST
        self.secret_id = hashes.hmac_sha256(secret, _NAMING)[:8]
        self.verify: Callable[[bytes, Bytes], bool] = self._verify_first

    def sign(self, data: Bytes) -> bytes:
        """Give the 32 bytes that only who has the secret can make of the data."""
        if self._left:
            self._hasten()
        inner = self._inner.copy()
        inner.update(data)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()

    def _verify(self, mac: bytes, data: Bytes) -> bool:
        # The lines of `sign` over again instead of a call: every hit passes here.
        inner = self._inner.copy()
        inner.update(data)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return compare_digest(outer.digest(), mac)

    def _verify_first(self, mac: bytes, data: Bytes) -> bool:
        self._left -= 1
        if self._left <= 0:
            self._hasten()
        return self._verify(mac, data)

    def _hasten(self) -> None:
        self._left = 0
        self.verify = self._verify
        with suppress(ImportError, OSError):  # with no descriptor left it goes on as before
            hashes.hasten()
            self._inner, self._outer = hashes.keyed(self._key)

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
        ring = cls(Signer(os.urandom(LEAST_BYTES)))
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
                from .rotation import create

                with explained(self._file):
                    create(self._file)
                self._refresh()
        return self.current

    def signers(self) -> tuple[Signer, ...]:
        """All signers on the ring, the current one first."""
        return () if self._is_empty else (self.current, *self._old.values())

    def _refresh(self) -> None:
        """Take over what is in the secret file, if it is not what it was."""
        if not self._file:
            return
        with explained(self._file):
            try:
                status = os.stat(self._file, follow_symlinks=False)
                seen = (status.st_ino, status.st_dev, status.st_ctime_ns, status.st_mtime_ns, status.st_size)
            except FileNotFoundError:
                seen = None
            if seen == self._seen:
                return
            signers = [Signer(line.encode()) for line in read_secrets(self._file)]
        self._old = {signer.secret_id: signer for signer in signers[1:]}
        self._is_empty = not signers
        self.current = signers[0] if signers else Signer(os.urandom(LEAST_BYTES))
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


def keyring_named(secret_id: bytes) -> Keyring:
    """Take the secret of that id alone, out of those given in this process, ``BRINERY_SECRET`` and the secret file's.

    A cache that was pickled has no secret, which never travels, and would sign with whatever there is here. The id
    tells nothing of it: it stands in every entry.

    Raises:
        SecretError: it is not known here; says what to do.
    """
    signer = _given.get(secret_id) or open_keyring(None).find(secret_id)
    if signer is None:
        raise SecretError(
            "this cache was pickled where it had a secret of its own, which does not travel and is not known here: "
            f"set {VARIABLE} to that secret for this process, or make the Cache(secret=...) in a module that it imports"
        )
    return Keyring(signer)


def remember(secret: str | bytes) -> bytes:
    """Have a secret that was given to a cache known to others that come out of a pickle; its id."""
    try:
        signer = Signer(check_secret(secret))
    finally:
        del secret
    return _given.setdefault(signer.secret_id, signer).secret_id


_given: dict[bytes, Signer] = {}


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
    if length < LEAST_BYTES:
        del secret, raw
        raise SecretError(
            f"{name} has {length} bytes, at least {LEAST_BYTES} are needed: "
            "python -c 'import secrets; print(secrets.token_hex())' makes a good one"
        )
    return raw
