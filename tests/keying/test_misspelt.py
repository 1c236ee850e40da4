"""A way out that names nothing is found; one that is merely not needed is not."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from brinery._keying.code.fingerprint import Follow, Scope
from brinery._keying.report.misspelt import misspelt

_TEXT = """
import os as system
K = 1
def g(): ...
def start():
    global LATER
    LATER = 1
if K > 1:
    NEVER = 1
"""


@pytest.fixture(autouse=True)
def _module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "settings_of_mine.py").write_text(_TEXT)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("settings_of_mine", None)


def _found(*, ignore: tuple[str, ...] = (), follow: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    scope = Scope(Follow("user", frozenset(follow)), frozenset(ignore))
    return [(item.option, item.name, item.reason) for item in misspelt(scope)]


@pytest.mark.parametrize("loaded", [True, False], ids=["loaded", "not loaded"])
def test_a_global_that_nothing_binds_is_found(loaded: bool) -> None:
    """The module is looked at alive or as text; what it binds at any time is a global of it."""
    if loaded:
        importlib.import_module("settings_of_mine")
    names = ("settings_of_mine." + name for name in ("K", "g", "system", "LATER", "NEVER", "NOPE"))
    reason = "the module settings_of_mine has no global NOPE"
    assert _found(ignore=tuple(names)) == [("ignore", "settings_of_mine.NOPE", reason)]
    assert loaded == ("settings_of_mine" in sys.modules)


def test_a_module_that_is_not_there_is_found() -> None:
    """Neither the module's name nor its package's may be misspelt."""
    assert _found(ignore=("setings.K", "os.pth.sep")) == [
        ("ignore", "os.pth.sep", "the module os has no global pth"),
        ("ignore", "setings.K", "there is no module setings"),
    ]


def test_what_might_have_been_meant_is_named() -> None:
    """The globals of the module are given along, so that the nearest can be named."""
    (found,) = misspelt(Scope(ignore=frozenset({"settings_of_mine.NEVR"})))
    assert "NEVER" in found.known


def test_a_package_that_is_not_installed_is_found() -> None:
    """A distribution, a module on the path and a loaded one may be followed; anything else is misspelt."""
    follow = ("numpy", "typing_extensions", "settings_of_mine", "json", "pytest_randomly", "brinery", "numpyy")
    assert _found(follow=follow) == [("follow", "numpyy", "no package or module numpyy is installed")]
