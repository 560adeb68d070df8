"""Compile a rule to a small circuit of three-input operations.

In each row of a neighbourhood the left, centre and right cell are added to ``h0 + 2 h1`` (XOR3 and MAJ, used by three
rows of outputs). What follows, the *rule stage*, is a function of seven bits: ``h0`` and ``h1`` of the rows above, here
and below, and the centre ``c``. This module finds a circuit for it.

Over three rows ``h0`` sums to ``b0 + 2 k`` and ``h1`` to ``t + 2 g`` (XOR3 and MAJ again), so that
``b0 + 2 (k + t) + 4 g`` live cells lie in the 3x3 square, and with the centre the next state is a function of the five
bits ``b0, k, t, g, c``. A smallest circuit for that one is searched for here: three nodes for B3/S23, four for most
other rules. Ways that mix the two steps can save a node; since the search for them takes a SAT solver long, those known
stand in a table.

A node is any function of three bits, given by its table of eight bits: bit ``4 x + 2 y + z`` is its value at (x, y, z).
That is one ``vpternlogq`` of AVX-512 and one ``LOP3`` of a CUDA device. `Circuit.run` takes the operation that
evaluates a node, so that the same circuit runs on Python integers (the proof), builds LLVM code (CPU) or writes CUDA C.
Whatever its origin, a circuit is proved on all 512 neighbourhoods before it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numba as nb
import numpy as np

from simkit.kernels.compiling import CALLED, INNER, stamped
from simkit.kernels.life.rule import Rule

T = TypeVar("T")

#: tables of the adder's two functions
XOR3, MAJ = 0x96, 0xE8

#: tables of the selection ``x ? y : z``
SELECT = 0xCA

_N_INPUTS = 5
_ALL = 0xFFFFFFFF
#: value of each input at all 32 points, point ``p`` in bit ``p``
_INPUTS = tuple(sum(1 << p for p in range(32) if p >> i & 1) for i in range(_N_INPUTS))


Node = tuple[int, int, int, int]


@dataclass(frozen=True)
class Circuit:
    """A rule stage: nodes ``(table, x, y, z)`` over the signals 0..2 = h0 above, here, below; 3..5 = h1 above, here,
    below; 6 = c; and from 7 on the nodes before. The last node is the result.
    """

    nodes: tuple[Node, ...]

    def run(self, lut3: Callable[[int, T, T, T], T], h0: tuple[T, T, T], h1: tuple[T, T, T], c: T) -> T:
        """Evaluate the rule stage with ``lut3(table, x, y, z)`` as the operation."""
        signals = [*h0, *h1, c]
        for table, x, y, z in self.nodes:
            signals.append(lut3(table, signals[x], signals[y], signals[z]))
        return signals[-1]


#: where column sums come first
_COLUMN_SUMS: tuple[Node, ...] = ((XOR3, 2, 1, 0), (MAJ, 2, 1, 0), (XOR3, 5, 4, 3), (MAJ, 5, 4, 3))

#: circuits that are smaller than those of the search, found with a SAT solver; then what the search finds for the other
#: two rules of the study, which need not wait for it to be compiled
_KNOWN = {
    Rule.parse("B3/S23"): Circuit(
        ((0x7E, 2, 1, 0), (XOR3, 2, 1, 0), (MAJ, 5, 2, 3), (0x16, 5, 4, 3), (0x5E, 10, 9, 7), (0x0E, 11, 8, 6))
    ),
    Rule.parse("B36/S23"): Circuit(
        (
            *((0x7E, 2, 1, 0), (XOR3, 2, 1, 0), (0xB2, 5, 2, 3), (XOR3, 5, 4, 3)),
            *((0x1E, 10, 8, 6), (0x76, 10, 9, 4), (0x24, 12, 11, 7)),
        )
    ),
    Rule.parse("B38/S23"): Circuit(
        (*_COLUMN_SUMS, (0x09, 7, 8, 9), (0x61, 7, 8, 9), (0x42, 10, 11, 12), (0x78, 13, 6, 11))
    ),
    Rule.parse("B3/S238"): Circuit((*_COLUMN_SUMS, (0x6B, 8, 9, 10), (0x82, 8, 9, 6), (0x64, 12, 7, 11))),
}


@cache
def compile_rule(rule: Rule) -> Circuit:
    """Return a circuit for `rule`, proved on all 512 neighbourhoods."""
    circuit = _KNOWN.get(rule) or find_circuit(rule)
    prove(circuit, rule)
    return circuit


def find_circuit(rule: Rule) -> Circuit:
    """Search for a circuit for `rule` in which column sums come first, in about a second at most."""
    return _with_column_sums(_solve(*_truth(rule)))


def prove(circuit: Circuit, rule: Rule) -> None:
    """Raise RuntimeError unless the row sums and `circuit` give `rule` on every one of the 512 neighbourhoods.

    Neighbourhood ``p`` lives in bit ``p`` of 512-bit integers, so that one run checks all of them.
    """
    full = (1 << 512) - 1
    cells = [sum(1 << p for p in range(512) if p >> i & 1) for i in range(9)]

    def lut3(table: int, x: int, y: int, z: int) -> int:
        minterms = [i for i in range(8) if table >> i & 1]
        return sum((x ^ -(~i >> 2 & 1)) & (y ^ -(~i >> 1 & 1)) & (z ^ -(~i & 1)) & full for i in minterms)

    above, here, below = cells[:3], cells[3:6], cells[6:]
    h0 = lut3(XOR3, *above), lut3(XOR3, *here), lut3(XOR3, *below)
    h1 = lut3(MAJ, *above), lut3(MAJ, *here), lut3(MAJ, *below)
    found = circuit.run(lut3, h0, h1, cells[4])
    for p in range(512):
        alive = p >> 4 & 1
        wanted = (rule.survival if alive else rule.birth) >> (p.bit_count() - alive) & 1
        if found >> p & 1 != wanted:
            raise RuntimeError(f"the circuit {circuit} is not {rule}: wrong at neighbourhood {p:09b}")


def _with_column_sums(nodes: tuple[Node, ...]) -> Circuit:
    """Return the circuit that computes b0, k, t, g and then `nodes` over the signals b0, k, t, g, c and themselves."""
    place = [7, 8, 9, 10, 6, *range(11, 11 + len(nodes))]
    return Circuit((*_COLUMN_SUMS, *((table, place[x], place[y], place[z]) for table, x, y, z in nodes)))


def _truth(rule: Rule) -> tuple[int, int]:
    """Return the points of the rule stage that must be 1 and 0; the impossible ones are in neither."""
    ones = zeros = 0
    for p in range(32):
        b0, k, t, g, c = (p >> i & 1 for i in range(_N_INPUTS))
        neighbours = b0 + 2 * (k + t) + 4 * g - c
        if 0 <= neighbours <= 8:
            born = (rule.survival if c else rule.birth) >> neighbours & 1
            ones |= born << p
            zeros |= (born ^ 1) << p
    return ones, zeros


def _solve(ones: int, zeros: int) -> tuple[Node, ...]:
    signals = np.array([*_INPUTS, 0, 0], np.uint32)
    nodes, cells = np.zeros((4, 4), np.int64), np.zeros(8, np.uint32)
    for n_free in range(3):
        if _search(np.uint32(ones), np.uint32(zeros), signals, _N_INPUTS, n_free, False, cells, nodes):
            return tuple((int(t), int(x), int(y), int(z)) for t, x, y, z in nodes[: n_free + 2])
    # No circuit of four nodes was found: select between two circuits for the halves where one input is fixed.
    halves = []
    for i in range(_N_INPUTS):
        low, high = (_solve(ones & half, zeros & half) for half in (~_INPUTS[i] & _ALL, _INPUTS[i]))
        halves.append((len(low) + len(high), i, low, high))
    _, i, low, high = min(halves)
    shift = len(low)

    def moved(signal: int) -> int:
        return signal if signal < _N_INPUTS else signal + shift

    last = _N_INPUTS + shift
    return (
        *low,
        *((table, moved(x), moved(y), moved(z)) for table, x, y, z in high),
        (SELECT, i, last + len(high) - 1, last - 1),
    )


@nb.njit(cache=True, **INNER)
@stamped
def _lut3(table, x, y, z):
    value = np.uint32(0)
    for i in range(8):
        if table >> i & 1:
            value |= (x if i & 4 else ~x) & (y if i & 2 else ~y) & (z if i & 1 else ~z)
    return value


@nb.njit(cache=True, **INNER)
@stamped
def _finish(ones, zeros, signals, n, needs_second, cells, nodes):
    """Look for two last nodes, u = f(x, y, z) and result = r(u, p, q), over the first `n` signals.

    `needs_second` says that the newest signal but one must be used too: without it there are fewer nodes, which were
    tried before.

    For fixed inputs f is not tried out but solved for (Ashenhurst's decomposition): for each of the four values of
    (p, q) the result, as a function of the eight cells of (x, y, z), must be constant, u or not u.
    """
    for x in range(n):
        for y in range(x + 1, n):
            for z in range(y + 1, n):
                for i in range(8):
                    cells[i] = _lut3(1 << i, signals[x], signals[y], signals[z])
                for p in range(n):
                    for q in range(p + 1, n):
                        if n > 5 and z != n - 1 and q != n - 1:
                            continue  # the newest signal would be idle
                        if needs_second and y != n - 2 and z != n - 2 and p != n - 2 and q != n - 2:
                            continue
                        f_ones, f_zeros, fits = 0, 0, True
                        for pq in range(4):
                            here = (signals[p] if pq & 2 else ~signals[p]) & (signals[q] if pq & 1 else ~signals[q])
                            on, off = 0, 0
                            for i in range(8):
                                cell = here & cells[i]
                                on |= ((cell & ones) != 0) << i
                                off |= ((cell & zeros) != 0) << i
                            if on & off:
                                fits = False
                            elif on and off:
                                if not (on & f_zeros or off & f_ones):
                                    f_ones, f_zeros = f_ones | on, f_zeros | off
                                elif not (on & f_ones or off & f_zeros):
                                    f_ones, f_zeros = f_ones | off, f_zeros | on
                                else:
                                    fits = False
                            if not fits:
                                break
                        if not fits:
                            continue
                        u = _lut3(f_ones, signals[x], signals[y], signals[z])
                        result = 0
                        for i in range(8):
                            if _lut3(1 << i, u, signals[p], signals[q]) & ones:
                                result |= 1 << i
                        first = n - 5
                        nodes[first, 0], nodes[first, 1], nodes[first, 2], nodes[first, 3] = f_ones, x, y, z
                        nodes[first + 1, 0], nodes[first + 1, 1] = result, n
                        nodes[first + 1, 2], nodes[first + 1, 3] = p, q
                        return True
    return False


@nb.njit(cache=True, **CALLED)
@stamped
def _search(ones, zeros, signals, n, n_free, needs_second, cells, nodes):
    """Try every choice of `n_free` nodes before the last two.

    A node's complement serves as well as the node, so that tables below 128 suffice. The first of two free nodes is
    looked for among those symmetric in k and t, as every rule stage is: enough for 19 rules in 20, and it bounds the
    search to about a second.
    """
    if n_free == 0:
        return _finish(ones, zeros, signals, n, needs_second, cells, nodes)
    for x in range(n):
        for y in range(x + 1, n):
            for z in range(y + 1, n):
                for table in range(1, 128):
                    if n_free == 2:
                        if x == 1 and y == 2:
                            symmetric = (table >> 2 & 3) == (table >> 4 & 3)
                        elif y == 1 and z == 2:
                            symmetric = (table >> 1 & 1) == (table >> 2 & 1) and (table >> 5 & 1) == (table >> 6 & 1)
                        else:
                            symmetric = False
                        if not symmetric:
                            continue
                    signals[n] = _lut3(table, signals[x], signals[y], signals[z])
                    is_idle = n > 5 and z != n - 1
                    if _search(ones, zeros, signals, n + 1, n_free - 1, is_idle, cells, nodes):
                        nodes[n - 5, 0], nodes[n - 5, 1], nodes[n - 5, 2], nodes[n - 5, 3] = table, x, y, z
                        return True
    return False
