"""The commands about the secret that signs entries."""

from __future__ import annotations

import os
import sys

from .output import ask, say, say_json, say_path, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace


def path(options: Namespace) -> int:
    """Say where the secret file is, or would be made."""
    from .._store.signing import secret_file

    _tell_of_variable()
    place = secret_file.secret_path()
    if options.json:
        say_json({"path": place, "exists": os.path.lexists(place)})
    else:
        say_path(place)
    return 0


def rotate(options: Namespace) -> int:
    """Sign with a new secret from now on; former ones still count unless they are dropped."""
    from .._store.signing import rotation

    _tell_of_variable()
    question = "make a new secret and forget the former ones, so that every entry so far is recomputed"
    if options.drop_old and not ask(question, yes=options.yes):
        return 1
    rotation.rotate()
    if options.drop_old:
        rotation.drop_old()
    return _done(
        "a new secret signs from now on; "
        + ("entries so far no longer count" if options.drop_old else "entries so far still count"),
        options,
    )


def drop_old(options: Namespace) -> int:
    """Forget all secrets but the present one."""
    from .._store.signing import rotation

    _tell_of_variable()
    if not ask("forget the former secrets, so that what they signed is recomputed", yes=options.yes):
        return 1
    rotation.drop_old()
    return _done("only what the present secret signed still counts", options)


def export(options: Namespace) -> int:
    """Print the secret, for another machine: the only command that shows it."""
    from .._store.signing import rotation

    _tell_of_variable()
    secret = rotation.export()
    if options.json:
        say_json({"secret": secret})
    else:
        say(secret)
    return 0


def import_(options: Namespace) -> int:
    """Read an exported secret from stdin and sign with it; never from the arguments, which others can see."""
    from .._store.signing import rotation, secret_file

    _tell_of_variable()
    text = _read_secret()
    if os.path.lexists(secret_file.secret_path()):
        if rotation.export() == text.strip():
            return _done("this secret signs already; nothing was changed", options)
        if not ask("sign with this secret instead of the present one, whose entries still count", yes=options.yes):
            return 1
    rotation.import_(text)
    return _done("the imported secret signs from now on", options)


def _done(message: str, options: Namespace) -> int:
    from .._store.signing import secret_file

    if options.json:
        say_json({"path": secret_file.secret_path()})
    else:
        say(message)
    return 0


def _read_secret() -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        from getpass import getpass

        try:
            return getpass("the exported secret: ", sys.stderr)
        except EOFError:
            return ""
    return "" if sys.stdin is None else sys.stdin.read(1000)


def _tell_of_variable() -> None:
    if "BRINERY_SECRET" in os.environ:
        tell("BRINERY_SECRET is set and signs instead of the secret file that this is about")
