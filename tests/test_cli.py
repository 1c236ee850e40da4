"""The command line: whole outputs, exit codes, questions, and what it does with whatever lies in a store."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import brinery
from brinery import Cache
from brinery._cli import main
from brinery._display.text import count, fields, printable, table
from brinery._store.layout import HEAD
from brinery._store.signing.secret_file import secret_path


class Ended(NamedTuple):
    """How a command ended; keys, times and the test's folder are normalised, columns are separated by bars."""

    code: int
    out: str
    err: str


def double(x: object, factor: object = 2) -> object:
    return [x, factor]


def greet(name: str, password: str = "") -> str:
    return f"hello {name}"


class Painted:
    def __repr__(self) -> str:
        return "\x1b[31mred"


def painted() -> Painted:
    return Painted()


def counted(number: int) -> Iterator[int]:
    yield from range(number)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Three entries of two functions."""
    place = tmp_path / "store"
    cache = Cache(place, max_size="5GB", max_entries=100, eviction="lru")
    cache(double)(1)
    cache(double)("one", factor=[1, 2])
    cache(greet)("Ann", password="hunter2")
    return place


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Ended]:
    """Run a command in this process."""

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Ended(code, normalised(out, tmp_path), normalised(err, tmp_path))

    return run


def normalised(text: str, tmp_path: Path) -> str:
    text = text.replace(str(tmp_path), "TMP").replace(os.environ["HOME"], "HOME")
    text = re.sub(r"\b[0-9a-f]{32}\b", "KEY", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b", "DATE", text)
    text = re.sub(r"(?<![\w./])\d+(?:\.\d+)?(?:us|ms|s|m|h)(?!\w)", "TIME", text)
    text = re.sub(r"^[0-9a-f]{8,12}(?=  )", "KEY", text, flags=re.MULTILINE)
    text = re.sub(r"-[0-9a-f]{8}/[0-9a-f]{2}/", "-HASH/XX/", text)
    return re.sub(r"(?<=\S) {2,}", " | ", text)


def document(*arguments: object, capsys: pytest.CaptureFixture[str]) -> Any:
    """What a command writes with --json, which is one document and nothing else."""
    capsys.readouterr()
    main([*map(str, arguments), "--json"])
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    return json.loads(out)


def entry_files(store: Path) -> list[Path]:
    return sorted(store.rglob("*.brine1"))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def key_of(store: Path, function: Callable[..., Any], *arguments: object) -> str:
    return Cache(store)(function).key(*arguments)


def child(*arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "brinery", *map(str, arguments)],
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *arguments: object, code: str = "import sys; from brinery._cli import main; sys.exit(main())"):
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)], stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self.seen = ""

    def read_until(self, text: str) -> None:
        while text not in self.seen and self._read():
            pass
        assert text in self.seen

    def answer(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def end(self) -> int:
        """Wait for the end; give the exit code."""
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(60)

    def _read(self) -> bool:
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # what a terminal gives when the last program on it has ended
            return False
        self.seen += data.decode().replace("\r\n", "\n")
        return bool(data)


class TestLooking:
    def test_info_describes_a_store(self, run, store):
        """`info` gives the store in numbers, with the limits that its program goes by."""
        assert run("info", "--dir", store) == Ended(
            0,
            "store | TMP/store\n"
            "functions | 2\n"
            "entries | 3\n"
            "size | 12.3kB\n"
            "max size | 5.0GB\n"
            "max entries | 100\n"
            "eviction | lru\n"
            "half-life | 7.0d\n"
            "hits | 0\n"
            "misses | 3\n"
            "hit rate | 0.0%\n"
            "saved | TIME\n"
            "signed by | " + normalised(secret_path(), store.parent) + "\n",
            "",
        )

    def test_info_counts_entries_of_other_formats(self, run, store):
        """Files of a format that this release does not know are counted, and left alone by everything."""
        other = entry_files(store)[0].with_suffix(".brine9")
        other.write_bytes(b"from the future")
        assert "other formats | 1 entry, left alone\n" in run("info", "--dir", store).out
        run("prune", "--max-entries", 1, "-y", "--dir", store)
        run("verify", "--fix", "-y", "--dir", store)
        assert other.read_bytes() == b"from the future"

    def test_ls_lists_functions(self, run, store):
        """Without a name, `ls` lists the functions."""
        assert run("ls", "--dir", store) == Ended(
            0,
            "function | entries | size | hits | saved | last use\n"
            "test_cli.double | 2 | 8.2kB | 0 | TIME | TIME ago\n"
            "test_cli.greet | 1 | 4.1kB | 0 | TIME | TIME ago\n",
            "",
        )

    def test_ls_lists_the_entries_of_a_function(self, run, store):
        """With a name, `ls` lists that function's entries, the latest first, arguments in short."""
        assert run("ls", "test_cli.double", "--dir", store) == Ended(
            0,
            "key | size | age | cost | last use | arguments\n"
            "KEY | 4.1kB | TIME | TIME | TIME ago | x='one', factor=<list of 2>\n"
            "KEY | 4.1kB | TIME | TIME | TIME ago | x=1, factor=2\n",
            "",
        )

    def test_ls_of_a_pattern_names_the_functions(self, run, store):
        """Where a pattern fits several functions, a column says which entry is whose; no secret is shown."""
        assert run("ls", "test_cli.*", "--sort", "name", "--dir", store) == Ended(
            0,
            "key | function | size | age | cost | last use | arguments\n"
            "KEY | test_cli.double | 4.1kB | TIME | TIME | TIME ago | x='one', factor=<list of 2>\n"
            "KEY | test_cli.double | 4.1kB | TIME | TIME | TIME ago | x=1, factor=2\n"
            "KEY | test_cli.greet | 4.1kB | TIME | TIME | TIME ago | name='Ann', password=...\n",
            "",
        )

    def test_ls_columns_stand_below_each_other(self, capsys, store):
        """Columns are aligned, numbers to the right."""
        main(["ls", "--dir", str(store)])
        lines = capsys.readouterr().out.splitlines()
        assert len({len(line) for line in lines}) == 1
        assert [line.index("B") for line in lines[1:]] == [lines[0].index("size") + 3] * 2

    def test_ls_quiet_gives_whole_keys_that_rm_takes(self, capsys, run, store):
        """What `ls -q` writes can be given to the other commands."""
        main(["ls", "-q", "test_cli.double", "--dir", str(store)])
        keys = capsys.readouterr().out.split()
        assert {len(key) for key in keys} == {32}
        assert run("rm", "-y", *keys, "--dir", store) == Ended(0, "removed KEY\n" * 2, "")
        assert "test_cli.double | 0 | 0B | 0 | TIME | -\n" in run("ls", "--dir", store).out

    def test_ls_quiet_gives_the_keys_of_all_entries(self, capsys, run, store):
        """Bare `ls -q` pipes into `rm`, too."""
        main(["ls", "-q", "--dir", str(store)])
        keys = capsys.readouterr().out.split()
        assert sorted(keys) == sorted(path.name[:32] for path in entry_files(store))
        assert run("rm", "-y", *keys, "--dir", store).code == 0
        assert entry_files(store) == []

    @pytest.mark.parametrize(
        ("options", "found"),
        [
            (["--function", "test_cli.d*"], {"double": 2}),
            (["--function", "test_cli.greet", "--larger-than", "1kB"], {"greet": 1}),
            (["--larger-than", "10kB"], {"double": 1}),
            (["--older-than", "30d"], {"greet": 1}),
            (["--older-than", "30d", "--larger-than", "10kB"], {}),
            (["--stale"], {"double": 1}),
            (["--stale", "--older-than", "30d"], {}),
        ],
    )
    def test_ls_filters(self, capsys, run, store, options, found):
        """Filters count, of each function, what they let through; with a function's name, or -q, they list it."""
        cache = Cache(store)
        space: dict[str, Any] = {"__name__": __name__}
        exec("def double(x): return x", space)  # former code, and code that stores last is that of the file
        cache(space["double"])("y" * 10_000)
        cache(double)(3)
        cache.remove(key_of(store, double, 1))
        cache.remove(key_of(store, double, 3))
        for path in entry_files(store):
            os.utime(path, (1, 1) if "greet" in str(path) else None)
        documents = document("ls", *options, "--dir", store, capsys=capsys)["functions"]
        assert {one["name"].rpartition(".")[2]: one["entries"] for one in documents} == found
        keys = run("ls", "-q", *options, "--dir", store).out.split()
        assert len(keys) == sum(found.values())
        if not found:
            nothing = Ended(0, "", "brinery: no entry in TMP/store is like that\n")
            assert run("ls", *options, "--dir", store) == nothing

    def test_prune_of_stale_entries(self, run, store):
        """What former code stored goes, and nothing else."""
        space: dict[str, Any] = {"__name__": __name__}
        exec("def greet(name): return name", space)
        Cache(store)(space["greet"])("Bob")
        assert run("prune", "--stale", "--dry-run", "--dir", store).out == "would remove 1 entry (4.1kB)\n"
        assert run("prune", "--stale", "-y", "--dir", store).out == "removed 1 entry (4.1kB)\n"
        assert len(entry_files(store)) == 3

    def test_show_value_gives_the_result(self, capsys, run, store):
        """The result itself, to people and to programs; it is unpickled only if its signature holds."""
        key = key_of(store, double, 1)
        assert run("show", key, "--value", "--dir", store) == Ended(0, "[1, 2]\n", "")
        assert document("show", key, "--value", "--dir", store, capsys=capsys) == {"key": key, "value": "[1, 2]"}
        path = next(path for path in entry_files(store) if path.name.startswith(key))
        data = bytearray(path.read_bytes())
        data[HEAD.size] ^= 1
        path.write_bytes(data)
        ended = run("show", key, "--value", "--dir", store)
        assert (ended.code, ended.out) == (1, "")
        assert "is damaged, or signed by another secret" in ended.err

    @pytest.mark.parametrize("here", ["program", "another"])
    def test_show_value_imports_nothing_but_the_program(self, tmp_path, here):
        """What lies in the current folder by chance, or by somebody's will, is not imported in place of libraries."""
        for folder in ("program", "another"):
            (tmp_path / folder).mkdir()
            for name in ("fractions", "json", "numpy", "pickle", "reprlib", "textwrap"):
                (tmp_path / folder / f"{name}.py").write_text("print('HIJACKED')")
        (tmp_path / "program" / "lab.py").write_text(
            "from brinery import Cache\nfrom fractions import Fraction\nmemory = Cache('store')\n"
            "class Result(Fraction): pass\n"
            "@memory\ndef f():\n    return Result(1, 3)\n"
        )
        program = f"import sys; sys.path.append({str(tmp_path / 'program')!r}); import lab; lab.f(); print(lab.f.key())"
        done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
        command = [
            Path(sys.executable).with_name("brinery"),
            "show",
            done.stdout.strip(),
            "--value",
            "--dir",
            "../store",
        ]
        done = subprocess.run(command, cwd=tmp_path / here, capture_output=True, text=True, check=False)
        assert "HIJACKED" not in done.stdout + done.stderr
        if here == "program":
            assert done.stdout == "Result(1, 3)\n", done
        else:
            assert "cannot be unpickled here: ModuleNotFoundError: No module named 'lab'" in done.stderr

    def test_show_value_is_harmless_to_a_terminal(self, run, tmp_path):
        """Control characters of a class's own repr come escaped."""
        place = tmp_path / "store"
        kept = Cache(place)(painted)
        kept()
        ended = run("show", kept.key(), "--value", "--dir", place)
        assert ended.code == 0
        assert "\x1b" not in ended.out

    def test_show_value_of_what_a_generator_yielded(self, run, tmp_path):
        """As a list."""
        place = tmp_path / "store"
        kept = Cache(place)(counted)
        assert list(kept(3)) == [0, 1, 2]
        assert run("show", kept.key(3), "--value", "--dir", place) == Ended(0, "[0, 1, 2]\n", "")

    def test_short_keys_of_ls_name_one_entry(self, capsys, run, store):
        """The short keys of `ls` are taken by `show`."""
        main(["ls", "test_cli.greet", "--dir", str(store)])
        key = capsys.readouterr().out.splitlines()[1].split()[0]
        assert len(key) == 8
        assert run("show", key, "--dir", store).code == 0

    def test_short_keys_are_as_long_as_the_store_asks_for(self, capsys, run, store, monkeypatch):
        """A key that only its ninth digit tells from another's is shown with nine, whatever part of them is listed."""
        (entry,) = (path for path in entry_files(store) if path.stem == key_of(store, greet, "Ann", "hunter2"))
        twin = entry.stem[:8] + f"{int(entry.stem[8], 16) ^ 1:x}" + entry.stem[9:]
        entry.with_name(f"{twin}.brine1").write_bytes(entry.read_bytes())
        main(["ls", "test_cli.greet", "--limit", "1", "--dir", str(store)])
        shown = capsys.readouterr().out.splitlines()[1].split()[0]
        assert len(shown) == 9
        assert run("show", shown, "--dir", store).code == 0
        # Where too many folders had to be looked into, they are long enough for all but chance.
        monkeypatch.setattr("brinery._cli.listing._FEW_FOLDERS", 0)
        monkeypatch.setattr("brinery._cli.listing._CHANCE", 16.0**-11)
        main(["ls", "test_cli.greet", "--limit", "1", "--dir", str(store)])
        assert len(capsys.readouterr().out.splitlines()[1].split()[0]) == 12
        main(["ls", "test_cli.greet", "--dir", str(store)])
        keys = [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]]
        assert [len(key) for key in keys] == [12, 12]

    def test_short_keys_take_a_look_at_few_folders(self, run, store, monkeypatch):
        """Only entries whose keys begin as those that are shown could be meant instead."""
        asked = []
        keys = Cache.keys
        monkeypatch.setattr(Cache, "keys", lambda cache, *beginning: asked.append(beginning) or keys(cache, *beginning))
        assert run("ls", "test_cli.greet", "--dir", store).code == 0
        assert asked == [(key_of(store, greet, "Ann", "hunter2")[:2],)]

    @pytest.mark.parametrize("by", ["name", "entries", "size", "hits", "saved", "use"])
    def test_ls_sorts_functions(self, capsys, store, by):
        """Functions can be sorted either way and cut to a number of lines."""
        functions = document("ls", "--sort", by, "--dir", store, capsys=capsys)["functions"]
        forward = [function["name"] for function in functions]
        assert sorted(forward) == ["test_cli.double", "test_cli.greet"]
        if by in ("name", "entries", "size"):
            assert forward[0] == "test_cli.double"
        backward = document("ls", "--sort", by, "-r", "--limit", 1, "--dir", store, capsys=capsys)["functions"]
        assert len(backward) == 1

    @pytest.mark.parametrize("by", ["name", "size", "use", "key", "age", "cost"])
    def test_ls_sorts_entries(self, capsys, store, by):
        """Entries can be sorted either way and cut to a number of lines."""
        entries = document("ls", "*", "--sort", by, "--dir", store, capsys=capsys)["entries"]
        backward = document("ls", "*", "--sort", by, "-r", "-n", "1", "--dir", store, capsys=capsys)["entries"]
        assert len(entries) == 3
        assert backward == entries[-1:]
        number = {"use": "last_use", "age": "created", "cost": "seconds", "size": "bytes"}.get(by)
        if number:
            assert entries == sorted(entries, key=lambda entry: -entry[number])

    def test_ls_of_an_unknown_function_names_the_nearest(self, run, store):
        """A name that is not there ends with 1 and says which may be meant."""
        expected = "brinery: there is no function {!r} in TMP/store; did you mean 'test_cli.double'? [no-function]\n"
        assert run("ls", "double", "--dir", store) == Ended(1, "", expected.format("double"))
        assert run("ls", "test_cli.duoble", "--dir", store) == Ended(1, "", expected.format("test_cli.duoble"))
        nothing_like_it = "brinery: there is no function 'zzz*' in TMP/store; `brinery ls` lists them [no-function]\n"
        assert run("ls", "zzz*", "--dir", store) == Ended(1, "", nothing_like_it)

    def test_show_tells_all_about_an_entry(self, run, store):
        """`show` takes the beginning of a key, in either case, and tells what is known without unpickling."""
        key = key_of(store, double, 1)
        assert run("show", key[:12].upper(), "--dir", store) == Ended(
            0,
            "key | KEY\n"
            "function | test_cli.double\n"
            "file | TMP/store/test_cli.double-HASH/XX/KEY.brine1\n"
            "size | 4.1kB\n"
            "cost | TIME\n"
            "created | DATE, TIME ago\n"
            "last use | DATE, TIME ago\n"
            "expires | never\n"
            "result | list\n"
            "serializer | pickle\n"
            f"python | {sys.version_info[0]}.{sys.version_info[1]}\n"
            "fingerprint | KEY\n"
            "arguments\n"
            "  x | 1\n"
            "  factor | 2\n",
            "",
        )

    def test_show_tells_when_an_entry_expires(self, run, tmp_path):
        """An entry with a time to live shows when it ends."""
        Cache(tmp_path / "store")(ttl="30d")(double)(1)
        assert (
            "expires | DATE, in 30.0d\n" in run("show", *run_keys(tmp_path / "store"), "--dir", tmp_path / "store").out
        )

    def test_show_of_an_absent_key_is_a_failure(self, run, store):
        """A key that is not there ends with 1."""
        absent = "0" * 32
        assert run("show", absent, "--dir", store) == Ended(
            1, "", "brinery: there is no entry KEY in TMP/store; `brinery ls FUNCTION` lists them [no-entry]\n"
        )

    def test_an_ambiguous_key_lists_what_it_can_be(self, capsys, run, tmp_path):
        """A key cut too short ends with 1, changes nothing, and lists the entries."""
        cached = Cache(tmp_path / "store")(double)
        for number in range(17):  # two of them begin alike
            cached(number)
        keys = [cached.key(number) for number in range(17)]
        digit = next(key[0] for key in keys if sum(other[0] == key[0] for other in keys) > 1)
        alike = sorted(key for key in keys if key[0] == digit)
        for command in ("show", "rm"):
            capsys.readouterr()
            assert main([command, digit, "--dir", str(tmp_path / "store")]) == 1
            out, err = capsys.readouterr()
            assert out == ""
            told = ", ".join(f"{key} (test_cli.double)" for key in alike[:5])
            told += f" and {len(alike) - 5} more" if len(alike) > 5 else ""
            few = f"brinery: {digit} can be any of {len(alike)} entries: write more of the key: {told}"
            assert err == f"{few} [ambiguous-key]\n"
        assert len(entry_files(tmp_path / "store")) == 17

    def test_looking_changes_no_byte(self, run, store):
        """None of the commands that look changes a byte of the store."""
        before = contents(store)
        for command in (["info"], ["ls"], ["ls", "*"], ["show", run_keys(store)[0]], ["verify"], ["dir"]):
            assert run(*command, "--dir", store).code == 0
        for command in (["clear"], ["prune", "--older-than", "1ms"]):
            assert run(*command, "--dry-run", "--dir", store).code == 0
        assert contents(store) == before


