"""What can be typed: the commands and their options."""

from __future__ import annotations

import re
import sys
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence

import brinery

from .._units import parse_size, parse_time
from . import change, completion, doctor, look, secret
from .output import tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

USAGE = 2

Command = Callable[[Namespace], int]


def parse(arguments: Sequence[str]) -> Namespace:
    parser = make_parser()
    # Not as defaults of the parser: those of a command would undo what was said before it.
    options, unknown = parser.parse_known_args(arguments, Namespace(dir=None, json=False))
    command: _Parser = options.parser
    if unknown:
        command.error(_explain_unknown(unknown[0], command))
    for check in options.checks:
        check(options, command)
    return options


class _Parser(ArgumentParser):
    """A parser that answers a mistake with one line, and takes no option by its first letters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        tell(f"{message} (see {self.prog} --help)")
        self.exit(USAGE)


def make_parser() -> ArgumentParser:
    """Describe everything that can be typed."""
    everywhere = ArgumentParser(add_help=False, argument_default=SUPPRESS)
    everywhere.add_argument("--json", action="store_true", help="write one JSON document")
    somewhere = ArgumentParser(add_help=False, argument_default=SUPPRESS)
    somewhere.add_argument(
        "--dir",
        type=_place,
        metavar="PATH",
        help="the folder of the store (default: BRINERY_DIR, else the user's cache folder)",
    )
    sure = ArgumentParser(add_help=False)
    sure.add_argument("-y", "--yes", action="store_true", help="do not ask")

    parser = _Parser(
        prog="brinery",
        description="Look at and tend a store of function results.",
        epilog="Sizes are written 500MB or 10GiB, times 90s, 12h or 7d.",
        parents=[everywhere, somewhere],
    )
    parser.add_argument("--version", action="version", version=f"brinery {brinery.__version__}")
    parser.set_defaults(run=None, parser=parser, checks=[_check_command])
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(where: Any, name: str, run: Command | None, *parents: ArgumentParser, text: str) -> _Parser:
        description = f"{text[0].upper()}{text[1:]}."
        command: _Parser = where.add_parser(name, help=text, description=description, parents=[everywhere, *parents])
        command.set_defaults(run=run, parser=command, checks=[] if run else [_check_command])
        return command

    add(commands, "info", look.info, somewhere, text="describe the store: entries, size, limits, hits")

    ls = add(commands, "ls", look.ls, somewhere, text="list functions, or the entries of a function")
    ls.add_argument(
        "function", nargs="?", metavar="FUNCTION", help="a function's whole name, or a pattern such as 'pkg.*'"
    )
    ls.add_argument("-q", "--quiet", action="store_true", help="only the whole keys of the entries, as `rm` takes them")
    ls.add_argument(
        "--sort",
        choices=look.ORDERS,
        metavar="BY",
        help=f"one of {', '.join(look.ORDERS)}; the largest and the latest come first",
    )
    ls.add_argument("-r", "--reverse", action="store_true", help="sort the other way round")
    ls.add_argument("-n", "--limit", type=_number, metavar="N", help="no more than N lines")
    ls.add_argument("--older-than", type=_time, metavar="TIME", help="only entries that were not used for so long")
    ls.add_argument("--larger-than", type=_size, metavar="SIZE", help="only entries that take more on the disk")
    ls.add_argument(
        "--function",
        dest="pattern",
        metavar="PATTERN",
        help="only functions of that name or pattern, such as 'pkg.*'; lists functions, where FUNCTION lists entries",
    )
    ls.add_argument("--stale", action="store_true", help="only entries that the present code can never hit again")
    ls.epilog = (
        "Examples: brinery ls; brinery ls analysis.fit --sort size -n 10; "
        "brinery ls -q --older-than 30d --larger-than 10MB | xargs brinery rm"
    )
    ls.set_defaults(checks=[_check_ls])

    show = add(commands, "show", look.show, somewhere, text="show what is known of one entry")
    show.add_argument(
        "key", type=_key, metavar="KEY", help="the beginning of its key, as far as it tells it from others"
    )

    show.add_argument(
        "--value", action="store_true", help="show the result itself: its signature is checked, then it is unpickled"
    )
    show.epilog = "Examples: brinery show 3f2a; brinery show 3f2a --value"

    explain = add(
        commands, "explain", look.explain, somewhere, text="say whether an entry can still be hit, and if not why"
    )
    explain.add_argument(
        "key", type=_key, metavar="KEY", help="the beginning of its key, as far as it tells it from others"
    )

    adopt = add(commands, "adopt", change.adopt, sure, text="keep the results of a function's former code")
    adopt.description = (
        "For an edit that cannot have changed them, which you vouch for. Imports the function's module, from this "
        "folder; shows what changed, and signs the results again under the present code."
    )
    adopt.add_argument("function", metavar="FUNCTION", help="its name as in `brinery ls`, or module:name")
    adopt.add_argument("--dry-run", action="store_true", help="only say what would be adopted")

    adopt.set_defaults(checks=[_check_adopt])

    rm = add(commands, "rm", change.rm, somewhere, text="remove entries")
    rm.add_argument(
        "keys", nargs="+", type=_key, metavar="KEY", help="the beginning of a key, as far as it tells it from others"
    )

    clear = add(commands, "clear", change.clear, somewhere, sure, text="remove all entries, or all of a function")
    clear.add_argument(
        "function", nargs="?", metavar="FUNCTION", help="a function's whole name, or a pattern such as 'pkg.*'"
    )

    prune = add(
        commands, "prune", change.prune, somewhere, sure, text="remove what has expired, is old or exceeds a limit"
    )
    prune.add_argument(
        "--max-size", type=_size, metavar="SIZE", help="keep at most so many bytes (default: the limit of the store)"
    )
    prune.add_argument(
        "--max-entries",
        type=_number,
        metavar="N",
        help="keep at most so many entries (default: the limit of the store)",
    )
    prune.add_argument("--older-than", type=_time, metavar="TIME", help="remove what was not used for so long")
    prune.add_argument("--stale", action="store_true", help="remove what the present code can never hit again")
    prune.epilog = (
        "Examples: brinery prune --older-than 30d; brinery prune --stale --dry-run; brinery prune --max-size 5GB"
    )
    clear.epilog = "Examples: brinery clear --dry-run; brinery clear 'analysis.*' -y"
    for command in (clear, prune):
        command.add_argument("--dry-run", action="store_true", help="only say what would be removed")

    verify = add(
        commands, "verify", change.verify, somewhere, sure, text="check every byte and signature; unpickles nothing"
    )
    verify.add_argument("--fix", action="store_true", help="remove what is not as it was stored")

    of_secret = add(commands, "secret", None, text="see to the secret that signs entries")
    secrets = of_secret.add_subparsers(title="commands", metavar="COMMAND")
    add(secrets, "path", secret.path, text="say where the secret is kept")
    rotate = add(secrets, "rotate", secret.rotate, sure, text="sign with a new secret; entries so far still count")
    rotate.add_argument(
        "--drop-old", action="store_true", help="forget the former ones; entries so far no longer count"
    )
    add(secrets, "drop-old", secret.drop_old, sure, text="forget all secrets but the present one")
    add(secrets, "export", secret.export, text="print the secret, for another machine")
    add(secrets, "import", secret.import_, sure, text="sign with an exported secret, read from stdin")
    for command in secrets.choices.values():
        command.set_defaults(checks=[_check_secret])

    complete = add(commands, "completion", completion.completion, text="write what a shell needs to complete commands")
    complete.add_argument("shell", choices=completion.SHELLS, metavar="SHELL", help="bash, zsh or tcsh")
    complete.epilog = 'Example, in ~/.bashrc: eval "$(brinery completion bash)"'
    complete.set_defaults(checks=[_check_completion], program=parser)

    add(commands, "doctor", doctor.doctor, somewhere, text="check this machine: folder, secret, locks, space, clock")
    add(commands, "dir", look.directory, somewhere, text="say where the store is")
    return parser


def _check_command(options: Namespace, parser: ArgumentParser) -> None:
    if options.run is None:
        parser.print_help(sys.stderr)
        parser.exit(USAGE)


def _check_ls(options: Namespace, parser: ArgumentParser) -> None:
    if options.quiet and options.json:
        parser.error("-q and --json exclude each other")
    if options.function is not None and options.pattern is not None:
        parser.error("FUNCTION and --function exclude each other: both take a name or a pattern")
    if options.sort is not None:
        order = look.ORDERS[options.sort]
        lists_entries = options.function is not None or options.quiet
        if (order.entry if lists_entries else order.function) is None:
            what = "entries" if lists_entries else "functions"
            fitting = [name for name, one in look.ORDERS.items() if one[lists_entries]]
            parser.error(f"{what} cannot be sorted by {options.sort!r}, only by {', '.join(fitting)}")


def _check_adopt(options: Namespace, parser: ArgumentParser) -> None:
    if options.dir is not None:
        parser.error("--dir does not go with adopt: the function itself says where its results are")


def _check_completion(options: Namespace, parser: ArgumentParser) -> None:
    for name in ("dir", "json"):
        if getattr(options, name):
            parser.error(f"--{name} does not go with completion: what it writes is a script for a shell")


def _check_secret(options: Namespace, parser: ArgumentParser) -> None:
    if options.dir is not None:
        parser.error("--dir does not go with secret: one secret signs in all stores")


def _explain_unknown(word: str, parser: _Parser) -> str:
    """Name what was not understood, and what may have been meant."""
    from .._options import nearest

    if not word.startswith("-"):
        return f"{word!r} is one argument too many"
    known = tuple(re.findall(r"(?<!\S)--[a-z-]+", parser.format_help()))
    near = nearest(word.partition("=")[0], known)
    return f"unknown option {word.partition('=')[0]}" + (f"; did you mean {near}?" if near else "")


def _key(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{1,32}", text.lower()):
        raise ArgumentTypeError(
            f"{text!r} is no key: a key has up to 32 digits, 0-9 and a-f, and `brinery ls FUNCTION` lists them"
        )
    return text.lower()


def _number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", text) or not int(text):
        raise ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def _for_typing(error: ValueError) -> str:
    """An error's text without what it says to those who write Python."""
    return str(error).partition("; None ")[0]


def _size(text: str) -> int:
    try:
        return parse_size(text)
    except ValueError as error:
        raise ArgumentTypeError(_for_typing(error)) from None


def _time(text: str) -> float:
    try:
        return parse_time(text, "time")
    except ValueError as error:
        raise ArgumentTypeError(_for_typing(error)) from None


def _place(text: str) -> str:
    if not text:
        raise ArgumentTypeError("an empty path names no folder; `brinery dir` tells the default")
    return text
