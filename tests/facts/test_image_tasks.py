"""Exact facts of random labels, noise, fuzzy logic and sparse features; bounds are 4 standard errors of what is exact."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

import simkit
from simkit.errors import ParameterError
from simkit.recipe import Recipe


def close(values, mean, variance):
    """Fail unless the mean of independent values with this variance is within 4 standard errors of `mean`."""
    values = np.asarray(values, np.float64)
    assert abs(float(values.mean()) - mean) <= 4 * (variance / values.size) ** 0.5 + 1e-12


def test_random_pixels_are_uniform_bytes():
    """Mean 127.5 and variance 5461.25 = (256^2 - 1) / 12; chi^2 of 256 values is 255 +- sqrt(510)."""
    pixels = simkit.source("random-labels").generate(1, 500)["image"].astype(np.float64)
    close(pixels, 127.5, 5461.25)
    fourth = (256**2 - 1) * (3 * 256**2 - 7) / 240
    close((pixels - 127.5) ** 2, 5461.25, fourth - 5461.25**2)
    counts, n = np.bincount(pixels.astype(np.int64).reshape(-1), minlength=256), pixels.size / 256
    assert abs(float(((counts - n) ** 2 / n).sum()) - 255) < 4 * 510**0.5


def test_random_pixels_have_nothing_to_do_with_their_neighbours():
    pixels = (simkit.source("random-labels").generate(2, 500)["image"] - 127.5) / 5461.25**0.5
    for a, b in (
        (pixels[:, 1:], pixels[:, :-1]),
        (pixels[:, :, 1:], pixels[:, :, :-1]),
        (pixels[:, :, 4:], pixels[:, :, :-4]),
        (pixels[1:], pixels[:-1]),
    ):
        close(a * b, 0, 1)


@pytest.mark.parametrize("classes", [2, 10, 256])
def test_random_labels_are_uniform_and_independent_of_the_image(classes):
    batch = simkit.source("random-labels", classes=classes, size=4).generate(3, 20_000)
    close(batch["label"], (classes - 1) / 2, (classes**2 - 1) / 12)
    assert set(batch["label"].tolist()) == set(range(classes))
    label = (batch["label"] - (classes - 1) / 2) / ((classes**2 - 1) / 12) ** 0.5
    close(label[:, None, None] * (batch["image"] - 127.5) / 5461.25**0.5, 0, 1)


def test_the_memorisation_experiment_has_the_first_rows_of_what_cannot_be_learned():
    whole, first, long = (Recipe.of(f"thesis-random-{name}") for name in ("unlearnable", "memorisation", "kilo-epoch"))
    assert (whole.n, first.n, long.n) == (60_000, 3_000, 60_000)
    assert {(each.source, each.seed) for each in (whole, first, long)} == {(whole.source, 42)}


#: of a normal number: the density at 1/2, and how often it is below -1/2
DENSITY, BELOW = math.exp(-1 / 8) / math.sqrt(2 * math.pi), math.erfc(0.5 / math.sqrt(2)) / 2


def test_noise_is_clipped_as_in_the_text():
    values = simkit.source("noise").generate(4, 20)["frame"]
    assert f"{BELOW:.7f}" == "0.3085375"
    close(values == 0, BELOW, BELOW * (1 - BELOW))
    close(values == 1, BELOW, BELOW * (1 - BELOW))
    variance = BELOW / 2 + (1 - 2 * BELOW) - DENSITY  # of the ends, and of the middle by parts
    assert f"{variance:.7f}" == "0.1851284"
    close(values, 0.5, variance)
    fourth = BELOW / 8 + 3 * (1 - 2 * BELOW - DENSITY) - DENSITY / 4
    close((values.astype(np.float64) - 0.5) ** 2, variance, fourth - variance**2)


def test_recipes_of_noise_have_as_many_images_as_were_published():
    """Table 5.1 of the thesis is of 100 random images."""
    assert {Recipe.of(f"thesis-noise-{pair}").n for pair in ("same", "different")} == {100}


def test_noise_is_not_clipped_in_the_code():
    code, text = (simkit.source("noise", profile=name).generate(5, 20)["frame"] for name in ("code", "text"))
    close(code, 0.5, 1)
    close((code.astype(np.float64) - 0.5) ** 2, 1, 2)
    assert np.array_equal(np.clip(code, 0, 1), text)


def test_frames_of_noise_are_the_same_or_have_nothing_in_common():
    same, different = (
        simkit.source("noise", profile="code", pair=pair).generate(6, 20) for pair in ("same", "different")
    )
    assert np.array_equal(same["frame"], same["next_frame"])
    assert np.array_equal(same["frame"], different["frame"])
    close((different["frame"] - 0.5) * (different["next_frame"] - 0.5), 0, 1)


BOOLEAN = {"xor": lambda a, b: a ^ b, "implies": lambda a, b: (not a) | b}


@pytest.mark.parametrize("bits", [2, 3, 8])
@pytest.mark.parametrize("function", BOOLEAN)
def test_fuzzy_logic_is_boolean_at_the_corners(function, bits):
    batch = simkit.source("fuzzy-xor", function=function, bits=bits).generate(7, 2**bits)
    corners = list(product((0, 1), repeat=bits))
    assert batch["inputs"].tolist() == [list(map(float, corner)) for corner in corners]
    for corner, label in zip(corners, batch["label"].tolist(), strict=True):
        wanted = corner[-1]
        for value in corner[-2::-1]:
            wanted = BOOLEAN[function](value, wanted)
        assert label == wanted, corner


def fuzzy_not(a):
    return 1 - a


def fuzzy_xor(a, b):
    return min(max(a, b), fuzzy_not(min(a, b)))


@pytest.mark.parametrize(
    ("function", "bits", "of", "mean", "variance"),
    [
        ("xor", 2, lambda a, b: fuzzy_xor(a, b), 1 / 2, 1 / 24),
        ("xor", 3, lambda a, b, c: fuzzy_xor(a, fuzzy_xor(b, c)), 1 / 2, 1 / 40),
        ("implies", 2, lambda a, b: max(fuzzy_not(a), b), 2 / 3, 1 / 18),
        ("implies", 3, lambda a, b, c: max(fuzzy_not(a), max(fuzzy_not(b), c)), 3 / 4, 3 / 80),
    ],
)
def test_fuzzy_logic_between_the_corners(function, bits, of, mean, variance):
    """Labels are exact. Integrals over the cube: that of xor is 1/2 by P(xor > t) = 1 - 2 t^2 + max(2 t - 1, 0)^2."""
    source = simkit.source("fuzzy-xor", function=function, bits=bits, corners="none")
    batch = source.generate(8, 20_000)
    for inputs, label in zip(batch["inputs"][:500].tolist(), batch["label"][:500].tolist(), strict=True):
        assert label == of(*inputs)
    close(batch["label"], mean, variance)
    close(batch["inputs"], 1 / 2, 1 / 12)
    close(batch["inputs"].astype(np.float64) ** 2, 1 / 3, 4 / 45)
    close((batch["inputs"][:, 1:] - 0.5) * (batch["inputs"][:, :-1] - 0.5), 0, 1 / 144)


def test_fuzzy_rows_after_the_first_are_for_the_test():
    batch = Recipe.of("mats-fuzzy-xor").source.generate(0, 40)
    assert batch["part"].tolist() == [0] * 32 + [1] * 8
    later = simkit.source("fuzzy-xor", corners="none").generate(0, 40)
    assert np.array_equal(batch["inputs"][4:], later["inputs"][4:])
    assert not np.array_equal(batch["inputs"][:4], later["inputs"][:4])


LEVELS = (0.0, 0.7, 0.9, 0.99)


@pytest.mark.parametrize("profile", ["text", "code"])
def test_sparse_features_have_their_moments(profile):
    """Uniform up to u = 1, or to u = p by the code: mean p u / 2, mean square p u^2 / 3, and so on."""
    batch = simkit.source("sparse-features", sparsity=LEVELS, profile=profile).generate(9, 20_000)
    assert batch["sparsity"].tolist() == list(LEVELS) * 5000
    assert not batch["features"][batch["present"] == 0].any()
    for level in LEVELS:
        is_level, p = batch["sparsity"] == level, 1 - level
        values, present = (batch[name][is_level].astype(np.float64) for name in ("features", "present"))
        most = 1 if profile == "text" else p
        close(present, p, p * (1 - p))
        close((present == 0).all(axis=1), level**20, level**20 * (1 - level**20))
        close((present[:, 1:] - p) * (present[:, :-1] - p), 0, (p * (1 - p)) ** 2)
        for k in (1, 2):
            mean = p * most**k / (k + 1)
            close(values**k, mean, p * most ** (2 * k) / (2 * k + 1) - mean**2)
        assert 0 <= values.min() <= values.max() <= most * (1 + 2**-24)


@pytest.mark.parametrize("profile", ["text", "code"])
def test_rows_of_features_are_of_length_1_or_empty(profile):
    """So the mean square of a feature is (1 - S^n) / n; directions are those of the rows as they were."""
    raw, unit = (
        simkit.source("sparse-features", features=5, sparsity=(0.8,), profile=profile, norm=norm).generate(1, 8000)
        for norm in ("none", "unit")
    )
    is_empty = ~raw["present"].any(axis=1)
    assert 0 < is_empty.sum() < len(is_empty)
    lengths = np.linalg.norm(unit["features"].astype(np.float64), axis=1)
    assert not lengths[is_empty].any()
    assert np.abs(lengths[~is_empty] - 1).max() < 1e-7
    scale = np.linalg.norm(raw["features"].astype(np.float64), axis=1, keepdims=True)
    assert np.abs(unit["features"] * scale - raw["features"]).max() < 1e-7
    close((lengths**2) / 5, (1 - 0.8**5) / 5, 0.8**5 * (1 - 0.8**5) / 25)


def test_weights_of_features_fall_by_a_factor():
    """Of the paper's 100 features: 100^-linspace(0, 1, 100)."""
    batch = simkit.source("sparse-features", features=100, importance=100 ** (-1 / 99)).generate(rows=3)
    assert np.allclose(batch["importance"], 100.0 ** -np.linspace(0, 1, 100), rtol=1e-6)
    assert simkit.source("sparse-features", importance=1).generate()["importance"].tolist() == [[1.0] * 20]


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("random-labels", {"size": 0}, "random-labels: parameter 'size' takes 1 to 1,024 pixels; this is 0"),
        ("random-labels", {"classes": 257}, "random-labels: parameter 'classes' takes 2 to 256; this is 257"),
        ("polynomials", {"degree": 3}, "polynomials: parameter 'degree' takes 0 to 2; this is 3"),
        ("noise", {"size": 1025}, "noise: parameter 'size' takes 1 to 1,024 pixels; this is 1025"),
        ("fuzzy-xor", {"bits": 1}, "fuzzy-xor: parameter 'bits' takes 2 to 8; this is 1"),
        ("fuzzy-xor", {"train": -1}, "fuzzy-xor: parameter 'train' takes a number of rows, 0 or more; this is -1"),
        (
            "sparse-features",
            {"sparsity": (0.5, 1.5)},
            "sparse-features: parameter 'sparsity' takes probabilities from 0 to 1, such as 0.9,0.99; this is [0.5, 1.5]",
        ),
        (
            "sparse-features",
            {"importance": float("nan")},
            "sparse-features: parameter 'importance' takes a number above 0, at most 1; this is nan",
        ),
    ],
)
def test_parameters_out_of_range_are_refused(name, wrong, said):
    with pytest.raises(ParameterError) as error:
        simkit.source(name, **wrong)
    assert str(error.value) == said
