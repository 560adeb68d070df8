"""Regressions of logits on counts of objects: planted networks, and least squares worked out in another way."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from simkit import generate, models
from simkit.analysis import logits, objects
from simkit.analysis.boards import Rows
from simkit.analysis.measure import Sample
from simkit.errors import ParameterError
from simkit.schema import check

RULES = ("B3/S23", "B36/S23")


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    out = tmp_path_factory.mktemp("logits") / "ash.zarr"
    store = generate("ca-ash", out, n=300, size=(32, 32), max_steps=20_000, rules=RULES)
    return Rows(store, "train", 240)


@pytest.fixture(scope="module")
def counts(rows):
    boards = np.concatenate([boards.numpy() for boards, _ in rows])
    return logits.features(objects.find(boards, 32, RULES, rows.field("rule"), rows.field("period")))


def network(n_classes=2):
    return models.architecture("res-cnn-cac", W=32, C=4, n_classes=n_classes).build(1).eval()


def test_features_are_the_counts_of_the_census(rows, counts):
    assert np.array_equal(counts[:, 2], rows.field("counts").sum(axis=1))
    assert np.array_equal(counts[:, :2], rows.field("constellations")[:, :2])


def test_a_planted_logit_is_found(rows, counts, monkeypatch):
    rng = np.random.default_rng(0)
    noise = rng.normal(size=len(counts)) * 0.5
    planted = 1 - 3 * counts[:, 0] + 2 * counts[:, 1] + 0.25 * counts[:, 2] + noise
    classes = (planted > 1).astype(np.int64)
    boards = torch.cat([boards for boards, _ in rows])
    parts = iter(np.split(planted, [100]))
    monkeypatch.setattr(logits, "logits", lambda _, boards: next(parts))
    pairs = [(boards[:100], torch.from_numpy(classes[:100])), (boards[100:], torch.from_numpy(classes[100:]))]
    found = logits.regression(None, pairs, counts)
    check(logits.schema(), {name: np.asarray(values)[None] for name, values in found.items()}, 1)
    coefficients, errors = found["coefficients"].T
    assert np.all(np.abs(coefficients - [1, -3, 2, 0.25]) < 4 * errors)
    # standard errors by sampling noise of the same size anew
    design = np.concatenate([np.ones((len(counts), 1)), counts], axis=1)
    inverse = np.linalg.pinv(design)
    again = np.array([inverse @ rng.normal(size=len(counts)) * 0.5 for _ in range(400)])
    assert np.allclose(errors, again.std(axis=0), rtol=0.2)
    residual = planted - design @ inverse @ planted
    assert np.isclose(found["r2"][-1], 1 - residual.var() / planted.var(), rtol=1e-5)
    assert np.isclose(found["r2"][0], np.corrcoef(counts[:, 0], planted)[0, 1] ** 2, rtol=1e-4)
    assert np.isclose(found["errors"][0], np.mean((planted > 0) != classes))
    assert np.isclose(found["errors"][1], np.mean((planted - residual > 0) != classes))
    assert 0 < found["errors"][2] < min(0.15, classes.mean())
    assert np.isclose(found["agreement"], np.mean((planted > 0) == (planted - residual > 0)))
    density = counts[:, 0] / np.maximum(counts[:, 2], 1)
    assert np.isclose(found["density_correlation"][0], np.corrcoef(density, planted)[0, 1], rtol=1e-5)


def test_logits_are_those_of_the_network(rows, counts):
    net = network()
    boards, classes = (torch.cat(parts) for parts in zip(*rows, strict=True))
    with torch.no_grad():
        expected = net(models.planes(boards, 32)).numpy()
    assert np.allclose(logits.logits(net, boards, batch_size=50), expected, atol=1e-4)
    found = logits.regression(net, rows, counts)
    assert np.isclose(found["errors"][0], np.mean((expected > 0) != classes.numpy()))


def test_halves_are_told_by_each_other():
    """A feature that says the class on one half only is of no use on the other."""
    rng = np.random.default_rng(0)
    classes = rng.integers(2, size=400)
    assert np.mean(logits.told(classes[:, None] + np.zeros((400, 3)), classes, 0) == classes) == 1
    noise = rng.normal(size=(400, 150))
    assert 0.35 < np.mean(logits.told(noise, classes, 0) == classes) < 0.65


def test_a_constant_feature_has_no_standard_error():
    x = np.stack([np.arange(9.0), np.zeros(9)], axis=1)
    coefficients, errors, r2 = logits.least_squares(x, 2 * x[:, 0] + 1)
    assert np.allclose(coefficients, [1, 2, 0])
    assert np.isnan(errors).all()
    assert np.isclose(r2, 1)
    assert np.isnan(logits.least_squares(x, np.ones(9))[2])


def test_boards_without_a_census_are_left_out(rows, counts):
    never = objects.find(np.zeros((1, 32, 4), np.uint8), 32, RULES, np.zeros(1, np.uint8), np.zeros(1, np.int32))
    assert np.isnan(logits.features(never)).all()
    some = counts.copy()
    some[10:30] = np.nan
    boards, classes = (torch.cat(parts) for parts in zip(*rows, strict=True))
    left = np.r_[:10, 30:240]
    found = logits.regression(network(), rows, some)
    again = logits.regression(network(), [(boards[left], classes[left])], counts[left])
    for name, values in found.items():
        assert np.allclose(values, again[name], rtol=1e-3, atol=1e-6, equal_nan=True), name


def test_a_measure_is_made_of_the_rows_of_a_survey(rows, counts):
    found = logits.MEASURE.run(network(), Sample(rows, rows, rows), 3)
    check(logits.MEASURE.schema(network()), {name: np.asarray(values)[None] for name, values in found.items()}, 1)
    expected = logits.regression(network(), rows, counts, 3)
    assert all(np.array_equal(values, found[f"logit_{name}"], equal_nan=True) for name, values in expected.items())


def test_bad_input(rows, counts):
    with pytest.raises(ParameterError, match="counts of 239 boards, and 240 boards"):
        logits.regression(network(), rows, counts[1:])
    with pytest.raises(ParameterError, match="two classes in evaluation mode; this one has 3 classes"):
        logits.regression(network(3), rows, counts)
    with pytest.raises(ParameterError, match="2 classes and is in train mode"):
        logits.regression(network().train(), rows, counts)
    with pytest.raises(ParameterError, match="both classes in each half; there are 240 boards"):
        logits.regression(network(), [(boards, 0 * classes) for boards, classes in rows], counts)
    broken = network()
    torch.nn.init.constant_(broken.extract[0].bias, float("nan"))
    with pytest.raises(ParameterError, match="not finite"):
        logits.regression(broken, rows, counts)
