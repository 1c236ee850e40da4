"""Whoever can write to a store and does not know the secret can cause misses, and nothing else."""

from __future__ import annotations

import hashlib
import os
import pickle
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from outcomes import quietly

from brinery import Cache
from brinery._cli import main
from brinery._store import layout
from brinery._store.disk.names import temporary_name
from brinery._store.entry.encoding import Payload, encode, facts
from brinery._store.layout import HEAD, MAGIC, SIGNED_FROM
from brinery._store.signing.signer import Signer

STRANGER = Signer(b"a secret of the attacker's own, long enough")


class Evil:
    """A pickle of this makes a folder when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (os.fspath(self.marker),)


@pytest.fixture
def marker(tmp_path: Path):
    """What would show that the attacker's code ran; it did not."""
    path = tmp_path / "attacker-was-here"
    yield path
    assert not path.exists()


def value(x: object) -> list[object]:
    return [x, "right"]


def long_value(x: int) -> list[object]:
    return [x, bytearray(range(256)) * 8000]


def forged(genuine: bytes, stream: bytes, **changes: object) -> bytes:
    """A genuine entry's head over another stream, with lengths that fit."""
    found = facts(genuine[: HEAD.size], len(genuine))
    assert found is not None
    beside = genuine[len(genuine) - found.metadata_length :]
    head = found._replace(stream_length=len(stream), buffer_count=0, **changes)  # type: ignore[arg-type]
    return HEAD.pack(*head) + stream + beside


def signed_by_a_stranger(genuine: bytes, stream: bytes, **changes: object) -> bytes:
    data = bytearray(forged(genuine, stream, **changes))
    data[8:40] = STRANGER.sign(bytes(data[SIGNED_FROM : HEAD.size + len(stream)]))
    return bytes(data)


def stream_as_a_buffer(genuine: bytes, stream: bytes) -> bytes:
    """The evil stream where long ones are, with a digest that is right: only the table is not signed."""
    found = facts(genuine[: HEAD.size], len(genuine))
    assert found is not None
    long = stream.ljust(1 << 20, b".")
    parts = encode(
        found.key, Payload(long, []), created=found.created, expires=found.expires, seconds=1, metadata=b"{}",
        signer=STRANGER,
    )  # fmt: skip
    data = bytearray(b"".join(parts))
    data[8:40] = found.mac
    data[56:64] = found.secret_id
    return bytes(data)


ATTACKS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "a bare pickle": lambda genuine, evil: evil,
    "an honest head": forged,
    "an honest head, the old length": lambda genuine, evil: genuine[: HEAD.size] + evil.ljust(len(genuine) - 128, b"."),
    "behind the genuine stream": lambda genuine, evil: genuine + evil,
    "before the genuine entry": lambda genuine, evil: evil + genuine,
    "signed by a stranger": lambda genuine, evil: signed_by_a_stranger(genuine, evil, secret_id=STRANGER.secret_id),
    "signed by a stranger in our name": signed_by_a_stranger,
    "no signature": lambda genuine, evil: forged(genuine, evil, mac=bytes(32)),
    "an unkeyed digest": lambda genuine, evil: forged(
        genuine, evil, mac=hashlib.sha256(genuine[SIGNED_FROM:128] + evil).digest()
    ),
    "signed with nothing": lambda genuine, evil: forged(genuine, evil, mac=Signer(b"").sign(genuine[SIGNED_FROM:128])),
    "as a long stream": stream_as_a_buffer,
    "as a list of items": lambda genuine, evil: signed_by_a_stranger(
        genuine, len(evil).to_bytes(8, "little") + b"\0" + evil, flags=layout.ITEMS
    ),
    "no pickle, it says": lambda genuine, evil: signed_by_a_stranger(genuine, evil, flags=layout.NOT_PICKLE),
    **{
        f"format {version}": lambda genuine, evil, version=version: forged(
            genuine, evil, magic=MAGIC[:-1] + bytes([version])
        )
        for version in (0, 2, 49, 255)
    },
    **{
        f"flags {flags}": lambda genuine, evil, flags=flags: forged(genuine, evil, flags=flags)
        for flags in (layout.COMPRESSED, layout.BLAKE3, layout.STREAM_APART, 255, 1 << 31)
    },
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_pickle_of_an_attacker_is_ever_loaded(tmp_path, marker, attack):
    """In an entry's place, under a name that was guessed, as a lock: a miss, and every question leaves it shut."""
    cache = Cache(tmp_path / "store")
    f = cache(value)
    f(1)
    (found,) = cache.entries()
    genuine = Path(found.path)
    evil = pickle.dumps(Evil(marker))
    dressed = ATTACKS[attack](genuine.read_bytes(), evil)
    slug = genuine.parent.parent
    for x in (1, 2):  # one that was called, and one that is going to be
        place = slug / f.key(x)[:2] / f"{f.key(x)}.brine1"
        place.parent.mkdir(mode=0o700, exist_ok=True)
        keyed = dressed[:40] + bytes.fromhex(f.key(x)) + dressed[56:] if len(dressed) > 128 else dressed
        place.write_bytes(keyed)
    (tmp_path / "store" / "tmp" / temporary_name(slug.name, f.key(3))).write_bytes(dressed)
    for name in ("store.json", "usage", f"{slug.name}/function.json", f"{slug.name}/statistics"):
        (tmp_path / "store" / name).write_bytes(evil)
    with quietly():
        for x in (1, 2):
            assert not f.is_cached(x)
            f.explain(x)
            cache.explain(f.key(x))
        cache.entries()
        cache.info()
        f.adopt(dry_run=True)
        cache.verify()
        assert [f(x) for x in (1, 2, 3, 1, 2, 3)] == [value(x) for x in (1, 2, 3)] * 2
    assert f.cache_info().hits == 3
    cache.verify(fix=True)
    assert cache.verify() == []


