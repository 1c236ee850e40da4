"""What a fingerprint covers beside the function itself, as the options of a function say."""

from __future__ import annotations

from .._light import NamedTuple


class Follow(NamedTuple):
    """How far a fingerprint goes: ``mode`` "user", "own" or "version"; ``packages`` count as the user's code too."""

    mode: str = "user"
    packages: frozenset[str] = frozenset()


class Scope(NamedTuple):
    """What shapes a fingerprint beside the function itself.

    ``ignore`` are globals of any module, and what belongs to a function or class there, by their dotted names;
    ``ignore_own`` the function's own parameters and variables of enclosing functions.
    """

    follow: Follow = Follow()
    ignore: frozenset[str] = frozenset()
    ignore_own: frozenset[str] = frozenset()
    depends_on: tuple[object, ...] = ()


EVERYTHING = Scope()
