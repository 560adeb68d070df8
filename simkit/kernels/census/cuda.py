"""The census in CUDA C++: a warp separates a board and counts its objects."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simkit.kernels.census import CONSTELLATIONS, KINDS, TORUS, Counts, Objects, wrong_period
from simkit.kernels.census.kinds import hash_of, kind_of
from simkit.kernels.census.split import MAX_TRIALS
from simkit.kernels.census.sprites import COLUMNS, FACTORS, KnownPatterns, Sprites
from simkit.kernels.cuda import (
    Array,
    arange,
    back,
    compile_module,
    empty,
    full,
    n_multiprocessors,
    to_device,
    to_host,
    wait,
)
from simkit.kernels.life import Rule, population
from simkit.kernels.life.circuit import MAJ, XOR3

#: threads of a block, and blocks that share a multiprocessor at least: 128 registers a thread, which nothing spills
_N_THREADS, _MIN_BLOCKS = 128, 4

#: bytes that a warp needs for each cell, for each word of cells, and besides; laid out by ``census.cu``
_BYTES_OF_CELL, _BYTES_OF_WORD, _BYTES_BESIDES = 84, 20, 112 * (MAX_TRIALS + 1)

#: bytes of device memory for all warps, at most
_MAX_ROOM = 2**32

#: cells and numbers of cells of unnamed patterns that are handed out at once, at least
_MIN_UNNAMED = 2**20

_TODO, _DONE, _ASTRAY = 0, 1, 2

_FILES = ("board", "forest", "walk", "split", "objects", "constellations", "entries", "census")

#: columns of `Objects` that have an entry an object and that the kernel writes, in its order
_COLUMNS = {
    "kind": np.uint8,
    "code": np.uint64,
    "y": np.int16,
    "x": np.int16,
    "phase": np.int32,
    "orientation": np.uint8,
    "population": np.int32,
}

_known: dict[Rule, KnownPatterns] = {}
_known_lock = threading.Lock()


@cache
def module() -> Any:
    """Return the compiled kernel."""
    large = {"TORUS_CODE": hash_of(TORUS), "FACTOR_0": FACTORS[0], "FACTOR_1": FACTORS[1]}
    names = ", ".join((*COLUMNS, "N_SPRITE_COLUMNS"))
    head = [f"constexpr u64 {name} = {value}ull;" for name, value in large.items()] + [f"enum {{ {names} }};"]
    files = [Path(__file__).with_name(f"{name}.cu") for name in _FILES]
    return compile_module(
        ["\n".join(head), *files], XOR3=XOR3, MAJ=MAJ, MAX_TRIALS=MAX_TRIALS, TORUS=kind_of(TORUS), N_KINDS=len(KINDS),
        N_CONSTELLATIONS=len(CONSTELLATIONS), N_TEMPLATE_COLUMNS=8, N_THREADS=_N_THREADS, N_WARPS=_N_THREADS // 32,
        MIN_BLOCKS=_MIN_BLOCKS,
    )  # fmt: skip


def count(boards: Array, width: int, rules: tuple[Rule, ...], which: Array, period: Array) -> Counts:
    """Count objects and constellations; see the package's docstring."""
    work = _Work(boards, width, rules, which, period)
    counts = Counts(*(full((len(boards), len(names)), -1, np.int32) for names in (KINDS, CONSTELLATIONS)))
    for index in work.censused:
        work.run(index, _known_patterns(rules[index]), counts, _no_entries(), _no(np.int32))
    work.check()
    return Counts(*(back(column, boards) for column in counts))


def find(boards: Array, width: int, rules: tuple[Rule, ...], which: Array, period: Array) -> Objects:
    """Return the table of objects; see the package's docstring."""
    starts, n_objects, columns, apgcodes = _entries(boards, width, rules, which, period, _no(np.int32))
    n = n_objects.clip(0)
    ends = n.cumsum(dtype=np.int64)
    number = arange(int(ends[-1]) if len(boards) else 0, np.int64)
    sample = np.searchsorted(ends, number, side="right")
    at = number + (starts - ends + n)[sample]
    entries = {name: column[at] for name, column in columns.items()}
    codes = {code: apgcodes[code] for code in np.unique(entries["code"]).tolist()}
    found = {"sample": sample, **entries, "n_objects": n_objects}
    return Objects(**{name: back(column, boards) for name, column in found.items()}, apgcodes=codes)


def label(boards: Array, width: int, rules: tuple[Rule, ...], which: Array, period: Array) -> Array:
    """Return the instance mask; see the package's docstring."""
    mask = full((*boards.shape[:2], width), 0, np.int32)
    _entries(boards, width, rules, which, period, mask)
    return back(mask, boards)


