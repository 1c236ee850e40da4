"""How OmegaConf's configs are taken apart, Hydra's among them: by what they say, and by what that resolves to.

What a config keeps for itself (caches of flags and of resolvers) differs from process to process and says nothing.
"""

from __future__ import annotations

import sys

from ..values.node import Asked, Expander, Node, Passing, Refused
from ..values.plain import head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def find(base: type) -> Expander | None:
    """Return what takes the instances of one of OmegaConf's classes apart, if they are configs."""
    return _config if base.__qualname__ == "BaseContainer" else None


def _config(value: Any, walk: Asked) -> Node:
    omega: Any = sys.modules["omegaconf"].OmegaConf
    said = _contents(omega, value, resolve=False)
    flags = [omega.is_readonly(value), omega.is_struct(value)]
    children = [omega.get_type(value), Passing(said), Passing(flags)]
    if _has_interpolation(said):
        try:
            children.append(Passing(_contents(omega, value, resolve=True)))
        except Exception as error:
            raise Refused(f"is a config that cannot be resolved ({error})") from error
    return Node(head("config") + walk.class_of(type(value)), children, ("",) * len(children))


def _contents(omega: Any, value: Any, *, resolve: bool) -> Any:
    return omega.to_container(value, resolve=resolve, throw_on_missing=False)


def _has_interpolation(said: Any) -> bool:
    """Whether there is a text in a plain config that stands for something else, such as another key or a variable."""
    waiting = [said]
    while waiting:
        item = waiting.pop()
        if type(item) is str:
            if "${" in item:
                return True
        elif type(item) is dict:
            waiting += item.values()
        elif type(item) is list:
            waiting += item
    return False
