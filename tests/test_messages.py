"""Every warning and error has a name, and the page of messages says of each its cause and its cure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from brinery import errors

PAGE = (Path(__file__).parent.parent / "docs" / "messages.md").read_text(encoding="utf-8")
PARENTS = (errors.BrineryError, errors.BrineryWarning)
KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, PARENTS) and kind not in PARENTS
]
SECTIONS = dict(re.findall(r"^### ([\w-]+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_has_a_section(kind: type):
    """Which names its class, the cause and the cure."""
    section = SECTIONS[kind.name]
    assert section.lstrip().startswith(f"`{kind.__name__}`")
    assert re.search("cause", section, re.IGNORECASE)
    assert re.search("cure", section, re.IGNORECASE)


def test_no_section_is_about_nothing():
    """What is gone from the code goes from the page."""
    assert sorted(SECTIONS) == sorted(kind.name for kind in KINDS)


def test_names_are_each_the_name_of_one():
    """So that what is looked up is found."""
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names) == 12


@pytest.mark.parametrize("kind", [kind for kind in KINDS if issubclass(kind, errors.BrineryError)])
def test_errors_end_with_their_name(kind: type[errors.BrineryError]):
    """As warnings do, whose ends the tests of each see."""
    assert str(kind("what happened")) == f"what happened [{kind.name}]"
