"""Users who have one folder, and even one secret, in common: nobody is in the other's way, and nothing is silent."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from second_user import ALICE, BOB, ROOT, TEAM, as_user, load_all, needs_root, open_folder_for_all, use

pytestmark = needs_root


@pytest.fixture(scope="module", autouse=True)
def everything_loaded():
    load_all()
    import pwd  # noqa: F401


def shared(place: Path) -> Path:
    """A folder for a group, as an administrator makes it."""
    store = place / "shared"
    store.mkdir()
    os.chown(store, ROOT, TEAM)
    store.chmod(0o2770)
    return store


def test_a_second_store_inside_another_users_is_said():
    """Each has a store, which works; the second is told where his is, and how to have one of his own."""
    with open_folder_for_all() as place:
        store = shared(place)
        assert as_user(ALICE, use, store, 1, 1) == (["the answer to 1 is private"] * 2, [1], [True] * 2, [])
        for computed in ([1], []):  # in a second process, too
            results, ran, stored, said = as_user(BOB, use, store, 1, 1)
            assert (results, ran, stored) == (["the answer to 1 is private"] * 2, computed, [True] * 2)
            (message,) = said
            assert f"{store} holds a store that only user-{ALICE} can read" in message
            assert f"is kept in {store}/.brinery" in message
            assert f"Cache('{store}/user-{BOB}')" in message
        assert as_user(ALICE, use, store, 1)[1:] == ([], [True], [])
        assert as_user(BOB, use, store / f"user-{BOB}", 1)[1:] == ([1], [True], [])  # as the message says


def test_root_in_the_store_of_a_user_leaves_it_usable():
    """After `sudo python` the user computes what root stored, and stores it: what root made there is no obstacle."""
    with open_folder_for_all() as place:
        store = place / "store"
        as_user(ALICE, use, store, 1)
        assert as_user(ROOT, use, store, 1, 2)[1:] == ([2], [True, True], [])
        results, computed, stored, said = as_user(ALICE, use, store, 1, 2, 3)
        assert results == [f"the answer to {number} is private" for number in (1, 2, 3)]
        assert (computed, stored, said) == ([2, 3], [True] * 3, [])
        assert as_user(ROOT, use, store, 1, 2, 3)[1:] == ([], [True] * 3, [])
        assert {path.stat().st_uid for path in store.rglob("*") if path.is_dir()} == {ALICE}


def test_root_leaves_its_own_folders_and_results_to_itself():
    """In a store of root's nothing is given away, and what root stores in a user's is root's to read."""
    with open_folder_for_all() as place:
        as_user(ROOT, use, place / "roots", 1)
        assert {path.stat().st_uid for path in (place / "roots").rglob("*")} == {ROOT}
        as_user(ALICE, use, place / "store", 1)
        before = set((place / "store").rglob("*.brine*"))
        as_user(ROOT, use, place / "store", 2)
        (entry,) = set((place / "store").rglob("*.brine*")) - before
        assert (entry.stat().st_uid, stat.S_IMODE(entry.stat().st_mode)) == (ROOT, 0o600)
