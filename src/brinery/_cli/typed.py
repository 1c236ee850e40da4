"""What a word stands for that was typed: a key, a size, a time, a number, a folder."""

from __future__ import annotations

from argparse import ArgumentTypeError

from .._units import parse_size, parse_time

_LONGEST_NUMBER = 18


def key(text: str) -> str:
    """The beginning of a key, or a whole one."""
    digits = text.lower()
    if not 0 < len(digits) <= 32 or digits.strip("0123456789abcdef"):
        raise ArgumentTypeError(
            f"{text!r} is no key: a key has up to 32 digits, 0-9 and a-f, and `brinery ls FUNCTION` lists them"
        )
    return digits


def key_to_remove(text: str) -> str:
    """A key or its beginning, for a command that people might give a function."""
    try:
        return key(text)
    except ArgumentTypeError as error:
        raise ArgumentTypeError(f"{error}; `brinery clear FUNCTION` removes all of a function") from None


def number(text: str) -> int:
    """A number from 1 on."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER and int(text)):
        raise ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def size(text: str) -> int:
    """A size in bytes."""
    try:
        return parse_size(text)
    except ValueError as error:
        raise ArgumentTypeError(_for_typing(error)) from None


def duration(text: str) -> float:
    """A time in seconds."""
    try:
        return parse_time(text, "time")
    except ValueError as error:
        raise ArgumentTypeError(_for_typing(error)) from None


def place(text: str) -> str:
    """The folder of a store."""
    if not text:
        raise ArgumentTypeError("an empty path names no folder; `brinery dir` tells the default")
    return text


def _for_typing(error: ValueError) -> str:
    """An error's text without what it says to those who write Python."""
    return str(error.args[0]).partition("; None ")[0]
