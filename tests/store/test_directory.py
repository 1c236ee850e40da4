"""Entries in shards: get, put, remove, walk. Whatever is not right is a miss."""

from __future__ import annotations

import json
import os
import resource
import shutil
import stat
import sys
import types
import warnings
from pathlib import Path

import pytest
from bare_store import CODEC, call, keep, key_of, open_store, path_of, value_of

from brinery._store.disk import names
from brinery.errors import DamagedEntryWarning, SecretError, StoreError, StoreWarning

KEY = key_of(1)
HEX = "0123456789abcdef"


@pytest.fixture
def store(new_store):
    return new_store()


@pytest.fixture
def folder(store):
    return store.folder("lab.f", lambda: ("0" * 32, lambda: {"source": "def f(x): ..."}))


def snapshot(location: Path) -> dict[str, tuple[int, bytes]]:
    """Every file with its modification time and bytes."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(Path(location).rglob("*"))
        if path.is_file()
    }


def test_what_was_put_is_got(folder, store):
    """A value comes back equal, with the seconds that it took."""
    value = {"rows": [1, 2.5, "x"], "data": bytes(10_000)}
    assert folder.get(KEY, None, CODEC) is None
    assert keep(folder, KEY, value, seconds=12.5)
    assert folder.get(KEY, None, CODEC) == (value, 12.5)
    assert folder.contains(KEY, None)
    assert folder.metadata(KEY) == {"shown": "f(1)"}
    assert list(folder) == [KEY]
    assert store.verify() == []


def test_questions_change_no_byte(folder, store, tmp_path):
    """Asking, listing and verifying leave every file and its times as they were; asking for a root makes none."""
    keep(folder, KEY, "value")
    before = snapshot(tmp_path)
    folder.contains(KEY, None)
    folder.metadata(KEY)
    store.info()
    store.functions()
    list(store.walk())
    store.find(KEY[:4])
    store.metadata(KEY)
    store.verify()
    store.prune(older_than=0.0, dry_run=True)
    assert snapshot(tmp_path) == before
    assert open_store(tmp_path / "none").root == str(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_making_a_store_touches_no_disk(tmp_path):
    """Neither a Directory nor a folder nor a claim makes anything before it is needed."""
    store = open_store(tmp_path / "store")
    folder = store.folder("lab.f", dict)
    folder.claim(KEY)
    assert value_of(folder, KEY) == "nothing"
    assert not folder.contains(KEY, None)
    assert not folder.remove(KEY)
    assert (store.functions(), list(store.walk()), store.verify(), store.clear()) == ([], [], [], (0, 0))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
def test_everything_is_private_under_any_umask(new_store, tmp_path, umask):
    """Files 0600 and folders 0700, at every level that is made."""
    before = os.umask(umask)
    try:
        keep(new_store(tmp_path / "above" / "store").folder("lab.f", dict), KEY, "value")
    finally:
        os.umask(before)
    for path in tmp_path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_store_tells_other_tools_that_it_is_a_cache(folder, tmp_path):
    """Backup tools and git know to leave it alone."""
    keep(folder, KEY, "value")
    tag = (tmp_path / "store" / "CACHEDIR.TAG").read_bytes()
    assert tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55")
    assert (tmp_path / "store" / ".gitignore").read_text() == "*\n"
    description = json.loads(Path(folder.prefix, "function.json").read_text())
    assert description["name"] == "lab.f"
    assert description["fingerprints"]["0" * 32]["source"] == "def f(x): ..."


@pytest.mark.parametrize(
    "home", ["lab.f", "lab.<lambda>", "…/ünï code\n", "x" * 500, "", "../../etc", ".hidden", "\udce4"]
)
def test_any_home_name_makes_a_readable_safe_folder(new_store, home):
    """A folder's name is plain and short, and lies in the store; the home name is kept in it."""
    store = new_store()
    folder = store.folder(home, dict)
    assert keep(folder, KEY, home)
    assert names.is_slug(folder.slug)
    assert not folder.slug.startswith(".")
    assert len(folder.slug) <= 89
    assert [(record.name, record.entries) for record in store.functions()] == [(home, 1)]
    assert [record.function for record in store.walk(home)] == [home]