def run_keys(store: Path) -> list[str]:
    return [path.stem for path in entry_files(store)]


class TestRemoving:
    def test_rm_goes_on_after_a_key_that_is_absent(self, run, store):
        """`rm` removes what there is, names what there is not, and then ends with 1."""
        absent = "0" * 32
        assert run("rm", "-y", absent, key_of(store, double, 1)[:10], "00000000", "--dir", store) == Ended(
            1,
            "removed KEY\n",
            "brinery: there is no entry KEY in TMP/store; `brinery ls FUNCTION` lists them [no-entry]\n"
            "brinery: there is no entry 00000000 in TMP/store; `brinery ls FUNCTION` lists them [no-entry]\n",
        )
        assert len(entry_files(store)) == 2

    def test_clear_without_a_terminal_needs_a_yes(self, run, store, monkeypatch):
        """Where nobody can be asked, nothing is removed, and the message says how to say yes."""
        with open(os.devnull) as nothing:
            monkeypatch.setattr(sys, "stdin", nothing)
            question = "brinery: remove 3 entries (12.3kB) from TMP/store?"
            expected = f"{question} There is no terminal to ask on: say -y [no-answer]\n"
            assert run("clear", "--dir", store) == Ended(1, "", expected)
            for key in (key_of(store, double, 1), key_of(store, double, 1)[:10]):
                ended = run("rm", key, "--dir", store)
                assert (ended.code, ended.out) == (1, "")
                assert (
                    ended.err
                    == "brinery: remove 1 entry from TMP/store? There is no terminal to ask on: say -y [no-answer]\n"
                )
        monkeypatch.setattr(sys, "stdin", None)
        assert run("clear", "--dir", store) == Ended(1, "", expected)
        assert len(entry_files(store)) == 3

    def test_clear_removes_everything(self, run, store):
        """With a yes, `clear` removes all entries; a second time there is nothing to remove, which is no failure."""
        assert run("clear", "-y", "--dir", store) == Ended(0, "removed 3 entries (12.3kB)\n", "")
        assert entry_files(store) == []
        assert run("clear", "--dir", store) == Ended(0, "removed 0 entries (0B)\n", "")

    def test_clear_of_a_function_leaves_the_others(self, run, store):
        """With a name, `clear` removes that function's entries only."""
        assert run("clear", "test_cli.double", "--yes", "--dir", store) == Ended(0, "removed 2 entries (8.2kB)\n", "")
        assert "test_cli.double" not in run("ls", "--dir", store).out

    def test_clear_of_an_unknown_function_removes_nothing(self, run, store):
        """A name that is not there is a failure, whatever was said."""
        assert run("clear", "greet", "-y", "--dir", store).code == 1
        assert len(entry_files(store)) == 3

    def test_a_dry_run_only_tells(self, run, store):
        """`--dry-run` asks nothing and removes nothing."""
        assert run("clear", "--dry-run", "--dir", store) == Ended(0, "would remove 3 entries (12.3kB)\n", "")
        assert run("clear", "*greet", "--dry-run", "--dir", store) == Ended(0, "would remove 1 entry (4.1kB)\n", "")
        limits = ("--max-entries", 1)
        assert run("prune", *limits, "--dry-run", "--dir", store) == Ended(0, "would remove 2 entries (8.2kB)\n", "")
        assert len(entry_files(store)) == 3

    def test_prune_to_a_number_a_size_and_an_age(self, run, store):
        """`prune` removes what is above a limit, then what was not used for long."""
        assert run("prune", "--max-entries", 2, "-y", "--dir", store).out == "removed 1 entry (4.1kB)\n"
        assert run("prune", "--max-size", "5kB", "-y", "--dir", store).out == "removed 1 entry (4.1kB)\n"
        assert run("prune", "--older-than", "1y", "-y", "--dir", store).out == "removed 0 entries (0B)\n"
        os.utime(entry_files(store)[0], (1, 1))
        assert run("prune", "--older-than", "1y", "-y", "--dir", store).out == "removed 1 entry (4.1kB)\n"

    def test_prune_with_nothing_to_remove_asks_nothing(self, run, store):
        """`prune` goes by the limits of the store's own program; within them there is nothing to do."""
        assert run("prune", "--dir", store) == Ended(0, "removed 0 entries (0B)\n", "")

    def test_prune_needs_a_yes_if_there_is_something_to_remove(self, run, store, monkeypatch):
        """What would be removed is said, and stays."""
        monkeypatch.setattr(sys, "stdin", None)
        expected = (
            "brinery: remove 2 entries (8.2kB) from TMP/store? There is no terminal to ask on: say -y [no-answer]\n"
        )
        assert run("prune", "--max-entries", 1, "--dir", store) == Ended(1, "", expected)
        assert len(entry_files(store)) == 3

    def test_prune_keeps_to_the_limits_of_the_stores_program(self, run, tmp_path):
        """A limit that a program set is the one that `prune` goes by, not one of the command line's own."""
        place = tmp_path / "store"
        cache = Cache(place)
        for number in range(10):
            cache(double)(number)
        settings = json.loads((place / "store.json").read_text())
        (place / "store.json").write_text(json.dumps({**settings, "max_entries": 4, "policy": "lfu", "half_life": -1}))
        assert run("prune", "-y", "--dir", place).out == "removed 6 entries (24.6kB)\n"


