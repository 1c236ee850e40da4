"""Helpers that remember results of their own: what they were filled with before a change is filed under no new key."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from everyday.program import needed
from freshness.edit import write_files
from freshness.many_processes import Do, Nursery


class Memory(NamedTuple):
    """A program with a memory between a cached function and what it depends on.

    Attributes:
        what: the name of the case.
        source: the files, in the form of `freshness.edit.Edit.before`.
        change: what is changed in the running process, while the memory is warm with what was there before.
        clear: what makes the memory forget; what the warning tells to call.
        call: what is evaluated in `main`.
        needs: modules that it imports.
    """

    what: str
    source: str
    change: str = "K = 2"
    clear: str = "g.cache_clear()"
    call: str = "f(1)"
    needs: tuple[str, ...] = ()


_LRU = "from functools import lru_cache\nK = 1\n@lru_cache\ndef g(x): return x + K\n@cache\ndef f(x): return g(x)\n"
_METHOD = "from functools import cache as remember\nK = 1\nclass C:\n    @remember\n    def g(self): return K\n    @staticmethod\n    @remember\n    def s(): return K\nc = C()\n"
_CACHETOOLS = "import cachetools, threading\nK = 1\n@cachetools.cached({})\ndef g(x): return x + K\n@cache\ndef f(x): return g(x)\n"
# fmt: off
MEMOS = [
    Memory("a global under a helper", _LRU),
    Memory("a function under a helper", "from functools import lru_cache\ndef h(x): return x + 1\n@lru_cache(maxsize=None)\ndef g(x): return h(x)\n@cache\ndef f(x): return g(x)", "def h(x): return x + 5"),
    Memory("a list under a helper, in place", "from functools import cache as remember\nK = [1]\n@remember\ndef g(x): return x + K[0]\n@cache\ndef f(x): return g(x)", "K[0] = 5"),
    Memory("a helper's own code", _LRU, "g.__wrapped__.__code__ = (lambda x: x + 50).__code__"),
    Memory("a helper's default", "from functools import cache as remember\n@remember\ndef g(x, y=1): return x + y\n@cache\ndef f(x): return g(x)", "g.__wrapped__.__defaults__ = (5,)"),
    Memory("a helper two levels down", "from functools import lru_cache\nK = 1\n@lru_cache\ndef h(x): return x + K\ndef g(x): return h(x)\n@cache\ndef f(x): return g(x)", clear="h.cache_clear()"),
    Memory("helpers on top of one another", "from functools import cache as remember\nK = 1\n@remember\ndef h(x): return x + K\n@remember\ndef g(x): return h(x)\n@cache\ndef f(x): return g(x)", clear="g.cache_clear(); h.cache_clear()"),
    Memory("a helper in another module", "import helper\n@cache\ndef f(x): return helper.g(x)\n#: helper.py\nfrom functools import lru_cache\nK = 1\n@lru_cache\ndef g(x): return x + K\n", "helper.K = 2", "helper.g.cache_clear()"),
    Memory("a helper in a table", "from functools import lru_cache\nK = 1\n@lru_cache\ndef g(x): return x + K\nT = {'g': g}\n@cache\ndef f(x): return T['g'](x)"),
    Memory("a helper in a closure", "from functools import lru_cache\nK = 1\n@lru_cache\ndef g(x): return x + K\ndef make(h):\n    @cache\n    def f(x): return h(x)\n    return f\nf = make(g)"),
    Memory("a helper in a partial", "from functools import lru_cache, partial\nK = 1\n@lru_cache\ndef g(x, y): return x + y + K\nh = partial(g, 1)\n@cache\ndef f(x): return h(x)"),
    Memory("a helper that is a default", "from functools import lru_cache\nK = 1\n@lru_cache\ndef g(x): return x + K\n@cache\ndef f(x, h=g): return h(x)"),
    Memory("a helper that is an argument", "from functools import lru_cache\nK = 1\n@lru_cache\ndef g(x): return x + K\n@cache\ndef f(h): return h(1)", call="f(g)"),
    Memory("a helper of a function that is an argument", "from functools import lru_cache\nK = 1\n@lru_cache\ndef g(x): return x + K\ndef h(x): return g(x)\n@cache\ndef f(h): return h(1)", call="f(h)"),
    Memory("a method", _METHOD + "@cache\ndef f(x): return c.g()", clear="C.g.cache_clear()"),
    Memory("a static method", _METHOD + "@cache\ndef f(x): return C.s()", clear="C.s.cache_clear()"),
    Memory("a method of an argument's class", _METHOD + "@cache\ndef f(x): return x.g()", clear="C.g.cache_clear()", call="f(c)"),
    Memory("a helper without arguments, as a singleton", "from functools import cache as remember\nK = 1\n@remember\ndef settings(): return {'k': K}\n@cache\ndef f(x): return settings()['k']", clear="settings.cache_clear()"),
    Memory("a helper under another decorator", "from functools import lru_cache, wraps\nK = 1\n@lru_cache\ndef g(x): return x + K\ndef twice(h):\n    @wraps(h)\n    def run(x): return 2 * h(x)\n    return run\nh = twice(g)\n@cache\ndef f(x): return h(x)"),
    Memory("cachetools, with a dict", _CACHETOOLS.format("cache={}"), needs=("cachetools",)),
    Memory("cachetools, with a cache that counts", _CACHETOOLS.format("cache=cachetools.LRUCache(9), info=True"), needs=("cachetools",)),
    Memory("cachetools, with a lock", _CACHETOOLS.format("cache=cachetools.TTLCache(9, 600), lock=threading.Lock()"), needs=("cachetools",)),
    Memory("cachetools, in a table", _CACHETOOLS.format("cache={}") + "T = {'g': g}\n@cache\ndef f(x): return T['g'](x)", needs=("cachetools",)),
    Memory("a helper with room for few", "from functools import lru_cache\nK = 1\n@lru_cache(maxsize=2)\ndef g(x): return x + K\n@cache\ndef f(x): return g(x)"),
]
# What such a memory holds is part of the key, or what is computed with it is not stored.
OTHERS = [
    Memory("a cached property of a global", "from functools import cached_property\nK = 1\nclass C:\n    @cached_property\n    def n(self): return K\nc = C()\n@cache\ndef f(x): return c.n", clear="del c.n"),
    Memory("a cached property of an argument", "from functools import cached_property\nK = 1\nclass C:\n    @cached_property\n    def n(self): return K\nc = C()\n@cache\ndef f(x): return x.n", clear="del c.n", call="f(c)"),
    Memory("a cached property, and an attribute below it", "from functools import cached_property\nclass C:\n    k = 1\n    @cached_property\n    def n(self): return self.k\nc = C()\n@cache\ndef f(x): return x.n", "c.k = 2", clear="del c.n", call="f(c)"),
    Memory("a lazy attribute of one's own", "K = 1\nclass C:\n    _n = None\n    def n(self):\n        if self._n is None: self._n = K\n        return self._n\nc = C()\n@cache\ndef f(x): return c.n()", clear="del c._n"),
    Memory("a dict of one's own", "K = 1\nMEMO = {}\ndef g(x):\n    if x not in MEMO: MEMO[x] = x + K\n    return MEMO[x]\n@cache\ndef f(x): return g(x)", clear="MEMO.clear()"),
    Memory("a default of one's own", "K = 1\ndef g(x, memo={}):\n    if x not in memo: memo[x] = x + K\n    return memo[x]\n@cache\ndef f(x): return g(x)", clear="g.__defaults__[0].clear()"),
    Memory("a closure of one's own", "K = 1\ndef remember(h):\n    memo = {}\n    def g(x):\n        if x not in memo: memo[x] = h(x)\n        return memo[x]\n    g.clear = memo.clear\n    return g\n@remember\ndef g(x): return x + K\n@cache\ndef f(x): return g(x)", clear="g.clear()"),
    Memory("toolz", "from toolz import memoize\nK = 1\n@memoize\ndef g(x): return x + K\n@cache\ndef f(x): return g(x)", clear="g.__closure__ and [c.cell_contents.clear() for c in g.__closure__ if type(c.cell_contents) is dict]", needs=("toolz",)),
]
# fmt: on


@needed(MEMOS)
def test_what_a_memo_gives_after_a_change_is_returned_and_not_stored(
    program: Memory, tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """The running process gets what it would have got; one warning tells the line that makes the memo forget."""
    write_files(tmp_path, program.source)
    clear, change, call = Do(program.clear), Do(program.change), program.call
    ran = nurseries[0].run(tmp_path, call, call, change, call, call, clear, call, call)
    assert ran.values == ran.truths
    assert ran.truths[0] == ran.truths[2] != ran.truths[4], "the change does not do what this case says"
    assert [count > 0 for count in ran.computed] == [True, False, True, True, True, False]
    assert len(ran.warnings) == 1
    assert program.clear.partition(";")[0].rpartition(".")[0].rpartition(".")[2] + ".cache_clear()" in ran.warnings[0]
    fresh = nurseries[1].run(tmp_path, change, call)
    assert fresh.values == fresh.truths == [ran.truths[4]], "what the memo gave was filed under the new key"


@needed(OTHERS)
def test_what_another_memory_holds_is_never_filed_under_the_key_of_a_process_without_it(
    program: Memory, tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """A process whose memory is warm with what was there before, and one that begins after the change, are both right."""
    write_files(tmp_path, program.source)
    clear, change, call = Do(program.clear), Do(program.change), program.call
    ran = nurseries[0].run(tmp_path, call, call, change, call, call, clear, call, call)
    assert ran.values == ran.truths
    assert ran.truths[0] == ran.truths[2] != ran.truths[4], "the change does not do what this case says"
    fresh = nurseries[1].run(tmp_path, change, call)
    assert fresh.values == fresh.truths == [ran.truths[4]], "what the memory gave was filed under the new key"


@pytest.mark.parametrize("other", ["h = lambda x: x", "g.cache_clear()", "g(5); g(6)", "K = int('1')"])
def test_a_change_that_a_memo_does_not_depend_on_leaves_it_alone(
    other: str, tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """What it remembers is trusted, and the result stored."""
    write_files(tmp_path, _LRU.replace("g(x)\n", "h(g(x))\n") + "def h(x): return x\n")
    ran = nurseries[0].run(tmp_path, "f(1)", "f(1)", Do(other), "f(1)", "f(1)")
    assert ran.values == ran.truths
    assert ran.computed[3] == 0
    assert ran.warnings == []


def test_a_second_function_knows_that_a_memo_is_outdated(tmp_path: Path, nurseries: list[Nursery]) -> None:
    """It reaches the memo for the first time after the change, which another function has been called before."""
    write_files(tmp_path, _LRU + "@cache\ndef second(x): return g(x) * 10\n")
    ran = nurseries[0].run(tmp_path, "f(1)", Do("K = 2"), "second(1)", "second(1)")
    assert ran.values == ran.truths == ["2", "20", "20"]
    assert ran.computed == [1, 1, 1]
    fresh = nurseries[1].run(tmp_path, Do("K = 2"), "second(1)")
    assert fresh.values == fresh.truths == ["30"]


def test_a_memo_that_a_hit_left_cold_is_trusted_until_it_is_filled(tmp_path: Path, nurseries: list[Nursery]) -> None:
    """The second process finds its first result stored, so that the memo holds nothing when the global changes."""
    write_files(tmp_path, _LRU)
    nurseries[0].run(tmp_path, "f(1)")
    ran = nurseries[1].run(tmp_path, Do("import os; os.environ['X'] = '1'; V = f(1); K = 2"), "f(1)", "f(1)")
    assert ran.values == ran.truths == ["3", "3"]
    assert ran.computed == [1, 0]
    assert ran.warnings == []


def test_a_memo_that_the_program_fills_itself_is_looked_at_before(tmp_path: Path, nurseries: list[Nursery]) -> None:
    """A hit looked at it while it was empty; the program fills it, then changes what it depends on."""
    write_files(tmp_path, _LRU)
    nurseries[0].run(tmp_path, "f(1)")
    ran = nurseries[1].run(tmp_path, Do("f(1); g(1); K = 2"), "f(1)")
    assert ran.values == ran.truths == ["2"]
    fresh = nurseries[2].run(tmp_path, Do("K = 2"), "f(1)")
    assert fresh.values == fresh.truths == ["3"]
