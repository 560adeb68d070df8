"""Fixed points, attracting cycles, and what a certificate says of a map."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from simkit.backends import Kernels
from simkit.errors import SimkitError
from simkit.fractals.certificate import regions
from simkit.fractals.cone import cone
from simkit.fractals.cycles import attracting, fixed_points
from simkit.fractals.maps import apply, julia, parse
from simkit.fractals.quartic import fixed_points as all_fixed_points
from simkit.kernels import basin, escape

ON = Kernels.load((basin.KERNEL,), "cpu")
HENON = parse("1,0,1,-1.4,0,0, 0,0.3,0,0,0,0")


def quadratic(c: complex) -> np.ndarray:
    """Return z^2 + c."""
    c = complex(c)
    return np.array([[c.real, 0, 0, 1, 0, -1], [c.imag, 0, 0, 0, 2, 0]])


def conjugated(map_: np.ndarray, by: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return g = h f h^-1 for h(x) = by x + shift, from its values at six points."""
    points = np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1], [1, 1]], float)
    values = apply(map_, (points - shift) @ np.linalg.inv(by).T) @ by.T + shift
    x, y = points.T
    return np.linalg.solve(np.stack((x**0, x, y, x * x, x * y, y * y), axis=1), values).T


def test_all_four_fixed_points_solve_both_conics():
    maps = np.random.default_rng(1).normal(size=(500, 2, 6))
    real, imaginary = all_fixed_points(maps)
    x, y = np.moveaxis(real + 1j * imaginary, -1, 0)
    terms = np.stack((x**0, x, y, x * x, x * y, y * y), axis=-1)
    missed = np.einsum("nij,nkj->nki", maps, terms) - np.stack((x, y), axis=-1)
    assert (abs(missed).max(axis=2) < 1e-12 * (1 + abs(x) ** 2 + abs(y) ** 2)).all()
    apart = abs(x[:, :, None] - x[:, None]) + abs(y[:, :, None] - y[:, None]) + 9 * np.eye(4)
    assert apart.min() > 1e-3