def test_the_attacks_would_work_if_anything_were_loaded(tmp_path):
    """The marker tells: unpickled by anybody, it is there."""
    evil = tmp_path / "ran"
    pickle.loads(pickle.dumps(Evil(evil)))
    assert evil.is_dir()


@pytest.mark.parametrize(
    "field", [(40, 56), (56, 64), (64, 72), (72, 80), (80, 88), (88, 92), (92, 96), (96, 104), (104, 112)]
)
@pytest.mark.parametrize("function", [value, long_value])
def test_nothing_in_a_head_can_be_changed(tmp_path, field, function):
    """Key, times, cost, flags, counts and lengths: any other number there is a miss, small or huge."""
    cache = Cache(tmp_path / "store", ttl="1h")
    f = cache(function)
    right = f(1)
    (found,) = cache.entries()
    path = Path(found.path)
    genuine = path.read_bytes()
    start, end = field
    width = end - start
    chance = random.Random(start)
    numbers = [0, 1, 255, 2**31, 2**63, 2**64 - 1, 0x7FF0000000000000, 0x7FF8000000000000, len(genuine)]
    for number in numbers + [chance.getrandbits(64) for _ in range(5)]:
        changed = number.to_bytes(16, "little")[:width]
        if changed == genuine[start:end]:
            continue
        path.write_bytes(genuine[:start] + changed + genuine[end:])
        with quietly():
            assert not f.is_cached(1)
            assert f(1) == right
    assert f.cache_info().hits == 0


def test_an_entry_put_back_after_its_end_is_a_miss(tmp_path):
    """Neither the old bytes, nor new times of the file, nor another end in the head make it count again."""
    cache = Cache(tmp_path / "store")
    seen: list[int] = []

    @cache(ttl=0.2, ignore=[".seen"], follow="version")
    def f(x: int) -> int:
        seen.append(x)
        return len(seen)

    assert f(1) == 1
    (found,) = cache.entries()
    old = Path(found.path).read_bytes()
    time.sleep(0.25)
    assert f(1) == 2
    time.sleep(0.25)
    Path(found.path).write_bytes(old)
    os.utime(found.path, (time.time() + 1e6, time.time() + 1e6))
    assert f(1) == 3
    prolonged = bytearray(old)
    prolonged[72:80] = HEAD.pack(b"", b"", b"", b"", 0, float("inf"), 0, 0, 0, 0, 0, b"")[72:80]
    time.sleep(0.25)
    Path(found.path).write_bytes(prolonged)
    with quietly():
        assert f(1) == 4


def test_an_entry_of_one_function_is_none_of_another(tmp_path):
    """Nor of another call, another version or another cache with a secret of its own, under whatever name it lies."""
    cache = Cache(tmp_path / "store")
    f, g = cache(value), cache(version="2")(value)
    other = Cache(tmp_path / "other", secret="a secret of somebody else, long enough")(value)
    f(1), g(2), other(1)
    files = [path for folder in ("store", "other") for path in (tmp_path / folder).rglob("*.brine1")]
    genuine = [path.read_bytes() for path in files]
    for data in genuine:
        for path in files:
            path.write_bytes(data)
        with quietly():
            for h, x in ((f, 1), (g, 2), (other, 1)):
                assert h(x) == value(x)
                shutil.rmtree(tmp_path / "scratch", ignore_errors=True)


