"""The annotations of functions and classes, without evaluating those that nobody has asked for.

Since Python 3.14 an annotation is code that runs when somebody asks for it (PEP 649). To ask when a key is taken could
run the user's code, and fails for names that are not there yet; and whether somebody has asked must not change a key.
So the code counts, as any that is reached, by what it says and by what its names mean. What it gave counts beside it
only where somebody has changed that.
"""

from __future__ import annotations

import sys
from gc import get_referents

from ..._light import FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType
    from typing import Any

ANNOTATE = "__annotate__"
# A class has its annotations, and the function that makes them, under one of these names.
_OF_A_CLASS = "__annotations__", "__annotations_cache__"
_MAKERS_OF_A_CLASS = "__annotate_func__", ANNOTATE
_DEFERRED = sys.version_info >= (3, 14)
_VALUE = 1  # `annotationlib.Format.VALUE`
# What may run code of the user's each time; operators do so only where a class of his has them.
_CALLING = {"CALL", "CALL_KW", "CALL_FUNCTION_EX"}


def maker_of(owner: FunctionType | type) -> FunctionType | None:
    """Return the function that makes the annotations of a function or class; None where they are there, or none are."""
    if not _DEFERRED:
        return None
    if isinstance(owner, type):
        own = owner.__dict__
        found = next((own[name] for name in _MAKERS_OF_A_CLASS if own.get(name) is not None), None)
    else:
        found = getattr(owner, ANNOTATE, None)
    return found if isinstance(found, FunctionType) else None


def made_of(owner: FunctionType | type) -> dict[str, Any] | None:
    """Return the annotations of a function or class that are there already, or that no code is needed for."""
    if isinstance(owner, type):
        own = owner.__dict__
        return next((own[name] for name in _OF_A_CLASS if type(own.get(name)) is dict), None)
    if maker_of(owner) is None:
        return owner.__annotations__
    namespace = attributes_of(owner)
    return next((found for found in dicts_of(owner) if found is not namespace), None)


def changed(owner: FunctionType | type) -> dict[str, Any] | None:
    """Return the annotations that are there, unless they are what the code for them gives.

    To tell, that code is run once more: somebody has run it before. Where it calls anything, nobody can tell.
    """
    made, maker = made_of(owner), maker_of(owner)
    if made is None or maker is None:
        return made
    if not _is_harmless(maker.__code__):
        return None
    try:
        return None if list(maker(_VALUE).items()) == list(made.items()) else made
    except Exception:
        return made


def texts_in(code: CodeType) -> Iterator[str]:
    """Yield the annotations that are text, of the code that makes annotations; parameters' names may be among them."""
    from .instructions import instructions_in_any_case

    steps = instructions_in_any_case(code)
    for index, step in enumerate(steps):
        is_key = index + 1 < len(steps) and steps[index + 1].name == "STORE_SUBSCR"
        if step.name == "LOAD_CONST" and type(step.value) is str and not is_key:
            yield step.value


def dicts_of(function: FunctionType) -> list[dict[str, Any]]:
    """Return those of a function's ``__dict__`` and annotations that are there; asking for them would make them."""
    others = (function.__globals__, getattr(function, "__builtins__", None), function.__kwdefaults__)
    return [part for part in get_referents(function) if type(part) is dict and all(part is not one for one in others)]


def _is_namespace(function: FunctionType, found: dict[str, Any]) -> bool:
    """Whether the only dict of a function that has annotations is its ``__dict__``, by what its attributes are."""
    absent = object()
    return not found or any(getattr(function, name, absent) is value for name, value in found.items())


def attributes_of(function: FunctionType) -> dict[str, Any] | None:
    """Return a function's ``__dict__``, None where it has none: asking for it would give it one, which is noticed."""
    dicts = dicts_of(function)
    if maker_of(function) is None:
        dicts = [found for found in dicts if found is not function.__annotations__]
        return function.__dict__ if dicts else None
    return function.__dict__ if len(dicts) > 1 or any(_is_namespace(function, found) for found in dicts) else None


def _is_harmless(code: CodeType) -> bool:
    from .instructions import UnknownInstructionError, instructions_of

    try:
        return not any(step.name in _CALLING for step in instructions_of(code))
    except UnknownInstructionError:
        return False
