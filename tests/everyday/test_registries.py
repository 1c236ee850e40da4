"""What the user puts into a library and finds through it: accessors, entries of tables, methods, patches of a test."""

from __future__ import annotations

from pathlib import Path

import pytest
from freshness.changes import Change
from freshness.edit import Edit, check_edit, edit_cases, write_files
from freshness.many_processes import Do, Nursery

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
_LIBRARY = """
#: site-packages/lib/__init__.py
def f(x): return x
class B:
    def run(self): return 1
class C(B):
    def other(self): return 5
TABLE = {}
def register(name):
    def put(function):
        TABLE[name] = function
        return function
    return put
class Accessor:
    def __init__(self, made): self.made = made
    def __get__(self, owner, kind=None): return self.made(owner)
def accessor(name): return lambda made: setattr(C, name, Accessor(made)) or made
def call(name, x): return TABLE[name](x)
def make(): return C()
OPTIONS = {'precision': 1, 'more': 1}
def options(): return [repr(value) for value in OPTIONS.values()]
def g(x): return f(x)
from lib import deep
def by_deep(x): return deep.D().run(deep.find('a', x))
#: site-packages/lib/deep.py
class D:
    def run(self, x): return x
    @staticmethod
    def stay(x): return x
class Registry:
    def __init__(self): self.entries = {}
    def add(self, name, function): self.entries[name] = function
registry = Registry()
class Table: entries = {}
ENTRIES = {}
HOOK = None
def find(name, x):
    for entries in (registry.entries, Table.entries, ENTRIES):
        if name in entries: x = entries[name](x)
    return D.stay(HOOK(x) if HOOK else x)
#: site-packages/lib-1.0.dist-info/METADATA
Name: lib
Version: 1.0
#: site-packages/lib-1.0.dist-info/RECORD
lib/__init__.py,sha256=aaa,1
lib/deep.py,sha256=aaa,1
"""
_PATH = "import functools, os, sys\nsys.path.insert(0, os.path.abspath('site-packages'))\nfrom brinery import cache\nimport lib\n"
_ACCESSOR = "class A:\n    def __init__(self, owner): self.owner = owner\n    def run(self): return 5 + 10\n"


def _lib(what: str, text: str, use: str, call: str = "f(1)") -> Edit:
    """An edit of what was put into a small installed library, written for it."""
    return Edit(what, f"{_PATH}{text}\n@cache\ndef f(x): return {use}{_LIBRARY}", {"+ 10": "+ 20"}, call)


def _with(needs: str, what: str, text: str, use: str, call: str = "f(1)") -> Edit:
    """An edit of what was put into a real library."""
    return Edit(f"{needs}: {what}", f"{text}\n@cache\ndef f(x): return {use}\n", {"+ 10": "+ 20"}, call, needs=(needs,))


