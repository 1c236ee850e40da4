"""`adopt` keeps the results of a function's former code, for an edit that a person vouches for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from other_process import run

from brinery import AdoptionError, Cache

MODULE = """
from brinery import Cache
memory = Cache("store")

def helper(x):
    return [x] * 3

@memory
def fit(x, scale=1):
    print("computing", x)
    return [scale * item for item in helper(x)]
"""
EDITED = MODULE.replace("return [x] * 3", "return [x, x, x]")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a module whose function has stored three results, and was edited since."""
    tmp_path.joinpath("model.py").write_text(MODULE)
    run("-c", "import model; [model.fit(x) for x in (1, 2, 3)]", cwd=tmp_path)
    tmp_path.joinpath("model.py").write_text(EDITED)
    return tmp_path


def outcome(project: Path, statement: str) -> str:
    return run("-c", f"import model; {statement}", cwd=project)


def test_adopted_results_are_hits_under_the_present_code(project: Path):
    """Nothing is computed again, and each call has its own result."""
    assert outcome(project, "print(model.fit.adopt(quiet=True).entries)") == "3\n"
    assert outcome(project, "print([model.fit(x) for x in (1, 2, 3)])") == "[[1, 1, 1], [2, 2, 2], [3, 3, 3]]\n"
    assert Cache(project / "store").verify() == []
    assert len(Cache(project / "store")) == 3


def test_without_it_they_are_computed_again(project: Path):
    """An edit is not taken for harmless by itself."""
    assert outcome(project, "model.fit(1)") == "computing 1\n"


def test_what_changed_is_shown_first(project: Path):
    """A person sees on stderr what they vouch for; `dry_run` returns it and does nothing."""
    script = "import sys; sys.stderr = sys.stdout; "
    text = outcome(project, script + "model.fit.adopt()")
    assert text.startswith("model.fit: 3 results of the former code")
    assert "  function model.helper changed (model.py:5)\n" in text
    project.joinpath("model.py").write_text(MODULE)
    told = outcome(project, "print(model.fit.adopt(dry_run=True)); model.fit(1)")
    assert told.startswith("model.fit: 3 results of the former code")
    assert told.endswith("computing 1\n")


def test_results_of_older_code_stay_what_they_are(project: Path):
    """Only the code just before the present one is vouched for."""
    outcome(project, "model.fit(10)")
    project.joinpath("model.py").write_text(EDITED.replace("[x, x, x]", "[x for _ in 'abc']"))
    assert outcome(project, "print(model.fit.adopt(quiet=True).entries)") == "1\n"
    assert outcome(project, "model.fit(10); model.fit(1)") == "computing 1\n"


def test_a_result_computed_anew_is_not_replaced(project: Path):
    """What the present code has computed itself is worth more than what it adopts."""
    outcome(project, "model.fit(1)")
    assert outcome(project, "found = model.fit.adopt(quiet=True); print(found.entries, found.left)") == "2 1\n"


def test_a_changed_default_is_not_taken_for_the_former_one(project: Path):
    """The arguments of a stored call are what they were, its defaults included."""
    project.joinpath("model.py").write_text(MODULE.replace("scale=1", "scale=2"))
    assert outcome(project, "model.fit.adopt(quiet=True); print(model.fit(1))") == "computing 1\n[2, 2, 2]\n"
    assert outcome(project, "print(model.fit(1, scale=1))") == "[1, 1, 1]\n"


def test_another_signature_adopts_nothing(project: Path):
    """Results of calls with other parameters, or the same in another order, stand for none of the present calls."""
    project.joinpath("model.py").write_text(MODULE.replace("x, scale=1", "scale, x=1"))
    assert outcome(project, "found = model.fit.adopt(quiet=True); print(found.entries, found.left)") == "0 3\n"


def test_arguments_whose_code_changed_as_well_are_left(project: Path):
    """A method's instance carries the class that was edited; with `ignore=["self"]` it does not."""
    text = (
        MODULE
        + """
class Model:
    def __init__(self): self.size = 3
    @memory
    def with_self(self, x): return [x] * self.size
    @memory(ignore=["self"])
    def without(self, x): return [x] * 3
"""
    )
    project.joinpath("model.py").write_text(text)
    outcome(project, "m = model.Model(); m.with_self(1); m.without(1)")
    project.joinpath("model.py").write_text(text.replace("return [x] * ", "return 1 * [x] * "))
    found = "[(f.adopt(quiet=True)[2], f.adopt(quiet=True).left) for f in (model.Model.with_self, model.Model.without)]"
    assert outcome(project, f"print({found})") == "[(0, 1), (1, 0)]\n"
    assert (
        outcome(project, "m = model.Model(); print(m.without.is_cached(1), m.with_self.is_cached(1))") == "True False\n"
    )


