"""The commands: what each takes, what its help says, what goes together, what runs, and how shells complete it."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable

from .._light import NamedTuple
from . import typed
from .output import fail, say


def completion(options: Namespace) -> int:
    """Write the script that a shell reads at its start."""
    try:
        import shtab
    except ImportError:
        return fail("no-completion", "completion needs the package shtab: pip install 'brinery[completion]'")
    say(shtab.complete(options.program, options.shell))
    return 0


SHELLS = ("bash", "zsh", "tcsh")

_A_KEY = "the beginning of its key, as far as it tells it from others"
_A_FUNCTION = "a function's whole name, or a pattern such as 'pkg.*'"


class Described(NamedTuple):
    """A command: a line about it, and what gives its parser all the rest."""

    text: str
    describe: Callable[[ArgumentParser], None]


def _info(command: ArgumentParser) -> None:
    from .look import info

    _complete(command, info, "brinery info", "brinery info --json", "brinery info --dir results")


def _ls(command: ArgumentParser) -> None:
    from .listing import ORDERS, ls

    command.add_argument("function", nargs="?", metavar="FUNCTION", help=_A_FUNCTION)
    command.add_argument(
        "-q", "--quiet", action="store_true", help="only the whole keys of the entries, as `rm` takes them"
    )
    command.add_argument(
        "--sort",
        choices=ORDERS,
        metavar="BY",
        help=f"one of {', '.join(ORDERS)}; the largest and the latest come first",
    )
    command.add_argument("-r", "--reverse", action="store_true", help="sort the other way round")
    command.add_argument("-n", "--limit", type=typed.number, metavar="N", help="no more than N lines")
    command.add_argument(
        "--older-than", type=typed.duration, metavar="TIME", help="only entries that were not used for so long"
    )
    command.add_argument(
        "--larger-than", type=typed.size, metavar="SIZE", help="only entries that take more on the disk"
    )
    command.add_argument(
        "--function",
        dest="pattern",
        metavar="PATTERN",
        help="only functions of that name or pattern, such as 'pkg.*'; lists functions, where FUNCTION lists entries",
    )
    command.add_argument("--stale", action="store_true", help="only entries that the present code can never hit again")
    _complete(
        command,
        ls,
        "brinery ls",
        "brinery ls analysis.fit --sort size -n 10",
        "brinery ls analysis.fit --sort value --reverse",
        "brinery ls -q --older-than 30d --larger-than 10MB | xargs brinery rm -y",
        check=_check_ls,
    )


def _check_ls(options: Namespace, command: ArgumentParser) -> None:
    if options.quiet and options.json:
        command.error("-q and --json exclude each other")
    if options.function is not None and options.pattern is not None:
        command.error("FUNCTION and --function exclude each other: both take a name or a pattern")
    if options.sort is not None:
        from .listing import ORDERS

        order = ORDERS[options.sort]
        lists_entries = options.function is not None or options.quiet
        if (order.entry if lists_entries else order.function) is None:
            what = "entries" if lists_entries else "functions"
            fitting = [name for name, one in ORDERS.items() if one[lists_entries]]
            command.error(f"{what} cannot be sorted by {options.sort!r}, only by {', '.join(fitting)}")


def _show(command: ArgumentParser) -> None:
    from .look import show

    command.add_argument("key", nargs="?", type=typed.key, metavar="KEY", help=_A_KEY)
    command.add_argument(
        "--value", action="store_true", help="show the result itself: its signature is checked, then it is unpickled"
    )
    _complete(command, show, "brinery show 3f2a", "brinery show 3f2a --value", check=_check_show)


def _check_show(options: Namespace, command: ArgumentParser) -> None:
    if options.key is None:
        command.error("name a KEY: `brinery ls FUNCTION` lists them")


def _explain(command: ArgumentParser) -> None:
    from .look import explain

    command.add_argument("key", nargs="?", type=typed.key, metavar="KEY", help=_A_KEY)
    command.add_argument(
        "--last",
        action="store_true",
        help="tell of the program that used the store last: what hit, what was computed and why",
    )
    _complete(command, explain, "brinery explain --last", "brinery explain 3f2a", check=_check_explain)


def _check_explain(options: Namespace, command: ArgumentParser) -> None:
    if options.last and options.key is not None:
        command.error("KEY and --last exclude each other")
    if not options.last and options.key is None:
        command.error("name a KEY, which `brinery ls FUNCTION` lists, or say --last for all that the last program did")


def _adopt(command: ArgumentParser) -> None:
    from .change import adopt

    command.description = (
        "For an edit that cannot have changed them, which you vouch for. Imports the function's\n"
        "module, from this folder; shows what changed, and signs the results again under the\n"
        "present code."
    )
    command.add_argument("function", nargs="?", metavar="FUNCTION", help="its name as in `brinery ls`, or module:name")
    _take_dry_run(command, "only say what would be adopted")
    _complete(
        command,
        adopt,
        "brinery adopt analysis.fit --dry-run",
        "brinery adopt analysis:fit -y",
        check=_check_adopt,
        takes_dir=False,
        asks=True,
    )


def _check_adopt(options: Namespace, command: ArgumentParser) -> None:
    if options.dir is not None:
        command.error("--dir does not go with adopt: the function itself says where its results are")
    if options.function is None:
        command.error("name a FUNCTION: `brinery ls` lists them")


def _rm(command: ArgumentParser) -> None:
    from .change import rm

    command.add_argument("keys", nargs="*", type=typed.key_to_remove, metavar="KEY", help=_A_KEY)
    _take_dry_run(command)
    _complete(
        command,
        rm,
        "brinery rm 3f2a 81c0",
        "brinery ls -q --stale | xargs brinery rm -y",
        asks=True,
        check=_check_rm,
    )


def _check_rm(options: Namespace, command: ArgumentParser) -> None:
    if not options.keys:
        command.error("name a KEY or several: `brinery ls FUNCTION` lists them, and `brinery clear` removes all")


def _clear(command: ArgumentParser) -> None:
    from .change import clear

    command.add_argument("function", nargs="?", metavar="FUNCTION", help=_A_FUNCTION)
    _take_dry_run(command)
    _complete(
        command,
        clear,
        "brinery clear --dry-run",
        "brinery clear analysis.fit",
        "brinery clear 'analysis.*' -y",
        asks=True,
    )


def _prune(command: ArgumentParser) -> None:
    from .change import prune

    command.add_argument(
        "--max-size",
        type=typed.size,
        metavar="SIZE",
        help="keep at most so many bytes (default: the limit of the store)",
    )
    command.add_argument(
        "--max-entries",
        type=typed.number,
        metavar="N",
        help="keep at most so many entries (default: the limit of the store)",
    )
    command.add_argument(
        "--older-than", type=typed.duration, metavar="TIME", help="remove what was not used for so long"
    )
    command.add_argument("--stale", action="store_true", help="remove what the present code can never hit again")
    _take_dry_run(command)
    _complete(
        command,
        prune,
        "brinery prune --older-than 30d",
        "brinery prune --stale --dry-run",
        "brinery prune --max-size 5GB -y",
        asks=True,
    )


def _verify(command: ArgumentParser) -> None:
    from .change import verify

    command.add_argument("--fix", action="store_true", help="remove what is not as it was stored")
    _complete(command, verify, "brinery verify", "brinery verify --fix -y", asks=True)


def _secret(command: ArgumentParser) -> None:
    from . import secret

    # Where no `prog` is given, one is made, by formatting a usage that nobody reads.
    add = command.add_subparsers(title="commands", metavar="COMMAND", prog=command.prog).add_parser
    path = add("path", help="say where the secret is kept")
    _complete(path, secret.path, "brinery secret path", takes_dir=False, check=_check_secret)
    rotate = add("rotate", help="sign with a new secret; entries so far still count")
    rotate.add_argument(
        "--drop-old", action="store_true", help="forget the former ones; entries so far no longer count"
    )
    _complete(
        rotate,
        secret.rotate,
        "brinery secret rotate",
        "brinery secret rotate --drop-old",
        takes_dir=False,
        asks=True,
        check=_check_secret,
    )
    drop = add("drop-old", help="forget all secrets but the present one")
    _complete(drop, secret.drop_old, "brinery secret drop-old", takes_dir=False, asks=True, check=_check_secret)
    export = add("export", help="print the secret, for another machine")
    _complete(
        export,
        secret.export,
        "brinery secret export | ssh host brinery secret import",
        takes_dir=False,
        check=_check_secret,
    )
    import_ = add("import", help="sign with an exported secret, read from stdin")
    _complete(
        import_,
        secret.import_,
        "brinery secret import < exported",
        takes_dir=False,
        asks=True,
        check=_check_secret,
    )
    _complete(command, None, "brinery secret path", "brinery secret rotate", takes_dir=False)


def _check_secret(options: Namespace, command: ArgumentParser) -> None:
    if options.dir is not None:
        command.error("--dir does not go with secret: one secret signs in all stores")


def _completion(command: ArgumentParser) -> None:

    command.add_argument("shell", nargs="?", choices=SHELLS, metavar="SHELL", help="bash, zsh or tcsh")
    _complete(
        command,
        completion,
        'eval "$(brinery completion bash)"    (in ~/.bashrc)',
        takes_dir=False,
        check=_check_completion,
    )


def _check_completion(options: Namespace, command: ArgumentParser) -> None:
    if options.shell is None:
        command.error(f"name a SHELL: {', '.join(SHELLS)}")
    for name in ("dir", "json"):
        if getattr(options, name):
            command.error(f"--{name} does not go with completion: what it writes is a script for a shell")


def _doctor(command: ArgumentParser) -> None:
    from .doctor import doctor

    _complete(command, doctor, "brinery doctor", "brinery doctor --dir /mnt/shared/results")


def _dir(command: ArgumentParser) -> None:
    from .look import directory

    _complete(command, directory, "brinery dir", 'du -sh "$(brinery dir)"')


COMMANDS = {
    "info": Described("describe the store: entries, size, limits, hits", _info),
    "ls": Described("list functions, or the entries of a function", _ls),
    "show": Described("show what is known of one entry", _show),
    "explain": Described("say why the last program computed, or whether an entry can still be hit", _explain),
    "adopt": Described("keep the results of a function's former code", _adopt),
    "rm": Described("remove entries", _rm),
    "clear": Described("remove all entries, or all of a function", _clear),
    "prune": Described("remove what has expired, is old or exceeds a limit", _prune),
    "verify": Described("check every byte and signature; unpickles nothing", _verify),
    "secret": Described("see to the secret that signs entries", _secret),
    "completion": Described("write what a shell needs to complete commands", _completion),
    "doctor": Described("check this machine: folder, secret, locks, space, clock", _doctor),
    "dir": Described("say where the store is", _dir),
}


def take_json(command: ArgumentParser) -> None:
    """Give a parser the option that all have; what was said before the command is not undone by its default."""
    command.add_argument("--json", action="store_true", default=SUPPRESS, help="write one JSON document")


def take_dir(command: ArgumentParser) -> None:
    """Give a parser the option of the store's folder, in the same way."""
    command.add_argument(
        "--dir",
        type=typed.place,
        metavar="PATH",
        default=SUPPRESS,
        help="the folder of the store (default: BRINERY_DIR, else the user's cache folder)",
    )


def _take_dry_run(command: ArgumentParser, text: str = "only say what would be removed") -> None:
    command.add_argument("--dry-run", action="store_true", help=text)


def _complete(
    command: ArgumentParser,
    run: Callable[[Namespace], int] | None,
    *examples: str,
    check: Callable[[Namespace, ArgumentParser], None] | None = None,
    takes_dir: bool = True,
    asks: bool = False,
) -> None:
    """Give a parser what most have, the examples of its help, and what is called in the end."""
    if asks:
        command.add_argument("-y", "--yes", action="store_true", help="do not ask")
    if takes_dir:
        take_dir(command)
    take_json(command)
    command.epilog = "\n".join(("examples:", *(f"  {example}" for example in examples)))
    command.set_defaults(run=run, parser=command, checks=[] if check is None else [check])
