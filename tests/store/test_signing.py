"""The secret: made once, kept private, never shown."""

from __future__ import annotations

import copy
import fcntl
import hashlib
import hmac
import os
import pickle
import stat
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from brinery._store.signing import rotation, secret_file
from brinery._store.signing import signer as signing
from brinery._store.signing.signer import Keyring, Signer, check_secret, open_keyring
from brinery.errors import SecretError

SECRET = "a secret that is long enough to be one"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own, and no secret in the environment."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("BRINERY_SECRET", raising=False)
    return Path(secret_file.secret_path())


def keyring_to_store() -> Keyring:
    """The keyring of a process that is about to store something."""
    ring = open_keyring(None)
    ring.to_sign()
    return ring


def test_hmac_sha256():
    """A signature is the HMAC-SHA256 of the data, by a key derived from the secret."""
    key = hmac.digest(SECRET.encode(), b"brinery: sign entries, format 1", "sha256")
    for data in (b"", b"x", bytes(range(256)) * 300):
        assert Signer(SECRET.encode()).sign(data) == hmac.new(key, data, hashlib.sha256).digest()


def test_verify():
    """Only the very data, mac and secret verify."""
    signer = Signer(SECRET.encode())
    mac = signer.sign(b"data")
    assert signer.verify(mac, memoryview(b"data"))
    assert not signer.verify(mac, b"date")
    assert not signer.verify(mac[:-1], b"data")
    assert not signer.verify(bytes(32), b"data")
    assert not Signer(b"?" * 32).verify(mac, b"data")


def test_the_id_tells_secrets_apart():
    """Equal secrets have equal ids of 8 bytes, others have others."""
    assert Signer(SECRET.encode()).secret_id == Signer(SECRET.encode()).secret_id
    assert Signer(SECRET.encode()).secret_id != Signer(b"?" * 32).secret_id
    assert len(Signer(b"?" * 32).secret_id) == 8


def test_given_secret_wins(monkeypatch, state):
    """The argument comes before the environment, the environment before the file; neither makes a file."""
    monkeypatch.setenv("BRINERY_SECRET", "e" * 32)
    assert open_keyring(SECRET).current.secret_id == Signer(SECRET.encode()).secret_id
    assert keyring_to_store().current.secret_id == Signer(b"e" * 32).secret_id
    assert not state.exists()


def test_text_and_bytes_are_the_same_secret():
    """A secret may be given as text or as its bytes in UTF-8."""
    text = "straße" * 8
    assert check_secret(text) == check_secret(text.encode()) == text.encode()


def test_bytes_in_the_environment(monkeypatch):
    """What is no UTF-8 in the environment is the same secret as those bytes given."""
    raw = b"\xff\xfe" * 20
    monkeypatch.setenv("BRINERY_SECRET", os.fsdecode(raw))
    assert keyring_to_store().current.secret_id == open_keyring(raw).current.secret_id


@pytest.mark.parametrize("bad", ["", "hunter2", b"hunter2", "x" * 31, 12345, ["hunter2"]])
def test_bad_secrets_are_refused_without_being_shown(bad):
    """Too short or no string: the error says so, and shows nothing of it."""
    with pytest.raises(SecretError) as caught:
        open_keyring(bad)
    assert "hunter2" not in str(caught.value)
    assert "12345" not in str(caught.value)
    assert "bytes" in str(caught.value)


def test_an_empty_variable_is_said_aloud(monkeypatch):
    """An empty BRINERY_SECRET is a mistake, not a wish for the secret file."""
    monkeypatch.setenv("BRINERY_SECRET", "")
    with pytest.raises(SecretError, match="BRINERY_SECRET has 0 bytes"):
        keyring_to_store()


def test_no_secret_in_surrogate_errors():
    """Half a surrogate pair in a secret raises no error that would show it."""
    assert len(check_secret("\ud800" + "x" * 40)) == 43


def test_never_shown_nor_pickled(state):
    """No repr, copy or pickle gives a secret away."""
    ring = open_keyring(SECRET)
    shown = repr(ring) + repr(ring.current) + str(ring)
    assert SECRET not in shown
    assert ring.current.secret_id.hex() in shown
    for thing in (ring, ring.current):
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="never pickled"):
                attempt(thing)
    assert not any(SECRET in repr(getattr(ring.current, name)) for name in Signer.__slots__)


