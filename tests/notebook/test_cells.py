"""A cell under ``%%brinery``: what it computes is computed once, and what it leaves behind is what a run leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("ipykernel", reason="a notebook needs a kernel")
pytest.importorskip("nbclient", reason="what runs the cells")

from cells import Cells, running

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cells]:
    with running(tmp_path_factory.mktemp("kernel")) as cells:
        yield cells


@pytest.fixture
def cells(kernel: Cells, tmp_path: Path) -> Cells:
    """A notebook with no name in it, and an empty store."""
    kernel.begin(tmp_path)
    return kernel


def ran(shown: str) -> bool:
    """Whether a cell was run and not reused: each of these prints that it computes."""
    assert "computing" in shown
    return "reused," not in shown


STEP = "print('computing')\ny = x + 1"


def test_a_cell_run_again_is_reused(cells):
    """Its names come back, and one quiet line says what that saved."""
    cells.run("x = 1")
    assert cells.cached(STEP) == "computing\n"
    cells.run("del y")
    shown = cells.cached(STEP)
    assert not ran(shown)
    assert shown.startswith("computing\nreused, ")
    assert shown.count("\n") == 2
    assert cells.value("y") == "2"


@pytest.mark.parametrize("look", ["locals()['x']", "vars()['x']", "globals()['x']", "'other' in dir()"])
def test_a_cell_that_looks_at_all_names_depends_on_them(cells, look):
    """At the top of a cell these tell of every name; of an object that is given they tell of that alone."""
    cells.run("x = 1")
    body = f"y = {look}\nprint('computing')"
    cells.cached(body)
    cells.run("del y")  # it is one of them
    assert not ran(cells.cached(body))
    cells.run("del y\nx = other = 2")
    assert ran(cells.cached(body))
    assert cells.value("y") == ("True" if "other" in look else "2")


def test_a_cell_that_looks_at_an_object_depends_on_that_alone(cells):
    """`vars` and `dir` with an argument."""
    cells.run("import types\nx = types.SimpleNamespace(a=1)")
    body = "y = vars(x), 'a' in dir(x)\nprint('computing')"
    cells.cached(body)
    cells.run("other = 2")
    assert not ran(cells.cached(body))


def test_comments_and_layout_change_nothing(cells):
    """The code counts by its meaning."""
    cells.run("x = 1")
    cells.cached(STEP)
    assert not ran(cells.cached('"""What it does."""\n# a comment\nprint( "computing" )\n\ny = (x +\n     1)'))
    assert ran(cells.cached(STEP.replace("1", "2")))
    assert not ran(cells.cached(STEP))


def test_an_input_that_is_another_computes_anew(cells):
    """By its value: taken back, it hits what was there."""
    for x, computes in ((1, True), (2, True), (1, False), (1.0, True)):
        cells.run(f"x = {x}")
        assert ran(cells.cached(STEP)) is computes
        assert cells.value("y") == repr(x + 1)


@pytest.mark.parametrize(
    ("before", "body", "after"),
    [
        ("def help(): return 1", "y = help()", "def help(): return 2"),
        ("F = 1\ndef help(): return F", "y = help()", "F = 2"),
        ("class C:\n    n = 1", "y = C().n", "class C:\n    n = 2"),
        ("import m", "y = m.f()", "m.N = 2"),
        ("import m", "y = m.N", "m.N = 2"),
        ("from m import f", "y = f()", "import m; m.N = 2"),
        ("d = {'a': [1]}", "y = d['a'][0]", "d['a'][0] = 2"),
        ("l = lambda: 1", "y = (lambda: l())()", "l = lambda: 2"),
        ("z = 1", "y = [z for _ in range(1)][0]", "z = 2"),
        ("z = 1", "class K:\n    n = z\ny = K.n", "z = 2"),
        ("z = 1", "def g(a=z): return a\ny = g()", "z = 2"),
        ("z = 1", "if z == 5:\n    z = 1\ny = z", "z = 2"),
        ("z = 1", "try:\n    z\nexcept NameError:\n    z = 5\ny = z", "z = 2"),
        ("z = 1", "for z in []:\n    pass\ny = z", "z = 2"),
        ("z = 1", "y = z\nz = 9", "z = 2"),
        ("z = 1", "def g(): return z\ny = g()\nz = 9", "z = 2"),
        ("z = 1", "y = eval('z')", "z = 2"),
    ],
)
def test_whatever_a_cell_reaches_counts(cells, tmp_path, before, body, after):
    """Helpers, classes, modules, data, and what is read only where nothing was bound."""
    (tmp_path / "m.py").write_text("N = 1\ndef f(): return N\n")
    body = f"print('computing')\n{body}"
    cells.run(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.modules.pop('m', None)")
    cells.run(before)
    assert ran(cells.cached(body))
    assert cells.value("y") == "1"
    cells.run(before)
    cells.run(after)
    assert ran(cells.cached(body))
    assert cells.value("y") == "2"


@pytest.mark.parametrize(
    "body",
    [
        "with open('/dev/null') as file:\n    y = file.read()\nz = len(y)",
        "for y in range(3):\n    w = y\nz = w + y",
        "def f(): return LATER\nLATER = 1\nz = f()",
        "import json as j\nz = j.dumps(1)",
        "from pathlib import Path\ndef f(n): return HERE / n\nHERE = Path('.').absolute()\nz = f('a')",
        "a, (b, *c) = 1, (2, 3)\nz = [a + b for b in c]",
        "try:\n    y = 1\nexcept ValueError:\n    y = 2\nz = y",
        "if len('a'):\n    y = 1\nelse:\n    y = 2\nz = y",
        "while True:\n    y = 1\n    break\nz = y",
        "def f(n): return n and f(n - 1)\nz = f(3)",
        "class A:\n    def m(self): return A\nz = A().m() is A",
        "for i in range(3):\n    if i == 1:\n        y = i\n        break\nz = i + y",
        "z = 0\nfor i in range(3):\n    z += i",
        "match 1:\n    case z: pass\n    ",
    ],
)
def test_what_a_cell_binds_itself_is_no_input(cells, body):
    """So that the second run of a cell is a hit, and not the third."""
    body += "\nprint('computing')"
    assert ran(cells.cached(body))
    assert not ran(cells.cached(body))


def test_a_name_that_a_loop_did_not_bind_is_not_taken_for_bound(cells):
    """Whether a loop was gone through, or `with` swallowed an error, is looked at while the cell runs."""
    body = (
        "from contextlib import suppress\nfor n in rows:\n    w = n\nwith suppress(ZeroDivisionError):\n    v = 1 / d\n"
    )
    body += "y = w, v\nprint('computing')"
    cells.run("rows, d = [1], 2")
    assert ran(cells.cached(body))
    cells.run("rows, w = [], 7")
    assert "w may have been read" in cells.cached(body)
    assert cells.value("y") == "(7, 0.5)"
    cells.run("rows, d, v = [1], 0, 8")
    assert "v may have been read" in cells.cached(body)
    assert cells.value("y") == "(1, 8)"


def test_a_branch_that_is_not_taken_leaves_its_names_alone(cells):
    """A hit leaves them as they are, too; and binds what was bound to the same object before."""
    body = "if x:\n    flag = None\nprint('computing')"
    cells.run("x, flag = 0, 1")
    assert ran(cells.cached(body))
    cells.run("flag = 2")
    assert not ran(cells.cached(body))
    assert cells.value("flag") == "2"
    cells.run("x, flag = 1, None")
    assert ran(cells.cached(body))
    cells.run("flag = 3")
    assert not ran(cells.cached(body))
    assert cells.value("flag") == "None"


def test_a_name_may_be_input_and_result(cells):
    """`x = x + 1` counts on from where it was."""
    cells.run("x = 1")
    body = "print('computing')\nx = x + 1"
    assert ran(cells.cached(body))
    assert ran(cells.cached(body))
    cells.run("x = 1")
    assert not ran(cells.cached(body))
    assert not ran(cells.cached(body))
    assert cells.value("x") == "3"


def test_deleted_imported_and_global_names_are_results(cells):
    """Whichever way they came or went."""
    cells.run("gone, n = 1, 0\ndef bump():\n    global n\n    n += 1")
    body = "import os.path as p\nfrom math import pi\ndel gone\nbump()\nglobals()['made'] = 5\nprint('computing')"
    assert ran(cells.cached(body))
    cells.run("del p, pi, made; gone, n = 1, 0")
    assert not ran(cells.cached(body))
    assert cells.value("p.__name__, pi > 3, made, n, 'gone' in globals()") == "('posixpath', True, 5, 1, False)"


def test_functions_and_classes_of_a_cell_are_results(cells):
    """Made again from the cell's lines, so that what is stored elsewhere still belongs to them."""
    body = """
from dataclasses import dataclass
from functools import lru_cache
@dataclass
class Point:
    x: int
    def double(self): return scale(self.x)
def scale(x, by=2): return x * by
@lru_cache
def slow(x): return scale(x)
twice = lambda x: scale(x)
points, table = [Point(1), Point(2)], {"f": scale}
alias = scale
print('computing')"""
    assert ran(cells.cached(body))
    cells.run("del Point, scale, slow, twice, points, table, alias")
    assert not ran(cells.cached(body))
    expression = "points[1].double(), type(points[0]) is Point, table['f'] is scale, alias is scale, slow(3), twice(4)"
    assert cells.value(expression) == "(4, True, True, True, 6, 8)"
    cells.restart()
    assert not ran(cells.cached(body))
    assert cells.value(expression) == "(4, True, True, True, 6, 8)"