class _Work:
    """A call's boards on the device, and what the kernel says about each."""

    def __init__(self, boards: Array, width: int, rules: tuple[Rule, ...], which: Array, period: Array) -> None:
        self.boards, self.width, self.rules = to_device(boards, np.uint8), width, rules
        self.which, self.period = to_device(which, np.uint8), to_device(period, np.int32)
        self.status = full((len(boards),), _TODO, np.int32)
        #: what kernels may still read, though another thread has put a longer table in its place: kept until `check`
        self._in_use: list[Sprites] = []
        #: rules whose boards are censused
        self.censused = [index for index, rule in enumerate(rules) if len(boards) and not rule.birth & 1]

    def run(self, index: int, known: KnownPatterns, counts: Any, entries: tuple[Any, ...], mask: Any) -> None:
        """Run the kernel on the boards of a rule that are still to do."""
        rule, (n_boards, height, _) = self.rules[index], self.boards.shape
        n_bytes = _BYTES_OF_CELL * height * self.width + _BYTES_OF_WORD * height * -(-self.width // 32) + _BYTES_BESIDES
        n_bytes = -(-n_bytes // 256) * 256
        n_warps = max(1, min(n_boards, n_multiprocessors() * _MIN_BLOCKS * _N_THREADS // 32, _MAX_ROOM // n_bytes))
        n_threads = min(_N_THREADS, 32 * n_warps)
        n_blocks = n_warps * 32 // n_threads
        room, queue = empty((n_blocks * n_threads // 32 * n_bytes,), np.uint8), full((1,), 0, np.int32)
        size = map(np.int32, (index, n_boards, height, self.width))
        law = map(np.uint32, (rule.birth, rule.survival))
        given = (self.boards, self.which, self.period, *size, *law, room, np.uint64(n_bytes), queue, self.status)
        slots, columns, cells, starts, *templates = sprites = known.sprites
        self._in_use.append(sprites)
        names = (slots, np.int32(len(slots)), columns, cells, starts, np.int32(len(starts) - 1), *templates)
        module().get_function("census")((n_blocks,), (n_threads,), (*given, *names, *counts, *entries, mask))

    def check(self) -> None:
        """Wait for the kernels, and raise ParameterError if a board's period is wrong."""
        for i in np.flatnonzero(self.status == _ASTRAY)[:1].tolist():
            raise wrong_period(i, int(self.period[i]), self.rules[int(self.which[i])])


def _entries(
    boards: Array, width: int, rules: tuple[Rule, ...], which: Array, period: Array, mask: Any
) -> tuple[Any, Any, dict[str, Any], dict[int, str]]:
    """Return where the entries of each board begin, how many it has, the columns, and apgcodes by hash."""
    work = _Work(boards, width, rules, which, period)
    n_alive = population(work.boards)  # no board has more objects
    starts = n_alive.cumsum(dtype=np.int64) - n_alive
    n_objects = full((len(boards),), -1, np.int32)
    columns = {name: empty((int(n_alive.sum()),), dtype) for name, dtype in _COLUMNS.items()}
    n_room = max(_MIN_UNNAMED, 1 + boards.shape[1] * width)
    apgcodes = {hash_of(TORUS): TORUS}
    for index in work.censused:
        known, n_unnamed = _known_patterns(rules[index]), -1
        while n_unnamed:
            unnamed, counter = full((n_room,), 0, np.uint32), full((1,), 0, np.uint32)
            entries = (starts, n_objects, *columns.values(), unnamed, counter, np.uint32(n_room))
            work.run(index, known, (_no(np.int32), _no(np.int32)), entries, mask)
            n_unnamed = min(int(counter[0]), n_room)
            known.learn(to_host(unnamed[:n_unnamed]))
        apgcodes.update(known.apgcodes)
    work.check()
    return starts, n_objects, columns, apgcodes


def _no(dtype: Any) -> Any:
    """Return what is a null pointer to a kernel."""
    return empty((0,), dtype)


def _no_entries() -> tuple[Any, ...]:
    columns = (_no(dtype) for dtype in _COLUMNS.values())
    return (_no(np.int64), _no(np.int32), *columns, _no(np.uint32), _no(np.uint32), np.uint32(0))


def _known_patterns(rule: Rule) -> KnownPatterns:
    with _known_lock:
        known = _known.get(rule)
        if known is None or known.is_full:
            known = _known[rule] = KnownPatterns(rule, _upload)
        return known


def _upload(sprites: Sprites) -> Sprites:
    found = Sprites(*(to_device(array, array.dtype) for array in sprites))
    wait()
    return found
