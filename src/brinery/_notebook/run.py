"""Running a cell: statement by statement, as IPython does, with what it shows and binds taken note of."""

from __future__ import annotations

import ast
import sys
from contextlib import ExitStack, suppress
from types import ModuleType

from .._keying.code.fingerprint import Follow, Scope
from .._keying.code.reach import fingerprint
from .._keying.modules.origin import origin_of_module
from .definitions import Definition
from .marks import Marks
from .randomness import Randomness
from .showing import Record, recording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from .cell import Cell, Parsed

_OWN = Scope(Follow("own"))


class Run:
    """One run of a cell that may be stored.

    Attributes:
        before: the notebook's names as they were.
        made: what the cell's definitions made, by name, with a digest of it as it was then.
        spoilt: what of that the cell has changed otherwise than by further definitions.
        marks: what was bound where that cannot be seen.
        elsewhere: what stood in other modules under names that functions bind there: a namespace, a name, a value.
        randomness: where the generators stood that draw for everybody.
        record: what was shown.
    """

    def __init__(self, shell: Any, cell: Cell, elsewhere: list[tuple[dict[str, Any], str, object]]) -> None:
        self._shell = shell
        self._cell = cell
        self.before: dict[str, Any] = dict(shell.user_ns)
        self.made: dict[str, tuple[object, bytes]] = {}
        self.spoilt: set[str] = set()
        self.marks = Marks(cell.flow, set(self.before))
        self._statements = [(node, self.marks.put_into(node), is_shown) for node, is_shown in cell.statements]
        self._definitions = {id(definition.statement): definition for definition in cell.definitions}
        self.elsewhere = elsewhere
        self._modules = set(sys.modules)
        self.randomness = Randomness()
        self._recording = ExitStack()
        self.record: Record = self._recording.enter_context(recording(shell))  # last, as it is to be ended

    def execute(self) -> None:
        """Run the cell; raises what it raises."""
        with self._recording, self.marks.active():
            for statement, marked, is_shown in self._statements:
                definition = self._definitions.get(id(statement))
                if definition is not None and definition.calls:
                    self._look_at_what_was_made()
                execute(self._shell, self._cell.filename, marked, is_shown=is_shown)
                self.randomness.look()
                if definition is not None and not definition.obstacle:
                    with suppress(Exception):  # without it the cell is not stored, and goes on
                        self._note(definition)
            end_of_cell(self._shell)

    def _look_at_what_was_made(self) -> None:
        """See what the cell has changed of it; what the next definition changes, it does on a hit as well."""
        self.spoilt |= {name for name, (value, digest) in self.made.items() if digest_of(value) != digest}

    def _note(self, definition: Definition) -> None:
        """Take note of what a definition has made, before the cell changes it."""
        if definition.calls:
            self.made = {name: (value, digest_of(value)) for name, (value, _) in self.made.items()}
        for name in definition.names | _names_of_star(definition.statement):
            if name in self._shell.user_ns:
                value = self._shell.user_ns[name]
                self.made[name] = value, digest_of(value)

    def loaded(self) -> tuple[str, ...]:
        """What was loaded since of installed packages that load their parts when they are asked for."""
        return tuple(sorted(name for name in set(sys.modules) - self._modules if _is_loaded_when_asked_for(name)))


def _is_loaded_when_asked_for(name: str) -> bool:
    package, _, last = name.rpartition(".")
    space = vars(sys.modules.get(package, ast))
    return (
        "__getattr__" in space
        and space.get(last) is sys.modules.get(name)
        and not any(part.startswith("_") for part in name.split("."))
        and origin_of_module(name).kind == "installed"
    )


def execute(shell: Any, filename: str, statements: list[ast.stmt], *, is_shown: bool = False) -> None:
    """Run statements among the notebook's names."""
    module = ast.Interactive(statements) if is_shown else ast.Module(statements, [])
    code = shell.compile(module, filename, "single" if is_shown else "exec")
    exec(code, shell.user_global_ns, shell.user_ns)  # noqa: S102  it is what the user typed


def run_plainly(shell: Any, cell: Cell | Parsed) -> None:
    """Run a cell as if nothing were cached."""
    for statement, is_shown in cell.statements:
        execute(shell, cell.filename, [statement], is_shown=is_shown)


def end_of_cell(shell: Any) -> None:
    """Have shown what is shown when a cell has ended, such as figures."""
    shell.events.trigger("post_execute")


def digest_of(value: object) -> bytes:
    """Digest what a definition made, without what it reaches; nothing of what cannot be digested."""
    with suppress(Exception):
        if not isinstance(value, ModuleType):
            return fingerprint(value, _OWN).digest
    return b""


def _names_of_star(statement: ast.stmt) -> frozenset[str]:
    """The names that ``from module import *`` binds."""
    if not isinstance(statement, ast.ImportFrom) or statement.module is None or statement.names[0].name != "*":
        return frozenset()
    module = sys.modules.get(statement.module)
    public = getattr(module, "__all__", None) or [name for name in vars(module or ast) if name[0] != "_"]
    return frozenset(map(str, public))


def raise_as_usual(shell: Any, error: BaseException, filename: str) -> NoReturn:
    """Raise what a cell raised, shown from the cell's own lines on, as without the magic."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != filename:
        trace = trace.tb_next
    if trace is not None:
        lines = shell.InteractiveTB.structured_traceback(type(error), error, trace, tb_offset=0)
        _show_as(error, lines)
    raise error.with_traceback(trace)


def raise_syntax_error(shell: Any, error: SyntaxError) -> NoReturn:
    """Raise a syntax error, shown as that of a cell: IPython would show the way to the magic as well."""
    lines = shell.SyntaxTB.structured_traceback(type(error), error, [])
    name = type(error).__name__
    shown = type(name, (Exception,), {"__module__": "builtins"})(str(error))
    _show_as(shown, lines)
    raise shown from None


def _show_as(error: BaseException, lines: list[str]) -> None:
    """Have an exception shown as these lines, the next time that it is."""

    def render() -> list[str]:
        with suppress(AttributeError):
            del error._render_traceback_  # type: ignore[attr-defined]
        return lines

    with suppress(AttributeError):
        error._render_traceback_ = render  # type: ignore[attr-defined]
