"""What the backend cpu has found out about clusters under a rule, kept for the next time.

The table is a cache: each entry is a function of the rule and the cluster alone, so that what is in it changes how long a
census takes and nothing else. Readers take `known` and `sprites`, which are never written to again: a writer, under
the lock, appends to the arrays behind what was handed out, copies the slots, and then hands out new ones.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simkit.kernels.census import trace
from simkit.kernels.census.apgcode import Rows, cells_of, from_cells, population, size
from simkit.kernels.census.constellations import Placed, templates
from simkit.kernels.census.kinds import hash_of, kind_of
from simkit.kernels.census.match import Matches, compile_templates
from simkit.kernels.census.plane import identify, orbit
from simkit.kernels.census.survey import Clusters, Known, look_up
from simkit.kernels.life import MIN_SIDE, Rule

#: clusters or sprites after which a table is left and a new one begun; that bounds its memory to some 200 MB
MAX_ENTRIES = 1 << 18

#: clusters, and rows of clusters, that `survey` may hand in at once
_N_MISSING, _N_ROWS = 4096, 65536


class Sprites(NamedTuple):
    """The states in which objects are met: patterns as they stand on a board."""

    kind: npt.NDArray[np.uint8]
    code: npt.NDArray[np.uint64]
    phase: npt.NDArray[np.int32]
    orientation: npt.NDArray[np.uint8]
    population: npt.NDArray[np.int32]
    #: cells of sprite ``s``, relative to its corner: from `cell_starts[s]` to `cell_starts[s + 1]`
    cell_starts: npt.NDArray[np.int32]
    cell_y: npt.NDArray[np.int16]
    cell_x: npt.NDArray[np.int16]


class _Columns:
    """Named arrays that grow at their ends. What was handed out stays as it was."""

    def __init__(self, **dtypes: type[np.generic]) -> None:
        self._room: dict[str, npt.NDArray[Any]] = {name: np.empty(64, dtype) for name, dtype in dtypes.items()}
        self._n = dict.fromkeys(dtypes, 0)

    def extend(self, **values: Any) -> None:
        """Append to columns."""
        for name, value in values.items():
            room, start = self._room[name], self._n[name]
            stop = start + len(value)
            if stop > len(room):
                self._room[name] = np.empty(2 * stop, room.dtype)
                self._room[name][:start] = room[:start]
            self._room[name][start:stop] = value
            self._n[name] = stop

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what is there so far."""
        return {name: room[: self._n[name]] for name, room in self._room.items()}


def separate_alone(rows: Rows, rule: Rule) -> list[Placed]:
    """Return the objects of a pattern that recurs in place on the empty plane."""
    phases, corners = orbit(rows, rule)
    # On this torus three rows and columns at least lie between the cells that are ever alive and their images, so
    # that these do not meet.
    low, left = (min(corner[axis] for corner in corners) for axis in (0, 1))
    boxes = [(y - low + size(phase)[0], x - left + size(phase)[1]) for phase, (y, x) in zip(phases, corners, strict=False)]
    height, width = (max(MIN_SIDE, 3 + max(box[axis] for box in boxes)) for axis in (0, 1))
    cells = np.array([y * width + x for y, x in cells_of(rows)], np.int32)
    found = trace.separate(cells, height, width, rule, len(phases))
    if corners[-1] != (0, 0) or any(wraps for wraps, _ in found):
        raise RuntimeError(f"the pattern {rows} does not stay in its place under {rule}")
    return [from_cells(places) for _, places in found]


