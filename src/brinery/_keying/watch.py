"""The cheap check that a fingerprint still holds: a function compiled to compare identities.

What can be rebound (a global, a helper's code or defaults, a closure variable, an attribute of a class) is compared by
identity; what can change in place is encoded again, and never kept alive. For names of one module the check is built as
a function over that module's own globals, where the interpreter's inline caches make a comparison cost 10 ns.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from types import CellType, FunctionType
from typing import Any

_ABSENT = object()


class Watch:
    """Collects what a fingerprint stands on; `compile` turns it into one question."""

    def __init__(self) -> None:
        self._names: dict[int, tuple[dict[str, Any], dict[str, object]]] = {}
        self._absent: list[tuple[dict[str, Any], str]] = []
        self._functions: dict[int, FunctionType] = {}
        self._cells: list[tuple[CellType, object]] = []
        self._classes: list[type] = []
        self._questions: list[Callable[[], bool]] = []
        self._values: list[tuple[Callable[[], object], bytes]] = []

    def name(self, namespace: dict[str, Any], name: str, value: object) -> None:
        """Expect a name to stay bound to the same object."""
        self._names.setdefault(id(namespace), (namespace, {}))[1][name] = value

    def absent(self, namespace: dict[str, Any], name: str) -> None:
        """Expect a name to stay unbound."""
        self._absent.append((namespace, name))

    def function(self, function: FunctionType) -> None:
        """Expect a function to keep its code and its defaults."""
        self._functions[id(function)] = function

    def cell(self, cell: CellType, value: object) -> None:
        """Expect a closure variable to stay bound to the same object."""
        self._cells.append((cell, value))

    def cls(self, cls: type) -> None:
        """Expect a class to keep its bases and every attribute of its own."""
        self._classes.append(cls)

    def value(self, get: Callable[[], object], encoded: bytes) -> None:
        """Expect a value that can change in place to be encoded as before."""
        self._values.append((get, encoded))

    def question(self, holds: Callable[[], bool]) -> None:
        """Expect any other condition to hold."""
        self._questions.append(holds)

    def compile(self, encode: Callable[[object], bytes]) -> Callable[[], bool]:
        """Build the check. It answers False, and never raises, when anything is not as it was."""
        steps = [_compile_names(namespace, names) for namespace, names in self._names.values()]
        if self._functions or self._cells:
            steps.append(_compile_functions(list(self._functions.values()), self._cells))
        steps += [_class_check(cls) for cls in self._classes]
        steps += [_absence_check(namespace, name) for namespace, name in self._absent]
        steps += self._questions
        steps += [_value_check(get, encoded, encode) for get, encoded in self._values]
        if not steps:
            return lambda: True
        return _chain(steps)


def _chain(steps: list[Callable[[], bool]]) -> Callable[[], bool]:
    if len(steps) == 1:
        only = steps[0]

        def holds() -> bool:
            try:
                return only()
            except Exception:
                return False

        return holds
    names = [f"_{index}" for index in range(len(steps))]
    body = " and ".join(f"{name}()" for name in names)
    return _build(f"    try:\n        return {body}\n    except Exception:\n        return False", dict(zip(names, steps, strict=True)), {})


def _compile_names(namespace: dict[str, Any], names: dict[str, object]) -> Callable[[], bool]:
    fixed = {f"_brinery_{index}": value for index, value in enumerate(names.values())}
    comparisons = " and ".join(f"{name} is {value}" for name, value in zip(names, fixed, strict=True))
    return _build(f"    return {comparisons}", fixed, namespace)


def _compile_functions(functions: list[FunctionType], cells: list[tuple[CellType, object]]) -> Callable[[], bool]:
    fixed: dict[str, object] = {}
    comparisons = []
    for index, function in enumerate(functions):
        fixed[f"f{index}"] = function
        for attribute in ("__code__", "__defaults__", "__kwdefaults__"):
            value = getattr(function, attribute)
            if value is None:
                comparisons.append(f"f{index}.{attribute} is None")
            else:
                fixed[f"{attribute[2]}{index}"] = value
                comparisons.append(f"f{index}.{attribute} is {attribute[2]}{index}")
    for index, (cell, value) in enumerate(cells):
        fixed[f"e{index}"], fixed[f"v{index}"] = cell, value
        comparisons.append(f"e{index}.cell_contents is v{index}")
    return _build(f"    return {' and '.join(comparisons)}", fixed, {})


def _build(body: str, fixed: dict[str, object], namespace: dict[str, Any]) -> Callable[[], bool]:
    """Make a function of ``body`` whose globals are ``namespace`` and whose free variables are ``fixed``."""
    indented = body.replace("\n", "\n    ")
    source = f"def make({', '.join(fixed)}):\n  def check():\n    {indented}\n  return check"
    made: dict[str, Any] = {}
    exec(compile(source, "<brinery check>", "exec"), {}, made)  # noqa: S102  our own text and plain identifiers
    bare = made["make"](**fixed)
    return FunctionType(bare.__code__, namespace, "check", None, bare.__closure__)


def _class_check(cls: type) -> Callable[[], bool]:
    own = cls.__dict__
    names, values, bases = tuple(own), list(own.values()), cls.__bases__

    def holds() -> bool:
        now = cls.__dict__
        return tuple(now) == names and all(map(is_, now.values(), values)) and cls.__bases__ is bases

    return holds


def _absence_check(namespace: dict[str, Any], name: str) -> Callable[[], bool]:
    return lambda: namespace.get(name, _ABSENT) is _ABSENT


def _value_check(get: Callable[[], object], encoded: bytes, encode: Callable[[object], bytes]) -> Callable[[], bool]:
    return lambda: encode(get()) == encoded
