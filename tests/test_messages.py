"""Every warning and error has a name, and the page of messages says of each its cause and its cure."""

from __future__ import annotations

import ast
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
SOURCE = Path(errors.__file__).parent
COMMAND_LINE = {
    node.args[0].value
    for path in (SOURCE / "_cli").glob("*.py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "fail" and isinstance(node.args[0], ast.Constant)
}
# Caught by whoever called, or what only a mistake of ours could raise.
NOT_FOR_USERS = {
    "_keying/code/fingerprint.py: {name!r}",
    "_function/keyer.py: described before it was keyed",
    "_notebook/step.py: the entry is no cell's",
    "_store/directory.py: a folder that was opened to look at is not written to",
    "_store/results/loading.py: the entry was made by another serializer",
    "_store/results/items.py: the list of items is cut short",
    "_store/results/loading.py: unpickling raised",
    "_store/signing/signer.py: a secret is never pickled",
    "_store/accounting/statistics_lines.py: word",
}
SECTIONS = dict(re.findall(r"^### ([\w-]+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_has_a_section(kind: type):
    """Which names its class, the cause and the cure."""
    section = SECTIONS[kind.name]
    assert section.lstrip().startswith(f"`{kind.__name__}`")
    assert re.search("cause", section, re.IGNORECASE)
    assert re.search("cure", section, re.IGNORECASE)


@pytest.mark.parametrize("name", sorted(COMMAND_LINE))
def test_each_error_of_the_command_line_has_a_section(name: str):
    """With cause and cure, as well."""
    assert re.search("cause", SECTIONS[name], re.IGNORECASE)
    assert re.search("cure", SECTIONS[name], re.IGNORECASE)


def test_no_section_is_about_nothing():
    """What is gone from the code goes from the page."""
    assert sorted(SECTIONS) == sorted({kind.name for kind in KINDS} | COMMAND_LINE)


def _words(message: ast.expr) -> str:
    """The beginning of a message, as far as it is always the same."""
    first = message.values[0] if isinstance(message, ast.JoinedStr) else message
    return str(first.value).strip() if isinstance(first, ast.Constant) else ast.unparse(first)


def test_nothing_else_is_raised_to_users():
    """What is wrong with what somebody wrote is said by an error that has a name."""
    others = ("TypeError", "ValueError", "RuntimeError")
    found = {
        f"{path.relative_to(SOURCE).as_posix()}: {_words(node.exc.args[0])}"
        for path in SOURCE.rglob("*.py")
        if path.name != "_light.py"  # what stands in for the standard library speaks as that does
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and getattr(node.exc.func, "id", "") in others
    }
    assert sorted(found - NOT_FOR_USERS) == []


def test_names_are_each_the_name_of_one():
    """So that what is looked up is found."""
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names) == 16
    assert not COMMAND_LINE.intersection(names)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if issubclass(kind, errors.BrineryError)])
def test_errors_end_with_their_name(kind: type[errors.BrineryError]):
    """As warnings do, whose ends the tests of each see."""
    assert str(kind("what happened")) == f"what happened [{kind.name}]"
