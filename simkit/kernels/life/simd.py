"""Vectors of 64-bit words as a Numba type, and the circuit of a rule as an operation on them.

Numba code that uses `load`, `store`, `lut3`, `rule_stage` and friends compiles to straight vector instructions,
whatever LLVM's auto-vectoriser thinks. With AVX-512 a vector is eight words and every node of a circuit one
``vpternlogq``; elsewhere it is four words, and a node becomes the and/xor chain of its algebraic normal form.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.registry import cpu_target
from numba.extending import intrinsic, models, register_model

from simkit.kernels.life.circuit import compile_rule
from simkit.kernels.life.gates import compile_gates
from simkit.kernels.life.rule import Rule
from simkit.kernels.life.search import AND, AND_NOT, NOT, OR, XOR

#: whether the code that Numba generates here may use AVX-512 (it honours NUMBA_CPU_NAME and NUMBA_CPU_FEATURES)
_, CPU_NAME, _FEATURES = cpu_target.target_context.codegen().magic_tuple()
HAS_AVX512 = "+avx512f" in _FEATURES

#: 64-bit words in a vector
LANES = 8 if HAS_AVX512 else 4

#: digest of this folder's code. Numba's cache looks only at the file of the function it compiled, but what is compiled
#: for a rule depends on every file here; as part of the rule's type the digest makes the cache see all of them.
CODE = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()

_I32 = ir.IntType(32)
VECTOR = ir.VectorType(ir.IntType(64), LANES)


class Vector(types.Type):
    """Numba type of a vector of LANES 64-bit words."""

    def __init__(self) -> None:
        super().__init__(f"Vector({LANES} x uint64)")


vector = Vector()


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, VECTOR)


def _constant(words: list[int]) -> ir.Constant:
    return ir.Constant(VECTOR, words)


def pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    """Build the address of the vector of words ``array[index : index + LANES]``."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), VECTOR.as_pointer())


@intrinsic
def load(_context, array, index):
    """Return the vector of words ``array[index : index + LANES]``."""

    def generate(context, builder, signature, args):
        return builder.load(pointer(context, builder, signature.args[0], *args), align=8)

    return vector(array, types.intp), generate


@intrinsic
def store(_context, array, index, value):
    """Write the vector `value` to ``array[index : index + LANES]``."""

    def generate(context, builder, signature, args):
        builder.store(args[2], pointer(context, builder, signature.args[0], *args[:2]), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


def emit_lut3(builder: Any, table: int, x: Any, y: Any, z: Any) -> Any:
    """Build the function of three bits with that table of each bit of x, y, z."""
    if HAS_AVX512:
        kind = ir.FunctionType(VECTOR, [VECTOR, VECTOR, VECTOR, _I32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx512.pternlog.q.512")
        return builder.call(function, [x, y, z, ir.Constant(_I32, table)])
    return _normal_form(builder, table, (x, y, z))


def _normal_form(builder: Any, table: int, inputs: tuple[Any, ...]) -> Any:
    """Build f = f0 ^ (x & (f0 ^ f1)), where f0 and f1 are f at x = 0 and x = 1; None stands for 0."""
    if not inputs:
        return _constant([-1] * LANES) if table else None
    half = 1 << (len(inputs) - 1)
    low, high = table & ((1 << half) - 1), table >> half
    at_zero = _normal_form(builder, low, inputs[1:])
    change = _normal_form(builder, low ^ high, inputs[1:])
    if change is not None:
        change = builder.and_(inputs[0], change)
        return change if at_zero is None else builder.xor(at_zero, change)
    if at_zero is None and len(inputs) == 3:
        return _constant([0] * LANES)
    return at_zero


@intrinsic(prefer_literal=True)
def lut3(_context, table, x, y, z):
    """Apply the function of three bits with the literal `table` to each bit of x, y, z."""
    value = table.literal_value

    def generate(_context, builder, _signature, args):
        return emit_lut3(builder, value, *args[1:])

    return vector(table, vector, vector, vector), generate


def emit_rule(builder: Any, rule: Rule, x: list[Any], m: list[Any], cells: list[Any]) -> list[Any]:
    """Build the next states of one or two rows of `cells` from x and m (XOR3, MAJ) of these and those around."""
    if not HAS_AVX512:
        gates = {
            AND: builder.and_,
            OR: builder.or_,
            XOR: builder.xor,
            AND_NOT: lambda y, z: builder.and_(y, builder.not_(z)),
            NOT: lambda y, _: builder.not_(y),
        }
        return compile_gates(rule).run(lambda operation, y, z: gates[operation](y, z), x, m, cells)
    circuit = compile_rule(rule)
    return [
        circuit.run(lambda *node: emit_lut3(builder, *node), tuple(x[i : i + 3]), tuple(m[i : i + 3]), cell)
        for i, cell in enumerate(cells)
    ]


@intrinsic(prefer_literal=True)
def shift_in(_context, high, low, n):
    """Shift each word of `high` up by the literal `n` bits and fill from the top of `low` (a funnel shift)."""
    n_bits = n.literal_value

    def generate(_context, builder, _signature, args):
        kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fshl.v{LANES}i64")
        return builder.call(function, [args[0], args[1], _constant([n_bits] * LANES)])

    return vector(vector, vector, n), generate


@intrinsic
def splat(_context, word):
    """Return the vector that holds `word` in every lane."""

    def generate(_context, builder, _signature, args):
        one = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), args[0], _I32(0))
        return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(_I32, LANES), [0] * LANES))

    return vector(types.uint64), generate


