"""The census in Numba: clusters looked up in a table, whatever is not there or not simple by the exact path.

A batch goes through `survey` until nothing is missing in the table of its rule; then what is odd on a board is
separated on the board itself (`trace`); then the objects are counted (`match`). Compiled parts do not hold the GIL,
and the functions may be called from several threads at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.kernels.census import CONSTELLATIONS, KINDS, TORUS, Counts, Objects, trace, wrong_period
from simkit.kernels.census.apgcode import from_cells
from simkit.kernels.census.kinds import hash_of, kind_of
from simkit.kernels.census.match import tally
from simkit.kernels.census.survey import ASTRAY, MISSING, Placing, Room, survey
from simkit.kernels.census.table import Table
from simkit.kernels.life import Rule

U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]
U64 = npt.NDArray[np.uint64]

#: boards that are surveyed at once
_BLOCK = 512

#: the sprite of an object that goes round the torus
_ROUND = -1

#: the columns of `Objects` that have an entry an object
_NO_COLUMNS: dict[str, npt.NDArray[Any]] = {
    "sample": np.zeros(0, np.int64),
    "kind": np.zeros(0, np.uint8),
    "code": np.zeros(0, np.uint64),
    "y": np.zeros(0, np.int16),
    "x": np.zeros(0, np.int16),
    "phase": np.zeros(0, np.int32),
    "orientation": np.zeros(0, np.uint8),
    "population": np.zeros(0, np.int32),
}

_tables: dict[Rule, Table] = {}
_tables_lock = threading.Lock()


class _Found(NamedTuple):
    """The objects of some boards of one rule."""

    #: rows of the batch
    rows: npt.NDArray[np.int64]
    table: Table
    placing: Placing
    #: (row, y, x) of an object that goes round the torus -> its cells, ``y * width + x``
    round: dict[tuple[int, int, int], I32]


def count(boards: U8, width: int, rules: tuple[Rule, ...], which: U8, period: I32) -> Counts:
    """Count objects and constellations; see the package's docstring."""
    kinds = np.full((len(boards), len(KINDS)), -1, np.int32)
    constellations = np.full((len(boards), len(CONSTELLATIONS)), -1, np.int32)
    for rows, table, placing, _ in _survey(boards, width, rules, which, period):
        part = Counts(np.empty((len(rows), len(KINDS)), np.int32), np.empty((len(rows), len(CONSTELLATIONS)), np.int32))
        size = boards.shape[1] * width
        room = np.full(size, -1, np.int32), np.empty(size, np.int32)
        tally(placing, table.sprites.kind, table.matches, boards.shape[1], width, kind_of(TORUS), *room, *part)
        kinds[rows], constellations[rows] = part
    return Counts(kinds, constellations)


def find(boards: U8, width: int, rules: tuple[Rule, ...], which: U8, period: I32) -> Objects:
    """Return the table of objects; see the package's docstring."""
    found = list(_survey(boards, width, rules, which, period))
    n_objects = np.full(len(boards), -1, np.int32)
    apgcodes = {hash_of(TORUS): TORUS}
    for rows, table, placing, _ in found:
        n_objects[rows] = placing.n
        apgcodes.update(table.apgcodes)
    parts = [_columns(one)[0] for one in found]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else _NO_COLUMNS
    order = np.argsort(columns["sample"], kind="stable")
    codes = {code: apgcodes[code] for code in np.unique(columns["code"]).tolist()}
    return Objects(**{name: column[order] for name, column in columns.items()}, n_objects=n_objects, apgcodes=codes)