class Table:
    """The clusters of one rule; see the module's docstring."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        #: hash -> apgcode, of all objects met so far
        self.apgcodes: dict[int, str] = {}
        self._lock = threading.Lock()
        self._numbers: dict[Rows, int] = {}
        self._sprites = _Columns(
            kind=np.uint8, code=np.uint64, phase=np.int32, orientation=np.uint8, population=np.int32,
            cell_starts=np.int32, cell_y=np.int16, cell_x=np.int16,
        )  # fmt: skip
        self._clusters = _Columns(
            hashes=np.uint64, key_starts=np.int32, keys=np.uint64, object_starts=np.int32,
            sprites=np.int32, object_y=np.int16, object_x=np.int16,
        )  # fmt: skip
        self._sprites.extend(cell_starts=[0])
        self._clusters.extend(key_starts=[0], object_starts=[0])
        self._n_keys = self._n_objects = self._n_cells = 0
        #: the templates of constellations; their sprites have the first numbers
        self.matches: Matches = compile_templates(templates(rule, separate_alone), self._number)
        self._slots = np.full(1 << 12, -1, np.int32)
        self._hand_out()

    @property
    def is_full(self) -> bool:
        """Whether a new table should be begun."""
        return max(len(self.known.hashes), len(self.sprites.kind)) > MAX_ENTRIES

    def missing(self) -> Clusters:
        """Return room for the clusters that `survey` does not find."""
        return Clusters(
            n=np.zeros(2, np.int32),
            hashes=np.empty(_N_MISSING, np.uint64),
            key_starts=np.zeros(_N_MISSING + 1, np.int32),
            keys=np.empty(_N_ROWS, np.uint64),
        )

    def learn(self, missing: Clusters) -> None:
        """Find out about missing clusters."""
        with self._lock:
            seen = set()
            for i in range(missing.n[0]):
                start, stop = int(missing.key_starts[i]), int(missing.key_starts[i + 1])
                rows = tuple(map(int, missing.keys[start:stop]))
                table = self.known
                arrays = (table.slots, table.hashes, table.key_starts, table.keys)
                if rows in seen or look_up(*arrays, missing.hashes[i], missing.keys, start, stop - start) >= 0:
                    continue
                seen.add(rows)
                objects = separate_alone(rows, self.rule)
                self._n_keys += len(rows)
                self._n_objects += len(objects)
                self._clusters.extend(
                    hashes=[missing.hashes[i]],
                    key_starts=[self._n_keys],
                    keys=missing.keys[start:stop],
                    object_starts=[self._n_objects],
                    sprites=[self._number(part) for part, _, _ in objects],
                    object_y=[y for _, y, _ in objects],
                    object_x=[x for _, _, x in objects],
                )
            self._hand_out()

    def sprite(self, rows: Rows) -> int:
        """Return the number of an object's pattern as it stands on a board."""
        with self._lock:
            number = self._number(rows)
            self._hand_out()
            return number

    def _number(self, rows: Rows) -> int:
        number = self._numbers.get(rows)
        if number is None:
            identity = identify(rows, self.rule)
            code = hash_of(identity.apgcode)
            if self.apgcodes.setdefault(code, identity.apgcode) != identity.apgcode:
                raise RuntimeError(f"{identity.apgcode} and {self.apgcodes[code]} have the same hash")
            cells = cells_of(rows)
            number = self._numbers[rows] = len(self._numbers)
            self._n_cells += len(cells)
            self._sprites.extend(
                kind=[kind_of(identity.apgcode)],
                code=[code],
                phase=[identity.phase],
                orientation=[identity.orientation],
                population=[population(rows)],
                cell_starts=[self._n_cells],
                cell_y=[y for y, _ in cells],
                cell_x=[x for _, x in cells],
            )
        return number

    def _hand_out(self) -> None:
        clusters = self._clusters.arrays()
        hashes = clusters["hashes"]
        n_slots = len(self._slots)
        while n_slots < 2 * len(hashes):
            n_slots *= 2
        first = int(np.count_nonzero(self._slots >= 0)) if n_slots == len(self._slots) else 0
        slots = self._slots.copy() if first else np.full(n_slots, -1, np.int32)
        for cluster in range(first, len(hashes)):
            slot = int(hashes[cluster]) & n_slots - 1
            while slots[slot] >= 0:
                slot = slot + 1 & n_slots - 1
            slots[slot] = cluster
        self._slots = slots
        self.sprites = Sprites(**self._sprites.arrays())
        self.known = Known(slots=slots, **clusters)
