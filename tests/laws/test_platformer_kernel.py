"""Every backend of the platformer kernel against its reference."""

from __future__ import annotations

import pytest
from agreement import agree
from hypothesis import given, settings
from hypothesis import strategies as st
from where import COMPILED, load

from simkit.kernels import platformer
from simkit.kernels.platformer import cases

SEEDS = st.integers(0, 2**32)


@pytest.fixture(params=COMPILED, scope="module")
def kernel(request):
    return load(platformer.KERNEL, request.param)


@given(seed=SEEDS, n=st.integers(0, 70))
@settings(max_examples=15, deadline=None)
def test_any_levels(kernel, seed, n):
    agree(platformer.KERNEL, kernel, lambda: cases.levels(n, seed))


@given(seed=SEEDS, n=st.integers(0, 3), fails=st.integers(0, 2), at_borders=st.booleans())
@settings(max_examples=15, deadline=None)
def test_any_episodes(kernel, seed, n, fails, at_borders):
    agree(platformer.KERNEL, kernel, lambda: cases.play(n, seed, fails=fails, at_borders=at_borders))


@given(seed=SEEDS, n=st.integers(0, 70))
@settings(max_examples=15, deadline=None)
def test_any_steps(kernel, seed, n):
    agree(platformer.KERNEL, kernel, lambda: cases.step(n, seed))
