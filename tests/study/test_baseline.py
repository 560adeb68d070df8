"""Baselines: what trivial features tell, on ash whose answer is known."""

from __future__ import annotations

import numpy as np
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
    assert none.linear == none.trees
    assert 0.3 < none.linear < 0.7
    assert {(line.n_train, line.n_test) for line in (none, population, counts, both)} == {(480, 60)}
    assert (population.n_features, both.n_features) == (1, counts.n_features + 1)
    assert min(population.linear, population.trees) < 0.45
    assert min(counts.linear, counts.trees) < min(population.linear, population.trees)
    assert counts.standard_error == pytest.approx(
        (min(counts.linear, counts.trees) * (1 - min(counts.linear, counts.trees)) / 60) ** 0.5
    )


@pytest.mark.parametrize("rows", [range(600), range(130, 417)])
def test_they_are_measured_on_the_rows_that_networks_are_tested_on(ash, rows):
    """By hand, on the rows that batches of the parts hold, also where the rows do not begin with a hundred."""
    pytest.importorskip("torch", reason="simkit.learn needs torch")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from simkit.learn import batches

    part = {}
    for name in ("train", "test"):
        numbers = np.concatenate([batch["row"] for batch in batches(ash, split=name, fields=("row",))])
        part[name] = numbers[(numbers >= rows.start) & (numbers < rows.stop)]
    _, population, counts, _ = baselines(ash, rows)
    assert (population.n_train, population.n_test) == (len(part["train"]), len(part["test"]))
    values = np.hstack([ash["counts"][:], ash["constellations"][:]]).astype(float)
    for line, features in ((population, ash["population"][:][:, None].astype(float)), (counts, values)):
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
        model.fit(features[part["train"]], ash["rule"][part["train"]])
        assert line.linear == (model.predict(features[part["test"]]) != ash["rule"][part["test"]]).mean()


def test_they_are_the_same_again(ash):
    assert baselines(ash, range(200)) == baselines(ash, range(200))


def test_too_few_rows_are_refused(ash):
    with pytest.raises(ParameterError, match="at least 40 training rows and a test row of each of two rules"):
        baselines(ash, range(60))


def test_ash_without_counts_is_refused(tmp_path):
    store = generate(Recipe(simkit.source("ca-ash", size=16, census="none"), 0, 10), tmp_path / "x.zarr")
    with pytest.raises(StoreError, match="has no field constellations, counts; baselines need"):
        baselines(store, range(10))
