"""Upgrades and rebuilds of installed distributions, which count as a whole, and edits that are none."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from freshness.edit import Edit

_PATH = "import os, sys\nsys.path.insert(0, os.path.abspath('site-packages'))\nimport brinery\ncache = brinery.cache\n"
_LIB = """
#: site-packages/lib/__init__.py
from .inner import g
K = 1
#: site-packages/lib/inner.py
import base
def g(x): return x + 10
def h(x): return x + base.B
#: site-packages/lib-1.0.dist-info/METADATA
Name: lib
Version: 1.0
Requires-Dist: base>=1
#: site-packages/lib-1.0.dist-info/RECORD
lib/__init__.py,sha256=aaa,1
lib/inner.py,sha256=bbb,1
lib-1.0.dist-info/RECORD,,
#: site-packages/base.py
B = 1000
#: site-packages/base-3.0.dist-info/METADATA
Name: base
Version: 3.0
#: site-packages/base-3.0.dist-info/RECORD
base.py,sha256=ccc,1
#: site-packages/stray.py
K = 1
#: site-packages/other.py
K = 1
#: site-packages/other-1.0.dist-info/METADATA
Name: other
Version: 1.0
#: site-packages/other-1.0.dist-info/RECORD
other.py,sha256=ddd,1
"""
_UPGRADE = {"lib-1.0": "lib-1.1", "Name: lib\nVersion: 1.0": "Name: lib\nVersion: 1.1", "x + 10": "x + 20"}
_REBUILD = {"sha256=bbb": "sha256=eee", "x + 10": "x + 20"}


def _using(text: str, use: str) -> str:
    return f"{_PATH}{text}\n@cache\ndef f(x): return {use}\n{_LIB.strip()}\n"


_INSIDE = f"{_PATH}@cache\ndef f(x):\n    from lib import g\n    return g(x)\n{_LIB.strip()}\n"

EDITS = [
    Edit("an upgrade of a package", _using("from lib import g", "g(x)"), _UPGRADE),
    Edit("an upgrade of a package used by attribute", _using("import lib", "lib.g(x)"), _UPGRADE),
    Edit("an upgrade of a package used by a submodule", _using("import lib.inner", "lib.inner.g(x)"), _UPGRADE),
    Edit("an upgrade of a package used in a helper", _using("import lib\ndef h(x): return lib.g(x)", "h(x)"), _UPGRADE),
    Edit("an upgrade of a package imported inside", _INSIDE, _UPGRADE),
    Edit("an upgrade of a package of which a function stands in a table", _using("import lib\nT = [lib.g]", "T[0](x)"), _UPGRADE),
    Edit("an upgrade of a package of which a partial is made", _using("import lib, functools\nh = functools.partial(lib.g)", "h(x)"), _UPGRADE),
    Edit("an upgrade of a package whose class is a base", _using("import lib\nlib.C = None\nclass D: g = staticmethod(lib.g)", "D.g(x)"), _UPGRADE),
    Edit("a rebuild of a package under the same version", _using("from lib import g", "g(x)"), _REBUILD),
    Edit("a rebuild of a package imported inside", _INSIDE, _REBUILD),
    Edit("an upgrade of what a package requires", _using("from lib.inner import h", "h(x)"), {"B = 1000": "B = 2000", "base-3.0": "base-3.1"}),
    Edit("an edit of a stray module among installed ones", _using("import stray", "stray.K"), {"stray.py\nK = 1": "stray.py\nK = 2"}),
    Edit("a package that is followed", f"{_PATH}from lib import g\n@cache(follow=['lib'])\ndef f(x): return g(x)\n{_LIB.strip()}\n", {"x + 10": "x + 20"}),
    Edit("a comment in a package that is followed", f"{_PATH}from lib import g\n@cache(follow=['lib'])\ndef f(x): return g(x)\n{_LIB.strip()}\n", {"def g(x)": "# said\ndef g(x)"}, hit=True),
    Edit("an upgrade of another package", _using("from lib import g", "g(x)"), {"other-1.0": "other-1.1", "sha256=ddd": "sha256=fff"}, hit=True),
    Edit("an upgrade of a package that is only imported", _using("import lib, other", "lib.g(x)"), {"other-1.0": "other-1.1"}, hit=True),
    Edit("how a package was installed", _using("from lib import g", "g(x)"), {"lib-1.0.dist-info/RECORD,,": "lib-1.0.dist-info/INSTALLER,sha256=zzz,4\nlib-1.0.dist-info/RECORD,,"}, hit=True),
    Edit("that a package imported inside is imported above as well", _INSIDE, {"@cache": "import lib\n@cache"}, hit=True),
]
