"""Argument sets of `escape`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from simkit.kernels.cases import Call
from simkit.kernels.escape import Regions

F64 = npt.NDArray[np.float64]

#: z^2 + lambda z with lambda = 0.5 + 0.4i: 0 attracts all points within 1 - |lambda|, all beyond 1 + |lambda| escape
JULIA: F64 = np.array([[0, 0.5, -0.4, 1, 0, -1], [0, 0.4, 0.5, 0, 2, 0]])

#: the Henon map (1.4, 0.3), whose points escape from a cone
HENON: F64 = np.array([[1, 0, 1, -1.4, 0, 0], [0, 0.3, 0, 0, 0, 0]])

#: about the Henon map in coordinates that are turned and moved: no coefficient is 0, and its attractor is chaotic
TURNED: F64 = np.array([[1.447, -0.186, 0.898, -0.946, -1.034, -0.282], [0.37, 0.198, 0.655, -0.517, -0.565, -0.154]])

_SIZE = 0.5**2 + 0.4**2


def no_regions(n: int, k: int = 1) -> Regions:
    """Return regions of `n` maps, which hold no point."""
    return Regions(
        np.full((n, k, 5), np.nan), np.full(n, np.inf), np.full((n, 4), np.nan), np.full(n, np.inf), np.zeros(n, bool)
    )


def julia_regions(n: int = 1) -> Regions:
    """Return the regions of JULIA, `n` times: discs."""
    level, radius = 1 - _SIZE**0.5, 1 + _SIZE**0.5
    none = no_regions(n)
    ellipses = np.tile([0, 0, 1 / level, 0, 1 / level], (n, 1, 1))
    return none._replace(ellipses=ellipses, radius2=np.full(n, radius**2), is_certified=np.ones(n, bool))


def window(shape: tuple[int, int], centre: tuple[float, float] = (0, 0), width: float = 4.0) -> F64:
    """Return the window of a picture with square pixels, y upwards: float64 (4,)."""
    pixel = width / shape[1]
    x, y = centre[0] - (shape[1] - 1) / 2 * pixel, centre[1] + (shape[0] - 1) / 2 * pixel
    return np.array([x, y, pixel, -pixel])


def julia(shape: tuple[int, int], max_iterations: int = 100, precision: str = "float64", n: int = 1) -> Call:
    """Return a call for a picture of JULIA, `n` times."""
    windows = np.tile(window(shape), (n, 1))
    maps = np.tile(JULIA, (n, 1, 1))
    return Call("escape", (maps, windows, shape, julia_regions(n), max_iterations, precision))


def henon(shape: tuple[int, int], max_iterations: int = 60, precision: str = "float64") -> Call:
    """Return a call for the Henon map, whose points escape from its cone, and heuristically beyond 100."""
    radius = 1.4286
    cone = np.array([[-1 / radius, 0, 0, 1 / (0.3 * radius)]])
    regions = no_regions(1)._replace(cone=cone, bailout2=np.array([100.0**2]))
    return Call("escape", (HENON[None], window(shape, width=6)[None], shape, regions, max_iterations, precision))


def chaotic(shape: tuple[int, int], max_iterations: int = 300, precision: str = "float64") -> Call:
    """Return a call for points of the attractor of TURNED until they are in a small disc.

    Neighbours part by about e^0.42 a step, so that after 90 steps the last bit of any operation decides when that is.
    """
    regions = no_regions(1)._replace(ellipses=np.array([[[0.56, 0.15, 50, 0, 50]]]), bailout2=np.array([100.0**2]))
    windows = window(shape, (0.3, -0.2), 1e-3)[None]
    return Call("escape", (TURNED[None], windows, shape, regions, max_iterations, precision))


def on_edges(precision: str = "float64", *, has_cone: bool = False) -> Call:
    """Return a call for points on the edges of regions, where all numbers are exact; an edge is not part of a disc.

    The disc has radius 1; points beyond 5 escape, are taken to, or escape where those beyond 4 are taken to; the cone's
    edge is x = |y|.
    """
    shape, n = (11, 11), 3
    cone = np.array([0.5, 0, 0, 0.5] if has_cone else [np.nan] * 4)
    discs, cones = np.tile([0.0, 0, 1, 0, 1], (n, 1, 1)), np.tile(cone, (n, 1))
    regions = Regions(discs, np.array([25, np.inf, 25]), cones, np.array([np.inf, 25, 16]), np.zeros(n, np.bool_))
    still = np.zeros((n, 2, 6))
    still[:, 0, 1] = still[:, 1, 2] = 1
    return Call("escape", (still, np.tile([-5.0, -5, 1, 1], (n, 1)), shape, regions, 3, precision))


def drawn(
    seed: int, shape: tuple[int, int], max_iterations: int, precision: str = "float64", *, n: int = 3, k: int = 1
) -> Call:
    """Return a call for random maps, with regions of every kind that prove nothing, some of them missing."""
    chance = np.random.default_rng(seed)
    maps = chance.normal(size=(n, 2, 6)) * [1, 0.5, 0.5, 1, 1, 1]
    maps[::2, :, 0] = 0
    ellipses = chance.normal(size=(n, k, 5)) * [1, 1, 4, 4, 4]
    ellipses[chance.random((n, k)) < 0.2] = np.nan
    cone = chance.normal(size=(n, 4))
    cone[chance.random(n) < 0.7] = np.nan
    radius2 = np.where(chance.random(n) < 0.5, chance.uniform(4, 40, n), np.inf)
    bailout2 = np.where(chance.random(n) < 0.5, chance.uniform(4, 1e6, n), np.inf)
    regions = Regions(ellipses, radius2, cone, bailout2, chance.random(n) < 0.5)
    windows = np.stack([window(shape, tuple(chance.normal(size=2)), chance.uniform(0.1, 5)) for _ in range(n)])
    return Call("escape", (maps, windows, shape, regions, max_iterations, precision))


def near(seed: int, n_points: int, length: int, max_iterations: int = 60, *, spread: float = 1e-12, k: int = 1) -> Call:
    """Return a call for points near an orbit of a random map that stays bounded for a while, or near one of JULIA."""
    chance = np.random.default_rng(seed)
    quadratic = JULIA if seed % 2 else chance.normal(size=(2, 6)) * [0, 0.7, 0.7, 0.5, 0.5, 0.5]
    point, states = np.array([0.5, -0.4]) if seed % 2 else chance.normal(size=2) * 0.3, []  # a fixed point
    for _ in range(length):
        x, y = point
        xx, xy = 2 * quadratic[:, 3] * x + quadratic[:, 4] * y, quadratic[:, 4] * x + 2 * quadratic[:, 5] * y
        by_x, by_y = quadratic[:, 1] + xx, quadratic[:, 2] + xy
        states.append([x, y, by_x[0], by_y[0], by_x[1], by_y[1]])
        point = quadratic @ np.array([1, x, y, x * x, x * y, y * y])
        if abs(point).max() > 1e6:
            break
    ellipses = np.full((1, k, 5), np.nan)
    ellipses[0, 0] = [0, 0, 50, 0, 50]
    regions = julia_regions()._replace(ellipses=ellipses, bailout2=np.array([1e4]))
    if not seed % 2:
        regions = regions._replace(radius2=np.array([np.inf]), is_certified=np.zeros(1, bool))
    offsets = chance.normal(size=(n_points, 2)) * spread
    offsets[::5] = 0
    return Call("perturb", (quadratic, np.array(states), offsets, spread / 8, regions, max_iterations))


def critical(n_points: int) -> Call:
    """Return a call for points near an orbit of z^2 - 1 that passes by the critical point 0 time and again.

    Those nearest to 0 get so close to it that the orbit, which is farther away, is a glitch to them.
    """
    quadratic, first = np.array([[-1.0, 0, 0, 1, 0, -1], [0, 0, 0, 0, 2, 0]]), 1e-14 + 2e-14j
    # the square of -1 + z, less 1, is z (z - 2): so no digit is lost
    at = [first]
    for _ in range(6):
        at += [at[-1] ** 2, at[-1] ** 2 * (at[-1] ** 2 - 2)]
    orbit = np.array(
        [
            [z.real - t % 2, z.imag, 2 * (z.real - t % 2), -2 * z.imag, 2 * z.imag, 2 * (z.real - t % 2)]
            for t, z in enumerate(at)
        ]
    )
    offsets = np.full((n_points, 2), [-first.real, -first.imag])
    offsets[:, 0] += np.linspace(-1e-14, 1e-14, n_points)
    regions = no_regions(1)._replace(ellipses=np.array([[[0, 0, 1e118, 0, 1e118]]]))
    return Call("perturb", (quadratic, orbit, offsets, 1e-16, regions, 40))


def pictures(seed: int, shape: tuple[int, int], n: int = 3) -> Call:
    """Return a call that counts the boundaries of random pictures, in which neighbours are mostly alike."""
    chance = np.random.default_rng(seed)
    coarse = chance.integers(0, 5, (n, -(-shape[0] // 4), -(-shape[1] // 4)), np.uint8)
    classes = coarse.repeat(4, axis=1).repeat(4, axis=2)[:, : shape[0], : shape[1]]
    return Call("boundaries", (np.where(chance.random(classes.shape) < 0.2, 1, classes).astype(np.uint8),))


CASES: Mapping[str, Callable[[], Call]] = {
    "Julia, odd sides": lambda: julia((37, 51)),
    "Julia in single precision": lambda: julia((37, 51), precision="float32"),
    "one pixel": lambda: julia((1, 1), 3),
    "one iteration": lambda: julia((8, 8), 1),
    "several maps at once": lambda: julia((9, 70), n=3),
    "Henon": lambda: henon((40, 40)),
    "Henon in single precision": lambda: henon((40, 40), precision="float32"),
    "points whose last bits decide": lambda: chaotic((16, 24)),
    "points whose last bits decide, in single precision": lambda: chaotic((16, 24), precision="float32"),
    "on edges": lambda: on_edges(),
    "on edges, of a cone too": lambda: on_edges("float32", has_cone=True),
    "any regions": lambda: drawn(1, (17, 33), 50),
    "three ellipses": lambda: drawn(2, (17, 33), 50, k=3),
    "three ellipses in single precision": lambda: drawn(3, (17, 33), 50, "float32", k=3),
    "near an orbit": lambda: near(1, 40, 80, 150),
    "near a short orbit": lambda: near(3, 40, 5),
    "near any orbit": lambda: near(2, 40, 60, k=2),
    "far from an orbit": lambda: near(4, 40, 60, spread=1.0),
    "very near an orbit": lambda: near(1, 70, 400, 500, spread=1e-40),
    "near a critical point": lambda: critical(41),
    "boundaries": lambda: pictures(1, (33, 70)),
    "boundaries of a pixel": lambda: pictures(2, (1, 1), 4),
    "boundaries of a column": lambda: pictures(3, (9, 1), 4),
    "boundaries of two rows": lambda: pictures(4, (2, 19), 4),
    "to infinity and to no number": lambda: Call(
        "escape", (JULIA[None] * 1e3, window((12, 12), width=1e30)[None], (12, 12), no_regions(1), 40, "float32")
    ),
}
