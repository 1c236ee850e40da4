"""Packages in any folder of the path count as installed, as long as they are as their distribution lists them."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from other_process import run, write

LIBRARY = "def g(x):\n    return helper(x) + 10\n\ndef helper(x):\n    return x\n"
PROGRAM = """
import os, sys
sys.path.insert(0, os.path.abspath("vendored"))
from brinery import Cache
from brinery._keying.code.reach import fingerprint
import lib

@Cache("store")
def f(x):
    print("computed", end=" ")
    return lib.g(x)

print(f(1), *sorted(part for part in fingerprint(f.__wrapped__).parts if "lib" in part and "f" not in part.split(".")))
"""


def put(folder: Path, source: str, *, version: str = "1.0", listed: str | None = None) -> None:
    """Put a library of one module into a folder, as `pip install --target` does."""
    digest = hashlib.sha256((source if listed is None else listed).encode()).digest()
    told = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    metadata = folder / f"lib-{version}.dist-info"
    for other in folder.glob("*.dist-info"):
        for file in other.iterdir():
            file.unlink()
        other.rmdir()
    metadata.mkdir(parents=True)
    (folder / "lib.py").write_text(source)
    (metadata / "METADATA").write_text(f"Name: lib\nVersion: {version}\n")
    (metadata / "RECORD").write_text(f"lib.py,sha256={told},{len(source)}\n")


def test_a_package_in_a_folder_of_the_path_counts_as_a_whole(tmp_path: Path) -> None:
    """By its name, version and files, and none of its code is walked through: thousands of modules take no time."""
    write(tmp_path, script=PROGRAM)
    put(tmp_path / "vendored", LIBRARY)
    assert run("script.py", cwd=tmp_path) == "computed 11 package lib\n"
    assert run("script.py", cwd=tmp_path) == "11 package lib\n"
    put(tmp_path / "vendored", LIBRARY.replace("10", "20"), version="2.0")
    assert run("script.py", cwd=tmp_path) == "computed 21 package lib\n"


@pytest.mark.parametrize("edit", [("+ 10", "+ 30"), ("return x\n", "return x * 3\n")], ids=["a function", "its helper"])
def test_a_file_that_was_edited_there_is_the_users(edit: tuple[str, str], tmp_path: Path) -> None:
    """It is not what its distribution lists any more, so its code counts as the user's own does."""
    write(tmp_path, script=PROGRAM)
    put(tmp_path / "vendored", LIBRARY)
    run("script.py", cwd=tmp_path)
    edited = LIBRARY.replace(*edit)
    put(tmp_path / "vendored", edited, listed=LIBRARY)
    value = "31" if "30" in edit[1] else "13"
    assert run("script.py", cwd=tmp_path) == f"computed {value} function lib.g function lib.helper\n"
    assert run("script.py", cwd=tmp_path) == f"{value} function lib.g function lib.helper\n"
