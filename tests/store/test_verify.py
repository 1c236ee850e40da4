"""Whose entries are bad, and whose are only somebody else's."""

from __future__ import annotations

import shutil
from pathlib import Path

from bare_store import keep, key_of, path_of, value_of

KEY = key_of(10**6)


def foreign_entries(new_store) -> tuple[list[str], list[Path]]:
    """Entries of a colleague with a secret of his own; the last has a large buffer."""
    folder = new_store(secret="another secret of thirty-two bytes or more").folder("lab.theirs", dict)
    keys = [key_of(number) for number in range(4)]
    for key in keys[:3]:
        keep(folder, key, "theirs")
    keep(folder, keys[3], bytearray(2 << 20))
    return keys, [path_of(folder, key) for key in keys]


def test_verify_never_removes_what_another_secret_signed(new_store):
    """Nobody can tell whether it is right, so it is listed as foreign and stays."""
    keys, paths = foreign_entries(new_store)
    keep(new_store().folder("lab.f", dict), KEY, "ours")
    before = [path.read_bytes() for path in paths]
    bad = new_store().verify(fix=True)
    assert {(one.path, one.reason, one.removed, one.is_foreign) for one in bad} == {
        (str(path), "signed by another secret", False, True) for path in paths
    }
    assert [path.read_bytes() for path in paths] == before
    theirs = new_store(secret="another secret of thirty-two bytes or more")
    assert value_of(theirs.folder("lab.theirs", dict), keys[3]) == bytearray(2 << 20)


def test_verify_removes_of_others_what_is_damaged_beyond_doubt(new_store):
    """In another's place, or with other metadata or buffers than the head tells of: nobody's secret would mend it."""
    _, paths = foreign_entries(new_store)
    shutil.copy(paths[0], paths[1])
    flip(paths[2], -3)  # metadata
    flip(paths[3], 1 << 20)  # a buffer
    bad = new_store().verify(fix=True)
    assert {one.path for one in bad if one.removed} == {str(path) for path in paths[1:]}
    assert [(one.path, one.is_foreign) for one in bad if not one.removed] == [(str(paths[0]), True)]


def test_a_damaged_name_of_our_own_secret_is_damage(new_store):
    """Any bit flipped anywhere in an entry of ours makes it one that `verify --fix` removes."""
    store = new_store()
    folder = store.folder("lab.f", dict)
    size = 0
    for number, at in enumerate(range(8, 128, 3)):
        keep(folder, key_of(number), number)
        path = path_of(folder, key_of(number))
        size = path.stat().st_size
        flip(path, at)
    keep(folder, KEY, "right")
    bad = store.verify(fix=True)
    assert len(bad) == 40 < size
    assert all(one.removed and not one.is_foreign for one in bad)
    assert value_of(folder, KEY) == "right"


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
