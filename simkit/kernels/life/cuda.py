"""Life-like automata in CUDA C++, one warp or one block of threads a board.

Boards whose sides suit it live in the registers of a warp (``warp.cu``), all others in memory (``block.cu``). The rule
stage is written from the rule's circuit, a node a LOP3, so that there is a module for each rule.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simkit.kernels.cuda import Array, back, compile_module, empty, full, n_multiprocessors, to_device
from simkit.kernels.life import Settled
from simkit.kernels.life.circuit import MAJ, XOR3, compile_rule
from simkit.kernels.life.rule import Rule

#: generations between two looks for a cycle, as on the CPU: fewer cost more looks, more cost more overshoot
STRIDE = 24

#: looks that a marked state is kept for at least
_MIN_MARK = 4

#: states of a board that the search keeps, and one more that boards in memory need
_N_SLOTS, _N_STATES = 5, 6

#: words of cells that fit the registers of a lane
_MAX_WORDS = 32

#: blocks of warps that keep their boards in registers and are to share a multiprocessor: as many as its shared memory
#: has room for on an H100 or H200, 228 KiB for 40 KiB of states each. It bounds the registers of a thread.
_SHARING = 5

#: blocks that a multiprocessor holds at most; those without room wait, and find the queue empty
_MAX_BLOCKS = 32

#: bytes of device memory for the states of boards in memory, at most
_MAX_ROOM = 2**30

_FOLDER = Path(__file__).parent


def layout(height: int, width: int) -> tuple[int, int]:
    """Return the rows and words a row of a lane, or (0, 0) if the board does not fit the registers of a warp."""
    rows, columns = height // 32, width // 32
    fits = (32 * rows, 32 * columns) == (height, width) and columns in (1, 2, 4, 8) and rows * columns <= _MAX_WORDS
    return (rows, columns) if fits else (0, 0)


def max_threads(rows: int, columns: int) -> int:
    """Return the threads of a block: warps whose states fit in 48 KiB of shared memory, or at most so many."""
    if not rows:
        return 1024
    return 128 if rows * columns <= _MAX_WORDS // 2 else 64


def rule_stage(rule: Rule) -> str:
    """Write the rule stage of `rule` as CUDA C++: from the XOR3 (0) and MAJ (1) of rows p, q, r and the centre c."""
    lines: list[str] = []

    def lut3(table: int, x: str, y: str, z: str) -> str:
        lines.append(f"    const u32 n{len(lines)} = lut3<{table}>({x}, {y}, {z});")
        return f"n{len(lines) - 1}"

    result = compile_rule(rule).run(lut3, ("p0", "q0", "r0"), ("p1", "q1", "r1"), "c")
    head = "__device__ __forceinline__ u32 rule_stage(u32 p0, u32 q0, u32 r0, u32 p1, u32 q1, u32 r1, u32 c) {"
    return "\n".join([head, *lines, f"    return {result};", "}"])


def instructions_per_generation(rule: Rule, rows: int, columns: int) -> int:
    """Return how many logical operations and shifts a warp needs for a generation: its bound on a device.

    For each word XOR3, MAJ and the rule stage, and two rotations a row; shuffles run beside them, in other units.
    """
    return rows * columns * (2 + len(compile_rule(rule).nodes)) + 2 * rows


@cache
def module(rule: Rule, rows: int, columns: int) -> Any:
    """Return the compiled kernels of a rule, for a `layout`."""
    constants = {"STRIDE": STRIDE, "MIN_MARK": _MIN_MARK, "N_SLOTS": _N_SLOTS, "XOR3": XOR3, "MAJ": MAJ}
    constants |= {"N_THREADS": max_threads(rows, columns), "MIN_BLOCKS": _SHARING if rows else 1}
    if rows:
        constants |= {"ROWS": rows, "COLUMNS": columns}
    board = _FOLDER / ("warp.cu" if rows else "block.cu")
    return compile_module([rule_stage(rule), board, _FOLDER / "settle.cu"], **constants)


def step(boards: Array, width: int, rule: Rule, n_generations: int) -> Array:
    """Return the boards `n_generations` later; see the package's docstring."""
    on_device = to_device(boards, np.uint8)
    out = empty(on_device.shape, np.uint8)
    _launch("step", on_device, width, rule, (np.int32(len(boards)), np.int32(n_generations)), (out,))
    return back(out, boards)


def settle(boards: Array, width: int, rules: tuple[Rule, ...], which: Array, max_steps: int) -> Settled:
    """Run each board until its whole state recurs; see the package's docstring."""
    on_device, which = to_device(boards, np.uint8), to_device(which, np.uint8)
    out = (empty(on_device.shape, np.uint8), *(empty((len(boards),), np.int32) for _ in range(2)))
    for index, rule in enumerate(rules):
        _launch("settle", on_device, width, rule, (which, *map(np.int32, (index, len(boards), max_steps))), out)
    return Settled(*(back(result, boards) for result in out))


def _launch(kernel: str, boards: Any, width: int, rule: Rule, arguments: tuple[Any, ...], out: tuple[Any, ...]) -> None:
    """Run a kernel on all `boards` by as many warps or blocks as the device can hold."""
    n_boards, height = boards.shape[:2]
    if not n_boards:
        return
    rows, columns = layout(height, width)
    n_words = height * -(-width // 32)
    n_blocks, n_threads, n_room = n_multiprocessors() * _MAX_BLOCKS, max_threads(rows, columns), 0
    if rows:
        n_blocks = min(n_blocks, -(-n_boards * 32 // n_threads))
    else:
        n_blocks = max(1, min(n_blocks, n_boards, _MAX_ROOM // (4 * n_words * _N_STATES)))
        n_threads = min(n_threads, max(128, -(-n_words // 32) * 32))
        n_room = n_blocks * n_words * _N_STATES
    room, queue = empty((n_room,), np.uint32), full((1,), 0, np.int32)
    size = np.int32(height), np.int32(width)
    function = module(rule, rows, columns).get_function(kernel)
    function((n_blocks,), (n_threads,), (boards, *arguments, *size, room, queue, *out))
