"""The user's own secret while stores are looked into, written to, and the secret is changed."""

from __future__ import annotations

import pytest
from bare_store import keep, key_of, value_of

from brinery._store.signing import rotation
from brinery.errors import DamagedEntryWarning, SecretWarning

KEY = key_of(1)


def test_without_a_secret_file_asking_makes_none(new_store, home):
    """Looking makes no secret and finds nothing; the first entry stored makes one that counts from then on."""
    store, other = new_store(secret=None), new_store(secret=None)
    folder, asking = store.folder("lab.f", dict), other.folder("lab.f", dict)
    assert value_of(asking, KEY) == "nothing"
    assert not asking.contains(KEY, None)
    assert store.verify() == []
    assert list(home.iterdir()) == []
    assert keep(folder, KEY, "value")
    assert asking.contains(KEY, None)
    assert value_of(asking, KEY) == "value"


def test_a_secret_rotated_by_another_process_signs_at_once(new_store):
    """A running program neither goes on signing with what was dropped, nor takes new entries for foreign ones."""
    running = new_store(secret=None).folder("lab.f", dict)
    keep(running, key_of(1), "old")
    rotation.rotate()
    keep(new_store(secret=None).folder("lab.f", dict), key_of(2), "by another")
    assert value_of(running, key_of(2)) == "by another"
    assert value_of(running, key_of(1)) == "old"
    rotation.drop_old()
    keep(running, key_of(3), "new")
    assert value_of(new_store(secret=None).folder("lab.f", dict), key_of(3)) == "new"
    with pytest.warns(DamagedEntryWarning, match="another secret"):
        assert value_of(running, key_of(1)) == "nothing"


def test_a_secret_that_cannot_be_made_is_said_once(new_store, home):
    """The result is not stored, and one warning says what to do."""
    folder = new_store(secret=None).folder("lab.f", dict)
    assert value_of(folder, KEY) == "nothing"
    (home / ".local").write_text("a file stands here")
    with pytest.warns(SecretWarning, match="BRINERY_SECRET") as caught:
        assert not keep(folder, KEY, "value")
        assert not keep(folder, KEY, "value")
    assert len(caught) == 1