@pytest.mark.parametrize("name", ["with space", "new\nline", "ünï", "tab\t", " "])
def test_any_location_will_do(new_store, tmp_path, name):
    """Odd names of folders are names like others."""
    store = new_store(tmp_path / name)
    assert keep(store.folder("lab.f", dict), KEY, "value")
    assert store.root == str(tmp_path / name)
    assert value_of(new_store(tmp_path / name).folder("lab.f", dict), KEY) == "value"


def test_an_empty_folder_becomes_the_store_and_a_full_one_is_left_alone(new_store, tmp_path):
    """In somebody's folder the store keeps to `.brinery`, and clearing touches nothing else."""
    for name in ("empty", "full"):
        (tmp_path / name).mkdir()
    foreign = tmp_path / "full" / "store.json"
    foreign.write_text("mine")
    empty, full = new_store(tmp_path / "empty"), new_store(tmp_path / "full")
    for store in (empty, full):
        assert keep(store.folder("lab.f", dict), KEY, "value")
    assert empty.root == str(tmp_path / "empty")
    assert full.root == str(tmp_path / "full" / ".brinery")
    full.clear()
    assert foreign.read_text() == "mine"
    assert sorted(os.listdir(tmp_path / "full")) == [".brinery", "store.json"]


def test_a_store_that_is_killed_while_it_is_made_is_still_the_same_store(new_store, tmp_path):
    """Half-made files of its own do not make a folder somebody else's."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / ".brinery-0123456789abcdef").write_bytes(b"Sig")
    store = new_store()
    assert keep(store.folder("lab.f", dict), KEY, "value")
    assert store.root == str(tmp_path / "store")
    assert not (tmp_path / "store" / ".brinery-0123456789abcdef").exists()


def test_the_root_may_be_a_link_but_nothing_below(new_store, tmp_path):
    """A link to a folder is a fine location; one planted inside makes way, and is never written through nor emptied."""
    (tmp_path / "real").mkdir()
    (tmp_path / "store").symlink_to("real")
    victim = tmp_path / "victim"
    victim.mkdir()
    store = new_store()
    folder = store.folder("lab.f", dict)
    assert keep(folder, KEY, "value")
    shutil.rmtree(folder.prefix)
    (victim / KEY[:2]).mkdir()
    entry = victim / KEY[:2] / f"{KEY}.brine1"
    entry.write_text("precious")
    link = Path(folder.prefix[:-1])
    for use in (store.clear, lambda: store.prune(max_entries=0), lambda: keep(folder, KEY, "value")):
        if not link.is_symlink():
            shutil.rmtree(link, ignore_errors=True)
            link.symlink_to(victim)
        use()
        assert entry.read_text() == "precious"
    assert not link.is_symlink()
    assert folder.remove(KEY)
    assert entry.read_text() == "precious"


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.clear(),
        lambda store: store.prune(max_entries=0),
        lambda store: store.verify(fix=True),
        lambda store: store.info(),
        lambda store: store.remove(KEY),
        lambda store: store.folder("lab.f", dict).remove(KEY),
    ],
)
def test_nothing_is_left_in_a_folder_that_is_no_store_yet(new_store, tmp_path, use):
    """Another process may be about to make it one: a file of ours without the tag would turn it into a stranger's."""
    (tmp_path / "store").mkdir()
    store = new_store()
    use(store)
    assert os.listdir(tmp_path / "store") == []
    assert keep(new_store().folder("lab.f", dict), KEY, "value")
    assert value_of(store.folder("lab.f", dict), KEY) == "value"


