"""What the backend cuda looks up: the patterns that it knows under a rule, on the device.

Names are given by Python, once a pattern: those of KINDS, in all their states, and of the members of constellations
before the first census; others when `find` meets them. `count` needs no others, since they count as the kind "other".
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.kernels.census import KINDS, TORUS
from simkit.kernels.census.apgcode import N_ORIENTATIONS, Rows, decode, from_cells, orient
from simkit.kernels.census.plane import identify, orbit
from simkit.kernels.census.table import Table
from simkit.kernels.life import Rule

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

#: columns of a sprite in `Sprites.columns`
COLUMNS = ("HASH", "CODE", "KIND", "PHASE", "ORIENTATION", "POPULATION", "CELLS")

#: factors of the hash of a cell's place: 2**64 / golden ratio, odd, and another odd number
FACTORS = (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93)


class Sprites(NamedTuple):
    """What the kernel reads, on the device; see ``objects.cu``."""

    slots: Any
    columns: Any
    cells: Any
    starts: Any
    templates: Any
    members: Any


class KnownPatterns:
    """The patterns known under one rule. More may be added, by several threads; nothing handed out changes.

    Parameters
    ----------
    rule : Rule
    upload : callable
        Puts `Sprites` on the device, where all streams can read them when it returns.
    """

    def __init__(self, rule: Rule, upload: Callable[[Sprites], Sprites]) -> None:
        self._upload = upload
        self._table = Table(rule)
        self._lock = threading.Lock()
        for rows in _states_of_kinds(rule):
            self._table.sprite(rows)
        self.sprites = self._hand_out()

    @property
    def is_full(self) -> bool:
        """Whether a new table should be begun."""
        return self._table.is_full

    @property
    def apgcodes(self) -> dict[int, str]:
        """The apgcodes of all patterns, by hash."""
        return self._table.apgcodes

    def learn(self, unnamed: U32) -> None:
        """Name patterns, given as ``entries.cu`` writes them."""
        at = 0
        with self._lock:
            while at < len(unnamed) and unnamed[at]:
                places = unnamed[at + 1 : at + 1 + unnamed[at]].tolist()
                self._table.sprite(from_cells((place >> 16, place & 0xFFFF) for place in places)[0])
                at += 1 + len(places)
            self.sprites = self._hand_out()

    def _hand_out(self) -> Sprites:
        sprites, matches = self._table.sprites, self._table.matches
        places = sprites.cell_y.astype(np.uint32) << np.uint32(16) | sprites.cell_x.astype(np.uint32)
        first = sprites.cell_starts[:-1]
        hashes = np.add.reduceat(_hash(places), first) if len(first) else np.zeros(0, np.uint64)
        if len(np.unique(hashes)) < len(hashes):
            raise RuntimeError(f"two patterns of {self._table.rule} have the same hash")
        columns = (hashes, sprites.code, sprites.kind, sprites.phase, sprites.orientation, sprites.population, first)
        templates = np.column_stack(
            (matches.column, matches.height, matches.width, matches.absent, matches.member_starts[:-1],
             matches.member_starts[1:])
        )  # fmt: skip
        found = Sprites(
            slots=_slots(hashes),
            columns=np.column_stack([column.astype(np.uint64) for column in columns]),
            cells=places,
            starts=matches.starts,
            templates=templates,
            members=matches.members,
        )
        return self._upload(found)


def _states_of_kinds(rule: Rule) -> list[Rows]:
    """Return every pattern that is called by one of KINDS under a rule."""
    states = []
    for code in KINDS[KINDS.index(TORUS) + 1 :]:
        rows, prefix = decode(code), code.partition("_")[0]
        try:
            phases, _ = orbit(rows, rule, 1 if prefix.startswith("xs") else int(prefix[2:]))
        except ValueError:  # it is no such object under this rule
            continue
        if identify(rows, rule).apgcode == code:
            states += [orient(phase, orientation) for phase in phases for orientation in range(N_ORIENTATIONS)]
    return states


def _hash(places: U32) -> U64:
    """Return the hash of each cell's place; a pattern's is the sum of its cells'."""
    x = (places.astype(np.uint64) + np.uint64(1)) * np.uint64(FACTORS[0])
    x = (x ^ x >> np.uint64(29)) * np.uint64(FACTORS[1])
    return x ^ x >> np.uint64(32)


def _slots(hashes: U64) -> npt.NDArray[np.int32]:
    """Return the sprites in open addressing by hash."""
    n_slots = 1 << max(1, (2 * len(hashes)).bit_length())
    slots = np.full(n_slots, -1, np.int32)
    for sprite, hash_ in enumerate(hashes.tolist()):
        slot = hash_ % n_slots
        while slots[slot] >= 0:
            slot = (slot + 1) % n_slots
        slots[slot] = sprite
    return slots
