"""Views at any depth: against arithmetic with many digits by a library of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, localcontext
from types import SimpleNamespace

import numpy as np
import pytest

from simkit.backends import Kernels
from simkit.errors import ParameterError
from simkit.fractals.reference import ReferenceOrbit
from simkit.fractals.scene import Scene
from simkit.fractals.view import View
from simkit.kernels import escape
from simkit.kernels.escape.cases import JULIA, julia_regions, no_regions

mpmath = pytest.importorskip("mpmath")

ON = Kernels.load((escape.KERNEL,), "cpu")
REGIONS = julia_regions()

#: w^2 + i with w = z + s, moved by -s: a dendrite, which has the critical point -s and all that leads to it
SHIFT = 0.625 + 0.375j
_S2 = SHIFT * SHIFT + 1j - SHIFT
DENDRITE = np.array(
    [[_S2.real, 2 * SHIFT.real, -2 * SHIFT.imag, 1, 0, -1], [_S2.imag, 2 * SHIFT.imag, 2 * SHIFT.real, 0, 2, 0]]
)
BEYOND_4 = no_regions(1)._replace(radius2=np.array([16.0]))

#: w^2 - 1: all that is not beyond comes to 0 and -1, at a speed that doubles the digits
SQUARE = np.array([[-1.0, 0, 0, 1, 0, -1], [0, 0, 0, 0, 2, 0]])


def decimals(z) -> tuple[Decimal, Decimal]:
    return Decimal(mpmath.nstr(z.real, 140)), Decimal(mpmath.nstr(z.imag, 140))


@pytest.fixture(scope="module")
def boundary() -> tuple[Decimal, Decimal]:
    """A point of the Julia set of JULIA to 140 digits: one of those that come to the fixed point that repels."""
    with mpmath.workdps(160):
        multiplier = mpmath.mpc(0.5, 0.4)
        z = 1 - multiplier
        for sign in (-1, 1, 1, -1, 1):
            z = -multiplier / 2 + sign * mpmath.sqrt(multiplier**2 / 4 + z)
        return decimals(z)


@pytest.fixture(scope="module")
def critical() -> tuple[Decimal, Decimal]:
    """A point that DENDRITE brings to its critical point in two steps, to 140 digits."""
    with mpmath.workdps(160):
        w = mpmath.sqrt(mpmath.sqrt(mpmath.mpc(0, -1)) - mpmath.mpc(0, 1))
        return decimals(w - mpmath.mpc(SHIFT))


def fate(quadratic, regions, x, y, max_iterations: int) -> tuple[int, int]:
    """Return class and count of a point, by mpmath in its present precision."""
    (a0, a1, a2, a3, a4, a5), (b0, b1, b2, b3, b4, b5) = [[mpmath.mpf(float(c)) for c in row] for row in quadratic]
    cx, cy, l11, l12, l22 = map(float, regions.ellipses[0, 0])
    for t in range(max_iterations + 1):
        if not np.isnan(cx) and (l11 * (x - cx) + l12 * (y - cy)) ** 2 + (l22 * (y - cy)) ** 2 < 1:
            return (escape.CONVERGED if regions.is_certified[0] else escape.CONVERGED_HEURISTIC), t
        if x * x + y * y > float(regions.radius2[0]):
            return escape.ESCAPED, t
        x, y = (
            a0 + a1 * x + a2 * y + a3 * x * x + a4 * x * y + a5 * y * y,
            b0 + b1 * x + b2 * y + b3 * x * x + b4 * x * y + b5 * y * y,
        )
    return escape.UNDECIDED, max_iterations


def exact(scene: Scene, digits: int, pixels: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return class and count of pixels (row, column), by mpmath."""
    (height, width), view = scene.shape, scene.view
    with mpmath.workdps(digits):
        pixel = mpmath.mpf(str(view.width)) / width
        x, y = mpmath.mpf(str(view.x)), mpmath.mpf(str(view.y))
        return [
            fate(
                scene.quadratic,
                scene.regions,
                x + (j - mpmath.mpf(width - 1) / 2) * pixel,
                y + (mpmath.mpf(height - 1) / 2 - i) * pixel,
                scene.max_iterations,
            )
            for i, j in pixels
        ]


def drawn_pixels(shape: tuple[int, int], n: int = 200) -> list[tuple[int, int]]:
    chance = np.random.default_rng(3)
    return [(int(i), int(j)) for i, j in zip(*(chance.integers(side, size=n) for side in shape), strict=True)]


def at(found: escape.Outcome, pixels: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(int(found.classes[pixel]), int(found.counts[pixel])) for pixel in pixels]


@pytest.mark.parametrize(
    ("width", "digits"),
    [
        pytest.param("1e-12", 60, marks=pytest.mark.slow),  # where float64 alone does it, too
        ("1e-20", 60),
        ("1e-26", 60),
        pytest.param("1e-50", 90, marks=pytest.mark.slow),
        pytest.param("1e-100", 150, marks=pytest.mark.slow),
    ],
)
def test_200_of_200_pixels_are_those_of_60_digits(boundary, width: str, digits: int) -> None:
    shape = (48, 64)
    scene, pixels = Scene(JULIA, REGIONS, View(*boundary, width), shape, 2000), drawn_pixels(shape)
    wanted = exact(scene, digits, pixels)
    assert len({what for what, _ in wanted}) == 2, "both sides of the boundary are there"
    assert scene.method == "perturbation"
    assert at(scene.compute(ON), pixels) == wanted
    plain = ON.escape.escape(JULIA[None], scene.view.window(shape)[None], shape, REGIONS, 2000)
    plain = escape.Outcome(plain.classes[0], plain.counts[0])
    n_equal = sum(a == b for a, b in zip(at(plain, pixels), wanted, strict=True))
    assert width == "1e-12" or n_equal < 20, "float64 alone does not do it"


