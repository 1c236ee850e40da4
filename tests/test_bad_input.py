"""Bad input gets a clear error that names the culprit and the way out."""

from __future__ import annotations

import io
import math
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from brinery import (
    Cache,
    ChangedWhileRunningWarning,
    OptionWarning,
    SecretError,
    SecretWarning,
    StoreError,
    UnkeyableError,
)


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"max_siez": 1}, TypeError, "did you mean 'max_size'"),
        ({"tll": 1}, TypeError, "did you mean 'ttl'"),
        ({"max_size": "10 gigs"}, ValueError, r"max_size='10 gigs' is not a size.*10GB"),
        ({"max_size": -1}, ValueError, "max_size=-1 must be zero or more"),
        ({"max_size": "-1GB"}, ValueError, "is not a size"),
        ({"max_size": []}, TypeError, "max_size must be a number of bytes"),
        ({"max_size": True}, TypeError, "max_size"),
        ({"max_size": math.nan}, ValueError, "max_size"),
        ({"max_entries": 0}, ValueError, "max_entries=0 must be at least 1"),
        ({"max_entries": 1.5}, TypeError, "max_entries must be a whole number"),
        ({"ttl": 0}, ValueError, "ttl=0 must be above zero"),
        ({"ttl": -1}, ValueError, "above zero"),
        ({"ttl": "soon"}, ValueError, "ttl='soon' is not a time"),
        ({"ttl": timedelta(0)}, ValueError, "above zero"),
        ({"half_life": "0d"}, ValueError, "half_life"),
        ({"eviction": "LRU"}, ValueError, "did you mean 'lru'"),
        ({"eviction": "newest"}, ValueError, "'value', 'lru'|did you mean"),
        ({"eviction": 3}, TypeError, "eviction must be the name of a policy"),
        ({"secret": "short"}, SecretError, "5 bytes, at least 32"),
        ({"secret": 5}, TypeError, "secret must be text"),
        ({"serializer": "jsn"}, ValueError, "json"),
        ({"serializer": object()}, TypeError, "dumps"),
        ({"follow": "usr"}, ValueError, "did you mean 'user'"),
        ({"ignore": "verbose"}, TypeError, r"ignore=\['verbose'\]"),
        ({"ignore": [1]}, TypeError, "text"),
        ({"depends_on": "x"}, TypeError, "depends_on"),
        ({"key": "x"}, TypeError, "key must be a function"),
        ({"strict": 1}, TypeError, "strict must be True or False"),
        ({"verbose": "yes"}, TypeError, "verbose must be True or False"),
        ({"version": []}, TypeError, "version must be text"),
    ],
    ids=lambda value: "" if not isinstance(value, dict) else next(iter(value)),
)
def test_a_bad_option_is_named(options, kind, words, tmp_path: Path):
    """The message names the option, what is wrong with it, and what would be right; no secret is repeated."""
    with pytest.raises(kind, match=words) as found:
        Cache(tmp_path, **options)
    assert "short" not in str(found.value).replace("too short", "")


def test_an_option_of_the_cache_is_not_one_of_a_function(memory: Cache):
    """The message says where it goes."""
    with pytest.raises(TypeError, match=r"Cache\(\.\.\., max_size=\.\.\.\)"):
        memory(max_size=1)
    with pytest.raises(TypeError, match="did you mean 'ignore'"):
        memory(ignroe=[])


@pytest.mark.parametrize("location", [3, 4.5, ["a"]])
def test_a_location_that_is_no_path(location):
    """Only paths are places."""
    with pytest.raises(TypeError, match="location must be a path"):
        Cache(location)


def test_decorating_by_the_class_instead_of_a_cache():
    """`@Cache` without parentheses is a common slip."""
    with pytest.raises(TypeError, match=r"@Cache\(\)"):

        @Cache
        def f(): ...


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (3, "no function"),
        ("7d", "no function"),
        (int, "class int"),
        (Path, "class Path"),
        (property(lambda self: 1), "@property above"),
    ],
)
def test_what_cannot_be_decorated(memory: Cache, thing, words):
    """The message says what to decorate instead."""
    with pytest.raises(TypeError, match=words):
        memory(thing)


def test_an_ignored_parameter_that_does_not_exist(memory: Cache):
    """A misspelt name would make the option do nothing."""
    with pytest.raises(TypeError, match=r"'verbos'.*did you mean 'verbose'"):

        @memory(ignore=["verbos"])
        def f(x, verbose=False): ...


def test_an_ignored_variable_of_an_enclosing_function(memory: Cache):
    """It is told by its plain name, as a warning says it; that of a helper, or a misspelt one, is not taken for it."""
    runs, bound = [], 1

    @memory(ignore=["runs"])
    def f(x):
        runs.append(x)
        return [x, bound]

    assert f(1) == f(1) == [1, 1]
    assert runs == [1]
    bound = 2
    assert f(1) == [1, 2]

    @memory
    def changes(x):
        runs.append(len(runs))
        return x

    with pytest.warns(ChangedWhileRunningWarning, match=r"may_change=\['runs'\]"):
        changes(1)  # it holds something, so it stays in the key
    with pytest.raises(TypeError, match=r"'rums'.*did you mean 'runs'"):
        memory(ignore=["rums"])(changes.__wrapped__)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ignore": [".LIMITS"]}, r"LIMITS.*has no global LIMITS.*did you mean 'LIMIT'"),
        ({"ignore": ["no_such_module.LIMIT"]}, r"ignore .*no module no_such_module"),
        ({"follow": ["pytestt"]}, r"follow .*'pytestt'.*did you mean 'pytest'"),
    ],
)
def test_a_dotted_name_that_is_nobodys_is_told_at_the_first_call(memory: Cache, options, words):
    """Only then has its module been read to the end; the call is computed all the same."""

    @memory(**options)
    def f(x):
        return x + LIMIT

    with pytest.warns(OptionWarning, match=words):
        assert f(1) == 4


