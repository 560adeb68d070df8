"""Every backend of the Metropolis kernel against its reference."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import agree
from hypothesis import given, settings
from hypothesis import strategies as st
from where import COMPILED, load, run_as

from simkit.kernels import metropolis
from simkit.kernels.metropolis.cases import run, spins

REFERENCE = metropolis.KERNEL.load("reference")
#: a part's row is one word of a colour, less than a vector, a vector and more
SIZES = [(16, 16), (48, 16), (16, 48), (32, 32), (64, 32), (32, 144)]


@pytest.fixture(params=COMPILED, scope="module")
def kernel(request):
    return load(metropolis.KERNEL, request.param)


@given(
    seed=st.integers(0, 2**64 - 1),
    row=st.integers(0, 2**63),
    size=st.sampled_from(SIZES),
    acceptance=st.lists(
        st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 2**31, 2**32 - 1])), min_size=4, max_size=4
    ),
    interval=st.integers(0, 1),
    n=st.integers(0, 6),
)
@settings(max_examples=30, deadline=None)
def test_any_run(kernel, seed, row, size, acceptance, interval, n):
    options = {"every": 3, "start": 3 * interval, "seed": seed, "row": row}
    agree(metropolis.KERNEL, kernel, lambda: run(spins(row % 99, size), n, acceptance, **options))


@pytest.mark.parametrize("place", [*COMPILED, "reference"])
def test_a_run_in_parts_is_the_run(place):
    kernel, cells = load(metropolis.KERNEL, place), spins(1, (32, 48))
    options = {"acceptance": np.array([2**31, 2**30, 2**29], np.uint32), "seed": 5, "row": 7, "every": 2}
    before = cells.copy()
    whole, first = kernel.run(cells, 6, **options), kernel.run(cells, 2, **options)
    second = kernel.run(first.cells, 4, start=2, **options)
    assert np.array_equal(second.cells, whole.cells)
    assert np.array_equal(np.concatenate([first.census, second.census[1:]]), whole.census)
    assert np.array_equal(cells, before)
    other = kernel.run(cells, 6, **{**options, "row": 8})
    assert not np.array_equal(other.cells, whole.cells)


@pytest.mark.parametrize("place", COMPILED[1:])
def test_many_systems_at_once_are_each_as_alone(place):
    cuda, cells = load(metropolis.KERNEL, place), spins(3, (3, 32, 48))
    acceptance, rows = spins(4, (3, 2)).astype(np.uint32) * 2**31 + 12345, np.array([9, 2**40, 1], np.uint64)
    found = cuda.run(cells, 4, acceptance=acceptance, seed=1, row=rows, every=2)
    for i in range(3):
        wanted = REFERENCE.run(cells[i], 4, acceptance=acceptance[i], seed=1, row=int(rows[i]), every=2)
        assert np.array_equal(found.cells[i], wanted.cells)
        assert np.array_equal(found.census[i], wanted.census)


@pytest.mark.slow  # the life kernel's is quick
def test_without_avx512_the_bits_are_the_same():
    """The code for processors without AVX-512, in a process that pretends to be one."""
    script = """
import numpy as np
from simkit.kernels.life import simd
from simkit.kernels.metropolis import cases, cpu, reference
assert simd.LANES == 4 and not simd.HAS_AVX512, simd.LANES
call = cases.run(cases.spins(0, (32, 48)), 4, (2**31, cases.CRITICAL), every=2, seed=2**40, row=2**33)
assert all(map(np.array_equal, call.of(cpu), call.of(reference)))
"""
    run_as("avx2", "-c", script)
