"""Every backend of the kernel `orbit` against its reference, on maps drawn at random."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from agreement import agree, arrays_of, same
from hypothesis import given, settings
from hypothesis import strategies as st
from where import COMPILED, load, run_as

from simkit.kernels import orbit
from simkit.kernels.cases import Call
from simkit.kernels.orbit import cases

SEEDS = st.integers(0, 2**32 - 1)
SIZES = {"n_maps": st.integers(1, 70), "n": st.integers(0, 40), "seed": SEEDS}


@pytest.fixture(scope="module", params=COMPILED)
def kernel(request: pytest.FixtureRequest) -> ModuleType:
    return load(orbit.KERNEL, request.param)


@given(**SIZES, limit=st.sampled_from([0.5, 2.0, 1e6, np.inf]))
@settings(max_examples=30)
def test_follow(kernel, n_maps, n, seed, limit):
    agree(orbit.KERNEL, kernel, lambda: cases.follow(n_maps, n, seed, limit=limit))


@pytest.mark.parametrize("make", [cases.rotations, cases.density, cases.trace])
@given(**SIZES)
@settings(max_examples=10)
def test_other_functions(kernel, make, n_maps, n, seed):
    agree(orbit.KERNEL, kernel, lambda: make(n_maps, n, seed))


@pytest.mark.parametrize("make", [cases.follow, cases.rotations, cases.density, cases.trace])
def test_an_orbit_is_the_same_in_any_company(kernel, make):
    """Lanes of the processor and threads of the device do not see each other."""
    call = make(70, 20, 3)
    whole = arrays_of(call.of(kernel))
    n_arrays = 5 if make is cases.rotations else 4
    for part in (slice(0, 1), slice(31, 34), slice(64, 70)):
        some = (a[part] if isinstance(a, np.ndarray) and i < n_arrays else a for i, a in enumerate(call.arguments))
        for name, values in arrays_of(Call(call.function, tuple(some)).of(kernel)).items():
            assert same(values, whole[name][part]), name


def test_an_orbit_is_carried_on(kernel):
    """In parts it is the orbit that it is at once, when lengths are looked at at the same times."""
    maps, states, tangents, limits, n = cases.follow(40, 8 * orbit.EVERY, 4).arguments
    whole = kernel.follow(maps, states, tangents, limits, n)
    half = kernel.follow(maps, states, tangents, limits, n // 2)
    rest = kernel.follow(maps, half.states, half.tangents, limits, n // 2)
    for found, wanted in zip(rest[:2], whole[:2], strict=True):
        assert same(found, wanted)
    assert np.array_equal(half.steps + rest.steps, whole.steps)
    assert np.array_equal((half.powers + rest.powers)[:, 0], whole.powers[:, 0])


_BITS = """
from simkit.kernels.orbit import cases, cpu, reference
import numpy as np
for call in (cases.follow(40, 50, 3), cases.rotations(40, 30, 3), cases.density(9, 60, 3), cases.trace(40, 20, 3)):
    answers = [answer if isinstance(answer, tuple) else (answer,) for answer in (call.of(cpu), call.of(reference))]
    assert all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(*answers))
print("equal")
"""


def test_without_avx512_the_bits_are_the_same():
    """On a processor with vectors of 256 bits and fused multiply-adds, which must not be used."""
    assert run_as("avx2", "-c", _BITS).strip() == "equal"
