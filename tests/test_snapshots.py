"""The whole output of every command, in a pipe and on terminals, on stores of all kinds, as somebody found it good.

What is expected stands in `snapshots/`, to be read like a session at a terminal: `$` is what was typed, `!` begins what
went to stderr (in a pipe; a terminal shows both as one), `<bold>` stands for a terminal's command. To rewrite it
after a change, and to look at the difference before it is committed:

    SNAPSHOTS=write pytest tests/test_snapshots.py -n 0
    git diff tests/snapshots
"""

from __future__ import annotations

import ctypes
import difflib
import os
import pty
import re
import selectors
import shutil
import struct
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path
from typing import NamedTuple

import pytest
from frozen_stores import NOW, SECRET, STORES, key_of

pytestmark = pytest.mark.slow

SNAPSHOTS = Path(__file__).parent / "snapshots"
_ESCAPES = {"\x1b[1m": "<bold>", "\x1b[36m": "<cyan>", "\x1b[0m": "</>"}

LOOKING = [
    "dir",
    "info",
    "ls",
    "ls --sort saved --limit 2",
    "ls --function lab.f* --older-than 1d",
    "ls --stale",
    "ls lab.fit",
    "ls lab.fit --sort value --reverse",
    "ls lab.* --larger-than 10kB",
    "ls lab.fti",
    "ls -q -n 3",
    f"show {key_of(3)[:8]}",
    f"show {key_of(6)}",
    f"show {key_of(1)[:10]} --value",
    "show 5",
    "show abcdef",
    "explain --last",
    f"explain {key_of(1)}",
    f"explain {key_of(3)}",
    f"explain {key_of(5)}",
    "verify",
    "doctor",
    f"rm --dry-run {key_of(1)[:6]} ff",
    "clear --dry-run lab.q*",
    "prune --dry-run --older-than 1d",
    "clear",
    "adopt lab.fit",
    "secret path",
]
IN_JSON = [
    "dir",
    "info",
    "ls",
    "ls lab.quote",
    f"show {key_of(3)}",
    f"show {key_of(3)} --value",
    "show abcdef",
    "explain --last",
    f"explain {key_of(1)}",
    "verify",
    "doctor",
    "prune --dry-run --max-entries 2",
    "lss",
]
CHANGING = [
    f"rm -y {key_of(2)} ffff",
    "prune --stale -y",
    "prune --older-than 30d -y",
    "verify --fix -y",
    "clear lab.quote -y",
    "clear -y",
    "ls",
]
LARGE = [
    "info",
    "ls --limit 3",
    "ls --sort hits --limit 3",
    "ls lab.step007 --sort age --limit 3",
    "ls -q --sort key --limit 2",
    "ls --function lab.step00* --larger-than 1kB",
    f"show {key_of(4321)[:10]}",
    "show 25",
    "clear --dry-run",
    "prune --dry-run --max-entries 100",
]
HELP = [
    *("--version", "--help", ""),
    *(f"{command} --help" for command in ("info", "ls", "show", "explain", "adopt", "rm", "clear", "prune", "verify")),
    *(f"{command} --help" for command in ("secret", "secret rotate", "secret import", "completion", "doctor", "dir")),
    *("purge", "cache ls", "-s", "ls --sort siz", "ls --sort cost", "prune --older 3d", "prune --max-size 5gigs"),
    *("rm", "rm lab.fit", "show", "explain", "clear --force", "info lab.fit", "secret show"),
]


class View(NamedTuple):
    """How somebody looks: in a pipe, or on a terminal so wide, which may have colours."""

    width: int = 0
    has_rich: bool = True
    settings: tuple[tuple[str, str], ...] = ()


