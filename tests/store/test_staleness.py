"""Stale entries: what the code that stored last can never hit again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from other_process import run, write

from brinery import Cache


def version_of(cache: Cache, factor: int, **options: Any) -> Any:
    """A function under one name, whose code is another for each factor."""
    space: dict[str, Any] = {"__name__": "analysis"}
    exec(f"def scaled(x):\n    return x * {factor}", space)
    return cache(**options)(space["scaled"])


def test_what_former_code_stored_is_stale_and_pruned(tmp_path: Path):
    """An edit leaves entries that nothing hits any more; `prune(stale=True)` takes them and nothing else."""
    cache = Cache(tmp_path / "store")
    before, after = version_of(cache, 2), version_of(cache, 3)
    assert [before(1), before(2), after(1)] == [2, 4, 3]
    stale = cache.stale(cache.entries())
    assert sorted(entry.key for entry in stale) == sorted([before.key(1), before.key(2)])
    assert cache.prune(stale=True, dry_run=True).entries == 2
    assert cache.prune().entries == 0
    assert cache.prune(stale=True).entries == 2
    assert [entry.key for entry in cache.entries()] == [after.key(1)]
    assert after.cache_info().misses == 1
    assert after(1) == 3
    assert after.cache_info().misses == 1
    assert cache.verify() == []


def test_code_that_stores_again_is_the_present_one(tmp_path: Path):
    """Going back to the code before makes the entries of the code between stale."""
    cache = Cache(tmp_path / "store")
    before, after = version_of(cache, 2), version_of(cache, 3)
    before(1), after(1)
    again = version_of(cache, 2)
    again(5)
    assert [entry.key for entry in cache.stale(cache.entries())] == [after.key(1)]


def test_projects_that_share_a_store_do_not_make_each_others_results_stale(tmp_path: Path):
    """Two folders with a `utils.py` each, or two branches of one project: each goes by what it stored itself."""
    store = tmp_path / "store"
    source = "import sys\nfrom brinery import Cache\n@Cache({store!r})\ndef load(x):\n    return x * {factor}\n"

    def call(project: str, factor: int, number: int) -> str:
        (tmp_path / project).mkdir(exist_ok=True)
        write(tmp_path / project, utils=source.format(store=str(store), factor=factor))
        program = f"import utils; utils.load({number}); print(utils.load.key({number}))"
        return run("-c", program, cwd=tmp_path / project).strip()

    def stale() -> list[str]:
        return [entry.key for entry in cache.stale(cache.entries())]

    cache = Cache(store)
    ours, others = call("one", 2, 1), call("two", 3, 1)
    assert stale() == []
    changed = call("one", 4, 1)
    assert stale() == [ours]
    assert cache.prune(stale=True).entries == 1
    assert sorted(cache.keys()) == sorted([others, changed])
    assert call("two", 4, 1) == changed  # now both have the same
    assert stale() == [others]
    assert call("one", 5, 1) != changed
    assert stale() == [others]  # the second still has what the first has changed
    explanation = cache.explain(changed)
    assert explanation is not None
    assert explanation.hit


def test_what_has_expired_is_stale(tmp_path: Path):
    """Whatever code stored it."""
    cache = Cache(tmp_path / "store")
    kept = version_of(cache, 2, ttl=1e-6)
    kept(1)
    assert [entry.key for entry in cache.stale(cache.entries())] == [kept.key(1)]


def test_where_the_code_is_not_known_nothing_is_stale(tmp_path: Path):
    """Without function.json, or with one that another secret sealed, entries stay."""
    cache = Cache(tmp_path / "store")
    before, after = version_of(cache, 2), version_of(cache, 3)
    before(1), after(1)
    assert len(cache.stale(cache.entries())) == 1
    assert Cache(tmp_path / "store", secret="another secret, 32 letters or more").stale(cache.entries()) == []
    for path in (tmp_path / "store").rglob("function.json"):
        path.unlink()
    assert Cache(tmp_path / "store").prune(stale=True).entries == 0


def test_keys_and_the_entries_of_one_function(tmp_path):
    """What is listed of one function is that function's; keys are those of all."""
    cache = Cache(tmp_path / "store")

    @cache
    def one(x):
        return x

    @cache
    def other(x):
        return x

    called = {one: [one.key(x) for x in range(3) if one(x) is not None], other: [other.key(x) for x in range(2)]}
    assert [other(x) for x in range(2)] == [0, 1]
    assert sorted(cache.keys()) == sorted(called[one] + called[other]) == sorted(found.key for found in cache.entries())
    everything = cache.keys()
    for key in called[one]:
        for length in range(33):
            beginning = key[:length]
            assert sorted(cache.keys(beginning)) == sorted(filter(lambda one: one.startswith(beginning), everything))
    assert cache.keys("nonsense") == cache.keys("..") == cache.keys("/") == cache.keys(f"{tmp_path}") == []
    names = [function.name for function in cache.functions()]
    assert sorted(len(cache.entries(name)) for name in names) == [2, 3]
    assert cache.entries("nobody's") == []
    assert Cache(None).keys() == []
