"""What people and their tools are shown, whoever wrote it: harmless to a terminal and to a page, and never an error."""

from __future__ import annotations

import json
import math
import os
import struct
import time
import tracemalloc
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from outcomes import quietly

from brinery import Cache
from brinery._cli import main
from brinery._store.disk.names import slug_of
from brinery._store.entry.chunks import digests
from brinery._store.entry.encoding import Payload, encode
from brinery._store.layout import HEAD, MAGIC
from brinery._store.signing.signer import Signer

STRANGER = Signer(b"a secret of the attacker's own, long enough")
EVIL = "\x1b[31m\x1b]0;title\x07\r\b<script>alert(1)</script>&\u202e\ud800\x00\x9b31m'\"-->"


def value(x: object) -> list[object]:
    return [x]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    cache = Cache(tmp_path / "store", max_entries=1000)
    f = cache(value)
    f(1)
    f(2)
    return cache


def slug(cache: Cache) -> Path:
    return Path(cache.entries()[0].path).parent.parent


def check_every_command(cache: Cache, capsys: pytest.CaptureFixture[str], *more: list[str]) -> str:
    """Run all that show something; whatever they write is one document, or plain text."""
    keys = [entry.key for entry in cache.entries()]
    commands = [["info"], ["ls", "--sort", "saved"], ["ls", "--sort", "use"]]
    commands += [["ls", function.name] for function in cache.functions() if "\0" not in function.name]
    commands += [["ls", "*", "--sort", order] for order in ("age", "cost")]
    commands += [[command, key] for command in ("show", "explain") for key in keys]
    commands += [["verify"], ["prune", "--dry-run"], ["clear", "--dry-run"], ["rm", "0" * 32], *more]
    written = ""
    for command in commands:
        for json_too in ([], ["--json"]):
            capsys.readouterr()
            try:
                code = main([*command, *json_too, f"--dir={cache.path}"])
            except BaseException as error:
                error.add_note(f"in {command}")
                raise
            out, err = capsys.readouterr()
            assert code in (0, 1), command
            harmful = {character for character in out + err if not character.isprintable() and character != "\n"}
            assert harmful == set(), command
            if json_too and out:
                json.loads(out)
            written += out + err
    return written


FORGED: list[Any] = [
    0,
    -1,
    1,
    10**30,
    10**4000,
    -(10**4000),
    1e308,
    -1e308,
    5e-324,
    math.nan,
    math.inf,
    -math.inf,
    True,
    None,
    "",
    EVIL,
    "10GB",
    [],
    {},
    [[[]]],
    {"a": {"b": [EVIL]}},
]


SOME_FORGED = [
    pytest.param(number, marks=() if number in (4, 9, 15, 20) else pytest.mark.slow) for number in range(len(FORGED))
]


@pytest.mark.parametrize("number", SOME_FORGED)
def test_a_forged_store_json_is_neither_believed_nor_an_error(cache, capsys, number):
    """Limits that are no limits, huge, negative, no numbers or full of escapes: commands answer, programs go on."""
    forged = dict.fromkeys(("format", "max_size", "max_entries", "policy", "half_life", EVIL), FORGED[number])
    (cache.path / "store.json").write_text(json.dumps(forged))
    check_every_command(cache, capsys)
    with quietly() as said:
        for x in range(5):
            assert Cache(cache.path, max_entries=1000)(value)(x) == [x]
    assert said == []
    assert len(cache) == 5


@pytest.mark.parametrize("number", SOME_FORGED)
def test_a_forged_function_json_is_neither_believed_nor_an_error(cache, capsys, number):
    """Names, versions, parts, places and seals of any kind: shown harmlessly, or not at all."""
    forged = FORGED[number]
    f = cache(value)
    record = dict.fromkeys(("parts", "places", "own", "unseen", "by_type", "at", "seal"), forged)
    genuine = json.loads((slug(cache) / "function.json").read_text())
    fingerprint = next(iter(genuine["fingerprints"]))
    for document in (
        forged,
        {"name": forged, "fingerprints": forged},
        {"name": genuine["name"], "fingerprints": {fingerprint: record, EVIL: record}},
        {
            "name": genuine["name"],
            "fingerprints": {fingerprint: {**genuine["fingerprints"][fingerprint], "parts": forged}},
        },
    ):
        (slug(cache) / "function.json").write_text(json.dumps(document))
        shown = check_every_command(cache, capsys)
        assert "alert(1)" not in f.explain(3)._repr_html_().replace("&lt;script&gt;alert(1)", "")
        assert "\x1b" not in shown
        f.adopt(dry_run=True)
        with quietly() as said:
            assert [f(1), f(4)] == [[1], [4]]
        assert said == []


