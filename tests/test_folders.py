"""Where a store and its secret are, when nobody says."""

from __future__ import annotations

import itertools
import subprocess
import sys

import platformdirs
import pytest

from brinery._folders import user_folder

VALUES = {
    "HOME": ["/home/somebody", "/", "/home/with/end/", "/home/./some body/é", "relative", "", None],
    "XDG_CACHE_HOME": ["/var/caches", "/var/caches/", "relative", "~/caches", "", None],
    "XDG_STATE_HOME": ["/var/state/", "relative", "", None],
    "ANDROID_DATA": [None, "/data"],
}


@pytest.mark.parametrize("kind", ["cache", "state"])
def test_the_folders_are_those_of_platformdirs(monkeypatch: pytest.MonkeyPatch, kind: str):
    """In any environment, however odd: what another program of the user finds by that library, brinery finds too."""
    other = {"cache": platformdirs.user_cache_dir, "state": platformdirs.user_state_dir}[kind]

    def answer(ask) -> str:
        try:
            return ask()
        except RuntimeError as error:
            return type(error).__name__

    for values in itertools.product(*VALUES.values()):
        for name, value in zip(VALUES, values, strict=True):
            monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
        assert answer(lambda: user_folder(kind)) == answer(lambda: other("brinery")), values


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs is asked")
def test_nothing_large_is_imported_for_it():
    """On Linux no library is needed to find them."""
    source = "import sys; from brinery._folders import user_folder; user_folder('cache'), user_folder('state')"
    source += "; print([name for name in ('platformdirs', 'pathlib') if name in sys.modules])"
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {source}"]
    assert subprocess.check_output(command) == b"[]\n"
