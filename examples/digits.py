"""Which features, and which model on top of them, read handwritten digits best?

Run it twice. The first run computes for some tens of seconds; the second prints the same table at once. Then change any
line and run it again: what depends on that line is recomputed, and nothing else. For example

- ``DIRECTIONS``, 8 to 12: `gradients`, and the 12 settings that are tried on them;
- ``KNeighborsClassifier(count)``, given ``weights="distance"``: the 12 settings with that model;
- another value in ``MODELS``: the settings that are new;
- a comment, a docstring, the width of a column in `main`: nothing at all.

The result goes to the standard output, progress and what was reused to the standard error.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from brinery import cache

SEED = 20
TEST_SHARE = 0.25  # of the images: no model sees them before the end
FOLDS = 5

DIRECTIONS = 8  # into which `gradients` sorts the slopes of an image
PATCH = 3  # pixels on a side
WORDS = 384  # in the dictionary of patches

Model = Callable[[Any], Any]  # the one value that is being tried -> an untrained estimator

# scikit-learn is imported where it is needed, so that a run which computes nothing does not wait for it.


def logistic(strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))


def vectors(strength: float) -> Any:
    from sklearn.svm import SVC

    return SVC(C=strength)


def neighbours(count: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(count)


MODELS: dict[Model, tuple[float, ...]] = {
    logistic: (0.1, 1, 10, 100),
    vectors: (0.1, 1, 10, 100),
    neighbours: (1, 3, 5, 9),
}


@cache
def load() -> tuple[np.ndarray, np.ndarray]:
    """The images, 8 by 8 and between 0 and 1, and the digit that each of them shows."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return digits.images / 16, digits.target


@cache
def split(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows to learn from and the rows to be tested on, every digit with its share of both."""
    from sklearn.model_selection import train_test_split

    rows = np.arange(len(labels))
    training, test = train_test_split(rows, test_size=TEST_SHARE, stratify=labels, random_state=SEED)
    return training, test


@cache
def pixels(images: np.ndarray) -> np.ndarray:
    """Nothing but the grey values."""
    return images.reshape(len(images), -1)


@cache
def gradients(images: np.ndarray) -> np.ndarray:
    """How steeply, and in which directions, the grey values change in each quarter of an image."""
    down, right = np.gradient(images, axis=(1, 2))
    direction = np.floor((np.arctan2(down, right) / (2 * np.pi) + 0.5) * DIRECTIONS) % DIRECTIONS
    return sum_quarters(np.hypot(down, right)[..., None] * (direction[..., None] == np.arange(DIRECTIONS)))


@cache
def patches(images: np.ndarray) -> np.ndarray:
    """How much each quarter of an image looks like each word in a dictionary of small patches. Takes some 20 MB."""
    from sklearn.cluster import MiniBatchKMeans

    windows = np.lib.stride_tricks.sliding_window_view(images, (PATCH, PATCH), axis=(1, 2))
    contrast = even_contrast(windows.reshape(-1, PATCH * PATCH))
    distance = MiniBatchKMeans(WORDS, n_init=3, random_state=SEED).fit(contrast).transform(contrast)
    nearness = np.maximum(0, distance.mean(axis=1, keepdims=True) - distance)
    return sum_quarters(nearness.reshape(*windows.shape[:3], WORDS))


def even_contrast(rows: np.ndarray) -> np.ndarray:
    centred: np.ndarray = rows - rows.mean(axis=1, keepdims=True)
    contrast: np.ndarray = centred / np.sqrt((centred**2).sum(axis=1, keepdims=True) + 0.1)
    return contrast


def sum_quarters(maps: np.ndarray) -> np.ndarray:
    """Add up feature maps (image, row, column, feature) over the four quarters of each image."""
    upper, lower = np.array_split(maps, 2, axis=1)
    quarters = np.array_split(upper, 2, axis=2) + np.array_split(lower, 2, axis=2)
    return np.concatenate([quarter.sum(axis=(1, 2)) for quarter in quarters], axis=1)


@cache
def cross_validate(model: Model, value: float, features: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """The accuracy of one setting, and how much it varies between folds."""
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    accuracy = cross_val_score(model(value), features, labels, cv=folds)
    return float(accuracy.mean()), float(accuracy.std())


@cache
def fit(model: Model, value: float, features: np.ndarray, labels: np.ndarray) -> Any:
    """An estimator that has learned from all of these rows."""
    return model(value).fit(features, labels)


@cache
def score(model: Model, value: float, features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Row, digit shown and digit read of every mistake that a setting makes on the rows kept for the test."""
    training, test = split(labels)
    read = fit(model, value, features[training], labels[training]).predict(features[test])
    wrong = read != labels[test]
    return np.column_stack([test[wrong], labels[test][wrong], read[wrong]])


def main() -> None:
    images, labels = load()
    training, test = split(labels)
    settings = [(model, value) for model, values in MODELS.items() for value in values]
    results: list[tuple[float, float, str, Model, float, np.ndarray]] = []
    for extract in (pixels, gradients, patches):
        features = extract(images)
        for model, value in settings:
            name = f"{extract.__name__:10} {model.__name__:11} {value:5}"
            progress(f"{len(results) + 1:3} of {3 * len(settings)}  {name}")
            accuracy, spread = cross_validate(model, value, features[training], labels[training])
            results.append((accuracy, spread, name, model, value, features))

    results.sort(key=lambda result: (-result[0], result[1]))
    print("\nfeatures   model       value   accuracy")
    for accuracy, spread, name, *_ in results[:10]:
        print(f"{name}   {accuracy:.2%} ± {spread:.2%}")
    model, value, features = results[0][3:]
    mistakes = score(model, value, features, labels)
    print(f"\nOf the {len(test)} digits kept for the test, the best setting misreads {len(mistakes)}:")
    print(", ".join(f"{shown} as {read} (row {row})" for row, shown, read in mistakes))


def progress(text: str) -> None:
    print(f"\r{text:50}", end="", file=sys.stderr, flush=True)


def report(seconds: float) -> None:
    """Say what each step took from the cache, and how much computing that saved."""
    print(f"\n{'step':16}{'reused':>8}{'computed':>10}{'saved':>11}", file=sys.stderr)
    total = 0.0
    for step in (load, split, pixels, gradients, patches, cross_validate, fit, score):
        reused, computed, *_, saved = step.cache_info()
        total += saved
        print(f"{step.__name__:16}{reused:8}{computed:10}{saved:9.2f} s", file=sys.stderr)
    print(f"This run took {seconds:.1f} s and saved {total:.1f} s of computing.", file=sys.stderr)


if __name__ == "__main__":
    began = time.perf_counter()
    main()
    report(time.perf_counter() - began)
