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


@pytest.mark.slow  # the life kernel's is quick
def test_without_avx512_the_bits_are_the_same():
    """On a processor with vectors of 256 bits and fused multiply-adds, which must not be used."""
    assert run_as("avx2", "-c", _BITS).strip() == "equal"


@given(
    n_orbits=st.integers(0, 5),
    n_maps=st.integers(0, 9),
    n=st.integers(1, 30),
    limit=st.sampled_from([1.3, 1e6, np.inf]),
)
@settings(max_examples=20)
def test_carry(kernel, n_orbits, n_maps, n, limit):
    agree(orbit.KERNEL, kernel, lambda: cases.carry(n_orbits, n_maps, n, limit=limit))


@pytest.mark.parametrize("n", [1, 2, 7])
def test_carried_orbits_are_traces_one_after_another(kernel, n):
    """Under each map from where it was under the one before; boxes are those of the later half."""
    path, starts, limit, _ = cases.carry(3, 6, n).arguments
    starts = starts[:1]
    found, state = kernel.carry(path, starts, limit, n), starts
    for k in range(len(path)):
        trace = kernel.trace(path[k : k + 1], state, n)[0]
        state = trace[-1:]
        assert np.array_equal(found.states[0, k], trace[-1])
        late = trace[n // 2 :]
        box = late[:, 0].min(), late[:, 0].max(), late[:, 1].min(), late[:, 1].max()
        assert np.array_equal(found.boxes[0, k], box)
    middle = kernel.carry(path[3:], found.states[:, 2], limit, n)
    assert np.array_equal(middle.states, found.states[:, 3:])


def test_a_lost_orbit_stays_lost_and_the_others_go_on(kernel):
    path, _, _, n = cases.carry(3, 24, 40).arguments
    path = path[:12]  # to 2.19, below where the attractor ends
    starts = np.array([[0.5, 0.45], [5.0, 5.0], [np.nan, 0.4], [0.5, 0.45]])
    states, boxes = kernel.carry(path, starts, 1e6, n)
    assert np.isnan(states[1:3]).all()
    assert np.isnan(boxes[1:3]).all()
    assert np.isfinite(states[[0, 3]]).all()
    assert np.array_equal(states[0], states[3])
    furthest = np.maximum(abs(boxes[0, :, :2]).max(axis=1), abs(boxes[0, :, 2:]).max(axis=1))
    some = kernel.carry(path, starts[:1], furthest[6] ** 2, n).states[0]
    is_lost = np.isnan(some).any(axis=1).tolist()
    assert is_lost == sorted(is_lost), "once lost, always lost"
    assert is_lost[-1]
