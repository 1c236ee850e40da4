"""What people type who know other caches, and what it is called here."""

from __future__ import annotations

from collections.abc import Sequence

# Of `uv cache`, `pip cache`, `hf cache`, `ccache`, `docker`, `git` and shells.
_COMMANDS = {
    "ls": ("list", "ll", "--list", "-l", "entries", "functions", "show-all", "scan"),
    "ls -q": ("keys",),
    "info": ("stats", "stat", "statistics", "status", "size", "du", "df", "usage", "-s", "--stats", "--show-stats"),
    "clear": ("purge", "clean", "empty", "reset", "wipe", "drop", "flush", "delete-all", "-C", "--clear", "--purge"),
    "prune": ("gc", "cleanup", "clean-up", "tidy", "evict", "trim", "expire", "-c", "--cleanup", "--prune"),
    "rm": ("remove", "delete", "del", "forget", "erase", "unlink"),
    "show": ("inspect", "describe", "details"),
    "show KEY --value": ("cat", "get", "load", "print", "read"),
    "explain": ("why", "diff", "reason"),
    "explain --last": ("last", "summary", "report", "log"),
    "dir": ("path", "where", "location", "root", "folder", "--show-dir"),
    "verify": ("check", "fsck", "validate", "audit"),
    "doctor": ("health", "diagnose", "diag"),
    "completion": ("completions", "generate-shell-completion"),
    "--version": ("version", "-v"),
}
_OPTIONS = {
    "-y": ("-f", "--force", "--no-input", "--no-confirm", "--assume-yes"),
    "--dry-run": ("--dryrun", "--what-if", "--simulate", "--pretend"),
    "--older-than": ("--age", "--max-age", "--unused-for", "--until", "--before", "--days"),
    "--larger-than": ("--min-size", "--bigger-than"),
    "--max-size": ("--size", "--limit-size", "--max-bytes"),
    "--limit": ("--head", "--top", "--count", "--max-count"),
    "--reverse": ("--desc", "--asc", "--descending", "--ascending"),
    "--dir": ("--cache-dir", "--cachedir", "--path", "--store", "--location", "-d", "-C"),
    "--json": ("--format", "--output", "-o", "-j"),
    "--quiet": ("--short", "--keys", "--only-keys"),
}


def meant_command(words: Sequence[str], known: Sequence[str]) -> str | None:
    """What may have been meant by words of which the first is no command; None if that is anybody's guess."""
    first, second = words[0], words[1] if len(words) > 1 else ""
    if first == "cache" and second:  # as in `uv cache prune`
        return second if second in known else meant_command([second], known)
    habit = _meant(first, _COMMANDS)
    if habit is not None:
        return habit
    from .._options import nearest

    return nearest(first, tuple(known))


def meant_option(word: str, known: Sequence[str]) -> str | None:
    """What may have been meant by an option that a command does not have, if the command has something like it."""
    habit = _meant(word, _OPTIONS)
    if habit in known:
        return habit
    from .._options import nearest

    return nearest(word, tuple(known))


def _meant(word: str, habits: dict[str, tuple[str, ...]]) -> str | None:
    return next((ours for ours, theirs in habits.items() if word in theirs), None)
