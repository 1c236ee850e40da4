"""What a whole program did with its store: at its end on request, and afterwards on the command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from brinery import Cache
from brinery._cli import main
from brinery._store.accounting.statistics_lines import Line, Missed, encode, parse_lines, shortened
from brinery._store.accounting.tally import Tally

PROGRAM = """
import sys, time
from brinery import Cache
memory = Cache("store")
FACTOR = 3

def scaled(x):
    return x * FACTOR

@memory
def step(x, y=1):
    return [scaled(x), y]

@memory
def total(xs):
    return sum(xs)

@memory(ttl=3600)
def quote(name):
    return name.upper()

@memory
def failing(x):
    raise OSError("not today")

if __name__ == "__main__":
    xs = tuple(step(x)[0] for x in range(4))
    total(xs)
    quote("abc")
"""


def run(folder: Path, *, program: str = "", summary: str = "") -> subprocess.CompletedProcess[str]:
    """Run the program, or another text, as a new process."""
    if program:
        (folder / "program.py").write_text(program)
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "BRINERY_SUMMARY": summary}
    return subprocess.run(
        [sys.executable, "program.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def told(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Hits, misses and the reason, by function."""
    session = Cache(folder / "store").last_session()
    assert session is not None
    return {one.function.rpartition(".")[2]: (one.hits, one.misses, one.reason) for one in session.functions}


def test_the_last_program_is_told_of(tmp_path: Path):
    """What hit and what was computed, with the reason that tells most; nothing had to be asked for beforehand."""
    run(tmp_path, program=PROGRAM)
    never = "never called before: there is no result of this function"
    assert told(tmp_path) == {"step": (0, 4, never), "total": (0, 1, never), "quote": (0, 1, never)}
    run(tmp_path)
    assert told(tmp_path) == {"step": (4, 0, ""), "total": (1, 0, ""), "quote": (1, 0, "")}
    session = Cache(tmp_path / "store").last_session()
    assert repr(session) == str(session)  # a table, at a prompt as well
    assert repr(session).startswith("function")
    assert "<table" in session._repr_html_()
    run(tmp_path, program=PROGRAM.replace("FACTOR = 3", "FACTOR = 4"))
    found = told(tmp_path)
    assert found["step"] == (0, 4, "global program.FACTOR: 3 -> 4 (program.py:5)")
    assert found["total"][:2] == (0, 1)
    assert found["total"][2].startswith("argument xs")
    assert found["quote"] == (1, 0, "")


def test_a_new_argument_is_the_reason_only_where_nothing_tells_more(tmp_path: Path):
    """One more point of a sweep: that is all that happened."""
    run(tmp_path, program=PROGRAM)
    run(tmp_path, program=PROGRAM.replace("range(4)", "range(5)"))
    assert told(tmp_path)["step"][:2] == (4, 1)
    assert re.fullmatch(r"argument x: \d -> 4", told(tmp_path)["step"][2])


def test_an_expired_result_a_damaged_one_and_one_asked_for_anew_are_told_apart(tmp_path: Path):
    """Each had something under its key that did not count."""
    run(tmp_path, program=PROGRAM)
    for path in (tmp_path / "store").rglob("*.brine1"):
        if "quote" in str(path):
            path.write_bytes(path.read_bytes()[:-100])
    changed = PROGRAM.replace("    total(xs)", "    total.refresh(xs)")
    run(tmp_path, program=changed)
    assert told(tmp_path)["quote"] == (0, 1, "its entry was damaged, or signed with another secret")
    assert told(tmp_path)["total"] == (0, 1, "it was refreshed, though its result was there")
    run(tmp_path, program=PROGRAM.replace("ttl=3600", "ttl=1e-6"))
    assert told(tmp_path)["quote"] == (0, 1, "its result had expired")


