"""Every backend of the kernel `basin` against its reference, on maps drawn at random."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from agreement import agree
from hypothesis import given, settings
from hypothesis import strategies as st
from where import COMPILED, load, run_as

from simkit.kernels import basin
from simkit.kernels.basin import cases

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module", params=COMPILED)
def kernel(request: pytest.FixtureRequest) -> ModuleType:
    return load(basin.KERNEL, request.param)


@given(seed=SEEDS, n=st.integers(1, 9), shear=st.sampled_from([0.0, 1.0, 8.0, 1e4]), rounds=st.integers(0, 4))
@settings(max_examples=30)
def test_ellipses(kernel, seed, n, shear, rounds):
    agree(basin.KERNEL, kernel, lambda: cases.basin(n, seed, shear=shear, rounds=rounds))


@given(seed=SEEDS, n=st.integers(1, 9), constant=st.sampled_from([0.0, 1e-300, 1e-3, 1.0, 1e9]))
@settings(max_examples=30)
def test_radii(kernel, seed, n, constant):
    agree(basin.KERNEL, kernel, lambda: cases.radius(n, seed, constant=constant))


def test_a_cycle_ends_at_the_first_row_of_nan(kernel):
    """Its ellipses are those of the cycle alone, whatever is behind, and NaN behind it."""
    call = cases.cycles(10)
    maps, points = call.arguments
    found = kernel.basin(maps, points)
    periods = (~np.isnan(points[:, :, 0])).sum(axis=1)
    assert set(periods) == {1, 2, 3}
    for i, period in enumerate(periods):
        assert np.array_equal(found[i, :period], kernel.basin(maps[i : i + 1], points[i : i + 1, :period])[0])
        assert np.isfinite(found[i, :period]).all()
        assert np.isnan(found[i, period:]).all()


_BITS = """
from simkit.kernels.basin import cases, cpu, reference
import numpy as np
for call in (cases.basin(60, 3, shear=8.0, rounds=2), cases.cycles(10), cases.radius(200, 4, constant=2.0)):
    assert np.array_equal(call.of(cpu), call.of(reference), equal_nan=True)
print("equal")
"""


@pytest.mark.slow  # the life kernel's is quick
def test_without_avx512_the_bits_are_the_same():
    """On a processor with vectors of 256 bits and fused multiply-adds, which must not be used."""
    assert run_as("avx2", "-c", _BITS).strip() == "equal"
