"""Exact facts of the source `dots`: labels, distances, overlaps, and where its discs are."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

import simkit
from simkit.errors import ParameterError, UnknownNameError
from simkit.images.dots import CUTOFF

N = 200_000

#: side of the square of centres, with discs of radius 0.05
SIDE = 0.9


@cache
def drawn() -> dict[str, np.ndarray]:
    """Many rows with small pictures: labels do not depend on their size."""
    return simkit.source("dots", size=8).generate(11, N)


def near(values: np.ndarray, wanted: float) -> bool:
    """Return whether the mean of independent values is within four of its standard errors."""
    return abs(values.mean(dtype=np.float64) - wanted) < 4 * values.std() / len(values) ** 0.5


def below(x: np.ndarray | float) -> np.ndarray | float:
    """Return the probability that two points of a square of side 1 are nearer than x, 0..1."""
    return math.pi * x**2 - 8 / 3 * x**3 + x**4 / 2


def density(x: np.ndarray) -> np.ndarray:
    return 2 * math.pi * x - 8 * x**2 + 2 * x**3


def between(centres: np.ndarray) -> np.ndarray:
    """Return the distances between all discs, (row, disc, disc)."""
    return np.sqrt(((centres[:, :, None] - centres[:, None]) ** 2).sum(axis=-1))


def test_the_mean_and_the_variance_of_labels_and_distances():
    """In a square of side 1, squares of distances have the mean 1/3."""
    mean = 3 / 50 * (2 + 2**0.5 + 5 * math.log(1 + 2**0.5))
    variance = SIDE**2 / 3 - mean**2
    assert (mean, variance, variance / 3) == pytest.approx((0.46926489, 0.04979046, 0.01659682), abs=1e-8)
    label, distances = drawn()["label"].astype(np.float64), drawn()["distances"].astype(np.float64)
    assert near(label, mean)
    assert near((label - mean) ** 2, variance / 3)
    for colour in range(3):
        assert near(distances[:, colour], mean)
        assert near((distances[:, colour] - mean) ** 2, variance)
    assert near((distances[:, 0] - mean) * (distances[:, 1] - mean), 0)


def test_rows_are_independent():
    """Of neighbouring rows, and of rows 2**32 apart, whose number has the same lower half."""
    far = simkit.source("dots", size=8).generate(11, range(2**32, 2**32 + N))["label"]
    apart = drawn()["label"].astype(np.float64) - 0.46926489
    assert near(apart[::2] * apart[1::2], 0)
    assert near(apart * (far.astype(np.float64) - 0.46926489), 0)


def test_the_mean_by_integration():
    """The same mean and variance from the distribution of distances: the part up to 1, and the part up to sqrt 2."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    inner = (nodes + 1) / 2, weights / 2
    root = 1 + inner[0] * (2**0.5 - 1)
    beyond = 2 * root * (4 * np.sqrt(root**2 - 1) - (root**2 + 2 - math.pi) - 4 * np.arctan(np.sqrt(root**2 - 1)))
    moments = [
        (inner[1] * density(inner[0]) * inner[0] ** k).sum() + (inner[1] * (2**0.5 - 1) * beyond * root**k).sum()
        for k in range(3)
    ]
    assert moments[0] == pytest.approx(1, abs=1e-6)
    assert SIDE * moments[1] == pytest.approx(0.46926489, abs=1e-6)
    assert SIDE**2 * (moments[2] - moments[1] ** 2) == pytest.approx(0.04979046, abs=1e-6)


def test_the_cut_off_of_the_classifier():
    """0.93 % of labels are below it: the distribution of the sum of three distances, integrated over two of them."""
    most = 3 * CUTOFF / SIDE  # below 1, where all are polynomials, for which few nodes are exact
    nodes, weights = np.polynomial.legendre.leggauss(12)
    first, weight = most * (nodes + 1) / 2, most * weights / 2
    second = np.multiply.outer(most - first, (nodes + 1) / 2)
    rest = (most - first)[:, None] - second
    inner = (density(second) * below(rest) * weights / 2).sum(axis=1) * (most - first)
    share = (density(first) * inner * weight).sum()
    assert share == pytest.approx(0.0093, abs=1e-12)
    assert pytest.approx(0.185945, abs=1e-6) == CUTOFF
    found = drawn()
    assert near(found["below_cutoff"].astype(np.float64), 0.0093)
    assert np.array_equal(found["below_cutoff"] == 1, found["label"] < np.float32(CUTOFF))


def test_what_guessing_the_base_rate_costs():
    q = 0.0093
    cost = -q * math.log(q) - (1 - q) * math.log(1 - q)
    assert cost == pytest.approx(0.0527596, abs=1e-7)
    assert near(np.where(drawn()["below_cutoff"] == 1, -math.log(q), -math.log(1 - q)), cost)


def test_how_often_discs_overlap():
    two = below(0.1 / SIDE)
    assert (two, 1 - (1 - two) ** 3) == pytest.approx((0.0352033, 0.101936), abs=1e-6)
    found = drawn()
    assert near((found["distances"] < 0.1).astype(np.float64).ravel(), two)
    assert near((found["distances"] < 0.1).any(axis=1).astype(np.float64), 1 - (1 - two) ** 3)
    assert near(found["overlaps"].astype(np.float64), 15 * two)