def test_definitions_may_change_each_other(cells):
    """As subclasses that register themselves do, and the cases of a function; a hit runs them again in their order."""
    body = """
from functools import singledispatch
class Base:
    known = []
    def __init_subclass__(cls): Base.known.append(cls)
class Child(Base): pass
@singledispatch
def area(x): return 0
@area.register
def of_int(x: int): return x
print('computing')"""
    assert ran(cells.cached(body))
    cells.run("del Base, Child, area, of_int")
    assert not ran(cells.cached(body))
    assert cells.value("Base.known == [Child], area(3), area('a')") == "(True, 3, 0)"
    assert "Base was changed after" in cells.cached(body.replace("class Child(", "Base.known.append(1)\nclass Child("))


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("n = len('ab')\ndef f(x=n): return x", "f is defined with the help of n"),
        ("if 1:\n    def f(): pass", "f is defined inside a `if`"),
        ("class C: pass\nC.n = 3", "C was changed after"),
        ("def f(): pass\nf.calls = 1", "f was changed after"),
        ("f = type('f', (), {})", "f is a class that is made while"),
        ("K = len('ab')\ndef deco(g):\n    g.k = K\n    return g\n@deco\ndef f(): pass", "with the help of K"),
    ],
)
def test_a_definition_that_no_hit_could_make_again_is_said(cells, body, named):
    """The cell has run and its work stays."""
    shown = cells.cached(body)
    assert named in shown
    assert "is not stored" in shown
    assert cells.value("(C if 'C' in globals() else f) is not None") == "True"
    assert "reused" not in cells.cached(body)


