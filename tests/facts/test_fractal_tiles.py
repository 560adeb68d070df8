"""Fractals in the viewer: the pictures are those of scenes, however they are cut; what cannot be is refused in one line."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from simkit import testing
from simkit.backends import Kernels
from simkit.errors import SimkitError
from simkit.fractals import palettes
from simkit.fractals.certificate import regions
from simkit.fractals.maps import julia, parse
from simkit.fractals.presets import PRESETS
from simkit.fractals.render import median
from simkit.fractals.scene import Scene
from simkit.fractals.subject import KERNELS, Subject
from simkit.fractals.tiles import MAX_ITERATIONS, Tiles, values
from simkit.fractals.view import View


@pytest.fixture(scope="module")
def tiles() -> Tiles:
    return Tiles("auto")


def julia_values(**others: str) -> dict[str, str]:
    found = values(Subject("z", julia(0.5 + 0.3j), View(Decimal("0.1"), Decimal(0), Decimal(3))), None)
    return {**found, **others}


def test_the_world_lists_them() -> None:
    testing.check_world("simkit.fractals")


@pytest.mark.parametrize("filter_", ["no", "yes"])
def test_a_picture_is_that_of_its_scene_in_whatever_rows(tiles: Tiles, filter_: str) -> None:
    asked = tiles.read(julia_values(median=filter_, palette="dusk"))
    shape = (40, 64)
    whole = tiles.rows(asked, shape, range(40))
    on = Kernels.load(KERNELS)
    found, _ = regions(julia(0.5 + 0.3j)[None], on)
    of_scene = Scene(julia(0.5 + 0.3j), found, View(Decimal("0.1"), Decimal(0), Decimal(3)), shape, 1000)
    outcome = of_scene.compute(on)
    exposure = palettes.exposure(*Scene(of_scene.quadratic, found, of_scene.view, (60, 96), 1000).compute(on))
    expected = palettes.coloured(outcome.classes, outcome.counts, "dusk", exposure)
    np.testing.assert_array_equal(whole, median(expected) if filter_ == "yes" else expected)
    cut = [tiles.rows(asked, shape, range(top, min(top + 7, 40))) for top in range(0, 40, 7)]
    np.testing.assert_array_equal(np.concatenate(cut), whole)


def test_presets_are_their_own_values(tiles: Tiles) -> None:
    assert list(tiles.presets) == list(PRESETS)
    for name, of in tiles.presets.items():
        asked = tiles.read(of)
        np.testing.assert_array_equal(np.reshape(asked.coefficients, (2, 6)), PRESETS[name].quadratic)
        assert (str(asked.view.x), str(asked.view.width)) == (PRESETS[name].square[0], PRESETS[name].square[2])


def test_a_map_without_a_view_gets_one_that_holds_what_does_not_escape(tiles: Tiles) -> None:
    found = values(Subject("z", parse("0.1,-0.9,1,0,-1,0.9,0.1,0,2,0")), Kernels.load(KERNELS))
    picture = tiles.rows(tiles.read({**found, "palette": "post"}), (64, 64), range(64))
    is_green = picture[..., 1] > picture[..., 2].astype(int) + 20
    assert 0.1 < is_green.mean() < 0.9
    edge = np.concatenate((is_green[0], is_green[-1], is_green[:, 0], is_green[:, -1]))
    assert not edge.any()


@pytest.mark.parametrize(
    ("others", "line"),
    [
        ({"map": "1,2"}, "a map is written as 12 numbers"),
        ({"map": ",".join(["nan"] * 12)}, "coefficients are finite"),
        ({"x": "inf"}, "x is a finite number"),
        ({"x": "1e999999999999"}, "the centre of a view is within 1,000,000 of 0"),
        ({"x": "1e99999999999999999999"}, "x is a number"),
        ({"y": "1" * 201}, "y has at most 200 characters"),
        ({"width": "0"}, "the width of a view is above 0; this is 0"),
        ({"width": "-1"}, "the width of a view is above 0"),
        ({"width": "1e-101"}, "no deeper zoom is computed"),
        ({"width": "1e9"}, "at most"),
        ({"iterations": "0"}, "iterations is a whole number from 1 to 100,000; this is 0"),
        ({"iterations": str(MAX_ITERATIONS + 1)}, "this is 100001"),
        ({"iterations": "1e3"}, "iterations are a whole number; this is '1e3'"),
        ({"iterations": "9" * 1000}, "iterations are a whole number"),
        ({"iterations": "²"}, "iterations are a whole number"),
        ({"palette": "dsuk"}, "did you mean 'dusk'?"),
        ({"precision": "float16"}, "there is no precision 'float16'"),
        ({"median": "maybe"}, "there is no dust filter 'maybe'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tiles: Tiles, others: dict[str, str], line: str) -> None:
    with pytest.raises(SimkitError) as error:
        tiles.read(julia_values(**others))
    assert line in str(error.value)


def test_facts_say_what_is_proved_and_how_it_is_computed(tiles: Tiles) -> None:
    facts = tiles.facts(tiles.read(julia_values()))
    assert facts["Certificate"].startswith("Convergence to the fixed point (0, 0) (multiplier 0.583095) is certified.")
    assert facts["Attractor"].startswith("A fixed point (certified): Lyapunov exponents")
    henon = tiles.facts(tiles.read(tiles.presets["henon"]))
    assert henon["Attractor"].startswith("A strange attractor (heuristic): Lyapunov exponents 0.4")
    assert facts["Computed in"] == "float64"
    assert tiles.facts(tiles.read(julia_values(precision="auto")))["Computed in"] == "float32"
    assert "as many digits" in tiles.facts(tiles.read(julia_values(width="1e-20")))["Computed in"]
