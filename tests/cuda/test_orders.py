"""The cuda kernels give the same whatever the order of threads, and do nothing that C++ leaves undefined."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import host_cupy
import numpy as np
import pytest
from agreement import same
from host_cupy import RANDOM, REVERSE, RawModule
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
from simkit.kernels.cases import cases
from simkit.kernels.lattice.cases import random_cells

KERNELS = tuple(
    each.KERNEL
    for each in (
        philox,
        life,
        census,
        lattice,
        metropolis,
        basin,
        orbit,
        escape,
        raster,
        platformer,
        maze,
        neighbourhoods,
    )
)

#: what the sanitizers, which make all this slow, leave out: larger boards of what they see on small ones
LARGE = ("32x256", "128x128", "several", "to the end")


def results(place: str, *, without: tuple[str, ...] = ()) -> list[np.ndarray]:
    """Return what the kernels answer in all cases but those that are left out, and the lattice of cells of any kinds."""
    found: list[np.ndarray] = []
    for kernel in KERNELS:
        module = load(kernel, place)
        for name, make in cases(kernel).items():
            if not any(part in name for part in without):
                answer = make().of(module)
                fields = answer._asdict() if hasattr(answer, "_asdict") else {"": answer}
                found += [np.asarray(values) for field, values in fields.items() if field != "apgcodes"]
    return [*found, *load(lattice.KERNEL, place).run(random_cells(1, 50, 70), 30, every=7)]


@pytest.mark.parametrize(("schedule", "seed"), [(REVERSE, 0), (RANDOM, 1)])  # all other tests run them forward
def test_the_order_of_threads_does_not_matter(monkeypatch, schedule, seed):
    monkeypatch.setattr(RawModule, "schedule", schedule)
    monkeypatch.setattr(RawModule, "seed", seed)
    found, wanted = (results(name) for name in (HOST, "cpu"))
    assert all(same(a, b) for a, b in zip(found, wanted, strict=True))


@pytest.mark.slow  # the sanitizers of g++
def test_nothing_is_undefined():
    """Under g++'s sanitizers of undefined behaviour and of addresses, which end a process that does wrong."""
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed here")
    asan = subprocess.run(["g++", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True).stdout
    tests = Path(__file__).parents[1]
    path = os.pathsep.join((*map(str, (tests, tests / "laws", tests.parent)), os.environ.get("PYTHONPATH", "")))
    environment = {**os.environ, "LD_PRELOAD": asan.strip(), "ASAN_OPTIONS": "detect_leaks=0", "PYTHONPATH": path}
    done = subprocess.run([sys.executable, __file__], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    host_cupy.margin = 0
    RawModule.flags = ("-O1", "-g", "-fsanitize=undefined,address", "-fno-sanitize-recover=all")
    results(HOST, without=LARGE)