def test_what_is_one_thing_stays_one_thing(cells):
    """Among the results, and with the inputs."""
    cells.run("a = [1]")
    body = "b = a\nc = [2]\nd = {'c': c}\nprint('computing')"
    assert ran(cells.cached(body))
    cells.run("del b, c, d")
    assert not ran(cells.cached(body))
    assert cells.value("b is a, d['c'] is c") == "(True, True)"


def test_an_input_that_is_changed_in_place_is_a_result(cells):
    """A data frame with a new column, a list that grows, a generator that has moved on."""
    begin = "import numpy as np, pandas as pd\ndf, l, rng = pd.DataFrame({'a': [1, 2]}), [], np.random.default_rng(1)"
    body = "print('computing')\ndf['b'] = df['a'] * 2\nl.append(1)\ndraw = rng.integers(100)"
    cells.run(begin)
    assert ran(cells.cached(body))
    wanted = cells.value("list(df['b']), l, draw, rng.integers(100)")
    cells.run(begin)
    assert not ran(cells.cached(body))
    assert cells.value("list(df['b']), l, draw, rng.integers(100)") == wanted


def test_what_another_name_holds_as_well_is_not_changed_by_a_copy(cells):
    """Neither stored where that would be wrong, nor reused where it has become wrong."""
    body = "print('computing')\na.append(1)"
    cells.run("a = []; other = {'deep': [a]}")
    shown = cells.cached(body)
    assert "it changes a in place, of which other holds a part as well" in shown
    assert "[changed-while-running]" in shown
    cells.run("a = []; del other")
    assert ran(cells.cached(body))
    cells.run("a = []")
    assert not ran(cells.cached(body))
    cells.run("a = []; other = (a,)")
    assert ran(cells.cached(body))
    assert cells.value("a, other") == "([1], ([1],))"


def test_a_change_that_no_name_shows_is_not_stored(cells):
    """Of a class of the notebook, of a module, of what a function closes over."""
    cells.run("class C:\n    n = 0\ndef make():\n    box = []\n    return lambda: box.append(1)\ngrow = make()")
    assert "C.n" in cells.cached("C.n += 1")
    assert "grow" in cells.cached("grow()") or "box" in cells.cached("grow()")