class TestVerifying:
    def test_verify_of_a_good_store(self, run, store):
        """Nothing wrong: 0, and the number of entries checked."""
        assert run("verify", "--dir", store) == Ended(0, "3 entries checked, all as they were stored\n", "")

    def test_verify_finds_a_damaged_entry_and_removes_it_when_asked(self, run, store, monkeypatch):
        """A bad entry is 1 until it has been removed, which needs a yes."""
        monkeypatch.setattr(sys, "stdin", None)
        victim = next(path for path in entry_files(store) if "greet" in str(path))
        data = bytearray(victim.read_bytes())
        data[150] ^= 1
        victim.write_bytes(data)
        listed = "reason | file\nthe signature does not hold | TMP/store/test_cli.greet-HASH/XX/KEY.brine1\n"
        hint = "brinery: --fix would remove 1 file\n"
        assert run("verify", "--dir", store) == Ended(1, listed, hint)
        question = "brinery: remove 1 file from TMP/store? There is no terminal to ask on: say -y [no-answer]\n"
        assert run("verify", "--fix", "--dir", store) == Ended(1, listed, question)
        assert victim.exists()
        removed = "removed TMP/store/test_cli.greet-HASH/XX/KEY.brine1\n"
        assert run("verify", "--fix", "-y", "--dir", store) == Ended(0, listed + removed, "")
        assert run("verify", "--dir", store) == Ended(0, "2 entries checked, all as they were stored\n", "")

    def test_verify_lists_what_another_secret_signed_and_leaves_it(self, run, store, monkeypatch):
        """Somebody else's entries cannot be vouched for, and are not ours to remove: nothing is asked."""
        monkeypatch.setenv("BRINERY_SECRET", "another secret of at least 32 bytes, of another person")
        cache = Cache(store)
        cache(greet)("Bob")
        ended = run("verify", "--fix", "-y", "--dir", store)
        assert ended.code == 1
        assert ended.out.count("signed by another secret") == 3
        assert ended.err.startswith("brinery: 3 files may be right for whoever has the other secret")
        assert len(entry_files(store)) == 4

    def test_other_commands_bear_a_damaged_entry(self, run, store):
        """An entry whose head is spoilt is in nobody's way, and `rm` removes it by its whole key."""
        victim = entry_files(store)[0]
        victim.write_bytes(b"not an entry")
        for command in (["info"], ["ls"], ["ls", "*"], ["prune"], ["clear", "--dry-run"]):
            assert run(*command, "--dir", store).code == 0
        assert run("show", victim.stem, "--dir", store).code == 1
        assert run("rm", victim.stem, "-y", "--dir", store).code == 0
        assert not victim.exists()

    def test_spoilt_metadata_is_said(self, run, store):
        """An entry whose metadata cannot be read is listed all the same."""
        victim = next(path for path in entry_files(store) if "greet" in str(path))
        data = bytearray(victim.read_bytes())
        data[-3] ^= 1
        victim.write_bytes(data)
        assert "TIME ago | (cannot be read)\n" in run("ls", "*greet", "--dir", store).out
        shown = run("show", victim.stem, "--dir", store)
        assert (shown.code, "arguments" in shown.out) == (0, False)
        assert shown.err == "brinery: what was recorded beside this entry cannot be read: `brinery verify` tells more\n"


