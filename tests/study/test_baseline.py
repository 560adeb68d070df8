"""Baselines: what trivial features tell, on ash whose answer is known."""

from __future__ import annotations

import pytest

import simkit
from simkit.ash.baseline import baselines
from simkit.errors import ParameterError, StoreError
from simkit.recipe import Recipe
from simkit.run import generate

pytest.importorskip("sklearn", reason="scikit-learn (the extra `train`) is not installed")


@pytest.fixture(scope="module")
def ash(tmp_path_factory):
    source = simkit.source("ca-ash", size=64)
    return generate(Recipe(source, 0, 600), tmp_path_factory.mktemp("ash") / "x.zarr")


def test_object_counts_tell_more_than_the_population(ash):
    fits = []
    none, population, counts, both = baselines(ash, range(600), progress=fits.append)
    assert sum(fits) == 6
    assert none.linear == none.trees == 0.5
    assert (population.n_features, both.n_features) == (1, counts.n_features + 1)
    assert min(population.linear, population.trees) < 0.45
    assert min(counts.linear, counts.trees) < min(population.linear, population.trees)
    assert counts.standard_error == pytest.approx(
        (min(counts.linear, counts.trees) * (1 - min(counts.linear, counts.trees)) / 600) ** 0.5
    )


def test_they_are_the_same_again(ash):
    assert baselines(ash, range(200)) == baselines(ash, range(200))


def test_too_few_rows_are_refused(ash):
    with pytest.raises(ParameterError, match="at least 50 rows of each of two rules"):
        baselines(ash, range(60))


def test_ash_without_counts_is_refused(tmp_path):
    store = generate(Recipe(simkit.source("ca-ash", size=16, census="none"), 0, 10), tmp_path / "x.zarr")
    with pytest.raises(StoreError, match="has no field constellations, counts; baselines need"):
        baselines(store, range(10))
