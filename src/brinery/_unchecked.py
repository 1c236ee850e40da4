"""Keep brinery's own modules out of import hooks that check annotations when code runs.

Its annotations name what only type checkers import. Such hooks look at every module that is imported after them.
"""

from __future__ import annotations

from importlib import import_module

_BROUGHT_ALONG = ("filelock", "platformdirs", "xxhash")  # whose annotations are no others


def _leave_out() -> None:
    """Tell the hook of beartype, which a program has set up, that it has nothing to check here."""
    beartype, claw = import_module("beartype"), import_module("beartype.claw")
    conf = beartype.BeartypeConf(claw_skip_package_names=("brinery", *_BROUGHT_ALONG))
    claw.beartype_package("brinery", conf=conf)


_leave_out()
