"""Views at any depth: against arithmetic with many digits by a library of its own."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from simkit.backends import Kernels
from simkit.errors import ParameterError
from simkit.fractals.scene import Scene
from simkit.fractals.view import View
from simkit.kernels import escape
from simkit.kernels.escape.cases import JULIA, julia_regions, no_regions

mpmath = pytest.importorskip("mpmath")

ON = Kernels.load((escape.KERNEL,), "cpu")
REGIONS = julia_regions()


@pytest.fixture(scope="module")
def boundary() -> tuple[Decimal, Decimal]:
    """A point of the Julia set to 130 digits, by bisection between a point that converges and one that escapes."""
    with mpmath.workdps(150):
        inside, outside = mpmath.mpc(0), mpmath.mpc(1.1, 0.9)
        while abs(outside - inside) > mpmath.mpf(10) ** -135:
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if fate(middle)[0] == escape.CONVERGED else (inside, middle)
        return Decimal(mpmath.nstr(inside.real, 140)), Decimal(mpmath.nstr(inside.imag, 140))


def fate(z, max_iterations: int = 100_000) -> tuple[int, int]:
    """Return class and count of a point, by mpmath in its present precision."""
    multiplier, size = mpmath.mpc(0.5, 0.4), (0.5**2 + 0.4**2) ** 0.5
    for t in range(max_iterations):
        if abs(z) < 1 - size:
            return escape.CONVERGED, t
        if abs(z) > 1 + size:
            return escape.ESCAPED, t
        z = z * z + multiplier * z
    return escape.UNDECIDED, max_iterations


def exact(view: View, shape: tuple[int, int], digits: int, pixels: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return class and count of pixels (row, column), by mpmath."""
    with mpmath.workdps(digits):
        pixel = mpmath.mpf(str(view.width)) / shape[1]
        x, y = mpmath.mpf(str(view.x)), mpmath.mpf(str(view.y))
        return [
            fate(mpmath.mpc(x + (j - (shape[1] - 1) / 2) * pixel, y + ((shape[0] - 1) / 2 - i) * pixel))
            for i, j in pixels
        ]


@pytest.mark.parametrize(
    ("width", "digits"),
    [("1e-12", 60), ("1e-20", 60), ("1e-26", 60), pytest.param("1e-100", 150, marks=pytest.mark.slow)],
)
def test_200_of_200_pixels_are_those_of_60_digits(boundary, width: str, digits: int) -> None:
    shape, chance = (48, 64), np.random.default_rng(3)
    view = View(*boundary, Decimal(width))
    pixels = [
        (int(i), int(j)) for i, j in zip(chance.integers(48, size=200), chance.integers(64, size=200), strict=True)
    ]
    wanted = exact(view, shape, digits, pixels)
    assert len({fate for fate, _ in wanted}) == 2, "both sides of the boundary are there"
    deep = Scene(JULIA, REGIONS, view, shape, 2000)
    assert deep.method == "perturbation"
    found = deep.compute(ON)
    assert [(int(found.classes[at]), int(found.counts[at])) for at in pixels] == wanted
    plain = ON.escape.escape(JULIA[None], view.window(shape)[None], shape, REGIONS, 2000)
    n_equal = sum(
        (int(plain.classes[0][at]), int(plain.counts[0][at])) == want for at, want in zip(pixels, wanted, strict=True)
    )
    if width != "1e-12":  # there float64 still tells the pixels apart
        assert n_equal < 100, "float64 alone does not do it"


def test_where_both_methods_work_they_agree(boundary) -> None:
    view, shape = View(*boundary, Decimal("1e-9")), (60, 80)
    plain, deep = Scene(JULIA, REGIONS, view, shape, 500), Scene(JULIA, REGIONS, view, shape, 500)
    object.__setattr__(deep, "method", "perturbation")
    found, wanted = deep.compute(ON), plain.compute(ON)
    assert plain.method == "float64"
    assert len(np.unique(wanted.counts)) > 5
    assert np.mean(found.counts != wanted.counts) < 1e-3


def test_glitched_pixels_get_an_orbit_of_their_own() -> None:
    """One pixel of this view has, but for a part in 1e8, the image of the centre beyond the critical point of z^2 - 1."""
    square = np.array([[-1.0, 0, 0, 1, 0, -1], [0, 0, 0, 0, 2, 0]])
    regions = no_regions(1)._replace(radius2=np.array([6.0]))
    view = View("1." + "0" * 19 + "500000001", 0, "31e-20")
    scene = Scene(square, regions, view, (31, 31), 100)
    asked = []

    class Counting:
        escape = SimpleNamespace(perturb=lambda *a: asked.append(len(a[2])) or ON.escape.perturb(*a))
        to_host = staticmethod(ON.to_host)

    scene.compute(Counting())
    assert asked[0] == 31 * 31
    assert len(asked) > 1


def test_bands_are_the_picture() -> None:
    view, shape = View("0.1", "-0.2", "1.5"), (40, 50)
    whole = Scene(JULIA, REGIONS, view, shape, 300).compute(ON)
    parts = [Scene(JULIA, REGIONS, view, shape, 300).compute(ON, rows) for rows in (range(16), range(16, 40))]
    assert np.mean(np.concatenate([part.counts for part in parts]) != whole.counts) < 0.01


@pytest.mark.parametrize(
    ("x", "y", "width", "says"),
    [
        ("0", "0", "0", "above 0"),
        ("0", "0", "-1", "above 0"),
        ("nan", "0", "1", "finite"),
        ("0", "inf", "1", "finite"),
        ("0", "0", "1e-101", "no deeper zoom"),
        ("0", "0", "1e-999999999", "no deeper zoom"),
        ("0", "0", "1e7", "at most"),
        ("1e7", "0", "1", "within"),
        ("zero", "0", "1", "is a number"),
        ("0" * 300, "0", "1", "at most 200 characters"),
        (None, "0", "1", "is a number"),
    ],
)
def test_views_that_are_refused(x, y, width, says: str) -> None:
    with pytest.raises(ParameterError, match=says) as error:
        View(x, y, width)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("shape", [(0, 5), (10**6, 10**6), (2**16, 1), (5, -1)])
def test_pictures_that_are_refused(shape) -> None:
    with pytest.raises(ParameterError, match="a picture has"):
        Scene(JULIA, REGIONS, View(0, 0, 4), shape)


def test_float32_is_refused_where_it_does_not_do() -> None:
    with pytest.raises(ParameterError, match="float32 does not tell"):
        Scene(JULIA, REGIONS, View(0, 0, "1e-5"), (100, 100), precision="float32")
    assert Scene(JULIA, REGIONS, View(0, 0, 4), (100, 100), precision="auto").method == "float32"
    assert Scene(JULIA, REGIONS, View(0, 0, "1e-5"), (100, 100), precision="auto").method == "float64"