def test_what_a_helper_changes_in_place_is_a_result(cells):
    """A list of the notebook that a function of another cell appends to."""
    cells.run("log = []\ndef note(x):\n    log.append(x)")
    body = "print('computing')\nnote(1)"
    assert ran(cells.cached(body))
    cells.run("log = []")
    assert not ran(cells.cached(body))
    assert cells.value("log") == "[1]"
    cells.run("note(2)")
    assert cells.value("log") == "[1, 2]"


def test_what_is_set_in_another_module_is_not_stored(cells, tmp_path):
    """No name of the notebook shows it, so no hit could set it again."""
    (tmp_path / "config.py").write_text("X = 1\ndef put(x):\n    global X\n    X = x\n")
    cells.run(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.modules.pop('config', None)\nimport config")
    assert "it set X of config" in cells.cached("config.put(5)")
    assert "config.X changed" in cells.cached("config.X = 6")
    assert "not stored" in cells.cached("config.put(7)")


def test_seeds_are_set_again_and_draws_go_on_where_they_were(cells):
    """Of the generators that everybody draws from: what comes after a hit is what comes after a run."""
    seeding = "import random, numpy as np\nrandom.seed(1); np.random.seed(2)\nprint('computing')"
    drawing = "first = random.random(), np.random.rand()\nprint('computing')"
    assert ran(cells.cached(seeding))
    assert ran(cells.cached(drawing))
    wanted = cells.value("first, random.random(), np.random.rand()")
    cells.restart()
    assert not ran(cells.cached(seeding))
    assert not ran(cells.cached(drawing))
    assert cells.value("first, random.random(), np.random.rand()") == wanted


def test_what_a_package_loads_when_it_is_asked_for_changes_no_key(cells):
    """The first to ask is stored, and those after it are reused although nobody has asked."""
    chain = ["y = np.random.default_rng(0).integers(9)", "z = y + np.random.default_rng(1).integers(9)"]
    cells.restart()
    cells.run("import numpy as np")
    for body in chain:
        assert ran(cells.cached(f"print('computing')\n{body}"))
    cells.restart()
    cells.run("import numpy as np")
    for body in chain:
        assert not ran(cells.cached(f"print('computing')\n{body}"))


def test_a_cell_may_begin_with_a_future_import(cells):
    """And with a text that is no docstring."""
    body = "'''What it is about.'''\nfrom __future__ import annotations\ndef f(x: Unknown): return x\ny = f(1)"
    body += "\nprint('computing')"
    assert ran(cells.cached(body))
    assert not ran(cells.cached(body))
    assert "'one'" in cells.cached("'one'")
    assert "'two'" in cells.cached("'two'")


def test_inputs_and_results_that_cannot_be_kept_are_named(cells):
    """The cell runs each time, and what it made is there."""
    cells.run("rows = iter([1, 2, 3])")
    shown = cells.cached("first = next(rows)")
    assert "input rows" in shown
    assert "--ignore rows" in shown
    assert cells.value("first") == "1"
    cells.cached("first = next(rows)")
    assert cells.value("first") == "2"
    shown = cells.cached("model = {'hooks': [lambda: 1]}\nn = 5")
    assert 'model["hooks"][0] cannot be kept' in shown
    assert "[unstorable-result]" in shown
    assert cells.value("n, model['hooks'][0]()") == "(5, 1)"


def test_an_error_is_shown_as_without_the_magic_and_nothing_is_stored(cells):
    """From the cell's own lines on; what was bound before it stays."""
    body = "print('computing')\nn = 1\nfail"
    for _ in range(2):
        shown = cells.cached(body)
        assert "computing" in shown
        assert "NameError" in shown
        assert "line 3" in shown
        assert "brinery" not in shown
    assert cells.value("n") == "1"
    assert "SyntaxError" in cells.cached("n = 2 +")
    assert "brinery" not in cells.cached("n = 2 +")
    assert "__main__" not in cells.text("%brinery ls")


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("!ls", "shell"),
        ("files = !ls", "shell"),
        ("%matplotlib inline", "%matplotlib"),
        ("get_ipython().ast_node_interactivity", "IPython"),
        ("answer = input('?')", "input"),
        ("import asyncio\nawait asyncio.sleep(0)", "await"),
        ("len?", "magic"),
    ],
)
def test_what_no_hit_could_do_is_refused_before_anything_runs(cells, line, word):
    """With a word that says what to do instead."""
    shown = cells.cached(f"n = 1\n{line}")
    assert word in shown
    assert "own" in shown
    assert "Nothing has run" in shown
    assert cells.value("'n' in globals()") == "False"