def test_fixed_points_at_infinity_are_none():
    """The Henon map has two at infinity, and (x y, x^2) one, however they are turned, scaled and moved."""
    draw = np.random.default_rng(2)
    for map_, n in ((HENON, 2), (parse("0.5,0.1,1,0,1,0, 0,0.3,0.2,1,0,0"), 3)):
        for _ in range(15):
            t, scale = draw.uniform(0, 7), 10 ** draw.uniform(-2, 2)
            by = scale * np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
            turned = conjugated(map_, by, scale * draw.normal(size=2))
            everything, real = fixed_points(turned)
            assert np.isfinite(everything).all(axis=1).sum() == n
            assert len(real) == len(fixed_points(map_)[1])
            for cycle in real:
                assert np.allclose(apply(turned, cycle.points), cycle.points, rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize(
    ("map_", "wanted"),
    [
        (HENON, [((0.6313544770895047, 0.1894063431268514), (-1.923738858, 0.155946322)), ((-1.1313544770895048, -0.3394063431268514), None)]),
        (julia(0.5 + 0.3j), [((0, 0), (0.5 + 0.3j, 0.5 - 0.3j)), ((0.5, -0.3), None)]),
        # x' = 2.5 x (1 - x), y' = 2.8 y (1 - y): two have the same x, and two the same y
        (parse("2.5,0,-2.5,0,0, 0,2.8,0,0,-2.8"), [((0.6, 9 / 14), (-0.8, -0.5)), ((0, 0), None), ((0.6, 0), None), ((0, 9 / 14), None)]),
        (parse("1,.5,.1,0,0,0, 2,.1,.5,0,0,0"), [((35 / 12, 55 / 12), (0.6, 0.4))]),
        (np.zeros((2, 6)), [((0, 0), (0, 0))]),
        (parse("1,1,0,0,0,0, 0,0,.5,0,0,0"), []),
        (quadratic(1), [((0.5, 0.75**0.5), None), ((0.5, -(0.75**0.5)), None)]),
        (parse("1,1,0,1,0,0, 0,0,.5,0,0,0"), []),
    ],
)  # fmt: skip
def test_real_fixed_points(map_, wanted):
    everything, found = fixed_points(map_)
    assert everything.shape == (4, 2)
    assert len(found) == len(wanted)
    for point, eigenvalues in wanted:
        (cycle,) = [cycle for cycle in found if np.allclose(cycle.points[0], point, rtol=0, atol=1e-14)]
        assert cycle.period == 1
        if eigenvalues:
            assert np.allclose(cycle.eigenvalues, eigenvalues, atol=1e-9)


#: middles of discs and of a cardioid of the Mandelbrot set, where the cycle has the multiplier 0
CENTRES = {1: 0, 2: -1, 3: -0.12256116687665362 + 0.7448617666197442j, 4: -1.3107026413368328, 5: -1.6254137251233037}


@pytest.mark.parametrize("period", CENTRES)
def test_cycles_of_polynomials_of_a_complex_number(period):
    """In the plane of z, and where it is sheared and moved; with a multiplier of 0 and beside it."""
    shear, shift = np.array([[1.0, 0.7], [-0.2, 0.5]]), np.array([0.3, -1.1])
    for c in (CENTRES[period], CENTRES[period] + 1e-3):
        for map_ in (quadratic(c), conjugated(quadratic(c), shear, shift)):
            (cycle,) = attracting(map_[None], max_period=8)[0]
            assert cycle.period == period
            assert np.allclose(apply(map_, cycle.points), np.roll(cycle.points, -1, axis=0), atol=1e-14)
            found, (certificate,) = regions(map_[None], ON)
            assert certificate.is_proved == (True,)
            assert found.is_certified.all()
            assert np.isfinite(found.ellipses).all()
            _check_ellipses(map_, found.ellipses[0])


def _check_ellipses(map_: np.ndarray, ellipses: np.ndarray) -> None:
    """Fail unless each ellipse is mapped into the next, and its points come to the cycle."""
    t = np.linspace(0, 2 * np.pi, 100) + np.zeros((len(ellipses), 1))
    x, y, l11, l12, l22 = ellipses.T[..., None]
    dy = np.sin(t) * (1 - 1e-12) / l22
    points = np.stack((x + (np.cos(t) * (1 - 1e-12) - l12 * dy) / l11, y + dy), axis=-1)
    for step in range(1, 2000):
        points = apply(map_, points)
        x, y, l11, l12, l22 = np.roll(ellipses, -step, axis=0).T[..., None]
        u, v = l11 * (points[..., 0] - x) + l12 * (points[..., 1] - y), l22 * (points[..., 1] - y)
        assert (u * u + v * v < 1).all()
        if (u * u + v * v < 1e-12).all():
            return
    pytest.fail("they do not")


def test_cycles_of_maps_that_are_not_complex():
    """Two logistic maps with a little of each other, whose cycles have the periods that the rates are known for."""
    for rate, period in ((2.9, 1), (3.3, 2), (3.5, 4), (3.5547, 8), (3.8319, 3), (3.7389, 5)):
        map_ = parse(f"{rate},0.001,{-rate},0,0, 0.001,0.4,0,0,0.1")
        (cycle,) = [cycle for cycle in attracting(map_[None])[0] if abs(cycle.points[:, 1]).max() < 0.01]
        assert cycle.period == period
        found, (certificate,) = regions(map_[None], ON)
        assert certificate.is_proved == (True,)
        _check_ellipses(map_, found.ellipses[0])


def test_a_fixed_point_that_is_not_0_of_a_map_without_constants():
    """Of x' = 2.5 x (1 - x), y' = 2.8 y (1 - y) 0 repels, and (0.6, 9/14) attracts."""
    found, (certificate,) = regions(parse("2.5,0,-2.5,0,0, 0,2.8,0,0,-2.8")[None], ON)
    assert np.allclose(found.ellipses[0, 0, :2], (0.6, 9 / 14))
    assert certificate.converging == "certified"
    assert "the fixed point (0.6, 0.642857) (multiplier 0.8) is certified" in str(certificate)


def test_two_attractors_of_one_map_have_ellipses_each():
    """x' = 3.2 x (1 - x) and y' = 0.5 y + y^2: a cycle of period 2 at y = 0. x' = 0.5 x, y' = 0.5 y + y^2: 0 alone."""
    maps = np.array([parse("3.2,0,-3.2,0,0, 0,0.5,0,0,1"), parse("0.5,0,0,0,0, 0,0.5,0,0,1")])
    draw = np.random.default_rng(5).uniform(-1, 1, (100, 2, 6))
    several = [m for m, cycles in zip(draw, attracting(draw), strict=True) if len(cycles) > 1]
    assert several
    found, certificates = regions(np.array([*maps, several[0]]), ON)
    assert [len(certificate.cycles) for certificate in certificates] == [1, 1, 2]
    n_points = np.isfinite(found.ellipses[:, :, 0]).sum(axis=1)
    assert n_points.tolist() == [2, 1, sum(cycle.period for cycle in certificates[2].cycles)]


def test_neutral_points_do_not_attract_and_rings_have_no_cycle():
    maps = np.array([julia(1), julia(np.exp(0.4j)), quadratic(0.25), quadratic(-0.75), HENON, quadratic(0.3)])
    assert attracting(maps) == [[]] * len(maps)
    found, certificates = regions(maps, ON)
    assert np.isnan(found.ellipses).all()
    assert not found.is_certified.any()
    for certificate in certificates:
        assert str(certificate).startswith("No attracting cycle of a period up to 12 was found.")


def test_where_nothing_is_proved_a_small_disc_is_heuristic():
    """An eigenvalue so near to 1 that 64 directions do not tell it, far from normal; or that float32 does not."""
    assert regions(julia(0.995)[None], ON)[1][0].converging == "certified"
    assert regions(julia(0.995)[None], ON, precision="float32")[1][0].converging == "heuristic"
    map_ = parse("0.9999,5,1,0,-1, 0,0.5,0.5,2,1")
    found, (certificate,) = regions(map_[None], ON)
    assert certificate.converging == "heuristic"
    assert not found.is_certified.any()
    assert "is heuristic: nothing is proved within the disc" in str(certificate)
    x, y, l11, l12, l22 = found.ellipses[0, 0]
    assert (x, y, l12) == (0, 0, 0)
    assert l11 == l22
    assert 1 / l11 < 1e-5


def test_the_cone_of_the_henon_map():
    """x < -R, |y| <= |b| |x| with R = 1.4286; every point of it escapes, further to the left with each step."""
    form, begins = cone(HENON)
    assert begins == pytest.approx(10 / 7, rel=1e-5)
    assert begins > 10 / 7
    assert np.allclose(form, (-0.7, 0, 0, -0.7 / 0.3), rtol=1e-5)
    draw = np.random.default_rng(6)
    x = -np.concatenate((np.full(500, begins * (1 + 1e-9)), begins * np.logspace(1e-9, 6, 500)))
    points = np.stack((x, draw.uniform(-0.3, 0.3, 1000) * x * (1 - 1e-5)), axis=-1)
    points[:250, 1] = 0.3 * x[:250] * (1 - 1e-5)
    with np.errstate(all="ignore"):
        for _ in range(100):
            u, v = form[0] * points[:, 0] + form[1] * points[:, 1], form[2] * points[:, 0] + form[3] * points[:, 1]
            is_seen = abs(points[:, 0]) < 1e150
            assert ((u > 1) & (abs(v) <= u))[is_seen].all()
            after = apply(HENON, points)
            assert (after[is_seen, 0] < points[is_seen, 0]).all()
            points = np.where(is_seen[:, None], after, points)
    assert not is_seen.any()


def test_no_radius_exists_for_the_henon_map():
    """0 stays bounded, and so do its preimages, which are as far away as one likes."""
    x, y = 0.0, 0.0
    for _ in range(6):
        x, y = y / 0.3, x - 1 + 1.4 * (y / 0.3) ** 2
    assert np.hypot(x, y) > 1e20
    orbit = np.zeros(2)
    for _ in range(10_000):
        orbit = apply(HENON, orbit)
        assert abs(orbit).max() < 1.5
    found, (certificate,) = regions(HENON[None], ON)
    assert np.isinf(found.radius2).all()
    assert certificate.escaping == "cone"
    assert certificate.bailout**2 == found.bailout2[0] < np.inf


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_cones_of_maps_like_henons():
    """Turned by quarters and scaled, with terms of all kinds: points far out in the cone escape; others have none."""
    draw = np.random.default_rng(7)
    for i in range(40):
        map_ = draw.uniform(-1, 1, (2, 6))
        l1, l2 = draw.integers(-3, 4, 2)
        vector = draw.integers(-4, 5, 2)
        map_[:, 3:] = vector[:, None] * np.array([l1 * l1, 2 * l1 * l2, l2 * l2])
        precision = ("float64", "float32")[i % 2]
        form, begins = cone(map_, precision)
        assert np.isfinite(begins) == bool(vector @ (l1, l2))
        if not np.isfinite(begins):
            continue
        inverse = np.linalg.inv(form.reshape(2, 2))
        u = np.repeat((1 + 1e-9) * np.logspace(0, 4, 50), 3)
        points = (np.stack((u, u * np.tile((-1, 0, 1), 50) * (1 - 1e-9)), axis=-1) @ inverse.T).astype(precision)
        for _ in range(4):
            points = apply(map_.astype(precision), points)
            after, v = (points @ form.reshape(2, 2).T).T
            is_seen = np.isfinite(after)
            assert (after > u)[is_seen].all()
            assert (abs(v) <= after)[is_seen].all()
            u = after
    for other in (
        parse("0,1,1,0,1, 0.3,0,0,0,0"),
        parse("0,1,0,1,0, 0.3,0,0,2,0"),
        julia(0.5),
        parse("0,1,0,0,1, 0.3,0,0,0,0"),
        np.zeros((2, 6)),
    ):
        assert np.isnan(cone(other)[0]).all()


def test_the_regions_are_those_of_the_kernel_escape():
    """A picture of z^2 + 0.5 z decided by them, whose points are followed for long without any region."""
    found, (certificate,) = regions(julia(0.5)[None], ON)
    assert certificate.escaping == "certified"
    window = np.array([[-1.8, -1.6, 3.6 / 24, 3.2 / 24]])
    module = escape.KERNEL.load("reference")
    outcome = module.escape(julia(0.5)[None], window, (24, 24), found, 500, "float64")
    x, y = np.meshgrid(-1.8 + np.arange(24) * 3.6 / 24, -1.6 + np.arange(24) * 3.2 / 24)
    points = np.stack((x, y), axis=-1)
    with np.errstate(all="ignore"):
        for _ in range(2000):
            points = apply(julia(0.5), points)
    wanted = np.where((abs(points) < 1e-9).all(axis=-1), escape.CONVERGED, escape.ESCAPED)
    assert np.array_equal(outcome.classes[0], wanted)
    assert set(np.unique(wanted)) == {escape.CONVERGED, escape.ESCAPED}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: attracting(HENON), "many maps have the shape"),
        (lambda: attracting(HENON[None], 0), "the longest period is a whole number from 1 to 256; this is 0"),
        (lambda: fixed_points(HENON[None]), "one map has the shape"),
        (lambda: regions(HENON[None], ON, rounds=-1), "the number of rounds is a whole number from 0 to 1,000"),
        (lambda: regions(HENON[None] * np.nan, ON), "coefficients of maps are finite"),
        (lambda: regions(HENON[None], ON, precision="float16"), "there is no precision 'float16'"),
    ],
)
def test_what_is_refused(call, said):
    with pytest.raises(SimkitError, match=said):
        call()


