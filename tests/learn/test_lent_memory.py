"""Memory is lent again only when nothing of the array that it was lent to is left."""

from __future__ import annotations

import pickle

import numpy as np
import torch

from simkit.learn.streaming.memory import Memory

SHAPE = (3, 2**19)


def place_of(array):
    return array.__array_interface__["data"][0]


def test_memory_comes_back():
    memory = Memory()
    first = memory.empty(SHAPE, np.float32)
    assert (first.shape, first.dtype) == (SHAPE, np.float32)
    assert first.flags.writeable
    place = place_of(first)
    del first
    smaller = memory.empty((SHAPE[0], SHAPE[1] - 5), np.float32)
    assert place_of(smaller) == place


def test_views_and_tensors_hold_it():
    memory = Memory()
    for hold in (
        lambda array: array[1:2, 7:9],
        lambda array: array.reshape(-1)[:4].view(np.uint8),
        lambda array: torch.from_numpy(array)[0, :3],
        lambda array: torch.from_numpy(array).T.numpy()[5:6],
    ):
        array = memory.empty(SHAPE, np.float32)
        array[:] = 1
        held = hold(array)
        before = held.tobytes() if isinstance(held, np.ndarray) else held.clone()
        del array
        memory.empty(SHAPE, np.float32)[:] = 2
        after = held.tobytes() if isinstance(held, np.ndarray) else held
        assert bool((before == after).all()) if isinstance(held, torch.Tensor) else before == after
        del held


def test_two_at_once_are_apart():
    memory = Memory()
    first, second = memory.empty(SHAPE, np.uint8), memory.empty(SHAPE, np.uint8)
    assert not np.shares_memory(first, second)


def test_small_and_empty_arrays():
    memory = Memory()
    assert memory.empty((0, 4), np.int32).shape == (0, 4)
    assert memory.empty((5,), "uint8").shape == (5,)


def test_a_copy_for_another_process_is_empty_handed():
    memory = Memory()
    memory.empty(SHAPE, np.float32)
    assert len(pickle.dumps(memory)) < 200
