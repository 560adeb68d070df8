"""The cuda kernels give the same whatever the order of threads, and do nothing that C++ leaves undefined."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import host_cupy
import numpy as np
import pytest
from host_cupy import FORWARD, RANDOM, REVERSE, RawModule
from lattices import STACKS, random_cells, random_demons, random_stack
from where import HOST, load

from simkit.kernels import census, lattice, life, metropolis, philox
from simkit.kernels.lattice.states import MIRROR
from simkit.kernels.life import Rule

RULES = tuple(Rule.parse(rule) for rule in ("B3/S23", "B36/S23"))

#: a warp's sizes, small and large words of cells a row, and a block's: several rows a thread, and more threads than words
SIZES = [(64, 64), (32, 256), (128, 128), (24, 20), (70, 65)]


def results(name: str, sizes: list[tuple[int, int]], n_boards: int, max_steps: int) -> list[np.ndarray]:
    """Return what the kernels give on as many boards as keep several warps busy."""
    draws, automaton, objects = (load(kernel, name) for kernel in (philox.KERNEL, life.KERNEL, census.KERNEL))
    rows = np.arange(2**32 - 2, 2**32 - 2 + n_boards, dtype=np.uint64)
    found = [draws.words(5, rows, 2, 530), draws.bits(5, rows, 2, 530, 1234567)]
    which = (np.arange(n_boards) % 2).astype(np.uint8)
    for height, width in sizes:
        bits = draws.bits(3, rows, 0, height * -(-width // 32), 2**31).reshape(n_boards, height, -1)
        cells = np.unpackbits(bits.view(np.uint8), axis=-1, count=width, bitorder="little")
        boards = np.packbits(cells, axis=-1, bitorder="little")
        found += [automaton.step(boards, width, RULES[1], 3)]
        settled = automaton.settle(boards, width, RULES, which, max_steps)
        given = settled.ash, width, RULES, which, settled.period
        found += [*settled, *objects.count(*given), *objects.find(*given)[:-1], objects.label(*given)]
    return found


def lattice_results(name: str, n_steps: int, heights: tuple[int, ...]) -> list[np.ndarray]:
    """Return what the lattice gives of stacks in one warp and in several, of a free layout, of demons, and by Metropolis."""
    run, run_creutz = load(lattice.KERNEL, name).run, load(lattice.KERNEL, name).run_creutz
    rng, found = np.random.default_rng(0), []
    kinds = [STACKS["spins between void and pinned"], lattice.layout.ring(70, 70), lattice.layout.sandwich(40, 34)]
    for height, columns in [(height, columns) for height in heights for columns in kinds]:
        drive = rng.integers(0, 2**64 - 1, (n_steps, 2, height // 64), np.uint64) if columns[0] == MIRROR else None
        cells, regions = random_stack(height, columns, height), np.arange(len(columns)) // 50
        found += run(cells, n_steps, every=7, regions=regions, drive=drive)
    drive = rng.integers(0, 2**64 - 1, (n_steps, 2, 1), np.uint64)
    found += [
        *run(random_cells(1, 50, 70), n_steps, every=7),
        *run(random_stack(1, kinds[2], 50), n_steps, every=1, drive=drive),
    ]
    for height, width in (*((height, 70) for height in heights), (50, 70)):
        found += run_creutz(random_demons(1, height, width), n_steps, every=7)
    acceptance = np.array([2**31, 736_800_000, 0, 2**32 - 1, 5, 6, 7], np.uint32)
    for shape in ((16, 48), (144, 32)):  # less than a warp, and more words than a warp has lanes
        cells = random_cells(2, *shape) & np.uint8(1)
        found += load(metropolis.KERNEL, name).run(cells, n_steps, acceptance=acceptance, seed=1, row=2, every=7)
    return found


@pytest.mark.parametrize(
    ("schedule", "seed"),
    [
        pytest.param(FORWARD, 0, marks=pytest.mark.slow),  # the order of all other tests
        (REVERSE, 0),
        (RANDOM, 1),
        pytest.param(RANDOM, 2, marks=pytest.mark.slow),
    ],
)
def test_the_order_of_threads_does_not_matter(monkeypatch, schedule, seed):
    monkeypatch.setattr(RawModule, "schedule", schedule)
    monkeypatch.setattr(RawModule, "seed", seed)
    found, wanted = (results(name, SIZES, 9, 700) for name in (HOST, "cpu"))
    assert all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))
    found, wanted = (lattice_results(name, 30, (128, 256)) for name in (HOST, "reference"))
    assert all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))


def test_nothing_is_undefined():
    """Under g++'s sanitizers of undefined behaviour and of addresses, which end a process that does wrong."""
    asan = subprocess.run(["g++", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True).stdout
    path = os.pathsep.join((*map(str, Path(__file__).parents[1:3]), os.environ.get("PYTHONPATH", "")))
    environment = {**os.environ, "LD_PRELOAD": asan.strip(), "ASAN_OPTIONS": "detect_leaks=0", "PYTHONPATH": path}
    done = subprocess.run([sys.executable, __file__], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    host_cupy.margin = 0
    RawModule.flags = ("-O1", "-g", "-fsanitize=undefined,address", "-fno-sanitize-recover=all")
    results(HOST, [(64, 128), (70, 65)], 3, 400)
    lattice_results(HOST, 9, (128,))
