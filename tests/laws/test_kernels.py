"""Every backend of every kernel against its reference."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from types import ModuleType

import pytest
from agreement import agree
from hypothesis import given, settings
from hypothesis import strategies as st
from where import COMPILED, PROCESSORS, load, run_as

from simkit.kernels import cells, gather, life, philox
from simkit.kernels.cells import Form
from simkit.kernels.cells import cases as boards
from simkit.kernels.gather import cases as rows_of
from simkit.kernels.life import cases as soups
from simkit.kernels.philox import cases as draws

CELLS = [cells.KERNEL.load(name) for name in cells.KERNEL.backends if name != "reference"]
GATHER = [gather.KERNEL.load(name) for name in gather.KERNEL.backends if name != "reference"]

ROWS = st.lists(st.integers(0, 2**64 - 1), max_size=4)
SIDES = st.integers(8, 140)
#: heights and widths; those named are what the backend cuda keeps in the registers of a warp
SIZES = st.one_of(
    st.tuples(SIDES, st.one_of(SIDES, st.sampled_from([64, 128, 192, 256]))),
    st.sampled_from([(32, 32), (96, 64), (128, 128), (32, 256)]),
)
#: sizes at which the reference settles soon
SMALL = st.one_of(
    st.tuples(st.integers(8, 24), st.one_of(st.integers(8, 24), st.just(128))), st.sampled_from([(32, 32), (32, 128)])
)
#: few rules, since each is compiled once: the study's, one with B0, one with S8 and B8, one of six nodes, the empty one
RULES = st.sampled_from(["B3/S23", "B36/S23", "B0123478/S34678", "B38/S238", "B0157/S0458", "B/S"])


@pytest.fixture(scope="module", params=COMPILED)
def philox_kernel(request: pytest.FixtureRequest) -> ModuleType:
    return load(philox.KERNEL, request.param)


@pytest.fixture(scope="module", params=COMPILED)
def life_kernel(request: pytest.FixtureRequest) -> ModuleType:
    return load(life.KERNEL, request.param)


@given(seed=st.integers(0, 2**64 - 1), rows=ROWS, stream=st.integers(0, 2**32 - 1), n_words=st.integers(0, 40))
def test_philox_words(philox_kernel, seed, rows, stream, n_words):
    agree(philox.KERNEL, philox_kernel, lambda: draws.words(rows, n_words, seed=seed, stream=stream))


@given(
    rows=ROWS,
    n_words=st.integers(0, 12),
    threshold=st.one_of(st.integers(0, 2**32), st.sampled_from([0, 2**31, 2**32])),
)
def test_philox_bits(philox_kernel, rows, n_words, threshold):
    agree(philox.KERNEL, philox_kernel, lambda: draws.bits(rows, n_words, threshold))


@given(seed=st.integers(0, 2**64 - 1), rows=ROWS, stream=st.integers(0, 2**32 - 1), n=st.integers(0, 20))
def test_philox_normals(philox_kernel, seed, rows, stream, n):
    agree(philox.KERNEL, philox_kernel, lambda: draws.normals(rows, n, seed=seed, stream=stream))


@given(seed=st.integers(0, 2**32), n=st.integers(0, 300))
def test_philox_quantiles(philox_kernel, seed, n):
    agree(philox.KERNEL, philox_kernel, lambda: draws.quantiles(n, seed=seed))


@given(seed=st.integers(0, 99), size=SIZES, rule=RULES, n=st.integers(0, 9))
@settings(max_examples=50)
def test_life_step(life_kernel, seed, size, rule, n):
    agree(life.KERNEL, life_kernel, lambda: soups.step(2, *size, n, rule, seed))


@given(
    seed=st.integers(0, 99),
    size=SMALL,
    rule=RULES,
    max_steps=st.one_of(st.integers(1, 120), st.just(600)),
)
@settings(max_examples=20)
def test_life_settle(life_kernel, seed, size, rule, max_steps):
    agree(life.KERNEL, life_kernel, lambda: soups.settle(4, *size, max_steps, ("B3/S23", rule), seed))


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_board_settles_if_a_state_recurs_by_max_steps(life_kernel, offset):
    """At settle + period - 1 it has not settled; at settle + period it has."""
    _, (boards, width, rules, which, _), _ = call = soups.settle(20, 16, 16, 2000, ("B3/S23",), seed=5)
    free = call.of(life.KERNEL.load("reference"))
    assert (free.settle >= 0).all()
    for i in range(20):
        limit = max(1, int(free.settle[i] + free.period[i]) + offset)
        found = life_kernel.settle(boards[i : i + 1], width, rules, which[:1], limit)
        assert (found.settle[0] >= 0) == (limit >= free.settle[i] + free.period[i])


@pytest.mark.parametrize("kernel", CELLS)
@given(
    size=st.one_of(
        st.tuples(st.integers(1, 40), st.integers(1, 40)), st.integers(1, 70).map(lambda side: (side, side))
    ),
    n_planes=st.integers(1, 3),
    form=st.builds(Form, st.booleans(), st.booleans(), st.sampled_from(["uint8", "float32"])),
    seed=st.integers(0, 99),
)
@settings(max_examples=60)
def test_cells_expand(kernel, size, n_planes, form, seed):
    def make():
        return boards.expand(5, n_planes, *size, form, seed)

    agree(cells.KERNEL, kernel, make)
    assert make().of(kernel).max() <= 1


@pytest.mark.parametrize("kernel", GATHER)
@given(n_rows=st.integers(1, 9), n_bytes=st.integers(0, 200), n_places=st.integers(0, 12), seed=st.integers(0, 99))
def test_gather(kernel, n_rows, n_bytes, n_places, seed):
    agree(gather.KERNEL, kernel, lambda: rows_of.gather(n_rows, n_bytes, n_places, seed))


@pytest.mark.parametrize("kernel", GATHER)
@given(
    n_images=st.integers(1, 6),
    n_channels=st.integers(1, 5),
    n_pixels=st.integers(0, 90),
    full=st.integers(1, 255),
    channels_last=st.booleans(),
    dtype=st.sampled_from(["uint8", "float32"]),
    seed=st.integers(0, 99),
)
def test_gather_pixels(kernel, n_images, n_channels, n_pixels, full, channels_last, dtype, seed):
    shape = n_images, n_channels, n_pixels
    agree(gather.KERNEL, kernel, lambda: rows_of.pixels(*shape, full, channels_last, dtype, seed))


_BITS = """
import sys
import numpy as np
from simkit.kernels.life import bands, cases, cpu, reference
n_words, rules, sizes = int(sys.argv[1]), sys.argv[2].split(), [tuple(map(int, size.split("x"))) for size in sys.argv[3:]]
assert bands.shape_of(128, 128).n_words == n_words
for height, width in sizes:
    for text in rules:
        for max_steps in (9, 400) if height * width < 4000 else (9,):
            call = cases.settle(3, height, width, max_steps, (text,), seed=1)
            assert all(map(np.array_equal, call.of(reference), call.of(cpu))), (text, height, width, max_steps)