def test_made_when_first_something_is_stored(state):
    """Without any setup there is a secret file, for its owner only, whatever the umask; it stays the same."""
    before = os.umask(0)
    try:
        first = keyring_to_store()
    finally:
        os.umask(before)
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in list(state.parents)[:2]] == [0o700, 0o700]
    assert keyring_to_store().current.secret_id == first.current.secret_id
    assert list(state.parent.iterdir()) == [state]
    text = state.read_text()
    assert len(bytes.fromhex(text)) == 32


def test_a_umask_that_takes_from_the_owner(state):
    """Even a umask of 0777 leaves a file that its owner can read."""
    before = os.umask(0o777)
    try:
        keyring_to_store()
    finally:
        os.umask(before)
    assert stat.S_IMODE(state.stat().st_mode) == 0o600


def test_eight_processes_make_one(state):
    """However many processes begin at once, they all have one secret."""
    code = (
        "import sys; from brinery._store.signing.signer import open_keyring; sys.stdin.read();"
        "print(open_keyring(None).to_sign().secret_id.hex())"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    for process in started:  # all have imported, or will have; now they go
        process.stdin.close()
    ids = set()
    for process in started:
        with process.stdout:
            ids.add(process.stdout.read())
        assert process.wait() == 0
    assert len(ids) == 1
    assert list(state.parent.iterdir()) == [state]


def test_no_hard_links(state, monkeypatch):
    """A file system without hard links still gives one secret."""

    def refuse(*args, **kwargs):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    first = keyring_to_store()
    assert keyring_to_store().current.secret_id == first.current.secret_id
    assert list(state.parent.iterdir()) == [state]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o666])
def test_refused_if_others_can_use_it(state, mode):
    """A secret that others can read or write is none; the error names the file and the way out."""
    keyring_to_store()
    state.chmod(mode)
    with pytest.raises(SecretError, match="chmod 600") as caught:
        keyring_to_store()
    assert str(state) in str(caught.value)
    assert state.read_text().strip() not in "".join(traceback.format_exception(caught.value))


def test_refused_if_another_owns_it(state, monkeypatch):
    """Another user's file is not trusted."""
    keyring_to_store()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(SecretError, match="another user"):
        keyring_to_store()


def test_refused_if_it_is_no_file(state):
    """Neither a folder, nor a pipe, nor a link is taken for a secret, and none hangs the reader."""
    keyring_to_store()
    kept = state.rename(state.with_name("kept"))
    state.symlink_to(kept)
    with pytest.raises(SecretError, match="BRINERY_SECRET"):
        keyring_to_store()
    state.unlink()
    os.mkfifo(state, 0o600)
    with pytest.raises(SecretError, match="not a regular file"):
        keyring_to_store()
    state.unlink()
    state.mkdir()
    with pytest.raises(SecretError, match="not a regular file"):
        keyring_to_store()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text[:40] + "\n",
        lambda text: text.upper(),
        lambda text: text + "\n",
        lambda text: text + "not hexadecimal\n",
        lambda text: "\0" * 65,
        lambda text: text * 101,
        lambda text: text * 10_000,
    ],
)
def test_damaged(state, damage):
    """A damaged file is said to be one, without a word of what is in it."""
    keyring_to_store()
    text = "ab" * 32 + "\n"
    state.write_text(damage(text))
    with pytest.raises(SecretError, match="is damaged") as caught:
        keyring_to_store()
    assert "abab" not in str(caught.value)


@pytest.mark.parametrize("home", ["", "somewhere/else"])
def test_no_home(monkeypatch, home):
    """Without a folder to keep a secret in, the error names the variable that helps."""
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", home)
    monkeypatch.chdir("/")
    with pytest.raises(SecretError, match="BRINERY_SECRET"):
        keyring_to_store()


def test_no_permission(state, monkeypatch):
    """A state folder that cannot be made is an error that names the file and the variable."""
    state.parent.parent.parent.mkdir(exist_ok=True)
    state.parent.parent.write_text("a file stands here")
    with pytest.raises(SecretError, match="BRINERY_SECRET") as caught:
        keyring_to_store()
    assert str(state) in str(caught.value)


def test_rotation(state):
    """A new secret signs, the old ones still verify until they are dropped."""
    first = keyring_to_store().current
    rotation.rotate()
    ring = keyring_to_store()
    assert ring.current.secret_id != first.secret_id
    assert ring.find(first.secret_id).verify(first.sign(b"data"), b"data")
    assert ring.find(ring.current.secret_id) is ring.current
    assert ring.find(b"unknown!") is None
    rotation.drop_old()
    assert keyring_to_store().current.secret_id == ring.current.secret_id
    assert keyring_to_store().find(first.secret_id) is None
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert list(state.parent.iterdir()) == [state]


