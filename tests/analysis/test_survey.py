"""Surveys: rows of measures, each that of its function, of networks of any stage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import simkit
from simkit import models
from simkit.analysis import ablation, spectra, swap
from simkit.analysis.boards import Rows
from simkit.analysis.survey import Amount, Survey
from simkit.errors import ParameterError, StoreError, UnknownNameError

RECIPE = """
models = 3
[architecture]
name = "res-cnn-cac"
W = 16
C = 4
[data]
recipe = "ca-ash-2rules"
n = 400
parameters = {size = [16, 16], max_steps = 300}
[course]
steps = 4
batch_size = 8
every = 2
n_validation = 20
stages = [1.0, 0.0]
"""

CHEAP = ("swaps", "ablations", "spectra")


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    (folder / "small.toml").write_text(RECIPE)
    return simkit.train(folder / "small.toml", folder / "networks.zarr", n_threads=1)


@pytest.fixture(scope="module")
def found(networks):
    survey = Survey.of(networks, measures=CHEAP, amount=Amount(100, 40, 30))
    return simkit.generate(survey, Path(networks.path).with_name("survey.zarr"), n=3)


def test_a_row_is_what_the_functions_say_of_a_network(networks, found):
    data = simkit.open(Path(networks.path).with_name("ca-ash-2rules.zarr"))
    for row in range(3):
        net = models.load(networks, row)
        alone = swap.swaps(net, Rows(data, "test", 30)) | ablation.ablations(net, Rows(data, "test", 40))
        alone |= spectra.spectra(net)
        assert set(alone) == set(found)
        for name, values in alone.items():
            assert np.array_equal(found[name][row], values, equal_nan=True), name


def test_a_survey_is_named_by_its_recipe_and_made_again_from_it(networks, found):
    survey = simkit.Recipe.parse(found.recipe).source
    assert survey == Survey.of(networks, measures=CHEAP, amount=Amount(100, 40, 30))
    again = survey.beside(Path(networks.path).parent).generate(0, range(1, 2))
    for name, values in again.items():
        assert np.array_equal(values[0], found[name][1], equal_nan=True), name


def test_a_larger_population_extends_its_survey(networks, found, tmp_path):
    folder = Path(networks.path).parent
    simkit.train(folder / "small.toml", folder / "networks.zarr", models=4, n_threads=1)
    survey = Survey.of(simkit.open(networks.path), measures=CHEAP, amount=Amount(100, 40, 30))
    before = found["swap"][:]
    grown = simkit.generate(survey, found.path, n=4)
    assert np.array_equal(grown["swap"][:3], before)
    assert grown.n_rows_done == 4


def test_stages_that_were_not_reached_are_nan(networks):
    survey = Survey.of(networks, 1, measures=CHEAP, amount=Amount(100, 40, 30))
    found = survey.generate(0, 2)
    assert np.isnan(found["swap"]).all()
    early = Survey.of(networks, 0, measures=CHEAP, amount=Amount(100, 40, 30)).generate(0, 1)
    last = Survey.of(networks, measures=CHEAP, amount=Amount(100, 40, 30)).generate(0, 1)
    assert np.isfinite(early["ablation"]).all()
    assert not np.array_equal(early["spectrum"], last["spectrum"])


def test_every_measure_declares_what_it_gives(networks):
    """All of them together, on few boards; `generate` checks nothing, so the store does."""
    survey = Survey.of(networks, amount=Amount(60, 40, 20))
    place = Path(networks.path).with_name("all.zarr")
    store = simkit.generate(survey, place, n=1, n_threads=1)
    assert store.n_rows_done == 1
    net = models.load(networks, 0)
    assert isinstance(net, torch.nn.Module)
    assert {"swap", "ablation", "spectrum", "sae", "probe_error"} <= set(store)


def test_a_survey_tests_no_row_that_networks_learnt_from(tmp_path):
    """Of a population with other splits, named in another order than the usual one."""
    splits = "splits = {test = 0.05, validation = 0.05, train = 0.9}\n[course]"
    (tmp_path / "other.toml").write_text(RECIPE.replace("[course]", splits))
    networks = simkit.train(tmp_path / "other.toml", tmp_path / "networks.zarr", models=1, n_threads=1)
    kept = networks.recipe["parameters"]["data"]["splits"]
    assert list(kept) == ["train", "validation", "test"]
    found = Survey.of(networks, measures=CHEAP, amount=Amount(100, 400, 400)).generate(0, 1)
    data, net = simkit.open(tmp_path / "ca-ash-2rules.zarr"), models.load(networks, 0)
    theirs = Rows(data, "test", 400, splits=kept)
    assert len(theirs.field("rule")) == 20
    assert np.array_equal(found["ablation"][0], ablation.ablations(net, theirs)["ablation"])
    assert np.array_equal(found["swap"][0], swap.swaps(net, theirs)["swap"])
    assert found["swap"][0][0] == pytest.approx([networks["test_loss"][0], networks["test_error"][0]], abs=1e-5)


def test_what_a_survey_cannot_be_of_is_said(networks, found, tmp_path):
    with pytest.raises(StoreError, match="no networks that were trained"):
        Survey.of(found)
    with pytest.raises(UnknownNameError, match="no measure 'swap'; did you mean 'swaps'"):
        Survey.of(networks, measures=("swap",))
    with pytest.raises(ParameterError, match="n_test"):
        Amount(n_test=0)
    with pytest.raises(StoreError, match="population of networks that the survey is of is not in"):
        simkit.Recipe.parse(found.recipe).source.beside(tmp_path)
    with pytest.raises(ParameterError, match="told where its networks are"):
        simkit.Recipe.parse(found.recipe).source.generate(0, 1)
    with pytest.raises(ParameterError, match="row 9"):
        Survey.of(networks, measures=CHEAP).generate(0, range(9, 10))
