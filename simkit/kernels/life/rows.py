"""Rows of a board in columns of one or two words, as LLVM code.

`row_sums` adds the left, centre and right cell of each place to ``x + 2 m`` (XOR3 and MAJ), and `write_row` makes the
next state of a row from the sums of three. With even and odd cells in words of their own each of the two is the other's
neighbour on one side, and one shift gives that on the other side: with the two row sums and six nodes of the rule
stage, B3/S23 costs 9 vector operations for 64 x LANES cells. Words of 64 cells in a row take two shifts.

What a `Row` holds is a tuple of vectors: x and m of each word, then the words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import NativeValue, intrinsic, models, register_model, typeof_impl, unbox

from simkit.kernels.life.circuit import MAJ, SELECT, XOR3
from simkit.kernels.life.rule import Rule
from simkit.kernels.life.simd import CODE, LANES, VECTOR, emit_lut3, emit_rotation, emit_rule, pointer, vector


@dataclass(frozen=True)
class Stage:
    """What code is compiled for: a rule, and how the cells of a row lie."""

    rule: Rule
    #: of a column
    n_words: int
    #: whether the board ends within a word
    has_edge: bool


class StageType(types.Opaque):
    """Numba type of one Stage: a function that takes one is compiled once for each."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        super().__init__(f"{stage}, code {CODE[:16]}")


register_model(StageType)(models.OpaqueModel)


@typeof_impl.register(Stage)
def _typeof_stage(value: Stage, _context: Any) -> StageType:
    return StageType(value)


@unbox(StageType)
def _unbox_stage(_type: StageType, _value: Any, c: Any) -> NativeValue:
    return NativeValue(c.context.get_dummy_value())


def _row(stage: StageType) -> Any:
    return types.UniTuple(vector, 3 * stage.stage.n_words)


@intrinsic
def row_size(_context, stage):
    """Return the words of 64 bits of a row of all bands of a column."""

    def generate(context, _builder, signature, _args):
        return context.get_constant(types.intp, signature.args[0].stage.n_words * LANES)

    return types.intp(stage), generate


def _shift_in(builder: Any, high: Any, low: Any, n: int) -> Any:
    kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fshl.v{LANES}i64")
    return builder.call(function, [high, low, ir.Constant(VECTOR, [n] * LANES)])


def _splat(builder: Any, word: Any) -> Any:
    i32 = ir.IntType(32)
    one = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), word, i32(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(i32, LANES), [0] * LANES))


@intrinsic
def row_sums(_context, stage, array, here, west, east, edge):
    """Return the row at `here` between those at `west` and `east`.

    `edge` is None, or where the last cells of the words `west` and `here` lie, and which bits of `here` are cells.
    """

    def generate(context, builder, signature, args):
        def read(index: Any, word: int = 0) -> Any:
            index = builder.add(index, ir.Constant(index.type, word * LANES))
            return builder.load(pointer(context, builder, signature.args[1], args[1], index), align=8)

        here, west, east = args[2:5]
        n_words = signature.args[0].stage.n_words
        words = [read(here, k) for k in range(n_words)]
        before, after = read(west, n_words - 1), read(east)
        if isinstance(signature.args[5], types.NoneType):
            left, right = _shift_in(builder, words[-1], before, 1), _shift_in(builder, after, words[0], 63)
        else:
            ends = [_splat(builder, builder.extract_value(args[5], i)) for i in range(2)]
            one = ir.Constant(VECTOR, [1] * LANES)
            carry = builder.and_(builder.lshr(before, ends[0]), one)
            left = builder.or_(builder.shl(words[-1], one), carry)
            carry = builder.shl(builder.and_(after, one), ends[1])
            right = builder.or_(builder.lshr(words[0], one), carry)
        cells = [left, *words, right]
        sums = [
            emit_lut3(builder, table, *cells[k : k + 3]) for k in range(n_words) for table in (XOR3, MAJ)
        ]  # fmt: skip
        return context.make_tuple(builder, signature.return_type, [*sums, *words])

    return _row(stage)(stage, array, here, west, east, edge), generate


@intrinsic
def select(_context, mask, row, other):
    """Return `row` where `mask` is 1, and `other` where it is 0."""

    def generate(context, builder, signature, args):
        pairs = [[builder.extract_value(value, i) for value in args[1:]] for i in range(len(signature.args[1]))]
        chosen = [emit_lut3(builder, SELECT, args[0], *pair) for pair in pairs]
        return context.make_tuple(builder, signature.return_type, chosen)

    return row(mask, row, other), generate


@intrinsic(prefer_literal=True)
def turn(_context, row, n):
    """Move lane ``i`` of a row to lane ``i + n`` (literal), round the end."""
    by = n.literal_value

    def generate(context, builder, signature, args):
        vectors = [builder.extract_value(args[0], i) for i in range(len(signature.args[0]))]
        turned = [emit_rotation(builder, value, by, 64) for value in vectors]
        return context.make_tuple(builder, signature.return_type, turned)

    return row(row, n), generate


@intrinsic
def write_row(_context, stage, array, above, here, below, target, edge):
    """Write the row `here` a generation later, which lies between `above` and `below`, to `target`."""

    def generate(context, builder, signature, args):
        stage = signature.args[0].stage
        rows = [[builder.extract_value(value, i) for i in range(3 * stage.n_words)] for value in args[2:5]]
        for k in range(stage.n_words):
            x, m = ([row[2 * k + i] for row in rows] for i in range(2))
            value = emit_rule(builder, stage.rule, x, m, [rows[1][2 * stage.n_words + k]])[0]
            if not isinstance(signature.args[6], types.NoneType):
                value = builder.and_(value, _splat(builder, builder.extract_value(args[6], 2)))
            at = builder.add(args[5], ir.Constant(args[5].type, k * LANES))
            builder.store(value, pointer(context, builder, signature.args[1], args[1], at), align=8)
        return context.get_dummy_value()

    return types.void(stage, array, above, here, below, types.intp, edge), generate
