"""scikit-learn's `memory=` with a `Cache`: what its own tests ask of a memory, and as few fits as with joblib's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from freshness.edit import write_files
from freshness.many_processes import Nursery
from other_process import run

from brinery import Cache
from brinery.errors import OptionError

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

import joblib
import numpy as np
from everyday.fitted import FITS, Counted, take_fits
from sklearn.base import clone
from sklearn.cluster import OPTICS, AgglomerativeClustering, FeatureAgglomeration
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import make_classification
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.validation import check_memory

X, Y = make_classification(n_samples=100, n_features=12, random_state=0)


@pytest.fixture
def fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv(FITS, str(tmp_path / "fits"))
    return take_fits


def _search(memory: Any) -> GridSearchCV:
    steps = [("reduce", Counted(random_state=0)), ("classify", SVC())]
    grid = {"reduce__n_components": [3, 5], "classify__C": [0.1, 1, 10]}
    return GridSearchCV(Pipeline(steps, memory=memory), grid, cv=5)


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky"])
def test_a_grid_search_takes_as_few_fits_as_with_joblib(backend: str, tmp_path: Path, fits: Any) -> None:
    """31 without a memory; 11 with one, and none when it is run again; and the same scores."""
    truth = _search(None).fit(X, Y)
    assert fits() == 31
    with joblib.parallel_config(backend, n_jobs=1 if backend == "sequential" else 2):
        first = _search(Cache(tmp_path / "store")).fit(X, Y)
        assert fits() == 11
        second = _search(Cache(tmp_path / "store")).fit(X, Y)
        assert fits() == 0
    for found in (first, second):
        assert np.array_equal(found.cv_results_["mean_test_score"], truth.cv_results_["mean_test_score"])
        assert np.array_equal(found.predict(X), truth.predict(X))


def test_a_pipeline_with_a_memory_is_what_it_is_without(tmp_path: Path, fits: Any) -> None:
    """As in scikit-learn's `test_pipeline_memory`: the same in all it says, also under another name of the step."""
    cache = Cache(tmp_path / "store")
    transformer = Counted(3, random_state=0)
    plain = Pipeline([("reduce", clone(transformer)), ("svc", SVC())]).fit(X, Y)
    assert fits() == 1
    for name in ("reduce", "reduce", "reduce_2"):
        cached = Pipeline([(name, transformer), ("svc", SVC())], memory=cache).fit(X, Y)
        assert np.array_equal(plain.predict(X), cached.predict(X))
        assert plain.score(X, Y) == cached.score(X, Y)
        assert np.array_equal(plain.named_steps["reduce"].mean_, cached.named_steps[name].mean_)
        assert not hasattr(transformer, "mean_")  # it is a clone that is fitted
    assert fits() == 1


def test_a_memory_that_keeps_nothing_fits_each_time(fits: Any) -> None:
    """`Cache(None)` has no location, which scikit-learn asks for."""
    pipeline = make_pipeline(Counted(3, random_state=0), SVC(), memory=Cache(None))
    pipeline.fit(X, Y)
    pipeline.fit(X, Y)
    assert fits() == 2


def test_a_cache_is_a_memory_and_stays_one(tmp_path: Path) -> None:
    """It passes `check_memory`, and a clone of an estimator has the same place."""
    cache = Cache(tmp_path / "store")
    assert check_memory(cache) is cache
    assert clone(make_pipeline(StandardScaler(), memory=cache)).memory is cache
    assert Pipeline([("scale", StandardScaler())]).set_params(memory=cache).get_params()["memory"] is cache


@pytest.mark.parametrize(
    "make",
    [
        lambda memory: AgglomerativeClustering(n_clusters=3, memory=memory),
        lambda memory: AgglomerativeClustering(n_clusters=3, linkage="average", memory=memory),
        lambda memory: FeatureAgglomeration(n_clusters=3, memory=memory),
        lambda memory: OPTICS(memory=memory),
    ],
    ids=["ward", "average", "features", "optics"],
)
def test_clusterings_with_a_memory(make: Any, tmp_path: Path) -> None:
    """They store what takes long, and come to the same labels from it."""
    truth = make(None).fit(X)
    for _ in range(2):
        assert np.array_equal(make(Cache(tmp_path / "store")).fit(X).labels_, truth.labels_)
    (stored,) = Cache(tmp_path / "store").functions()
    assert stored.entries == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda memory: make_pipeline(
            ColumnTransformer([("a", Counted(2), [0, 1, 2]), ("b", StandardScaler(), [3])]), SVC(), memory=memory
        ),
        lambda memory: make_pipeline(FeatureUnion([("a", Counted(2)), ("b", StandardScaler())]), SVC(), memory=memory),
        lambda memory: FeatureUnion([("a", make_pipeline(Counted(2), StandardScaler(), Counted(1), memory=memory))]),
        lambda memory: make_pipeline(Counted(3), make_pipeline(Counted(2), SVC(), memory=memory), memory=memory),
        lambda memory: TransformedTargetRegressor(make_pipeline(Counted(2), Ridge(), memory=memory)),
        lambda memory: StackingClassifier(
            [("a", make_pipeline(Counted(2), LogisticRegression(), memory=memory))], cv=2
        ),
    ],
    ids=["column transformer", "union", "pipeline in a union", "pipeline in a pipeline", "target", "stacking"],
)
def test_a_memory_deep_inside_an_estimator(make: Any, tmp_path: Path, fits: Any) -> None:
    """The second fit of the whole fits nothing that the memory has."""
    memory = Cache(tmp_path / "store")
    first = make(memory).fit(X, Y)
    assert fits() >= 1
    second = make(memory).fit(X, Y)
    assert fits() == 0 or isinstance(first, FeatureUnion)  # the last step of a pipeline is fitted by itself
    say = "predict" if hasattr(first, "predict") else "transform"
    assert np.array_equal(getattr(first, say)(X), getattr(second, say)(X))


