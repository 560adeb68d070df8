"""Features against objects: planted detectors, places of objects, and scores against loops over their definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from simkit import generate, models
from simkit.analysis import features, sae
from simkit.analysis.boards import Rows
from simkit.analysis.dictionary import Training, train
from simkit.analysis.features import Kept, scored
from simkit.analysis.measure import Sample
from simkit.analysis.objects import KINDS, Places, find
from simkit.analysis.stream import streams, vectors
from simkit.errors import ParameterError
from simkit.schema import check

N, SIDE, LIGHT, BLINKER = 8, 128, KINDS.index("traffic light"), KINDS.index("blinker")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    out = tmp_path_factory.mktemp("boards") / "ash.zarr"
    return generate("ca-ash", out, n=300, size=(64, 64), max_steps=6000, rules=("B3/S23", "B36/S23"))


def lights(n=60, seed=0):
    """Return boards of traffic lights at all places, two a board."""
    rng = np.random.default_rng(seed)
    board = np.repeat(np.arange(n), 2)
    phase = rng.integers(2, size=2 * n)
    side = np.where(phase == 0, 9, 7)
    y, x = np.tile([20, 80], n) + rng.integers(16, size=2 * n), rng.integers(SIDE, size=2 * n)
    kind, counted = np.full(2 * n, LIGHT, np.uint8), np.full(n, 2, np.int32)
    return Places((n, SIDE, SIDE), board, kind, y, x, side, side, phase.astype(np.uint8), counted)


def at_centres(of, is_seen, stride):
    """Return feature 3 at the cell next to the centre of each light that is seen, and feature 0 everywhere else."""
    side = SIDE // stride
    kept = Kept(np.ones((of.shape[0], side, side, 1), np.float32), np.zeros((of.shape[0], side, side, 1), np.int32))
    y, x = of.y + of.height // 2, of.x + of.width // 2
    at = of.sample[is_seen], y[is_seen] // stride % side, x[is_seen] // stride % side
    kept.features[at], kept.values[at] = 3, 5.0
    return kept, y, x


def test_a_detector_of_one_alignment_sees_one_alignment():
    of = lights(800)
    is_seen = ((of.y + of.height // 2) % 4 == 1) & ((of.x + of.width // 2) % 4 == 2)
    found = scored([at_centres(of, is_seen, 2)[0]], N, SIDE, of)
    precision, recall, chance, _ = found["feature_score"][0, 3, LIGHT]
    assert (precision, recall) == (1, pytest.approx(is_seen.mean()))
    assert chance < 0.2
    assert found["detector"][0, LIGHT] == 3
    numbers = found["feature_states"][0, 3, LIGHT]
    assert numbers[:, 0] == pytest.approx([2, 1, 1, 4], rel=0.02)
    assert numbers[1:3, 2] == pytest.approx([numbers[1, 2], 1])
    assert 0.1 < numbers[1, 2] < 0.4  # a quarter of those of its alignment modulo 2
    assert numbers[2, 1] > 10
    assert found["n_places"][LIGHT] == 1600


def test_a_detector_of_all_alignments_sees_all():
    of = lights(800)
    found = scored([at_centres(of, np.ones(1600, bool), 2)[0]], N, SIDE, of)
    assert found["feature_score"][0, 3, LIGHT, :2].tolist() == [1, 1]
    assert found["feature_states"][0, 3, LIGHT, :, 0] == pytest.approx([2, 4, 16, 64], rel=1e-5)
    information = found["state_information"][0, LIGHT]
    assert information[:, 0] == pytest.approx(0, abs=1e-9)
    assert information[:, 3] == pytest.approx(1)


def test_a_feature_for_each_phase_tells_the_phase():
    of = lights(400)
    kept, y, x = at_centres(of, np.ones(800, bool), 2)
    kept.features[of.sample, y // 2 % 64, x // 2 % 64, 0] = 3 + of.phase.astype(int)
    found = scored([kept], N, SIDE, of)
    assert found["feature_states"][0, 3:5, LIGHT, 0, 0] == pytest.approx(1)
    assert found["feature_states"][0, 3:5, LIGHT, 0, 2] == pytest.approx(1)
    bits, chance, entropy, n_features = found["state_information"][0, LIGHT, 0]
    assert bits == pytest.approx(entropy, abs=1e-6)
    assert (chance < 0.05, entropy > 0.99) == (True, True)
    assert n_features == pytest.approx(2, abs=0.02)


def test_scores_are_as_defined(store):
    net = models.architecture("res-cnn-cac", W=64, C=6).build(3).eval()
    rows = Rows(store, "train", 8)
    trained = train(vectors(net, rows, 0, 64), Training(N, k=2, steps=30), 0)
    of = find(rows.field("ash"), 64, rows.schema["rule"].labels, rows.field("rule"), rows.field("period"))
    found = features.scores(net, trained, rows, of)
    check(features.schema(net, N), {name: values[None] for name, values in found.items()}, 1)
    boards = torch.cat([boards for boards, _ in rows])
    blinkers = of.of("blinker")
    for point, (one, x) in enumerate(zip(trained, streams(net, boards), strict=True)):
        stride = 2 ** (point + 1)
        values, kept = (each.numpy() for each in one.encode(x))
        mask = np.zeros(kept.shape[:3], bool)
        sees = np.zeros((len(blinkers.y), N), bool)
        columns = (blinkers.sample, blinkers.y, blinkers.x, blinkers.height, blinkers.width)
        for i, (board, y, x0, height, width) in enumerate(zip(*columns, strict=True)):
            for cy in range(64 // stride):
                for cx in range(64 // stride):
                    square = {
                        ((cy * stride + a) % 64, (cx * stride + b) % 64)
                        for a in range(-(stride // 2) + 1, stride // 2 + 1)
                        for b in range(-(stride // 2) + 1, stride // 2 + 1)
                    }
                    if any(((y + a) % 64, (x0 + b) % 64) in square for a in range(height) for b in range(width)):
                        mask[board, cy, cx] = True
                        sees[i, kept[board, cy, cx][values[board, cy, cx] > 0]] = True
        for feature in range(N):
            has = ((kept == feature) & (values > 0)).any(-1)
            precision, recall = found["feature_score"][point, feature, BLINKER, :2]
            if has.any():
                assert precision == pytest.approx((has & mask).sum() / has.sum())
            assert recall == pytest.approx(sees[:, feature].mean())


@pytest.mark.slow
def test_a_survey_has_both_measures(store):
    net = models.architecture("res-cnn-cac", W=64, C=6).build(3).eval()
    rows = Rows(store, "train", 40)
    found = features.MEASURE.run(net, Sample(rows, rows, rows), 1)
    schema = features.MEASURE.schema(net)
    check(schema, {name: found[name][None] for name in schema}, 1)
    assert set(sae.schema(net)) < set(schema)


def test_what_cannot_be_scored_is_said(store):
    net = models.architecture("res-cnn-cac", W=64, C=6).build(3).eval()
    of = lights(3)
    with pytest.raises(ParameterError, match="3 points, and there are 0 autoencoders"):
        features.scores(net, [], Rows(store, "train", 3), of)
    kept, _, _ = at_centres(of, np.ones(6, bool), 2)
    with pytest.raises(ParameterError, match="places are of 3 boards, and there are 2"):
        scored([Kept(kept.values[:2], kept.features[:2])], N, SIDE, of)