def test_no_maps_have_no_regions():
    found, certificates = regions(np.zeros((0, 2, 6)), ON)
    assert certificates == []
    assert found.ellipses.shape == (0, 1, 5)


_DIGEST = """
import hashlib
import numpy as np
from simkit.fractals.cone import cone
from simkit.fractals.cycles import attracting
maps = (np.arange(40 * 12) * 7919 % 1009 / 504.5 - 1).reshape(40, 2, 6)
text = [(c.points.tolist(), c.eigenvalues.tolist()) for of in attracting(maps) for c in of]
print(len(text), hashlib.sha256(repr(text).encode()).hexdigest())
"""


def test_cycles_have_the_same_bits_where_numpy_uses_other_instructions():
    """With all that NumPy can leave out: AVX2, AVX-512 and fused multiply-adds."""
    features = np._core._multiarray_umath.__cpu_features__
    dispatched = " ".join(name for name in np._core._multiarray_umath.__cpu_dispatch__ if features.get(name))
    said = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST],
            env={"NPY_DISABLE_CPU_FEATURES": off, "PATH": ""},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for off in {"", dispatched}
    }
    assert len(said) == 1
    assert int(said.pop().split()[0]) > 5


@pytest.mark.filterwarnings("error")
def test_coefficients_of_any_size_have_regions():
    """From the smallest numbers to the largest, and many zeros: neither errors nor warnings, and a sentence each."""
    draw = np.random.default_rng(8)
    some = draw.choice([0, 1, -1, 0.5, 2, 1e-300, 1e300, -1e-5], size=(60, 2, 6))
    sizes = draw.normal(size=(60, 2, 6)) * 10.0 ** draw.integers(-320, 305, size=(60, 2, 6))
    for maps in (some, sizes):
        found, certificates = regions(maps, ON)
        assert not np.isnan(found.radius2).any()
        assert not np.isnan(found.bailout2).any()
        assert all("scape is" in str(certificate) for certificate in certificates)


def test_regions_of_a_map_do_not_depend_on_the_others():
    """To the bit: rows of a data set are made in any company."""
    maps = np.random.default_rng(9).uniform(-1, 1, (24, 2, 6))
    together, certificates = regions(maps, ON)
    for i, map_ in enumerate(maps):
        alone, (certificate,) = regions(map_[None], ON)
        n_rows = alone.ellipses.shape[1]
        assert np.array_equal(together.ellipses[i, :n_rows], alone.ellipses[0], equal_nan=True)
        assert np.isnan(together.ellipses[i, n_rows:]).all()
        for found, wanted in zip(together[1:], alone[1:], strict=True):
            assert np.array_equal(found[i], wanted[0], equal_nan=True)
        assert str(certificates[i]) == str(certificate)
