"""File work that is whole, private and follows nothing by mistake."""

from __future__ import annotations

import os
import resource
import stat
import sys
import threading
from pathlib import Path

import pytest

from brinery._store.disk import files


def opened(path: Path) -> files.closing:
    return files.closing(os.open(path, files.FOLDER))


def test_many_buffers_are_written_whole_even_if_the_system_takes_few_at_a_time():
    """A pipe that takes little at a time gets every byte, in order."""
    buffers = [bytes([number % 251]) * (number % 300) for number in range(3000)]
    reader, writer = os.pipe()
    received: list[bytes] = []

    def read() -> None:
        while data := os.read(reader, 5000):
            received.append(data)

    thread = threading.Thread(target=read)
    thread.start()
    written = files.write_all(writer, buffers)
    os.close(writer)
    thread.join()
    os.close(reader)
    assert b"".join(received) == b"".join(buffers)
    assert written == len(b"".join(buffers))


def test_a_disk_that_takes_only_a_part_is_an_error(tmp_path):
    """What does not fit raises OSError instead of leaving half without a word."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    fd = os.open(tmp_path / "file", os.O_CREAT | os.O_RDWR)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            files.write_all(fd, [b"x" * 6000, b"y" * 6000])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        os.close(fd)


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
def test_folders_and_files_are_private_at_every_level_under_any_umask(tmp_path, umask):
    """Folders are 0700 and files 0600, whatever the umask gives or takes."""
    before = os.umask(umask)
    try:
        files.make_folders(str(tmp_path / "a" / "b" / "c"))
        with opened(tmp_path / "a") as folder:
            files.write_aside("file", b"data", aside=folder, folder=folder)
    finally:
        os.umask(before)
    for path in (tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a" / "file").stat().st_mode) == 0o600
    assert sorted(os.listdir(tmp_path / "a")) == ["b", "file"]


def test_a_link_is_no_folder(tmp_path):
    """A symbolic link on the way is refused, and makes way where a folder is made; it is never followed."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to("elsewhere")
    with opened(tmp_path) as folder:
        with pytest.raises(OSError, match=r"Not a directory|symbolic"):
            files.open_folder("link", folder)
        os.close(files.open_folder("link", folder, make=True))
    assert not (tmp_path / "link").is_symlink()
    assert list((tmp_path / "elsewhere").iterdir()) == list((tmp_path / "link").iterdir()) == []


def test_only_small_regular_files_are_read(tmp_path):
    """A FIFO, a folder, a link, a huge or a missing file is nothing, and nothing hangs."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "small").write_bytes(b"text")
    (tmp_path / "link").symlink_to("small")
    (tmp_path / "huge").write_bytes(b"x" * 101)
    with opened(tmp_path) as folder:
        names = ["small", "fifo", "folder", "link", "huge", "missing"]
        assert [files.read_small(name, folder, 100) for name in names] == [b"text", None, None, None, None, None]


def test_a_temporary_file_goes_only_when_nobody_holds_its_lock(tmp_path):
    """The lock tells a live writer's file from a dead one's."""
    (tmp_path / "file").write_bytes(b"half")
    os.mkfifo(tmp_path / "fifo")
    holder = os.open(tmp_path / "file", os.O_RDWR)
    with opened(tmp_path) as folder:
        assert files.try_lock(holder)
        assert not files.remove_if_dead("file", folder)
        os.close(holder)
        assert files.remove_if_dead("file", folder, only_look=True)
        assert (tmp_path / "file").exists()
        assert files.remove_if_dead("file", folder)
        assert not files.remove_if_dead("file", folder)
        assert not files.remove_if_dead("fifo", folder)
    assert os.listdir(tmp_path) == ["fifo"]


@pytest.mark.skipif(sys.platform != "linux", reason="folders are found by path elsewhere")
def test_a_way_that_was_swapped_for_a_link_is_not_followed(tmp_path, monkeypatch):
    """Whoever owns a folder above a store must not have the mode of another one changed as root makes the store."""
    victim, way = tmp_path / "elsewhere" / "ours", tmp_path / "way"
    victim.mkdir(parents=True)
    victim.chmod(0o755)
    way.mkdir()
    real = files._make_folder_private

    def swapped(name, parent):
        way.rename(tmp_path / "moved")
        way.symlink_to(victim.parent)
        real(name, parent)

    monkeypatch.setattr(files, "_make_folder_private", swapped)
    before = os.umask(0o277)
    try:
        files.make_folders(str(way / "ours"))
    finally:
        os.umask(before)
    assert victim.stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "moved" / "ours").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_was_swapped_for_a_link_is_not_followed(tmp_path, monkeypatch):
    """Whoever can write to a store must not have the mode of another folder changed as ours is made."""
    victim = tmp_path / "victim"
    victim.mkdir(mode=0o755)
    real = files._make_folder_private

    def swapped(name, parent):
        os.rmdir(name, dir_fd=parent)
        os.symlink(victim, name, dir_fd=parent)
        real(name, parent)

    monkeypatch.setattr(files, "_make_folder_private", swapped)
    before = os.umask(0o277)
    try:
        parent = os.open(tmp_path, os.O_RDONLY)
        with files.closing(parent), pytest.raises(NotADirectoryError):
            files.make_folder("ours", parent)
    finally:
        os.umask(before)
    assert victim.stat().st_mode & 0o777 == 0o755