def _bitwise(name: str) -> Any:
    @intrinsic
    def operation(_context, x, y):
        def generate(_context, builder, _signature, args):
            return getattr(builder, name)(*args)

        return vector(vector, vector), generate

    return operation


shift_up, shift_down = _bitwise("shl"), _bitwise("lshr")
both, either, differing = _bitwise("and_"), _bitwise("or_"), _bitwise("xor")
add = _bitwise("add")


@intrinsic
def multiply_low(_context, x, y):
    """Return the products, 64 bits, of the lower halves of each word of x and y."""

    def generate(_context, builder, _signature, args):
        low = _constant([0xFFFFFFFF] * LANES)
        return builder.mul(builder.and_(args[0], low), builder.and_(args[1], low))

    return vector(vector, vector), generate


@intrinsic
def popcount(_context, x):
    """Return the number of bits that are 1 in each word."""

    def generate(_context, builder, _signature, args):
        kind = ir.FunctionType(VECTOR, [VECTOR])
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.ctpop.v{LANES}i64")
        return builder.call(function, args)

    return vector(vector), generate


@intrinsic
def multiply(_context, x, y):
    """Return the 64-bit products of the low halves of the words."""

    def generate(_context, builder, _signature, args):
        low = _constant([0xFFFFFFFF] * LANES)
        return builder.mul(*(builder.and_(arg, low) for arg in args))

    return vector(vector, vector), generate


def emit_rotation(builder: Any, value: Any, n: int, n_bits: int) -> Any:
    """Build a vector whose lanes, of `n_bits`, are moved by n, round the end."""
    kind = ir.VectorType(ir.IntType(n_bits), 64 // n_bits * LANES)
    order = [(lane - n) % kind.count for lane in range(kind.count)]
    lanes = builder.bitcast(value, kind)
    turned = builder.shuffle_vector(lanes, lanes, ir.Constant(ir.VectorType(_I32, kind.count), order))
    return builder.bitcast(turned, VECTOR)


def _rotation(n_bits: int) -> Any:
    @intrinsic(prefer_literal=True)
    def operation(_context, value, n):
        by = n.literal_value

        def generate(_context, builder, _signature, args):
            return emit_rotation(builder, args[0], by, n_bits)

        return vector(vector, n), generate

    return operation


#: move lane ``i`` to lane ``i + n`` (literal), round the end: lanes of 64 bits, and of 32
rotate, rotate32 = _rotation(64), _rotation(32)


@intrinsic
def differ(_context, x, y):
    """Return whether any bit of two vectors differs."""

    def generate(context, builder, _signature, args):
        kind = ir.FunctionType(ir.IntType(64), [VECTOR])
        reduce_or = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.or.v{LANES}i64")
        return builder.icmp_unsigned("!=", builder.call(reduce_or, [builder.xor(*args)]), ir.IntType(64)(0))

    return types.boolean(vector, vector), generate
