"""Values that are the same in every process have one key there, whatever the hash seed, the imports and the calls."""

# A case is a line, however long, as in a table.
# ruff: noqa: E501
from __future__ import annotations

from pathlib import Path

from everyday.program import Program, needed
from freshness.edit import write_files
from freshness.many_processes import Do, Nursery

_DOCS = "DOCS = ['a b c', 'b c d', 'zeta alpha beta gamma']\n"
_TREE = "from __future__ import annotations\nfrom brinery import cache\nfrom typing import Optional\nfrom pydantic import BaseModel\nclass Node(BaseModel):\n    value: int\n    parent: Optional[Other] = None\nclass Other(BaseModel):\n    name: str = 'a'\nNode.model_rebuild()\n"
_MADE = "def make(n):\n    def g(x): return x * n\n    return g\n"
# fmt: off
PROGRAMS = [
    Program("a distribution of scipy", "from scipy.stats import norm\n@cache\ndef f(x): return float(norm.pdf(x))", ("scipy",)),
    Program("a distribution of scipy by its module", "import scipy.stats as st\n@cache\ndef f(x): return float(st.norm.pdf(x))", ("scipy",)),
    Program("a frozen distribution as a global", "from scipy.stats import norm\nN = norm(0, 1)\n@cache\ndef f(x): return float(N.pdf(x))", ("scipy",)),
    Program("a frozen distribution as an argument", "from scipy.stats import gamma\n@cache\ndef f(x): return float(x.mean())", ("scipy",), "f(gamma(2.0))"),
    Program("a fitted vectorizer as a global", _DOCS + "from sklearn.feature_extraction.text import TfidfVectorizer\nT = TfidfVectorizer().fit(DOCS)\n@cache\ndef f(x): return float(T.transform(['a b']).sum())", ("sklearn",)),
    Program("a fitted vectorizer as an argument", _DOCS + "from sklearn.feature_extraction.text import CountVectorizer\n@cache\ndef f(x): return sorted(x.vocabulary_)", ("sklearn",), "f(CountVectorizer().fit(DOCS))"),
    Program("a vectorizer with stop words", _DOCS + "from sklearn.feature_extraction.text import CountVectorizer\n@cache\ndef f(x): return sorted(x.vocabulary_)", ("sklearn",), "f(CountVectorizer(stop_words=['a']).fit(DOCS))"),
    Program("a fitted estimator", "from sklearn.linear_model import LogisticRegression\n@cache\ndef f(x): return float(x.predict([[1.0]])[0])", ("sklearn",), "f(LogisticRegression().fit([[0.0], [1.0]], [0, 1]))"),
    Program("a config of OmegaConf", "from omegaconf import OmegaConf\nC = OmegaConf.create({'a': {'b': 1}})\n@cache\ndef f(x): return C.a.b + x.a.b", ("omegaconf",), "f(C)"),
    Program("a config that Hydra composes", "import os\nfrom hydra import compose, initialize_config_dir\nos.makedirs('conf', exist_ok=True)\nwith open('conf/config.yaml', 'w') as file: file.write('lr: 0.5\\nmodel: {n: 3}\\nhome: ${oc.env:HOME}\\n')\nwith initialize_config_dir(version_base=None, config_dir=os.path.abspath('conf')): C = compose('config')\n@cache\ndef f(x): return C.lr * x.model.n", ("hydra",), "f(C)"),
    Program("a persistent map", "from pyrsistent import pmap\nP = pmap({f'k{i}': i for i in range(50)})\n@cache\ndef f(x): return P['k1'] + x['k2']", ("pyrsistent",), "f(P)"),
    Program("a persistent set", "from pyrsistent import pset\n@cache\ndef f(x): return sorted(x)", ("pyrsistent",), "f(pset(f'k{i}' for i in range(20)))"),
    Program("a set of functions", "def a(x): return x\ndef b(x): return x + 1\ndef c(x): return a(x) + b(x)\nS = {a, b, c}\n@cache\ndef f(x): return sum(g(x) for g in S)"),
    Program("a set of functions of one name", _MADE + "S = {make(1), make(2), make(3)}\n@cache\ndef f(x): return sum(g(x) for g in S)"),
    Program("a set of classes", "class A: n = 1\nclass B: n = 2\nS = {A, B}\n@cache\ndef f(x): return sum(c.n for c in S)"),
    Program("sets in sets in a dataclass", "from dataclasses import dataclass\n@dataclass\nclass D: s: object\n@cache\ndef f(x): return len(x.s)", call="f(D({frozenset({'a', 'b'}), frozenset({'c'}), ('d', frozenset('ef'))}))"),
    Program("a function that numba compiles", "import numba\n@numba.njit\ndef g(x): return x + 1\n@cache\ndef f(x): return g(x)", ("numba",)),
    Program("a function that numba compiles as an argument", "import numba\n@numba.njit\ndef g(x): return x + 1\n@cache\ndef f(x): return x(1)", ("numba",), "f(g)"),
    Program("a helper under beartype", "from beartype import beartype\ndef h(x): return x\n@beartype\ndef g(x: int) -> int: return h(x) + 1\n@cache\ndef f(x): return g(x)", ("beartype",)),
    Program("a helper under beartype as an argument", "from beartype import beartype\n@beartype\ndef g(x: int) -> int: return x + 1\n@cache\ndef f(x): return x(1)", ("beartype",), "f(g)"),
    Program("a model with references forward", _TREE + "@cache\ndef f(x): return x.value", ("pydantic",), "f(Node(value=1, parent=Other()))"),
    Program("a class of models with references forward", _TREE + "@cache\ndef f(x): return Node(value=x).model_dump()", ("pydantic",)),
    Program("closures by two ways", _MADE + "A, B = make(1), make(2)\ndef first(x): return A(x) + B(x)\ndef second(x): return B(x) - A(x)\n@cache\ndef f(x): return first(x) + second(x)"),
    Program("a generator of numpy as an argument", "import numpy as np\n@cache\ndef f(x): return type(x).__name__", ("numpy",), "f(np.random.default_rng(0))"),
]
# fmt: on


@needed(PROGRAMS)
def test_a_value_is_the_same_in_every_process(program: Program, tmp_path: Path, nurseries: list[Nursery]) -> None:
    """A process with another hash seed, after other imports, finds the result; so does one that used the value before."""
    write_files(tmp_path, program.source)
    first = nurseries[0].run(tmp_path, program.call, program.call)
    assert first.values == first.truths
    assert first.computed == [1, 0]
    assert first.warnings == []
    second = nurseries[1].run(tmp_path, Do("import colorsys, decimal, sqlite3, unittest.mock"), program.call)
    assert second.values == first.values[:1]
    assert second.computed == [0]
    bare = program.call.replace("f(", "f.__wrapped__(", 1)
    third = nurseries[2].run(tmp_path, Do(bare), program.call)
    assert third.values == first.values[:1]
    assert third.computed == [0]


def test_calls_in_another_order_find_the_results(tmp_path: Path, nurseries: list[Nursery]) -> None:
    """Two functions reach helpers of one name by other ways; whichever is called first, both find their results."""
    text = "def k(x): return A(x) + B(x)\n@cache\ndef f(x): return k(x) + A(x)\n@cache\ndef g(x): return B(x) + k(x)\n"
    write_files(tmp_path, _MADE + "A, B = make(1), make(2)\n" + text)
    first = nurseries[0].run(tmp_path, "f(1)", "g(1)")
    assert first.computed == [1, 1]
    second = nurseries[1].run(tmp_path, "g(1)", "f(1)")
    assert second.values == first.values[::-1]
    assert second.computed == [0, 0]
