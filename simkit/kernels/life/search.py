"""Search for a small circuit of two-input instructions: and, or, exclusive or, and-not.

A signal is its values at up to 18 points, point ``p`` in bit ``p``. A circuit is a few gates that anything may use,
which are enumerated (N_SHARED at most), and one last gate of two *formulas*: signals, gates of two signals, or gates of
such a gate and a signal. A formula's value is kept once, by the cheapest way. Which two of a thousand meet the target
is seen from those that cover its ones, or miss them, or lie within it: mostly few.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from simkit.kernels.compiling import stamped

#: operations of a gate: x & y, x | y, x ^ y, x & ~y, and ~x, which is not searched with
AND, OR, XOR, AND_NOT, NOT = range(5)

#: operation and the signals x and y; signals are numbered, the inputs first
Gate = tuple[int, int, int]

#: gates of a solution, the shared ones and those of the two formulas and the last
N_SHARED = 3
MAX_GATES = N_SHARED + 2 + 2 + 1

_MAX_SIGNALS = 5 + N_SHARED
_N_POINTS = 18
_MAX_FORMULAS = 4 * _MAX_SIGNALS**2 * (1 + 4 * _MAX_SIGNALS)


@nb.njit(cache=True)
@stamped
def _gate(operation, x, y):
    if operation == AND:
        return x & y
    if operation == OR:
        return x | y
    if operation == XOR:
        return x ^ y
    return x & ~y


@nb.njit(cache=True)
@stamped
def _list_formulas(signals, n, max_cost, formulas, values, place, stamp):
    """List the formulas of `n` signals: rows (cost, operation, x, y), the signals first; return how many.

    x is a place in the list and y a signal. ``place[value] // 2**16`` is `stamp` if the value is in the list, at
    ``place[value] % 2**16``.
    """
    size = 0
    for i in range(n):
        values[size] = signals[i]
        formulas[size, 0] = 0
        place[signals[i]] = stamp << 16 | size
        size += 1
    start = 0
    for cost in range(1, max_cost + 1):
        end = size
        for a in range(start, end):
            for j in range(a + 1 if cost == 1 else 0, n):
                for operation in range(5):
                    x, y = (values[a], signals[j]) if operation < 4 else (signals[j], values[a])
                    value = _gate(min(operation, AND_NOT), x, y)
                    if value != 0 and place[value] >> 16 != stamp:
                        place[value] = stamp << 16 | size
                        values[size] = value
                        formulas[size, 0], formulas[size, 1], formulas[size, 2], formulas[size, 3] = (
                            cost,
                            operation,
                            a,
                            j,
                        )
                        size += 1
        start = end
    return size


@nb.njit(cache=True)
@stamped
def _write(formulas, at, gates, size, n):
    """Append the gates of a formula to the `size` ones before; return (the signal that it is, the new size)."""
    if formulas[at, 0] == 0:
        return at, size
    x, size = _write(formulas, formulas[at, 2], gates, size, n)
    y, operation = formulas[at, 3], formulas[at, 1]
    if operation == 4:
        x, y, operation = y, x, AND_NOT
    gates[size, 0], gates[size, 1], gates[size, 2] = operation, x, y
    return n + size, size + 1


@nb.njit(cache=True)
@stamped
def _finish(target, care, signals, n_inputs, n_shared, best, shared, room, stamp, gates):
    """Look for a last gate with less than `best` gates in all; write the circuit to `gates` and return its size."""
    formulas, values, place, covering, missing, within = room
    n = n_inputs + n_shared
    size = _list_formulas(signals, n, min(2, best - n_shared - 2), formulas, values, place, stamp)
    n_covering = n_missing = n_within = 0
    found_u = found_v = found = -1
    zeros = care & ~target
    for u in range(size):
        cost, value = formulas[u, 0], values[u]
        limit = best - n_shared - 1
        rest = value ^ target
        if rest != 0 and place[rest] >> 16 == stamp:
            v = place[rest] & 0xFFFF
            if cost + formulas[v, 0] < limit:
                best, found, found_u, found_v = n_shared + 1 + cost + formulas[v, 0], XOR, u, v
                limit = best - n_shared - 1
        if target & ~value == 0:
            for i in range(n_covering):
                v = covering[i]
                if cost + formulas[v, 0] >= limit:
                    break
                if value & values[v] & zeros == 0:
                    best, found, found_u, found_v = n_shared + 1 + cost + formulas[v, 0], AND, u, v
                    break
            covering[n_covering] = u
            n_covering += 1
            limit = best - n_shared - 1
            for i in range(n_missing):
                v = missing[i]
                if cost + formulas[v, 0] >= limit:
                    break
                if value & ~values[v] & zeros == 0:
                    best, found, found_u, found_v = n_shared + 1 + cost + formulas[v, 0], AND_NOT, u, v
                    break
        limit = best - n_shared - 1
        if target & value == 0:
            for i in range(n_covering):
                v = covering[i]
                if cost + formulas[v, 0] >= limit:
                    break
                if values[v] & ~value & zeros == 0:
                    best, found, found_u, found_v = n_shared + 1 + cost + formulas[v, 0], AND_NOT, v, u
                    break
            missing[n_missing] = u
            n_missing += 1
        limit = best - n_shared - 1
        if value & zeros == 0:
            for i in range(n_within):
                v = within[i]
                if cost + formulas[v, 0] >= limit:
                    break
                if target & ~(value | values[v]) == 0:
                    best, found, found_u, found_v = n_shared + 1 + cost + formulas[v, 0], OR, u, v
                    break
            within[n_within] = u
            n_within += 1
    if found >= 0:
        for i in range(n_shared):  # item by item: Numba compiles an assignment of slices for seconds
            gates[i, 0], gates[i, 1], gates[i, 2] = shared[i, 0], shared[i, 1], shared[i, 2]
        u, end = _write(formulas, found_u, gates, n_shared, n_inputs)
        v, end = _write(formulas, found_v, gates, end, n_inputs)
        gates[end, 0], gates[end, 1], gates[end, 2] = found, u, v
    return best


@nb.njit(cache=True)
@stamped
def _search(target, care, signals, n_inputs, at, n_shared, best, shared, room, stamp, gates):
    """Try every choice of the shared gates from the `at`-th on.

    Returns the least size found, or `best`, and the stamp used last.
    """
    if at == n_shared:
        return _finish(target, care, signals, n_inputs, n_shared, best, shared, room, stamp + 1, gates), stamp + 1
    n = n_inputs + at
    for y in range(1, n):
        for x in range(y):
            for operation in range(5):
                low, high = (y, x) if operation == 4 else (x, y)
                kind = min(operation, AND_NOT)
                # gates that do not use each other come in one order only
                if (
                    at > 0
                    and y != n - 1
                    and (y, x, operation) <= (shared[at - 1, 3], shared[at - 1, 4], shared[at - 1, 5])
                ):
                    continue
                value = _gate(kind, signals[low], signals[high])
                known = value == 0
                for i in range(n):
                    known |= value == signals[i]
                if known or best <= n_shared + 1:
                    continue
                signals[n] = value
                shared[at, 0], shared[at, 1], shared[at, 2] = kind, low, high
                shared[at, 3], shared[at, 4], shared[at, 5] = y, x, operation
                best, stamp = _search(
                    target, care, signals, n_inputs, at + 1, n_shared, best, shared, room, stamp, gates
                )
    return best, stamp


def value_of(operation: int, x: int, y: int, full: int) -> int:
    """Return what a gate makes of Python integers of any length, of which `full` has all bits."""
    return ~x & full if operation == NOT else int(_gate.py_func(operation, x, y))


def search(target: int, care: int, inputs: tuple[int, ...], n_signals: int) -> tuple[Gate, ...] | None:
    """Return the gates of a small circuit that has the value `target` at the points `care`, or None.

    Signals from `n_signals` on are the gates; the last one is the result. None if more than MAX_GATES would be needed.
    """
    signals = np.zeros(_MAX_SIGNALS, np.int64)
    signals[: len(inputs)] = [signal & care for signal in inputs]
    shared, gates = np.zeros((N_SHARED, 6), np.int64), np.zeros((MAX_GATES, 3), np.int64)
    room = (
        np.zeros((_MAX_FORMULAS, 4), np.int64),
        np.zeros(_MAX_FORMULAS, np.int64),
        np.zeros(1 << _N_POINTS, np.int64),
        *(np.zeros(_MAX_FORMULAS, np.int64) for _ in range(3)),
    )
    best, stamp = MAX_GATES + 1, 0
    for n_shared in range(N_SHARED + 1):
        best, stamp = _search(target & care, care, signals, len(inputs), 0, n_shared, best, shared, room, stamp, gates)
    if best > MAX_GATES:
        return None
    gates[:, 1:] += np.where(gates[:, 1:] < len(inputs), 0, n_signals - len(inputs))
    return tuple((int(operation), int(x), int(y)) for operation, x, y in gates[:best])
