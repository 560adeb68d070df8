"""The entropy of two boxes of gas against time: from two densities to one.

The entropy is the logarithm of the number of states with as many packets in each strip of the boxes. The rule is a
bijection: of all states that look like the start few can go to where fewer look alike, so that a fall by S nats has at
most the chance exp(-S). It need not rise at each step: the gas carries sound, which sloshes between the boxes.

What HPP keeps beside the energy is seen, too: the box that began denser keeps some more packets for ever.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from simkit.recipe import Recipe
from simkit.schema import Array
from simkit.store import Store
from simkit.study.findings import Axes, Claim, Findings, Point, measured, of_points
from simkit.study.statistics import combined, over_runs, over_time
from simkit.study.thermo import Scale
from simkit.study.thermo.runs import by_point, recipe

#: densities of the left and right box at the start
DENSITIES = ((0.5, 0.1), (0.8, 0.2), (0.3, 0.3))

#: openings of the wall, as parts of it
OPENINGS = {"a quarter open": 0.25, "no wall": 1.0}

#: samples of a run that are drawn, evenly in the logarithm of time; from which part of a run on it is in equilibrium
_N_DRAWN, _SETTLED = 40, 0.5

#: times the variance in equilibrium that the entropy may have in time, and nats that it may be off by, of some 80,000
_MOST_SCATTER, _MOST_NATS = 2.0, 2.0

PANELS = {
    "entropy": Axes("step", "entropy / mean in equilibrium", is_log_x=True),
    "below equilibrium": Axes("step", "mean in equilibrium - entropy (nats)", is_log_x=True, is_log_y=True),
}


def needs(scale: Scale) -> dict[str, Recipe]:
    """Return the data sets of this graph."""
    height, steps = scale.side // 2, scale.steps // 10
    left, right = zip(*DENSITIES, strict=True)
    return {
        f"boxes-{round(100 * part)}": recipe(
            "hpp", scale, len(DENSITIES), steps=steps, height=height, box=height, strip=height // 8, left=left,
            right=right, opening=round(part * height),
        )
        for part in OPENINGS.values()
    }  # fmt: skip


def equilibrium(n_packets: int, n_strips: int, n_places: int, n_beside: int) -> float:
    """Return the mean entropy of strips if all states of as many packets are as probable.

    Parameters
    ----------
    n_packets : int
        Packets in all strips and beside them.
    n_strips, n_places : int
        Strips, and places in each.
    n_beside : int
        Places outside of strips.
    """
    logs = np.array([math.lgamma(n + 1) for n in range(n_strips * n_places + n_beside + 1)])

    def ways(of: int, n: Array) -> Array:
        found: Array = logs[of] - logs[n] - logs[of - n]
        return found

    in_strip = np.arange(max(0, n_packets - (n_strips - 1) * n_places - n_beside), min(n_places, n_packets) + 1)
    rest = (n_strips - 1) * n_places + n_beside
    log_chance = (
        ways(n_places, in_strip) + ways(rest, n_packets - in_strip) - ways(n_places + rest, np.array(n_packets))
    )
    return float(n_strips * (np.exp(log_chance) * ways(n_places, in_strip)).sum())


def beside_strips(height: int, opening: int) -> int:
    """Return the places of packets in the outer mirrors, one a cell, and in the wall and its opening."""
    n_edges = 2 if 0 < opening < height else 0  # packets along the wall, in the mirrors next to the opening
    return 2 * height + 2 * (height - opening) + 4 * opening + n_edges


def scatter(density: float, n_strips: int, n_beside: int) -> float:
    """Return the variance of the entropy in equilibrium.

    Each strip but one is a degree of freedom that takes half a nat, with a variance of half a nat squared; and packets
    that are beside the strips take beta with them.
    """
    beta = math.log((1 - density) / density)
    return (n_strips - 1) / 2 + beta**2 * n_beside * density * (1 - density)


def memory(left: float, right: float, density: float, n_columns: int) -> float:
    """Return by how many packets the left box has more in equilibrium than the right one, mean over drawn starts.

    HPP keeps, in each column and of each class of packets, those to the north less those to the south. A column keeps
    the imbalance d of its start, the square of which is as its density then, ``rho (1 - rho)``. Of n places each way
    it shifts the packets that the column holds at a given beta by ``d**2 (1 - 2 rho) / (4 n rho (1 - rho))``, to first
    order in 1 / n.
    """
    squares = left * (1 - left) - right * (1 - right)
    return n_columns * (1 - 2 * density) * squares / (density * (1 - density))


def analyse(stores: Mapping[str, Store], scale: Scale) -> Findings:
    """Return what the data sets of this graph say."""
    points: list[Point] = []
    claims: list[Claim] = []
    notes: list[str] = []
    for opening, part in OPENINGS.items():
        store = stores[f"boxes-{round(100 * part)}"]
        parameters = store.recipe["parameters"]
        height, strip, every = parameters["height"], parameters["strip"], parameters["every"]
        entropies, packets, beside = (by_point(store, name, len(DENSITIES)) for name in ("entropy", "packets", "wall"))
        n_places, n_beside = 4 * height * strip, beside_strips(height, parameters["opening"])
        n_strips = packets.shape[3]
        for (left, right), runs, counts, others in zip(DENSITIES, entropies, packets, beside, strict=True):
            in_boxes = counts.sum(axis=(3, 4))
            totals = (in_boxes.sum(axis=2) + others)[:, 0]
            mean = np.array([equilibrium(int(n), n_strips, n_places, n_beside) for n in totals])
            what = f"densities {left:g} and {right:g}, {opening}"
            late = slice(1 + int(_SETTLED * (runs.shape[1] - 1)), None)
            found = combined([over_time(run[late] - exact) for run, exact in zip(runs, mean, strict=True)])
            density = float(totals.mean()) / (n_strips * n_places + n_beside)
            deviations = runs[:, late] - runs[:, late].mean(axis=1, keepdims=True)
            changes = float((deviations**2).mean()) > _MOST_SCATTER * scatter(density, n_strips, n_beside)
            notes += [f"{what}: no equilibrium yet, the entropy changes by more than chance"] if changes else []
            text = f"entropy in equilibrium - exact mean (nats), within {_MOST_NATS:g}, {what}"
            claims.append(Claim(text, found, 0.0, (-_MOST_NATS, _MOST_NATS), is_frozen=changes))
            difference = in_boxes[:, late, : n_strips // 2].sum(axis=2) - in_boxes[:, late, n_strips // 2 :].sum(axis=2)
            text = f"difference of the boxes in equilibrium (packets), {what}"
            found = combined([over_time(run) for run in difference.astype(np.float64)])
            kept = round(memory(left, right, density, parameters["box"]), 6) + 0.0
            claims.append(Claim(text, found, kept, is_frozen=changes))
            if left == right:
                continue
            rise = over_runs((runs[:, late].mean(axis=1) - runs[:, 0]) / mean)
            claims.append(Claim(f"rise of the entropy / mean in equilibrium, {what}", rise, within=(0, np.inf)))
            fall = (np.maximum.accumulate(runs, axis=1) - runs).max(axis=1)
            claims.append(
                Claim(f"largest fall of the entropy below its highest so far (nats), {what}", over_runs(fall))
            )
            drawn = np.unique(np.geomspace(1, runs.shape[1] - 1, _N_DRAWN).astype(int))
            for sample in drawn:
                share, missing = over_runs(runs[:, sample] / mean), over_runs(mean - runs[:, sample])
                points.append(measured("entropy", what, every * sample, share))
                if missing.mean > missing.error:
                    points.append(measured("below equilibrium", what, every * sample, missing))
    return of_points(PANELS, points, claims, notes)
