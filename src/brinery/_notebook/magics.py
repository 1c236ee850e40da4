"""The magics: ``%%brinery`` above a cell, and ``%brinery`` for what is typed at the command line elsewhere."""

from __future__ import annotations

import os
import shlex
import sys
from argparse import ArgumentParser
from contextlib import suppress

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.display import display as _display

import brinery

from .._cache import Cache
from .._options import nearest
from .._units import parse_time
from .._warnings import warn
from ..errors import StoreWarning
from .cell import Parsed, mentions, parse_cell, read_cell
from .run import raise_as_usual, raise_syntax_error, run_plainly
from .step import CellStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any, NoReturn
else:
    from .._light import Any

_COMMANDS = ("info", "ls", "clear", "explain", "off", "on", "use")
_ATTRIBUTE = "_brinery_magics"


display: Any = _display


class _Parser(ArgumentParser):
    """Answers a mistake with what IPython shows in one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%%brinery: {message}")


def _cell_parser() -> _Parser:
    parser = _Parser(prog="%%brinery", add_help=False, allow_abbrev=False)
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--ttl", type=str)
    parser.add_argument("--ignore", action="append", default=[], metavar="NAME")
    parser.add_argument("--also", action="append", default=[], metavar="NAME")
    parser.add_argument("--version", type=str)
    parser.add_argument("--cache", type=str, metavar="NAME")
    parser.add_argument("--off", action="store_true")
    parser.add_argument("--refresh", action="store_true")
    parser.add_argument("--explain", action="store_true")
    return parser


@magics_class
class BrineryMagics(Magics):
    """What ``%load_ext brinery`` brings."""

    shell: Any

    def __init__(self, shell: Any) -> None:
        super().__init__(shell=shell)
        self._cache_name = ""
        self._latest: CellStep | None = None

    @no_var_expand
    @cell_magic("brinery")  # type: ignore[arg-type]
    def cell(self, line: str, cell: str) -> None:
        """Cache a whole cell: ``%%brinery [NAME] [OPTIONS]``.

        Its inputs are the names that it reads, its results the names that it binds and what it shows.

        Options:
            --ttl TIME: recompute what is older, such as 7d.
            --ignore NAME: leave a name that it reads out of the key; may be given more than once.
            --also NAME: a further name that counts; may be given more than once.
            --version TEXT: change it and the cell is recomputed.
            --cache NAME: the Cache that stands under this name, in place of `brinery.cache`.
            --off: run the cell as if it were not cached.
            --refresh: run it, and store that in place of what was stored.
            --explain: say whether it would be reused and why; run nothing.
        """
        options = _parse(line)
        shell = self.shell
        try:
            parsed = parse_cell(shell, cell)
        except SyntaxError as error:
            raise_syntax_error(shell, error)
        step = None if options.off or not parsed.statements else self._step(parsed, options)
        try:
            if options.explain:
                display(step.explain() if step is not None else "there is nothing to explain")
            elif step is None:
                run_plainly(shell, parsed)
            else:
                self._latest = step
                step.run(refresh=options.refresh)
        except BaseException as error:
            raise_as_usual(shell, error, parsed.filename)

    @no_var_expand
    @line_magic("brinery")  # type: ignore[arg-type]
    def line(self, line: str) -> None:
        """Look at the store and tend it: ``%brinery info | ls [FUNCTION] | clear [FUNCTION] -y | explain | off | on``.

        ``explain`` says why the latest ``%%brinery`` cell was reused or not, ``off`` has everything computed until
        ``on``, and ``use NAME`` makes the Cache of that name the one of the cells from here on.
        """
        command, *arguments = _words(line) or ["info"]
        if command not in _COMMANDS:
            near = nearest(command, _COMMANDS)
            hint = f"did you mean {near!r}?" if near else f"there are {', '.join(_COMMANDS)}"
            raise UsageError(f"%brinery has no command {command!r}; {hint}")
        getattr(self, f"_{command}")(arguments)

    # The commands.

    def _info(self, arguments: list[str]) -> None:
        self._at_the_command_line("info", arguments)

    def _ls(self, arguments: list[str]) -> None:
        self._at_the_command_line("ls", arguments)

    def _clear(self, arguments: list[str]) -> None:
        self._at_the_command_line("clear", arguments)  # which asks on a terminal, and elsewhere wants a -y

    def _at_the_command_line(self, command: str, arguments: list[str]) -> None:
        """Do what the command line does, with the store of this notebook."""
        from .._cli.parser import parse
        from .._store.accounting.statistics import flush_reports
        from ..errors import BrineryError

        cache = self._cache("")
        if cache.path is None:
            raise UsageError("this cache has no store: it was made with Cache(None)")
        flush_reports()
        try:
            options: Any = parse([command, "--dir", str(cache.path), *arguments])
            options.run(options)
        except SystemExit:  # after --help, or a usage error, which has been told
            return
        except (BrineryError, OSError) as error:
            sys.stderr.write(f"brinery: {error}\n")

    def _explain(self, arguments: list[str]) -> None:
        if arguments:
            function = self.shell.user_ns.get(arguments[0])
            explain = getattr(function, "explain", None)
            if not callable(explain):
                self._at_the_command_line("explain", arguments)
                return
            display(explain())
        elif self._latest is None:
            raise UsageError("no %%brinery cell has run yet: %brinery explain tells of the latest")
        else:
            display(self._latest.explain_latest())

    def _off(self, arguments: list[str]) -> None:
        _no_more("off", arguments)
        os.environ["BRINERY_DISABLE"] = "1"

    def _on(self, arguments: list[str]) -> None:
        _no_more("on", arguments)
        os.environ.pop("BRINERY_DISABLE", None)

    def _use(self, arguments: list[str]) -> None:
        _no_more("use", arguments[1:])
        name = arguments[0] if arguments else ""
        self._cache(name)
        self._cache_name = name

    # What a cell is cached with.

    def _step(self, parsed: Parsed, options: Namespace) -> CellStep | None:
        """The cell as a step; None, and said, where it cannot be made one."""
        cache = self._cache(options.cache or "")
        try:
            cell = read_cell(self.shell, parsed, name=options.name, also=tuple(options.also))
        except Exception as error:
            reason = f"finding out what the cell depends on failed ({type(error).__name__}: {error})"
            warn(StoreWarning, f"{reason}; it runs and is not stored", cause=f"reading a cell {reason}")
            return None
        given: dict[str, Any] = {"ignore": [f".{name}" for name in self._checked(cell, options.ignore, "ignore")]}
        self._checked(cell, [name.partition(".")[0] for name in options.also], "also")
        if options.ttl is not None:
            try:
                given["ttl"] = parse_time(options.ttl, "--ttl")
            except ValueError as error:
                raise UsageError(f"%%brinery: {error}") from None
        if options.version is not None:
            given["version"] = options.version
        own = cache._options  # noqa: SLF001  a cache's defaults are those of its cells
        usual = own._replace(ignore=(), key=None, serializer="pickle", follow=type(own.follow)())
        return CellStep(self.shell, cell, cache, usual.updated(given))

    def _checked(self, cell: Any, names: list[str], option: str) -> list[str]:
        """Refuse a name that means nothing here."""
        known = tuple(sorted({*self.shell.user_ns, *mentions(cell)}))
        for name in names:
            if name not in known:
                near = nearest(name, known)
                hint = f"; did you mean {near!r}?" if near else ""
                raise UsageError(f"%%brinery: --{option} {name}: there is no such name{hint}")
        return names

    def _cache(self, name: str) -> Cache:
        name = name or self._cache_name
        if not name:
            return brinery.cache
        found = self.shell.user_ns.get(name)
        if not isinstance(found, Cache):
            raise UsageError(f"{name} is no Cache: make one, such as {name} = brinery.Cache('results')")
        return found


def _parse(line: str) -> Namespace:
    parser = _cell_parser()
    options, unknown = parser.parse_known_args(_words(line))
    if unknown:
        word = unknown[0].partition("=")[0]
        known = tuple(name for action in parser._actions for name in action.option_strings)  # noqa: SLF001
        near = nearest(word, known) if word.startswith("-") else None
        hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
        what = "unknown option" if word.startswith("-") else "one name is enough, not also"
        raise UsageError(f"%%brinery: {what} {word}; {hint}")
    return options


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise UsageError(f"%brinery: {error}") from None


def _no_more(command: str, arguments: list[str]) -> None:
    if arguments:
        raise UsageError(f"%brinery {command}: {arguments[0]!r} is one word too many")


def load_ipython_extension(shell: Any) -> None:
    """Bring ``%%brinery`` and ``%brinery`` to IPython; more than once does no harm."""
    if getattr(shell, _ATTRIBUTE, None) is None:
        setattr(shell, _ATTRIBUTE, BrineryMagics(shell))
    shell.register_magics(getattr(shell, _ATTRIBUTE))


def unload_ipython_extension(shell: Any) -> None:
    """Take them away again."""
    for kind in ("cell", "line"):
        shell.magics_manager.magics[kind].pop("brinery", None)
    with suppress(AttributeError):
        delattr(shell, _ATTRIBUTE)
