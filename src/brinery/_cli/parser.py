"""What was typed, understood; or what to say of it, also to people who know other caches."""

from __future__ import annotations

import re
import sys
from argparse import Action, ArgumentError, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence

import brinery

from .commands import COMMANDS, take_dir, take_json
from .output import answer_in_json, fail, terminal_width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


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


USAGE = 2

_EPILOG = """\
examples:
  brinery ls                                  the functions, and what they saved
  brinery explain --last                      what the last program computed, and why
  brinery prune --older-than 30d --dry-run    what could go
  brinery doctor                              what is wrong, if something is

Sizes are written 500MB or 10GiB, times 90s, 12h or 7d."""


def parse(arguments: Sequence[str]) -> Namespace:
    """Understand what was typed.

    Raises:
        SystemExit: after --help or --version, or with 2 if it cannot be understood, which has been said.
    """
    answer_in_json("--json" in arguments)
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:2], "--help"]
    words = _from_command(arguments)
    parser = make_parser(words[0] if words and words[0] in COMMANDS and words[0] != "completion" else None)
    if words and words[0] not in COMMANDS:
        parser.error(_explain_command(words))
    # Not as defaults of the parser: those of a command would undo what was said before it.
    options, unknown = parser.parse_known_args(arguments, Namespace(dir=None, json=False, program=parser))
    command: _Parser = options.parser
    if unknown:
        command.error(_explain_unknown(unknown[0], command))
    if options.run is None:
        command.print_help(sys.stderr)
        command.exit(USAGE)
    answer_in_json(options.json)
    for check in options.checks:
        check(options, command)
    return options


def _formatter(prog: str) -> RawDescriptionHelpFormatter:
    return RawDescriptionHelpFormatter(prog, width=terminal_width() - 2)  # one is made for each option


class _Parser(ArgumentParser):
    """A parser that answers a mistake with one line, and takes no option by its first letters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_formatter, **options)

    def error(self, message: str) -> NoReturn:
        self.exit(fail("usage", f"{message} (see {self.prog} --help)", USAGE))

    def _check_value(self, action: Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise ArgumentError(action if action.option_strings else None, _explain_choice(value, list(action.choices)))


def make_parser(only: str | None = None) -> ArgumentParser:
    """Describe what can be typed: everything, or of the commands one."""
    parser = _Parser(
        prog="brinery",
        description="Look at and tend a store of function results.",
        epilog=_EPILOG,
    )
    take_json(parser)
    take_dir(parser)
    parser.add_argument("-V", "--version", action="version", version=f"brinery {brinery.__version__}")
    parser.set_defaults(run=None, parser=parser, checks=[])
    # Where no `prog` is given, one is made, by formatting a usage that nobody reads.
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", prog=parser.prog)
    for name, (text, describe) in COMMANDS.items():
        if only in (None, name):
            describe(commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}."))
    return parser


def _from_command(arguments: Sequence[str]) -> Sequence[str]:
    """What was typed, from the command on; nothing where another option than those of all commands comes first."""
    position = 0
    while position < len(arguments) and arguments[position].startswith("-"):
        word = arguments[position]
        if word != "--json" and word.partition("=")[0] != "--dir":
            return ()
        position += 2 if word == "--dir" else 1
    return arguments[position:]


def _explain_unknown(word: str, parser: _Parser) -> str:
    """Name what was not understood, and what may have been meant."""
    if not word.startswith("-"):
        return f"{word!r} is one argument too many"
    word = word.partition("=")[0]
    known = re.findall(r"(?<!\S)--[a-z-]+", parser.format_help())
    near = meant_command([word], ()) if parser.prog == "brinery" else None
    near = near or meant_option(word, known)
    return f"unknown option {word}" + (f"; did you mean {near}?" if near else "")


def _explain_command(words: Sequence[str]) -> str:
    """Name the word that is no command, and what may have been meant."""
    near = meant_command(words, tuple(COMMANDS))
    return f"there is no command {words[0]!r}" + (f"; did you mean {near}?" if near else "")


def _explain_choice(word: str, choices: list[str]) -> str:
    """Name the word that is none of an option's choices, and what may have been meant."""
    from .._options import nearest

    near = nearest(word, tuple(choices))
    return f"{word!r} is none of {', '.join(choices)}" + (f"; did you mean {near}?" if near else "")