def test_asking_makes_no_secret(state):
    """Without a secret file nothing counts as signed, and no file is made before something is signed."""
    ring = open_keyring(None)
    forged = ring.current
    assert ring.signers() == ()
    assert ring.find(b"unknown!") is None
    assert repr(ring) == "<Keyring without a secret>"
    assert not state.parent.exists()
    assert open_keyring(None).current.secret_id != forged.secret_id
    assert ring.to_sign().secret_id == open_keyring(None).current.secret_id != forged.secret_id


def test_a_ring_follows_what_other_processes_do_to_the_file(state):
    """A rotation is seen before something is signed, and by the first entry of an unknown secret; so is a drop."""
    asking, storing = open_keyring(None), keyring_to_store()
    first = storing.current
    assert asking.find(first.secret_id).secret_id == first.secret_id
    rotation.rotate()
    assert storing.to_sign().secret_id == open_keyring(None).current.secret_id != first.secret_id
    assert asking.current.secret_id == first.secret_id
    assert asking.find(storing.current.secret_id).secret_id == storing.current.secret_id
    assert [signer.secret_id for signer in asking.signers()] == [storing.current.secret_id, first.secret_id]
    rotation.drop_old()
    assert asking.find(first.secret_id) is None
    state.unlink()
    assert storing.to_sign().secret_id == open_keyring(None).current.secret_id
    assert asking.find(storing.current.secret_id) is not None


def test_a_file_spoilt_meanwhile_signs_nothing(state):
    """Whoever stores is told, whoever asks goes on with what is known; mended, the file counts again."""
    ring = keyring_to_store()
    known = ring.current.secret_id
    state.chmod(0o644)
    for _ in range(2):
        with pytest.raises(SecretError, match="chmod 600"):
            ring.to_sign()
    assert ring.find(b"unknown!") is None
    assert ring.find(known) is not None
    state.chmod(0o600)
    assert ring.to_sign().secret_id == known


def test_given_secrets_never_look_for_a_file(state, monkeypatch):
    """A secret of the program's own neither reads nor makes a file."""
    ring = open_keyring(SECRET)
    monkeypatch.setattr(signing, "read_secrets", None)
    assert ring.find(b"unknown!") is None
    assert ring.signers() == (ring.to_sign(),)
    assert not state.parent.exists()


def test_rotation_of_nothing(state):
    """Rotating before there is a secret makes one."""
    rotation.rotate()
    assert isinstance(keyring_to_store(), Keyring)


def test_rotation_for_ever(state):
    """The ring keeps a hundred secrets and no more."""
    state.parent.mkdir(parents=True)
    state.write_text(("ab" * 32 + "\n") * 100)
    state.chmod(0o600)
    rotation.rotate()
    assert len(state.read_text().splitlines()) == 100
    keyring_to_store()


def test_export_and_import(state, monkeypatch):
    """What one machine exports, another imports or takes from BRINERY_SECRET, and reads the same entries."""
    text = rotation.export()
    there = keyring_to_store().current.secret_id
    assert open_keyring(text).current.secret_id == there
    state.unlink()
    here = keyring_to_store().current.secret_id
    rotation.import_(text + "\n")
    ring = keyring_to_store()
    assert ring.current.secret_id == there
    assert ring.find(here) is not None
    rotation.import_(text)
    assert len(state.read_text().splitlines()) == 2


@pytest.mark.parametrize("text", ["", "hunter2", "AB" * 32, "ab" * 33, "ab" * 32 + "\n" + "ab" * 32])
def test_import_of_something_else(state, text):
    """Only an exported secret is imported; what was given is not shown."""
    with pytest.raises(SecretError, match="not an exported secret") as caught:
        rotation.import_(text)
    assert "hunter2" not in str(caught.value)
    assert not state.exists()


def test_whoever_holds_the_lock_on_the_secrets_folder_is_not_waited_for_without_end(monkeypatch):
    """A process that was stopped while it changed the secret, or a stranger: the error says what to do."""
    rotation.rotate()
    monkeypatch.setattr(rotation, "_PATIENCE", 0.1)
    folder = os.path.dirname(secret_file.secret_path())
    other = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(SecretError, match=f"end it, or keep others out by chmod 700 {folder}"):
            rotation.rotate()
    finally:
        os.close(other)
    rotation.rotate()