@pytest.mark.parametrize("kind", ["symbolic", "hard"])
@pytest.mark.parametrize(
    "spot", ["entry", "lock", "aside", "usage", "statistics", "generation", "settings", "description", "tag"]
)
def test_no_link_to_a_file_is_followed(tmp_path, kind, spot):
    """Stores, removals, repairs and sweeps leave the file that a link leads to as it is, its times and mode too."""
    cache = Cache(tmp_path / "store")
    f = cache(value)
    f(1)
    f(1)
    (found,) = cache.entries()
    slug = Path(found.path).parent.parent
    place = {
        "entry": Path(found.path),
        "lock": tmp_path / "store" / "tmp" / temporary_name(slug.name, f.key(2)),
        "aside": tmp_path / "store" / "tmp" / ".brinery-0123456789abcdef",
        "usage": tmp_path / "store" / "usage",
        "statistics": slug / "statistics",
        "generation": tmp_path / "store" / "generation",
        "settings": tmp_path / "store" / "store.json",
        "description": slug / "function.json",
        "tag": tmp_path / "store" / "CACHEDIR.TAG",
    }[spot]
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious " * 100)
    victim.chmod(0o644)
    os.utime(victim, (1e9, 1e9))
    from brinery._store.accounting.statistics import flush_reports

    def planted() -> None:
        if place.parent.is_dir():
            place.unlink(missing_ok=True)
            place.symlink_to(victim) if kind == "symbolic" else os.link(victim, place)

    def check(what: str) -> None:
        status = victim.stat()
        assert victim.read_bytes() == b"precious " * 100, what
        assert (status.st_mtime, status.st_mode & 0o777) == (1e9, 0o644), what

    steps: dict[str, Callable[[], object]] = {
        "calls": lambda: [f(x) for x in (1, 2, 2)],
        "refresh": lambda: [f.refresh(x) for x in (1, 2)],
        "another process": lambda: Cache(tmp_path / "store", max_entries=3)(value)(3),
        "reports": flush_reports,
        "rm": lambda: [main(["rm", "-y", "--dir", str(tmp_path / "store"), f.key(x)]) for x in (1, 2)],
        "forget": lambda: [f.forget(x) for x in (1, 2)],
        "prune": lambda: cache.prune(max_entries=1),
        "eviction": lambda: [Cache(tmp_path / "store", max_entries=2)(value)(x) for x in range(4, 9)],
        "verify": lambda: cache.verify(fix=True),
        "clear": cache.clear,
        "cleared": lambda: [f(x) for x in (1, 2, 1, 2)],
    }
    with quietly():
        for what, step in steps.items():
            planted()
            step()
            check(what)
            assert [f(1), f(2)] == [value(1), value(2)]
            check(what)


@pytest.mark.parametrize("spot", ["function", "shard", "tmp"])
def test_no_link_to_a_folder_is_followed(tmp_path, spot):
    """What lies in the folder that a planted link leads to, named like ours or not, is neither changed nor removed."""
    cache = Cache(tmp_path / "store")
    f = cache(value)
    f(1)
    (found,) = cache.entries()
    shard = Path(found.path).parent
    place = {"function": shard.parent, "shard": shard, "tmp": tmp_path / "store" / "tmp"}[spot]
    victim = tmp_path / "victim"
    shutil.copytree(place, victim)  # all of it looks just like ours
    shutil.rmtree(place)
    (victim / f"00000000-{'0' * 32}").write_bytes(b"half")
    os.utime(victim, (1e9, 1e9))
    place.symlink_to(victim)

    def contents() -> list[tuple[str, float, bytes]]:
        return [
            # A hit on what we signed ourselves notes its use, wherever it lies.
            (str(path), path.suffix == ".brine1" or path.stat().st_mtime, path.read_bytes() if path.is_file() else b"")
            for path in sorted([victim, *victim.rglob("*")])
        ]

    before = contents()
    with quietly() as said:
        assert [f(1), f(2), f.refresh(1), f(3)] == [value(1), value(2), value(1), value(3)]
        f.forget(1)
        cache.prune(max_entries=1)
        cache.verify(fix=True)
        cache.clear()
        assert [f(1), f(2)] == [value(1), value(2)]
        main(["rm", "-y", "--dir", str(tmp_path / "store"), f.key(1)])
    assert contents() == before
    assert len(said) <= 2
