"""Text from anywhere, made harmless to a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Escape what a terminal would obey, or not show: control characters, directions of writing, lone surrogates.

    >>> printable("plain, \x1b[31mred")
    'plain, \\x1b[31mred'
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