def label(boards: U8, width: int, rules: tuple[Rule, ...], which: U8, period: I32) -> I32:
    """Return the instance mask; see the package's docstring."""
    height = boards.shape[1]
    mask = np.zeros((len(boards), height, width), np.int32)
    for found in _survey(boards, width, rules, which, period):
        sprites = found.table.sprites
        columns, sprite = _columns(found)
        sample, y, x = columns["sample"], columns["y"].astype(np.int32), columns["x"].astype(np.int32)
        number = np.arange(len(sample)) - np.searchsorted(sample, sample) + 1
        flat = np.flatnonzero(sprite != _ROUND)
        n_cells = columns["population"][flat]
        cell = np.repeat(sprites.cell_starts[sprite[flat]] - np.cumsum(n_cells) + n_cells, n_cells)
        cell += np.arange(len(cell), dtype=np.int32)
        of = np.repeat(flat, n_cells)
        mask[sample[of], (y[of] + sprites.cell_y[cell]) % height, (x[of] + sprites.cell_x[cell]) % width] = number[of]
        for i in np.flatnonzero(sprite == _ROUND):
            cells = found.round[int(sample[i]), int(y[i]), int(x[i])]
            mask[sample[i], cells // width, cells % width] = number[i]
    return mask


def _columns(found: _Found) -> tuple[dict[str, npt.NDArray[Any]], I32]:
    """Return the columns of `Objects` in order, and the sprite of each object."""
    sprites, placing = found.table.sprites, found.placing
    sample = np.repeat(found.rows, placing.n)
    at = np.repeat(placing.starts - np.cumsum(placing.n) + placing.n, placing.n) + np.arange(len(sample))
    sprite = placing.sprite[at]
    columns: dict[str, npt.NDArray[Any]] = {"sample": sample, "y": placing.y[at], "x": placing.x[at]}
    has_sprite = sprite != _ROUND
    for name in ("kind", "code", "phase", "orientation", "population"):
        values = getattr(sprites, name)
        columns[name] = np.zeros(len(sprite), values.dtype)
        columns[name][has_sprite] = values[sprite[has_sprite]]
    for i in np.flatnonzero(~has_sprite):
        population = len(found.round[int(sample[i]), int(columns["y"][i]), int(columns["x"][i])])
        columns["kind"][i], columns["code"][i] = kind_of(TORUS), hash_of(TORUS)
        columns["population"][i] = population
    keys = ("orientation", "phase", "code", "x", "y", "sample")  # the last decides first
    order = np.lexsort([columns[name] for name in keys])
    return {name: column[order] for name, column in columns.items()}, sprite[order]


def _survey(boards: U8, width: int, rules: tuple[Rule, ...], which: U8, period: I32) -> Iterator[_Found]:
    """Find the objects of all boards that can be censused, some boards of one rule at a time."""
    words, period = _to_words(boards), period.astype(np.int32, copy=False)
    for index, rule in enumerate(rules):
        rows = np.flatnonzero((which == index) & (period > 0) & (not rule.birth & 1))
        for start in range(0, len(rows), _BLOCK):
            yield _survey_block(words, width, rule, period, rows[start : start + _BLOCK])


def _survey_block(words: U64, width: int, rule: Rule, period: I32, rows: npt.NDArray[np.int64]) -> _Found:
    table = _table(rule)
    words, period = words[rows], period[rows]
    n, height = words.shape[:2]
    room = np.bitwise_count(words).sum(axis=(1, 2), dtype=np.int64)  # no board has more objects than live cells
    n_room = int(room.sum())
    placing = Placing(
        np.cumsum(room) - room, np.zeros(n, np.int32),
        np.empty(n_room, np.int32), np.empty(n_room, np.int16), np.empty(n_room, np.int16),
    )  # fmt: skip
    missing, odd, result = table.missing(), np.zeros_like(words), np.empty(n, np.uint8)
    todo, space = np.arange(n), Room.of(height, width)
    while todo.size:
        n_done = survey(words, todo, period, width, _law(rule), table.known, missing, odd, placing, result, space)
        if missing.n[0]:
            table.learn(missing)
        done = todo[:n_done]
        for i in done[result[done] == ASTRAY]:
            raise wrong_period(int(rows[i]), int(period[i]), rule)
        todo = np.concatenate((done[result[done] == MISSING], todo[n_done:]))

    found = _Found(rows, table, placing, {})
    for i in np.flatnonzero(odd.any(axis=(1, 2))).tolist():
        board = np.unpackbits(odd[i].view(np.uint8), axis=-1, count=width, bitorder="little")
        cells = np.flatnonzero(board).astype(np.int32)
        for is_round, places in trace.separate(cells, height, width, rule, int(period[i])):
            if is_round:
                sprite, (y, x) = _ROUND, places[0]
                found.round[int(rows[i]), y, x] = np.array([y * width + x for y, x in places], np.int32)
            else:
                pattern, y, x = from_cells(places)
                sprite = table.sprite(pattern)
            at = placing.starts[i] + placing.n[i]
            placing.sprite[at], placing.y[at], placing.x[at] = sprite, y % height, x % width
            placing.n[i] += 1
    return found


def _law(rule: Rule) -> tuple[tuple[np.uint64, ...], ...]:
    """Return what `survey` asks of a rule: a word of ones for each number of neighbours that is in B, in S, enough."""
    lowest = (rule.birth & -rule.birth).bit_length() - 1 if rule.birth else 9
    enough = sum(1 << n for n in range(lowest, 9))
    return tuple(
        tuple(np.uint64(0xFFFFFFFFFFFFFFFF if counts >> n & 1 else 0) for n in range(9))
        for counts in (rule.birth, rule.survival, enough)
    )


def _table(rule: Rule) -> Table:
    with _tables_lock:
        table = _tables.get(rule)
        if table is None or table.is_full:
            table = _tables[rule] = Table(rule)
        return table


def _to_words(boards: U8) -> U64:
    """View packed boards as words (sample, y, word), padding each row of cells to whole words."""
    n_bytes = 8 * -(-boards.shape[-1] // 8)
    padded = np.zeros((*boards.shape[:-1], n_bytes), np.uint8)
    padded[..., : boards.shape[-1]] = boards
    return padded.view("<u8")