COMMANDS_ON_NO_STORE = (["ls"], ["ls", "f"], ["clear"], ["clear", "f"], ["prune"], ["verify"], ["verify", "--fix"])


class TestPlaces:
    def test_a_missing_store_is_an_empty_one(self, run, tmp_path):
        """Where there is no store, every command says so plainly and none makes one."""
        message = "there is no store at TMP/none yet\n"
        assert run("info", "--dir", tmp_path / "none") == Ended(0, message, "")
        for command in COMMANDS_ON_NO_STORE:
            assert run(*command, "--dir", tmp_path / "none") == Ended(0, "", f"brinery: {message}")
        for command in ("show", "rm"):
            expected = "brinery: there is no store at TMP/none yet, and no entry ab [no-entry]\n"
            assert run(command, "ab", "--dir", tmp_path / "none") == Ended(1, "", expected)
        assert list(tmp_path.iterdir()) == []

    def test_an_empty_folder_is_an_empty_store(self, run, tmp_path):
        """An empty folder is a store with nothing in it, and stays empty."""
        for command in (["ls"], ["ls", "f"], ["verify"]):
            expected = Ended(0, "", "brinery: the store at TMP is empty\n")
            assert run(*command, "--dir", tmp_path) == expected
        assert run("clear", "--dir", tmp_path).out == run("prune", "--dir", tmp_path).out == "removed 0 entries (0B)\n"
        assert run("info", "--dir", tmp_path) == Ended(
            0,
            "store | TMP\nfunctions | 0\nentries | 0\nsize | 0B\nhits | 0\nmisses | 0\nhit rate | -\nsaved | TIME\n"
            "signed by | nobody yet: the first result stored makes a secret\n",
            "",
        )
        assert list(tmp_path.iterdir()) == []

    def test_somebody_elses_folder_is_left_alone(self, run, tmp_path):
        """In a folder of other files the store would be .brinery, and nothing else is looked at or touched."""
        (tmp_path / "thesis.txt").write_text("mine")
        (tmp_path / "ab").mkdir()
        (tmp_path / "ab" / f"{'ab' * 16}.brine1").write_text("mine, too")
        before = contents(tmp_path)
        message = "there is no store at TMP/.brinery yet\n"
        assert run("info", "--dir", tmp_path) == Ended(0, message, "")
        for command in (*COMMANDS_ON_NO_STORE, ["clear", "-y"], ["verify", "--fix", "-y"]):
            assert run(*command, "--dir", tmp_path) == Ended(0, "", f"brinery: {message}")
        Cache(tmp_path)(double)(1)
        assert run("clear", "-y", "--dir", tmp_path).out == "removed 1 entry (4.1kB)\n"
        assert {name: data for name, data in contents(tmp_path).items() if ".brinery" not in name} == before

    def test_a_file_is_no_store(self, run, tmp_path):
        """Every command on a file ends with 1 and one line that names it."""
        (tmp_path / "file").write_text("mine")
        message = "brinery: TMP/file is a file: --dir, or BRINERY_DIR, takes the folder of a store [store]\n"
        for command in (["info"], ["dir"], ["show", "ab"], ["rm", "ab"], *COMMANDS_ON_NO_STORE):
            assert run(*command, "--dir", tmp_path / "file") == Ended(1, "", message)
        below = "brinery: the store at TMP/file/below cannot be read: Not a directory [store]\n"
        assert run("info", "--dir", tmp_path / "file" / "below") == Ended(1, "", below)

    def test_dir_may_stand_before_or_after_the_command(self, run, store):
        """Options that go with every command can be given on either side of it."""
        assert run("--dir", store, "dir") == run("dir", "--dir", store) == Ended(0, "TMP/store\n", "")
        assert run("--dir", "/elsewhere", "dir", "--dir", store).out == "TMP/store\n"
        assert run("--json", "ls", "--dir", store) == run("ls", "--json", "--dir", store)

    def test_the_place_is_looked_up_as_programs_do(self, run, monkeypatch, tmp_path):
        """BRINERY_DIR, else the user's cache folder; asking makes neither."""
        assert run("dir").out.startswith("HOME/")
        assert run("dir").out.rstrip().endswith("brinery")
        monkeypatch.setenv("BRINERY_DIR", str(tmp_path / "named"))
        assert run("dir") == Ended(0, "TMP/named\n", "")
        assert run("info").out == "there is no store at TMP/named yet\n"
        assert list(tmp_path.iterdir()) == []
        assert list(Path(os.environ["HOME"]).iterdir()) == []

    def test_a_path_that_is_no_text_comes_out_as_it_is(self, tmp_path):
        """`dir` gives a program the very bytes, so that it can go there."""
        place = os.fsencode(tmp_path) + b"/caf\xe9\n"
        process = child("dir", "--dir", os.fsdecode(place))
        assert process.communicate()[0] == place + b"\n"


