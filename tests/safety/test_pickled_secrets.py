"""A pickled cache signs with the secret that it was given, or with none; the secret itself is not in the pickle."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from other_process import write

from brinery import Cache, SecretError

GIVEN = "a secret that was given to a cache"
OTHER = "another secret, which the worker has"

# What the process that unpickles has, and whether it then has the secret.
WAYS = {
    "nothing": ("", {}, False),
    "another in its environment": ("", {"BRINERY_SECRET": OTHER}, False),
    "another of its own": ("from brinery import Cache; Cache('elsewhere')(abs)(-1)", {}, False),
    "another given": (f"from brinery import Cache; Cache('store', secret={OTHER!r})", {}, False),
    "the same in its environment": ("", {"BRINERY_SECRET": GIVEN}, True),
    "the same given": (f"from brinery import Cache; Cache('elsewhere', secret={GIVEN!r})", {}, True),
    "the same given as bytes": (f"from brinery import Cache; Cache(secret={GIVEN.encode()!r})", {}, True),
    "both": (f"from brinery import Cache; Cache(secret={GIVEN!r})", {"BRINERY_SECRET": OTHER}, True),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("rounds", [1, 2], ids=["once", "again"])
def test_a_cache_out_of_a_pickle_signs_with_its_own_secret_or_not_at_all(tmp_path: Path, way: str, rounds: int):
    """Where the secret is not known the call computes, nothing is stored, and what to do is said."""
    before, environment, is_known = WAYS[way]
    write(tmp_path, plainly="def plain(x):\n    return x + 1\n")
    make = (
        "import pickle, plainly\nfrom brinery import Cache\n"
        f"cached = Cache('store', secret={GIVEN!r})(plainly.plain)\ncached(1)\n"
        "data = pickle.dumps(cached._cache)\n"
        f"assert {GIVEN!r}.encode() not in data\n"
        "open('pickled', 'wb').write(data)\n"
    )
    subprocess.run([sys.executable, "-c", make], cwd=tmp_path, check=True)
    source = (
        "import pickle, warnings, plainly\n"
        "warnings.showwarning = lambda message, *_: print('SAID', message)\n"
        f"{before}\n"
        "cache = pickle.load(open('pickled', 'rb'))\n"
        + "cache = pickle.loads(pickle.dumps(cache))\n"
        * (rounds - 1)
        + "f = cache(plainly.plain)\n"
        "print(f(1), f(2), f.cache_info().hits)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=tmp_path,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    said, results = done.stdout.rpartition("2 3 ")[::2]
    assert results.strip() == ("1" if is_known else "0")
    assert ("which does not travel" in said) is not is_known
    entries = Cache(tmp_path / "store", secret=GIVEN)
    assert len(entries.entries()) == (2 if is_known else 1)
    assert entries.verify() == []


def test_in_the_same_process_and_in_forked_workers_it_just_works(tmp_path: Path):
    """Which have the secret from their parent."""
    cache = Cache(tmp_path / "store", secret=GIVEN)
    f = cache(answer)
    f(1)
    again = pickle.loads(pickle.dumps(cache))
    assert again(answer).is_cached(1)
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        assert pool.submit(hits_of, again).result() == 1


def test_what_is_asked_of_such_a_cache_is_an_error_that_says_why(tmp_path: Path, monkeypatch):
    """A question about signatures has no answer without the secret."""
    data = pickle.dumps(Cache(tmp_path / "store", secret=GIVEN))
    monkeypatch.setattr("brinery._store.signing.signer._given", {})
    Cache(tmp_path / "store", secret=OTHER)(answer)(1)
    with pytest.raises(SecretError, match="which does not travel"):
        pickle.loads(data).verify()


def answer(x: int) -> int:
    return x + 1


def hits_of(cache: Cache) -> int:
    f = cache(answer)
    f(1)
    return f.cache_info().hits
