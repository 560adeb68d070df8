"""Every backend of the kernel `escape` against its reference, on maps and orbits drawn at random."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from agreement import agree
from hypothesis import given, settings
from hypothesis import strategies as st
from where import COMPILED, PROCESSORS, load, run_as

from simkit.kernels import escape
from simkit.kernels.escape import cases

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module", params=COMPILED)
def kernel(request: pytest.FixtureRequest) -> ModuleType:
    return load(escape.KERNEL, request.param)


@given(
    seed=SEEDS,
    height=st.integers(1, 20),
    width=st.integers(1, 40),
    k=st.integers(1, 3),
    precision=st.sampled_from(escape.PRECISIONS),
)
@settings(max_examples=30)
def test_pictures(kernel, seed, height, width, k, precision):
    agree(escape.KERNEL, kernel, lambda: cases.drawn(seed, (height, width), 40, precision, k=k))


@given(
    seed=SEEDS,
    n_points=st.integers(0, 70),
    length=st.integers(1, 200),
    max_iterations=st.integers(1, 300),
    depth=st.integers(0, 120),
    k=st.integers(1, 3),
)
@settings(max_examples=60)
def test_differences(kernel, seed, n_points, length, max_iterations, depth, k):
    agree(escape.KERNEL, kernel, lambda: cases.near(seed, n_points, length, max_iterations, spread=10.0**-depth, k=k))


@given(n_points=st.integers(1, 100))
@settings(max_examples=10)
def test_glitches(kernel, n_points):
    agree(escape.KERNEL, kernel, lambda: cases.critical(n_points))


@pytest.mark.parametrize("precision", escape.PRECISIONS)
def test_the_last_bit_of_any_coefficient_decides(precision):
    """Else the cases would not tell one order of operations from another."""
    reference = escape.KERNEL.load("reference")
    maps, *rest = cases.chaotic((16, 24), precision=precision).arguments
    counts = reference.escape(maps, *rest).counts
    for place in np.ndindex(maps.shape):
        moved = maps.astype(precision)
        moved[place] = np.nextafter(moved[place], np.inf, dtype=precision)
        assert (reference.escape(moved.astype(float), *rest).counts != counts).mean() > 0.3


def test_edges_belong_to_no_region():
    classes = cases.on_edges().of(escape.KERNEL.load("reference")).classes
    y, x = np.mgrid[-5:6, -5:6]
    size2 = x * x + y * y
    assert ((size2 == 25).sum(), (size2 == 1).sum()) == (12, 4)
    is_beyond, of_disc = size2 > 25, (size2 < 1, escape.CONVERGED_HEURISTIC)
    escaping = (
        [(is_beyond, escape.ESCAPED)],
        [(is_beyond, escape.ESCAPED_HEURISTIC)],
        [(is_beyond, escape.ESCAPED), (size2 > 16, escape.ESCAPED_HEURISTIC)],
    )
    for found, of in zip(classes, escaping, strict=True):
        conditions, values = zip(of_disc, *of, strict=True)
        assert np.array_equal(found, np.select(conditions, values, escape.UNDECIDED))


_BITS = """
import sys
import numpy as np
from simkit.kernels.escape import cases, cpu, reference, simd
assert simd._WIDTH == int(sys.argv[1]), simd._WIDTH
calls = [make() for name, make in cases.CASES.items() if "boundaries" not in name]
calls += [cases.drawn(s, (1 + s, 37), 60, p, k=1 + s % 3) for s in range(9) for p in ("float64", "float32")]
assert all(np.array_equal(a, b) for call in calls for a, b in zip(call.of(cpu), call.of(reference), strict=True))
print("equal")
"""


@pytest.mark.slow
@pytest.mark.parametrize("processor", PROCESSORS)
def test_without_avx512_the_bits_are_the_same(processor):
    """In a process that compiles for another processor."""
    assert run_as(processor, "-c", _BITS, {"avx2": "32", "sse": "16"}[processor]).strip() == "equal"