EDITS = [
    _lib("an entry of a table, by the library's own function", "@lib.register('a')\ndef g(x): return x + 10", "lib.call('a', x)"),
    _lib("an entry of a table that calls a helper", "def h(x): return x + 10\n@lib.register('a')\ndef g(x): return h(x)", "lib.call('a', x)"),
    _lib("an entry of a table, imported inside", "@lib.register('a')\ndef g(x): return x + 10", "(lambda: __import__('lib').call('a', x))()"),
    _lib("a list in a table", "lib.TABLE['a'] = [lambda x: x + 10]\nlib.TABLE['b'] = lambda x: lib.TABLE['a'][0](x)", "lib.call('b', x)"),
    _lib("a method of what the library makes", "lib.C.other = lambda self: 5 + 10", "lib.make().other()"),
    _lib("a method of the base of what the library makes", "lib.B.run = lambda self: 5 + 10", "lib.make().run()"),
    _lib("a function that another function of the library calls", "lib.f = lambda x: x + 10", "lib.g(x)"),
    _lib("the same, of a function that was taken from it", "from lib import g\nlib.f = lambda x: x + 10", "g(x)"),
    _lib("an accessor", f"{_ACCESSOR}lib.accessor('mine')(A)", "lib.C().mine.run()"),
    _lib("an accessor of what the library makes", f"{_ACCESSOR}lib.accessor('mine')(A)", "lib.make().mine.run()"),
    _lib("an accessor of an argument", f"{_ACCESSOR}lib.accessor('mine')(A)", "x.mine.run()", "f(lib.C())"),
    _lib("a dispatched function that was put there", "lib.d = functools.singledispatch(lib.f)\n@lib.d.register(int)\ndef _(x): return x + 10", "lib.d(x)"),
    _lib("below: a method", "import lib.deep\nlib.deep.D.run = lambda self, x: x + 10", "lib.by_deep(x)"),
    _lib("below: a static method", "import lib.deep\nlib.deep.D.stay = staticmethod(lambda x: x + 10)", "lib.by_deep(x)"),
    _lib("below: a function", "import lib.deep\nlib.deep.find = lambda name, x: x + 10", "lib.by_deep(x)"),
    _lib("below: a hook", "import lib.deep\nlib.deep.HOOK = lambda x: x + 10", "lib.by_deep(x)"),
    _lib("below: a hook that is a partial", "import lib.deep\ndef h(n, x): return x + 10\nlib.deep.HOOK = functools.partial(h, 1)", "lib.by_deep(x)"),
    _lib("below: a hook that is an object", "import lib.deep\nclass H:\n    def __call__(self, x): return x + 10\nlib.deep.HOOK = H()", "lib.by_deep(x)"),
    _lib("below: what a hook that is an object holds", "import lib.deep\nclass H:\n    def __init__(self, n): self.n = n\n    def __call__(self, x): return x + self.n\nlib.deep.HOOK = H(5 + 10)", "lib.by_deep(x)"),
    _lib("below: an entry of a table", "import lib.deep\nlib.deep.ENTRIES['a'] = lambda x: x + 10", "lib.by_deep(x)"),
    _lib("below: an entry of a class's table", "import lib.deep\nlib.deep.Table.entries['a'] = lambda x: x + 10", "lib.by_deep(x)"),
    _lib("below: an entry of a registry", "import lib.deep\nlib.deep.registry.add('a', lambda x: x + 10)", "lib.by_deep(x)"),
    _lib("below: an entry of a registry under lru_cache", "import lib.deep\n@functools.lru_cache\ndef h(x): return x + 10\nlib.deep.registry.add('a', h)", "lib.by_deep(x)"),
    _with("requests", "below: the adapter's send", "import requests.adapters\ndef fail(*args, **more): raise OSError(5 + 10)\nrequests.adapters.HTTPAdapter.send = fail\ndef g():\n    try: requests.get('http://x')\n    except OSError as error: return error.args", "g()"),
    _with("numpy", "below: an internal of linalg", "import numpy\nimport numpy.linalg._linalg\nnumpy.linalg._linalg.svd = lambda *args, **more: 5 + 10", "numpy.linalg.cond([[1.0]], 2) if 0 else numpy.linalg._linalg.svd(x)"),
    _with("pandas", "an accessor of a global", f"import pandas as pd\n@pd.api.extensions.register_dataframe_accessor('mine')\n{_ACCESSOR}D = pd.DataFrame({{'a': [1]}})", "D.mine.run()"),
    _with("pandas", "an accessor of an argument", f"import pandas as pd\n@pd.api.extensions.register_series_accessor('mine')\n{_ACCESSOR}D = pd.Series([1])", "x.mine.run()", "f(D)"),
    _with("pandas", "an accessor of what is made", f"import pandas as pd\n@pd.api.extensions.register_dataframe_accessor('mine')\n{_ACCESSOR}", "pd.concat([pd.DataFrame({'a': [1]})]).mine.run()"),
    _with("polars", "a namespace of frames", f"import polars as pl\n@pl.api.register_dataframe_namespace('mine')\n{_ACCESSOR}", "pl.DataFrame({'a': [1]}).mine.run()"),
    _with("xarray", "an accessor of datasets", f"import xarray as xr\n@xr.register_dataset_accessor('mine')\n{_ACCESSOR}", "xr.Dataset().mine.run()"),
    _with("json", "a method of the encoder", "import json\njson.JSONEncoder.default = lambda self, value: 5 + 10", "json.dumps(object())"),
    _with("requests", "a method of sessions, by requests.get", "import requests\nrequests.Session.request = lambda self, *args, **more: 5 + 10", "requests.get('http://x')"),
]

