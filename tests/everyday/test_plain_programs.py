"""Programs of the standard library alone: the harness, and what every hit may cost."""

from __future__ import annotations

from pathlib import Path

from everyday.program import Program, cases, check
from freshness.many_processes import Nursery

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
PROGRAMS = [
    Program("a constant and a helper", "K = 2\ndef g(x): return x * K\n@cache\ndef f(x): return g(x) + 1"),
    Program("a logger of the module", "import logging\nlog = logging.getLogger(__name__)\n@cache\ndef f(x):\n    log.debug('computing %s', x)\n    return x + 1"),
]
# fmt: on


@cases(PROGRAMS)
def test_a_plain_program_is_cached(program: Program, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """Its second run computes nothing, and a hit takes few steps."""
    check(program, tmp_path, nurseries)