VIEWS = {
    "pipe": View(),
    "terminal": View(120),
    "narrow": View(60, has_rich=False),
    "no-color": View(60, settings=(("NO_COLOR", "1"),)),
}


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Make each store once."""
    root = tmp_path_factory.mktemp("lab")

    def made(name: str) -> Path:
        place = root / name
        if not place.exists():
            STORES[name](place)
        return place

    return made


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("store", ["empty", "small", "damaged", "foreign"])
def test_commands_that_look(lab, view: str, store: str):
    """Whatever is asked, of whatever lies there."""
    compare(f"{store}.{view}", transcript(LOOKING, lab(store), VIEWS[view]))


@pytest.mark.parametrize("store", ["empty", "small", "damaged", "foreign"])
def test_commands_that_look_for_programs(lab, store: str):
    """The same as JSON."""
    compare(f"{store}.json", transcript([f"{command} --json" for command in IN_JSON], lab(store), View()))


@pytest.mark.parametrize("view", ["pipe", "narrow"])
@pytest.mark.parametrize("store", ["small", "damaged", "foreign"])
def test_commands_that_change(lab, tmp_path: Path, view: str, store: str):
    """One after the other, on a copy."""
    place = tmp_path / store
    shutil.copytree(lab(store), place)
    compare(f"{store}.changed.{view}", transcript(CHANGING, place, VIEWS[view]))


@pytest.mark.parametrize("view", ["pipe", "terminal"])
def test_a_large_store(lab, view: str):
    """Ten thousand entries are no other sight than ten."""
    compare(f"large.{view}", transcript(LARGE, lab("large"), VIEWS[view]))


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root mounts read-only")
def test_a_store_that_cannot_be_written(lab):
    """What looks does so as ever, and what would change it says what is in the way."""
    commands = ["info", "ls", "explain --last", "verify", "doctor", *CHANGING[:2], "clear -y"]
    compare("read-only.pipe", transcript(commands, lab("small"), View(), is_read_only=True))


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="each Python lays out its help in its own way")
def test_help_and_mistakes(lab):
    """What every command says of itself, with examples, and what it says to who mistypes."""
    compare("help.pipe", transcript(HELP, lab("empty"), View()))


def compare(name: str, found: str) -> None:
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("SNAPSHOTS") == "write":
        path.write_text(found, encoding="utf-8")
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    difference = difflib.unified_diff(expected.splitlines(), found.splitlines(), str(path), "what happens", lineterm="")
    assert expected == found, "\n".join(difference)


def transcript(commands: list[str], place: Path, view: View, *, is_read_only: bool = False) -> str:
    """What somebody sees who types these commands; the folder of the test is `/lab`."""
    lines = []
    for command in commands:
        code, seen = look(command.split(), place, view, is_read_only=is_read_only)
        ended = f"[{code}]\n" if code else ""
        lines.append(f"$ brinery {command}".rstrip() + f"\n{seen}{ended}\n")
    text = "".join(lines).replace(str(place.parent), "/lab").replace(os.environ["HOME"], "/home/ann")
    for escape, word in _ESCAPES.items():
        text = text.replace(escape, word)
    return re.sub(r"brinery (\d+\.\d+\.\S+?), Python [\d.]+, \w+", "brinery VERSION, Python VERSION, PLATFORM", text)


def look(words: list[str], place: Path, view: View, *, is_read_only: bool) -> tuple[int, str]:
    """Run a command in a child of this process, which has imported all of it."""
    if view.width:
        ours, out = pty.openpty()
        ioctl(out, termios.TIOCSWINSZ, struct.pack("HHHH", 24, view.width, 0, 0))
        read = {ours: ""}
        err = out
    else:
        ours, out = os.pipe()
        ours_err, err = os.pipe()
        read = {ours: "", ours_err: "! "}
    pid = os.fork()
    if not pid:
        _be_the_command(words, place, view, out, err, is_read_only=is_read_only)
    for fd in {out, err}:
        os.close(fd)
    seen = dict.fromkeys(read, b"")
    ready = selectors.DefaultSelector()  # `select` itself knows no more than 1024 descriptors
    for fd in read:
        ready.register(fd, selectors.EVENT_READ)
    while ready.get_map():
        for key, _ in ready.select():
            fd = key.fd
            data = b""
            with suppress(OSError):  # what a terminal gives when nobody is on it any more
                data = os.read(fd, 65536)
            seen[fd] += data
            if not data:
                ready.unregister(fd)
            if seen[fd].endswith(b"[y/N] "):
                os.write(fd, b"n\n")
    for fd in read:
        os.close(fd)
    _, status = os.waitpid(pid, 0)
    text = ""
    for fd, mark in read.items():
        told = seen[fd].decode().replace("\r\n", "\n")
        text += "".join(mark + line for line in told.splitlines(keepends=True))
    return os.waitstatus_to_exitcode(status), text


def _be_the_command(words: list[str], place: Path, view: View, out: int, err: int, *, is_read_only: bool) -> None:
    """Never returns."""
    code = 99
    try:
        os.dup2(out if view.width else os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        os.environ.pop("COLUMNS", None)
        os.environ.update({"BRINERY_SECRET": SECRET, "BRINERY_DIR": str(place), "TERM": "xterm", "TZ": "UTC"})
        os.environ.update(view.settings)
        os.chdir(place.parent)
        sys.modules.pop("lab", None)  # which a test before this one may have made
        time.tzset()
        _freeze(has_rich=view.has_rich)
        if is_read_only:
            _mount_read_only(place)
        from brinery._cli import main

        code = main(words)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        import traceback

        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _freeze(*, has_rich: bool) -> None:
    """Stop the clock, and let the machine be always the same."""
    from brinery._cli import doctor
    from brinery._display import progress

    def frozen() -> float:
        return NOW

    for name, module in list(sys.modules.items()):
        if name.startswith("brinery.") and getattr(module, "time", None) is time.time:
            module.time = frozen  # type: ignore[attr-defined]
    time.time = frozen
    usage = type(shutil.disk_usage("/"))(500_000_000_000, 400_000_000_000, 100_000_000_000)
    shutil.disk_usage = lambda _path: usage  # type: ignore[assignment]
    progress._UNSEEN = float("inf")  # a bar is drawn when something takes long, which is no matter of the store
    doctor._CLOCKS_APART = float("inf")
    doctor.filesystem = lambda _place: doctor.Finding("file system", doctor.OK, "ext4")  # type: ignore[assignment]
    sys.modules.pop("brinery._cli.coloured", None)
    if not has_rich:
        loaded = [name for name in sys.modules if name.startswith("rich.")]  # by a test before this one
        sys.modules.update(dict.fromkeys(["rich", *loaded]))  # type: ignore[arg-type]


def _mount_read_only(place: Path) -> None:
    """For this process alone, so that nothing is left behind."""
    new_namespace, read_only, remount, bind, recursive, private = 0x20000, 1, 32, 4096, 16384, 1 << 18
    libc = ctypes.CDLL(None, use_errno=True)
    path = os.fsencode(place)
    done = [
        libc.unshare(new_namespace),
        libc.mount(None, b"/", None, recursive | private, None),
        libc.mount(path, path, None, bind, None),
        libc.mount(None, path, None, bind | remount | read_only, None),
    ]
    if any(done):
        raise OSError(ctypes.get_errno(), "cannot mount")
