"""Keep the results of a function's former code, for which a person vouches: store them under the present code."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .._display.text import printable
from .._keying.code.carried import is_as_before
from .._keying.key import call_key
from .._light import NamedTuple
from .._units import format_time
from ..errors import AdoptionError
from .description import changes_between

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._store.entry.encoding import Facts
    from .._store.function_folder import FunctionFolder

_SHAPING = ("option serializer", "option ignore", "option key")


class Adoption(NamedTuple):
    """What `CachedFunction.adopt` did, or would do.

    Attributes:
        function: the function's home name.
        changes: what changed since the results were stored, a sentence each.
        entries: how many results were adopted.
        seconds: what computing them had taken, in seconds.
        left: how many results of the former code stay what they are: expired, of other parameters, with arguments
            whose code has changed too, or recomputed meanwhile.
    """

    function: str
    changes: tuple[str, ...]
    entries: int = 0
    seconds: float = 0.0
    left: int = 0

    def __str__(self) -> str:
        lines = [f"{self.function}: {self._count()}"]
        lines += [f"  {change}" for change in self.changes]
        if self.left:
            why = "expired, of other parameters, or with arguments whose code changed too"
            lines.append(f"  {self.left} more cannot be adopted: {why}")
        return "\n".join(map(printable, lines))

    def __repr__(self) -> str:
        return str(self)

    def _count(self) -> str:
        if not self.entries:
            return "no results of former code to adopt"
        noun = "result" if self.entries == 1 else "results"
        return f"{self.entries} {noun} of the former code, {format_time(self.seconds)} of computing"


class Plan(NamedTuple):
    """The results that can be adopted, and what would have to be vouched for."""

    adoption: Adoption
    entries: list[tuple[str, str, dict[str, Any]]]  # the key, the key to be, the metadata to be


def plan_adoption(
    folder: FunctionFolder,
    prefix: bytes,
    parameters: list[str],
    version: Mapping[str, Any],
    code: Callable[[object], bytes],
) -> Plan:
    """Find the results of the code that was before the present one.

    Args:
        folder: the function's entries.
        prefix: the present fingerprint.
        parameters: the names of what the key is taken from, in order.
        version: the description of the present code.
        code: what classes and functions in arguments are now.

    Raises:
        AdoptionError: an option changed that decides how results are kept.
    """
    stored: dict[str, list[tuple[str, Facts, dict[str, Any]]]] = {}
    for key in folder:
        recorded = folder.recorded(key)
        if recorded is not None:
            stored.setdefault(str(recorded[1].get("fingerprint", "")), []).append((key, *recorded))
    history = folder.history()
    before = next((name for name in reversed(history) if name != prefix.hex() and name in stored), None)
    if before is None:
        return Plan(Adoption(folder.home, ()), [])
    changes = changes_between(history[before], version, folder.home)
    for change in changes:
        if change.startswith(_SHAPING):
            raise AdoptionError(
                f"the results of {folder.home} cannot be adopted: {change}, so they are kept or keyed in another way; "
                "put the option back, or let them be recomputed"
            )
    entries = []
    seconds = 0.0
    for key, facts, metadata in stored[before]:
        call, arguments = metadata.get("call"), metadata.get("arguments")
        if not isinstance(call, str) or not isinstance(arguments, dict):
            continue
        if list(arguments) == parameters and is_as_before(metadata.get("code"), code):
            to = call_key(prefix, bytes.fromhex(call))
            if folder.recorded(to) is None:
                entries.append((key, to, {**metadata, "fingerprint": prefix.hex(), "adopted_from": before}))
                seconds += facts.seconds
    left = len(stored[before]) - len(entries)
    return Plan(Adoption(folder.home, tuple(changes), len(entries), seconds, left), entries)


def carry_out(plan: Plan, folder: FunctionFolder, *, compress: bool) -> Adoption:
    """Re-sign the results of a plan; one that cannot be read or written is left where it is."""
    folder.describe_anew()
    failed = [entry for entry in plan.entries if not folder.carry_over(*entry, compress=compress)]
    adoption = plan.adoption
    return adoption._replace(entries=adoption.entries - len(failed), left=adoption.left + len(failed))
