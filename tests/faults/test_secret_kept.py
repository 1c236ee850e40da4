"""The secret in use: one for all, refused when it is not ours alone, rotated, and never shown to anybody."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import pytest
from outcomes import quietly

from brinery import BrineryError, Cache
from brinery._cli import main
from brinery._store.signing.secret_file import secret_path

GIVEN = "correct-horse-battery-staple-0123456789"


def value(x: object) -> list[object]:
    return [x]


def check_that_it_shows_nothing(error: BaseException, *secrets: str) -> None:
    """Look at the error, those behind it, and all variables of brinery's frames, as reporters of errors do."""
    seen: set[int] = set()
    behind: list[BaseException | None] = [error]
    while behind:
        one = behind.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        shown = [repr(one), str(one)]
        trace: TracebackType | None = one.__traceback__
        while trace is not None:
            frame = trace.tb_frame
            if frame.f_globals.get("__name__", "").startswith("brinery"):
                shown += [f"{frame.f_code.co_qualname}: {name} = {found!r}" for name, found in frame.f_locals.items()]
            trace = trace.tb_next
        for text in shown:
            assert not any(secret in text for secret in secrets), text
        behind += [one.__cause__, one.__context__]


def test_no_error_about_something_else_shows_it(tmp_path):
    """A typo in another option says nothing about the secret beside it."""
    for wrong in ({"max_sise": 1}, {"max_size": "much"}, {"ttl": -1}, {"eviction": "best"}):
        with pytest.raises((TypeError, ValueError)) as caught:
            Cache(tmp_path, secret=GIVEN, **wrong)
        check_that_it_shows_nothing(caught.value, GIVEN)


@pytest.mark.parametrize("secret", ["hunter2-hunter2", b"hunter2-hunter2", ["hunter2-hunter2"]])
def test_no_error_about_a_given_secret_shows_it(tmp_path, secret):
    """Neither the message nor a variable on the way."""
    with pytest.raises((BrineryError, TypeError)) as caught:
        Cache(tmp_path, secret=secret)
    check_that_it_shows_nothing(caught.value, "hunter2")


def test_no_error_about_the_variable_shows_it(tmp_path, monkeypatch):
    """A secret in the environment that is too short is not repeated."""
    Cache(tmp_path / "store")(value)(1)
    monkeypatch.setenv("BRINERY_SECRET", "hunter2-hunter2")
    with pytest.raises(BrineryError) as caught:
        Cache(tmp_path / "store").verify()
    check_that_it_shows_nothing(caught.value, "hunter2")


@pytest.mark.parametrize("damage", ["half a line\n", "\n", "no end"])
def test_no_error_about_the_secret_file_shows_it(tmp_path, damage):
    """A damaged file still holds good secrets: not a digit of them comes out."""
    f = Cache(tmp_path / "store")(value)
    f(1)
    first = Path(secret_path()).read_text()
    main(["secret", "rotate"])
    with Path(secret_path()).open("a") as file:
        file.write(damage)
    secrets = [first.strip(), Path(secret_path()).read_text()[:64]]
    with pytest.raises(BrineryError) as caught:
        Cache(tmp_path / "store").verify()
    check_that_it_shows_nothing(caught.value, *secrets)


def test_nothing_that_is_said_logged_or_stored_shows_it(tmp_path, caplog, capsys):
    """Not in a repr, a warning, the log, what commands write, an explanation, nor in any file of the store."""
    caplog.set_level(logging.DEBUG)
    for turn, cache in enumerate([Cache(tmp_path / "a"), Cache(tmp_path / "b", secret=GIVEN, verbose=True)]):
        f = cache(value)
        with quietly() as said:
            f(1)
            (found,) = cache.entries()
            Path(found.path).write_bytes(b"damaged")
            f(1)
            f(lambda: 1)
            shown = [
                *said,
                repr(cache),
                repr(f),
                repr(cache._directory),
                repr(cache._store.keyring),
                str(f.explain(2)),
            ]
        for command in ("info", "ls", "verify", "dir"):
            main([command, f"--dir={cache.path}"])
        if turn == 0:
            for command in ("rotate", "path"):
                main(["secret", command])
        written = [path.read_bytes() for path in cache.path.rglob("*") if path.is_file()]
        secrets = [GIVEN, *Path(secret_path()).read_text().split()]
        told = "".join([*shown, caplog.text, *capsys.readouterr()])
        for secret in secrets:
            assert secret not in told
            assert not any(secret.encode() in data for data in written)
            if secret != GIVEN:
                assert not any(bytes.fromhex(secret) in data for data in written)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o606, 0o777, 0o610])
