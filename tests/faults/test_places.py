"""Places that cannot hold a store, hardly can, or have odd names: the result, and at most one warning per cause."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest
from outcomes import quietly

from brinery import BrineryError, Cache, StoreError
from brinery._cli import main

HERE = Path(__file__).parent


def value(size: int) -> list[object]:
    return [size, bytes(size)]


def check_that_calls_go_on(cache: Cache, *, stores: bool) -> None:
    """Every call returns, one warning is said at most, and questions raise nothing but brinery's own errors."""
    f = cache(value)
    with quietly() as said:
        assert [f(size) for size in (1, 100, 100_000, 1, 100)] == [value(size) for size in (1, 100, 100_000, 1, 100)]
        assert f.refresh(1) == value(1)
        assert f.is_cached(100) is stores
        f.explain(100)
        f.forget(1)
        f.cache_info()
    assert len(said) <= 1, said
    assert stores or said
    for ask in (cache.info, cache.entries, cache.functions, cache.verify, cache.prune, cache.clear, cache.settings):
        with nullcontext() if stores else suppress(BrineryError):
            ask()


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A file system in memory, of 512 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("mounting takes root")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=512k", "tmpfs", place], check=False, capture_output=True)
    if done.returncode:
        pytest.skip(f"mounting a tmpfs is not allowed here: {done.stderr.decode(errors='replace')}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def test_a_disk_without_a_single_byte_left(mounted):
    """Nothing can be made: every call returns, one warning; with room again the store works."""
    with suppress(OSError), (mounted / "full").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1024))
    cache = Cache(mounted / "store")
    f = cache(value)
    with quietly() as said:
        for size in (10, 100_000, 1_000_000):
            assert f(size) == f(size) == value(size)
    assert len(said) == 1
    (mounted / "full").unlink()
    with quietly():
        assert f(10) == f(10) == value(10)
    assert f.cache_info().hits == 1
    assert os.listdir(mounted / "store" / "tmp") == []
    assert cache.verify() == []
    cache._store.close()


def test_a_disk_that_fills_up_and_empties_again(mounted):
    """Entries that fit are kept, others returned; no half file stays; clearing gives the room back."""
    cache = Cache(mounted / "store")
    f = cache(value)
    with quietly() as said:
        for turn in range(3):
            for size in (50_000, 150_000, 400_000, 70_000 + turn, 600_000, 90_000 + turn):
                assert f(size) == value(size)
            assert os.listdir(mounted / "store" / "tmp") == []
    assert len(said) == 1
    assert f.is_cached(50_000)
    assert cache.verify() == []
    assert cache.clear().entries > 1
    with quietly() as said:
        assert f(400_000) == f(400_000) == value(400_000)
    assert said == []
    assert f.is_cached(400_000)
    cache._store.close()


def test_a_disk_out_of_inodes(tmp_path):
    """Room for bytes and none for files: the same."""
    place = tmp_path / "disk"
    place.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "nr_inodes=12", "tmpfs", place], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("mounting takes root")
    try:
        cache = Cache(place / "store")
        f = cache(value)
        with quietly() as said:
            for size in range(30):
                assert f(size) == value(size)
        assert len(said) == 1
        cache._store.close()
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def test_a_disk_mounted_read_only(mounted):
    """What is there is hit without a word; what is not is returned with one warning, and nothing can be removed."""
    f = Cache(mounted / "store")(value)
    f(1)
    cache = Cache(mounted / "store")
    f._cache._store.close()
    subprocess.run(["mount", "-o", "remount,ro", mounted], check=True)
    g = cache(value)
    with quietly() as said:
        assert g(1) == g(1) == value(1)
        assert g.cache_info().hits == 2
    assert said == []
    with quietly() as said:
        assert g(2) == g(2) == value(2)
        with pytest.raises(StoreError, match="Read-only file system"):
            g.forget(1)
        assert g.refresh(1) == value(1)
    assert len(said) == 1
    assert g.is_cached(1)
    assert cache.verify() == []
    assert cache.info().entries == 1
    cache._store.close()


def test_a_mount_that_is_read_only_from_the_start(mounted):
    """No store can be made there: one warning, and every call returns."""
    subprocess.run(["mount", "-o", "remount,ro", mounted], check=True)
    check_that_calls_go_on(Cache(mounted / "a" / "store"), stores=False)


