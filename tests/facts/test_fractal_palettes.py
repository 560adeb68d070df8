"""Colours of fractals: uniform where they say so, and a function of the pixel alone."""

from __future__ import annotations

import numpy as np
import pytest
from test_colours import VISION, lab, linear

from simkit.errors import UnknownNameError
from simkit.fractals import palettes
from simkit.fractals.palettes import Exposure, coloured, dense
from simkit.kernels.escape import CLASSES, CONVERGED, CONVERGED_HEURISTIC, ESCAPED, ESCAPED_HEURISTIC, UNDECIDED

RAMPS = [CONVERGED, ESCAPED, CONVERGED_HEURISTIC, ESCAPED_HEURISTIC]
UNIFORM = ["dusk", "frost"]

#: linear sRGB to the responses of cones, and their cube roots to OKLab (Ottosson 2020): the inverse of what palettes use
CONES = [(0.4122214708, 0.5363325363, 0.0514459929), (0.2119034982, 0.6806995451, 0.1073969566),
         (0.0883024619, 0.2817188376, 0.6299787005)]  # fmt: skip
OKLAB = [(0.2104542553, 0.7936177850, -0.0040720468), (1.9779984951, -2.4285922050, 0.4505937099),
         (0.0259040371, 0.7827717662, -0.8086757660)]  # fmt: skip


def tones(name: str, class_: int) -> np.ndarray:
    """Return colours of a class at nine tones that are equally far apart: float64 (9, 3) in linear light."""
    ends = 0, 40_000
    table = palettes.table(name, Exposure(ends, ends), 40_001)[class_].astype(np.float64)
    place = np.log1p(12 * np.arange(40_001) / 40_000) / np.log1p(12)
    return table[[int(abs(place - tone).argmin()) for tone in np.linspace(0.2, 1, 9)]]


def lightness(light: np.ndarray) -> np.ndarray:
    return np.array([lab(colour)[0] for colour in light])


def oklab(light: np.ndarray) -> np.ndarray:
    return np.cbrt(np.clip(light, 0, 1) @ np.array(CONES).T) @ np.array(OKLAB).T


@pytest.mark.parametrize("name", palettes.PALETTES)
@pytest.mark.parametrize("class_", RAMPS)
def test_lightness_goes_one_way_with_the_number_of_iterations(name, class_):
    found = lightness(palettes.table(name, Exposure((0, 200), (0, 200)), 201)[class_])
    steps = np.diff(found) * (-1 if name == "frost" else 1)
    assert steps.min() > -0.05
    assert abs(found[-1] - found[0]) > 25


@pytest.mark.parametrize("name", palettes.PALETTES)
@pytest.mark.parametrize("class_", RAMPS)
def test_equal_steps_of_tone_look_equal(name, class_):
    steps = np.linalg.norm(np.diff(oklab(tones(name, class_)), axis=0), axis=1)
    assert steps.max() < 1.1 * steps.min(), steps


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", UNIFORM)
def test_fates_differ_in_lightness_alone_for_all_vision(name, vision):
    table = palettes.table(name, Exposure(), 300)
    ranges = {}
    for fate, classes in (
        ("converged", (CONVERGED, CONVERGED_HEURISTIC)),
        ("escaped", (ESCAPED, ESCAPED_HEURISTIC)),
        ("undecided", (UNDECIDED,)),
    ):
        seen = table[list(classes)].reshape(-1, 3)[::7] @ np.array(VISION[vision]).T
        found = lightness(seen)
        ranges[fate] = found.min(), found.max()
    order = ["escaped", "undecided", "converged"]
    for lower, upper in zip(order, order[1:], strict=False):
        lower, upper = (lower, upper) if name == "dusk" else (upper, lower)
        assert ranges[lower][1] + 3 < ranges[upper][0], ranges


@pytest.mark.parametrize("name", palettes.PALETTES)
def test_what_is_proved_and_what_is_not_differ_in_hue(name):
    table = palettes.table(name, Exposure((0, 100), (0, 100)), 101)
    for proved, other in ((CONVERGED, CONVERGED_HEURISTIC), (ESCAPED, ESCAPED_HEURISTIC)):
        distance = np.linalg.norm(lab(table[proved, 30]) - lab(table[other, 30]))
        assert distance > 14


def test_hues_are_those_of_the_post():
    classes = np.array([[CONVERGED, ESCAPED, UNDECIDED, ESCAPED]], np.uint8)
    green, blue, red, black = coloured(classes, np.array([[40, 40, 999, 0]], np.int32))[0].astype(int)
    assert green.argmax() == 1
    assert blue.argmax() == 2
    assert red[0] > 3 * max(red[1:])
    assert black.max() == 0


def test_a_colour_depends_on_the_pixel_alone():
    rng = np.random.default_rng(5)
    classes = rng.integers(0, len(CLASSES), (40, 60)).astype(np.uint8)
    counts = rng.integers(0, 3000, (40, 60)).astype(np.int32)
    whole = coloured(classes, counts)
    tiles = [coloured(classes[:, a:b], counts[:, a:b]) for a, b in ((0, 7), (7, 60))]
    assert np.array_equal(whole, np.concatenate(tiles, axis=1))
    assert whole.dtype == np.uint8
    assert whole.shape == (40, 60, 3)


def test_counts_beyond_the_table_have_the_last_tone():
    classes = np.full((1, 2), CONVERGED, np.uint8)
    far, last = coloured(classes, np.array([[2**30, 300]], np.int32))[0]
    assert np.array_equal(far, last)


def test_an_exposure_spreads_the_counts_of_each_fate():
    classes = np.array([CONVERGED] * 101 + [ESCAPED_HEURISTIC] * 101 + [UNDECIDED], np.uint8)
    counts = np.concatenate((np.arange(100, 201), np.arange(5, 106), [9999])).astype(np.int32)
    assert palettes.exposure(classes, counts) == Exposure((101, 199), (6, 104))
    nothing = palettes.exposure(classes[:0], counts[:0])
    assert nothing == Exposure()


def test_density_brightens_by_the_logarithm_and_frames_can_share_a_scale():
    density = np.array([[0, 1, 10, 100, 1000]], np.uint32)
    found = lightness(np.array([linear(tuple(colour)) for colour in dense(density, "dusk")[0]]))
    assert (np.diff(found) > 0.9).all()
    assert np.array_equal(dense(density, "dusk", most=1000), dense(density, "dusk"))
    assert not np.array_equal(dense(density, "dusk", most=1e5), dense(density, "dusk"))
    assert not dense(np.zeros((2, 2), np.uint32), "post").any()


def test_linear_light_becomes_srgb_as_the_standard_has_it():
    for value in (0, 1, 10, 11, 128, 254, 255):
        assert palettes.encoded(np.array(linear((value, value, value)))).tolist() == [value] * 3


def test_misspelt_palettes_are_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'dusk'"):
        coloured(np.zeros((1, 1), np.uint8), np.zeros((1, 1), np.int32), "dsuk")


@pytest.mark.parametrize("name", palettes.PALETTES)
def test_pixels_have_the_colours_of_the_table_and_of_the_legend(name):
    classes, counts = np.mgrid[: len(CLASSES), :257]
    found = coloured(classes.astype(np.uint8), counts.astype(np.int32), name)
    assert np.array_equal(found, palettes.encoded(palettes.table(name, Exposure(), 257)))
    for (words, colours), shown, expected in zip(palettes.legend(name), found, CLASSES, strict=True):
        assert words == expected
        assert np.array_equal(colours[[0, -1]], shown[[0, -1]])
