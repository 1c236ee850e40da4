"""What a run has left behind in the notebook, as an outcome that a hit can restore; or why there is none."""

from __future__ import annotations

import sys
from types import CodeType, FunctionType, ModuleType

from .._keying.code.reach import is_of_a_prompt
from ..errors import BrineryWarning, ChangedWhileRunningWarning, UnstorableResultWarning
from .holdings import TooMuch, holder_of
from .outcome import ClosedFile, Outcome
from .run import digest_of
from .syntax import names_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from .cell import Cell
    from .run import Run

_ABSENT = object()
_OF_PYTHON = {"__annotations__", "__builtins__", "__doc__", "__conditional_annotations__", "__warningregistry__"}
_ATOMS = (type(None), bool, int, float, complex, str, bytes)


class NotStored(Exception):
    """A run cannot be stored; tells why, what to do about it, and as which kind of warning."""

    def __init__(self, category: type[BrineryWarning], reason: str, way_out: str = "") -> None:
        super().__init__(reason)
        self.category = category
        self.way_out = way_out


def is_own(shell: Any, name: str) -> bool:
    """Whether a name is IPython's or Python's own among those of the notebook."""
    hidden = shell.user_ns_hidden.get(name)
    is_hidden = (
        hidden is not None and shell.user_ns.get(name) is hidden
    )  # such as its own `open`, unless it was rebound
    return name in _OF_PYTHON or is_of_a_prompt(name) or is_hidden


def outcome_of(
    shell: Any, cell: Cell, run: Run, keyed: AbstractSet[str], in_place: Iterable[str], reached: Iterable[CodeType]
) -> Outcome:
    """Collect what a run has left behind.

    Args:
        shell: IPython's.
        cell: the cell that ran.
        run: its run.
        keyed: the notebook's names whose former values the key covers.
        in_place: those that it changed in place.
        reached: the notebook's functions that it may have called.

    Raises:
        NotStored: it cannot be restored.
    """
    if run.marks.misread:
        name = run.marks.misread[0]
        raise NotStored(
            ChangedWhileRunningWarning,
            f"{name} may have been read as it was before the cell, for the loop or `with` that binds it did not",
            f"Bind {name} before",
        )
    if run.record.asked:
        raise NotStored(UnstorableResultWarning, f"it asked for an answer by {run.record.asked}, which no key covers")
    for definition in cell.definitions:
        if definition.obstacle:
            raise NotStored(UnstorableResultWarning, definition.obstacle, "Define it in a cell of its own")
        if definition.calls:
            # On a hit it is run while what the cell computes is not there yet.
            wanted = cell.computed & {name for code in reached for name in names_of(code)}
            if wanted:
                reason = (
                    f"{min(definition.names)} is defined by code that may read {min(wanted)}, which the cell computes"
                )
                raise NotStored(UnstorableResultWarning, reason, "Define it in a cell of its own")
    after: dict[str, Any] = dict(shell.user_ns)
    changed = tuple(sorted(in_place))
    for name in changed:
        if is_own(shell, name):
            raise NotStored(ChangedWhileRunningWarning, f"it changes {name} in place, which is IPython's own")
    names = [name for name in {**run.before, **after} if _is_left(cell, run, after, name, changed)]
    names = [name for name in names if not is_own(shell, name)]
    for space, name, value in run.elsewhere:
        if space.get(name) is not value:
            module = space.get("__name__", "a module")
            raise NotStored(
                ChangedWhileRunningWarning, f"it set {name} of {module}, which no name of the notebook shows"
            )
    check_alone(shell, run.before, changed, set(names) - keyed)
    values: dict[str, Any] = {}
    same: dict[str, str] = {}
    modules: dict[str, str] = {}
    defined: dict[str, str] = {}
    made = {id(value): name for name, (value, _) in run.made.items() if not isinstance(value, ModuleType)}
    inputs = {id(run.before[name]): name for name in sorted(cell.inputs - set(changed)) if name in run.before}
    for name in names:
        value = after.get(name, _ABSENT)
        if value is _ABSENT or _is_made_again(run, name, value):
            continue
        if isinstance(value, ModuleType) and sys.modules.get(value.__name__) is value:
            modules[name] = value.__name__
        elif id(value) in inputs and not isinstance(value, _ATOMS):
            same[name] = inputs[id(value)]
        elif id(value) in made:
            _is_made_again(run, made[id(value)], value)
            defined[name] = made[id(value)]
        else:
            _check_definition(name, value)
            values[name] = ClosedFile.of(value) if ClosedFile.is_one(value) else value
    gone = tuple(name for name in names if name not in after)
    return Outcome(
        values,
        same,
        defined,
        modules,
        gone,
        changed,
        tuple(run.record.results),
        run.record.whole(),
        run.randomness.moved(),
        run.loaded(),
    )


def check_alone(shell: Any, before: Mapping[str, Any], changed: tuple[str, ...], overwritten: AbstractSet[str]) -> None:
    """See that what a cell changes in place is held by one name alone, which then can get a changed copy.

    Args:
        shell: IPython's.
        before: the notebook's names.
        changed: those whose values are changed in place.
        overwritten: those that the cell binds without having looked at them.

    Raises:
        NotStored: it is not.
    """
    for name in changed:
        others = {
            other: value
            for other, value in before.items()
            if other != name and other not in overwritten and not is_own(shell, other)
        }
        try:
            holder = holder_of(before.get(name), others, (shell, shell.user_ns, shell.user_module))
        except TooMuch:
            reason = f"it changes {name} in place, and there is too much in the notebook to see who else holds that"
            raise NotStored(ChangedWhileRunningWarning, reason, f"Work on a copy of {name}") from None
        if holder is not None:
            raise NotStored(
                ChangedWhileRunningWarning,
                f"it changes {name} in place, of which {holder} holds a part as well",
                f"Work on a copy of {name}",
            )


def _is_left(cell: Cell, run: Run, after: Mapping[str, Any], name: str, changed: tuple[str, ...]) -> bool:
    """Whether a name is what the cell made of it, and not what it happened to be."""
    if run.before.get(name, _ABSENT) is not after.get(name, _ABSENT) or name in changed or name in run.marks.bound:
        return True
    return name in cell.flow.bound and name not in cell.flow.left and name not in cell.inputs


def _is_made_again(run: Run, name: str, value: object) -> bool:
    made = run.made.get(name)
    if made is None or made[0] is not value:
        return False
    if isinstance(value, ModuleType) or (digest_of(value) == made[1] and name not in run.spoilt):
        return True
    raise NotStored(UnstorableResultWarning, f"{name} was changed after it had been defined")


def _check_definition(name: str, value: object) -> None:
    """See that a name stands for no function or class that only this run has made."""
    if isinstance(value, (FunctionType, type)) and value.__module__ == "__main__":
        kind = "class" if isinstance(value, type) else "function"
        raise NotStored(
            UnstorableResultWarning,
            f"{name} is a {kind} that is made while the cell runs",
            "Define it in a cell of its own",
        )
