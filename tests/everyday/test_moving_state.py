"""Programs with state that moves by being used: generators of random numbers, counters, logs, caches of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from everyday.program import Program, cases, check
from freshness.edit import write_files
from freshness.many_processes import Nursery

# A case is a line, however long, as in a table.
# ruff: noqa: E501
# fmt: off
DRAWING = [
    Program("random.random", "import random\n@cache\ndef f(x): return random.random() < 2"),
    Program("random.choice", "import random\n@cache\ndef f(x): return random.choice([1])"),
    Program("random.random by its own name", "from random import random as draw\n@cache\ndef f(x): return draw() < 2"),
    Program("random.gauss by its own name", "from random import gauss\n@cache\ndef f(x): return gauss(0, 1) < 99"),
    Program("random.getrandbits in a helper", "import random\ndef g(): return random.getrandbits(8)\n@cache\ndef f(x): return g() < 256"),
    Program("random.shuffle of a list made inside", "import random\n@cache\ndef f(x):\n    found = [1, 1]\n    random.shuffle(found)\n    return found"),
    Program("random.random in a table", "import random\nDRAW = {'uniform': random.random, 'normal': random.gauss}\n@cache\ndef f(x): return DRAW['uniform']() < 2"),
    Program("random.random as a default", "import random\n@cache\ndef f(x, draw=random.random): return draw() < 2"),
    Program("random.random as an argument", "import random\n@cache\ndef f(draw): return draw() < 2", call="f(random.random)"),
    Program("random.random in a closure", "import random\ndef make():\n    draw = random.random\n    @cache\n    def f(x): return draw() < 2\n    return f\nf = make()"),
    Program("random.random as an attribute of a class", "import random\nclass Source: draw = random.random\n@cache\ndef f(x): return Source.draw() < 2"),
    Program("random.random in a partial", "import random\nfrom functools import partial\ndraw = partial(random.random)\n@cache\ndef f(x): return draw() < 2"),
    Program("random's hidden generator itself", "import random\nrng = random._inst\n@cache\ndef f(x): return rng.random() < 2"),
    Program("random.SystemRandom", "import random\nrng = random.SystemRandom()\n@cache\ndef f(x): return rng.random() < 2"),
    Program("secrets and uuid", "import secrets, uuid\nfrom secrets import choice\n@cache\ndef f(x): return choice([1]), len(secrets.token_hex(4)), len(str(uuid.uuid4()))"),
    Program("numpy.random.rand", "import numpy as np\n@cache\ndef f(x): return bool(np.random.rand() < 2)", needs=("numpy",)),
    Program("numpy.random.normal by its own name", "from numpy.random import normal\n@cache\ndef f(x): return normal() < 99", needs=("numpy",)),
    Program("numpy.random.shuffle in a table", "import numpy as np\nDRAW = [np.random.random_sample]\n@cache\ndef f(x): return DRAW[0]() < 2", needs=("numpy",)),
    Program("numpy's hidden generator in an object", "import numpy as np\nclass Model: pass\nMODEL = Model()\nMODEL.rng = np.random.mtrand._rand\n@cache\ndef f(x): return MODEL.rng.rand() < 2", needs=("numpy",)),
    Program("numpy's hidden bit generator", "import numpy as np\nBITS = np.random.mtrand._rand._bit_generator\n@cache\ndef f(x): return np.random.Generator(BITS).random() < 2", needs=("numpy",)),
    Program("numpy.random.default_rng without a seed", "import numpy as np\n@cache\ndef f(x): return np.random.default_rng().random() < 2", needs=("numpy",)),
    Program("torch.rand", "import torch\n@cache\ndef f(x): return float(torch.rand(1)) < 2", needs=("torch",)),
    Program("a distribution of scipy's", "from scipy.stats import norm\n@cache\ndef f(x): return norm.rvs() < 99", needs=("scipy",), hit_steps=100_000),
]

# What a function only writes to flows into no result.
WRITTEN = [
    Program("a counter", "COUNT = 0\n@cache\ndef f(x):\n    global COUNT\n    COUNT += 1\n    return x"),
    Program("a counter written out", "COUNT = 0\n@cache\ndef f(x):\n    global COUNT\n    COUNT = COUNT + 1\n    return x"),
    Program("seconds that are added up", "TOTAL = 0\n@cache\ndef f(x):\n    global TOTAL\n    TOTAL += 0.5\n    return x"),
    Program("a counter in a helper", "COUNT = 0\ndef g(x):\n    global COUNT\n    COUNT += 1\n    return x\n@cache\ndef f(x): return g(x)"),
    Program("a counter of another module", "import helper\n@cache\ndef f(x):\n    helper.COUNT += 1\n    return helper.g(x)\n#: helper.py\nCOUNT = OWN = 0\ndef g(x):\n    global OWN\n    OWN += 1\n    return x"),
    Program("a counter of a module in a package", "from pkg import stats\n@cache\ndef f(x):\n    stats.CALLS['f'] += 1\n    return x\n#: pkg/__init__.py\n#: pkg/stats.py\nfrom collections import Counter\nCALLS = Counter()"),
    Program("a log", "LOG = []\n@cache\ndef f(x):\n    LOG.append(('f', x))\n    return x"),
    Program("a log that another module imports", "from helper import LOG\n@cache\ndef f(x):\n    LOG.append(x)\n    return x\n#: helper.py\nLOG = []"),
    Program("a log behind a condition", "LOG = []\nDEBUG = True\n@cache\ndef f(x):\n    if DEBUG:\n        LOG.extend([x, x])\n    return x"),
    Program("a bounded log", "from collections import deque\nLOG = deque(maxlen=2)\n@cache\ndef f(x):\n    LOG.append(x)\n    return x"),
    Program("what was seen", "SEEN = set()\n@cache\ndef f(x):\n    SEEN.add(x)\n    return x"),
    Program("the latest result", "LATEST = {}\n@cache\ndef f(x):\n    LATEST['f'] = x\n    LATEST.update(x=x)\n    return x"),
    Program("a text that grows", "TEXT = ''\n@cache\ndef f(x):\n    global TEXT\n    TEXT += '.'\n    return x"),
    Program("a Counter", "from collections import Counter\nCALLS = Counter()\n@cache\ndef f(x):\n    CALLS[x] += 1\n    return x"),
    Program("a defaultdict of numbers", "from collections import defaultdict\nTIMES = defaultdict(float)\n@cache\ndef f(x):\n    TIMES['f'] += 1.5\n    return x"),
    Program("a dict of counters that are there", "STATS = {'calls': 0, 'errors': 0}\n@cache\ndef f(x):\n    STATS['calls'] += 1\n    return x"),
    Program("a dict of counters by get", "STATS = {}\n@cache\ndef f(x):\n    STATS[x] = STATS.get(x, 0) + 1\n    return x"),
    Program("a counter in a closure", "def make():\n    count = 0\n    log = []\n    @cache\n    def f(x):\n        nonlocal count\n        count += 1\n        log.append(x)\n        return x\n    return f\nf = make()"),
    Program("a counter in a decorator of one's own", "def counted(g):\n    calls = []\n    def inner(x):\n        calls.append(x)\n        return g(x)\n    return inner\n@cache\n@counted\ndef f(x): return x"),
    Program("a counter in a nested function", "COUNT = 0\n@cache\ndef f(x):\n    def g(y):\n        global COUNT\n        COUNT += 1\n        return y\n    return [g(y) for y in range(x)]"),
    Program("a counter in a method", "COUNT = 0\nclass Job:\n    def run(self, x):\n        global COUNT\n        COUNT += 1\n        return x\n@cache\ndef f(x): return Job().run(x)"),
]
# State that flows into results; `reset` brings it back to the beginning.
READ = {
    "a counter that is returned": "N = 0\ndef reset(): globals()['N'] = 0\n@cache\ndef f(x):\n    global N\n    N += 1\n    return N",
    "a counter that a helper reads": "N = 0\ndef reset(): globals()['N'] = 0\ndef g(): return N\n@cache\ndef f(x):\n    global N\n    N += 1\n    return g()",
    "a counter that decides": "N = 0\ndef reset(): globals()['N'] = 0\n@cache\ndef f(x):\n    global N\n    N += 1\n    return 'many' if N > 1 else 'one'",
    "a counter that is read in a nested function": "N = 0\ndef reset(): globals()['N'] = 0\n@cache\ndef f(x):\n    global N\n    N += 1\n    return [N for _ in range(2)]",
    "a counter that is read by a lambda": "N = 0\ndef reset(): globals()['N'] = 0\nread = lambda: N\n@cache\ndef f(x):\n    global N\n    N += 1\n    return read()",
    "a counter that is read by its name": "N = 0\ndef reset(): globals()['N'] = 0\n@cache\ndef f(x):\n    global N\n    N += 1\n    return globals()['N']",
    "a counter that is read through its module": "import helper\ndef reset(): helper.N = 0\n@cache\ndef f(x):\n    helper.N += 1\n    return vars(helper)['N']\n#: helper.py\nN = 0",
    "a counter that is read where it is": "import helper\ndef reset(): helper.N = 0\n@cache\ndef f(x):\n    helper.N += 1\n    return helper.g()\n#: helper.py\nN = 0\ndef g(): return N",
    "a counter that is assigned in an expression": "N = 0\ndef reset(): globals()['N'] = 0\n@cache\ndef f(x):\n    global N\n    return (N := N + 1)",
    "a counter that is divided by": "N = 0\ndef reset(): globals()['N'] = 0\n@cache\ndef f(x):\n    global N\n    N = 1 / N if N else 2\n    return N",
    "a counter whose value goes elsewhere, too": "N = 0\ndef reset(): globals()['N'] = 0\n@cache\ndef f(x):\n    global N\n    N = y = N + 1\n    return y",
    "a log whose length is returned": "LOG = []\ndef reset(): LOG.clear()\n@cache\ndef f(x):\n    LOG.append(x)\n    return len(LOG)",
    "a log that is returned": "LOG = []\ndef reset(): LOG.clear()\n@cache\ndef f(x):\n    LOG.append(x)\n    return list(LOG)",
    "a log under another name": "LOG = []\nSAME = LOG\ndef reset(): LOG.clear()\n@cache\ndef f(x):\n    LOG.append(x)\n    return len(SAME)",
    "a log in a table": "LOG = []\nLOGS = {'f': LOG}\ndef reset(): LOG.clear()\n@cache\ndef f(x):\n    LOG.append(x)\n    return len(LOGS['f'])",
    "a log under a local name": "LOG = []\ndef reset(): LOG.clear()\n@cache\ndef f(x):\n    LOG.append(x)\n    log = LOG\n    return len(log)",
    "a log that is an argument of a helper": "LOG = []\ndef reset(): LOG.clear()\ndef g(log): return len(log)\n@cache\ndef f(x):\n    LOG.append(x)\n    return g(LOG)",
    "a log that is a default": "LOG = []\ndef reset(): LOG.clear()\n@cache\ndef f(x, log=LOG):\n    LOG.append(x)\n    return len(log)",
    "a log that is looked into": "LOG = []\ndef reset(): LOG.clear()\n@cache\ndef f(x):\n    seen = x in LOG\n    LOG.append(x)\n    return seen",
    "a list of which an item is set": "LOG = []\ndef reset(): LOG.clear()\n@cache\ndef f(x):\n    try: LOG[0] = x\n    except IndexError: reset.__globals__['LOG'].append(x); return 'first'\n    return 'later'",
    "a set that is taken from": "LEFT = {1, 2}\ndef reset(): LEFT.update((1, 2))\n@cache\ndef f(x):\n    try: LEFT.remove(x)\n    except KeyError: return 'gone'\n    return 'there'",
    "a dict of counters that may not be there": "N = {}\ndef reset(): N.clear()\n@cache\ndef f(x):\n    try: N[x] += 1\n    except KeyError: N.setdefault(x, 0); return 'new'\n    return 'known'",
    "a value that stands in a dict first": "FIRST = {}\ndef reset(): FIRST.clear()\n@cache\ndef f(x):\n    return FIRST.setdefault('x', x)",
    "a dict that is popped from": "N = {}\ndef reset(): N.clear()\n@cache\ndef f(x):\n    N[x] = 1\n    return N.pop(2, 'none')",
    "an object with a method of that name": "class Log:\n    n = 0\n    def append(self, x): self.n += 1; SEEN.append(self.n)\nSEEN = []\nLOG = Log()\ndef reset(): LOG.n = 0; SEEN.clear()\n@cache\ndef f(x):\n    LOG.append(x)\n    return SEEN[-1]",
    "a counter in a closure that is returned": "def make():\n    n = 0\n    def reset():\n        nonlocal n\n        n = 0\n    @cache\n    def f(x):\n        nonlocal n\n        n += 1\n        return n\n    return f, reset\nf, reset = make()",
    "a log in a closure that another reads": "def make():\n    log = []\n    def count(): return len(log)\n    @cache\n    def f(x):\n        log.append(x)\n        return count()\n    return f, log.clear\nf, reset = make()",
    "a memo dictionary that remembers the first": "MEMO = {}\ndef reset(): MEMO.clear()\n@cache\ndef f(x):\n    if 'k' not in MEMO: MEMO['k'] = x\n    return MEMO['k']",
    "a lazy singleton made from an argument": "ONE = None\ndef reset(): globals()['ONE'] = None\n@cache\ndef f(x):\n    global ONE\n    if ONE is None: ONE = [x]\n    return ONE",
}
# fmt: on


@cases(DRAWING)
def test_randomness_of_the_process_is_in_no_key(program: Program, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """What draws from a generator that all of the process shares is stored as any function, wherever it finds that."""
    check(program, tmp_path, nurseries)


@cases([program for program in DRAWING if "argument" not in program.what])
def test_randomness_is_said(program: Program, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """`explain` tells that the key cannot see it, or that it counts by type and place only."""
    write_files(tmp_path, program.source)
    ran = nurseries[0].run(tmp_path, f"{program.call.replace('f(', 'f.explain(', 1)}.lists() != []")
    assert ran.values == ["True"]


@pytest.mark.parametrize(
    ("made", "drawn"),
    [
        ("import random\nrng = random.Random(0)", "rng.random"),
        ("import random\nrng = random.Random(0)\ndraw = rng.random", "draw"),
        ("import numpy as np\nrng = np.random.default_rng(0)", "rng.random"),
        ("import numpy as np\nrng = np.random.RandomState(0)", "rng.rand"),
    ],
)
def test_a_generator_of_the_users_own_counts_by_its_state(
    made: str, drawn: str, tmp_path: Path, nurseries: list[Nursery]
) -> None:
    """What is drawn is never stored, as a hit would not move it on: two runs draw what they would without a cache."""
    source = f"{made}\n@cache\ndef f(x): return {drawn}()"
    write_files(tmp_path, source)
    first = nurseries[0].run(tmp_path, "f(1)", "f(1)", "f(2)")
    second = nurseries[1].run(tmp_path, "f(1)", "f(1)", "f(2)")
    assert first.values == second.values
    assert first.truths == second.truths
    assert first.computed == second.computed == [1, 1, 1]
    assert len(first.warnings) == 1


@cases(WRITTEN)
def test_what_is_only_written_to_is_in_no_key(program: Program, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """A counter or log that nothing reads is left out without a word from anybody; `explain` lists it."""
    check(program, tmp_path, nurseries)
    assert nurseries[0].run(tmp_path, "f.explain(1).by_type != ()").values == ["True"]


@pytest.mark.parametrize("what", READ)
def test_state_that_flows_into_results_makes_none_stale(what: str, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """However often and in however many processes, each call gives what it gives without a cache."""
    write_files(tmp_path, READ[what])
    call = "(reset(), f(1), f(2), f(1), f(1))[1:]"
    for nursery in (*nurseries, *nurseries):
        ran = nursery.run(tmp_path, call, call)
        assert ran.values == ran.truths
