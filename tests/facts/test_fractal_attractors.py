"""Truths about attractors of planar quadratic maps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simkit.backends import Kernels
from simkit.errors import ParameterError
from simkit.fractals import neimark_sacker
from simkit.fractals.attractors import classify, weights
from simkit.fractals.exponents import exponents, kaplan_yorke
from simkit.fractals.maps import julia, parse
from simkit.kernels import basin, orbit

ON = Kernels.load((basin.KERNEL, orbit.KERNEL), "cpu")

HENON = parse("1,0,1,-1.4,0,0, 0,0.3,0,0,0,0")
#: rings of two, three and four pieces, found among maps with random coefficients
PIECES = {
    2: "0.39172060067230197,-1.1270256411122093,-0.47486294907096716,0.746255776946485,0.20212075794933626,"
    "0.7760648965411061,-0.5365962888955181,-0.8497407058765034,-1.0695265107353074,0.3292605173793368,"
    "0.331731509155087,-0.07424813977557543",
    3: "0.14393851946970404,0.8934737619257682,1.0075020337054201,1.0694615633790152,-0.2764245971436978,"
    "-0.9333541789558342,-0.5201331446754417,0.7681728844291131,-0.47753213356310875,1.1528861737460667,"
    "0.261464753565406,-0.004662750359433199",
    4: "-1.0813284801079015,-0.2236572185715977,-0.9547657531553942,0.7481534778965806,0.9604296703758972,"
    "0.83277138009482,-0.14050816664884147,0.553608264830026,-0.45731794275255877,-0.42743683150108347,"
    "0.2275373401121541,0.26669249172856424",
}


def one(map_, start=(0.1, 0.1), n=2**14):
    return classify(map_[None], ON, np.array([start]), n)[0]


def quadratic_family(a):
    """Return x' = 1 - a x^2 with y' = x / 10, which changes nothing."""
    return parse(f"1,0,0,{-a},0,0, 0,0.1,0,0,0,0")


def delayed_logistic(a):
    return parse(f"0,{a},0,0,{-a},0, 0,1,0,0,0,0")


def polar(turns, size=1.0):
    angle = 2 * math.pi * turns
    return size * math.cos(angle), size * math.sin(angle)


def near_bifurcation(n, mu, seed=1):
    """Return maps with random angles away from the resonances of low order and d < 0, and their d."""
    chance = np.random.default_rng(seed)
    angles = chance.uniform(0.3, 2.8, 10 * n)
    angles = angles[(abs(angles - math.pi / 2) > 0.1) & (abs(angles - 2 * math.pi / 3) > 0.1)][:n]
    e = np.cos(angles), np.sin(angles)
    g20, g11, g02 = (tuple(chance.normal(size=(2, n)) * 0.5) for _ in range(3))
    sign = np.where(neimark_sacker.turning(e, g20, g11) < 0, -1.0, 1.0)
    g20 = (g20[0] * sign, g20[1] * sign)
    return neimark_sacker.quadratic(e, np.full(n, mu), g20, g11, g02), neimark_sacker.coefficient(e, g20, g11, g02)


@pytest.mark.parametrize(
    ("values", "dimension"),
    [
        ([-0.1, -0.5], 0.0),
        ([0.0, -0.5], 1.0),
        ([0.4192, -1.6231], 1 + 0.4192 / 1.6231),
        ([0.3, -0.1], 2.0),
        ([0.3, 0.2], 2.0),
        ([-14.57, 0.906, 0.0], 2 + 0.906 / 14.57),  # Lorenz
        ([0.5, -0.25, -0.25], 3.0),
        ([0.5, 0.1, -0.2, -1.0], 3.4),
        ([-math.inf, 0.5], 1.0),
    ],
)
def test_kaplan_yorke(values, dimension):
    assert kaplan_yorke(values) == pytest.approx(dimension)


def test_the_henon_attractor():
    """Its exponents to their errors of some 1/sqrt(n); areas shrink by 0.3 each time, whatever the orbit."""
    found = one(HENON, n=2**19)
    assert (found.kind, found.is_certified) == ("chaos", False)
    assert found.exponents == pytest.approx((0.4192, -1.6231), abs=2e-3)
    assert sum(found.exponents) == pytest.approx(math.log(0.3), abs=1e-14)
    assert found.dimension == pytest.approx(1.258, abs=2e-3)


@pytest.mark.parametrize(
    ("map_", "start", "known"),
    [
        (delayed_logistic(2.27), (0.1, 0.1), (0.18312, -1.24199, 1.14744)),
        (parse("0,0.75,0,0,0,-1, 0,0,1.75,0,1,0"), (-0.1, 0.1), (0.12076, -0.22136, 1.54552)),
    ],
    ids=["delayed logistic", "Burgers"],
)
def test_strange_attractors_of_the_literature(map_, start, known):
    """J. C. Sprott, Chaos and Time-Series Analysis (2003), appendix A; areas grow unevenly, and their mean slowly settles."""
    found = one(map_, start, 2**19)
    assert found.kind == "chaos"
    assert (*found.exponents, found.dimension) == pytest.approx(known, abs=1e-2)


@pytest.mark.parametrize(
    ("a", "period"), [(0.5, 1), (1.0, 2), (1.3, 4), (1.7548776662466927, 3), (1.6254, 5), (1.401155, None)]
)
def test_cycles_of_the_quadratic_family(a, period):
    """Those of its bifurcation diagram; the last has cycles of period 2^k alone, too long to be told."""
    found = one(quadratic_family(a), (0.3, 0.1))
    if period is None:
        assert found.kind != "chaos"
        return
    assert (found.kind, found.period) == ("fixed" if period == 1 else "cycle", period)
    assert found.is_certified


def test_exponents_of_a_fixed_point_are_those_of_its_eigenvalues():
    """z^2 + lambda z turns by the angle of lambda, and shrinks by its modulus."""
    found = one(julia(0.5 + 0.4j))
    assert (found.kind, found.is_certified, found.period) == ("fixed", True, 1)
    assert found.exponents == pytest.approx([math.log(abs(0.5 + 0.4j))] * 2, abs=1e-15)


def test_measured_exponents_of_a_cycle_are_those_of_its_eigenvalues():
    map_ = parse("1,0,1,-0.5,0,0, 0,0.3,0,0,0,0")[None]
    state, tangent = np.array([[0.1, 0.1]]), np.array([[1.0, 0.5]])
    run = ON.orbit.follow(map_, state, tangent, np.array([1e6]), 2**16)
    assert one(map_[0]).exponents == pytest.approx(exponents(tangent, run)[0], abs=1e-3)


def test_the_delayed_logistic_map_from_a_ring_to_a_strange_attractor():
    """Its fixed point loses stability at a = 2, with the sixth part of a turn: then a ring, locking, and chaos."""
    kinds = {a: one(delayed_logistic(a)) for a in (1.9, 2.01, 2.1, 2.2, 2.27)}
    assert [found.kind for found in kinds.values()] == ["fixed", "ring", "ring", "cycle", "chaos"]
    assert kinds[2.2].period == 7
    assert kinds[2.01].rotation == pytest.approx(1 / 6, abs=2e-3)
    assert max(kinds[2.01].error, kinds[2.1].error) < 1e-12


def test_orbits_that_escape():
    """z^2 + lambda z has a certified radius; the Henon map a cone."""
    assert [(found.kind, found.is_certified) for found in (one(julia(3 + 1j)), one(HENON, (-5.0, 0.0)))] == [
        ("escape", True),
        ("escape", True),
    ]


@pytest.mark.parametrize("turns", [0.1234567891234, 0.3819660112501051, 0.7071067811865476])
def test_the_rotation_number_of_a_rotation(turns):
    """About the ellipse that a rotation becomes in other coordinates, and with a stride of three."""
    c, s = polar(turns)
    shape = np.array([[2.0, 0.3], [0.4, 0.7]])
    rotation = shape @ np.array([[c, -s], [s, c]]) @ np.linalg.inv(shape)
    centre = np.array([0.3, -0.2])
    map_ = np.zeros((1, 2, 6))
    map_[0, :, 0], map_[0, :, 1:3] = centre - rotation @ centre, rotation
    for stride in (1, 3):
        wanted = stride * turns - round(stride * turns)
        run = ON.orbit.rotations(
            map_, np.array([[0.4, 0.1]]), centre[None], np.array([stride], np.int32), np.array([wanted]), weights(2**13)
        )
        assert run.turns[0] == pytest.approx(wanted, abs=1e-12)
        assert run.means[0] == pytest.approx(centre, abs=1e-11)


def test_rotation_numbers_of_conjugate_maps_are_equal():
    """In coordinates that are turned, sheared and moved; a mirror image turns the other way."""
    wanted = one(delayed_logistic(2.1)).rotation
    for shape, sign in ((np.array([[1.0, 0.5], [-0.2, 0.8]]), 1), (np.array([[0.0, 1.0], [1.0, 0.0]]), -1)):
        inverse, shift = np.linalg.inv(shape), np.array([0.2, -0.1])

        def image(points, inverse=inverse, shift=shift, shape=shape):
            x, y = (points - shift) @ inverse.T
            return shape @ np.array([2.1 * x * (1 - y), x]) + shift

        nodes = np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1], [1, 1.0]])
        monomials = np.array([[1, x, y, x * x, x * y, y * y] for x, y in nodes])
        map_ = np.linalg.solve(monomials, np.array([image(node) for node in nodes])).T
        found = one(map_, shape @ np.array([0.1, 0.1]) + shift)
        assert found.kind == "ring"
        assert found.rotation == pytest.approx((sign * wanted) % 1, abs=1e-11)


@pytest.mark.parametrize("pieces", PIECES)
def test_rings_of_several_pieces(pieces):
    """Each is a ring of the iterated map, about a point of a cycle; the whole has no rotation number about one point."""
    found = classify(parse(PIECES[pieces])[None], ON)[0]
    assert (found.kind, found.period, found.dimension) == ("ring", pieces, 1.0)
    assert found.error < 1e-12


@pytest.mark.parametrize("loss", [2e-4, 1e-4, 1e-5, 0.0])
@pytest.mark.parametrize("is_linear", [True, False])
def test_a_slow_spiral_is_no_ring(loss, is_linear):
    """Orbits near a fixed point that attracts weakly, or not at all, turn as evenly as on a ring; nothing draws them to it."""
    map_ = julia(complex(*polar(0.3819660112501051, 1 - loss)))
    if is_linear:
        map_[:, 3:] = 0
    assert one(map_, (0.03, 0.0)).kind in ("fixed", "undecided")


@pytest.mark.parametrize(
    ("cosine", "start"), [(polar(0.3819660112501051)[0], (0.1, 0.1)), (0.24, (0.5598319327731093, 0.13))]
)
def test_a_map_that_keeps_areas_has_no_attractor(cosine, start):
    """Henon's area-preserving map: neither its curves nor its chaotic orbits attract anything."""
    c, s = cosine, math.sqrt(1 - cosine * cosine)
    assert one(parse(f"0,{c},{-s},{s},0,0, 0,{s},{c},{-c},0,0"), start).kind == "undecided"