@pytest.mark.parametrize("depth", [10, 1000, 100_000])
def test_deep_nesting_is_no_way_out(cache, capsys, depth):
    """A file of nothing but brackets is nothing."""
    for name in ("store.json", f"{slug(cache).name}/function.json"):
        for opening, closing in (("[", "]"), ('{"fingerprints":', "}")):
            (cache.path / name).write_text(opening * depth + "1" + closing * depth)
            check_every_command(cache, capsys)
            assert cache(value)(1) == [1]


NUMBERS = [0, -1, 2**62, 2**59, -(2**63), 2**63 - 1]
LAST = [0.0, math.nan, math.inf, -math.inf, 1e308, -1.0]


@pytest.mark.parametrize("name", ["statistics", "usage"])
def test_forged_counters_keep_nobody_from_storing(tmp_path, capsys, name):
    """Sums of any kind are shown as numbers, and new entries are kept and counted."""
    for turn, (number, last) in enumerate(product(NUMBERS, LAST)):
        cache = Cache(tmp_path / f"{turn}")
        cache(value)(1)
        path = slug(cache) / name if name == "statistics" else cache.path / name
        numbers = (number,) * (2 if name == "statistics" else 4)
        path.write_bytes(struct.pack(f"<{len(numbers)}qd", *numbers, last))
        for command in (["info"], ["ls"], ["info", "--json"]):
            assert main([*command, f"--dir={cache.path}"]) == 0
        out, _ = capsys.readouterr()
        assert "nan" not in out
        f = Cache(cache.path, max_entries=1000)(value)
        with quietly() as said:
            assert [f(x) for x in (1, 7, 8, 7, 8)] == [[x] for x in (1, 7, 8, 7, 8)]
        assert said == []
        assert f.cache_info().hits == f.cache_info().currsize == 3
        f._cache._store.close()


def test_a_sum_forged_too_low_is_found_out_by_the_next_process(tmp_path):
    """After a power failure the sum may be nothing: the limit is kept all the same."""
    place = tmp_path / "store"
    f = Cache(place, max_entries=20)(value)
    for x in range(20):
        f(x)
    f._cache._store.close()
    (place / "usage").write_bytes(bytes((place / "usage").stat().st_size))
    g = Cache(place, max_entries=20)(value)
    with quietly():
        for x in range(100, 105):
            g(x)
    assert len(g._cache) <= 21


def planted(cache: Cache, **changes: Any) -> Path:
    """An entry by a stranger, of any times and metadata, whose head agrees with the rest."""
    f = cache(value)
    place = slug(cache) / f.key("planted")[:2] / f"{f.key('planted')}.brine1"
    place.parent.mkdir(mode=0o700, exist_ok=True)
    options = {"created": time.time() - 5, "expires": math.inf, "seconds": 1.0, "metadata": b"{}"} | changes
    place.write_bytes(b"".join(encode(bytes.fromhex(place.stem), Payload(b"stream", []), signer=STRANGER, **options)))
    return place


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, -1.0, 1e18])
@pytest.mark.parametrize("name", ["created", "expires", "seconds"])
def test_forged_times_and_costs_are_shown_and_survived(cache, capsys, name, number):
    """Nobody signed for an entry's head that is only shown: no command fails by it, nor does making room."""
    place = planted(cache, **{name: number})
    os.utime(place, (0, 2**33))
    check_every_command(cache, capsys, ["prune", "-y", "--max-entries", "100"])
    for policy in ("lru", "largest", lambda entry: entry.seconds - entry.created):
        small = Cache(cache.path, max_entries=5, eviction=policy)
        g = small(value)
        with quietly():
            for x in range(10, 18):
                assert g(x) == [x]
        assert len(small) <= 6
        assert os.listdir(cache.path / "tmp") == []
    cache.prune(older_than=1e9)
    cache.verify(fix=True)


