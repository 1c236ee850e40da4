"""A program that has used up its descriptors."""

from __future__ import annotations

import re

import pytest
from bare_store import key_of, open_store, start, value_of

OUT_OF_DESCRIPTORS = """
import os, resource
from brinery.errors import StoreError
keep(open_folder(sys.argv[1]), key_of(1), "value")
store = open_store(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
taken = []
try:
    while True:
        taken.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
for _ in range(int(sys.argv[3])):
    os.close(taken.pop())
try:
    print(eval(sys.argv[4]))
except StoreError as error:
    print(error)
"""


@pytest.mark.parametrize("left", [0, 1, 2])
@pytest.mark.parametrize(
    "asked",
    [
        "sum(1 for _ in store.walk())",
        "store.info()",
        "store.verify(fix=True)",
        "store.clear()",
        "store.find('0')",
        "store.remove(key_of(1))",
    ],
)
def test_without_descriptors_the_store_says_so(tmp_path, asked, left):
    """It is neither an error without a name, nor does a store look empty, nor is what cannot be read removed."""
    arguments = tmp_path / "store", tmp_path / "store", left, asked
    process = start(OUT_OF_DESCRIPTORS, *arguments)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert re.fullmatch(r"the store at .* cannot be read.*: Too many open files.*\n", said)
    assert value_of(open_store(tmp_path / "store").folder("lab.f", dict), key_of(1)) == "value"


def test_without_descriptors_a_store_that_is_not_there_yet_says_so_too(tmp_path):
    """What the question itself needs to load cannot be loaded."""
    process = start(OUT_OF_DESCRIPTORS, tmp_path / "store", tmp_path / "none", 0, "sum(1 for _ in store.walk())")
    assert "Too many open files" in process.communicate(timeout=60)[0]
    assert process.returncode == 0