@pytest.mark.parametrize("width", ["1e-13", *(pytest.param(w, marks=pytest.mark.slow) for w in ("1e-30", "1e-90"))])
@pytest.mark.parametrize("is_beside", [False, True])
def test_pixels_that_pass_by_a_critical_point(critical, width: str, is_beside: bool) -> None:
    """Their images are of the order of the square of their side: the orbit needs twice the digits."""
    x, y = critical
    with localcontext(prec=150):
        x += Decimal(width) * Decimal("0.37") * is_beside
    scene = Scene(DENDRITE, BEYOND_4, View(x, y, width), (49, 65), 3000)
    pixels = drawn_pixels(scene.shape)
    wanted = exact(scene, 240, pixels)
    assert len({count for _, count in wanted}) > 5
    assert at(scene.compute(ON), pixels) == wanted


def test_where_both_methods_work_they_agree(boundary) -> None:
    view, shape = View(*boundary, Decimal("1e-7")), (60, 80)
    plain, deep = Scene(JULIA, REGIONS, view, shape, 500), Scene(JULIA, REGIONS, view, shape, 500)
    object.__setattr__(deep, "method", "perturbation")
    found, wanted = deep.compute(ON), plain.compute(ON)
    assert plain.method == "float64"
    assert len(np.unique(wanted.counts)) > 5
    assert np.mean(found.counts != wanted.counts) < 1e-3


def glitched() -> tuple[Scene, range, list[tuple[int, int]]]:
    """Return a view of the critical point 0 of SQUARE, far off its centre, rows about it, and pixels close to it.

    Orbits come by 0 at every second step. A pixel k sides from 0 has there, in the end, a distance from 0 of the order
    of k^8 where the centre has n^8, and that is what rounding is a part of.
    """
    ellipses = np.array([[[0, 0, 1e124, 0, 1e124]]])
    regions = no_regions(1)._replace(ellipses=ellipses, radius2=np.array([9.0]), is_certified=np.ones(1, bool))
    scene = Scene(SQUARE, regions, View("390e-16", "390e-16", "801e-16"), (801, 801), 12)
    return scene, range(785, 796), [(790 + i, 10 + j) for i in range(-5, 6) for j in range(-8, 9)]


def test_glitched_pixels_get_an_orbit_of_their_own(monkeypatch) -> None:
    scene, rows, pixels = glitched()
    wanted, asked = exact(scene, 400, pixels), []

    class Counting:
        escape = SimpleNamespace(perturb=lambda *a: asked.append(len(a[2])) or ON.escape.perturb(*a))
        to_host = staticmethod(ON.to_host)

    local = [(i - rows.start, j) for i, j in pixels]
    assert at(scene.compute(Counting(), rows), local) == wanted
    assert asked[0] == len(rows) * 801
    assert len(asked) > 1
    reference = Kernels.load((escape.KERNEL,), "reference")
    assert at(scene.compute(reference, rows), local) == wanted
    monkeypatch.setattr(reference.escape, "LOST", np.inf)
    assert at(scene.compute(reference, rows), local) != wanted, "without that, pixels are wrong"


def test_an_orbit_becomes_longer_where_pixels_need_that() -> None:
    """About a fixed point that repels by 1.01 a step, it takes thousands of steps until pixels of 1e-19 are apart."""
    quadratic = np.array([[0, 1.01, 0, 1, 0, -1], [0, 0, 1.01, 0, 2, 0]])
    scene = Scene(quadratic, BEYOND_4, View("0", "0", "1e-18"), (6, 7), 6000)
    found = scene.compute(ON)
    (orbit,) = scene._orbits.values()
    assert 1000 < len(orbit.states) <= 6001
    pixels = [(0, 6), (2, 5)]
    assert at(found, pixels) == exact(scene, 50, pixels)
    assert found.counts[0, 6] > 4000


def test_threads_may_ask_for_one_orbit_at_once(boundary) -> None:
    orbits = [ReferenceOrbit(JULIA, *boundary, Decimal("1e-20")) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(orbits[0].extend, [300, 500, 400, 600, 350, 700, 450, 650]))
    orbits[1].extend(700)
    assert np.array_equal(orbits[0].states, orbits[1].states)


def test_orbits_that_leave_the_numbers_end() -> None:
    """Nothing decides but that there is no number any more: with all other pixels, that of the orbit is decided."""
    scene = Scene(SQUARE, no_regions(1), View("3", "0.5", "1e-30"), (5, 5), 100)
    found = scene.compute(ON)
    assert (found.classes == escape.ESCAPED_HEURISTIC).all()
    assert len(np.unique(found.counts)) == 1
    (orbit,) = scene._orbits.values()
    assert orbit.is_ended
    assert len(orbit.states) < 20


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


def test_an_edge_of_counts_is_as_sharp_as_float64() -> None:
    """Half of this view is beyond the radius from the first; float64 does not tell that half, and is off by one step."""
    beyond_2 = no_regions(1)._replace(radius2=np.array([4.0]))
    scene = Scene(JULIA, beyond_2, View(Decimal(2), Decimal(0), Decimal("1e-20")), (1, 8), 50)
    found, wanted = scene.compute(ON), exact(scene, 60, [(0, j) for j in range(8)])
    assert {count for _, count in wanted} == {0, 1}
    assert found.classes[0].tolist() == [kind for kind, _ in wanted]
    assert abs(found.counts[0] - [count for _, count in wanted]).max() == 1