def test_a_location_that_cannot_hold_a_store_warns_once_and_tools_say_so(new_store, tmp_path):
    """A file in the way: calls compute with one warning, tools raise StoreError."""
    (tmp_path / "store").write_text("a file")
    store = new_store()
    folder = store.folder("lab.f", dict)
    with pytest.warns(StoreWarning, match="Not a directory"):
        assert call(folder, KEY, lambda: "computed") == "computed"
    assert call(folder, KEY, lambda: "again") == "again"  # a second warning would be an error
    for ask in (store.functions, store.info, store.verify, store.clear, store.prune, lambda: list(store.walk())):
        with pytest.raises(StoreError, match="store"):
            ask()
    assert (tmp_path / "store").read_text() == "a file"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_store_still_hits(folder, tmp_path):
    """What can be read is read, what cannot be kept is returned."""
    keep(folder, KEY, "value")
    for path in [tmp_path / "store", *(tmp_path / "store").rglob("*")]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        assert value_of(folder, KEY) == "value"
        with pytest.warns(StoreWarning):
            assert call(folder, key_of(2), lambda: "computed") == "computed"
    finally:
        for path in [tmp_path / "store", *(tmp_path / "store").rglob("*")]:
            path.chmod(0o700)


def test_a_full_disk_costs_only_the_entry(folder, tmp_path):
    """The result is returned, one warning told, no half file left."""
    keep(folder, key_of(2), "small")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.warns(StoreWarning, match="too large"):
            assert call(folder, KEY, lambda: bytes(100_000)) == bytes(100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert value_of(folder, KEY) == "nothing"
    assert os.listdir(tmp_path / "store" / "tmp") == []


def test_a_process_without_descriptors_computes(folder):
    """When no file can be opened the call is computed, and the next one stores again."""
    keep(folder, key_of(2), "small")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", StoreWarning)
            result = call(folder, KEY, lambda: "computed")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert result == "computed"
    assert call(folder, KEY, lambda: "kept") == "kept"
    assert value_of(folder, KEY) == "kept"


def spoil_flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def spoil_other_key(path):
    path.write_bytes(path.parent.parent.joinpath(key_of(2)[:2], f"{key_of(2)}.brine1").read_bytes())


def spoil_fifo(path):
    path.unlink()
    os.mkfifo(path)


def spoil_folder(path):
    path.unlink()
    (path / "somebody's").mkdir(parents=True)


def spoil_empty_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.filterwarnings("ignore::brinery.errors.DamagedEntryWarning")
@pytest.mark.parametrize(
    "spoil",
    [
        spoil_flip,
        spoil_other_key,
        spoil_fifo,
        spoil_folder,
        spoil_empty_folder,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b"x"),
        lambda path: path.write_bytes(os.urandom(5000)),
        lambda path: os.truncate(path, 1 << 40),
    ],
)
def test_whatever_stands_at_an_entry_s_place_is_a_miss_and_heals(folder, store, spoil):
    """Damage, another's entry, a FIFO, a folder: recomputed, and replaced."""
    keep(folder, KEY, "value")
    keep(folder, key_of(2), "other")
    spoil(path_of(folder, KEY))
    assert not folder.contains(KEY, None)
    assert len(store.verify()) == 1
    assert value_of(folder, KEY) == "nothing"
    assert call(folder, KEY, lambda: "anew") == "anew"
    assert value_of(folder, KEY) == "anew"
    assert store.verify() == []
    assert store.info().entries == 2


def test_a_link_at_an_entry_s_place_is_replaced_and_not_followed(folder, tmp_path):
    """What it points to is neither read nor written."""
    keep(folder, KEY, "value")
    path = path_of(folder, KEY)
    path.rename(tmp_path / "moved")
    before = (tmp_path / "moved").read_bytes()
    path.symlink_to(tmp_path / "moved")
    assert call(folder, KEY, lambda: "anew") == "anew"
    assert not path.is_symlink()
    assert (tmp_path / "moved").read_bytes() == before


def test_damage_is_told_once_and_age_is_not(folder):
    """A wrong file warns once; one that is only too old says nothing."""
    keep(folder, KEY, "old", ttl=1e-9)
    assert value_of(folder, KEY) == "nothing"
    keep(folder, KEY, "young")
    assert value_of(folder, KEY, ttl=1e-9) == "nothing"
    assert not folder.contains(KEY, 1e-9)
    assert value_of(folder, KEY) == "young"
    spoil_flip(path_of(folder, KEY))
    with pytest.warns(DamagedEntryWarning) as told:
        assert [value_of(folder, KEY) for _ in range(3)] == ["nothing"] * 3
    assert len(told) == 1


