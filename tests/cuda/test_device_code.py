"""What the kernels become on a GPU: nothing is spilled, registers leave room, and hot loops have not grown.

Instructions are those of NVRTC 13.0 for sm_90. Where a loop becomes shorter, lower its figure here.
"""

from __future__ import annotations

import sys
from collections import Counter

import pytest
from device_code import compiled
from where import HOST, load

from simkit.kernels import (
    basin,
    census,
    escape,
    lattice,
    life,
    maze,
    metropolis,
    neighbourhoods,
    orbit,
    philox,
    platformer,
    raster,
)
from simkit.kernels.life import Rule

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="NVRTC is installed with the tests on Linux only")

#: instructions of a loop over generations besides the shuffles and what `instructions_per_generation` counts
LOOP = 5


@pytest.mark.parametrize(
    "rule",
    [
        "B3/S23",
        *(pytest.param(rule, marks=pytest.mark.slow) for rule in ("B36/S23", "B38/S23", "B3/S238")),
        "B0157/S0458",
    ],
)
def test_a_128x128_board_in_registers(rule):
    """Five blocks of four warps share a multiprocessor, whose 65,536 registers allow 96 a thread."""
    cuda = load(life.KERNEL, HOST)
    rule = Rule.parse(rule)
    rows, columns = cuda.layout(128, 128)
    kernels, log = compiled(cuda.module(rule, rows, columns))
    assert "warning" not in log, log
    for name in ("settle", "step"):
        kernel = kernels[name]
        assert (kernel.spills, kernel.registers <= 96) == (0, True), f"{name}: {kernel}"
        generation = min((loop for loop in kernel.loops if loop["SHFL"] == 4 * columns), key=Counter.total)
        logic = generation["LOP3"] + generation["SHF"]
        assert logic == cuda.instructions_per_generation(rule, rows, columns), generation
        assert generation.total() <= logic + 4 * columns + LOOP, generation


def test_life_takes_157_instructions_a_generation():
    """136 operations, 16 shuffles, and five for the loop."""
    cuda = load(life.KERNEL, HOST)
    kernels, _ = compiled(cuda.module(Rule.parse("B3/S23"), 4, 4))
    assert cuda.instructions_per_generation(Rule.parse("B3/S23"), 4, 4) == 136
    assert min(loop.total() for loop in kernels["settle"].loops if loop["SHFL"] == 16) <= 157


@pytest.mark.parametrize(
    ("size", "ceiling"),
    [
        ((32, 32), 96),
        pytest.param((64, 64), 96, marks=pytest.mark.slow),
        pytest.param((256, 128), 200, marks=pytest.mark.slow),
        ((100, 100), 64),
    ],
)
def test_boards_of_other_sizes(size, ceiling):
    cuda = load(life.KERNEL, HOST)
    kernels, log = compiled(cuda.module(Rule.parse("B36/S23"), *cuda.layout(*size)))
    assert "warning" not in log, log
    for name in ("settle", "step"):
        assert kernels[name].spills == 0
        assert kernels[name].registers <= ceiling


@pytest.mark.parametrize(("name", "most"), [("words", 65), ("bits", 75)])
def test_philox(name, most):
    """A block of four words is ten rounds of two multiplications and four other operations."""
    kernels, log = compiled(load(philox.KERNEL, HOST).module())
    kernel = kernels[name]
    assert "warning" not in log, log
    assert (kernel.spills, kernel.registers <= 32) == (0, True), kernel
    assert min(loop.total() for loop in kernel.loops if loop["IMAD"] >= 20) <= most


@pytest.mark.parametrize("name", ["normals", "quantiles"])
def test_normal_numbers(name):
    """Their divisions and square root are those of IEEE, with calls for operands that are none here."""
    kernels, log = compiled(load(philox.KERNEL, HOST).normal_module())
    assert "warning" not in log, log
    assert (kernels[name].spills, kernels[name].registers <= 64) == (0, True), kernels[name]


def test_census():
    """Four blocks of four warps share a multiprocessor: 128 registers a thread."""
    kernels, log = compiled(load(census.KERNEL, HOST).module())
    kernel = kernels["census"]
    assert "warning" not in log, log
    assert (kernel.spills, kernel.registers <= 128) == (0, True), kernel


@pytest.mark.parametrize(
    ("file", "rows", "registers"),
    [
        pytest.param("stack", 2, 80, marks=pytest.mark.slow),
        ("stack", 4, 96),
        pytest.param("stack", 8, 168, marks=pytest.mark.slow),
        ("creutz", 4, 96),
    ],
)
def test_columns_of_a_lattice_in_registers(file, rows, registers):
    """Systems of 256x256 cells are two to a multiprocessor at least, which has 65,536 registers."""
    cuda = load(lattice.KERNEL, HOST)
    kernels, log = compiled(cuda.module(file, rows))
    assert "warning" not in log, log
    (kernel,) = kernels.values()
    assert (kernel.spills, kernel.registers <= registers) == (0, True), kernel


