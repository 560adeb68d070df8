"""Golly without its window: one process for each soup, as bgolly is used, from RLE file to RLE file.

Each soup is advanced by its `settle` on the torus, also on the plane, where its gliders fly on. On the torus the result
must be our ash, but for its place, which bgolly does not write.
"""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.peers import AbsentError, Work, WrongResultError

Cells = npt.NDArray[np.uint8]

_RUN = re.compile(r"(\d*)([bo$])")


class QuickLife:
    """Advance the first soups of a case, on the plane or on the torus."""

    n_soups: int | None

    def __init__(self, work: Work, folder: Path, *, is_torus: bool) -> None:
        if shutil.which("bgolly") is None:
            raise AbsentError("bgolly is not installed (Debian package golly).")
        case = work.case
        self.name = f"bgolly, QuickLife on the {'torus' if is_torus else 'plane'}, process start included"
        n_soups = self.n_soups = case.n_peer_boards
        soups = np.unpackbits(work.soups[:n_soups], axis=-1, count=case.width, bitorder="little")
        ashes = np.unpackbits(work.settled.ash[:n_soups], axis=-1, count=case.width, bitorder="little")
        self._generations = [int(n) for n in work.settled.settle[:n_soups]]
        self.n_board_generations = sum(self._generations)
        rule = f"{work.rule}:T{case.width},{case.height}" if is_torus else str(work.rule)
        stem = f"{case.name}-{'torus' if is_torus else 'plane'}"
        self._files = [(folder / f"{stem}-{i}.rle", folder / f"{stem}-{i}-out.rle") for i in range(n_soups)]
        for (source, _), soup in zip(self._files, soups, strict=True):
            source.write_text(_to_rle(soup, rule))
        if is_torus:
            self.run()
            for i, ((_, target), ash) in enumerate(zip(self._files, ashes, strict=True)):
                if not np.array_equal(_from_rle(target.read_text()), _bounding_box(ash)):
                    raise WrongResultError(f"bgolly and our kernel differ in the ash of soup {i} of {case.name}")

    def run(self) -> float:
        started = _children_seconds()
        for (source, target), n in zip(self._files, self._generations, strict=True):
            command = ["bgolly", "-q", "-q", "-m", str(n), "-a", "QuickLife", "-o", str(target), str(source)]
            subprocess.run(command, check=True, capture_output=True)
        return _children_seconds() - started


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _to_rle(cells: Cells, rule: str) -> str:
    """Write each cell on its own, which is valid RLE."""
    rows = "$\n".join("".join("bo"[cell] for cell in row) for row in cells)
    return f"x = {cells.shape[1]}, y = {cells.shape[0]}, rule = {rule}\n{rows}!\n"


def _bounding_box(cells: Cells) -> Cells:
    """Cut off empty rows and columns at the four sides."""
    y, x = np.nonzero(cells)
    return cells[y.min() : y.max() + 1, x.min() : x.max() + 1] if len(y) else cells[:0, :0]


def _from_rle(text: str) -> Cells:
    """Read the RLE that bgolly writes: the bounding box of the live cells, without its place."""
    header, body = text.split("\n", 1)
    width, height = (int(side) for side in re.findall(r"[xy] = (\d+)", header))
    cells = np.zeros((height, width), np.uint8)
    y = x = 0
    for count, tag in _RUN.findall(body.replace("\n", "").partition("!")[0]):
        n = int(count or 1)
        if tag == "$":
            y, x = y + n, 0
        else:
            cells[y, x : x + n] = tag == "o"
            x += n
    return cells