@pytest.mark.parametrize("kind", ["file", "below-a-file", "fifo", "device", "dangling", "loop", "too-long"])
def test_a_location_that_is_no_folder(tmp_path, kind):
    """A file, a pipe, a device, a link to nowhere or to itself: computed every time, with one warning."""
    place = tmp_path / "place"
    if kind in ("file", "below-a-file"):
        place.write_text("mine")
    elif kind == "fifo":
        os.mkfifo(place)
    elif kind == "device":
        place = Path("/dev/null")
    elif kind == "dangling":
        place.symlink_to(tmp_path / "nowhere")
    elif kind == "loop":
        place.symlink_to(place)
    elif kind == "too-long":
        place = tmp_path / ("x" * 300)
    check_that_calls_go_on(Cache(place / "store" if kind == "below-a-file" else place), stores=False)
    if kind in ("file", "below-a-file"):
        assert place.read_text() == "mine"


NAMES = {
    "spaces": "  a folder with  spaces ",
    "newlines": "one\ntwo\r\n\tthree",
    "escapes": "\x1b[31mred\x07\x1b]0;title\x07",
    "250-bytes": "n" * 250,
    "umlauts-to-255-bytes": "ä" * 127,
    "emoji": "\U0001f9c2\u200d\u202eevil",
    "surrogates": os.fsdecode(b"\xff\xfe\x80 bytes that are no text"),
    "quotes": "'\"`$(touch pwned)`; rm -rf *",
    "glob": "[a-z]*?{x,y}",
    "percent": "%s %(x)s %n {0} {x}",
    "backslash": "back\\slash\\n",
    "dash": "-rf",
    "tilde": "~nobody",
    "markup": "<script>alert(1)<!--",
    "looks-like-ours": "lab.f-0123abcd",
    "dots": "...",
}


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_a_folder_of_any_name(tmp_path, name, capsys):
    """It holds a store like any other, what is said about it is one harmless line, and nothing else is made."""
    place = tmp_path / "parent" / NAMES[name]
    check_that_calls_go_on(Cache(place), stores=True)
    cache = Cache(place)
    f = cache(value)
    f(1)
    (found,) = cache.entries()
    Path(found.path).write_bytes(b"damaged")
    with quietly() as said:
        assert f(1) == value(1)
    assert len(said) == 1
    capsys.readouterr()
    for command in ("info", "ls", "verify", "prune", "clear"):
        options = ["-y"] if command in ("prune", "clear") else []
        assert main([command, f"--dir={place}", *options]) == 0
        out, err = capsys.readouterr()
        assert all(character.isprintable() or character == "\n" for character in out + err), command
    assert os.listdir(tmp_path / "parent") == [NAMES[name]]


@pytest.mark.parametrize("length", [3000, 3920, 3960, 4000, 4060, 4095])
def test_a_place_as_deep_as_paths_go(tmp_path, length):
    """Where a path has no more room for an entry's name nothing is stored, and said so; calls go on all the same."""
    place = str(tmp_path)
    while len(place) < length - 200:
        place += "/" + "d" * min(200, length - len(place) - 1)
    place += "/" + "d" * (length - len(place) - 1)
    if length < 3940:
        check_that_calls_go_on(Cache(place), stores=True)
        return
    f = Cache(place)(value)
    with quietly() as said:
        assert [f(size) for size in (1, 100, 1, 100)] == [value(size) for size in (1, 100, 1, 100)]
    assert len(said) == 1
    assert "File name too long" in said[0]


IN_A_BAD_WAY = """
import os, resource, sys
sys.path[:0] = [{here!r}]
from brinery import BrineryError, Cache
from outcomes import quietly
from test_places import value
{way}
cache = Cache(*sys.argv[1:])
f = cache(value)
{then}
with quietly() as said:
    for size in (1, 100_000, 1, 2_000_000, 100_000):
        assert f(size) == value(size)
    try:
        f.explain(1), f.is_cached(1), f.forget(7)
    except BrineryError:
        pass
    except Exception as error:
        sys.exit(f"a question raised {{error!r}}")
{after}
print(len(said), f.cache_info().hits)
"""


def in_a_bad_way(
    way: str, *arguments: object, then: str = "", after: str = "", cwd: Path | str = "/", **changes: object
) -> list[int]:
    """How many warnings and hits a process had, in that way."""
    environment = {**os.environ, **changes}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            IN_A_BAD_WAY.format(here=str(HERE), way=way, then=then, after=after),
            *map(str, arguments),
        ],
        env={name: value for name, value in environment.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        cwd=cwd,
    )
    assert done.returncode == 0, done.stderr
    assert "Exception ignored" not in done.stderr
    return [int(word) for word in done.stdout.split()]


@pytest.mark.parametrize("left", [0, 1, 2, 3, 5, 8])
def test_out_of_descriptors(tmp_path, left):
    """A process that can open no more files: every call returns; with descriptors again, it stores."""
    way = (
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)); taken = []\n"
        "try:\n"
        "    while True: taken.append(os.open('/dev/null', os.O_RDONLY))\n"
        "except OSError: pass\n"
        f"for fd in taken[:{left}]: os.close(fd)"
    )
    after = f"for fd in taken[{left}:]: os.close(fd)\nassert f(3) == f(3) == value(3)\nassert f.is_cached(3)"
    said, hits = in_a_bad_way("", tmp_path / "store", then=way, after=after)
    assert said <= 2
    assert hits >= 1


