"""What people may read of an entry: its metadata, written as JSON. Loaded by the first miss."""

from __future__ import annotations

import json
import sys
from functools import partial
from json.encoder import encode_basestring_ascii as quote

from xxhash import xxh3_128_hexdigest

from .._keying.report.shown import DOTS, shorten, sounds_secret
from .._keying.values.digest import SCALARS
from .._keying.values.plain import scalar
from .._warnings import logger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .keyer import Call, State


_to_json = partial(json.dumps, separators=(",", ":"))


class Recorder:
    """Writes the metadata of one function's entries.

    Args:
        home: the function's home name.
        serializer: the name of what makes bytes of its results.
        shows_values: whether values may be told; those of ignored parameters never are.
        changing: the parameters that a run may change: what is inside them is not what it was, and not told.
    """

    __slots__ = ("_changing", "_hidden", "_home", "_names", "_of_code", "_serializer", "_shows_values", "_state")

    def __init__(
        self, home: str, serializer: str, *, shows_values: bool, changing: frozenset[str] = frozenset()
    ) -> None:
        self._changing = changing
        self._home = home
        self._serializer = serializer
        self._shows_values = shows_values
        self._hidden = quote(DOTS if shows_values else "")
        self._state: State | None = None
        self._of_code = ""
        self._names: dict[str, tuple[str, bool]] = {}  # as they are written, and whether values may be shown

    def write(
        self, call: Call, named: Iterable[tuple[str, Any]], digests: dict[str, bytes] | None, result: str
    ) -> bytes:
        """Give the metadata of an entry.

        Args:
            call: what was computed.
            named: its arguments, by name; gone through once where all are scalars, else twice.
            digests: theirs; None where all of them are scalars.
            result: the name of the result's type.
        """
        if self._state is not call.state:  # what is the same for every call of this code is written once
            self._of_code = self._write_code(call.state)
            self._state = call.state
        # Written out, as an encoder takes longer to set up than all of it takes.
        arguments = []
        for name, value in named:
            quoted, may_show = self._names.get(name) or self._learn(name)
            digest = xxh3_128_hexdigest(scalar(value)) if digests is None else digests[name].hex()
            shown = quote(shorten(value)) if may_show else self._hidden
            arguments.append(f'{quoted}:["{digest}",{shown}]')
        more = f',"code":{_to_json(call.carried)}' if call.carried else ""
        if digests is not None and self._shows_values and (outlines := self._outlines(call, named)):
            more += f',"inside":{_to_json(outlines)}'
        of_call = f'"call":"{xxh3_128_hexdigest(call.encoded)}","arguments":{{{",".join(arguments)}}}{more}'
        return f'{{{self._of_code},{of_call},"result":{quote(result)}}}'.encode("ascii")

    def tell(self, call: Call, named: Iterable[tuple[str, Any]], digests: dict[str, bytes] | None) -> dict[str, Any]:
        """Give the same of a call that may have no result yet."""
        told: dict[str, Any] = json.loads(self.write(call, named, digests, ""))
        del told["result"]
        return told

    def _write_code(self, state: State) -> str:
        told = {
            "function": self._home,
            "fingerprint": state.prefix.hex(),
            "serializer": self._serializer,
            "python": "{}.{}".format(*sys.version_info),
        }
        return _to_json(told)[1:-1]

    def _learn(self, name: str) -> tuple[str, bool]:
        known = self._names[name] = quote(name), self._shows_values and not sounds_secret(name)
        return known

    def _outlines(self, call: Call, named: Iterable[tuple[str, Any]]) -> dict[str, dict[str, list[str]]]:
        """What can be told of the insides of the arguments, as far as there is something."""
        from .._keying.report.outline import outline

        found = {}
        for name, value in named:
            if type(value) in SCALARS or name in self._changing:
                continue
            try:
                pieces = outline(name, value, call.state.code_of)
            except Exception as error:  # it is only for people
                logger.debug("%s: argument %s has no outline: %r", self._home, name, error)
                continue
            if pieces:
                found[name] = pieces
        return found
