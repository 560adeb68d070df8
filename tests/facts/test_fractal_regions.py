"""Regions of the kernel `basin` keep what they promise: ellipses contract, cycles attract, far points escape."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from simkit.fractals.maps import apply, julia
from simkit.kernels import basin
from simkit.kernels.basin.cases import maps as random_maps
from simkit.kernels.basin.cases import shifted

ON = basin.KERNEL.load("cpu")


def at_zero(maps: np.ndarray, rounds: int = 0) -> np.ndarray:
    """Return the ellipses of 0: (map, 5)."""
    return ON.basin(maps, np.zeros((len(maps), 1, 2)), rounds)[:, 0]


def not_normal(n: int, seed: int) -> np.ndarray:
    """Return maps with A = [[l1, 2..8], [0, l2]]."""
    draw = np.random.default_rng(seed)
    found = random_maps(n, seed)
    found[:, 0, 2], found[:, 1, 1] = draw.uniform(2, 8, n), 0
    return found


def with_constants(n: int, seed: int) -> np.ndarray:
    return shifted(random_maps(n, seed), np.random.default_rng(seed).uniform(-2, 2, (n, 2)))


def inside(ellipses: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Return `n` points (ellipse, point, 2) of each ellipse (..., 5), a quarter of them on its very edge."""
    draw = np.random.default_rng(seed)
    angle, size = draw.uniform(0, 2 * np.pi, (*ellipses.shape[:-1], n)), np.sqrt(draw.uniform(0, 1, n))
    size[: n // 4] = 1 - 1e-12
    x, y, l11, l12, l22 = np.moveaxis(ellipses, -1, 0)[..., None]
    dy = size * np.sin(angle) / l22
    return np.stack((x + (size * np.cos(angle) - l12 * dy) / l11, y + dy), axis=-1)


def level(ellipses: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return what the kernel `escape` compares with 1."""
    x, y, l11, l12, l22 = np.moveaxis(ellipses, -1, 0)[..., None]
    dx, dy = points[..., 0] - x, points[..., 1] - y
    u, v = l11 * dx + l12 * dy, l22 * dy
    return u * u + v * v


def test_a_julia_set_has_the_level_1_less_the_multiplier():
    """For z^2 + lambda z, |z| < 1 - |lambda| is the largest disc that contracts, and |z| > 1 + |lambda| escapes."""
    draw = np.random.default_rng(1)
    size = np.concatenate((np.linspace(0, 0.99, 150), 1 - np.logspace(-2, -4, 50)))
    maps = np.array([julia(r * np.exp(1j * t)) for r, t in zip(size, draw.uniform(0, 7, 200), strict=True)])
    x, y, l11, l12, l22 = at_zero(maps).T
    assert not x.any()
    assert not y.any()
    assert np.allclose(l12 / l11, 0, atol=1e-10)
    assert np.allclose(l22 / l11, 1, rtol=1e-10)
    assert (1 / l11 < 1 - size).all()
    assert (1 / l11 > 0.975 * (1 - size)).all()
    radius = ON.radius(maps)
    assert (radius > 1 + size).all()
    assert (radius < 1.025 * (1 + size)).all()


@pytest.mark.parametrize("rounds", [0, 4])
@pytest.mark.parametrize("kind", [random_maps, not_normal, with_constants])
def test_no_point_of_an_ellipse_fails(kind, rounds):
    """500 maps with 200 points each: every iterate is again inside, nearer with each step, and ends at the fixed point."""
    maps = kind(500, 2)
    points = np.zeros((500, 1, 2))
    if kind is with_constants:
        points[:, 0] = np.random.default_rng(2).uniform(-2, 2, (500, 2))
    ellipses = ON.basin(maps, points, rounds)[:, 0]
    is_proved = np.isfinite(ellipses).all(axis=1)
    assert is_proved.mean() > 0.95
    maps, ellipses = maps[is_proved], ellipses[is_proved]
    x = inside(ellipses, 200, 3)
    before = level(ellipses, x)
    assert (before < 1).all()
    for t in range(4000):
        x = apply(maps[:, None], x)
        now = level(ellipses, x)
        assert ((now < before) | (now < 1e-18)).all(), f"step {t}"
        before = now
        is_left = (now > 1e-18).any(axis=1)
        maps, ellipses, x, before = maps[is_left], ellipses[is_left], x[is_left], before[is_left]
        if not len(maps):
            break
    assert not len(maps)


@pytest.mark.parametrize("constant", [0.0, 2.0])
def test_no_point_beyond_a_radius_fails(constant):
    """500 maps with 200 points each: further away with each step, until float64 overflows."""
    draw = np.random.default_rng(4)
    maps = draw.uniform(-1.2, 1.2, (500, 2, 6))
    maps[::2, 0, 2] *= 5
    maps[:, :, 0] *= constant
    radius = ON.radius(maps)
    is_proved = np.isfinite(radius)
    assert is_proved.mean() > 0.95
    maps, radius = maps[is_proved], radius[is_proved]
    angle, size = draw.uniform(0, 2 * np.pi, (len(maps), 200)), np.logspace(0, 3, 200) * (1 + 1e-12)
    size[: 200 // 4] = 1 + 1e-12
    x = (radius[:, None] * size)[..., None] * np.stack((np.cos(angle), np.sin(angle)), axis=-1)
    before = np.hypot(*np.moveaxis(x, -1, 0))
    with np.errstate(all="ignore"):
        for _ in range(60):
            x = apply(maps[:, None], x)
            now = np.hypot(*np.moveaxis(x, -1, 0))
            is_seen = before < 1e150
            assert (now[is_seen] > before[is_seen]).all()
            assert not (before >= 1e150).any() or not (now[~is_seen] < 1e150).any()
            before = np.where(np.isnan(now), np.inf, now)
    assert (before > 1e150).mean() > 0.99


def best(parts, goal):
    a, b, c = parts
    return ((goal - a) / (b + np.sqrt(b * b + c * (goal - a)))).min()


def fine(linear: np.ndarray, form: np.ndarray, quadratic: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return |Au|^2, |<Au, Q(u)>| and |Q(u)|^2 in 20,000 directions u of norm 1, by NumPy's own algebra."""
    t = np.arange(20_000) * np.pi / 20_000
    u = np.linalg.solve(form, np.stack((np.cos(t), np.sin(t))))
    au, qu = form @ linear @ u, form @ quadratic @ np.stack((u[0] ** 2, u[0] * u[1], u[1] ** 2))
    return (au * au).sum(axis=0), abs((au * qu).sum(axis=0)), (qu * qu).sum(axis=0)


@pytest.mark.parametrize(("kind", "least", "typical"), [(random_maps, 0.94, 0.98), (not_normal, 0.82, 0.97)])
def test_64_directions_come_near_to_many(kind, least, typical):
    """The level of a shape is never above that of 20,000 directions, and little below."""
    maps = kind(150, 5)
    part = []
    for m, (_, _, l11, l12, l22) in zip(maps, at_zero(maps), strict=True):
        form = np.array([[l11, l12], [0, l22]])
        part.append(1 / best(fine(m[:, 1:3], form, m[:, 3:]), 1.0))
    assert max(part) < 1
    assert min(part) > least
    assert np.median(part) > typical


def test_a_radius_comes_near_to_that_of_many_directions():
    maps = np.random.default_rng(6).uniform(-1.2, 1.2, (150, 2, 6))
    maps[:, :, 0] = 0
    ratio = []
    for m, radius in zip(maps, ON.radius(maps), strict=True):
        a, b, c = fine(m[:, 1:3], np.eye(2), m[:, 3:])
        if radius < np.inf:
            under = b * b + c * (1 - a)
            ratio.append(radius / ((b + np.sqrt(under.clip(0))) / c)[under >= 0].max())
        else:
            assert c.min() / c.max() < 0.01**2, "no radius although Q vanishes nowhere"
    assert min(ratio) > 1
    assert np.median(ratio) < 1.04
    assert np.quantile(ratio, 0.9) < 1.2


def test_the_search_makes_ellipses_larger():
    """Never smaller than without, and by a quarter and more in the median."""
    for kind in (random_maps, not_normal):
        maps = kind(100, 8)
        area = [1 / (found[:, 2] * found[:, 4]) for found in (at_zero(maps), at_zero(maps, 8))]
        assert (area[1] >= area[0]).all()
    maps = random_maps(100, 8)
    area = [1 / (found[:, 2] * found[:, 4]) for found in (at_zero(maps), at_zero(maps, 8))]
    assert np.median(area[1] / area[0]) > 1.25


def test_the_bound_by_norms_exists_for_a_third_of_maps_only():
    """(1 - |A|) / |Q| needs |A| < 1: of the linear parts whose 0 attracts a third have it, of those far from normal none."""
    linear = np.random.default_rng(9).uniform(-1.2, 1.2, (4000, 2, 2))
    attracts = abs(np.linalg.eigvals(linear)).max(axis=1) < 1
    norm = np.linalg.norm(linear, 2, axis=(1, 2))
    assert 0.3 < (norm[attracts] < 1).mean() < 0.4
    maps = np.zeros((attracts.sum(), 2, 6))
    maps[:, :, 1:3], maps[:, :, 3:] = linear[attracts], np.random.default_rng(9).uniform(-1, 1, (len(maps), 2, 3))
    assert np.isfinite(at_zero(maps)).all(axis=1).mean() > 0.98
    far = not_normal(500, 9)
    assert (np.linalg.norm(far[:, :, 1:3], 2, axis=(1, 2)) > 1).all()
    assert np.isfinite(at_zero(far)).all()


@pytest.mark.parametrize("kind", [random_maps, not_normal, with_constants])
def test_edges_are_mapped_inside_in_exact_arithmetic(kind):
    """With fractions: the edge of what the kernel gives, as the numbers are, is mapped into the ellipse."""
    maps, points = kind(20, 10), np.zeros((20, 1, 2))
    if kind is with_constants:
        points[:, 0] = np.random.default_rng(10).uniform(-2, 2, (20, 2))
    ellipses = ON.basin(maps, points)[:, 0]
    for m, ellipse, edge in zip(maps, ellipses, inside(ellipses, 16, 11), strict=True):
        a, b = ([Fraction(c) for c in row] for row in m.tolist())
        px, py, l11, l12, l22 = map(Fraction, ellipse.tolist())
        for x, y in edge.tolist():
            u, v = Fraction(x), Fraction(y)
            terms = (1, u, v, u * u, u * v, v * v)
            dx = sum(c * t for c, t in zip(a, terms, strict=True)) - px
            dy = sum(c * t for c, t in zip(b, terms, strict=True)) - py
            assert (l11 * dx + l12 * dy) ** 2 + (l22 * dy) ** 2 < 1


def test_orbits_of_60_digits_end_at_the_exact_fixed_point():
    """The point that the kernel is given is rounded; orbits inside go to the fixed point near it all the same."""
    maps, points = with_constants(6, 12), np.random.default_rng(12).uniform(-2, 2, (6, 2))
    ellipses = ON.basin(maps, points[:, None])[:, 0]
    with mpmath.workdps(60):
        for m, ellipse, edge in zip(maps, ellipses, inside(ellipses, 3, 13), strict=True):
            rows = [[mpmath.mpf(c) for c in row] for row in m.tolist()]

            def image(x, y, rows=rows):
                terms = (1, x, y, x * x, x * y, y * y)
                return [mpmath.fsum(c * t for c, t in zip(row, terms, strict=True)) for row in rows]

            def moved(x, y, image=image):
                return [b - a for a, b in zip((x, y), image(x, y), strict=True)]

            end = mpmath.findroot(moved, ellipse[:2].tolist())
            assert max(abs(end[i] - float(ellipse[i])) for i in range(2)) < 1e-12
            for x, y in edge.tolist():
                u, v = mpmath.mpf(x), mpmath.mpf(y)
                for _ in range(3000):
                    u, v = image(u, v)
                    if abs(u - end[0]) + abs(v - end[1]) < mpmath.mpf(10) ** -30:
                        break
                assert abs(u - end[0]) + abs(v - end[1]) < mpmath.mpf(10) ** -30


def test_what_has_no_region_gets_none():
    """A repelling or neutral fixed point, a point that is not fixed; numbers beyond all bounds; Q = 0 in a direction."""
    maps = random_maps(4, 14)
    maps[0, :, 1:3] = [[1.1, 0], [0, 0.5]]
    maps[1, :, 1:3] = [[0, -1], [1, 0]]
    maps[2, 0, 0] = 1e-6
    maps[3, 0, 3] = 1e200
    assert np.isnan(at_zero(maps)).all()
    henon = np.array([[[1, 0, 1, -1.4, 0, 0], [0, 0.3, 0, 0, 0, 0]]])
    assert np.isinf(ON.radius(henon))
    assert np.isinf(ON.radius(maps[3:]))


def far_away(n: int, seed: int) -> np.ndarray:
    """Return z^2 + lambda z with |lambda| up to 0.99 about `far_points`, where float32 has few digits left."""
    draw = np.random.default_rng(seed)
    maps = np.array(
        [julia(r * np.exp(1j * t)) for r, t in zip(draw.uniform(0.5, 0.99, n), draw.uniform(0, 7, n), strict=True)]
    )
    return shifted(maps, far_points(n, seed))


def far_points(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed + 1).uniform(-20, 20, (n, 2))


def leaving(maps: np.ndarray, ellipses: np.ndarray) -> float:
    """Return the part of points that `escape` sees inside in float32, and outside at a later time."""
    maps, ellipses = maps.astype(np.float32), ellipses.astype(np.float32)
    x = inside(ellipses.astype(float), 200, 16).astype(np.float32)
    is_inside = level(ellipses, x) < 1
    assert is_inside.mean() > 0.5
    is_gone = np.zeros_like(is_inside)
    for _ in range(300):
        x = apply(maps[:, None], x)
        assert x.dtype == np.float32
        is_gone |= is_inside & ~(level(ellipses, x) < 1)
    return float(is_gone.mean())


@pytest.mark.parametrize("kind", [random_maps, not_normal, with_constants])
def test_regions_for_float32_hold_in_float32(kind):
    """No point that the kernel `escape` sees inside is seen outside later; the ellipses are hardly smaller."""
    maps, points = kind(300, 15), np.zeros((300, 1, 2))
    if kind is with_constants:
        points[:, 0] = np.random.default_rng(15).uniform(-2, 2, (300, 2))
    found, wide = (ON.basin(maps, points, 0, precision)[:, 0] for precision in ("float32", "float64"))
    is_proved = np.isfinite(found).all(axis=1)
    assert is_proved.mean() > 0.85
    area, wide_area = (1 / (e[is_proved, 2] * e[is_proved, 4]) for e in (found, wide))
    assert np.median(area / wide_area) > 0.9
    assert leaving(maps[is_proved], found[is_proved]) == 0


def test_regions_for_float64_do_not_hold_in_float32():
    """Where a fixed point has large coordinates, float32 is too coarse for them; those for float32 are fewer, and hold."""
    maps, points = far_away(300, 18), far_points(300, 18)[:, None]
    found, wide = (ON.basin(maps, points, 0, precision)[:, 0] for precision in ("float32", "float64"))
    is_proved = np.isfinite(found).all(axis=1)
    assert np.isfinite(wide).all()
    assert 0 < is_proved.mean() < 0.9
    assert leaving(maps, wide) > 0
    assert leaving(maps[is_proved], found[is_proved]) == 0


def test_radii_for_float32_hold_in_float32():
    draw = np.random.default_rng(17)
    maps = draw.uniform(-1.2, 1.2, (500, 2, 6))
    radius = ON.radius(maps, "float32")
    is_proved = np.isfinite(radius)
    assert is_proved.mean() > 0.95
    assert (radius >= ON.radius(maps)).all()
    maps, radius2 = maps[is_proved].astype(np.float32), (radius[is_proved] ** 2).astype(np.float32)[:, None]
    angle = draw.uniform(0, 2 * np.pi, (len(maps), 200))
    unit = np.stack((np.cos(angle), np.sin(angle)), axis=-1)
    x = (radius[is_proved][:, None, None] * (1 + 1e-6) * unit).astype(np.float32)
    before = np.square(x).sum(axis=-1)
    is_outside = before > radius2
    assert is_outside.mean() > 0.7
    with np.errstate(all="ignore"):
        for _ in range(30):
            x = apply(maps[:, None], x)
            now = np.square(x).sum(axis=-1)
            is_seen = is_outside & (before < 1e18)
            assert (now > before)[is_seen].all()
            before = np.where(before < 1e18, now, np.float32(np.inf))
