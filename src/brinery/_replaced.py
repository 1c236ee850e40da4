"""Whether something stands for a builtin function that brinery's own code calls."""

from __future__ import annotations

import builtins

_names = vars(builtins)
_first = {name: value for name, value in _names.items() if callable(value)}


def is_builtin_replaced() -> bool:
    """Tell whether a builtin means something else than when brinery was imported, such as a cached function."""
    for name, value in _first.items():  # noqa: SIM110  `any` may be the one
        if name not in _names or _names[name] is not value:
            return True
    return False
