"""The benchmarks, in a small form: that they run and measure what they say, not how long it takes."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
for library in ("cachier", "checkpointer", "diskcache", "joblib"):
    pytest.importorskip(library, reason="the benchmarks' own dependencies are not installed")

from benchmarks import cases, chart, commands, filling, instructions, keys, processes, report, scale  # noqa: E402
from brinery import Cache  # noqa: E402

pytestmark = pytest.mark.slow


def test_every_contender_is_measured_and_reported(tmp_path: Path):
    """Hits, misses and large results: a row for each, the floor first, in the table, the JSON and the chart."""
    tables = [
        cases.hits(_folder(tmp_path, "hits"), 2),
        cases.misses(_folder(tmp_path, "misses"), 2),
        *cases.large_values(_folder(tmp_path, "large"), 2, megabytes=1),
    ]
    for table in tables:
        assert table.rows[0].name.startswith("floor")
        assert {"brinery", "joblib", "diskcache"} < {row.name for row in table.rows}
        assert all(0 < row.median <= row.p99 <= row.longest for row in table.rows)
        assert len(list(report.table_lines(table))) == 2 + len(table.rows)
        assert table.target
    report.write_json(str(tmp_path / "all.json"), {}, tables, [], [])
    written = json.loads((tmp_path / "all.json").read_text())
    assert [len(table["rows"]) for table in written["tables"]] == [len(table.rows) for table in tables]
    chart.draw(str(tmp_path / "chart.svg"), tables)
    chart_of = ET.parse(tmp_path / "chart.svg")
    points = [point for point in chart_of.iter("{http://www.w3.org/2000/svg}circle") if len(point)]
    assert len(points) == sum(len(table.rows) - 1 for table in tables) - 1  # but for what is mapped


def test_processes_are_measured(tmp_path: Path):
    """Each peer's program runs, finds what it stored, and ends."""
    first = processes.first_hit(_folder(tmp_path, "first"), 1)
    assert [row.name for row in first.rows[1:]] == list(processes.KEEPS)
    four = processes.four_at_once(_folder(tmp_path, "four"), 1, 10)
    assert all(row.median > 0 for row in four.rows)


def test_a_store_of_many_entries_is_measured(tmp_path: Path):
    """It grows to the size that it is to have, and is empty at the end."""
    tables = scale.grown(str(tmp_path / "grown"), (50, 60), 1)
    assert [len(table.rows) for table in tables] == [2] * 4
    assert Cache(tmp_path / "grown" / "60" / "brinery").info().entries == 60 + 2 * 200
    steps = scale.a_year(_folder(tmp_path, "year"), 60, functions=3)
    assert len(list(scale.step_lines(60, 3, steps))) == 2 + len(steps)
    assert not list((tmp_path / "year").rglob("*.brine1"))


def test_a_store_that_was_filled_quickly_is_as_calls_would_have_made_it(memory: Cache):
    """All of it is hit, signed, counted and told of; nothing is computed but the first."""

    @memory
    def f(x: int) -> list[int]:
        return [x, x]

    filling.fill(memory, f, range(5, 300))
    filling.settle(memory)
    assert all(f(number) == [5, 5] for number in range(5, 300))
    assert f.cache_info().misses == 1
    assert memory.info().entries == 295
    assert memory.verify() == []


@pytest.mark.stress
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="there is no valgrind")
def test_instructions_are_counted(tmp_path: Path):
    """More than none, and within a factor of what the bare steps take."""
    (line, _) = instructions.of_a_hit(str(tmp_path))
    ratio = float(line.partition(" x the ")[0].rpartition(" ")[2])
    assert 1 < ratio < 10


def test_keys_are_measured_beside_what_they_must_read(tmp_path: Path):
    """A first fingerprint is taken of a module that was never seen."""
    table = keys.first_fingerprint(_folder(tmp_path, "keys"), 2)
    assert table.rows[0].calls == table.rows[1].calls == 2


def _folder(parent: Path, name: str) -> str:
    (parent / name).mkdir()
    return str(parent / name)


def test_the_command_line_is_timed(tmp_path: Path):
    """`dir`, `info` and `ls` beside a bare interpreter."""
    table = commands.waits(_folder(tmp_path, "commands"), 10, 1)
    names = [row.name for row in table.rows]
    assert names[0].startswith("floor")
    assert names[1:4] == ["brinery dir", "brinery info", "brinery ls"]
