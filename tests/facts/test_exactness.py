"""Settle and period are exact: checked on 1,000 rows by an independent stepper, on some of them in the quick tests.

The stepper below shares nothing with the kernels: bit-sliced counters in NumPy, many boards at once, a bit a board. For
each row: the soup after `settle` generations is the ash; the ash recurs after `period` generations and not after any
proper divisor; the board at `settle - 1` is not in the cycle, that is it does not recur after `period` generations.
"""

from __future__ import annotations

import numpy as np
import pytest

import simkit

#: rules, size, rows, max_steps: the slow ones are most of the 1,000 rows
CASES = [
    (("B3/S23", "B36/S23"), (128, 128), 8, 100_000),
    (("B3/S23", "B36/S125"), (33, 17), 120, 100_000),
    (("B0123478/S34678", "B023/S0123"), (16, 24), 60, 400),
    *(
        pytest.param(*case, marks=pytest.mark.slow)
        for case in (
            (("B3/S23", "B36/S23"), (128, 128), 80, 100_000),
            (("B3/S23", "B36/S23"), (24, 100), 60, 100_000),
            (("B38/S23", "B3/S238"), (64, 128), 120, 100_000),
            (("B3/S23", "B36/S23", "B38/S23", "B3/S238"), (64, 64), 320, 100_000),
            (("B3/S23", "B368/S245"), (50, 64), 240, 100_000),
        )
    ),
]


def next_boards(boards, rule):
    """Advance boards of one byte a cell, shape (sample, y, x), where every byte holds eight boards, one a bit."""
    counts = [np.zeros_like(boards) for _ in range(4)]  # a four-bit counter for each of the eight boards
    around = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]
    for n, by in enumerate(around, start=1):
        carry = np.roll(boards, by, (-2, -1))
        for i in range(n.bit_length()):  # of n neighbours: higher bits are 0
            counts[i], carry = counts[i] ^ carry, counts[i] & carry
    born, survived = np.zeros_like(boards), np.zeros_like(boards)
    birth, survival = (part[1:] for part in rule.split("/"))
    for digits, found in ((birth, born), (survival, survived)):
        for n in map(int, digits):
            is_n = ~np.zeros_like(boards)
            for i in range(4):
                is_n &= counts[i] if n >> i & 1 else ~counts[i]
            found |= is_n
    return (boards & survived) | (~boards & born)


def pack_together(cells):
    """Put cells (sample, y, x), samples a multiple of eight, into the bits of (sample / 8, y, x)."""
    return np.packbits(cells, axis=0, bitorder="little")


def advance(cells, generations, rule):
    """Return each board (sample, y, x) after its own number of generations."""
    order = np.argsort(generations)  # boards that need about as many share a byte
    order = np.concatenate((order, np.repeat(order[-1:], -len(order) % 8)))
    together, wanted = pack_together(cells[order]), generations[order]
    out = np.empty_like(cells)
    first = 0  # bytes before this one are finished
    for generation in range(int(wanted[-1]) + 1):
        for at in np.flatnonzero(wanted == generation):
            out[order[at]] = together[at // 8] >> (at % 8) & 1
        while first < len(together) and wanted[8 * first + 7] <= generation:
            first += 1
        if first < len(together):
            together[first:] = next_boards(together[first:], rule)
    return out


@pytest.mark.parametrize(("rules", "size", "n", "max_steps"), CASES)
def test_settle_and_period_are_exact(rules, size, n, max_steps):
    source = simkit.source("ca-ash", rules=rules, size=size, max_steps=max_steps)
    batch = source.generate(11, range(n))
    soup = simkit.unpack(source.soup(11, range(n)), size[1])
    ash = simkit.unpack(batch["ash"], size[1])
    assert np.array_equal(batch["population"], ash.sum(axis=(1, 2)))
    n_settled = 0
    for index, rule in enumerate(rules):
        mine = np.flatnonzero((batch["rule"] == index) & (batch["settle"] >= 0))
        if mine.size == 0:
            continue
        n_settled += mine.size
        settle, period = batch["settle"][mine], batch["period"][mine]
        assert np.array_equal(advance(soup[mine], settle, rule), ash[mine])
        assert np.array_equal(advance(ash[mine], period, rule), ash[mine])
        for prime in (2, 3, 5, 7, 11, 13, 17, 19, 23):
            whole = np.flatnonzero((period % prime == 0) & (period > 0))
            if whole.size:  # a period that is not the least divides by a prime to another one
                again = advance(ash[mine][whole], period[whole] // prime, rule)
                assert (again != ash[mine][whole]).any(axis=(1, 2)).all()
        assert set(prime_factors(period)) <= {2, 3, 5, 7, 11, 13, 17, 19, 23}
        late = settle > 0
        before = advance(soup[mine][late], settle[late] - 1, rule)
        assert (advance(before, period[late], rule) != before).any(axis=(1, 2)).all()
    assert n_settled == n or (max_steps < 1000 and n_settled > 0)


def prime_factors(numbers):
    found = set()
    for number in np.unique(numbers).tolist():
        divisor = 2
        while number > 1:
            if number % divisor == 0:
                found.add(divisor)
                number //= divisor
            else:
                divisor += 1
    return found


def test_the_check_itself_finds_a_wrong_settle():
    source = simkit.source("ca-ash", rules=("B3/S23",), size=32)
    batch = source.generate(1, range(8))
    soup = simkit.unpack(source.soup(1, range(8)))
    early = advance(soup, batch["settle"] - 1, "B3/S23")
    assert (early != simkit.unpack(batch["ash"])).any(axis=(1, 2)).all()
