"""Fractals on the viewer's page, in a real browser: presets, palettes, what is known of a map, and the deepest zooms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pages
import pytest
from pages import Page

from simkit.fractals.presets import PRESETS
from simkit.fractals.tiles import Tiles

pytestmark = pytest.mark.slow

#: on the edge of a Julia set: the fixed point 1 - lambda of z^2 + lambda z, exact in binary
_EDGE = "map=0,0.5,0,1,0,-1,0,0,0.5,0,2,0&iterations=400&x=0.5&y=0&width=3"


@pytest.fixture(scope="module")
def tiles() -> Tiles:
    return Tiles("auto")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with pages.browser() as found:
        yield found


@pytest.fixture(scope="module")
def address(chromium: Any) -> Iterator[str]:
    with pages.served("simkit.fractals.tiles", "Tiles") as (found, _):
        yield found


def test_every_preset_is_shown_with_what_is_known_of_it(chromium: Any, address: str, tiles: Tiles) -> None:
    page = Page(chromium, address, tiles)
    names = list(PRESETS)
    for name in [*names[1:], names[0]]:
        page.do(lambda name=name: page.page.select_option("#preset", name))
        assert page.page.locator("#preset").input_value() == name
        np.testing.assert_array_equal(
            np.reshape(page.values["map"].split(","), (2, 6)).astype(float), PRESETS[name].quadratic
        )
        page.check()
        said = page.page.locator("#facts").inner_text()
        for fact, words in tiles.facts(tiles.read(page.values)).items():
            assert fact in said
            assert words in said
    page.page.context.close()


def test_palettes_filter_and_precision(chromium: Any, address: str, tiles: Tiles) -> None:
    page = Page(chromium, address, tiles)
    pictures = [page.pixels]
    for control, value in (("palette", "frost"), ("median", "yes"), ("precision", "auto")):
        assert page.do(lambda c=control, v=value: page.page.select_option(f"#{c}", v))[control] == value
        page.check()
        pictures.append(page.pixels)
    assert (pictures[1] != pictures[0]).mean() > 0.5
    assert (pictures[2] != pictures[1]).any()
    assert "float32" in page.page.locator("#facts").inner_text()
    page.page.context.close()


def test_coefficients_change_the_fractal(chromium: Any, address: str, tiles: Tiles) -> None:
    page = Page(chromium, address + "?" + _EDGE, tiles)
    slider = page.page.locator('[aria-label="Coefficients: x\' x, slider"]')
    page.do(lambda: slider.fill("0.3"))
    found = page.do(lambda: page.page.fill("#map-8", "0.31"))
    assert found["map"] == "0,0.3,0,1,0,-1,0,0,0.31,0,2,0"
    page.check()
    page.do(lambda: page.page.fill("#map-6", "0.5"))
    assert page.values["map"] == "0,0.3,0,1,0,-1,0.5,0,0.31,0,2,0"
    assert (
        "heuristic" in page.page.locator("#facts").inner_text()
        or "certified" in page.page.locator("#facts").inner_text()
    )
    page.check()
    page.page.context.close()


def test_by_keys_one_comes_down_to_1e_20(chromium: Any, address: str, tiles: Tiles) -> None:
    """There the edge is between what converges and what escapes, as computed by differences from an orbit of many digits."""
    page = Page(chromium, address + "?" + _EDGE, tiles)
    found = page.do(page.key(*["+"] * 100))
    assert 1e-21 < float(found["width"]) < 1.2e-20
    picture = page.pixels.astype(int)
    is_green, is_blue = (picture[..., 1] > picture[..., 2] + 20), (picture[..., 2] > picture[..., 1] + 20)
    assert is_green.mean() > 0.05
    assert is_blue.mean() > 0.05
    assert "as many digits" in page.page.locator("#facts").inner_text()
    page.check()
    page.page.context.close()


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("map=1,2,3", "number 4 of the map is no number"),
        ("iterations=0", "iterations is a whole number from 1 to 100,000; this is 0"),
        ("x=2000000", "the centre of a view is within 1,000,000 of 0"),
    ],
)
def test_what_is_refused_is_shown_in_one_line(chromium: Any, address: str, tiles: Tiles, query: str, line: str) -> None:
    page = Page(chromium, f"{address}?{query}", tiles)
    page.until("!error.hidden")
    assert page.page.locator("#error").inner_text().startswith(line)
    assert "\n" not in page.page.locator("#error").inner_text()
    page.page.context.close()
