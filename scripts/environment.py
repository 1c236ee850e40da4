"""Virtual environments for the scripts beside this file, made when first needed and anew when pyproject.toml changes.

They stand in `.venvs/`, and take nothing but Python 3.11 or newer with pip.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import debian

ROOT = Path(__file__).resolve().parent.parent
TESTED = ("3.11", "3.12", "3.13", "3.14", "3.15")


def pythons() -> dict[str, str]:
    """Find the Pythons to test with: the one that runs this, then those on PATH, then those of pyenv."""
    found = {_version(sys.executable): sys.executable}
    for version in TESTED:
        for candidate in _candidates(version):
            if version not in found and _version(candidate) == version:
                found[version] = candidate
    return found


def make(name: str, group: str, python: str = sys.executable, *, lowest: bool = False) -> str:
    """Install brinery and a dependency group, with `lowest` at the lower bounds, and return the Python to use."""
    folder = ROOT / ".venvs" / name
    executable = str(folder / "bin" / "python")
    if debian.is_there(python):
        executable = debian.launcher(name, executable)
    requirements = _requirements(group)
    if lowest:
        requirements = [re.sub(r">=([\w.]+)(,[^;]*)?", r"==\1", line) for line in requirements]
    stamp = folder / "stamp"
    inputs = repr((python, requirements, (ROOT / "pyproject.toml").read_text()))
    digest = hashlib.sha256(inputs.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        print(f"Installing .venvs/{name} ...", file=sys.stderr, flush=True)
        for _ in range(2):  # the network may hiccup
            shutil.rmtree(folder, ignore_errors=True)
            if succeeds(python, "-m", "venv", "--without-pip", str(folder)) and _install(executable, requirements):
                break
        else:
            sys.exit(f"Could not install .venvs/{name}.")
        stamp.write_text(digest)
    return executable


def _install(executable: str, requirements: list[str]) -> bool:
    """Install into an environment from outside: Debian's Python cannot put pip into one, but any pip can do that."""
    pip = ROOT / ".venvs" / "pip"
    if not (pip / "bin" / "pip").exists():
        # What comes with a Python may be years old, and then takes minutes to find releases that fit each other.
        shutil.rmtree(pip, ignore_errors=True)
        quiet = ("--disable-pip-version-check", "--quiet")
        if not succeeds(sys.executable, "-m", "venv", "--without-pip", str(pip)) or not succeeds(
            sys.executable, "-m", "pip", "--python", str(pip / "bin" / "python"), *quiet, "install", "pip>=25.3"
        ):
            shutil.rmtree(pip, ignore_errors=True)
    newest = str(pip / "bin" / "python") if pip.exists() else sys.executable
    given = ("--disable-pip-version-check", "install", "--quiet", "--editable", str(ROOT), *requirements)
    return succeeds(newest, "-m", "pip", "--python", executable, *given)


def succeeds(*command: str) -> bool:
    """Run a command at the root of the checkout."""
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def _requirements(group: str) -> list[str]:
    """All lines of a group and of those that it includes, and those of brinery itself."""
    import tomllib

    content = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = list(content["project"]["dependencies"])
    waiting = [group]
    while waiting:
        for line in content["dependency-groups"][waiting.pop()]:
            if isinstance(line, str):
                lines.append(line)
            else:
                waiting.append(line["include-group"])
    return sorted(set(lines))


def _candidates(version: str) -> list[str]:
    """Files that may be this version of Python, the likeliest first."""
    candidates = [shutil.which(f"python{version}")]
    if shutil.which("pyenv"):
        asked = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=False)  # noqa: S607
        installed = Path(asked.stdout.strip(), "versions").glob(f"{version}.*/bin/python{version}")
        candidates += sorted(str(path) for path in installed)
    return [candidate for candidate in candidates if candidate]


def _version(python: str) -> str:
    """`3.11`, or nothing where this is no Python that runs: a shim of pyenv may stand for none."""
    program = "import sys; print('{}.{}'.format(*sys.version_info))"
    asked = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


# This file is the first that a Python meets, be it an old one.
if sys.version_info < (3, 11):  # noqa: UP036
    newer = [python for version, python in pythons().items() if version in TESTED]
    if not newer:
        sys.exit("This takes Python 3.11 or newer, and there is none on PATH.")
    os.execv(newer[-1], [newer[-1], *sys.argv])  # noqa: S606
