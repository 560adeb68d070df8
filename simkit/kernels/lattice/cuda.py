"""The lattices in CUDA C++, a block of threads a system, with all steps and counts of a run in one launch.

Stacks (see `stack`), and Creutz tori as high, live in registers, a lane a column (``columns.cu``): a step is shuffles
between lanes, one barrier, and what warps show one another at their edges. Whatever does not fit or is no stack is run
in global memory, with masks (``free.cu``) or cell by cell (``demons.cu``).

`run` and `run_creutz` also take many systems at once, as one more axis before all others: cells (system, y, x), drive
(system, step, 2, word); so do the arrays of the `Trace`. They are what fills a device, as one system keeps only one
multiprocessor busy. Each runs as a stack only if all do, and in the same columns. Layouts are looked at on the host,
before the run.

Bounds of stacks, for each multiprocessor and cycle, which has 64 lanes for logic: gas takes 6 operations for 32 cells,
341 cells; spins 4 for 32 attempts to flip, one of which is every second cell, 1,024 cells. In between, for as much gas
as spins, 512. In a run no memory is touched, but for 16 ROWS bytes of drive a step.

With columns of 256 cells a warp issues 95 instructions for 8 words of 32 cells of gas (48 logic, 16 shuffles, 16 to
choose what comes in at its edges) or 45 for 4 words of spins, and about 75 for its edges and the barrier. At 4
instructions a cycle, were they never to wait, that is 200 cells of the 512 for a ring of 256x256 half of gas, or
4.6e13 cells/s on 132 multiprocessors at 1.75 GHz. This was counted, not measured.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.kernels.cuda import Array, back, compile_module, copied, empty, full, to_device, to_host
from simkit.kernels.lattice import (
    BOND_BIT,
    CREUTZ_QUANTITIES,
    MIRROR,
    QUANTITIES,
    SITES,
    SLOT,
    UNSATISFIED,
    UP,
    Trace,
    n_samples,
    states,
)
from simkit.kernels.lattice.planes import HEAD_ON, PAIR, TWO
from simkit.kernels.lattice.stack import Segment, split
from simkit.kernels.life.circuit import MAJ, SELECT, XOR3

U8 = npt.NDArray[np.uint8]

_FOLDER = Path(__file__).parent

#: threads of a block at most, of columns of so many rows of words: as many as the 65,536 registers of a multiprocessor
#: are enough for, with none spilled; other columns are at least as well off as those of the next number
_MAX_THREADS = {2: 768, 4: 640, 6: 512, 8: 384, 16: 256}

#: threads of a block at most that has its system in memory; more would spill registers
_IN_MEMORY = 512

#: planes of free.cu (N_ROOM): of two states, and masks
_N_ROOM = 2 * 7 + 11

#: places of bits in a state's features, behind four packets
_FEATURES = {"SPIN_BIT": 4, "BOND_PLACE": 5, "SLOT_PLACE": 6, "PHASE_PLACE": 7, "KIND_PLACE": 8}

#: how a side of a warp ends, see stack.cu
_LINKS = {"JOINED": 0, "FACING": 1, "MIRRORED": 2, "DRIVEN": 3, "FIXED": 4}


class Warp(NamedTuple):
    """Which columns a warp has, and at each side how they end and at which port (-1: none) they see what is there."""

    is_gas: bool
    first: int
    n: int
    #: colour of the spins that are active first
    colour: int
    west: int
    west_port: int
    east: int
    east_port: int


def max_threads(rows: int) -> int:
    """Return how many columns of ``64 * rows`` cells fit the registers of a block, 0 if none."""
    return next((n for most, n in _MAX_THREADS.items() if rows <= most), 0)


def warps(segments: list[Segment], width: int, active: int, *, is_driven: bool) -> list[Warp] | None:
    """Return the warps of a stack, or None if it has a segment of one column, or no mirrors to drive."""
    if any(segment.n < 2 for segment in segments):
        return None
    pieces = [
        (segment, (segment.first + begin) % width, end - begin)
        for segment in segments
        for begin, end in _cut(segment.n, 1 if segment.is_gas else 2)
    ]
    ports = {(x, 0): 2 * i for i, (_, x, _) in enumerate(pieces)}
    ports |= {((x + n - 1) % width, 1): 2 * i + 1 for i, (_, x, n) in enumerate(pieces)}
    driven: set[int] = set()

    def link(is_gas: bool, beyond: int, side: int) -> tuple[int, int]:
        port = ports.get((beyond, 1 - side), -1)
        if port >= 0:
            return _LINKS["JOINED" if pieces[port // 2][0].is_gas == is_gas else "FACING"], port
        if is_gas and is_driven and beyond == (width - 1) * side:
            driven.add(side)
            return _LINKS["DRIVEN"], port
        return _LINKS["MIRRORED" if is_gas else "FIXED"], port

    found = []
    for segment, x, n in pieces:
        west, east = link(segment.is_gas, (x - 1) % width, 0), link(segment.is_gas, (x + n) % width, 1)
        found.append(Warp(segment.is_gas, x, n, (active - segment.first) % 2, *west, *east))
    return found if not is_driven or len(driven) == 2 else None


def _cut(n: int, step: int) -> list[tuple[int, int]]:
    """Cut `n` columns into as few ranges as warps take, about even, of multiples of `step`."""
    n_warps = -(-n // 32)
    edges = [n // step * i // n_warps * step for i in range(n_warps + 1)]
    return list(pairwise(edges))


@cache
def module(file: str, rows: int = 0) -> Any:
    """Return the compiled kernel of a file; of ``stack`` and ``creutz`` that for columns of ``64 * rows`` cells."""
    is_coupled = file in ("stack", "free")
    constants = {"XOR3": XOR3, "MAJ": MAJ, "SELECT": SELECT, "N_THREADS": max_threads(rows) if rows else _IN_MEMORY}
    constants["N_QUANTITIES"] = len(QUANTITIES if is_coupled else CREUTZ_QUANTITIES)
    if rows:
        constants["ROWS"] = rows
    if is_coupled:
        constants |= {"HEAD_ON": HEAD_ON, "PAIR": PAIR, "TWO": TWO, **_FEATURES, **_LINKS}
        constants |= {"SLOT": SLOT, "MIRROR": MIRROR, "BOND_BIT": BOND_BIT, "UP": UP, "UNSATISFIED": UNSATISFIED}
        constants |= {"SITES": SITES.start, "GAS": states.GAS, "ISING": states.ISING, "INTERFACE": states.INTERFACE}
        constants |= {"MIRROR_KIND": states.MIRROR}
    columns = [_FOLDER / "columns.cu"] if rows else []
    return compile_module([*columns, _FOLDER / f"{file}.cu"], **constants)


def _features() -> Any:
    """Return what the states are made of: packets, and the bits and the kind where `_FEATURES` says; uint32 (54,)."""
    bits = ((states.SPIN, "SPIN_BIT"), (states.BOND, "BOND_PLACE"), (states.SLOT, "SLOT_PLACE"))
    found = states.G.astype(np.uint32)
    for table, place in (*bits, (states.PHASE, "PHASE_PLACE"), (states.KIND, "KIND_PLACE")):
        found |= table.astype(np.uint32) << np.uint32(_FEATURES[place])
    return to_device(found, np.uint32)


def stack_of(cells: U8, *, is_driven: bool) -> list[Warp] | None:
    """Return the warps of systems (system, y, x), or None if they are no stacks alike or do not fit."""
    height, width = cells.shape[1:]
    if height % 128 or max_threads(height // 64) == 0:
        return None
    found = split(cells[0])
    if found is None or any(split(one) != found for one in cells[1:]):
        return None
    table = warps(*found[:1], width, found[1], is_driven=is_driven)
    return table if table and 32 * len(table) <= max_threads(height // 64) else None


def run(
    cells: Array,
    n_steps: int,
    *,
    every: int | None = None,
    regions: Array | None = None,
    start: int = 0,
    drive: Array | None = None,
) -> Trace:
    """Run the coupled system; see the package's docstring."""
    on_host = to_host(cells).reshape(-1, *cells.shape[-2:])
    n, height, width = on_host.shape
    regions = np.zeros(width, np.int64) if regions is None else to_host(regions)
    n_regions, n_words = int(regions.max()) + 1, 0 if drive is None else -(-height // 64)
    out, census, given = _results(cells, n_steps, every, n_regions, QUANTITIES)
    if n:
        words = empty((0,), np.uint64) if drive is None else to_device(drive, np.uint64)
        table = stack_of(on_host, is_driven=drive is not None)
        common = [_features(), to_device([states.FIRST[kind] for kind in range(6)], np.uint8)]
        common += [to_device(regions, np.int32), *map(np.int32, (n_regions, n_steps, every or 0, start % 2)), words]
        if table is None:
            function, block = module("free").get_function("run_free"), _threads(-(-width // 32), height)
            room = empty((n, _N_ROOM, height, -(-width // 32)), np.uint32)
            sizes = np.int32(height), np.int32(width)
            function((n,), block, (out, *sizes, *common, np.int32(n_words), room, census, given))
        else:
            function = module("stack", height // 64).get_function("run_stack")
            warps_ = to_device(np.array(table, np.int32), np.int32)
            function((n,), (32 * len(table),), (out, np.int32(width), warps_, *common, census, given))
    return Trace(*(back(array, cells) for array in (out, census, given)))


def run_creutz(cells: Array, n_steps: int, *, every: int | None = None) -> Trace:
    """Run the Creutz system; see the package's docstring."""
    on_host = to_host(cells).reshape(-1, *cells.shape[-2:])
    n, height, width = on_host.shape
    out, census, given = _results(cells, n_steps, every, 1, CREUTZ_QUANTITIES)
    if n:
        edges, rows = [0, *(end for _, end in _cut(width, 2))], height // 64
        times = np.int32(n_steps), np.int32(every or 0)
        colours = (on_host[:, 0, 0] >> 3) ^ 1
        fits = height % 128 == 0 and 32 * (len(edges) - 1) <= max_threads(rows)
        if fits and (colours == colours[0]).all():
            function = module("creutz", rows).get_function("run_creutz")
            arguments = (np.int32(width), to_device(edges, np.int32), to_device(np.arange(16), np.uint32))
            function((n,), (32 * (len(edges) - 1),), (out, *arguments, np.int32(colours[0]), *times, census))
        else:
            function = module("demons").get_function("run_demons")
            function((n,), _threads(width, height), (out, np.int32(height), np.int32(width), *times, census))
    return Trace(*(back(array, cells) for array in (out, census, given)))


def _results(
    cells: Array, n_steps: int, every: int | None, n_regions: int, quantities: tuple[str, ...]
) -> tuple[Any, ...]:
    """Return a copy of the cells, in which a run takes place, and a census and `given` of zeros."""
    shape = (*cells.shape[:-2], n_samples(n_steps, every))
    census = full((*shape, n_regions, len(quantities)), 0, np.int64)
    return copied(cells, np.uint8), census, full((*shape, 2), 0, np.int64)


def _threads(n_columns: int, n_rows: int) -> tuple[int, int]:
    """Return the threads of a block along x and y."""
    along_x = min(n_columns, _IN_MEMORY)
    return along_x, min(n_rows, _IN_MEMORY // along_x)
