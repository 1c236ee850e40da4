"""Any bytes into the readers of files: a miss or nothing, never an exception, never more memory than the file has."""

from __future__ import annotations

import json
import math
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from brinery._store import layout
from brinery._store.accounting.usage import _parse
from brinery._store.disk.records import parse_object
from brinery._store.entry import encoding as entry
from brinery._store.entry.encoding import Contents, Payload, encode
from brinery._store.entry.reading import holds_together, read_entry, read_facts, read_metadata, read_recorded
from brinery._store.layout import HEAD, SIGNED_FROM
from brinery._store.locking.holder import encode_holder, parse_holder
from brinery._store.results.payload import Codec, Items
from brinery._store.signing.history import records
from brinery._store.signing.signer import Keyring, Signer

HERE = Path(__file__).parent
KEY = bytes(range(16))
SIGNER = Signer(b"s" * 32)
RING = Keyring(SIGNER)
NOW = 1_800_000_000.0
CODEC = Codec("pickle", module="here", home_module="here")
SPARE = 1 << 20  # bytes; what a reader may hold beside the file: what it reads at once, tables, the interpreter's own

NUMBERS = [
    0,
    1,
    7,
    0x7F,
    0x80,
    0xFF,
    0x100,
    0xFFFF,
    1 << 20,
    (1 << 31) - 1,
    1 << 31,
    (1 << 63) - 1,
    1 << 63,
    (1 << 64) - 1,
]


def genuine() -> list[bytes]:
    """One entry of each kind."""
    chance = Random(1)
    text = b"all work and no play makes a dull entry " * 100
    payloads = [
        Payload(pickle.dumps({"answer": 42}), []),
        Payload(
            pickle.dumps(list(range(100))), [memoryview(b"first"), memoryview(bytearray(b"")), memoryview(b"3" * 70)]
        ),
        Payload(text, [memoryview(text * 3), memoryview(chance.randbytes(3000))], compress=True),
        Payload(pickle.dumps(bytes(1 << 20)), [memoryview(b"beside a long stream")]),
        CODEC.dumps(Items([CODEC.freeze(item) for item in ("a", 1, None, [2.5])])),
        Payload(b'{"json": 1}', [], layout.NOT_PICKLE),
        Payload(
            b"\x80\x05(\x97\x97\x97\x97l.",
            [
                Contents(b"bytes", layout.BYTES),
                Contents(b"array" * 40, layout.BYTEARRAY),
                Contents(b"text" * 20, layout.ASCII),
                Contents("\xe9".encode(), layout.TEXT),
            ],
        ),
    ]
    options = {
        "created": NOW - 10,
        "expires": math.inf,
        "seconds": 2.5,
        "metadata": b'{"x": [1, "two"]}',
        "signer": SIGNER,
    }
    return [b"".join(encode(KEY, payload, **options)) for payload in payloads]  # type: ignore[arg-type]


def mutated(data: bytes, others: list[bytes], chance: Random) -> bytes:
    """Change a file as damage and forgers do, once or a few times, mostly near its beginning."""
    spoilt = bytearray(data)
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        at = chance.randrange(min(len(spoilt), chance.choice([8, 128, 400, 1 << 30])) or 1)
        width = chance.choice([1, 2, 4, 8])
        match chance.randrange(9):
            case 0 if spoilt:
                spoilt[at % len(spoilt)] ^= 1 << chance.randrange(8)
            case 1:
                spoilt[at : at + width] = (chance.choice(NUMBERS) % 256**width).to_bytes(width, "little")
            case 2:
                spoilt[at : at + width] = chance.choice([len(spoilt), len(spoilt) - at, at]).to_bytes(8, "little")[
                    :width
                ]
            case 3:
                del spoilt[at : at + chance.choice([1, 8, 64, 1 << 30])]
            case 4:
                spoilt[at:at] = chance.randbytes(chance.choice([1, 8, 64, 5000]))
            case 5:
                spoilt[at : at + 64] = spoilt[chance.randrange(len(spoilt) or 1) :][:64]
            case 6:
                other = chance.choice(others)
                spoilt[at:] = other[chance.choice([at, chance.randrange(len(other))]) :]
            case 7:
                start = chance.choice([64, 72, 80, 88, 92, 96, 104, 128, 136, 144])  # a field of head or table
                spoilt[start : start + width] = (chance.choice(NUMBERS) % 256**width).to_bytes(width, "little")
            case _:
                spoilt[at:] = bytes(max(0, len(spoilt) - at))
    if chance.random() < 0.4 and len(spoilt) >= HEAD.size:  # as one who knows the secret would sign it
        head = HEAD.unpack_from(spoilt)
        end = min(len(spoilt), HEAD.size + head[9] + head[8] * 56)
        spoilt[8:40] = SIGNER.sign(bytes(spoilt[SIGNED_FROM:end]))
    return bytes(spoilt)


