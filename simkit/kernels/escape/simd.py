"""Orbits side by side as vectors as wide as the processor has them, whatever LLVM's auto-vectoriser prefers.

On processors with AVX-512 it prefers vectors of half that width, which halves the rate.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

#: what the code that Numba generates here may use (it honours NUMBA_CPU_NAME and NUMBA_CPU_FEATURES)
_FEATURES = cpu_target.target_context.codegen().magic_tuple()[2]

#: bytes of a vector
_WIDTH = 64 if "+avx512f" in _FEATURES else 32 if "+avx2" in _FEATURES else 16

#: vectors that advance together: while one waits for an operation, others take theirs
_TOGETHER = 2


def _splat(builder: Any, value: Any, kind: Any) -> Any:
    """Build the vector all of whose elements are a value."""
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), kind.count), None))


class _Map:
    """Builds what becomes of vectors of points: the numbers of a map, an ellipse and a limit are at hand."""

    def __init__(self, builder: Any, numbers: list[Any], kind: Any) -> None:
        self._builder, self._kind = builder, kind
        self._a, self._b, self._e, self._limit = numbers[:6], numbers[6:12], numbers[12:17], numbers[17]

    def _image(self, q: list[Any], x: Any, y: Any) -> Any:
        add, times = self._builder.fadd, self._builder.fmul
        first = add(q[0], times(x, add(q[1], add(times(q[3], x), times(q[4], y)))))
        return add(first, times(y, add(q[2], times(q[5], y))))

    def advance(self, x: Any, y: Any, n: Any) -> tuple[Any, Any, Any]:
        """Build one iteration of the points that no region holds, and count it."""
        builder, e = self._builder, self._e
        add, times = builder.fadd, builder.fmul
        dx, dy = builder.fsub(x, e[0]), builder.fsub(y, e[1])
        u, v = add(times(e[2], dx), times(e[3], dy)), times(e[4], dy)
        is_inside = builder.fcmp_ordered(
            "<", add(times(u, u), times(v, v)), ir.Constant(self._kind, [1.0] * x.type.count)
        )
        is_near = builder.fcmp_ordered("<=", add(times(x, x), times(y, y)), self._limit)
        is_active = builder.and_(is_near, builder.not_(is_inside))
        next_x = builder.select(is_active, self._image(self._a, x, y), x)
        next_y = builder.select(is_active, self._image(self._b, x, y), y)
        return next_x, next_y, builder.add(n, builder.zext(is_active, n.type))


@intrinsic(prefer_literal=True)
def advance(_context, n_lanes, n_steps, numbers, xs, ys, ns):
    """Advance the first `n_lanes` points by `n_steps` iterations, but those in the ellipse or beyond the limit.

    `numbers` are those of a map (12), an ellipse (5), and the limit of ``x * x + y * y``, of the type of `xs` and `ys`;
    `ns` are integers of its width, which count the iterations that were made.
    """
    lanes, steps = n_lanes.literal_value, n_steps.literal_value
    element = {types.float64: ir.DoubleType(), types.float32: ir.FloatType()}[xs.dtype]
    n_bits = xs.dtype.bitwidth

    def generate(context, builder, signature, args):
        width = 8 * _WIDTH // n_bits
        reals, integers = ir.VectorType(element, width), ir.VectorType(ir.IntType(n_bits), width)
        data = [
            context.make_array(kind)(context, builder, array).data
            for kind, array in zip(signature.args[2:], args[2:], strict=True)
        ]
        index = ir.IntType(64)
        scalars = [builder.load(builder.gep(data[0], [ir.Constant(index, i)])) for i in range(18)]
        of = _Map(builder, [_splat(builder, scalar, reals) for scalar in scalars], reals)
        kinds = (reals, reals, integers)
        for first in range(0, lanes, _TOGETHER * width):
            places = range(first, min(lanes, first + _TOGETHER * width), width)
            pointers = [
                [
                    builder.bitcast(builder.gep(part, [ir.Constant(index, place)]), kind.as_pointer())
                    for part, kind in zip(data[1:], kinds, strict=True)
                ]
                for place in places
            ]
            states = [tuple(builder.load(pointer, align=n_bits // 8) for pointer in group) for group in pointers]
            for _ in range(steps):
                states = [of.advance(*state) for state in states]
            for state, group in zip(states, pointers, strict=True):
                for value, pointer in zip(state, group, strict=True):
                    builder.store(value, pointer, align=n_bits // 8)
        return context.get_dummy_value()

    return types.void(n_lanes, n_steps, numbers, xs, ys, ns), generate
