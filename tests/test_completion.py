"""Completion: what the shells themselves make of the script."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from brinery._cli import main


def completed(words: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What bash would offer for the last of some words."""
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    line = " ".join(f"'{word}'" for word in words)
    ask = f"""
COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; COMP_LINE="{" ".join(words)}"; COMP_POINT=${{#COMP_LINE}}
function=$(complete -p brinery | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$function" brinery '{words[-1]}' '{words[-2]}'
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    ended = subprocess.run(["bash", "-c", script + ask], capture_output=True, text=True, check=False)
    return sorted(ended.stdout.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
class TestBash:
    def test_commands(self, capsys):
        """The beginning of a command."""
        assert completed(["brinery", "pr"], capsys) == ["prune"]
        assert {"clear", "completion"} == set(completed(["brinery", "c"], capsys))

    def test_options(self, capsys):
        """The beginning of an option of a command."""
        assert completed(["brinery", "ls", "--st"], capsys) == ["--stale"]
        assert {"--max-size", "--max-entries"} == set(completed(["brinery", "prune", "--max"], capsys))

    def test_choices(self, capsys):
        """The value of an option, and a command of a command."""
        assert completed(["brinery", "ls", "--sort", "si"], capsys) == ["size"]
        assert completed(["brinery", "secret", "ro"], capsys) == ["rotate"]


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_get_a_script(capsys, shell):
    """In which every command is named."""
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(command in script for command in ("prune", "doctor", "adopt", "secret"))


def test_without_shtab_the_way_out_is_said():
    """One line, and the exit code of a failure."""
    code = (
        "import sys; sys.modules['shtab'] = None; from brinery._cli import main; sys.exit(main(['completion', 'bash']))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert (
        ended.stderr
        == "brinery: completion needs the package shtab: pip install 'brinery[completion]' [no-completion]\n"
    )


def test_what_does_not_go_with_it_is_refused(capsys):
    """A script is neither JSON nor about a store."""
    for option in (["--json"], ["--dir", "/tmp"]):
        assert main([*option, "completion", "bash"]) == 2
        assert "does not go with completion" in capsys.readouterr().err
