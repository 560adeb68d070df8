"""Compile a rule to a small circuit of two-input instructions, for processors without those of three inputs.

The left, centre and right cell of a row are added to ``x + 2 m`` (XOR3 and MAJ). Rows are advanced two at a time, since
the sum of both, ``p0 + 2 p1 + 4 p2``, serves each: with the row above it gives the nine cells of the upper row's
squares, ``s + 2 k + 4 b2 + 8 b3``, and with the row below those of the lower row's. The next state is a function of
these four bits and the centre. For most rules totals of 8 and 9 need not be told from 0 and 1, and b3 is not made.

The gates of that function are searched for (`search`) and proved, with the sums, on all 4096 neighbourhoods of two
cells before they are used. `Gates.run` takes the operation that evaluates a gate, so that the same gates run on Python
integers (the proof), build LLVM code and write C.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from simkit.kernels.life.rule import Rule
from simkit.kernels.life.search import AND, AND_NOT, NOT, OR, XOR, Gate, search, value_of

T = TypeVar("T")

#: instructions of the sum of two rows, and of adding it to a third
_SUM_OF_ROWS, _TOTAL = 7, 8

#: what a cell can meet: the live cells of its square, itself included, and its state
_POINTS = [(total, alive) for total in range(10) for alive in range(2) if alive <= total <= 8 + alive]
_ALL = (1 << len(_POINTS)) - 1

#: s, k, b2, the centre and b3 at each point
_INPUTS = tuple(
    sum(bit(*point) << p for p, point in enumerate(_POINTS))
    for bit in (
        lambda total, _: total & 1,
        lambda total, _: total >> 1 & 1,
        lambda total, _: total >> 2 & 1,
        lambda _, alive: alive,
        lambda total, _: total >> 3,
    )
)
_B3 = len(_INPUTS) - 1


@dataclass(frozen=True)
class Gates:
    """A rule as gates over the signals 0..4 = s, k, b2, centre, b3, and from 5 on the gates before.

    The signal `last` is the result.
    """

    gates: tuple[Gate, ...]
    last: int

    @property
    def uses_b3(self) -> bool:
        """Whether totals of 8 and 9 are told from 0 and 1."""
        return self.last == _B3 or any(_B3 in gate[1:] for gate in self.gates)

    @property
    def n_instructions(self) -> float:
        """Instructions of a vector of cells, from the sums of the rows on."""
        return _SUM_OF_ROWS / 2 + _TOTAL + self.uses_b3 + len(self.gates)

    def run(self, gate: Callable[[int, T, T], T], x: Sequence[T], m: Sequence[T], cells: Sequence[T]) -> list[T]:
        """Return two rows of `cells` a generation later, from x and m of these, and of the row above and the row below.

        ``gate(operation, x, y)`` is the operation. Without the last of each it returns the upper row alone.
        """
        carry, halves = gate(AND, x[1], x[2]), gate(XOR, m[1], m[2])
        p0, p1 = gate(XOR, x[1], x[2]), gate(XOR, halves, carry)
        p2 = gate(OR, gate(AND, m[1], m[2]), gate(AND, halves, carry))
        following = []
        for c, other_x, other_m in zip(cells, x[::3], m[::3], strict=True):
            carry, halves = gate(AND, p0, other_x), gate(XOR, p1, other_m)
            s, k = gate(XOR, p0, other_x), gate(XOR, halves, carry)
            g = gate(OR, gate(AND, p1, other_m), gate(AND, halves, carry))
            signals = [s, k, gate(XOR, p2, g), c, gate(AND, p2, g) if self.uses_b3 else c]
            for operation, y, z in self.gates:
                signals.append(gate(operation, signals[y], signals[z]))
            following.append(signals[self.last])
        return following


#: what the search finds for the study's rules, which need not wait for it to be compiled
_KNOWN = {
    Rule.parse("B3/S23"): Gates(((XOR, 0, 1), (XOR, 0, 2), (AND_NOT, 6, 5), (OR, 0, 3), (AND, 7, 8)), 9),
    Rule.parse("B36/S23"): Gates(((AND_NOT, 3, 0), (XOR, 5, 1), (XOR, 0, 2), (AND, 6, 7)), 8),
    Rule.parse("B38/S23"): Gates(
        ((OR, 0, 1), (AND, 0, 1), (AND_NOT, 6, 2), (XOR, 3, 4), (AND_NOT, 8, 5), (XOR, 7, 9)), 10
    ),
    Rule.parse("B3/S238"): Gates(
        ((OR, 0, 1), (AND, 0, 1), (AND_NOT, 6, 2), (XOR, 4, 5), (AND_NOT, 3, 8), (XOR, 7, 9)), 10
    ),
}


@cache
def compile_gates(rule: Rule) -> Gates:
    """Return gates for `rule`, proved on all neighbourhoods."""
    gates = _KNOWN.get(rule) or find_gates(rule)
    prove(gates, rule)
    return gates


def find_gates(rule: Rule) -> Gates:
    """Search for gates for `rule`, in a second at most."""
    born = [(rule.survival >> total - 1 if alive else rule.birth >> total) & 1 for total, alive in _POINTS]
    target = sum(bit << p for p, bit in enumerate(born))
    if rule.birth & 1:  # where all signals are 0, gates without NOT give 0
        gates, last = _solve(target ^ _ALL, _ALL)
        return Gates((*gates, (NOT, last, last)), len(_INPUTS) + len(gates))
    return Gates(*_solve(target, _ALL))


def prove(gates: Gates, rule: Rule) -> None:
    """Raise RuntimeError unless row sums and `gates` give `rule` in two rows on every one of the 4096 neighbourhoods.

    Neighbourhood ``p`` of four rows of three cells lives in bit ``p`` of 4096-bit integers.
    """
    cells = [[sum(1 << p for p in range(4096) if p >> 3 * row + i & 1) for i in range(3)] for row in range(4)]
    x = [a ^ b ^ c for a, b, c in cells]
    m = [a & b | a & c | b & c for a, b, c in cells]

    def gate(operation: int, y: int, z: int) -> int:
        return value_of(operation, y, z, (1 << 4096) - 1)

    found = [*gates.run(gate, x, m, [cells[1][1], cells[2][1]]), *gates.run(gate, x[:3], m[:3], [cells[1][1]])]
    for row, value in zip((0, 1, 0), found, strict=True):
        for p in range(4096):
            square = p >> 3 * row & 0o777
            alive = square >> 4 & 1
            wanted = (rule.survival if alive else rule.birth) >> (square.bit_count() - alive) & 1
            if value >> p & 1 != wanted:
                raise RuntimeError(f"{gates} is not {rule}: wrong at neighbourhood {square:09b}")


def _solve(target: int, care: int) -> tuple[tuple[Gate, ...], int]:
    """Return gates with the value `target` at the points `care`, and the signal that has it."""
    n = len(_INPUTS)
    for i, signal in enumerate(_INPUTS):
        if (signal ^ target) & care == 0:
            return (), i
    found = search(target, care, _INPUTS[:_B3] if _tells_without_b3(target, care) else _INPUTS, n)
    if found is not None:
        return found, n + len(found) - 1
    # Too large for the search: what it is where an input is 0, and what changes that where it is 1.
    ways = []
    for i, signal in enumerate(_INPUTS):
        if care & signal in (0, care):
            continue
        low, at = _solve(target, care & ~signal)
        values = list(_INPUTS)
        for operation, x, y in low:
            values.append(value_of(operation, values[x], values[y], _ALL))
        change, last = _solve(target ^ values[at], care & signal)

        def move(z: int, by: int = len(low)) -> int:
            return z if z < n else z + by

        moved = [(operation, move(x), move(y)) for operation, x, y in change]
        ways.append((*low, *moved, (AND, move(last), i), (XOR, at, n + len(low) + len(moved))))
    best = min(ways, key=len)
    return best, n + len(best) - 1


def _tells_without_b3(target: int, care: int) -> bool:
    """Say whether all points with the same other signals want the same."""
    wanted: dict[tuple[int, ...], int] = {}
    for p in range(len(_POINTS)):
        others = tuple(signal >> p & 1 for signal in _INPUTS[:_B3])
        if care >> p & 1 and wanted.setdefault(others, target >> p & 1) != target >> p & 1:
            return False
    return True
