"""The colours of objects can be told apart, whatever colours one sees."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from simkit.ash.pictures import INKS, OTHER, UNKNOWN, colours_of
from simkit.figures.picture import DARK

#: how linear RGB is seen without one kind of cones (Machado, Oliveira and Fernandes 2009, severity 1)
VISION = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
WHITE = np.array([0.95047, 1.0, 1.08883])

#: CIE 1976 colour difference; 2.3 is just noticeable
APART = 14


def linear(colour: tuple[int, int, int]) -> np.ndarray:
    share = np.array(colour) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    share = np.array(TO_XYZ) @ np.clip(light, 0, 1) / WHITE
    x, y, z = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
def test_any_two_are_apart(vision):
    colours = {**INKS, "other": OTHER, "paper": DARK.paper}
    seen = {name: lab(np.array(VISION[vision]) @ linear(colour)) for name, colour in colours.items()}
    distances = {(a, b): float(np.linalg.norm(seen[a] - seen[b])) for a, b in combinations(seen, 2)}
    assert min(distances.values()) > APART, min(distances, key=lambda pair: distances[pair])


def test_all_stand_out_from_the_ground():
    """Contrast of luminances as WCAG 2 defines it, which asks 3 of graphics."""
    luminance = {c: float(linear(c) @ TO_XYZ[1]) + 0.05 for c in [*INKS.values(), OTHER, UNKNOWN, DARK.paper]}
    for colour in [*INKS.values(), OTHER]:
        assert luminance[colour] / luminance[DARK.paper] >= 3, colour
    assert luminance[UNKNOWN] / luminance[DARK.paper] >= 2


def test_kinds_without_a_colour_take_those_that_are_free():
    codes = ["xs4_33", "xs5_174", "xp2_7", "xp4_37"]
    inks = colours_of(codes)
    assert inks[0] == INKS["xs4_33"]
    assert inks[2] == INKS["xp2_7"]
    assert len(set(inks)) == 4
