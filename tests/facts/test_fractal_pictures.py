"""Pictures of fractals: what a pixel is does not depend on how the work is divided, and samples average in linear light."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_colours import linear

from simkit.backends import Kernels
from simkit.errors import ParameterError, StoreError, UnknownNameError
from simkit.figures.sheet import GAP, LINE
from simkit.fractals import maps, palettes, pictures, render, subject
from simkit.fractals.palettes import Exposure
from simkit.fractals.presets import FOUND, PRESETS
from simkit.fractals.render import Look
from simkit.fractals.subject import KERNELS
from simkit.kernels.escape import CLASSES, CONVERGED, ESCAPED, UNDECIDED

ROOT = Path(__file__).parent.parent.parent
ON = Kernels.load(KERNELS, "cpu")
FIXED = Exposure((0, 40), (0, 20))


def scene(name="julia-rabbit", shape=(48, 64), **asked):
    return subject.scene(subject.subject(name), ON, shape, **asked)[0]


def test_a_picture_does_not_depend_on_threads(monkeypatch):
    monkeypatch.setattr(render, "_BAND", 64 * 5)  # ten bands
    one, three = (render.render(scene(), Look(), ON, n) for n in (1, 3))
    assert np.array_equal(one.pixels, three.pixels)
    assert np.array_equal(one.n_samples, three.n_samples)


@pytest.mark.parametrize("band", [1, 64, 64 * 7, 10**6])
def test_bands_are_parts_of_the_whole(monkeypatch, band):
    """In a view whose pixels are at multiples of a power of two, no sample is rounded."""
    at = {"centre": (Decimal(0), Decimal(0)), "width": Decimal(4)}
    whole = scene(**at).compute(ON)
    monkeypatch.setattr(render, "_BAND", band)
    found = render.render(scene(**at), Look(exposure=FIXED), ON, 2)
    assert np.array_equal(found.pixels, palettes.coloured(*whole, of=FIXED))
    assert np.array_equal(found.n_samples, np.bincount(whole.classes.ravel(), minlength=len(CLASSES)))


def test_backends_draw_the_same():
    small = scene(shape=(12, 16), max_iterations=60)
    cpu, reference = (
        render.render(small, Look(supersample=2), Kernels.load(KERNELS, name)) for name in ("cpu", "reference")
    )
    assert np.array_equal(cpu.pixels, reference.pixels)


@pytest.mark.parametrize("n", [2, 3])
def test_supersampling_is_the_mean_of_a_finer_picture_in_linear_light(n):
    coarse = render.render(scene(shape=(20, 32)), Look(supersample=n, exposure=FIXED), ON).pixels
    fine = render.render(scene(shape=(20 * n, 32 * n)), Look(exposure=FIXED), ON).pixels
    light = np.stack([linear(tuple(colour)) for colour in fine.reshape(-1, 3)]).reshape(20, n, 32, n, 3).mean((1, 3))
    assert abs(palettes.encoded(light).astype(int) - coarse).max() <= 1  # colours of the finer one are rounded
    naive = fine.reshape(20, n, 32, n, 3).mean((1, 3)).round()
    assert abs(naive - coarse).max() > 5


def test_the_median_is_that_of_nine_pixels():
    pixels = np.random.default_rng(3).integers(0, 256, (9, 13, 3)).astype(np.uint8)
    padded = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    nine = [padded[i : i + 9, j : j + 13] for i in range(3) for j in range(3)]
    assert np.array_equal(render.median(pixels), np.median(nine, axis=0))


def test_the_median_removes_dust():
    dusty = np.zeros((8, 8, 3), np.uint8)
    dusty[2::4, 2::4] = 255
    assert not render.median(dusty).any()
    drawn = [
        render.render(scene(), Look(is_median=is_median, exposure=FIXED), ON).pixels for is_median in (False, True)
    ]
    assert np.array_equal(render.median(drawn[0]), drawn[1])


def test_numbers_presets_and_rows_are_told_apart(tmp_path):
    rabbit = subject.subject("julia-rabbit")
    again = subject.subject(rabbit.numbers)
    assert np.array_equal(again.quadratic, rabbit.quadratic)
    assert again.square is None
    with pytest.raises(UnknownNameError, match="did you mean 'henon'"):
        subject.subject("hennon")
    with pytest.raises(ParameterError, match="a row is of a data set"):
        subject.subject("henon", 3)
    with pytest.raises(StoreError):
        subject.subject("none.zarr")
    with pytest.raises(ParameterError, match="rows are of a data set"):
        subject.subjects(["henon"], [1])
    assert [each.name for each in subject.subjects([])] == list(FOUND)


def test_a_view_that_is_looked_for_holds_what_does_not_escape():
    multiplier = PRESETS["julia-rabbit"].quadratic[0, 1:3] * (1, -1)
    found = subject.scene(subject.subject(subject.subject("julia-rabbit").numbers), ON, (64, 96))[0]
    assert np.allclose([float(found.view.x), float(found.view.y)], -multiplier / 2, atol=0.05)
    classes = found.compute(ON).classes
    edge = np.concatenate((classes[0], classes[-1], classes[:, 0], classes[:, -1]))
    assert (edge == ESCAPED).all()
    assert (classes == CONVERGED).mean() > 0.1


def test_nothing_is_computed_before_all_is_known_to_be_right(monkeypatch):
    def never(*_args, **_options):
        raise AssertionError("computed")

    monkeypatch.setattr(subject, "regions", never)
    for asked in (
        {"width": Decimal(0)},
        {"zoom": Decimal("1e300")},
        {"max_iterations": 0},
        {"precision": "float32", "zoom": Decimal("1e9")},
        {"centre": (Decimal("1e9"), Decimal(0))},
        {"shape": (10**6, 10**6)},
    ):
        with pytest.raises(ParameterError):
            scene(**asked)
    monkeypatch.undo()
    large = replace(scene(), shape=(6000, 8000))
    monkeypatch.setattr(render, "_exposure", never)
    with pytest.raises(ParameterError, match="64,000 x 48,000 samples"):
        render.render(large, Look(supersample=8), ON)
    with pytest.raises(ParameterError, match="1 to 16; this is 17"):
        Look(supersample=17)


def test_the_henon_basin_has_no_converging_point():
    found = render.render(scene("henon"), Look(), ON)
    assert found.n_samples[CONVERGED] == 0
    assert found.n_samples[UNDECIDED] > 0.1 * found.n_samples.sum()
    assert found.shares == (
        f"{100 * found.n_samples[ESCAPED] / 3072:.1f} % escaped, {100 * found.n_samples[UNDECIDED] / 3072:.1f} % undecided"
    )


def test_a_gallery_has_a_panel_for_each():
    of = [(each, each.look) for each in subject.subjects(["henon", "julia-smooth"])]
    sheet = pictures.gallery(of, ON, (32, 40), columns=2)
    assert [panel.cells.shape for panel in sheet.panels] == [(32, 40, 3)] * 2
    assert [panel.captions[0] for panel in sheet.panels] == ["henon", "julia-smooth"]
    with pytest.raises(ParameterError, match="1 to 144 pictures"):
        pictures.gallery([], ON, (32, 40))
    with pytest.raises(ParameterError, match="at most 2,048 pixels a side"):
        pictures.gallery(of, ON, (32, 4000))


def test_the_gallery_of_the_pages_is_that_of_the_presets():
    """Two of its twelve pictures, a whole set and a window: within what libraries of elementary functions differ by."""
    page = (ROOT / "docs" / "worlds" / "fractals.md").read_text("utf-8")
    assert "simkit fractal gallery --columns 4 --size 440x440 --supersample 4 --out fractals.png" in page
    with Image.open(ROOT / "docs" / "fractals.png") as opened:
        sheet = np.asarray(opened.convert("RGB")).astype(int)
    names = list(FOUND)
    for name in ("wing", "parasol"):
        row, column = divmod(names.index(name), 4)
        of = subject.subject(name)
        drawn = render.render(subject.scene(of, ON, (440, 440))[0], replace(of.look, supersample=4), ON).pixels
        left, top = GAP + column * (440 + GAP), GAP + 22 + row * (440 + GAP + LINE + 4)
        assert abs(sheet[top : top + 440, left : left + 440] - drawn).max() <= 2


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_what_they_say(name):
    """Those that were found are certified both ways; windows are of maps that are there."""
    scene_, certificate = subject.scene(subject.subject(name), ON, (48, 48))
    classes = scene_.compute(ON).classes
    if name in FOUND:
        assert (certificate.converging, certificate.escaping) == ("certified", "certified")
        assert min((classes == CONVERGED).mean(), (classes == ESCAPED).mean()) > 0.05
    elif name.startswith("julia"):
        assert certificate.converging == "certified"
        assert {CONVERGED, ESCAPED} == set(np.unique(classes).tolist())
    else:
        assert (classes == UNDECIDED).mean() > 0.05


def test_the_preset_ring_has_a_ring():
    """An orbit from near 0 turns around 0 for ever, on a curve: at an angle there is one radius."""
    quadratic, z = PRESETS["ring"].quadratic, np.array([0.05, 0.0])
    orbit = np.array([z := maps.apply(quadratic, z) for _ in range(16_000)])[4_000:]
    radius, angle = np.hypot(*orbit.T), np.arctan2(orbit[:, 1], orbit[:, 0])
    order = np.argsort(angle)
    assert np.diff(angle[order]).max() < 0.01
    assert abs(np.diff(radius[order])).max() < 0.002
    assert radius.max() - radius.min() > 0.03
