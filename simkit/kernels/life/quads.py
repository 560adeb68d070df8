"""Boards that are kept as four words of 32 cells: the work of a generation on one or two rows, as LLVM code.

Of 128 cells of a row, word k holds those at 4 b + k, in bit b. So the left and the right neighbours of most words are
words as they are, and only those left of word 0 and right of word 3 are shifted by a bit. A lane has 32 bits.

`row_sums_of_quads` adds in each row the left, centre and right cell to ``x + 2 m`` (XOR3 and MAJ). `two_rows` adds
three rows and applies the rule, to a row and to the one below it: the sum of the two rows in the middle is made once
for both.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from simkit.kernels.life.simd import LANES, VECTOR, emit_rule, pointer

#: words of 128 cells
N_WORDS = 4

#: sums of a row: x and m of each word
N_SUMS = 2 * N_WORDS

#: 32-bit lanes of a vector
N_BANDS = 2 * LANES

_I32 = ir.IntType(32)
_HALVES = ir.VectorType(_I32, N_BANDS)


class _Memory:
    """Vectors of an array: `load` and `store` the i-th behind the word at `index`."""

    def __init__(self, context: Any, builder: Any, array_type: Any, array: Any) -> None:
        self._builder = builder
        self._at = lambda index: pointer(context, builder, array_type, array, index)

    def load(self, index: Any, i: int) -> Any:
        return self._builder.load(self._vector(index, i), align=8)

    def store(self, index: Any, i: int, value: Any) -> None:
        self._builder.store(value, self._vector(index, i), align=8)

    def _vector(self, index: Any, i: int) -> Any:
        return self._at(self._builder.add(index, ir.Constant(index.type, i * LANES)))


def _shift_in(builder: Any, high: Any, low: Any, n: int) -> Any:
    """Shift each 32-bit lane of `high` up by n bits and fill from the top of `low`."""
    kind = ir.FunctionType(_HALVES, [_HALVES] * 3)
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fshl.v{N_BANDS}i32")
    halves = [builder.bitcast(value, _HALVES) for value in (high, low)]
    return builder.bitcast(builder.call(function, [*halves, ir.Constant(_HALVES, [n] * N_BANDS)]), VECTOR)


@intrinsic
def row_sums_of_quads(_context, array, here, west, east, target):
    """Write x and m of words 0..3 to `target`, of the row at `here` between those at `west` and `east`."""

    def generate(context, builder, signature, args):
        memory = _Memory(context, builder, signature.args[0], args[0])
        here, west, east, target = args[1:]
        words = [memory.load(here, k) for k in range(N_WORDS)]
        left = _shift_in(builder, words[-1], memory.load(west, N_WORDS - 1), 1)
        right = _shift_in(builder, memory.load(east, 0), words[0], 31)
        row = [left, *words, right]
        sums = []
        for first in (1, 3):  # what two words have in common serves both
            one, two = row[first : first + 2]
            x, m = builder.xor(one, two), builder.and_(one, two)
            for third in (row[first - 1], row[first + 2]):
                sums += [builder.xor(third, x), builder.or_(m, builder.and_(third, x))]
        for i, value in enumerate(sums):
            memory.store(target, i, value)
        return context.get_dummy_value()

    return types.void(array, *[types.intp] * 4), generate


def _rows(n: int) -> Any:
    @intrinsic
    def operation(_context, stage, array, sums, centre, target):
        def generate(context, builder, signature, args):
            memory = _Memory(context, builder, signature.args[1], args[1])
            sums, centre, target = args[2:]
            x, m = ([memory.load(sums, N_SUMS * row + i) for row in range(n + 2)] for i in range(2))
            cells = [memory.load(centre, N_WORDS * row) for row in range(n)]
            for row, value in enumerate(emit_rule(builder, signature.args[0].stage.rule, x, m, cells)):
                memory.store(target, N_WORDS * row, value)
            return context.get_dummy_value()

        return types.void(stage, array, *[types.intp] * 3), generate

    return operation


#: write one word of a row, or of that and the row below it, a generation later to `target`: of (stage, array, sums,
#: centre, target), where `sums` is where x of the word is in the row above, and `centre` where the word itself is
one_row, two_rows = _rows(1), _rows(2)