def test_another_magic_below_is_refused_and_above_works(cells):
    """`%%time` hides the cell's code when it stands below."""
    assert "above %%brinery" in cells.text("%%brinery\n%%time\nprint('computing')")
    body = "%%time\n%%brinery\nprint('computing')"
    assert "reused" not in cells.text(body)
    shown = cells.text(body)
    assert "reused" in shown
    assert "Wall time" in shown


def test_options_do_what_they_say(cells):
    """`--ttl`, `--version`, `--ignore`, `--also`, `--off`, `--refresh`, and a name."""
    cells.run("x, noise = 1, 0")
    body = STEP + " + 0 * noise"
    for options in ("", "--version 2", "--ttl 0.000001s fresh", "--also noise named"):
        assert ran(cells.cached(body, options))
    assert not ran(cells.cached(body))
    assert not ran(cells.cached(body, "--version 2"))
    assert ran(cells.cached(body, "--off"))
    assert ran(cells.cached(body, "--refresh"))
    assert ran(cells.cached(body, "--ttl 0.000001s fresh"))
    assert not ran(cells.cached(body, "--also noise named"))
    cells.run("noise = 5")
    assert ran(cells.cached(body))
    assert ran(cells.cached(body, "--ignore noise"))
    cells.run("noise = 6")
    assert not ran(cells.cached(body, "--ignore noise"))
    names = cells.run("%brinery ls")
    assert "__main__.%%named" in names
    assert "__main__.%%y" in names


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--refesh", "did you mean --refresh?"),
        ("--ttl 7x", "not a time"),
        ("--ignore nois", "did you mean 'noise'?"),
        ("--cache nothing", "is no Cache"),
        ("one two", "one name is enough"),
        ("--ttl", "expected one argument"),
    ],
)
def test_a_mistake_in_the_options_is_said_and_nothing_runs(cells, options, said):
    """In one line, with the nearest that there is."""
    cells.run("noise = 1")
    shown = cells.cached("n = 1", options)
    assert said in shown
    assert "Traceback" not in shown
    assert cells.value("'n' in globals()") == "False"


def test_explain_says_why_and_runs_nothing(cells):
    """Before a run, and by `%brinery explain` after it."""
    cells.run("x = 1")
    assert "never called before" in cells.cached(STEP, "--explain")
    assert cells.value("'y' in globals()") == "False"
    cells.cached(STEP)
    assert "hit" in cells.cached(STEP, "--explain")
    cells.run("x = 2")
    assert "global __main__.x: 1 -> 2" in cells.cached(STEP, "--explain")
    cells.cached(STEP)
    assert "global __main__.x: 1 -> 2" in cells.text("%brinery explain")
    cells.cached(STEP)
    assert "hit" in cells.text("%brinery explain")
    for _ in range(2):
        cells.run("x = 1")
        cells.cached("x = x + 1")
    assert "hit" in cells.text("%brinery explain")


def test_the_commands_are_those_of_the_command_line(cells):
    """`info`, `ls`, `clear`, `off` and `on`; of the store that the cells use."""
    cells.run("x = 1")
    cells.cached(STEP)
    assert "entries      1" in cells.text("%brinery info")
    assert "arguments" in cells.text("%brinery ls __main__.%%y")
    cells.run("%brinery off")
    assert ran(cells.cached(STEP))
    cells.run("%brinery on")
    assert not ran(cells.cached(STEP))
    assert "There is no terminal to ask on: say -y" in cells.text("%brinery clear __main__.%%y")
    assert not ran(cells.cached(STEP))
    assert "removed 1 entry" in cells.text("%brinery clear __main__.%%y -y")
    assert ran(cells.cached(STEP))
    assert "did you mean 'clear'?" in cells.text("%brinery claer")
    assert "one word too many" in cells.text("%brinery off now")


def test_loading_again_and_unloading_do_no_harm(cells):
    """As people do when they run all cells again."""
    cells.run("%load_ext brinery\n%reload_ext brinery\n%brinery use store\nx = 1")
    assert ran(cells.cached(STEP))
    cells.run("%unload_ext brinery")
    assert "not found" in cells.cached(STEP)
    cells.run("%load_ext brinery\n%brinery use store")
    assert not ran(cells.cached(STEP))