def test_another_serializer_is_refused(new_cache: Callable[..., Cache]):
    """What is kept in another way cannot be read in this; the error names the option and the way out."""
    memory = new_cache()

    def f(x):
        return x

    memory(f)(1)
    with pytest.raises(AdoptionError, match=r"option serializer: pickle -> json.*put the option back"):
        memory(serializer="json")(f).adopt(quiet=True)


def test_large_results_and_their_lifetime_are_kept(new_cache: Callable[..., Cache]):
    """Arrays come over whole; an entry does not live longer for being adopted."""
    numpy = pytest.importorskip("numpy")
    memory = new_cache()

    def f(x):
        return {"a": numpy.arange(100_000), "b": x}

    memory(ttl="1h")(f)("first")
    (before,) = memory.entries()
    adopting = memory(ttl="1h", version="2")(f)
    assert adopting.adopt(quiet=True).entries == 1
    (after,) = memory.entries()
    assert (after.created, after.expires, after.seconds) == (before.created, before.expires, before.seconds)
    assert adopting.is_cached("first")
    assert (adopting("first")["a"] == numpy.arange(100_000)).all()
    assert adopting.cache_info().misses == 0


def test_what_somebody_tampered_with_is_not_adopted(project: Path):
    """No signature of ours is put on what had none."""
    paths = sorted(project.rglob("*.brine1"))
    data = bytearray(paths[0].read_bytes())
    data[-20] ^= 1  # in the metadata, which the signature covers by their digest
    paths[0].write_bytes(data)
    paths[1].write_bytes(paths[2].read_bytes())
    assert outcome(project, "print(model.fit.adopt(quiet=True).entries)") == "1\n"


def test_a_history_that_somebody_else_wrote_is_not_believed(project: Path):
    """Versions that our secret did not seal name no code whose results could be adopted."""
    (path,) = project.rglob("function.json")
    described = json.loads(path.read_text())
    for record in described["fingerprints"].values():
        record["parts"] = {}
    path.write_text(json.dumps(described))
    assert outcome(project, "print(model.fit.adopt(quiet=True).entries)") == "0\n"


def test_nothing_to_adopt(memory: Cache):
    """A function that has no results says so."""

    @memory
    def f(x):
        return x

    assert str(f.adopt()).endswith("no results of former code to adopt")


class TestOnTheCommandLine:
    """`brinery adopt FUNCTION` imports the function, shows what changed, and asks."""

    def adopt(self, project: Path, *arguments: str, code: int = 0) -> str:
        begin = "import sys; from brinery._cli import main; sys.stderr = sys.stdout; "
        script = begin + f"assert main({['adopt', *arguments]}) == {code}"
        return run("-c", script, cwd=project)

    def test_with_a_yes(self, project: Path):
        assert self.adopt(project, "model.fit", "-y").startswith("model.fit: 3 results of the former code")
        assert outcome(project, "model.fit(1)") == ""

    def test_without_a_terminal_and_without_a_yes_nothing_happens(self, project: Path):
        text = self.adopt(project, "model:fit", code=1)
        assert "function model.helper changed (model.py:5)" in text
        assert "say -y" in text
        assert outcome(project, "model.fit(1)") == "computing 1\n"

    def test_dry_run_only_tells(self, project: Path):
        assert "function model.helper changed" in self.adopt(project, "model.fit", "--dry-run")
        assert outcome(project, "model.fit(1)") == "computing 1\n"

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("model.helper", "model.helper is not decorated"),
            ("model.nothing", "there is no nothing in model"),
            ("elsewhere.fit", "cannot import elsewhere"),
            ("fit", "'fit' names no module"),
        ],
    )
    def test_a_name_that_leads_nowhere_is_answered(self, project: Path, name: str, told: str):
        assert told in self.adopt(project, name, code=1)

    def test_a_module_that_fails_to_import_is_answered(self, project: Path):
        project.joinpath("model.py").write_text("1 / 0")
        assert "cannot import model: ZeroDivisionError: division by zero" in self.adopt(project, "model.fit", code=1)
