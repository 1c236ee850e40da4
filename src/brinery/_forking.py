"""Forks while another thread imports what a call needs: the child imports it for itself.

A child of fork has only the thread that forked. What another thread was importing just then is left half done in it,
under a lock that nobody is there to release, and the next import waits for ever. Plain calls meet that seldom; a
first call imports much, and where threads make first calls while others fork, many a child would hang.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident

from ._light import suppress

_IMPORT_SYSTEM = "_frozen_importlib"
_REQUIRED = {"brinery", "filelock", "platformdirs", "xxhash"}  # with what they import of the standard library


def _forget_half_imported() -> None:
    """Take the locks of threads that are not there from modules of ours and of Python, and what those had begun."""
    locks = getattr(sys.modules.get(_IMPORT_SYSTEM), "_module_locks", {})
    for name, reference in list(locks.items()):
        owner = getattr(reference(), "owner", None)
        if owner is None or owner == get_ident() or not _is_ours_or_pythons(name):
            continue
        locks.pop(name, None)
        if getattr(getattr(sys.modules.get(name), "__spec__", None), "_initializing", False):
            sys.modules.pop(name, None)


def _is_ours_or_pythons(name: str) -> bool:
    root = name.partition(".")[0]
    return root in _REQUIRED or root in sys.stdlib_module_names


def _after_fork_in_child() -> None:
    with suppress(Exception):  # the import system is not as it was
        _forget_half_imported()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