def test_a_secret_that_others_can_use_signs_and_reads_nothing(tmp_path, mode):
    """Every call computes, one warning says what to do, nothing is stored; made private, everything counts again."""
    f = Cache(tmp_path / "store")(value)
    f(1)
    Path(secret_path()).chmod(mode)
    g = Cache(tmp_path / "store")(value)
    with quietly() as said:
        assert [g(1), g(2), g(1)] == [[1], [2], [1]]
    assert len(said) == 1
    assert "chmod 600" in said[0]
    assert g.cache_info().hits == 0
    assert len(f._cache) == 1
    Path(secret_path()).chmod(0o600)
    assert Cache(tmp_path / "store")(value).is_cached(1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_secret_that_another_owns_signs_nothing(tmp_path):
    """Though it can be read: whoever put it there knows it."""
    f = Cache(tmp_path / "store")(value)
    f(1)
    os.chown(secret_path(), 65534, 65534)
    g = Cache(tmp_path / "store")(value)
    with quietly() as said:
        assert [g(1), g(1)] == [[1], [1]]
    assert len(said) == 1
    assert "another user" in said[0]
    assert g.cache_info().hits == 0


def test_rotation_keeps_old_entries_until_they_are_dropped(tmp_path, capsys):
    """`brinery secret rotate`, again and again, and then `--drop-old`; running programs follow at once."""
    f = Cache(tmp_path / "store")(value)
    f(0)
    for turn in range(1, 4):
        assert main(["secret", "rotate"]) == 0
        f(turn)
        assert all(f.is_cached(x) and Cache(tmp_path / "store")(value).is_cached(x) for x in range(turn + 1))
    assert main(["secret", "rotate", "--drop-old", "-y"]) == 0
    assert not any(Cache(tmp_path / "store")(value).is_cached(x) for x in range(4))
    with quietly():
        assert [f(x) for x in range(5)] == [[x] for x in range(5)]
    assert all(Cache(tmp_path / "store")(value).is_cached(x) for x in range(5))
    assert len(Path(secret_path()).read_text().splitlines()) == 1
    assert f._cache.verify() == []


def test_eight_processes_that_store_first_make_one_secret(tmp_path):
    """All of their entries count for everybody, and nothing lies beside the secret."""
    source = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from brinery import Cache; from test_secret_kept import value\n"
        "f = Cache(sys.argv[1])(value); sys.stdin.read(); f(int(sys.argv[2]))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", source, tmp_path / "store", str(x)], stdin=subprocess.PIPE)
        for x in range(8)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
    assert [process.wait(60) for process in started] == [0] * 8
    f = Cache(tmp_path / "store")(value)
    assert all(f.is_cached(x) for x in range(8))
    assert os.listdir(Path(secret_path()).parent) == ["secret"]


@pytest.mark.parametrize("umask", [0, 0o777])
def test_every_level_is_private_under_any_umask(tmp_path, home, umask):
    """Files 0600 and folders 0700: the store, all that was missing above it, the secret and its folders."""
    before = os.umask(umask)
    try:
        (tmp_path / "theirs").mkdir(mode=0o755)
        (tmp_path / "theirs").chmod(0o755)
        (tmp_path / "theirs" / "file").touch()
        for place in (tmp_path / "new" / "deep" / "store", tmp_path / "theirs"):
            cache = Cache(place, max_entries=3)
            f = cache(value)
            with quietly():
                for x in range(6):
                    f(x)
            f.forget(5)
            cache.prune(max_entries=1)
            f.refresh(7)
            cache.clear()
            f(1)
        main(["secret", "rotate"])
    finally:
        os.umask(before)
    made = [
        *(tmp_path / "new").rglob("*"),
        tmp_path / "new",
        *(tmp_path / "theirs" / ".brinery").rglob("*"),
        *home.rglob("*"),
    ]
    assert len(made) > 20
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert stat.S_IMODE((tmp_path / "theirs").stat().st_mode) == 0o755


AS_AN_OWNER_WITHOUT_PRIVILEGES = """
import os, sys
sys.path.insert(0, {here!r})
from pathlib import Path
from brinery import Cache
from brinery.errors import StoreError
from outcomes import quietly
from test_secret_kept import value
place = Path(sys.argv[1])
cache = Cache(place)
f = cache(value)
f(1), f(2)
entry = Path(cache.find(f.key(1))[0].path)
target = {{"entry": entry, "shard": entry.parent, "function": entry.parent.parent, "store": place, "tmp": place / "tmp",
          "usage": place / "usage", "settings": place / "store.json",
          "description": entry.parent.parent / "function.json"}}
path = target[sys.argv[2]]
path.chmod(int(sys.argv[3], 8))
if not path.stat().st_mode & 0o400:
    try:
        os.close(os.open(path, os.O_RDONLY))
        sys.exit(77)
    except PermissionError:
        pass
with quietly() as said:
    for g in (f, Cache(place)(value)):
        assert [g(x) for x in (1, 2, 3, 1, 2, 3)] == [[x] for x in (1, 2, 3, 1, 2, 3)]
        g.explain(1), g.is_cached(1)
        try:
            g.forget(9)
        except StoreError as error:  # whether there is something to forget cannot be seen
            assert "cannot be changed: Permission denied" in str(error)
assert len(said) <= 1, said
path.chmod(0o700 if path.is_dir() else 0o600)
assert [f(x) for x in (1, 2, 3, 1, 2, 3)] == [[x] for x in (1, 2, 3, 1, 2, 3)]
assert all(f.is_cached(x) for x in (1, 2, 3))
assert cache.verify() == []
"""


@pytest.mark.parametrize("mode", ["000", "500", "200"])
@pytest.mark.parametrize("spot", ["entry", "shard", "function", "store", "tmp", "usage", "settings", "description"])
def test_what_cannot_be_read_or_written(tmp_path, spot, mode):
    """Without root's rights: the right value, no false word, one warning at most; the store is whole after."""
    source = AS_AN_OWNER_WITHOUT_PRIVILEGES.format(here=str(Path(__file__).parent))
    command = [sys.executable, "-c", source, tmp_path / "store", spot, mode]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--", *command]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        pytest.skip("root reads everything, and there is no setpriv to give that right up")
    if done.returncode == 77 or "setpriv" in done.stderr:
        pytest.skip(f"root reads everything, and cannot give that right up here: {done.stderr}")
    assert done.returncode == 0, done.stderr
