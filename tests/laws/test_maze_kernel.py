"""Every backend of the kernel `maze` against its reference, with rules, seeds and rows drawn at random."""

from __future__ import annotations

from types import ModuleType

import pytest
from agreement import agree
from hypothesis import given, settings
from hypothesis import strategies as st
from where import COMPILED, load

from simkit.kernels import maze
from simkit.kernels.maze import cases


@pytest.fixture(scope="module", params=COMPILED)
def kernel(request: pytest.FixtureRequest) -> ModuleType:
    return load(maze.KERNEL, request.param)


@given(
    seed=st.integers(0, 2**64 - 1),
    rows=st.lists(st.integers(0, 2**64 - 1), max_size=4),
    size=st.sampled_from([5, 7, 9, 11, 13]),
    keys=st.integers(0, 3),
    slack=st.integers(0, 150),
    rewarded=st.sampled_from([0.0, 0.5, 1.0]),
    success=st.sampled_from([1e-9, 0.3, 1.0]),
    function=st.sampled_from(["play", "follow"]),
)
@settings(max_examples=40)
def test_episodes(kernel, seed, rows, size, keys, slack, rewarded, success, function):
    rules = cases.rules(size, keys, slack, rewarded, success)
    agree(maze.KERNEL, kernel, lambda: cases.play(rows, rules, seed=seed, function=function))