@pytest.mark.parametrize(("rows", "most"), [(4, 420), pytest.param(8, 700, marks=pytest.mark.slow)])
def test_a_step_of_a_stack(rows, most):
    """Of all that a step can be, gas and spins of either colour: the logic of each, shuffles, what warps show at ends.

    Words of 64 cells: gas takes 12 operations and 4 shuffles, an attempt to flip 8 and 4.
    """
    kernel = compiled(load(lattice.KERNEL, HOST).module("stack", rows))[0]["run_stack"]
    step = min((loop for loop in kernel.loops if loop["BAR"]), key=Counter.total)
    assert step["SHFL"] == 4 * rows + 4 * rows
    assert step["LDL"] + step["STL"] == 0
    assert step.total() <= most, step


@pytest.mark.parametrize(("file", "registers"), [("free", 128), ("demons", 48)])
def test_lattices_in_memory(file, registers):
    kernels, log = compiled(load(lattice.KERNEL, HOST).module(file))
    assert "warning" not in log, log
    (kernel,) = kernels.values()
    assert (kernel.spills, kernel.registers <= registers) == (0, True), kernel


def test_metropolis():
    """Two blocks of 16 warps share a multiprocessor. A pair of digits: 20 multiplications and 20 exclusive ors of three,
    and of 64-bit words two to join, two to shift thresholds, and ten to compare.
    """
    kernels, log = compiled(load(metropolis.KERNEL, HOST).module())
    assert "warning" not in log, log
    kernel = kernels["run_metropolis"]
    assert (kernel.spills, kernel.registers <= 64) == (0, True), kernel
    pair = min((loop for loop in kernel.loops if loop["IMAD"] >= 20), key=Counter.total)
    assert pair.total() <= 112, pair


@pytest.mark.parametrize(("name", "registers", "products"), [("find_basins", 128, 80), ("find_radii", 96, 56)])
def test_basin(name, registers, products):
    """Blocks of four warps. Nothing is fused, for the bits of a processor, but within divisions and roots (MUFU)."""
    kernels, log = compiled(load(basin.KERNEL, HOST).module())
    assert "warning" not in log, log
    kernel = kernels[name]
    assert (kernel.spills, kernel.registers <= registers) == (0, True), kernel
    plain = [loop for loop in kernel.loops if not loop["MUFU"]]
    assert max(loop["DMUL"] for loop in plain) == products
    assert not any(loop["DFMA"] for loop in plain)


@pytest.mark.parametrize("name", ["follow", "rotations", "density", "trace", "carry"])
def test_orbit(name):
    """Blocks of two warps. Nothing is fused, for the bits of a processor, but within the quotients (MUFU)."""
    kernels, log = compiled(load(orbit.KERNEL, HOST).module())
    assert "warning" not in log, log
    kernel = kernels[name]
    assert (kernel.spills, kernel.registers <= 128) == (0, True), kernel
    assert not any(loop["DFMA"] for loop in kernel.loops if not loop["MUFU"])


@pytest.mark.parametrize(
    ("name", "registers"),
    [
        ("escape_float64", 80),
        ("escape_float64_any", 80),
        ("escape_float32", 64),
        ("escape_float32_any", 64),
        ("perturb", 80),
        ("count_boundaries", 40),
    ],
)
def test_escape(name, registers):
    """Blocks of four warps. Nothing is fused, for the bits of a processor."""
    kernels, log = compiled(load(escape.KERNEL, HOST).module())
    assert "warning" not in log, log
    kernel = kernels[name]
    assert (kernel.spills, kernel.registers <= registers) == (0, True), kernel
    if name != "count_boundaries":
        assert kernel.loops
    assert not any(loop["DFMA"] + loop["FFMA"] for loop in kernel.loops)


@pytest.mark.parametrize("name", ["discs", "subsets", "lines", "tiles", "sprites", "strokes"])
def test_raster(name):
    """Eight blocks of eight warps fill a multiprocessor: 32 registers a thread. What is fused is quotients and roots."""
    kernels, log = compiled(load(raster.KERNEL, HOST).module())
    assert "warning" not in log, log
    kernel = kernels[name]
    assert (kernel.spills, kernel.registers <= 32) == (0, True), kernel
    assert not any(loop["DFMA"] for loop in kernel.loops if not loop["MUFU"])


@pytest.mark.parametrize(("name", "registers"), [("build_levels", 64), ("apply_steps", 40), ("play_levels", 64)])
def test_platformer(name, registers):
    """Blocks of two warps. A level's profile is in shared memory, and a state in registers."""
    kernels, log = compiled(load(platformer.KERNEL, HOST).module())
    assert "warning" not in log, log
    kernel = kernels[name]
    assert (kernel.spills, kernel.registers <= registers) == (0, True), kernel


@pytest.mark.parametrize("name", ["play", "follow"])
def test_maze(name):
    """Blocks of one warp. A thread has a maze of its own in local memory, which is no spill."""
    kernels, log = compiled(load(maze.KERNEL, HOST).module())
    assert "warning" not in log, log
    kernel = kernels[name]
    assert (kernel.spills, kernel.registers <= 64) == (0, True), kernel


def test_neighbourhoods():
    """Eight blocks of eight warps fill a multiprocessor. Eight cells that a thread has are one store, if rows are whole."""
    kernels, log = compiled(load(neighbourhoods.KERNEL, HOST).module())
    assert "warning" not in log, log
    kernel = kernels["codes"]
    assert (kernel.spills, kernel.registers <= 32) == (0, True), kernel
    cells = max(kernel.loops, key=Counter.total)
    assert cells["STG"] == 1 + 8  # eight cells at once, or one by one
    assert cells.total() <= 320, cells