print("equal")
"""

#: widths that are a multiple of 128 and others; bands of an even and an odd number of rows, of one, and uneven ones
_SIZES = ("128x128", "40x256", "21x128", "8x128", "19x100", "8x9")


@pytest.mark.slow
@pytest.mark.parametrize("processor", PROCESSORS)
def test_without_avx512_many_rules_and_sizes(processor):
    sizes = [f"{height}x{width}" for height in (8, 9, 15, 16, 17, 24, 33, 64, 127) for width in (64, 128, 200, 384)]
    # B0 and S8 need all of the sum; those of RULES: the next test
    rules = "B0157/S0458 B2/S B1357/S1357 B3678/S34678 B8/S8 B012345678/S012345678"
    assert run_as(processor, "-c", _BITS, "4", rules, *_SIZES, *sizes).strip() == "equal"


#: kernels of whole numbers one at a time, whatever the processor, and a source of which all other kernels have tests here
_PLAIN = ("maze", "platformer", "neighbourhoods", "census", "ca-ash")

#: kernels that are written in vectors as wide as the processor has them
_IN_VECTORS = ("life", "cells", "gather", "lattice", "metropolis", "escape", "raster", "table_convolution")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("processor", "files", "kernels"),
    [
        # vectors of another width, and operations that could be fused
        ("avx2", ("tests/golden",), " and ".join(f"not {name}" for name in _PLAIN)),
        # what is not in vectors is compiled as for the other
        ("sse", (), f"({' or '.join(_IN_VECTORS)})"),
    ],
    ids=PROCESSORS,
)
def test_without_avx512_laws_facts_and_golden_digests_hold(processor, files, kernels):
    """In one process, of the code for processors alone: other tests are of the same code, or begin such processes too."""
    files = ("tests/laws/test_cases.py", "tests/laws/test_kernels.py", "tests/facts/test_life.py", *files)
    chosen = ("-k", f"not cuda and not (golden and reference) and not without_avx512 and not damaged and {kernels}")
    said = run_as(processor, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *files, *chosen)
    assert int(re.search(r"(\d+) passed", said)[1]) > 150


@pytest.mark.slow
def test_damaged_compiled_code_is_said_to_be_so(tmp_path):
    """Numba reads the files of its cache without a check; what it then raises must not be all that a user sees."""
    script = (
        "import simkit\n"
        "try:\n    simkit.source('ca-ash', rules=('B3/S23',), size=8, max_steps=20, census='none').generate(0, range(2))\n"
        "except simkit.SimkitError as error:\n    print(error)\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    run = [sys.executable, "-c", script]
    assert subprocess.run(run, env=environment, check=True, capture_output=True, text=True).stdout == ""
    for path in tmp_path.rglob("*.nbc"):
        path.write_bytes(path.read_bytes()[:100])
    said = subprocess.run(run, env=environment, check=True, capture_output=True, text=True).stdout
    assert "the kept compiled code is damaged" in said
    assert str(tmp_path) in said