def read(path: Path, data: bytes) -> bool:
    """Read a file in every way that there is; whether it is taken for an entry of ours."""
    path.write_bytes(data)
    fd = os.open(path, os.O_RDONLY)
    try:
        status = os.fstat(fd)
        size = status.st_size
        found = read_entry(fd, status, KEY, RING, NOW, None)
        read_facts(fd, size, KEY, RING, NOW, None)
        read_recorded(fd, size, KEY, RING)
        read_metadata(fd, size)
        head = entry.facts(data[: HEAD.size], size)
        if head is not None:
            holds_together(fd, size, head)
        return found is not None
    finally:
        os.close(fd)


def fuzz(folder: Path, seed: int, rounds: int) -> int:
    """Read that many mutated entries; how many of them were still taken for ours."""
    chance = Random(seed)
    entries = genuine()
    assert all(read(folder / "entry", data) for data in entries)
    taken = 0
    for _ in range(rounds):
        data = mutated(chance.choice(entries), entries, chance)
        taken += read(folder / "entry", data)
    return taken


def test_any_change_to_any_entry_is_a_miss_and_no_exception(tmp_path):
    """Flipped, cut, spliced, with other numbers in every field, signed again or not."""
    rounds = 1500
    taken = fuzz(tmp_path, 7, rounds)
    assert 0 < taken < rounds // 2  # some change nothing that counts, and some are signed as they should be


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(8))
def test_many_changes(tmp_path, seed):
    """The same for long."""
    fuzz(tmp_path, 100 + seed, 40_000)


MEMORY = """
import sys
sys.path[:0] = [{here!r}]
from test_decoder_fuzz import *

def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmPeak"))

folder, seed, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
chance = Random(seed)
entries = genuine()
for data in entries:
    read(folder / "entry", data)  # imports what it takes
worst = 0
for number in range(rounds):
    data = mutated(chance.choice(entries), entries, chance)
    before = peak()
    read(folder / "entry", data)
    grown = peak() - before - len(data)
    fd = os.open(folder / "entry", os.O_RDONLY)
    # Whoever knows the secret may promise that something grows when it is expanded.
    is_signed = read_facts(fd, len(data), KEY, RING, NOW, None) is not None
    os.close(fd)
    if grown > SPARE and not is_signed:
        sys.exit(f"round {{number}}: {{grown}} bytes more than the file has")
    worst = max(worst, grown)
planted = 0
for size in (1 << 24, 1 << 34, 1 << 43):
    for start, width in ((92, 4), (96, 8), (104, 8), (128, 8), (136, 8)):
        for number in (*NUMBERS, size, size - 128):
            data = bytearray(entries[1])
            data[start:start + width] = (number % 256**width).to_bytes(width, "little")
            (folder / "entry").write_bytes(data)
            os.truncate(folder / "entry", size)
            before = peak()
            fd = os.open(folder / "entry", os.O_RDONLY)
            status = os.fstat(fd)
            assert read_entry(fd, status, KEY, RING, NOW, None) is None
            read_facts(fd, size, KEY, RING, NOW, None)
            read_metadata(fd, size)
            os.close(fd)
            if peak() - before > 8 * SPARE:
                sys.exit(f"a planted file of {{size}}: {{peak() - before}} bytes")
            planted += 1
print(planted)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="asks Linux how much memory was mapped at most")
def test_no_reader_takes_more_memory_than_the_file_has(tmp_path):
    """Whatever lengths it tells of, mapped memory included, and however long a planted file of holes is."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY.format(here=str(HERE)), tmp_path, "3", "600"],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 3 * 5 * (len(NUMBERS) + 2)


def garbage(chance: Random, seeds: list[bytes]) -> bytes:
    """Bytes of any kind, or what should be there with something wrong."""
    if chance.random() < 0.2:
        return chance.randbytes(chance.choice([0, 1, 24, 40, 41, 300]))
    return mutated(chance.choice(seeds) or b"0", seeds, chance)


PARSERS: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {
    "store.json and function.json": (parse_object, [b'{"max_size": 10, "half_life": 1e3, "x": [1, {"y": null}]}']),
    "the versions of a function": (
        lambda data: records(parse_object(data), "lab.f", RING),
        [json.dumps({"name": "lab.f", "fingerprints": {"0" * 32: {"parts": {"a": "b"}, "seal": "00" * 40}}}).encode()],
    ),
    "the marker of who computes": (
        lambda data: (found := parse_holder(data)) and found.is_gone(),
        [encode_holder("token", ["0" * 32]), encode_holder("x")],
    ),
    "the sum": (_parse, [bytes(40), bytes(range(40))]),
}


@pytest.mark.parametrize("name", PARSERS)
def test_any_bytes_beside_the_entries(name):
    """What cannot be right is nothing, and never an exception."""
    parse, seeds = PARSERS[name]
    chance = Random(5)
    for data in seeds:
        parse(data)
    for _ in range(3000):
        parse(garbage(chance, seeds))
