"""Stores in which nothing is left to chance: the same keys, times, sizes and secret each time they are made."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xxhash
from bare_store import keep, open_store, path_of

from brinery._store.accounting.statistics_lines import Line, Missed, encode
from brinery._store.accounting.tally import Tally

NOW = 1_800_000_000.0
SECRET = "a secret of more than thirty-two bytes"
OTHER_SECRET = "another secret, of somebody else than us"
FORMER, PRESENT = "a" * 32, "b" * 32
_HOUR, _DAY = 3600, 86400
_SECOND = 1_000_000_000


def key_of(number: int) -> str:
    """Make a key like any other."""
    return xxhash.xxh3_128_hexdigest(b"%d" % number)


def _version(rate: str) -> dict[str, Any]:
    """What function.json tells of a version of `lab.fit`, with a constant that was edited."""
    return {
        "parts": {
            "function lab.fit": ["00", ""],
            "global lab.RATE": [rate.encode().hex(), rate],
        },
        "places": {"function lab.fit": "lab.py:12", "global lab.RATE": "lab.py:5"},
        "unseen": ["open (file), in lab.fit, line 14"],
    }


def _store(place: Path, secret: str) -> Callable[..., None]:
    """Give what puts an entry into a store: of a function, under a number, so many seconds ago."""
    store = open_store(place, max_size=2_000_000_000, half_life=7.0 * _DAY, secret=secret)

    def put(home: str, number: int, ago: float, seconds: float, fingerprint: str = PRESENT, **facts: Any) -> None:
        rate = "0.03" if fingerprint == FORMER else "0.05"
        folder = store.folder(home, lambda: (fingerprint, lambda: _version(rate)))
        arguments = {
            name: [f"{shown!r:>32}", shown] for name, shown in facts.pop("arguments", {"x": str(number)}).items()
        }
        created = NOW - ago
        told = {"fingerprint": fingerprint, "result": "list", "serializer": "pickle", "python": "3.13"}
        keep(
            folder,
            key_of(number),
            [number] * facts.pop("length", 1),
            seconds=seconds,
            created=created,
            expires=facts.pop("expires", float("inf")),
            metadata={**told, "arguments": arguments},
        )
        priority = store._policy.first(created, seconds, 4096)
        os.utime(path_of(folder, key_of(number)), ns=(int(created * _SECOND), priority))

    return put


def make_empty(place: Path) -> None:
    """A folder with nothing in it."""
    place.mkdir(parents=True)


def make_small(place: Path, secret: str = SECRET) -> None:
    """Seven entries of three functions: an edit between them, one that has expired, names from far away."""
    put = _store(place, secret)
    put("lab.fit", 1, 3 * _DAY, 95.0, FORMER, arguments={"model": "'linear'", "rows": "<ndarray 1000x12>"})
    put("lab.fit", 2, 2 * _DAY, 12.5, FORMER, arguments={"model": "'forest'", "rows": "<ndarray 1000x12>"})
    put("lab.fit", 3, 90.0, 101.0, arguments={"model": "'linear'", "rows": "<ndarray 1000x12>"})
    put(
        "lab.fit",
        4,
        30.0,
        0.002,
        length=5000,
        arguments={"model": "'a model with a long name'", "rows": "<list of 5000>"},
    )
    put("lab.quote", 5, 2 * _HOUR, 1.5, expires=NOW - _HOUR, arguments={"name": "'ACME'", "password": "..."})
    put("lab.quote", 6, 60.0, 1.4, expires=NOW + _HOUR, arguments={"name": ""})
    put("lab.<locals>.größe", 8, 40 * _DAY, 0.25, arguments={"text": "'\\x1b[31mred'"})
    session = "0123456789abcdef-4242-1000"
    tell = {
        "lab.fit": [
            Line(Tally(30, 2, 1900.0)),
            Line(Tally(12, 1, 1212.0), NOW - 95, session, "analysis.py", Missed(key_of(3), "")),
        ],
        "lab.quote": [Line(Tally(0, 1, 0.0), NOW - 60, session, "analysis.py", Missed(key_of(6), "expired"))],
    }
    for folder in place.iterdir():
        lines = next((lines for home, lines in tell.items() if folder.name.startswith(f"{home}-")), None)
        if lines:
            (folder / "statistics").write_bytes(b"".join(map(encode, lines)))


def make_damaged(place: Path) -> None:
    """The small one after a bad day: cut, altered, misplaced and foreign files, and notes that are none."""
    make_small(place)
    files = {path.name[:32]: path for path in place.rglob("*.brine1")}
    status = {key: path.stat() for key, path in files.items()}
    cut, altered = files[key_of(1)], files[key_of(4)]
    cut.write_bytes(cut.read_bytes()[:50])
    data = bytearray(altered.read_bytes())
    data[len(data) // 2] ^= 1
    altered.write_bytes(data)
    shutil.copy2(files[key_of(3)], files[key_of(3)].with_name(f"{key_of(3)[:2]}{key_of(9)[2:]}.brine1"))
    for key in (key_of(1), key_of(4)):
        os.utime(files[key], ns=(status[key].st_atime_ns, status[key].st_mtime_ns))
    (altered.parent.parent / "statistics").write_bytes(b"\n-1 many \xff")
    (files[key_of(6)].parent.parent / "function.json").write_text("{")
    (place / "notes.txt").write_text("mine")


def make_foreign(place: Path) -> None:
    """The small one of somebody with another secret."""
    make_small(place, OTHER_SECRET)


def make_large(place: Path) -> None:
    """Ten thousand entries of two hundred functions, copied into place: each is one that was signed for another key."""
    put = _store(place, SECRET)
    put("lab.step000", 0, 1000.0, 0.5)
    (folder,) = place.glob("lab.step000-*")
    (model,) = folder.rglob("*.brine1")
    data = bytearray(model.read_bytes())
    description = (folder / "function.json").read_text()
    from brinery._store.disk.names import slug_of

    for number in range(200):
        home = f"lab.step{number:03}"
        other = place / slug_of(home)
        other.mkdir(exist_ok=True)
        (other / "function.json").write_text(description.replace("lab.step000", home))
        (other / "statistics").write_text(f"\n{number * 3} 50 {number * 1.5}")
        for entry in range(50):
            path = other / key_of(number * 50 + entry)[:2] / f"{key_of(number * 50 + entry)}.brine1"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            at = int((NOW - 1000 - number * 50 - entry) * _SECOND)
            os.utime(path, ns=(at, at))


STORES = {
    "empty": make_empty,
    "small": make_small,
    "large": make_large,
    "damaged": make_damaged,
    "foreign": make_foreign,
}