@pytest.mark.parametrize("number", SOME_FORGED)
def test_forged_metadata_are_shown_harmlessly(cache, capsys, number):
    """Arguments, texts and names of any kind."""
    forged = FORGED[number]
    for document in (
        forged,
        dict.fromkeys(
            ("arguments", "result", "serializer", "python", "fingerprint", "function", "inside", "call"), forged
        ),
        {"arguments": {EVIL: ["00", EVIL], "x": forged, "y": [forged, forged]}, "result": EVIL},
    ):
        planted(cache, metadata=json.dumps(document).encode())
        check_every_command(cache, capsys)
        cache(value).explain("other")


def test_a_folder_with_a_name_that_is_an_attack(cache, capsys):
    """A function's name is shown escaped, on the terminal and in JSON, and it can be cleared by it."""
    name = EVIL.replace("\0", "")
    folder = cache.path / slug_of(name)
    folder.mkdir(mode=0o700)
    (folder / "function.json").write_text(json.dumps({"name": name}))
    entry = Path(cache.entries()[0].path)
    (folder / entry.parent.name).mkdir()
    (folder / entry.parent.name / entry.name).write_bytes(entry.read_bytes())
    assert "\\x1b[31m" in check_every_command(cache, capsys)
    assert cache.clear(name).entries == 1


def test_an_entry_goes_by_its_files_name_whatever_its_head_says(cache):
    """Who removes what is shown removes that, and not the entry whose key a forger wrote into its head."""
    f = cache(value)
    one, other = (cache.find(f.key(x))[0] for x in (1, 2))
    data = Path(other.path).read_bytes()
    Path(one.path).write_bytes(data)
    (found,) = cache.find(f.key(1)[:12])
    assert found.key == f.key(1)
    assert cache.remove(found.key)
    assert f.is_cached(2)


def with_a_buffer(place: Path, length: int, expanded: int, digest_of_it: bytes) -> bytes:
    """The start of an entry by an unknown signer with one buffer, whose table promises any length."""
    table = struct.pack("<QQB7x32s", length, expanded, 0, digest_of_it)
    key, beside = bytes.fromhex(place.stem), sha256(b"{}").digest()[:16]
    head = HEAD.pack(MAGIC, bytes(32), key, b"unknown!", time.time() - 5, math.inf, 1.0, 0, 1, 0, 2, beside)
    return (head + table).ljust(192, b"\0")


@pytest.mark.parametrize("expanded", [0, 10**10, 2**40, 2**63 - 1, 2**63, 2**64 - 1])
def test_verifying_a_strangers_entry_believes_no_length(cache, expanded):
    """What its table promises to become when it is expanded is not allocated, and is no error."""
    place = planted(cache)
    content = b"a buffer of little more than nothing"
    start = with_a_buffer(place, len(content), expanded, *digests([content], blake3=False))
    place.write_bytes(start + content + b"{}")
    tracemalloc.start()
    try:
        (bad,) = cache.verify(fix=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert bad.path == str(place)
    assert peak < 4_000_000
    assert [cache(value)(x) for x in (1, 2)] == [[1], [2]]


def test_verifying_a_strangers_terabyte_of_holes_ends_at_once(cache):
    """A sparse file whose table covers all of it is neither read to its end nor held in memory."""
    place = planted(cache)
    size = 1 << 40
    start = with_a_buffer(place, size, size, bytes(32))
    place.write_bytes(start)
    os.truncate(place, len(start) + size)
    with place.open("ab") as file:
        file.write(b"{}")
    began = time.monotonic()
    (bad,) = cache.verify()
    assert bad.path == str(place)
    assert time.monotonic() - began < 5
