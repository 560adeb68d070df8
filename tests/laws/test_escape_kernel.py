"""Every backend of the kernel `escape` against its reference, on maps and orbits drawn at random."""

from __future__ import annotations

from types import ModuleType

import pytest
from agreement import agree
from hypothesis import given, settings
from hypothesis import strategies as st
from where import COMPILED, load

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