def test_what_failed_is_told(tmp_path: Path):
    """A function whose results are never stored is computed each time, and that is why."""
    program = PROGRAM + "    try: failing(1)\n    except OSError: pass\n"
    ended = run(tmp_path, program=program, summary="1")
    reason = "nothing is stored of it: it raised, its result cannot be kept, or it was removed since"
    assert re.search(rf"program.failing +0 +1 +0ms +{re.escape(reason)}", ended.stderr)


def test_a_summary_is_written_at_exit_on_request(tmp_path: Path):
    """On stderr, and nothing without the request."""
    assert run(tmp_path, program=PROGRAM).stderr == ""
    assert run(tmp_path, summary="0").stderr == ""
    lines = run(tmp_path, summary="1").stderr.splitlines()
    assert lines[0] == f"brinery: what this run did with {tmp_path / 'store'}"
    assert lines[1].split() == ["function", "hits", "computed", "saved", "why", "it", "was", "computed"]
    assert [line.split()[:3] for line in lines[2:-1]] == [
        ["program.quote", "1", "0"],
        ["program.step", "4", "0"],
        ["program.total", "1", "0"],
    ]
    assert lines[-1].startswith("6 of 6 calls answered from the store, which saved ")


def test_a_summary_where_nothing_can_be_written_down(tmp_path: Path):
    """Counts that the store does not take are still told at the end."""
    run(tmp_path, program=PROGRAM)
    for path in (tmp_path / "store").glob("*/statistics"):
        path.unlink()
        path.mkdir()
        (path / "in the way").touch()
    ended = run(tmp_path, summary="1")
    assert "6 of 6 calls answered from the store" in ended.stderr
    assert ended.returncode == 0


def test_an_interrupted_program_has_a_summary(tmp_path: Path):
    """Ctrl-C is when one most wants to know."""
    program = PROGRAM + "    import signal\n    signal.raise_signal(signal.SIGINT)\n"
    ended = run(tmp_path, program=program, summary="1")
    assert "KeyboardInterrupt" in ended.stderr
    assert "0 of 6 calls answered from the store" in ended.stderr


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_belong_to_the_program_that_started_them(tmp_path: Path, method: str):
    """One session and one summary, however many processes computed."""
    program = PROGRAM.replace(
        "    xs = ",
        "    import multiprocessing\n"
        "    from concurrent.futures import ProcessPoolExecutor\n"
        f"    context = multiprocessing.get_context({method!r})\n"
        "    with ProcessPoolExecutor(2, mp_context=context) as pool:\n"
        "        list(pool.map(step, range(10, 20)))\n"
        "    with context.Pool(1) as pool:\n"
        "        pool.map(step, range(8, 14))\n"
        "    xs = ",
    )
    ended = run(tmp_path, program=program, summary="1")
    assert ended.stderr.count("what this run did") == 1
    assert told(tmp_path)["step"][:2] == (4, 16)
    assert "4 of 22 calls" in ended.stderr
    assert Cache(tmp_path / "store").last_session().program == "program.py"


def test_two_stores_are_told_of_each(tmp_path: Path):
    """Where a program has several."""
    program = PROGRAM.replace("@memory(ttl=3600)", '@Cache("other")')
    ended = run(tmp_path, program=program, summary="1")
    assert ended.stderr.count("what this run did with") == 2
    assert "0 of 5 calls" in ended.stderr
    assert "0 of 1 call answered" in ended.stderr


def test_questions_are_no_session(tmp_path: Path):
    """Who only asks leaves the last program what it was, and every byte."""
    run(tmp_path, program=PROGRAM)
    before = {path: path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file()}
    ask = PROGRAM.partition("if __name__")[0] + "print(step.is_cached(1), step.explain(9).hit)\n"
    assert run(tmp_path, program=ask, summary="1").stderr == ""
    assert main(["explain", "--last", "--dir", str(tmp_path / "store")]) == 0
    assert {path: path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file()} == before


def test_a_killed_program_is_told_of_as_far_as_it_came(tmp_path: Path):
    """What it had written down by then."""
    program = (
        PROGRAM
        + "    from brinery._store.accounting.statistics import flush_reports\n    flush_reports()\n    total((1, 2))\n"
    )
    assert run(tmp_path, program=program + "    import os\n    os.kill(os.getpid(), 9)\n").returncode == -9
    assert told(tmp_path)["total"][:2] == (0, 1)


