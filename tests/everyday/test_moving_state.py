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