def test_an_entry_signed_with_another_secret_is_a_miss(folder, new_store):
    """Only what our secret signed is loaded, and the store can be shared by no accident."""
    stranger = new_store(secret="another secret of thirty-two bytes or more")
    keep(stranger.folder("lab.f", dict), KEY, "foreign")
    with pytest.warns(DamagedEntryWarning, match="another secret"):
        assert value_of(folder, KEY) == "nothing"


def test_without_a_secret_nothing_is_found_and_asking_says_so(new_store):
    """A call is in nobody's way; a question learns it from SecretError, also when the entry is there."""
    keep(new_store().folder("lab.f", dict), KEY, "value")
    folder = new_store(secret="short").folder("lab.f", dict)
    assert folder.get(KEY, None, CODEC) is None
    assert not folder.unloadable
    with pytest.raises(SecretError):
        folder.contains(KEY, None)


def test_a_result_whose_class_is_gone_is_a_miss(folder):
    """What cannot be loaded any more costs a computation, not an error."""
    module = types.ModuleType("soon_gone")
    module.Thing = type("Thing", (), {"__module__": "soon_gone"})
    sys.modules["soon_gone"] = module
    try:
        keep(folder, KEY, module.Thing())
        assert isinstance(value_of(folder, KEY), module.Thing)
    finally:
        del sys.modules["soon_gone"]
    assert value_of(folder, KEY) == "nothing"
    assert call(folder, KEY, lambda: "anew") == "anew"


def test_remove_forgets_one_entry(folder, store):
    """By the function's folder or by the store; a second time there is nothing to remove."""
    for remove in (folder.remove, store.remove):
        keep(folder, KEY, "value")
        keep(folder, key_of(2), "other")
        assert remove(KEY)
        assert not remove(KEY)
        assert (value_of(folder, KEY), value_of(folder, key_of(2))) == ("nothing", "other")
    assert store._upkeep.usage.read() == (store.info().bytes, store.info().entries) != (0, 0)


def test_clear_removes_entries_and_nothing_else(folder, store, tmp_path):
    """Files of any other name stay, wherever they lie; an empty function leaves no folder."""
    other = store.folder("lab.g", dict)
    for number in range(5):
        keep(folder, key_of(number), number)
        keep(other, key_of(number), number)
    foreign = [
        tmp_path / "store" / "notes.txt",
        tmp_path / "store" / "photos" / KEY[:2] / f"{KEY}.brine1",
        tmp_path / "store" / "tmp" / "notes.txt",
        Path(folder.prefix) / "notes.txt",
        Path(folder.prefix) / KEY[:2] / "notes.txt",
        Path(folder.prefix) / KEY[:2] / f"{KEY}.brine2",
        Path(folder.prefix) / "zz" / f"{KEY}.brine1",
        Path(folder.prefix) / KEY[:2] / f"{KEY.upper()}.brine1x",
    ]
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    assert store.info().other_formats == 1
    assert store.clear("lab.f").entries == 5
    assert [record.name for record in store.functions() if record.entries] == ["lab.g"]
    assert store.clear().entries == 5
    assert all(path.read_text() == "mine" for path in foreign)
    assert not Path(other.prefix).exists()
    assert store._upkeep.usage.read() == (0, 0)


def test_walk_and_find_tell_what_is_stored(folder, store):
    """Every entry once, with its size on the disk and the time it took."""
    for number in range(20):
        keep(folder, key_of(number), bytes(number * 1000), seconds=number)
    records = sorted(store.walk(), key=lambda record: record.seconds)
    assert [record.key for record in records] == [key_of(number) for number in range(20)]
    assert [record.seconds for record in records] == list(range(20))
    assert all(record.size == os.stat(record.path).st_blocks * 512 for record in records)
    assert {record.function for record in records} == {"lab.f"}
    assert [record.key for record in store.find(key_of(7)[:31])] == [
        key for key in map(key_of, range(20)) if key[:31] == key_of(7)[:31]
    ]
    assert [record.key for record in store.find(key_of(7))] == [key_of(7)]
    assert store.metadata(key_of(7)) == {"shown": "f(1)"}
    assert store.metadata("no key") is None
    assert list(store.walk("lab.unknown")) == []
    info = store.info()
    assert (info.entries, info.bytes, info.functions) == (20, sum(record.size for record in records), 1)
    assert store._upkeep.usage.read() == (info.bytes, 20)