def generate(size):
    yield value(size)


async def compute(size):
    return value(size)


AFTER_HITS = """
import asyncio, os, resource, sys
sys.path[:0] = [{here!r}]
from brinery import Cache
from outcomes import quietly
from test_places import compute, generate, value
cache = Cache(sys.argv[1])
f, g, h = cache(value), cache(generate), cache(compute)
loop = asyncio.new_event_loop()

def every(size):
    return [f(size), *g(size), loop.run_until_complete(h(size))]

assert every(1) == [value(1)] * 3
if sys.argv[2] == "hits":
    assert [one.cache_info().hits for one in (f, g, h)] == [1] * 3
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    taken = []
    try:
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    for fd in taken[:int(sys.argv[3])]:
        os.close(fd)
    with quietly() as said:
        assert every(2) == [value(2)] * 3
        assert every(100_000) == [value(100_000)] * 3
    for fd in taken[int(sys.argv[3]):]:
        os.close(fd)
    assert len(said) == len(set(said)) <= 6, said
    assert every(3) == every(3) == [value(3)] * 3
    assert [one.is_cached(3) for one in (f, g, h)] == [True] * 3
    assert cache.verify() == []
"""


@pytest.mark.parametrize("left", [0, 1, 2, 4])
def test_out_of_descriptors_after_hits(tmp_path, left):
    """What only a miss needs cannot be loaded any more then: the call computes all the same."""
    for way in ("stores", "hits"):
        command = [sys.executable, "-c", AFTER_HITS.format(here=str(HERE)), tmp_path / "store", way, str(left)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("most", [0, 1, 100, 4096, 50_000])
def test_a_limit_to_the_length_of_files(tmp_path, most):
    """Under RLIMIT_FSIZE what fits is kept, the rest returned, and no half file is left."""
    way = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, resource.RLIM_INFINITY))"
    after = (
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\n"
        "assert f(3) == f(3) == value(3)\nassert cache.verify() == []\n"
        "assert os.listdir(f'{cache.path}/tmp') == []"
    )
    said, hits = in_a_bad_way(way, tmp_path / "store", after=after)
    assert said <= 1 + (most == 0)
    assert hits >= 1


@pytest.mark.parametrize("home", [None, "", "relative", "/nowhere/at/all", "/dev/null", "/proc/nothing"])
@pytest.mark.parametrize("is_named", [True, False], ids=["a-store-of-its-own", "the-default-store"])
def test_a_home_that_is_none(tmp_path, home, is_named):
    """HOME unset, empty, relative, missing or no folder: every call returns, and one warning at most is said."""
    then = ""
    if home is None:
        if os.geteuid() != 0:
            pytest.skip("without HOME the system tells this user's real home")
        # Somebody whom the system does not know; what such a one may not read has been imported by then.
        then = "Cache('before', secret='s' * 32)(value)(1)\nos.setgroups([])\nos.setuid(54321)"
    arguments = [tmp_path / "store"] if is_named else []
    said, _ = in_a_bad_way("", *arguments, then=then, HOME=home, cwd=tmp_path)
    assert said <= 2 - (not is_named)


def test_a_temporary_folder_that_is_forbidden(tmp_path):
    """The system's own folder for temporary files is not used at all."""
    said, hits = in_a_bad_way("", tmp_path / "store", TMPDIR="/nowhere/at/all")
    assert (said, hits) == (0, 2)


def test_a_store_removed_again_and_again(tmp_path):
    """Between calls, and during them by the function itself: every value is right, and the last one is kept."""
    cache = Cache(tmp_path / "store")
    f = cache(value)

    @cache(ignore=[".shutil"], follow="version")
    def removing(x: int) -> int:
        shutil.rmtree(tmp_path / "store")
        return x

    with quietly():
        for size in (1, 70_000, 2, 2_000_000):
            assert f(size) == value(size)
            shutil.rmtree(tmp_path / "store")
            assert f(size) == f(size) == value(size)
            assert removing(size) == removing(size) == size
            shutil.rmtree(tmp_path / "store", ignore_errors=True)
            (tmp_path / "store").mkdir()
            assert f(size) == f(size) == value(size)
    assert f.is_cached(2_000_000)
    assert os.listdir(tmp_path / "store" / "tmp") == []


def test_upkeep_of_a_place_that_is_a_file_is_one_error(tmp_path):
    """Who asks by name is told, in brinery's own words."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match="cannot be read"):
        Cache(tmp_path / "file").info()
