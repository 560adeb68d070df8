"""The format: a row as a picture in text, a portable bitmap."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from simkit.interchange import Format, Written
from simkit.interchange.files import Files
from simkit.interchange.selection import Selection

PBM = Format("A folder of portable bitmaps, a file for each row.", "", "wallpapers.pbm:write")


def write(selection: Selection, out: Path, *, replace: bool, progress: Callable[[float], None]) -> Written:
    """Write the boards; see `simkit.interchange`."""
    names = {row: f"{row}.pbm" for row in selection.rows}
    files = Files(out, set(names.values()), replace=replace)
    for rows, batch in selection.batches("board"):
        for row, board in zip(rows, batch["board"], strict=True):
            lines = "\n".join(" ".join(map(str, line)) for line in board.tolist())
            files.put(names[row], f"P1\n{board.shape[1]} {board.shape[0]}\n{lines}\n".encode())
            progress(1)
    return files.written()
