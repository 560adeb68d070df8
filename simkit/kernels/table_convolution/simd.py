"""Steps on sixteen channels at a time as vector instructions, which LLVM makes of as many as a processor has room for.

Arrays are flat float32; an `at` is where the sixteen channels begin.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

#: channels of a block
LANES = 16

_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_INDEX = ir.IntType(64)

#: a product and the sum that it goes into may be rounded once
_FUSED = ("contract",)


class _Code:
    """Builds loads, stores and sums on the arrays of an intrinsic."""

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self._builder = builder
        self._data = [
            context.make_array(kind)(context, builder, array).data if isinstance(kind, types.Array) else array
            for kind, array in zip(signature.args, args, strict=True)
        ]

    def _place(self, array: int, at: Any, plus: Any, by: int = 0) -> Any:
        index = self._builder.add(self._data[at], plus) if plus is not None else self._data[at]
        index = self._builder.add(index, ir.Constant(_INDEX, by)) if by else index
        return self._builder.gep(self._data[array], [index])

    def load(self, array: int, at: int, plus: Any = None) -> Any:
        """Build the sixteen channels of argument `array` at argument `at`, and `plus`."""
        place = self._builder.bitcast(self._place(array, at, plus), _VECTOR.as_pointer())
        return self._builder.load(place, align=4)

    def store(self, vector: Any, array: int, at: int, plus: Any = None) -> None:
        """Build the write of sixteen channels."""
        place = self._builder.bitcast(self._place(array, at, plus), _VECTOR.as_pointer())
        self._builder.store(vector, place, align=4)

    def one(self, array: int, at: int, by: int) -> Any:
        """Build the number of argument `array` at argument `at`, `by` further on."""
        return self._builder.load(self._place(array, at, None, by))

    def splat(self, number: Any) -> Any:
        """Build the vector all of whose channels are a number."""
        first = self._builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
        return self._builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), LANES), None))

    def rows(self, width: int) -> list[Any]:
        """Build where sixteen rows begin that are argument `width` apart."""
        return [self._builder.mul(self._data[width], ir.Constant(_INDEX, i)) for i in range(LANES)]

    def add(self, vector: Any, other: Any) -> Any:
        """Build a sum."""
        return self._builder.fadd(vector, other, flags=_FUSED)

    def times(self, vector: Any, other: Any) -> Any:
        """Build a product, which may be rounded with the sum that it goes into."""
        return self._builder.fmul(vector, other, flags=_FUSED)

    def is_above_zero(self, vector: Any) -> Any:
        """Build which channels are above zero."""
        return self._builder.fcmp_ordered(">", vector, ir.Constant(_VECTOR, [0.0] * LANES))

    def where(self, chosen: Any, vector: Any, other: Any) -> Any:
        """Build `vector` where `chosen`, else `other`."""
        return self._builder.select(chosen, vector, other)


@intrinsic
def add(_context, source, source_at, target, target_at):
    """Add a block to another one."""

    def generate(context, builder, signature, args):
        code = _Code(context, builder, signature, args)
        code.store(code.add(code.load(2, 3), code.load(0, 1)), 2, 3)
        return context.get_dummy_value()

    return types.void(source, types.intp, target, types.intp), generate


@intrinsic
def gather(_context, table, offsets, offsets_at, table_at, start, start_at, target, target_at):
    """Write ``start`` plus nine blocks of a table, at ``table_at`` behind each of nine offsets."""

    def generate(context, builder, signature, args):
        code = _Code(context, builder, signature, args)
        total = code.load(4, 5)
        for k in range(9):
            total = code.add(total, code.load(0, 3, code.one(1, 2, k)))
        code.store(total, 6, 7)
        return context.get_dummy_value()

    kinds = (table, offsets, types.intp, types.intp, start, types.intp, target, types.intp)
    return types.void(*kinds), generate


@intrinsic
def scatter(_context, source, source_at, table, offsets, offsets_at, table_at):
    """Add a block to nine blocks of a table, at ``table_at`` behind each of nine offsets."""

    def generate(context, builder, signature, args):
        code = _Code(context, builder, signature, args)
        block = code.load(0, 1)
        for k in range(9):
            offset = code.one(3, 4, k)
            code.store(code.add(code.load(2, 5, offset), block), 2, 5, offset)
        return context.get_dummy_value()

    return types.void(source, types.intp, table, offsets, types.intp, types.intp), generate


@intrinsic
def times(_context, vector, vector_at, matrix, matrix_at, width, target, target_at):
    """Add the product of a block and a matrix of sixteen rows, `width` apart, to another block."""

    def generate(context, builder, signature, args):
        code = _Code(context, builder, signature, args)
        total, other = code.load(5, 6), None
        for r, row in enumerate(code.rows(4)):
            product = code.times(code.splat(code.one(0, 1, r)), code.load(2, 3, row))
            if r % 2 == 0:
                total = code.add(total, product)
            else:  # two sums, so that one does not wait for the other
                other = product if other is None else code.add(other, product)
        code.store(code.add(total, other), 5, 6)
        return context.get_dummy_value()

    return types.void(vector, types.intp, matrix, types.intp, types.intp, target, types.intp), generate


@intrinsic
def outer(_context, vector, vector_at, other, other_at, matrix, matrix_at, width):
    """Add the outer product of two blocks to a matrix of sixteen rows, `width` apart."""

    def generate(context, builder, signature, args):
        code = _Code(context, builder, signature, args)
        block = code.load(2, 3)
        for r, row in enumerate(code.rows(6)):
            product = code.times(code.splat(code.one(0, 1, r)), block)
            code.store(code.add(code.load(4, 5, row), product), 4, 5, row)
        return context.get_dummy_value()

    return types.void(vector, types.intp, other, types.intp, matrix, types.intp, types.intp), generate


@intrinsic
def leak(_context, hidden, target, at, slope):
    """Scale those of the channels of `target` by `slope` whose channel of `hidden` is not above zero."""

    def generate(context, builder, signature, args):
        code = _Code(context, builder, signature, args)
        block = code.load(1, 2)
        scaled = code.times(block, code.splat(args[3]))
        code.store(code.where(code.is_above_zero(code.load(0, 2)), block, scaled), 1, 2)
        return context.get_dummy_value()

    return types.void(hidden, target, types.intp, types.float32), generate