_REQUEST = "import requests\n@cache\ndef f(x):\n    try: return requests.get('http://127.0.0.1:1', timeout=1)\n    except OSError: return 'real'"
_BELOW = "import requests\n@cache\ndef f(x):\n    try: return requests.get('http://127.0.0.1:1', timeout=1)\n    except Exception as error: return type(error).__name__"
_PATCH = "from unittest import mock; mock.patch"
CHANGES = [
    Change("mock.patch of requests.get", _REQUEST, f"{_PATCH}('requests.get', lambda *a, **k: 'mock').start()"),
    Change("mock.patch of requests.Session.request", _REQUEST, f"{_PATCH}('requests.Session.request', lambda *a, **k: 'mock').start()"),
    Change("mock.patch of requests.api.request", _REQUEST, f"{_PATCH}('requests.api.request', lambda *a, **k: 'mock').start()"),
    Change("mock.patch of requests.sessions.Session.send", _REQUEST, f"{_PATCH}('requests.sessions.Session.send', lambda *a, **k: 'mock').start()"),
    Change("mock.patch with a mock that returns something", _REQUEST, f"{_PATCH}('requests.Session.request', return_value='mock').start()"),
    *(
        Change(f"mock.patch of {target}{how}", _BELOW, f"{_PATCH}('{target}', {arguments}).start()")
        for target, how, arguments in [
            ("requests.adapters.HTTPAdapter.send", "", "side_effect=KeyError"),
            ("requests.adapters.HTTPAdapter.send", " with a function", "lambda *a, **k: {}['a']"),
            ("requests.adapters.HTTPAdapter.send", " with autospec", "autospec=True, side_effect=KeyError"),
            ("requests.adapters.select_proxy", "", "side_effect=KeyError"),
            ("urllib3.connectionpool.HTTPConnectionPool.urlopen", "", "side_effect=KeyError"),
            ("socket.socket.connect", "", "side_effect=KeyError"),
        ]
    ),
    Change("a patch below what is called, by hand", _BELOW, "import requests.adapters; requests.adapters.HTTPAdapter.send = lambda *a, **k: {}['a']"),
    Change("mock.patch below that was stopped", _BELOW, f"{_PATCH}('requests.adapters.HTTPAdapter.send', side_effect=KeyError).start(); mock.patch.stopall()", hit=True),
    Change("a method below what is called", f"{_PATH}@cache\ndef f(x): return lib.by_deep(x){_LIBRARY}", "import lib.deep; lib.deep.D.run = lambda self, x: 'new'"),
    Change("a function below what is called", f"{_PATH}@cache\ndef f(x): return lib.by_deep(x){_LIBRARY}", "import lib.deep; lib.deep.find = lambda name, x: 'new'"),
    Change("an entry of a registry below what is called", f"{_PATH}@cache\ndef f(x): return lib.by_deep(x){_LIBRARY}", "import lib.deep; lib.deep.registry.add('a', lambda x: 'new')"),
    Change("a module below that is imported later", f"{_PATH}@cache\ndef f(x): return lib.by_deep(x){_LIBRARY}#: patch.py\nimport lib.deep\nlib.deep.D.run = lambda self, x: 'new'\n", "import patch"),
    Change("a library's own entry below what is called", f"{_PATH}@cache\ndef f(x): return lib.by_deep(x){_LIBRARY}", "import lib.deep; lib.deep.registry.add('b', lib.f)", hit=True),
    Change("mock.patch that was stopped", _REQUEST, f"{_PATCH}('requests.Session.request', return_value='mock').start(); mock.patch.stopall()", hit=True),
    Change("an entry of a library's table, by its own function", f"{_PATH}lib.register('a')(lambda x: 'old')\n@cache\ndef f(x): return lib.call('a', x){_LIBRARY}", "lib.register('a')(lambda x: 'new')"),
    Change("a method of what a library makes", f"{_PATH}@cache\ndef f(x): return lib.make().other(){_LIBRARY}", "lib.C.other = lambda self: 'new'"),
    Change("an option of a library that is equal and a float", f"{_PATH}@cache\ndef f(x): return list(map(repr, lib.OPTIONS.values())){_LIBRARY}", "lib.OPTIONS['precision'] = 1.0"),
    Change("an option of a library that is equal and a bool", f"{_PATH}@cache\ndef f(x): return list(map(repr, lib.OPTIONS.values())){_LIBRARY}", "lib.OPTIONS['precision'] = True"),
    Change("a library's own entry in its table", f"{_PATH}lib.register('a')(lambda x: 'old')\n@cache\ndef f(x): return lib.call('a', x){_LIBRARY}", "lib.TABLE['own'] = lib.f", hit=True),
]
# fmt: on


@edit_cases(EDITS)
def test_an_edit_of_what_was_put_into_a_library_is_noticed(
    edit: Edit, tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """The same program hits in another process; what it put into the library is edited, and the function runs again."""
    check_edit(edit, tmp_path, nurseries)


@pytest.mark.parametrize("change", CHANGES, ids=[change.what for change in CHANGES])
def test_what_is_put_into_a_library_while_a_process_runs_is_noticed(
    change: Change, tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """What a test mocked is not served to a call without the mock, nor the other way round."""
    if "requests" in change.source:
        pytest.importorskip("requests")
    write_files(tmp_path, change.source)
    ran = nurseries[0].run(tmp_path, change.call, change.call, Do(change.change), change.call, change.call)
    assert ran.values == ran.truths, "an old result was returned"
    assert ran.computed[1] == 0, "the second call did not find the result of the first"
    assert (ran.truths[2] == ran.truths[1]) is change.hit, "the change does not do what this case says"
    assert (ran.computed[2] == 0) is change.hit
    assert ran.computed[3] == 0, "the call after the change did not find the result of the one before"
