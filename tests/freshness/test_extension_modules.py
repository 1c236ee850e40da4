"""An extension module outside any distribution has no source: it counts by its bytes."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

import pytest
from freshness.edit import write_files
from freshness.many_processes import Nursery

_SUFFIX = sysconfig.get_config_var("EXT_SUFFIX") or ".so"
_PROGRAMS = {
    "imported above": "import _xxhash\n@cache\ndef f(x): return _xxhash.xxh32_hexdigest(str(x).encode())\n",
    "a function of it": "from _xxhash import xxh32_hexdigest as g\n@cache\ndef f(x): return g(str(x).encode())\n",
    "a class of it": "import _xxhash\n@cache\ndef f(x): return _xxhash.xxh32(str(x).encode()).hexdigest()\n",
    "imported inside": "@cache\ndef f(x):\n    import _xxhash\n    return _xxhash.xxh32_hexdigest(str(x).encode())\n",
}


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="elsewhere a file with something appended may not load"
)
@pytest.mark.parametrize("program", _PROGRAMS.values(), ids=_PROGRAMS)
def test_a_rebuilt_extension_module_is_another(program: str, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """The same file hits in another process; with other bytes in it, the function runs again."""
    compiled = pytest.importorskip("xxhash._xxhash").__file__
    first, second, third = nurseries
    write_files(tmp_path, program)
    copy = tmp_path / f"_xxhash{_SUFFIX}"
    shutil.copy(compiled, copy)
    assert first.run(tmp_path, "f(1)").computed == [1]
    assert second.run(tmp_path, "f(1)").computed == [0]
    with copy.open("ab") as handle:
        handle.write(b"rebuilt")
    assert third.run(tmp_path, "f(1)").computed == [1]