def test_factors_follow_from_the_centres():
    found = simkit.source("dots", profile="code").generate(4, 3000)
    centres = found["centres"].astype(np.float64)
    assert centres.min() >= np.float32(0.05)
    assert centres.max() <= np.float32(0.95)
    apart = between(centres)
    pairs = apart[:, [0, 2, 4], [1, 3, 5]]
    assert np.array_equal(found["distances"], pairs.astype(np.float32))
    assert np.allclose(found["label"], pairs.mean(axis=1), rtol=0, atol=1e-7)
    overlaps = (apart < 2 * (0.05 + 0.5 / 72 / 0.64)).sum(axis=(1, 2)) - 6
    assert np.array_equal(found["overlaps"], overlaps // 2)


@pytest.mark.parametrize(("profile", "green", "radius"), [("text", 255, 0.05), ("code", 128, 0.0608507)])
@pytest.mark.parametrize("edge", ["soft", "hard"])
def test_discs_have_their_colours_and_areas(profile, green, radius, edge):
    """Where none touch each other or the edge, what is missing of white in a channel is the area of the discs that lack it.

    An edge that is soft over a width of 1 adds 1/12 to the square of the radius.
    """
    found = simkit.source("dots", profile=profile, edge=edge).generate(5, 1000)
    centres = found["centres"].astype(np.float64)
    is_apart = (between(centres) + np.eye(6)).min(axis=(1, 2)) > 2 * radius + 2 / 64
    is_inside = abs(centres - 0.5).max(axis=(1, 2)) < 0.5 - radius - 1 / 64
    image = found["image"][is_apart & is_inside].astype(np.float64)
    assert len(image) > 50
    square = (64 * radius) ** 2 + (1 / 12 if edge == "soft" else 0)
    missing = ((255 - image) / 255).sum(axis=(2, 3)) / (2 * math.pi * square)
    missing -= [2, 3 - green / 255, 2]  # of red: blue and green; of green: red, blue, and part of green
    assert abs(missing).max() < (0.015 if edge == "soft" else 0.25)
    assert abs(missing.mean(axis=0)).max() < (0.001 if edge == "soft" else 0.02)


def test_discs_are_painted_in_their_order():
    """Red, blue, green: the middle of a disc is of its colour unless a later one is near."""
    source = simkit.source("dots")
    found = source.generate(6, 2000)
    centres, colours = found["centres"].astype(np.float64), np.eye(3, dtype=np.uint8)[[0, 0, 2, 2, 1, 1]] * 255
    places = np.floor(centres * 64).astype(int)
    for disc in range(6):
        later = np.sqrt(((centres[:, disc + 1 :] - centres[:, disc : disc + 1]) ** 2).sum(axis=-1))
        is_seen = (later > 0.05 + 2 / 64).all(axis=1)
        assert is_seen.mean() > 0.8
        seen = found["image"][np.arange(2000), :, places[:, disc, 1], places[:, disc, 0]]
        assert (seen[is_seen] == colours[disc]).all()


def test_the_profile_of_the_code_is_what_matplotlib_draws():
    """Of 255 levels 23 at most in 1,000 pictures of matplotlib 3.11, where soft edges cross, and 0.17 in the mean; y is upwards there."""
    pytest.importorskip("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Circle

    found = simkit.source("dots", profile="code").generate(3, 12)
    for image, centres in zip(found["image"], found["centres"].tolist(), strict=True):
        figure = Figure(figsize=(0.64, 0.64), dpi=100)
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.axis("off")
        for colour, (x, y) in zip("rrbbgg", centres, strict=True):
            axes.add_patch(Circle((x, 1 - y), 0.05, color=colour))
        canvas.draw()
        drawn = np.asarray(canvas.buffer_rgba())[..., :3].transpose(2, 0, 1)
        off = abs(drawn.astype(int) - image)
        assert off.max() <= 32
        assert off.mean() < 0.25


def test_labels_do_not_depend_on_how_discs_are_drawn():
    one = simkit.source("dots").generate(9, 50)
    other = simkit.source("dots", size=100, edge="hard", profile="code").generate(9, 50)
    for name in ("label", "distances", "centres", "below_cutoff"):
        assert np.array_equal(one[name], other[name])
    assert other["image"].shape == (50, 3, 100, 100)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"size": 7}, "parameter 'size' takes 8 to 1,024 pixels; this is 7"),
        ({"size": 1025}, "parameter 'size' takes 8 to 1,024 pixels; this is 1025"),
        ({"radius": 0}, "parameter 'radius' takes a number above 0, at most 0.25; this is 0.0"),
        ({"radius": 0.3}, "parameter 'radius' takes a number above 0, at most 0.25; this is 0.3"),
        ({"radius": math.nan}, "parameter 'radius' takes a number above 0, at most 0.25; this is nan"),
        ({"cutoff": -0.1}, "parameter 'cutoff' takes 0 to 1.5; this is -0.1"),
    ],
)
def test_what_is_out_of_range_is_refused(parameters, said):
    with pytest.raises(ParameterError) as caught:
        simkit.source("dots", **parameters)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["edge", "profile"])
def test_an_unknown_choice_is_refused(name):
    with pytest.raises(UnknownNameError, match=f"no {name} 'blurred'"):
        simkit.source("dots", **{name: "blurred"})
