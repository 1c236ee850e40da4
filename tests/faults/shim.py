"""Python with a library before it that makes system calls fail: compiled once, where there is a compiler."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent

PREAMBLE = f"""
import ctypes, errno, json, os, random, signal, sys, time, warnings
sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]
from brinery import Cache
from outcomes import quietly
_shim = ctypes.CDLL(None)
_shim.brinery_failed.restype = ctypes.c_char_p
arm, disarm = _shim.brinery_arm, _shim.brinery_disarm
def failed():
    return _shim.brinery_failed().decode()
"""


def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library; a test that asks for it is skipped where it cannot be made."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("makes system calls fail by LD_PRELOAD: that takes Linux and a C compiler, `cc`")
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    done = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", library, HERE / "shim.c", "-ldl"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"the library that makes system calls fail does not compile here: {done.stderr[-500:]}")
    return library


def run(library: Path, source: str, *arguments: object, cwd: Path, timeout: float = 300) -> Any:
    """Run a source text with the library before it; gives the JSON document that it printed last."""
    done = subprocess.run(
        [sys.executable, "-c", PREAMBLE + source, *map(str, arguments)],
        env={**os.environ, "LD_PRELOAD": str(library)},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    return json.loads(done.stdout.splitlines()[-1])