def test_cross_validation_of_a_pipeline_with_a_memory(tmp_path: Path, fits: Any) -> None:
    """Each part of the data is one fit, however often it is asked for."""
    pipeline = make_pipeline(Counted(3, random_state=0), SVC(), memory=Cache(tmp_path / "store"))
    scores = [cross_val_score(pipeline, X, Y, cv=4) for _ in range(3)]
    assert fits() == 4
    assert np.array_equal(scores[0], scores[2])


def test_an_edited_transformer_is_fitted_anew(tmp_path: Path, nurseries: list[Nursery]) -> None:
    """Which joblib's memory does not notice, where the edit is in a helper or a base class."""
    source = """
        import numpy as np
        from brinery import cache
        from sklearn.base import BaseEstimator, TransformerMixin
        from sklearn.linear_model import Ridge
        from sklearn.pipeline import make_pipeline
        FITS = []
        def scale(): return 2.0
        class Scale(TransformerMixin, BaseEstimator):
            def fit(self, X, y=None):
                self.scale_ = scale()
                return self
            def transform(self, X): return X * self.scale_
        X, y = np.arange(6.0).reshape(3, 2), np.arange(3.0)
        def run():
            return make_pipeline(Scale(), Ridge(), memory=cache).fit(X, y)[0].scale_
        """
    write_files(tmp_path, source)
    assert nurseries[0].run(tmp_path, "run()", "run()").values == ["2.0", "2.0"]
    write_files(tmp_path, source.replace("2.0", "3.0"))
    assert nurseries[1].run(tmp_path, "run()").values == ["3.0"]


def test_what_joblib_takes_is_taken(tmp_path: Path) -> None:
    """Its ways of saying nothing are accepted, and what has no meaning here says what has."""
    memory = Cache(tmp_path / "store")
    runs = []

    def first(numbers, verbose=0):
        runs.append(verbose)
        numbers.sort()
        return numbers[0]

    fast = memory.cache(first, ["verbose", "runs"], verbose=0, mmap_mode=None, cache_validation_callback=None)
    assert fast([3, 1]) == fast([3, 1], verbose=1) == 1
    assert memory.cache(first, mmap_mode="c").cache_parameters()["mmap"] is True
    assert memory.cache(ignore=["verbose"])(first).cache_parameters()["may_change"] == ("numbers", "verbose")
    for options, word in (
        ({"mmap_mode": "r"}, "'c'"),
        ({"verbose": 2}, r"Cache\(..., verbose=True\)"),
        ({"cache_validation_callback": len}, "ttl"),
        ({"mmap_moed": "c"}, "mmap"),
    ):
        with pytest.raises(OptionError, match=word):
            memory.cache(first, **options)
    assert len(runs) == 1


def test_arrays_that_joblib_hands_to_workers_have_the_key_of_their_parent(tmp_path: Path) -> None:
    """Large ones come as maps of files, in either order of memory; a map that the program made has its own key."""
    (tmp_path / "main.py").write_text("""
import numpy as np
from brinery import Cache
from joblib import Parallel, delayed
cache = Cache("store")
@cache
def total(array):
    return float(array.sum())
def hit(array):
    return type(array).__name__, total.is_cached(array)
if __name__ == "__main__":
    array = np.arange(60_000.0).reshape(300, 200)
    for given in (array, array.T):
        total(given)
        print(*Parallel(n_jobs=2, max_nbytes="100K")(delayed(hit)(given) for _ in range(2)))
    mine = np.memmap("own", dtype=float, mode="w+", shape=array.shape)
    mine[:] = array
    print(hit(mine))
""")
    assert run("main.py", cwd=tmp_path).splitlines() == ["('memmap', True) ('memmap', True)"] * 2 + [
        "('memmap', False)"
    ]
