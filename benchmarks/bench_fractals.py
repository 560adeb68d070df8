"""What becomes of points under quadratic maps: simkit beside a plain loop over pixels and beside NumPy, in one run.

``python benchmarks/bench_fractals.py [--level tiny|real] [--out PATH]``

The plain loop is what one writes first: Numba, one pixel after another, the same operations and tests in float64. NumPy
iterates the points that are left. All are timed by turns on one core, in seconds of the thread; their counts are
compared first. To measure as on a processor without AVX-512, set NUMBA_CPU_NAME and NUMBA_CPU_FEATURES.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numba as nb
import numpy as np

from benchmarks import machine
from simkit.backends import Kernels
from simkit.fractals.certificate import regions
from simkit.fractals.maps import julia, parse
from simkit.kernels import basin, escape
from simkit.kernels.escape import Regions
from simkit.kernels.escape.cases import window

ON = Kernels.load((escape.KERNEL, basin.KERNEL), "cpu")

#: a slow spiral; dust, of which all points escape; one that annealing found; one whose points are decided at once
PICTURES = {
    "smooth": (julia(0.99 * complex(-0.6, 0.8)), 3.0, 1000),
    "dusty": (julia(1 - (1 - 4 * complex(-0.75, 0.06)) ** 0.5), 2.0, 1000),
    "found": (
        parse(
            "-0.1932788497553502,1.5639713633854335,-0.4197327856394561,0.2875568518506494,-0.46523414483449965,"
            "0.047408086634160615,-0.21971496652056788,1.171593586521965,-0.6296021833666576,0.09804194230870054"
        ),
        4.0,
        1000,
    ),
    "fast": (julia(complex(0.5, 0.4)), 4.0, 1000),
}


@nb.njit(nogil=True)
def plain(q, first, e, limit, max_iterations, counts):  # type: ignore[no-untyped-def]
    """Fill `counts`, a pixel after another."""
    height, width = counts.shape
    for i in range(height):
        for j in range(width):
            x, y = first[0] + j * first[2], first[1] + i * first[3]
            counts[i, j] = max_iterations
            for t in range(max_iterations + 1):
                dx, dy = x - e[0], y - e[1]
                u, v = e[2] * dx + e[3] * dy, e[4] * dy
                if u * u + v * v < 1.0 or not x * x + y * y <= limit:
                    counts[i, j] = t
                    break
                x, y = (
                    (q[0, 0] + x * (q[0, 1] + (q[0, 3] * x + q[0, 4] * y))) + y * (q[0, 2] + q[0, 5] * y),
                    (q[1, 0] + x * (q[1, 1] + (q[1, 3] * x + q[1, 4] * y))) + y * (q[1, 2] + q[1, 5] * y),
                )


def shrinking(q, first, e, limit, max_iterations, counts) -> None:  # type: ignore[no-untyped-def]
    """Fill `counts` by NumPy, for the points that are left."""
    height, width = counts.shape
    x = np.broadcast_to(first[0] + np.arange(width) * first[2], counts.shape).ravel()
    y = np.broadcast_to((first[1] + np.arange(height) * first[3])[:, None], counts.shape).ravel()
    left, flat = np.arange(x.size), counts.reshape(-1)
    flat[:] = max_iterations
    for t in range(max_iterations + 1):
        dx, dy = x - e[0], y - e[1]
        u, v = e[2] * dx + e[3] * dy, e[4] * dy
        is_done = (u * u + v * v < 1) | ~(x * x + y * y <= limit)
        flat[left[is_done]] = t
        left, x, y = left[~is_done], x[~is_done], y[~is_done]
        if not left.size:
            return
        x, y = ((a[0] + x * (a[1] + (a[3] * x + a[4] * y))) + y * (a[2] + a[5] * y) for a in q)


def measure(name: str, side: int, n_rounds: int) -> dict[str, object]:
    """Return iterations a second of each way, as medians over rounds, and the ratios to the plain loop's."""
    q, across, most = PICTURES[name]
    found, (certificate,) = regions(q[None], ON)
    limit = min(found.radius2[0], found.bailout2[0])
    first, counts = window((side, side), width=across), np.empty((side, side), np.int32)

    def ours(precision: str) -> Callable[[], object]:
        return lambda: ON.escape.escape(q[None], first[None], (side, side), Regions(*found), most, precision)

    of = q, first, found.ellipses[0, 0], limit, most, counts
    ways = {
        "plain": lambda: plain(*of),
        "float64": ours("float64"),
        "float32": ours("float32"),
        "numpy": lambda: shrinking(*of),
    }
    ways["plain"]()
    assert np.array_equal(counts, ways["float64"]().counts[0])  # type: ignore[attr-defined]
    wanted = counts.copy()
    ways["numpy"]()
    assert np.array_equal(counts, wanted)
    n = {way: int(wanted.sum()) for way in ways}
    n["float32"] = int(ways["float32"]().counts.sum())  # type: ignore[attr-defined]
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(n_rounds):
        for way, run in ways.items():
            started = time.thread_time()
            run()
            rates[way].append(n[way] / max(time.thread_time() - started, 1e-9))
    ratios = {
        way: statistics.median(a / b for a, b in zip(of, rates["plain"], strict=True)) for way, of in rates.items()
    }
    return {
        "picture": name,
        "side": side,
        "n_iterations": n["plain"] / side**2,
        "certified": certificate.converging,
        "rates": {way: statistics.median(of) for way, of in rates.items()},
        "over_plain": ratios,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measure every picture; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Measure how fast points are iterated beside a plain loop and NumPy.")
    parser.add_argument("--level", choices=("tiny", "real"), default="tiny")
    default = Path(__file__).parent / "results" / f"{machine.slug()}.jsonl"
    parser.add_argument("--out", type=Path, default=default, help=f"file to append to (default: {default.name})")
    options = parser.parse_args(argv)
    side, n_rounds = (16, 1) if options.level == "tiny" else (512, 7)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for name in PICTURES if options.level == "real" else ("smooth",):
        found = measure(name, side, n_rounds)
        rates, ratios = found["rates"], found["over_plain"]
        ways = ", ".join(f"{way} {rates[way] / 1e9:.3f}e9/s ({ratios[way]:.2f})" for way in rates)  # type: ignore[index,attr-defined]
        print(f"{name:7} {found['n_iterations']:.1f} iterations a point: {ways}", flush=True)
        pretended = {key: os.environ[key] for key in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES") if key in os.environ}
        record = {**machine.about(), "case": "escape", "level": options.level, "as_if": pretended, **found}
        with options.out.open("a") as file:
            file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