def test_prune_removes_what_has_expired_is_old_or_above_a_limit(folder, store):
    """Expired entries go always; a dry run says what would go, and nothing goes."""
    for number in range(10):
        keep(folder, key_of(number), number, ttl=1e-9 if number < 3 else None, seconds=1.0 + number)
    assert store.prune(dry_run=True).entries == 3
    assert store.info().entries == 10
    assert store.prune().entries == 3
    assert store.prune(max_entries=5).entries == 2
    assert sorted(record.seconds for record in store.walk()) == [6.0, 7.0, 8.0, 9.0, 10.0]
    size = store.info().bytes // 5
    assert store.prune(max_size=3 * size).entries == 2
    assert store.prune(older_than=3600.0).entries == 0
    assert store.prune(older_than=-1.0).entries == 3
    assert store._upkeep.usage.read() == (0, 0)


def test_verify_finds_and_mends_everything_wrong(folder, store, tmp_path):
    """Damage, strays and litter are listed with a reason; fixed, they are gone, and the rest is as it was."""
    for number in range(8):
        keep(folder, key_of(number), number)
    spoil_flip(path_of(folder, key_of(0)))
    shutil.copy(path_of(folder, key_of(1)), path_of(folder, key_of(2)))
    shutil.copy(path_of(folder, key_of(3)), Path(folder.prefix, key_of(4)[:2], f"{key_of(3)}.brine1"))
    (tmp_path / "store" / "tmp" / f"{folder.slug[-8:]}-{key_of(9)}").write_bytes(b"half an entry")
    spoil_fifo(path_of(folder, key_of(5)))
    bad = store.verify()
    assert len(bad) == 5
    assert not any(one.removed for one in bad)
    fixed = store.verify(fix=True)
    assert sorted(one.path for one in fixed) == sorted(one.path for one in bad)
    assert all(one.removed for one in fixed)
    assert store.verify() == []
    assert sorted(value_of(folder, key_of(number)) for number in (1, 3, 4, 6, 7)) == [1, 3, 4, 6, 7]
    assert store._upkeep.usage.read() == (store.info().bytes, 5)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b'"text"',
        b"[" * 100_000,
        b"1" * 10_000,
        b'{"max_size": "x", "policy": 3}',
        b"\xff",
        b"{}" * 10**6,
    ],
)
def test_the_files_beside_the_entries_are_never_trusted(new_store, tmp_path, content):
    """store.json, function.json, statistics and usage may hold anything, and nothing but they is lost."""
    store = new_store(max_entries=100)
    folder = store.folder("lab.f", dict)
    keep(folder, KEY, "value")
    for path in ("store.json", "usage", f"{folder.slug}/function.json", f"{folder.slug}/statistics"):
        (tmp_path / "store" / path).write_bytes(content)
    again = new_store(max_entries=100)
    assert again.settings() == {}
    assert [(record.entries, record.hits) for record in again.functions()] == [(1, 0)]
    assert value_of(again.folder("lab.f", dict), KEY) == "value"
    assert keep(again.folder("lab.f", dict), key_of(2), "more")
    assert again.settings()["max_entries"] == 100
    assert again._upkeep.usage.read() == (again.info().bytes, 2)
    assert [record.name for record in again.functions()] == ["lab.f"]


def test_what_killed_writers_left_is_swept_by_the_next_store(new_store, tmp_path):
    """Dead temporary files go with the first entry stored; a live writer's and a stranger's stay."""
    folder = new_store().folder("lab.f", dict)
    claim = folder.claim(KEY)
    claim.attempt()
    temporary = tmp_path / "store" / "tmp"
    live = set(os.listdir(temporary))
    for name in (f"00000000-{key_of(3)}", f"00000000-{key_of(3)}-{HEX}", f".brinery-{HEX}", "stranger"):
        (temporary / name).write_bytes(b"half")
    keep(new_store().folder("lab.g", dict), KEY, "value")
    assert set(os.listdir(temporary)) == live | {"stranger"}
    claim.release()
