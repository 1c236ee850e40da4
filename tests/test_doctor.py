"""`brinery doctor`: what it says of machines that are fit for a store, and of those that are not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from brinery import Cache
from brinery._cli import main
from brinery._cli.doctor import filesystem, nearest_folder, permissions, space
from brinery._store.signing.secret_file import secret_path


def examined(*arguments: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, tuple[str, str]]]:
    capsys.readouterr()
    code = main(["doctor", "--json", *map(str, arguments)])
    findings = json.loads(capsys.readouterr().out)["findings"]
    return code, {finding["subject"]: (finding["state"], finding["text"]) for finding in findings}


def double(x: int) -> int:
    return 2 * x


@pytest.fixture
def store(tmp_path: Path) -> Path:
    Cache(tmp_path / "store")(double)(1)
    return tmp_path / "store"


def names_in(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


def test_a_fit_machine(capsys, store):
    """Everything is told, nothing is a problem, locks were really tried, and nothing is left behind."""
    before = names_in(store)
    code, found = examined("--dir", store, capsys=capsys)
    assert code == 0
    assert found["folder"] == ("ok", str(store))
    assert found["locks"] == ("ok", "they keep other processes out")
    assert found["clock"][0] == found["secret"][0] == found["version"][0] == "ok"
    assert {"file system", "permissions", "space", "blake3", "cloudpickle", "rich", "zstd"} < set(found)
    assert names_in(store) == before


def test_a_store_that_does_not_exist_yet_is_not_made(capsys, tmp_path):
    """The nearest folder above is looked at instead."""
    code, found = examined("--dir", tmp_path / "no" / "store", capsys=capsys)
    assert code == 0
    assert found["folder"] == ("ok", f"{tmp_path}/no/store, not there yet: the first result stored makes it")
    assert list(tmp_path.iterdir()) == []
    assert nearest_folder(f"{tmp_path}/no/store") == str(tmp_path)


def test_in_plain_lines(capsys, store):
    """One line a finding, each beginning with how it stands."""
    assert main(["doctor", "--dir", str(store)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} <= {"ok", "note"}
    assert any(line.split()[:2] == ["ok", "locks"] for line in lines)


def test_a_secret_that_cannot_be_used(capsys, store):
    """Is a problem, with the file and the way out; exit code 1."""
    Path(secret_path()).write_text("no secret\n")
    code, found = examined("--dir", store, capsys=capsys)
    assert code == 1
    assert found["secret"][0] == "problem"
    assert secret_path() in found["secret"][1]


def test_a_variable_that_is_too_short(capsys, store, monkeypatch):
    """BRINERY_SECRET is tried as a program would."""
    monkeypatch.setenv("BRINERY_SECRET", "short")
    code, found = examined("--dir", store, capsys=capsys)
    assert code == 1
    assert "BRINERY_SECRET" in found["secret"][1]
    monkeypatch.setenv("BRINERY_SECRET", "a secret of at least thirty-two letters")
    code, found = examined("--dir", store, capsys=capsys)
    assert (code, found["secret"][0]) == (0, "ok")


def test_a_file_in_the_place_of_the_folder(capsys, tmp_path):
    """Is a problem, and is left alone."""
    (tmp_path / "file").write_text("mine")
    code, found = examined("--dir", tmp_path / "file", capsys=capsys)
    assert (code, found["folder"][0]) == (1, "problem")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_disk_that_cannot_be_written(tmp_path):
    """On a file system where nothing can be made, that is said: locks cannot be tried there."""
    if not os.path.isdir("/proc/self"):
        pytest.skip("there is no file system at hand that nobody can write to")
    ended = subprocess.run(
        [sys.executable, "-m", "brinery", "doctor", "--json", "--dir", "/proc/self"], capture_output=True, check=False
    )
    found = {one["subject"]: one for one in json.loads(ended.stdout)["findings"]}
    assert found["locks"]["text"].startswith("not tried: no file can be made in /proc/self")


def test_others_may_write(tmp_path):
    """Said as a note: entries are signed, so it is no danger, but nothing is mapped there."""
    tmp_path.chmod(0o777)
    assert permissions(str(tmp_path)).state == "note"
    tmp_path.chmod(0o700)
    assert permissions(str(tmp_path)).state == "ok"


MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:25 / /home rw shared:5 - nfs4 server:/home rw
31 30 0:26 / /home/ann/local\\040disk rw - xfs /dev/vdb rw
32 22 0:27 / /dev/shm rw - tmpfs tmpfs rw
33 22 0:28 / /mnt/bucket rw - fuse.s3fs s3fs rw
34 22 0:29 / /homework rw - btrfs /dev/vdc rw
"""


@pytest.mark.parametrize(
    ("path", "kind", "state"),
    [
        ("/var/cache", "ext4", "ok"),
        ("/home/ann/.cache", "nfs4", "note"),
        ("/home", "nfs4", "note"),
        ("/homework/x", "btrfs", "ok"),
        ("/home/ann/local disk/x", "xfs", "ok"),
        ("/dev/shm/store", "tmpfs", "note"),
        ("/mnt/bucket/store", "fuse.s3fs", "note"),
    ],
)
def test_the_kind_of_a_file_system(path, kind, state):
    """By the longest mount point above a path; what is slow, or gone after a restart, is noted."""
    found = filesystem(path, MOUNTS)
    assert found.state == state
    assert found.text.startswith(kind)


def test_less_space_than_the_limit(tmp_path):
    """Is a note; hardly any is a problem of the disk, and no limit is no fault."""
    assert space(str(tmp_path), 1 << 60).state == "note"
    assert space(str(tmp_path), 1).state in ("ok", "problem")
    assert "no limit" in space(str(tmp_path), None).text or space(str(tmp_path), None).state == "problem"
