"""The one function that is compiled for each rule: states of a board, some generations later.

`bands` says how a board lies in memory. Column after column, the sums of two rows stay in registers (`rows`), or of
four words are written down (`quads`); if the width is no multiple of 64, the first and last word column wrap at the bit
``width % 64`` (the edge).

`address` compiles the function for a rule and a kind of board, or finds it compiled, and `advance` calls it. So the
programs that run boards (`cpu`) are compiled once for all rules.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba as nb
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

from simkit.backends import compiled_code_place
from simkit.errors import BackendError
from simkit.kernels.compiling import INNER, alone, stamped
from simkit.kernels.life.bands import N_STATES, Shape
from simkit.kernels.life.circuit import SELECT
from simkit.kernels.life.quads import N_SUMS, N_WORDS, one_row, row_sums_of_quads, two_rows
from simkit.kernels.life.rows import Stage, StageType, row_size, row_sums, select, turn, write_row
from simkit.kernels.life.rule import Rule
from simkit.kernels.life.simd import LANES, load, lut3, rotate, rotate32, store

_ONE = np.uint64(1)


@nb.njit(forceinline=True, **INNER)
def _column(states, here, west, east, target, shape, edge, stage):
    """Advance the word column at `here`, between those at `west` and `east`, by a generation, into that at `target`."""
    size = row_size(stage)
    last = (shape.n_rows - 1) * size
    above = row_sums(stage, states, here + last, west + last, east + last, edge)
    current = row_sums(stage, states, here, west, east, edge)
    end = current
    if shape.is_uneven:
        is_full = load(states, N_STATES * shape.size)
        v = last - size
        above = select(is_full, above, row_sums(stage, states, here + v, west + v, east + v, edge))
        end = select(rotate(is_full, 1), end, row_sums(stage, states, here + size, west + size, east + size, edge))
    above, end = turn(above, 1), turn(end, -1)
    for v in range(0, last, size):
        at = v + size
        below = row_sums(stage, states, here + at, west + at, east + at, edge)
        write_row(stage, states, above, current, below, target + v, edge)
        above, current = current, below
    write_row(stage, states, above, current, end, target + last, edge)


def _columns(states, source, target, shape, stage):
    size = shape.n_rows * row_size(stage)
    for w in range(shape.n_columns):
        here = source + w * size
        west = source + shape.size - size if w == 0 else here - size
        east = source if w == shape.n_columns - 1 else here + size
        _column(states, here, west, east, target + w * size, shape, None, stage)


def _columns_to_an_edge(states, source, target, shape, stage):
    size = shape.n_rows * row_size(stage)
    tail = shape.width % 64
    for w in range(shape.n_columns):
        is_first, is_last = w == 0, w == shape.n_columns - 1
        here = source + w * size
        west = source + shape.size - size if is_first else here - size
        east = source if is_last else here + size
        if is_first or is_last:
            edge = (
                np.uint64(tail - 1 if is_first else 63),
                np.uint64(tail - 1 if is_last else 63),
                np.uint64(_ONE << np.uint64(tail)) - _ONE if is_last else ~np.uint64(0),
            )
            _column(states, here, west, east, target + w * size, shape, edge, stage)
        else:
            _column(states, here, west, east, target + w * size, shape, None, stage)


@nb.njit(forceinline=True, **INNER)
def _end_sums(states, sums, shape):
    """Put the sums of the rows above the first and below the last, which are the next band's, in their places."""
    first, last = sums + N_SUMS * LANES, sums + shape.n_rows * N_SUMS * LANES
    is_full = load(states, N_STATES * shape.size)
    is_after_full = rotate32(is_full, 1)
    for i in range(0, N_SUMS * LANES, LANES):
        above, below = load(states, last + i), load(states, first + i)
        if shape.is_uneven:
            above = lut3(SELECT, is_full, above, load(states, last - N_SUMS * LANES + i))
            below = lut3(SELECT, is_after_full, below, load(states, first + N_SUMS * LANES + i))
        store(states, sums + i, rotate32(above, 1))
        store(states, last + N_SUMS * LANES + i, rotate32(below, -1))


def _quads(states, source, target, shape, stage):
    """Advance columns of four words."""
    row, row_of_sums = N_WORDS * LANES, N_SUMS * LANES
    size = shape.n_rows * row
    sums = N_STATES * shape.size + LANES
    for w in range(shape.n_columns):
        here = source + w * size
        west = source + shape.size - size if w == 0 else here - size
        east = source if w == shape.n_columns - 1 else here + size
        for v in range(shape.n_rows):
            at = v * row
            row_sums_of_quads(states, here + at, west + at, east + at, sums + (v + 1) * row_of_sums)
        _end_sums(states, sums, shape)
        for v in range(0, shape.n_rows, 2):
            for k in range(N_WORDS):
                at = w * size + v * row + k * LANES
                above = sums + v * row_of_sums + 2 * k * LANES
                if v + 1 < shape.n_rows:
                    two_rows(stage, states, above, source + at, target + at)
                else:
                    one_row(stage, states, above, source + at, target + at)


def _generation(states: Any, source: int, target: int, shape: Shape, stage: Stage) -> None:
    """Put the state one generation after the one at `source` at `target` (compiled code only)."""


@overload(_generation, jit_options={"forceinline": True})
def _generation_of(states, source, target, shape, stage):
    if stage.stage.n_words == N_WORDS:
        return _quads
    return _columns_to_an_edge if stage.stage.has_edge else _columns


@nb.njit(nogil=True, cache=True, **INNER)
@stamped
def _advance(states, source, target, spare, n, shape, stage):
    for left in range(n, 0, -1):
        after = target if left % 2 == 1 else spare
        _generation(states, source, after, shape, stage)
        source = after


_N_PLACES = 4
_STATES = types.Array(types.uint64, 1, "C")
_SHAPE = types.NamedTuple([types.intp] * (len(Shape._fields) - 1) + [types.boolean], Shape)


def address(rule: Rule, shape: Shape) -> int:
    """Return where the compiled function for boards of that shape is; it stays there."""
    return _compiled(Stage(rule, shape.n_words, shape.n_words == 1 and shape.width % 64 != 0))


@cache
def _compiled(stage: Stage) -> int:
    signature = types.void(_STATES, *[types.intp] * _N_PLACES, _SHAPE, StageType(stage))
    with alone(_advance):
        try:
            compiled: Any = _advance.get_compile_result(signature)
        except KeyError:  # what Numba found is no code for this signature
            raise BackendError(
                f"the kept compiled code is damaged: what is kept as rule {stage.rule} is of another one; "
                f"remove {compiled_code_place()}, which is made again"
            ) from None
    where: int = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    return where


@intrinsic
def advance(_context, function, states, source, target, spare, n, shape):
    """Put the state `n` >= 1 generations after the one at `source` at `target`; keeps `source`, spends `spare`.

    `function` is an `address`.
    """
    kinds = (_STATES, *[types.intp] * _N_PLACES, _SHAPE, types.voidptr)  # a stage is a pointer that is not used

    def generate(context, builder, _signature, args):
        convention = context.call_conv
        kind = convention.get_function_type(types.none, kinds)
        function = builder.inttoptr(args[0], kind.as_pointer())
        no_stage = cgutils.get_null_value(ir.IntType(8).as_pointer())
        status, _ = convention.call_function(builder, function, types.none, kinds, [*args[1:], no_stage])
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return types.void(types.intp, *kinds[:-1]), generate
