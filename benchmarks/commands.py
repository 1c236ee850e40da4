"""How long somebody waits for the command line, in stores from small to large, beside a bare interpreter.

scripts/time-commands                  10, 10,000 and 1,000,000 entries; filling the last takes minutes and 5 GB
scripts/time-commands 10 10000
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from time import perf_counter

from . import peers, report
from .cases import Table, starts
from .filling import fill, settle
from .scale import made_function
from .timing import Contender, measure

_SIZES = (10, 10_000, 1_000_000)
_FUNCTIONS = 200
_ROUNDS = 15
_FEW_ROUNDS = 3  # where a command takes seconds
_LARGE = 100_000


def waits(folder: str, entries: int, rounds: int) -> Table:
    """Each command as a new process, in turns."""
    cache = peers.brinery_in(folder)
    kept = [cache(made_function(number)) for number in range(min(_FUNCTIONS, entries))]
    for number, one in enumerate(kept):
        fill(cache, one, range(number, entries, len(kept)))
    settle(cache)
    name = cache.functions()[0].name
    # Where byte code is never written, as in some containers, nearly all of the time goes into compiling.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    contenders = [Contender("floor: a bare interpreter", starts("-c", "pass", environment=environment))]
    for command in (["dir"], ["info"], ["ls"], ["ls", name, "-n", "10"], ["explain", "--last"]):
        run = starts("-m", "brinery", *command, "--dir", str(cache.path), environment=environment)
        contenders.append(Contender(f"brinery {' '.join(command)}", run))
    return Table(f"Command line, {entries:,} entries", "ms", measure(contenders, rounds=rounds))


def main(arguments: Sequence[str]) -> int:
    """Time the commands at the sizes given."""
    sizes = [int(argument.replace(",", "")) for argument in arguments] or _SIZES
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        print(*report.machine_lines(report.machine(folder)), sep="\n")
        for size in sizes:
            began = perf_counter()
            table = waits(os.path.join(folder, str(size)), size, _ROUNDS if size < _LARGE else _FEW_ROUNDS)
            print(
                *report.table_lines(table),
                f"  filled and timed in {perf_counter() - began:.0f} s",
                sep="\n",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