def test_radius_of_rings():
    """The root mean square of |z| is sqrt(-mu / d), with an error of the order of mu; no scale of the map changes it.

    At mu = 1e-3 the median of its magnitude is 0.06 to 0.07 %, whether coefficients are normal or uniform, and the
    median with signs is within 0.01 % of 0: this tells it from the mean of |z|, of which that is -0.02 to -0.04 %, and
    from the geometric mean, -0.05 to -0.08 %.
    """
    medians, biases = [], []
    for mu in (1e-3, 1e-4):
        maps, d = near_bifurcation(300, mu)
        wanted = neimark_sacker.radius(mu, d)
        start = np.stack((wanted, 0 * wanted), axis=1)
        settled = ON.orbit.follow(maps, start, np.ones_like(start), np.full(len(maps), 1e6), round(20 / mu))
        states = ON.orbit.trace(maps, settled.states, 2**12)
        with np.errstate(all="ignore"):
            found = np.sqrt((states**2).sum(axis=2).mean(axis=1))
        medians.append(np.nanmedian(abs(found / wanted - 1)))
        biases.append(abs(np.nanmedian(found / wanted - 1)))
    assert medians[0] < 1e-3
    assert medians[1] < medians[0] / 5
    assert biases[0] < medians[0] / 2


def test_most_of_these_maps_have_rings():
    maps, _ = near_bifurcation(100, 1e-2)
    kinds = [found.kind for found in classify(maps, ON)]
    assert kinds.count("ring") > 80


def test_what_attracts_does_not_depend_on_the_company():
    maps = np.stack([HENON, julia(0.5 + 0.4j), delayed_logistic(2.1), julia(3 + 1j)])
    together = classify(maps, ON)
    for map_, found in zip(maps, together, strict=True):
        assert str(classify(map_[None], ON)[0]) == str(found)


@pytest.mark.parametrize(
    ("start", "n", "says"),
    [
        (np.zeros((2, 2)), 2**14, "as many finite points"),
        (np.full((1, 2), np.nan), 2**14, "as many finite points"),
        (None, 5, "iterations"),
    ],
)
def test_bad_arguments_are_refused(start, n, says):
    with pytest.raises(ParameterError, match=says):
        classify(HENON[None], ON, start, n)
