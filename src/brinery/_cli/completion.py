"""What a shell needs to complete commands and options; written by shtab, from the parser itself."""

from __future__ import annotations

from argparse import Namespace

from .output import fail, say


def completion(options: Namespace) -> int:
    """Write the script that a shell reads at its start."""
    try:
        import shtab
    except ImportError:
        return fail("no-completion", "completion needs the package shtab: pip install 'brinery[completion]'")
    say(shtab.complete(options.program, options.shell))
    return 0
