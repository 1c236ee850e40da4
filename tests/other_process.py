"""Run Python source in a process of its own, as a user's script would run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run(
    *arguments: str | Path,
    cwd: Path,
    hash_seed: int = 0,
    check: bool = True,
    seconds: float = 120,
    **environment: str,
) -> str:
    """Run ``python ARGUMENTS`` in a folder and return what it printed; its errors are shown if it fails."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if check and done.returncode != 0:
        raise AssertionError(f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def write(folder: Path, **sources: str) -> None:
    """Write modules by name; ``a__b`` is the file ``a/b.py``."""
    for name, source in sources.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
