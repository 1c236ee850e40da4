"""The command line: what can be typed, and how it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

# All else is imported where Ctrl-C is met: most of a quick command's time is spent on imports.

_BROKEN_PIPE = 141  # as a shell has it of what a signal ended
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; give the exit code: 0, 1 for a failure, 2 for what cannot be typed, 130 after Ctrl-C."""
    try:
        _never_fail_to_print()
        return _ended(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return _INTERRUPTED


def _ended(arguments: Sequence[str]) -> int:
    from .output import UnwritableError, fail, finish

    try:
        code = _run(arguments)
        finish()
    except BrokenPipeError:
        _drop_output()
        return _BROKEN_PIPE
    except UnwritableError as error:
        _drop_output()
        return fail("unwritable", str(error))
    return code


def _run(arguments: Sequence[str]) -> int:
    from ..errors import BrineryError
    from .output import fail
    from .parser import USAGE, parse

    try:
        options = parse(arguments)
    except SystemExit as end:  # after --help, --version, or a usage error
        return end.code if isinstance(end.code, int) else USAGE
    try:
        return int(options.run(options))
    except BrokenPipeError:
        raise
    except BrineryError as error:
        return fail(error.name, str(error).removesuffix(f" [{error.name}]"))
    except OSError as error:
        return fail("system", _explained(error))


def _explained(error: OSError) -> str:
    what = error.strerror or str(error)
    return what if error.filename is None else f"{os.fsdecode(error.filename)}: {what}"


def _never_fail_to_print() -> None:
    """Write what the terminal's encoding lacks as an escape, and to a closed stream nothing."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """Keep Python from trying once more, when it ends, to write where nobody reads."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