def test_a_dotted_name_that_exists_is_not_told(memory: Cache):
    """Nothing is said where the option does something, or could."""

    @memory(ignore=[".LIMIT", "os.environ"], follow=["pytest"])
    def f(x):
        return x + LIMIT

    assert f(1) == 4


LIMIT = 3


class Job:
    def __init__(self, handle):
        self.handle = handle


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda: threading.Lock(), "rows"),
        (lambda: [1, {"a": threading.Lock()}], r"rows\[1\]\['a'\]"),
        (lambda: Job(io.open(__file__)), r"rows\.handle"),  # noqa: SIM115, UP020
        (lambda: iter([1]), "rows"),
        (lambda: (i for i in ()), "rows"),
        (lambda: object(), "rows"),
    ],
)
def test_an_argument_without_lasting_identity_is_refused(memory: Cache, make, path):
    """Before the call, untouched, naming where it stands and the way out."""
    ran = []

    @memory(ignore=[])
    def f(x, rows):
        ran.append(1)

    argument = make()
    with pytest.raises(UnkeyableError, match=rf"{path}.*ignore=\['rows'\]"):
        f(1, argument)
    assert ran == []
    if isinstance(argument, Job):
        argument.handle.close()
    elif hasattr(argument, "__next__"):
        assert next(argument, "untouched") != "used up"


def test_switched_off_nothing_is_refused(monkeypatch: pytest.MonkeyPatch, memory: Cache):
    """`BRINERY_DISABLE=1` and `Cache(None)` compute every time, whatever the arguments."""
    calls = []

    def f(lock):
        calls.append(lock)

    monkeypatch.setenv("BRINERY_DISABLE", "1")
    on, off = memory(f), Cache(None)(f)
    lock = threading.Lock()
    for cached in (on, on, off, off):
        cached(lock)
        assert not cached.is_cached(lock)
    assert len(calls) == 4
    monkeypatch.setenv("BRINERY_DISABLE", "0")
    with pytest.raises(UnkeyableError):
        on(lock)
    with pytest.raises(StoreError, match="no store"):
        Cache(None).info()
    assert Cache(None)
    assert len(Cache(None)) == 0


def test_a_location_that_is_a_file(tmp_path: Path):
    """Calls compute with one warning; upkeep says what is wrong."""
    place = tmp_path / "file"
    place.write_text("mine")
    cache = Cache(place)
    f = cache(lambda x: x + 1)
    with pytest.warns(match="file") as caught:
        assert [f(1), f(1), f(2)] == [2, 2, 3]
    assert len(caught) == 1
    with pytest.raises(StoreError, match="file"):
        cache.info()
    assert place.read_text() == "mine"


def test_a_folder_full_of_somebody_elses_files(tmp_path: Path):
    """The store keeps to a folder of its own in there and touches nothing else, not even to clear."""
    (tmp_path / "thesis.txt").write_text("mine")
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "draft").write_text("mine")
    cache = Cache(tmp_path)
    f = cache(lambda x: x + 1)
    assert f(1) == f(1) == 2
    assert cache.path == tmp_path / ".brinery"
    cache.clear()
    cache.prune(max_size=0)
    assert (tmp_path / "thesis.txt").read_text() == (tmp_path / "tmp" / "draft").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".brinery", "thesis.txt", "tmp"]


def test_a_secret_that_others_can_read(home: Path, memory: Cache):
    """It signs nothing any more: every call computes, and one warning names the file and the command."""
    memory(lambda: 1)()
    secret = next(path for path in home.rglob("secret") if path.is_file())
    secret.chmod(0o644)
    fresh = Cache(memory.path)
    f = fresh(lambda x: [x])
    with pytest.warns(SecretWarning, match="chmod 600") as caught:
        assert f(1) == f(1) == [1]
    assert len(caught) == 1
    assert secret.read_text().split()[0] not in str(caught[0].message)
    secret.chmod(0o600)


def test_no_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Without an absolute home there is no secret: every call computes, and one warning names BRINERY_SECRET."""
    monkeypatch.setenv("HOME", "")
    f = Cache(tmp_path / "s")(lambda x: [x])
    with pytest.warns(SecretWarning, match="BRINERY_SECRET") as caught:
        assert f(1) == f(1) == [1]
    assert len(caught) == 1
    monkeypatch.setenv("BRINERY_SECRET", "a secret that is long enough for anybody")
    g = Cache(tmp_path / "s")(lambda x: [x])
    assert g(1) == g(1) == [1]
    assert g.cache_info().hits == 1
