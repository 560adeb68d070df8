"""Philox against the known answers of Random123 (kat_vectors, philox4x32 with 10 rounds)."""

from __future__ import annotations

import numpy as np
import pytest
from where import COMPILED, load

from simkit.kernels import philox
from simkit.kernels.philox import reference

KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_known_answers_of_the_block(counter, key, answer):
    assert reference.block(np.array(counter, np.uint32), key).tolist() == list(answer)


@pytest.mark.parametrize("backend", [*COMPILED, "reference"])
@pytest.mark.parametrize(("counter", "key", "answer"), [known for known in KNOWN if known[0][0] < 2**30])
def test_known_answers_through_words(backend, counter, key, answer):
    """Block c0 of row (c1, c2) and stream c3 under the seed (k0, k1)."""
    block, low, high, stream = counter
    if block > 2**20:
        block = 0
        answer = reference.block(np.array([0, *counter[1:]], np.uint32), key).tolist()
    seed, row = key[0] | key[1] << 32, np.array([low | high << 32], np.uint64)
    assert load(philox.KERNEL, backend).words(seed, row, stream, 4).tolist() == [list(answer)]


@pytest.mark.parametrize("density", [0.1, 0.3, 0.5, 0.75])
def test_bits_have_their_density(density):
    threshold = round(density * 2**32)
    words = philox.KERNEL.load().bits(1, np.arange(2000, dtype=np.uint64), 0, 128, threshold)
    n = words.size * 32
    sigma = (n * density * (1 - density)) ** 0.5
    assert abs(int(np.bitwise_count(words).sum()) - n * density) < 5 * sigma


def test_bits_are_independent_between_words_and_digits():
    """Neighbouring words and columns of bits agree half the time."""
    words = philox.KERNEL.load().bits(2, np.arange(4000, dtype=np.uint64), 0, 128, 1 << 31)
    for other in (np.roll(words, 1, axis=1), np.roll(words, 1, axis=0), np.roll(words >> 1, 1)):
        agreeing = np.bitwise_count(~(words ^ other)[:, :-1]).sum() / (32 * words[:, :-1].size)
        assert abs(agreeing - 0.5) < 1e-3