def test_a_damaged_entry_and_a_store_that_cannot_be_used_cost_nothing(cells, tmp_path):
    """The cell runs."""
    cells.run("x = 1")
    cells.cached(STEP)
    for entry in (tmp_path / "store").rglob("*.brine1"):
        entry.write_bytes(entry.read_bytes()[:-40])
    assert "computing" in cells.cached(STEP)
    assert not ran(cells.cached(STEP))
    (tmp_path / "file").write_text("")
    cells.run("bad = type(store)('file'); none = type(store)(None)")
    assert ran(cells.cached(STEP, "--cache bad"))
    assert ran(cells.cached(STEP, "--cache none"))
    assert cells.value("y") == "2"


def test_a_module_that_is_reloaded_by_itself_computes_anew(cells, tmp_path):
    """`%autoreload 2` and `%%brinery` know of each other's edits."""
    module = tmp_path / "steps.py"
    module.write_text("def f(): return 1\n")
    cells.run(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.modules.pop('steps', None)")
    cells.run("%load_ext autoreload\n%autoreload 2\nimport steps")
    body = "y = steps.f()\nprint('computing')"
    assert ran(cells.cached(body))
    assert not ran(cells.cached(body))
    module.write_text("def f(): return 1234\n")
    assert ran(cells.cached(body))
    assert cells.value("y") == "1234"
    cells.run("%autoreload 0")
    (tmp_path / "ran.py").write_text("x = 1\n")
    cells.run("%run ran.py")
    assert ran(cells.cached(STEP))


@pytest.mark.parametrize("asking", ["input('?')", "breakpoint()", "__import__('pdb').set_trace()"])
def test_what_asked_for_an_answer_on_the_way_is_not_stored(cells, asking):
    """By a helper that asks, or by a debugger that stops inside: what is answered is in no key."""
    cells.run("get_ipython().kernel.raw_input = lambda prompt='', **_: 'c'")
    cells.run(f"def helper():\n    answer = {asking}\n    return 5")
    for _ in range(2):
        shown = cells.cached("print('computing')\ny = helper()")
        assert ran(shown)
        assert "asked for an answer" in shown
    assert cells.value("y") == "5"
    cells.run("del get_ipython().kernel.raw_input")


def test_a_chain_of_cells_is_reused_as_a_whole_after_a_restart(cells):
    """Data, a helper that a cached cell defines, what is computed with both, and a decorated function downstream."""
    chain = [
        "print('computing')\nimport numpy as np\nrows = np.arange(6.0).reshape(3, 2)",
        "print('computing')\nSCALE = 3\ndef scaled(a):\n    return a * SCALE\nscaled_rows = scaled(rows)",
        "print('computing')\nmean = scaled(scaled_rows).mean()",
    ]
    decorated = "@store\ndef total(n):\n    print('computing')\n    return n * scaled(rows).sum()"
    for body in chain:
        assert ran(cells.cached(body))
    assert cells.run(f"{decorated}\nprint(total(2))") == "computing\n90.0\n"
    cells.restart()
    for body in chain:
        assert not ran(cells.cached(body))
    assert cells.run(f"{decorated}\nprint(total(2))") == "90.0\n"
    assert cells.value("mean, type(rows).__name__") == "(np.float64(22.5), 'ndarray')"
    assert ran(cells.cached(chain[1].replace("SCALE = 3", "SCALE = 4")))
    assert ran(cells.cached(chain[2]))
    assert cells.run(f"{decorated}\nprint(total(2))") == "computing\n120.0\n"
    assert not ran(cells.cached(chain[0]))


@pytest.mark.parametrize(
    ("before", "body", "shown", "after"),
    [
        ("LOG = []\ndef help(x):\n    LOG.append(x)\n    return x", "y = help(3)", "LOG", "[3]"),
        ("N = 0\ndef help(x):\n    global N\n    N += 1\n    return x", "y = help(3)", "N", "1"),
        ("LOG = []", "LOG.append(3)\ny = 3", "LOG", "[3]"),
    ],
)
def test_a_log_is_a_result_of_a_cell(cells, before, body, shown, after):
    """A name that code only writes to is in no function's key; a cell's names are what it gives."""
    cells.run(before)
    cells.cached(body)
    assert cells.value(shown) == after
    cells.restart()
    cells.run(before)
    cells.cached(body)
    assert cells.value(f"y, {shown}") == f"(3, {after})"
