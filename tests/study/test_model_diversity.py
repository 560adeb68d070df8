"""The study of model diversity: its numbers and verdicts on populations that are known, and its course."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from simkit.analysis import swap
from simkit.analysis.features import INFORMATION, SCORES, STATES
from simkit.analysis.interventions import NUMBERS
from simkit.analysis.objects import KINDS
from simkit.errors import ParameterError
from simkit.schema import Field, Schema
from simkit.store import open_store
from simkit.study.conduct import conduct
from simkit.study.model_diversity import (
    STUDY,
    Scale,
    autoencoders,
    features,
    logits,
    populations,
    probes,
    swaps,
    training,
)
from simkit.study.model_diversity.post import published
from simkit.study.ranks import spearman

SCALE = Scale()


class Known(dict):
    """Fields as a data set has them."""

    @property
    def schema(self):
        columns = {"sae": ("loss", "error", "explained variance", "dead features")}
        return Schema(
            **{
                name: Field(str(values.dtype), "known", tuple(f"axis{i}" for i in range(values.ndim - 1)),
                            values.shape[1:], columns=columns.get(name, ()))
                for name, values in self.items()
            }
        )  # fmt: skip


def surveyed(swapped, *, naive, without):
    """A survey of networks of 1 % error whose errors in percent are these if layers are swapped, or are left out."""
    names, n = list(swap.forms(3)), len(swapped)
    forms = np.full((n, len(names), 2), 0.01)
    forms[:, names.index(swaps.FORMS["swap_12"]), 1] = np.asarray(swapped) / 100
    forms[:, names.index(swaps.FORMS["naive_swap"]), 1] = np.asarray(naive) / 100
    ablation = np.repeat(np.asarray(without)[:, None, None] / 100, 3, axis=1).repeat(2, axis=2)
    return Known(swap=forms, ablation=ablation)


def verdicts(found, at="last weights"):
    return {claim.text: claim.verdict for claim in found.claims if claim.at == at}


def test_the_posts_table():
    table = published().columns
    assert len(table["network"]) == 10
    assert (table["swap_12"].min(), table["swap_12"].max()) == (4.2, 51)
    sums = {"error": 15.8, "error_of_swaps": 17.9, "sae_0": 422.6, "sae_1": 31.5, "sae_2": 18.8, "probe_1": 65.1,
            "naive_swap": 446.3, "without_1": 358.5}  # fmt: skip
    assert {name: float(np.round(table[name].sum(), 6)) for name in sums} == sums
    assert spearman(table["swap_12"], table["sae_2"], 0).p > 0.05


def test_a_spectrum_of_swap_errors_is_told_from_two_classes():
    spectrum = np.linspace(3, 50, 64)
    smeared = surveyed(spectrum, naive=np.minimum(spectrum + 15, 50), without=spectrum + 5)
    classes = surveyed(np.repeat([4.0, 49.0], 32), naive=np.full(64, 49.0), without=np.full(64, 30.0))
    nothing = surveyed(np.full(64, np.nan), naive=np.full(64, np.nan), without=np.full(64, np.nan))
    nothing["swap"][:] = np.nan
    stores = {"survey": smeared, "survey-early": classes}
    found = swaps.analyse(stores, SCALE)
    found.check()
    last, early = verdicts(found), verdicts(found, "early weights")
    between = next(text for text in last if "neither robust nor at chance" in text)
    naive = next(text for text in last if text.startswith("share of networks that the naive swap"))
    ties = next(text for text in last if text.startswith("rank correlation"))
    assert (last[between], early[between]) == ("holds", "does not hold")
    assert (last[naive], early[naive]) == ("holds", "does not hold")
    assert (last[ties], early[ties]) == ("holds", "undecided")
    absent = verdicts(swaps.analyse({**stores, "survey-early": nothing}, SCALE), "early weights")
    assert set(absent.values()) <= {"undecided", "reported"}


def test_swap_losses_part_where_they_were_made_to():
    steps, n = np.arange(0, 401, 50), 3
    train_loss = np.tile(np.linspace(0.8, 0.0, 400), (n, 1))
    loss = np.interp(steps, np.arange(400), train_loss[0]) * np.ones((n, 1))
    of = {"loss": loss, "swap_loss": loss.copy(), "error": np.full_like(loss, 0.2)}
    of["swap_loss"][0, 4:] += 0.3  # from step 200 on, when the loss is 0.4
    of["swap_loss"][1, 1:] += 0.3  # while it is at chance
    of["error"][1, :6] = 0.5
    found = training._parted(train_loss, of, steps)
    assert found[0] == pytest.approx(0.45, abs=0.01)  # mean of the 50 steps before
    assert found[1] == pytest.approx(0.25, abs=0.01)
    assert np.isnan(found[2])


def test_places_count_each_network_once():
    places = training._places(np.array([0.5, 0.5, 3.0, np.nan]), np.array([4.0, 48.0, 70.0, 10.0])).columns
    assert places["networks"].sum() == 3
    at = np.flatnonzero(places["networks"])
    assert places["swap_error"][at].tolist() == [2.5, 47.5, 57.5]


def test_the_share_of_pairs_and_its_error_by_leaving_out_networks():
    is_so = np.random.default_rng(0).random((7, 7)) < 0.6
    is_so = is_so | is_so.T

    def alone(rows):
        return np.mean([is_so[i, j] for i, j in combinations(rows, 2)])

    found = probes._of_pairs(is_so)
    without = [alone([i for i in range(7) if i != out]) for out in range(7)]
    assert found.mean == pytest.approx(alone(range(7)))
    assert found.error == pytest.approx(np.sqrt(6 / 7 * np.sum((without - np.mean(without)) ** 2)))
    assert np.isnan(probes._of_pairs(is_so[:2, :2]).mean)


def test_dictionaries_that_lose_more_than_the_posts_are_said_to():
    values = np.zeros((64, 3, 4), np.float32)
    values[:, :, 1] = np.array([0.42, 0.03, 0.02]) + np.random.default_rng(1).normal(0, 0.002, (64, 3))
    worse = values.copy()
    worse[:, 1, 1] += 0.2
    errors = surveyed(np.linspace(4, 50, 64), naive=np.full(64, 49.0), without=np.full(64, 40.0))
    found = autoencoders.analyse({"survey": Known(errors, sae=values), "survey-early": Known(errors, sae=worse)}, SCALE)
    found.check()
    text = "error with the stream replaced at L{}, median (%)".format
    assert [verdicts(found)[text(point)] for point in range(3)] == ["holds"] * 3
    assert verdicts(found, "early weights")[text(1)] == "does not hold"


def scored(n, aligned):
    """Features of networks whose feature 1 sees all traffic lights, and whose strongest tells an alignment or none."""
    light, d, n_features = KINDS.index("traffic light"), 3, 4
    score = np.full((n, d, n_features, len(KINDS), len(SCORES)), 0.01, np.float32)
    score[:, :, 1, light, :2] = 0.9, 0.6
    score[:, :, 1, KINDS.index("honey farm"), SCORES.index("recall")] = 0.31
    bits = np.zeros((n, d, len(KINDS), len(STATES), len(INFORMATION)), np.float32)
    for i, (own, chance, entropy) in enumerate([(0.1, 0.1, 1.0), (1.0, 0.1, 2.0), (0.0, 0.2, 4.0), (1.0, 0.2, 6.0)]):
        bits[:, :, light, i] = own, chance, entropy, 2.5
    bits[:, :, light, 2, 0] = np.where(aligned, 3.8, 0.4)[:, None]
    which = np.full((n, d, len(KINDS)), -1, np.int32)
    which[:, :, light] = 1
    places = np.full((n, len(KINDS)), 9, np.int32)
    found = surveyed(np.linspace(4, 50, n), naive=np.full(n, 49.0), without=np.full(n, 40.0))
    return Known(found, feature_score=score, state_information=bits, detector=which, n_places=places)


def test_detectors_and_what_they_tell_of_alignments():
    both = scored(64, np.arange(64) % 2 == 0)
    best, light = features.detectors(both), KINDS.index("traffic light")
    assert best["score"][:, :, light] == pytest.approx(2 * 0.9 * 0.6 / 1.5)
    assert best["score"][:, :, KINDS.index("block")].tolist() == [[0.0] * 3] * 64
    assert best["farms"][:, :, light] == pytest.approx(0.3)
    known = features.told(both)
    assert known["mod_4"][:2, 1] == pytest.approx([3.6 / 3.8, 0.2 / 3.8], abs=1e-6)
    assert known["phase"][:, 0] == pytest.approx(0)
    found = features.analyse({"survey": both, "survey-early": scored(64, np.zeros(64, bool))}, SCALE)
    found.check()
    last, early = verdicts(found), verdicts(found, "early weights")
    each = next(text for text in last if text.startswith("share of networks with a feature for each alignment at L1"))
    one = next(text for text in last if text.startswith("share of networks with one feature for all alignments at L1"))
    assert (last[each], last[one]) == ("holds", "holds")
    assert (early[each], early[one]) == ("does not hold", "holds")
    both["n_places"][:, light] = 0
    assert np.isnan(features.detectors(both)["score"][:, :, light]).all()


def test_the_dependence_on_alignment_is_without_what_boards_give():
    paste = np.zeros((3, 6, len(NUMBERS)), np.float32)
    paste[:, :2, NUMBERS.index("mean")] = -2.0
    paste[:, :2, NUMBERS.index("spread of means")] = np.array([0.5, 0.3, 1.3])[:, None]
    paste[:, :2, NUMBERS.index("noise of means")] = np.array([0.3, 0.5, 0.5])[:, None]
    paste[2, :2, NUMBERS.index("mean")] = 0
    assert logits.dependence(Known(paste=paste)) == pytest.approx([0.2, 0.0, np.nan], abs=1e-6, nan_ok=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"networks": 1}, "at least 2 networks"), ({"side": 60}, "multiple of 8"), ({"early": 0.0}, "between 0 and 1")],
)
def test_scales_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(ParameterError, match=message):
        replace(SCALE, **changes)


@pytest.mark.slow
def test_all_questions_are_asked_and_a_larger_population_makes_the_missing_networks_alone(tmp_path):
    size = Scale(networks=2, four_rules=2, side=16, channels=4, boards=500, steps=4, every=2, validation=20, early=0.9,
                 learn=60, test=30, some=10)  # fmt: skip
    for question in STUDY.questions:
        written = conduct("model-diversity", question, tmp_path, size, n_threads=1)
        claims = open_store(written["claims"])
        assert claims.n_rows >= 3
        assert claims.recipe["parameters"]["scale"]["networks"] == 2
    path = tmp_path / "data" / "networks.zarr"
    kept = {field: open_store(path)[field][:] for field in open_store(path)}
    more = populations.needs(replace(size, networks=3))["networks"]
    boards = {"boards": open_store(tmp_path / "data" / "boards.zarr")}
    store = more.make(path, boards, n_threads=1, client=None, progress=lambda now: None)
    assert store.n_rows == store.n_rows_done == 3
    for field, rows in kept.items():
        assert np.array_equal(store[field][:2], rows, equal_nan=True), field
