"""Every backend of the lattice kernel against its reference."""

from __future__ import annotations

import tracemalloc

import agreement
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from where import COMPILED, load, run_as

from simkit.kernels import lattice
from simkit.kernels.lattice import cases, cpu, free, free_counting, packing, states
from simkit.kernels.lattice.cases import STACKS, random_cells, random_demons, random_stack
from simkit.kernels.lattice.states import GAS, INTERFACE, ISING, MIRROR, PINNED
from simkit.kernels.life.simd import LANES

REFERENCE = lattice.KERNEL.load("reference")

SEEDS = st.integers(0, 10**6)
WIDTHS = st.one_of(st.integers(2, 20), st.sampled_from([61, 62, 63, 64, 65, 126, 130, 510, 600]))


@pytest.fixture(params=COMPILED, scope="module")
def kernel(request):
    return load(lattice.KERNEL, request.param)


def agree(module, cells, n_steps, **options):
    agreement.agree(lattice.KERNEL, module, lambda: cases.run(cells.copy(), n_steps, **options))


@given(seed=SEEDS, height=st.integers(2, 20), width=WIDTHS, n=st.integers(0, 12), every=st.integers(1, 5))
@settings(max_examples=25)
def test_any_layout(kernel, seed, height, width, n, every):
    regions = np.random.default_rng(seed).integers(0, 3, width)
    agree(kernel, random_cells(seed, height, width), n, every=every, regions=regions, start=seed % 2)


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("height", [128, 256, 12])
def test_stacks(kernel, name, height):
    columns = STACKS[name]
    agree(kernel, random_stack(height, columns, height), 45, every=7, regions=np.arange(len(columns)) // 3, start=1)


@given(
    seed=SEEDS,
    height=st.one_of(st.integers(1, 70), st.sampled_from([127, 128, 129, 192, 200])),
    bath=st.integers(1, 70),
    depth=st.integers(1, 40),
    shift=st.integers(0, 70),
    is_turned=st.booleans(),
    n=st.integers(0, 12),
)
@settings(max_examples=25)
def test_rings_of_any_size(kernel, seed, height, bath, depth, shift, is_turned, n):
    cells = random_stack(seed, np.roll(lattice.layout.ring(bath, 2 * depth), shift), 2 * height)
    cells = turned(cells) if is_turned else cells
    regions = np.random.default_rng(seed).integers(0, 3, cells.shape[1])
    agree(kernel, cells, n, every=3, regions=regions, start=seed % 2)


def turned(cells):
    """Return cells on their side, as an array of its own."""
    return np.ascontiguousarray(states.TRANSPOSED[cells.T])


@pytest.mark.parametrize("name", STACKS)
def test_stacks_of_any_height_and_on_their_side_run_on_whole_words(monkeypatch, name):
    """Heights round one, two and four word rows; odd ones can be of gas alone."""

    def refuse(_cells):
        raise AssertionError("a stack was put into planes with masks")

    monkeypatch.setattr(free, "prepare", refuse)
    columns = STACKS[name]
    is_of_gas = not np.isin(columns, (states.ISING, states.INTERFACE)).any()
    for height in (2, 3, 4, 62, 63, 64, 65, 66, 126, 127, 128, 129, 130, 192, 254, 256, 258):
        if height % 2 == 0 or is_of_gas:
            cells = random_stack(height, columns, height)
            agree(cpu, cells, 9, every=4, regions=np.arange(len(columns)) // 3, start=1)
            agree(cpu, turned(cells), 9, every=4, regions=3 * np.arange(height) // height, start=1)


@pytest.mark.parametrize("name", STACKS)
def test_a_free_layout_can_be_any_stack(monkeypatch, name):
    """Vectors of gas alone, of spins alone, of walls and interfaces, at widths round those of words and vectors."""
    monkeypatch.setattr(cpu, "split", lambda _cells: None)
    columns = STACKS[name]
    for width in (len(columns), 64, 512, 520):
        wide = np.insert(columns, len(columns) // 2, [columns[len(columns) // 2]] * (width - len(columns)))
        agree(cpu, random_stack(1, wide, 6), 15, every=4, regions=3 * np.arange(width) // width, start=1)


def test_large_areas_of_one_kind():
    kinds = np.repeat(np.array([MIRROR, GAS, INTERFACE, ISING, PINNED], np.uint8), [1, 599, 1, 599, 100])
    kinds = np.broadcast_to(kinds, (40, 1300)).copy()
    kinds[10:20, 300], kinds[30, 900] = MIRROR, PINNED
    agree(cpu, random_cells(3, *kinds.shape, kinds=kinds), 25, every=6, regions=np.arange(1300) // 200)


def test_a_census_of_a_free_layout_is_of_vectors(monkeypatch):
    """As many vectors are counted as there are, once for each region that they are in, and no cell by itself."""
    counted = []
    monkeypatch.setattr(free_counting, "_count_spins", lambda *_: counted.append(1))
    for name in ("_count_packets", "load", "splat"):
        monkeypatch.setattr(free_counting, name, lambda *_: None)
    layout, masks = free.prepare(random_cells(1, 10, 1030)), free_counting.region_masks(np.arange(1030) // 600)
    counts, census = free_counting.workspace(masks), np.zeros((2, 18), np.int64)
    free_counting.count.py_func(layout.room, layout.at, layout.flags, 0, 0, masks, counts, census)
    n_vectors = -(-1030 // (64 * LANES))
    assert len(counted) == 10 * (n_vectors + 1)


def test_the_states_of_a_transposed_lattice():
    """A step and a transposition commute, so that a stack on its side is one."""
    cells = random_cells(1, 24, 34)
    assert np.array_equal(REFERENCE.run(turned(cells), 40).cells, turned(REFERENCE.run(cells, 40).cells))
    assert np.array_equal(states.TRANSPOSED[states.TRANSPOSED], np.arange(states.N_STATES))
    assert np.array_equal(packing.transpose(cells, states.TRANSPOSED), turned(cells))


@pytest.mark.parametrize("height", [1024, 1000])
def test_stacks_are_packed_with_no_copies_of_the_cells(height):
    """Beside the planes (at most 1 byte per cell) and the cells after the run nothing of their size is allocated."""
    cells = random_stack(1, STACKS["sandwich"], height)
    cells = np.ascontiguousarray(np.tile(cells, (1, 40)))
    segments, active = cpu.split(cells)  # compiled
    stack = cpu.load(cells, segments)
    cpu.unload(cells, stack, active, 0, 0)
    sizes = []
    for work in (
        lambda: cpu.split(cells),
        lambda: cpu.load(cells, segments),
        lambda: cpu.unload(cells, stack, active, 0, 0),
    ):
        tracemalloc.start()
        kept = work()
        sizes.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        del kept
    small = 300_000
    assert sizes[0] < small
    assert sizes[1] < stack.room.nbytes + small
    assert sizes[2] < cells.nbytes + small
    tracemalloc.start()
    layout = free.prepare(cells)
    assert tracemalloc.get_traced_memory()[1] < layout.room.nbytes + layout.flags.nbytes + small
    tracemalloc.reset_peak()
    free.cells_of(cells, layout, 0)
    assert tracemalloc.get_traced_memory()[1] < layout.room.nbytes + cells.nbytes + small
    tracemalloc.stop()


def test_spins_round_the_edge_of_an_odd_width(kernel):
    """No valid layout, as the checkerboard has a seam there; but what the reference makes of it holds."""
    agree(kernel, random_stack(1, np.roll(lattice.layout.ring(9, 20), 4), 128), 45, every=7)


@pytest.mark.parametrize("height", [4, 66, 128, 130, 192, 256])
def test_thermal_walls(kernel, height):
    cells = random_stack(1, STACKS["sandwich"], height)
    agree(kernel, cells, 30, every=4, is_driven=True)
    trace = cases.run(cells, 30, every=4, is_driven=True).of(kernel)
    total = lattice.energy(trace.census.sum(axis=1))
    assert np.array_equal(total - total[0], trace.given.sum(axis=1))
    assert (np.diff(trace.given, axis=0) != 0).any()


def test_a_mirror_that_holds_more_than_its_gas_gave(kernel):
    """Packets along a wall, or between the walls of two stacks: no case for the fast path, but a right one."""
    cells = random_stack(3, STACKS["sandwich"], 128)
    for packets in (1, 4, 8, 15):
        cells[5, 0] = 38 + packets
        agree(kernel, cells, 40, every=10)


@given(
    seed=SEEDS,
    height=st.one_of(st.integers(1, 70), st.just(96), st.just(128)),
    width=st.integers(1, 40),
    n=st.integers(0, 20),
)
@settings(max_examples=20)
def test_creutz(kernel, seed, height, width, n):
    cells = random_demons(seed, 2 * height, 2 * width)
    agreement.agree(lattice.KERNEL, kernel, lambda: cases.run_creutz(cells.copy(), n, every=3))


@pytest.mark.parametrize("place", [*COMPILED, "reference"])
def test_the_cells_given_are_not_changed(place):
    kernel = load(lattice.KERNEL, place)
    for cells in (random_stack(0, STACKS["ring"], 128), random_cells(0, 9, 12)):
        before = cells.copy()
        kernel.run(cells, 3)
        assert np.array_equal(cells, before)
    for height in (6, 128):
        cells = random_demons(0, height, 6)
        before = cells.copy()
        kernel.run_creutz(cells, 3)
        assert np.array_equal(cells, before)


@pytest.mark.parametrize("place", [*COMPILED, "reference"])
def test_there_is_no_census_unless_it_is_asked_for(place):
    kernel = load(lattice.KERNEL, place)
    stack, free, demons = random_stack(0, STACKS["sandwich"], 128), random_cells(0, 9, 12), random_demons(0, 128, 6)
    regions = np.arange(free.shape[1]) // 6
    for run, cells, options in (
        (kernel.run, stack, {}),
        (kernel.run, free, {"regions": regions}),
        (kernel.run_creutz, demons, {}),
        (kernel.run_creutz, demons[:6].copy(), {}),
    ):
        found, counted = run(cells, 5, **options), run(cells, 5, every=1, **options)
        assert np.array_equal(found.cells, counted.cells)
        assert found.census.shape == (0, *counted.census.shape[1:])
        assert (len(counted.census), found.given.shape, counted.given.shape) == (6, (0, 2), (6, 2))


@pytest.mark.parametrize(("every", "n_counts"), [(0, 0), (1, 11), (4, 3), (99, 1)])
def test_a_run_counts_as_often_as_it_is_asked_to(monkeypatch, every, n_counts):
    """The compiled loops, with their parts replaced: how often each is called."""
    calls = []
    for name in ("_count", "_show_gas", "_show_spins", "_exchange"):
        monkeypatch.setattr(cpu, name, lambda *_, name=name: calls.append(name))
    cells = random_stack(0, STACKS["ring"], 128)
    segments, active = cpu.split(cells)
    of_runs, census = (cpu.load(cells, segments), 128, active, 10, every), np.zeros((11, 1, 18), np.int64)
    drive, driven = np.zeros((0, 2, 0), np.uint64), np.zeros((0, 2), np.int64)
    cpu._run_stack.py_func(*of_runs, 0, None, None, drive, driven, None, census, np.zeros((11, 2), np.int64))
    assert (calls.count("_count"), calls.count("_exchange")) == (n_counts, 10)


def alone(module, name, cells, n_steps, drive, **options):
    """Run systems (system, y, x) one after another; return the traces as one."""
    given = [{"drive": one} for one in drive] if drive is not None else [{}] * len(cells)
    traces = [getattr(module, name)(one, n_steps, **options, **more) for one, more in zip(cells, given, strict=True)]
    return [np.array(values) for values in zip(*traces, strict=True)]


@pytest.mark.parametrize("place", COMPILED[1:])
def test_many_systems_at_once_are_each_as_alone(place):
    cuda = load(lattice.KERNEL, place)
    stacks = np.array([random_stack(seed, STACKS["sandwich"], 128) for seed in range(3)])
    alike = np.array([stacks[0], *(REFERENCE.run(stacks[0], n).cells for n in (2, 4))])  # of one phase
    assert {cuda.stack_of(cells, is_driven=True) is None for cells in (alike, stacks)} == {False, True}
    free = np.array([random_cells(seed, 7, 40) for seed in range(3)])
    drive = cases.run(stacks, 20, is_driven=True).options["drive"]
    for cells, words in ((stacks, drive), (alike, drive), (alike, None), (free, None)):
        found = cuda.run(cells, 20, every=3, drive=words)
        wanted = alone(REFERENCE, "run", cells, 20, words, every=3)
        assert all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))
    for height in (6, 128):
        cells = np.array([random_demons(seed, height, 6) for seed in range(4)])
        for some in (cells, cells[cells[:, 0, 0] >> 3 == 1]):
            found = cuda.run_creutz(some, 20, every=3)
            wanted = alone(REFERENCE, "run_creutz", some, 20, None, every=3)
            assert all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))


@pytest.mark.slow  # the life kernel's is quick
def test_without_avx512_the_bits_are_the_same():
    """The code for processors without AVX-512, in a process that pretends to be one."""
    script = """
import numpy as np
from simkit.kernels.lattice.cases import STACKS, random_stack
from simkit.kernels.life import simd
from simkit.kernels.lattice import cpu, reference
assert simd.LANES == 4 and not simd.HAS_AVX512, simd.LANES
cells = random_stack(1, STACKS["sandwich"], 130)
found, wanted = cpu.run(cells, 20, every=3), reference.run(cells, 20, every=3)
assert np.array_equal(found.cells, wanted.cells) and np.array_equal(found.census, wanted.census)
"""
    run_as("avx2", "-c", script)