class TestTyping:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["lss"], "there is no command 'lss'; did you mean ls? (see brinery --help) [usage]"),
            (["show"], "name a KEY: `brinery ls FUNCTION` lists them (see brinery show --help) [usage]"),
            (["show", "xyz"], "argument KEY: 'xyz' is no key: a key has up to 32 digits, 0-9 and a-f, and"),
            (["rm", "a" * 33], f"argument KEY: '{'a' * 33}' is no key"),
            (["ls", "--lmit", "1"], "unknown option --lmit; did you mean --limit? (see brinery ls --help)"),
            (["ls", "a", "b"], "'b' is one argument too many (see brinery ls --help)"),
            (["ls", "--limit", "0"], "argument -n/--limit: '0' is not a number from 1 on"),
            (["ls", "--sort", "colour"], "argument --sort: 'colour' is none of name, entries, size, "),
            (
                ["ls", "--sort", "cost"],
                "functions cannot be sorted by 'cost', only by name, entries, size, hits, saved, use",
            ),
            (
                ["ls", "f", "--sort", "hits"],
                "entries cannot be sorted by 'hits', only by name, size, use, key, age, cost, value",
            ),
            (["ls", "f", "--function", "g"], "FUNCTION and --function exclude each other: both take a name or a"),
            (
                ["prune", "--max-size", "10 gigs"],
                "argument --max-size: size='10 gigs' is not a size: write a number and",
            ),
            (["prune", "--max-size=-1"], "argument --max-size: size='-1' is not a size"),
            (["prune", "--max-size", "-1GB"], "argument --max-size: "),
            (["prune", "--max-entries", "-1"], "argument --max-entries: '-1' is not a number from 1 on"),
            (["prune", "--max-entries", "1.5"], "argument --max-entries: '1.5' is not a number from 1 on"),
            (["prune", "--older-than", "0s"], "argument --older-than: time=0.0 must be above zero seconds (see"),
            (
                ["prune", "--older-than", "3"],
                "argument --older-than: time='3' has no unit: write ",
            ),
            (["prune", "--older-than", "soon"], "argument --older-than: time='soon' is not a time: write a number and"),
            (["prune", "--max"], "unknown option --max; did you mean --max-size?"),
            (["info", "--dir", ""], "argument --dir: an empty path names no folder"),
            (["secret", "path", "--dir", "x"], "unknown option --dir"),
            (["--dir", "x", "secret", "path"], "--dir does not go with secret: one secret signs in all stores"),
        ],
    )
    def test_a_mistake_is_one_line_and_2(self, run, words, said):
        """What cannot be typed ends with 2 and one line that names the culprit and the way out."""
        ended = run(*words)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(f"brinery: {said}")
        assert ended.err.count("\n") == 1

    @pytest.mark.parametrize(
        ("words", "meant"),
        [
            (["list"], "ls"),
            (["purge"], "clear"),
            (["cache", "clean"], "clear"),
            (["cache", "ls"], "ls"),
            (["--dir", "x", "delete", "3f2a"], "rm"),
            (["-s"], "info"),
            (["stats"], "info"),
            (["gc"], "prune"),
            (["path"], "dir"),
            (["cat", "3f2a"], "show KEY --value"),
            (["version"], "--version"),
            (["prune", "--force"], "--yes"),
            (["ls", "--top", "3"], "--limit"),
            (["doctr"], "doctor"),
        ],
    )
    def test_habits_from_other_caches_are_answered(self, run, words, meant):
        """What uv, pip, hf, ccache and shells call it is not known here, but it is understood."""
        ended = run(*words)
        assert (ended.code, ended.out) == (2, "")
        assert f"; did you mean {meant}? (see brinery" in ended.err

    def test_what_nobody_could_mean_is_not_guessed(self, run):
        """No hint is better than a wrong one."""
        assert run("xyzzy") == Ended(2, "", "brinery: there is no command 'xyzzy' (see brinery --help) [usage]\n")

    @pytest.mark.parametrize("words", [["help", "ls"], ["ls", "--help"]])
    def test_help_is_a_word_as_well(self, run, words):
        """Of one command, or of all."""
        assert run(*words).out == run("ls", "-h").out
        assert run("help").out == run("--help").out

    @pytest.mark.parametrize(
        "words",
        [["ls", "-q", "--json"], ["--json", "lss"], ["show", "--json"], ["show", "abcd", "--json", "--dir", "x"]],
    )
    def test_errors_are_json_too_if_that_was_asked_for(self, run, words):
        """On stderr, with the name that docs/messages.md has them by."""
        ended = run(*words)
        assert ended.out == ""
        error = json.loads(ended.err)["error"]
        assert error["name"] == ("no-entry" if "abcd" in words else "usage")
        assert error["message"]

    @pytest.mark.parametrize("words", [[], ["secret"]])
    def test_no_command_shows_the_help(self, run, words):
        """Without a command there is nothing to do but to list them."""
        ended = run(*words)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(f"usage: {' '.join(['brinery', *words])} ")

    @pytest.mark.parametrize(
        "command",
        [
            *("", "info", "ls", "show", "explain", "adopt", "rm", "clear", "prune", "verify", "dir", "doctor"),
            *("secret", "secret path", "secret rotate", "secret drop-old", "secret export", "secret import"),
        ],
    )
    def test_every_command_has_help(self, run, command):
        """`--help` of each command tells its options on stdout, with examples."""
        ended = run(*command.split(), "--help")
        assert (ended.code, ended.err) == (0, "")
        assert "--json" in ended.out
        assert not command or f"\n\nexamples:\n  brinery {command}" in ended.out

    def test_version(self, run):
        """`--version` gives the release."""
        assert run("--version") == Ended(0, f"brinery {brinery.__version__}\n", "")


