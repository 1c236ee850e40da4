"""The ways to spoil a file of a store: what a disk, a careless person or an attacker may leave in its place."""

from __future__ import annotations

import os
import random
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

# Nothing of this may ever be read as a result, written to, or removed.
VICTIM_TEXT = b"somebody else's\n"

Damage = Callable[[Path, "Place"], None]


class Place(NamedTuple):
    """What a damage may use: another stored file, somebody else's file, and numbers that are the same every time."""

    other: Path
    victim: Path
    chance: random.Random


def cut(path: Path, place: Place) -> None:
    os.truncate(path, place.chance.randrange(max(1, path.stat().st_size)))


def cut_by_one(path: Path, place: Place) -> None:
    os.truncate(path, max(0, path.stat().st_size - 1))


def emptied(path: Path, place: Place) -> None:
    os.truncate(path, 0)


def lengthened(path: Path, place: Place) -> None:
    with path.open("ab") as file:
        file.write(b"\0")


def zeroed(path: Path, place: Place) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def zero_from_somewhere(path: Path, place: Place) -> None:
    data = path.read_bytes()
    start = place.chance.randrange(max(1, len(data)))
    path.write_bytes(data[:start].ljust(len(data), b"\0"))


def flipped(path: Path, place: Place) -> None:
    data = bytearray(path.read_bytes() or b"\0")
    data[place.chance.randrange(len(data))] ^= 1 << place.chance.randrange(8)
    path.write_bytes(data)


def noise(path: Path, place: Place) -> None:
    path.write_bytes(place.chance.randbytes(path.stat().st_size + place.chance.randrange(100)))


def swapped(path: Path, place: Place) -> None:
    aside = path.with_name("aside")
    path.rename(aside)
    place.other.rename(path)
    aside.rename(place.other)


def a_copy_of_another(path: Path, place: Place) -> None:
    path.unlink()
    shutil.copy(place.other, path)


def hard_link_to_another(path: Path, place: Place) -> None:
    path.unlink()
    os.link(place.other, path)


def hard_link_to_a_victim(path: Path, place: Place) -> None:
    path.unlink()
    os.link(place.victim, path)


def removed(path: Path, place: Place) -> None:
    path.unlink()


def empty_folder(path: Path, place: Place) -> None:
    path.unlink()
    path.mkdir()


def full_folder(path: Path, place: Place) -> None:
    empty_folder(path, place)
    (path / "file").write_bytes(VICTIM_TEXT)


def dangling_link(path: Path, place: Place) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere")


def link_to_itself(path: Path, place: Place) -> None:
    path.unlink()
    path.symlink_to(path)


def foreign_link(path: Path, place: Place) -> None:
    path.unlink()
    path.symlink_to(place.victim)


def link_to_another(path: Path, place: Place) -> None:
    path.unlink()
    path.symlink_to(place.other)


def link_to_a_device(path: Path, place: Place) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def fifo(path: Path, place: Place) -> None:
    path.unlink()
    os.mkfifo(path)


def a_socket(path: Path, place: Place) -> None:
    path.unlink()
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{short}/s")  # an address has room for 100 letters
        shutil.move(f"{short}/s", path)


def device(path: Path, place: Place) -> None:
    path.unlink()
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero, which never ends
    except PermissionError:
        pytest.skip("only root makes devices")


def huge_and_sparse(path: Path, place: Place) -> None:
    os.truncate(path, 1 << 40)


def unreadable(path: Path, place: Place) -> None:
    path.chmod(0)  # root reads it all the same; `test_privileges.py` looks at it without root's rights


OF_CONTENT: list[Damage] = [
    cut,
    cut_by_one,
    emptied,
    lengthened,
    zeroed,
    zero_from_somewhere,
    flipped,
    noise,
    swapped,
    a_copy_of_another,
    hard_link_to_another,
    huge_and_sparse,
]
OF_KIND: list[Damage] = [
    hard_link_to_a_victim,
    removed,
    empty_folder,
    full_folder,
    dangling_link,
    link_to_itself,
    foreign_link,
    link_to_another,
    link_to_a_device,
    fifo,
    a_socket,
    device,
    unreadable,
]
EVERY = OF_CONTENT + OF_KIND
