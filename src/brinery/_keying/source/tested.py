"""The Pythons that this release was tested with, and what a newer one means.

On a newer Python nobody knows what an instruction or a piece of syntax does. So code counts as its bytecode is, with
its whole module: too much rather than too little.
"""

from __future__ import annotations

import sys

NEWEST = (3, 15)
unknown_instructions: set[str] = set()  # met in this process; "" stands for those of a newer Python


def is_newer() -> bool:
    """Whether this Python is newer than those that this release was tested with."""
    return sys.version_info[:2] > NEWEST


def newer_python() -> str:
    """Say what a newer Python costs, and what to do."""
    newest, this = (f"{version[0]}.{version[1]}" for version in (NEWEST, sys.version_info))
    return (
        f"Python {this} is newer than those that this release of brinery was tested with (up to {newest}): functions "
        "count by their bytecode and with their whole modules, so more edits recompute than have to; look for a newer "
        "release of brinery"
    )


def unknown_code() -> str:
    """Say which instructions code has that are not known here, and what that costs."""
    names = ", ".join(sorted(unknown_instructions))
    return (
        f"code was met with instructions that brinery does not know ({names}): it counts with its whole module, so "
        "more edits recompute than have to"
    )
