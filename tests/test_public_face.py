"""What `import brinery` offers, and what it costs."""

from __future__ import annotations

import inspect
import pickle
import sys
from pathlib import Path

import pytest
from other_process import run, write

import brinery
from brinery import errors


def test_all_names_what_is_there_in_order():
    """Nothing is exported by accident, and nothing promised is missing."""
    public = {name for name in dir(brinery) if not name.startswith("_")} - {"errors", "TYPE_CHECKING"}
    assert set(brinery.__all__) == public
    assert brinery.__all__ == sorted(brinery.__all__, key=lambda name: (name.islower(), name))


def test_every_error_is_exported_and_has_a_name_of_its_own():
    """A user can catch or filter each of them by name."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__]
    assert {kind.__name__ for kind in kinds} <= set(brinery.__all__)
    assert len({kind.name for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert issubclass(kind, errors.BrineryError) != issubclass(kind, errors.BrineryWarning)
        assert kind.__name__ in (errors.__doc__ or "")


def test_errors_survive_pickling():
    """An error that comes back from a pool says the same there."""
    error = errors.UnkeyableError("rows[3].handle is an open file", "rows[3].handle")
    back = pickle.loads(pickle.dumps(error))
    assert (str(back), back.path, type(back)) == (str(error), error.path, type(error))
    assert isinstance(back, TypeError)


def test_a_record_has_the_signature_of_its_fields():
    """`help` and completion show what it is made of."""
    public = [getattr(brinery, name) for name in brinery.__all__]
    records = [kind for kind in public if isinstance(kind, type) and issubclass(kind, tuple)]
    assert brinery.CacheInfo in records
    for record in records:
        parameters = inspect.signature(record).parameters
        assert tuple(parameters) == record._fields
        defaults = {name: item.default for name, item in parameters.items() if item.default is not item.empty}
        assert defaults == record._field_defaults


def test_the_module_is_not_shadowed_by_the_ready_made_cache():
    """`brinery.cache` is a Cache, however it is imported."""
    assert isinstance(brinery.cache, brinery.Cache)


def test_importing_and_decorating_touch_no_disk(tmp_path: Path):
    """No folder, no secret and no source is looked at before the first call; only brinery's own modules are loaded."""
    script = """
import builtins, os, sys
import brinery
from brinery import cache, Cache
cache(lambda: 0)  # loads what the first decorator needs
seen = []
watched = ("open", "os.mkdir", "os.listdir", "os.scandir")
sys.addaudithook(lambda event, args: seen.append((event, args)) if event in watched else None)
@cache
def f(x): return x
@Cache("somewhere")(ttl="7d", ignore=["x"])
def g(x): return x
print(seen)
"""
    assert run("-c", script, cwd=tmp_path).strip() == "[]"
    assert list(tmp_path.iterdir()) == []


def test_importing_is_light(tmp_path: Path):
    """The import brings in nothing that only a miss or a tool needs."""
    script = "import sys, brinery; print(*sorted(sys.modules))"
    loaded = set(run("-c", script, cwd=tmp_path).split())
    heavy = {
        "inspect",
        "ast",
        "dis",
        "dataclasses",
        "json",
        "filelock",
        "tempfile",
        "asyncio",
        "importlib.metadata",
        "argparse",
        "numpy",
    }
    assert loaded & heavy == set()


@pytest.mark.parametrize("name", ["info", "entries", "clear", "prune", "verify", "path", "location", "cache"])
def test_a_cache_has_what_is_promised(name: str):
    """The names of a cache's public face."""
    assert hasattr(brinery.Cache, name)


HIT = """
import sys
before = set(sys.modules)
from brinery import Cache

FACTOR = 3

def helper(x):
    return x * FACTOR

@Cache("store")
def f(x, y=2):
    return helper(x) + y

f(3)
print(f.cache_info().hits, *sorted(set(sys.modules) - before))
"""


def test_a_first_hit_imports_little(tmp_path: Path):
    """A program that only hits loads xxhash, a little of the standard library, and nothing that only a miss needs."""
    write(tmp_path, script=HIT)
    before = run("script.py", cwd=tmp_path).split()
    for _ in range(50):  # until a process notes what the source says, which is too young at first
        hits, *names = run("script.py", cwd=tmp_path).split()
        if "ast" not in names:
            break
    assert (before[0], hits) == ("0", "1")
    packages = {name.partition(".")[0] for name in names}
    assert packages - set(sys.stdlib_module_names) == {"brinery", "xxhash"}
    heavy = "ast asyncio contextlib dataclasses enum hashlib hmac inspect json logging pathlib pickle random re shutil "
    heavy += "tempfile threading typing weakref"
    assert packages.isdisjoint(heavy.split())
    of_a_miss = "function_writer locking.locks results.payload results.pickling locking.runs accounting.sweep "
    of_a_miss += "locking.temporary results.unstorable accounting.upkeep accounting.usage"
    assert {f"brinery._store.{name}" for name in of_a_miss.split()} < set(before)
    assert {f"brinery._store.{name}" for name in of_a_miss.split()}.isdisjoint(names)
    assert {f"brinery._function.{name}" for name in ("deferred", "generators", "in_thread")}.isdisjoint(names)