ENTRY = {
    "key": str,
    "function": str,
    "path": str,
    "bytes": int,
    "seconds": float,
    "value": type(None),
    "priority": float,
    "created": float,
    "last_use": float,
    "expires": type(None),
    "result": str,
    "serializer": str,
    "python": str,
    "fingerprint": str,
    "arguments": dict,
}


def kinds(document: dict[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in document.items()}


class TestJson:
    def test_info(self, store, tmp_path, capsys):
        """`info --json` keeps its names, and has them where there is no store, too."""
        described = document("info", "--dir", store, capsys=capsys)
        assert described == {
            "path": str(store),
            "exists": True,
            "functions": 2,
            "entries": 3,
            "bytes": 3 * 4096,
            "other_formats": 0,
            "max_size": 5_000_000_000,
            "max_entries": 100,
            "eviction": "lru",
            "half_life": 604800.0,
            "hits": 0,
            "misses": 3,
            "hit_rate": 0.0,
            "seconds_saved": 0.0,
            "signed_by": secret_path(),
        }
        missing = document("info", "--dir", tmp_path / "none", capsys=capsys)
        assert missing.keys() == described.keys()
        assert missing["exists"] is False

    def test_ls(self, store, tmp_path, capsys):
        """`ls --json` keeps its names, of functions and of entries."""
        functions = document("ls", "--dir", store, capsys=capsys)
        assert functions["path"] == str(store)
        assert [kinds(function) for function in functions["functions"]] == 2 * [
            {
                "name": str,
                "entries": int,
                "bytes": int,
                "hits": int,
                "misses": int,
                "seconds_saved": float,
                "last_use": float,
            }
        ]
        entries = document("ls", "test_cli.double", "--dir", store, capsys=capsys)
        assert entries["path"] == str(store)
        assert [kinds(entry) for entry in entries["entries"]] == [ENTRY, ENTRY]
        assert [entry["arguments"] for entry in entries["entries"]] == [
            {"x": "'one'", "factor": "<list of 2>"},
            {"x": "1", "factor": "2"},
        ]
        assert document("ls", "--dir", tmp_path / "none", capsys=capsys)["functions"] == []
        assert document("ls", "f", "--dir", tmp_path / "none", capsys=capsys)["entries"] == []

    def test_show(self, store, capsys):
        """`show --json` gives an entry as `ls` does."""
        shown = document("show", key_of(store, double, 1), "--dir", store, capsys=capsys)
        assert kinds(shown) == ENTRY
        assert shown in document("ls", "*", "--dir", store, capsys=capsys)["entries"]

    def test_removals(self, store, capsys):
        """The commands that remove say what and how much, in whole numbers."""
        key = key_of(store, double, 1)
        assert document("rm", key, "-y", "--dir", store, capsys=capsys) == {"removed": [key], "dry_run": False}
        amount = {"path": str(store), "entries": 2, "bytes": 8192}
        assert document("prune", "--dry-run", "--max-size", 0, "--dir", store, capsys=capsys) == {
            **amount,
            "dry_run": True,
        }
        assert document("clear", "-y", "--dir", store, capsys=capsys) == {**amount, "dry_run": False}

    def test_verify(self, store, capsys):
        """`verify --json` lists the bad files and whether they were removed."""
        assert document("verify", "--dir", store, capsys=capsys) == {"path": str(store), "checked": 3, "bad": []}
        victim = entry_files(store)[0]
        victim.write_bytes(b"spoilt")
        bad = {
            "path": str(victim),
            "reason": "damaged, or not written by brinery",
            "removed": False,
            "is_foreign": False,
        }
        assert document("verify", "--dir", store, capsys=capsys)["bad"] == [bad]
        fixed = document("verify", "--fix", "-y", "--dir", store, capsys=capsys)["bad"]
        assert fixed == [{**bad, "removed": True}]

    def test_dir_and_secret(self, store, tmp_path, capsys):
        """`dir` and `secret path` say whether it is there."""
        assert document("dir", "--dir", store, capsys=capsys) == {"path": str(store), "exists": True}
        assert document("dir", "--dir", tmp_path / "x", capsys=capsys) == {"path": str(tmp_path / "x"), "exists": False}
        assert kinds(document("secret", "path", capsys=capsys)) == {"path": str, "exists": bool}
        assert document("secret", "export", capsys=capsys)["secret"]


@pytest.fixture
def secret_file(run) -> Path:
    run("secret", "export")
    return next(Path(os.environ["HOME"]).rglob("secret"))


class TestSecret:
    def test_path_makes_nothing(self, run):
        """`secret path` says where the secret would be."""
        ended = run("secret", "path")
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith("HOME/")
        assert list(Path(os.environ["HOME"]).iterdir()) == []

    def test_only_export_shows_the_secret(self, run, secret_file, capsys):
        """No other command writes the secret anywhere."""
        secret = secret_file.read_text().strip()
        main(["secret", "export"])
        assert capsys.readouterr().out == f"{secret}\n"
        for command in (["path"], ["rotate"], ["rotate", "--drop-old", "-y"], ["drop-old", "-y"]):
            main(["secret", *command])
            said = "".join(capsys.readouterr())
            assert not any(line in said for line in [secret, *secret_file.read_text().split()])

    def test_rotate_keeps_entries_until_the_old_is_dropped(self, run, secret_file, store):
        """After `rotate` entries still count, after `drop-old` only what the new secret signed does."""
        assert run("secret", "rotate") == Ended(0, "a new secret signs from now on; entries so far still count\n", "")
        assert run("verify", "--dir", store).code == 0
        assert run("secret", "drop-old", "-y") == Ended(0, "only what the present secret signed still counts\n", "")
        assert run("verify", "--dir", store).code == 1

    def test_rotate_and_drop_at_once(self, run, secret_file, store, monkeypatch):
        """`rotate --drop-old` asks, and then no entry so far counts."""
        monkeypatch.setattr(sys, "stdin", None)
        before = secret_file.read_text()
        question = "brinery: make a new secret and forget the former ones, so that every entry so far is recomputed? "
        refused = Ended(1, "", f"{question}There is no terminal to ask on: say -y [no-answer]\n")
        assert run("secret", "rotate", "--drop-old") == refused
        assert secret_file.read_text() == before
        assert run("secret", "rotate", "--drop-old", "-y").code == 0
        assert run("verify", "--dir", store).code == 1

    def test_export_and_import_carry_a_secret_over(self, run, secret_file, store, tmp_path, monkeypatch):
        """What one machine exports, another imports from stdin, and then entries count on both."""
        exported = tmp_path / "exported"
        exported.write_text(secret_file.read_text())
        monkeypatch.setenv("HOME", str(tmp_path / "another"))
        with exported.open() as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            assert run("secret", "import") == Ended(0, "the imported secret signs from now on\n", "")
        assert run("verify", "--dir", store).code == 0
        with exported.open() as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            assert run("secret", "import") == Ended(0, "this secret signs already; nothing was changed\n", "")

    def test_import_over_another_secret_needs_a_yes(self, run, secret_file, tmp_path, monkeypatch):
        """A secret that is there is not replaced unasked."""
        other = tmp_path / "other"
        other.write_text("ab" * 32)
        before = secret_file.read_text()
        with other.open() as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            assert run("secret", "import").code == 1
        assert secret_file.read_text() == before
        with other.open() as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            assert run("secret", "import", "-y").code == 0
        assert secret_file.read_text().startswith("ab" * 32)

    def test_importing_nonsense_is_a_failure(self, run, tmp_path, monkeypatch):
        """What is no exported secret is refused, and not shown."""
        other = tmp_path / "other"
        other.write_text("hunter2")
        with other.open() as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            expected = "brinery: this is not an exported secret: 64 digits, 0-9 and a-f, are expected [secret]\n"
            assert run("secret", "import", "-y") == Ended(1, "", expected)

    def test_a_secret_that_others_can_read_is_named(self, run, secret_file, store):
        """What needs the secret ends with 1 and says what to do."""
        secret_file.chmod(0o644)
        for command in (["secret", "export"], ["verify", "--dir", store]):
            ended = run(*command)
            assert (ended.code, ended.out) == (1, "")
            assert re.fullmatch(r"brinery: the secret file HOME\S* can be used by others.*chmod 600.*\n", ended.err)

    def test_the_variable_that_wins_is_named(self, run, monkeypatch):
        """Where BRINERY_SECRET signs, the commands about the file say so."""
        monkeypatch.setenv("BRINERY_SECRET", "x" * 32)
        expected = "brinery: BRINERY_SECRET is set and signs instead of the secret file that this is about\n"
        assert run("secret", "path").err == expected


class TestTerminal:
    @pytest.mark.parametrize("answer", ["y", "YES"])
    def test_a_yes_removes(self, store, answer):
        """On a terminal `clear` asks, and goes on after a yes."""
        terminal = Terminal("clear", "--dir", store)
        terminal.read_until(f"remove 3 entries (12.3kB) from {store}? [y/N] ")
        assert len(entry_files(store)) == 3
        terminal.answer(f"{answer}\n")
        assert terminal.end() == 0
        assert terminal.seen.endswith("removed 3 entries (12.3kB)\n")
        assert entry_files(store) == []

    @pytest.mark.parametrize("answer", ["\n", "n\n", "what?\n", "\x04"])
    def test_anything_else_does_not(self, store, answer):
        """No, nothing, anything else and Ctrl-D leave all as it is, which ends with 1."""
        terminal = Terminal("prune", "--max-size", "0", "--dir", store)
        terminal.read_until("? [y/N] ")
        terminal.answer(answer)
        assert terminal.end() == 1
        assert terminal.seen.endswith("brinery: nothing was changed\n")
        assert len(entry_files(store)) == 3

    def test_a_question_about_functions_names_them(self, store):
        """Before the entries of functions go, it is said whose they are."""
        terminal = Terminal("clear", "test_cli.*", "--dir", store)
        terminal.read_until(f"remove 3 entries (12.3kB) of test_cli.double, test_cli.greet from {store}? [y/N] ")
        terminal.answer("\n")
        assert terminal.end() == 1

    def test_verify_lists_before_it_asks(self, store):
        """`verify --fix` shows what is bad, then asks."""
        victim = entry_files(store)[0]
        victim.write_bytes(b"spoilt")
        terminal = Terminal("verify", "--fix", "--dir", store)
        terminal.read_until(f"{victim}\nremove 1 file from {store}? [y/N] ")
        terminal.answer("y\n")
        assert terminal.end() == 0
        assert not victim.exists()

    def test_ctrl_c_leaves_no_traceback(self, store):
        """Ctrl-C at a question ends with 130 and changes nothing."""
        code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        terminal = Terminal("clear", "--dir", store, code=f"{code}from brinery._cli import main; sys.exit(main())")
        terminal.read_until("? [y/N] ")
        os.kill(terminal.process.pid, 2)
        assert terminal.end() == 130
        assert "Traceback" not in terminal.seen
        assert len(entry_files(store)) == 3

    def test_an_imported_secret_is_not_echoed(self, run, secret_file):
        """A secret typed on a terminal is not shown on it."""
        terminal = Terminal("secret", "import")
        terminal.read_until("the exported secret: ")
        terminal.answer(f"{'cd' * 32}\n")
        terminal.read_until("? [y/N] ")
        terminal.answer("y\n")
        assert terminal.end() == 0
        assert "cdcd" not in terminal.seen
        assert secret_file.read_text().startswith("cd" * 32)


class TestPipes:
    def test_a_pipe_gets_the_same_text(self, store, tmp_path):
        """What a program reads is what a person reads; questions and notes are not among it."""
        process = child("ls", "test_cli.double", "--dir", store)
        out, err = process.communicate()
        assert (process.returncode, err) == (0, b"")
        assert normalised(out.decode(), tmp_path).startswith(
            "key | size | age | cost | last use | arguments\nKEY | 4.1kB |"
        )

    def test_a_question_never_waits_on_a_pipe(self, store):
        """Without a terminal, `clear` ends at once, even if somebody pipes a yes."""
        process = child("clear", "--dir", store, stdin=subprocess.PIPE)
        out, err = process.communicate(b"y\n")
        assert (process.returncode, out) == (1, b"")
        assert b"say -y" in err
        assert len(entry_files(store)) == 3

    @pytest.mark.parametrize("command", [["ls", "*"], ["--help"], ["info", "--json"], ["dir"]])
    def test_a_reader_that_goes_away_causes_no_traceback(self, store, command):
        """`brinery ls | head` ends as quietly as `cat` does."""
        reading, writing = os.pipe()
        os.close(reading)
        process = child(*command, *(["--dir", store] if command != ["--help"] else []), stdout=writing)
        os.close(writing)
        _, err = process.communicate()
        assert err == b""
        assert process.returncode in (0, 141)

    @pytest.mark.parametrize("command", ["ls -q", "ls '*'", "ls '*' --json", "verify"])
    def test_a_reader_that_has_seen_enough_causes_no_traceback(self, tmp_path, command):
        """`| head -1` of more than a pipe holds: one line, and nothing said."""
        place = tmp_path / "store"
        cached = Cache(place)(double)
        for number in range(300):
            cached("x" * 70, number)
        if command == "verify":
            for path in entry_files(place):
                path.write_bytes(b"spoilt")
        line = f'"{sys.executable}" -m brinery {command} --dir "{place}" | head -c 30'
        ended = subprocess.run(["sh", "-c", line], capture_output=True, check=False)
        assert len(ended.stdout) == 30
        assert b"Traceback" not in ended.stderr
        assert ended.stderr.replace(b"brinery: --fix would remove 300 files\n", b"") == b""

    @pytest.mark.parametrize("command", [["ls", "*"], ["show", "KEY"], ["verify"], ["prune", "-y"], ["clear", "-y"]])
    def test_ctrl_c_in_the_midst_of_work_causes_no_traceback(self, store, command):
        """It ends with 130, as it does for a shell, and what is not yet removed stays."""
        code = (
            "import os, signal, sys, time\n"
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "import brinery._display.progress, brinery._cache\n"
            "def work(*_):\n    os.write(2, b'in the midst\\n'); time.sleep(60)\n"
            "brinery._display.progress.Progress.advance = brinery._cache.Cache.metadata = work\n"
            "from brinery._cli import main; sys.exit(main())\n"
        )
        words = [run_keys(store)[0] if word == "KEY" else word for word in command]
        if command[0] == "prune":
            words += ["--max-entries", "1"]
        process = subprocess.Popen(
            [sys.executable, "-c", code, *words, "--dir", str(store)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stderr.readline() == b"in the midst\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (130, b"", b"\n")
        assert run_keys(store)

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
    @pytest.mark.parametrize("command", ["ls", "dir"])
    def test_a_full_disk_is_one_line(self, store, command):
        """A result that cannot be written is a failure."""
        with open("/dev/full", "wb") as full:
            process = child(command, "--dir", store, stdout=full)
            _, err = process.communicate()
        assert process.returncode == 1
        assert err == b"brinery: cannot write the result: No space left on device [unwritable]\n"

    def test_closed_streams_are_borne(self, store):
        """A command whose streams are all closed still does its work."""
        command = f'exec "{sys.executable}" -m brinery clear -y --dir "{store}" <&- >&- 2>&-'
        assert subprocess.run(["/bin/sh", "-c", command], check=False).returncode == 0
        assert entry_files(store) == []

    def test_an_ascii_terminal_gets_escapes(self, tmp_path):
        """What the encoding lacks is escaped."""
        Cache(tmp_path / "store")(greet)("Zoë")
        process = child("ls", "*", "--dir", tmp_path / "store", env={**os.environ, "PYTHONIOENCODING": "ascii"})
        out, err = process.communicate()
        assert (process.returncode, err) == (0, b"")
        assert rb"name='Zo\xeb'" in out

    def test_quick_commands_import_little(self, store):
        """`dir` loads neither locks nor what reads and writes JSON."""
        code = (
            "import sys; from brinery._cli import main; main(['dir'])\n"
            "sys.exit(' '.join({'json', 'filelock', 'getpass', 'difflib', 'numpy'} & set(sys.modules)))"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).stderr == b"\n"


class TestEscaping:
    hostile = "\x1b[31mred\x07\x9b2J\u202eevil\r\n"

    def test_what_a_store_holds_cannot_command_a_terminal(self, capsys, tmp_path, monkeypatch):
        """Names and arguments with control characters are shown escaped by every command that shows them."""
        function = lambda x: x
        function.__qualname__ = f"f{self.hostile}"
        place = tmp_path / "store"
        Cache(place)(function)(self.hostile)
        key = run_keys(place)[0]
        monkeypatch.setattr(sys, "stdin", None)
        for command in (
            ["ls"],
            ["ls", "-q"],
            ["ls", "*"],
            ["show", key],
            ["clear", "*"],
            ["ls", "nothing"],
            ["ls", "--json"],
        ):
            main([*command, "--dir", str(place)])
            said = "".join(capsys.readouterr())
            assert said
            assert [c for c in said if not c.isprintable() and c != "\n"] == []
            if command not in (["ls", "nothing"], ["ls", "-q"]):
                assert "red" in said or "entries" in said

    def test_a_hostile_path_is_escaped_in_messages(self, run, tmp_path):
        """A message stays one line, whatever the folder is called."""
        ended = run("ls", "--dir", tmp_path / "a\nb\x1b[2J")
        assert ended == Ended(0, "", "brinery: there is no store at TMP/a\\nb\\x1b[2J yet\n")

    def test_a_hostile_metadata_is_no_traceback(self, run, store, monkeypatch):
        """Metadata may hold anything; what is not as expected is left out."""
        for metadata in (
            {},
            {"arguments": 3},
            {"arguments": {"x": 1, "y": ["a", 2], "z": ["a", "\x1b"]}, "result": ["x"]},
        ):
            monkeypatch.setattr(Cache, "metadata", lambda cache, key, metadata=metadata: metadata)
            for command in (["ls", "*"], ["show", run_keys(store)[0]], ["ls", "*", "--json"]):
                ended = run(*command, "--dir", store)
                assert ended.code == 0
                assert "\x1b" not in ended.out

    def test_spoilt_settings_are_passed_over(self, run, store):
        """A store.json that somebody spoilt is in nobody's way."""
        for text in ("", "[]", '{"max_size": -1, "max_entries": "x", "policy": "mine", "half_life": NaN}', "{" * 9000):
            (store / "store.json").write_text(text)
            for command in (["info"], ["info", "--json"], ["prune"]):
                assert run(*command, "--dir", store).code == 0


class TestLayout:
    def test_table(self):
        """Columns are as wide as what stands in them, also in scripts of wide letters; the last is not padded."""
        text = table(("name", "n", "note"), [("a", "1", "x"), ("漢字", "1000", "")], numbers=("n",))
        assert text == "name     n  note\na        1  x\n漢字  1000"

    def test_fields(self):
        """Values stand below each other."""
        assert fields([("a", "1"), ("long", "2\n")]) == "a     1\nlong  2\\n"

    @pytest.mark.parametrize("text", ["plain", "Zoë", "漢字", "a b", "👍", ""])
    def test_harmless_text_is_left_as_it_is(self, text):
        """Letters of all scripts are shown as they are."""
        assert printable(text) == text

    def test_surrogates_are_escaped(self):
        """Bytes of a path that are no text can be written to any terminal."""
        assert printable("caf\udce9") == r"caf\udce9"

    def test_counting(self):
        """One of a thing is one thing."""
        assert [count(0), count(1), count(2), count(1, "files")] == ["0 entries", "1 entry", "2 entries", "1 file"]


AT_ONCE = (
    "import sys, brinery._display.progress as p; p._UNSEEN = p._EVERY = 0; "
    "from brinery._cli import main; sys.exit(main())"
)


class TestProgress:
    @pytest.mark.parametrize(
        ("command", "what", "said"),
        [
            (["verify"], "verifying", "3 entries checked, all as they were stored"),
            (["prune", "--max-entries", 1, "-y"], "pruning", "removed 2 entries (8.2kB)"),
            (["clear", "-y"], "clearing", "removed 3 entries (12.3kB)"),
        ],
    )
    def test_a_terminal_shows_a_bar_and_a_pipe_nothing(self, store, command, what, said):
        """What takes long tells how far it is, where somebody looks; the result is the same."""
        other = shutil.copytree(store, store.parent / "other")
        piped = subprocess.run(
            [sys.executable, "-c", AT_ONCE, *map(str, command), "--dir", str(other)], capture_output=True, check=False
        )
        assert (piped.returncode, piped.stdout.decode(), piped.stderr) == (0, f"{said}\n", b"")
        terminal = Terminal(*command, "--dir", store, code=AT_ONCE)
        assert terminal.end() == 0
        assert what in terminal.seen
        assert terminal.seen.rstrip().endswith(said)