class TestCommand:
    def test_as_text(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        """The table, the sum, and whose it was."""
        run(tmp_path, program=PROGRAM)
        run(tmp_path, program=PROGRAM.replace("FACTOR = 3", "FACTOR = 4"))
        assert main(["explain", "--last", "--dir", str(tmp_path / "store")]) == 0
        out, err = capsys.readouterr()
        *_, step, _, summed = out.splitlines()
        assert step.split(maxsplit=4) == [
            *("program.step", "0", "4", "0ms"),
            "global program.FACTOR: 3 -> 4 (program.py:5)",
        ]
        assert summed.startswith("1 of 6 calls answered from the store, which saved ")
        assert re.fullmatch(r"brinery: that was program\.py, \S+ ago\n", err)

    def test_as_json(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        """The same for programs."""
        run(tmp_path, program=PROGRAM)
        assert main(["explain", "--last", "--json", "--dir", str(tmp_path / "store")]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["program"] == "program.py"
        assert [one["name"] for one in document["functions"]] == ["program.quote", "program.step", "program.total"]
        step = document["functions"][1]
        assert (step["hits"], step["misses"], step["seconds_saved"]) == (0, 4, 0)
        assert step["reason"].startswith("never called before")
        assert re.fullmatch("[0-9a-f]{32}", step["key"])

    def test_of_an_empty_store(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        """Nothing is told, and nothing made."""
        assert main(["explain", "--last", "--dir", str(tmp_path / "none")]) == 0
        assert capsys.readouterr() == ("", f"brinery: there is no store at {tmp_path / 'none'} yet\n")
        assert main(["explain", "--last", "--json", "--dir", str(tmp_path / "none")]) == 0
        assert json.loads(capsys.readouterr().out)["functions"] == []
        assert not (tmp_path / "none").exists()


class TestLines:
    KEY = "0123456789abcdef" * 2

    @pytest.mark.parametrize(
        "line",
        [
            Line(Tally(1, 2, 0.5)),
            Line(Tally(1, 2, 0.5), 1.5, "machine-1-2", "program.py", None),
            Line(Tally(0, 2, 0.0), 1.5, "machine-1-2", "", Missed(KEY, "")),
            Line(Tally(0, 2, 0.0), 1.5, "machine-1-2", "", Missed(KEY, "expired")),
        ],
    )
    def test_are_read_as_they_were_written(self, line: Line):
        """Whatever is known of a session."""
        assert list(parse_lines(encode(line))) == [line]

    @pytest.mark.parametrize(
        "text",
        [
            b"\n1 2 0.5 later m-1-2 p -",
            b"\n1 2 0.5 1e400 m-1-2 p -",
            b"\n1 2 0.5 1.5 \xff p -",
            b"\n1 2 0.5 1.5 m-1-2 p - more",
            b"\n1 2 0.5 1.5 " + b"m" * 5000 + b" p -",
            b"\n1 2 0.5 1.5 m-1-2",
        ],
    )
    def test_that_cannot_be_right_are_passed_over(self, text: bytes):
        """Somebody's joke, or a line cut short."""
        assert list(parse_lines(text)) == []

    def test_of_the_latest_sessions_outlive_the_shortening(self):
        """The sum stays what it was, and of the last programs what they did."""
        lines = [
            Line(Tally(1, 1, 0.5), float(when), f"m-{when % 40}-1", "p", Missed(self.KEY, "")) for when in range(400)
        ]
        short = list(parse_lines(shortened(b"".join(map(encode, lines)))))
        assert sum(line.tally.hits for line in short) == 400
        assert sum(line.tally.seconds_saved for line in short) == 200.0
        assert [line.session for line in short if line.session] == [f"m-{when}-1" for when in range(32, 40)]
        assert all(line.tally == Tally(10, 10, 5.0) and line.missed for line in short if line.session)
