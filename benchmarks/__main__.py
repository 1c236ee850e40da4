"""Measure brinery beside the least that each job can cost, and beside its peers, all in the same run.

Contenders take turns; a table shows the median and the 99th percentile of single calls. Nothing is passed or failed.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator

from . import cases, chart, eviction, full_store, instructions, keys, processes, report, scale


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: under two minutes")
    parser.add_argument("--year", metavar="N", type=int, help="also fill a store with N entries, say a million")
    parser.add_argument("--json", metavar="FILE", help="write all measurements to a file as well")
    parser.add_argument("--chart", metavar="FILE", help="draw what peers take beside brinery, as SVG")
    parser.add_argument("--dir", metavar="FOLDER", help="the folder to measure in, with some GB of room")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="benchmarks-", dir=options.dir) as folder:
        facts = report.machine(folder)
        print(*report.machine_lines(facts), sep="\n")
        saved = list(eviction.savings(5000 if options.quick else 50_000))
        print(*eviction.lines(saved), sep="\n", flush=True)
        tables = []
        for table in measured(folder, quick=options.quick):
            print(*report.table_lines(table), sep="\n", flush=True)
            tables.append(table)
        print(*instructions.of_a_hit(_made(folder, "instructions")), sep="\n", flush=True)
        steps = scale.a_year(_made(folder, "year"), options.year, _FUNCTIONS) if options.year else []
        if steps:
            print(*scale.step_lines(options.year, _FUNCTIONS, steps), sep="\n", flush=True)
    if options.chart:
        chart.draw(options.chart, tables)
    if options.json:
        report.write_json(options.json, facts, tables, saved, steps)


_FUNCTIONS = 200


def measured(folder: str, *, quick: bool) -> Iterator[cases.Table]:
    """All tables, one after the other; each case has a folder of its own."""
    hit_rounds, miss_rounds, large_rounds, process_rounds = (30, 6, 2, 3) if quick else (300, 50, 15, 40)
    yield cases.hits(_made(folder, "hits"), hit_rounds)
    yield cases.touched_hits(_made(folder, "touched"), hit_rounds)
    yield cases.misses(_made(folder, "misses"), miss_rounds)
    yield from cases.large_values(_made(folder, "large"), large_rounds, megabytes=100 if quick else 200)
    yield from cases.kinds_of_values(_made(folder, "kinds"), large_rounds, megabytes=8 if quick else 64)
    yield from keys.arguments(_made(folder, "arguments"), 1 if quick else large_rounds)
    yield keys.check(_made(folder, "check"), hit_rounds)
    yield keys.first_fingerprint(_made(folder, "first"), 3 * large_rounds)
    yield cases.imports(process_rounds)
    yield processes.first_hit(_made(folder, "processes"), process_rounds)
    yield processes.four_at_once(_made(folder, "four"), 1 if quick else 3, 200 if quick else 2000)
    sizes = (1000, 10_000) if quick else (1000, 100_000, 1_000_000)
    yield from scale.grown(_made(folder, "grown"), sizes, miss_rounds)
    yield cases.command_line(_made(folder, "many"), process_rounds, entries=10_000)
    yield full_store.misses(_made(folder, "full"), miss_rounds, entries=10_000 if quick else 100_000)


def _made(folder: str, name: str) -> str:
    path = os.path.join(folder, name)
    os.mkdir(path)
    return path


if __name__ == "__main__":
    main()
