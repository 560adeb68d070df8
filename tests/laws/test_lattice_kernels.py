"""Every backend of the lattice kernel against its reference."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lattices import STACKS, random_cells, random_demons, random_stack

from simkit.kernels import lattice

KERNELS = [lattice.KERNEL.load(name) for name in lattice.KERNEL.backends if name != "reference"]
REFERENCE = lattice.KERNEL.load("reference")

SEEDS = st.integers(0, 10**6)
WIDTHS = st.one_of(st.integers(2, 20), st.sampled_from([61, 62, 63, 64, 65, 126, 130, 510, 600]))


def agree(kernel, cells, n_steps, **options):
    found, wanted = (module.run(cells.copy(), n_steps, **options) for module in (kernel, REFERENCE))
    for name, values in zip(wanted._fields, wanted, strict=True):
        assert np.array_equal(getattr(found, name), values), name
        assert getattr(found, name).dtype == values.dtype


@pytest.mark.parametrize("kernel", KERNELS)
@given(seed=SEEDS, height=st.integers(2, 20), width=WIDTHS, n=st.integers(0, 12), every=st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_any_layout(kernel, seed, height, width, n, every):
    regions = np.random.default_rng(seed).integers(0, 3, width)
    agree(kernel, random_cells(seed, height, width), n, every=every, regions=regions, start=seed % 2)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("height", [128, 256, 12])
def test_stacks(kernel, name, height):
    columns = STACKS[name]
    agree(kernel, random_stack(height, columns, height), 45, every=7, regions=np.arange(len(columns)) // 3, start=1)


@pytest.mark.parametrize("kernel", KERNELS)
@given(seed=SEEDS, bath=st.integers(1, 20), depth=st.integers(1, 20), shift=st.integers(0, 40), n=st.integers(0, 12))
@settings(max_examples=40, deadline=None)
def test_rings_of_any_size(kernel, seed, bath, depth, shift, n):
    columns = np.roll(lattice.layout.ring(bath, 2 * depth), shift)
    agree(kernel, random_stack(seed, columns, 128), n, every=3)


@pytest.mark.parametrize("kernel", KERNELS)
def test_spins_round_the_edge_of_an_odd_width(kernel):
    """No valid layout, as the checkerboard has a seam there; but what the reference makes of it holds."""
    agree(kernel, random_stack(1, np.roll(lattice.layout.ring(9, 20), 4), 128), 45, every=7)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("height", [4, 66, 128, 256])
def test_thermal_walls(kernel, height):
    cells = random_stack(1, STACKS["sandwich"], height)
    drive = np.random.default_rng(2).integers(0, 2**64 - 1, (30, 2, -(-height // 64)), np.uint64)
    agree(kernel, cells, 30, every=4, drive=drive)
    trace = kernel.run(cells, 30, every=4, drive=drive)
    total = lattice.energy(trace.census.sum(axis=1))
    assert np.array_equal(total - total[0], trace.given.sum(axis=1))
    assert (np.diff(trace.given, axis=0) != 0).any()


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_mirror_that_holds_more_than_its_gas_gave(kernel):
    """Packets along a wall, or between the walls of two stacks: no case for the fast path, but a right one."""
    cells = random_stack(3, STACKS["sandwich"], 128)
    for packets in (1, 4, 8, 15):
        cells[5, 0] = 38 + packets
        agree(kernel, cells, 40, every=10)


@pytest.mark.parametrize("kernel", KERNELS)
@given(seed=SEEDS, height=st.one_of(st.integers(1, 9), st.just(64)), width=st.integers(1, 20), n=st.integers(0, 20))
@settings(max_examples=40, deadline=None)
def test_creutz(kernel, seed, height, width, n):
    cells = random_demons(seed, 2 * height, 2 * width)
    found, wanted = (module.run_creutz(cells.copy(), n, every=3) for module in (kernel, REFERENCE))
    for name, values in zip(wanted._fields, wanted, strict=True):
        assert np.array_equal(getattr(found, name), values), name


@pytest.mark.parametrize("kernel", [*KERNELS, REFERENCE])
def test_the_cells_given_are_not_changed(kernel):
    for cells in (random_stack(0, STACKS["ring"], 128), random_cells(0, 9, 12)):
        before = cells.copy()
        kernel.run(cells, 3)
        assert np.array_equal(cells, before)
    for height in (6, 128):
        cells = random_demons(0, height, 6)
        before = cells.copy()
        kernel.run_creutz(cells, 3)
        assert np.array_equal(cells, before)


def test_without_avx512_the_bits_are_the_same():
    """The code for processors without AVX-512, in a process that pretends to be one."""
    script = """
import numpy as np
from lattices import STACKS, random_stack
from simkit.kernels.life import simd
from simkit.kernels.lattice import cpu, reference
assert simd.LANES == 4 and not simd.HAS_AVX512, simd.LANES
cells = random_stack(1, STACKS["sandwich"], 128)
found, wanted = cpu.run(cells, 20, every=3), reference.run(cells, 20, every=3)
assert np.array_equal(found.cells, wanted.cells) and np.array_equal(found.census, wanted.census)
"""
    path = os.pathsep.join((str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")))
    environment = {**os.environ, "NUMBA_CPU_NAME": "x86-64-v3", "NUMBA_CPU_FEATURES": "+avx2", "PYTHONPATH": path}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
