"""Rows of a data set as RLE files, one a row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from simkit.ash.formats import RLE
from simkit.ash.replay import soups
from simkit.errors import PatternError, StoreError
from simkit.interchange import Written, rle
from simkit.interchange.files import Files
from simkit.interchange.selection import Selection
from simkit.kernels.life import Rule
from simkit.schema import unpack
from simkit.store import Store

#: fields without which a row is no pattern
_NEEDED = ("ash", "rule", "settle", "period")

#: digits of a row in a file's name at least, so that a folder lists them in order
_DIGITS = 6


def write_ash(selection: Selection, out: Path, *, replace: bool, progress: Callable[[float], None]) -> Written:
    """Write boards of ash as RLE files; see `simkit.interchange`.

    Raises
    ------
    PatternError
        If the rows are not boards of a Life-like rule, or are several for one file.
    StoreError
        If a file cannot be written, or something else is there.
    """
    return _write(selection, out, "row", replace=replace, progress=progress)


def write_soups(selection: Selection, out: Path, *, replace: bool, progress: Callable[[float], None]) -> Written:
    """Write the soups that rows came from as RLE files, as `write_ash` does; ParameterError if they came from none."""
    return _write(selection, out, "soup", replace=replace, progress=progress)


def _write(selection: Selection, out: Path, what: str, *, replace: bool, progress: Callable[[float], None]) -> Written:
    store, rows = selection.store, selection.rows
    lacking = [name for name in _NEEDED if name not in store.schema]
    if lacking:
        raise PatternError(
            f"RLE files hold boards of Life-like rules; {store.path} ({store.recipe['source']}) has no field "
            f"{', '.join(lacking)}"
        )
    is_file = out.suffix.lower() == RLE.suffix
    if is_file and len(rows) > 1:
        raise PatternError(
            f"{out} is one file, for one row; {len(rows):,} rows need a folder, such as --out {out.with_suffix('')}"
        )
    if not is_file and out.exists() and not out.is_dir():
        raise StoreError(
            f"{out} is a file, and a folder of {RLE.suffix} files cannot be made there; end it in {RLE.suffix}"
        )
    soups_of = soups(store) if what == "soup" else None
    names = {row: out.name if is_file else f"{what}-{row:0{_DIGITS}d}{RLE.suffix}" for row in rows}
    files = Files(out.parent if is_file else out, set(names.values()), replace=replace)
    notes: dict[str, None] = {}
    for block, batch in selection.batches(*_NEEDED):
        boards = unpack(soups_of(block), store.schema["ash"].bits) if soups_of else batch["ash"]
        for i, row in enumerate(block):
            rule = Rule.parse(store.schema["rule"].class_name(int(batch["rule"][i])))
            note = _inversion(rule)
            if note:
                notes[note] = None
            settle, period = int(batch["settle"][i]), int(batch["period"][i])
            about = [_origin(store, row), *(_of_soup(settle, period) if soups_of else _of_ash(settle, period))]
            text = rle.write(boards[i], rule, comments=[*about, f"{note}."] if note else about)
            files.put(names[row], text.encode())
            progress(1)
    return files.written(*notes)


def _inversion(rule: Rule) -> str:
    """Say how Golly shows a rule with B0, "" for others; tests/oracles/test_rle_golly.py holds it to that."""
    if not rule.birth & 1:
        return ""
    if rule.strobes:
        return f"{rule} has B0: Golly shows it inverted in odd generations"
    return f"{rule} has B0 and S8: Golly takes it for its complement; invert the cells there first"


def _origin(store: Store, row: int) -> str:
    recipe = store.recipe
    return f"Row {row} of {store.name}: {recipe['source']} version {recipe['version']}, seed {recipe['seed']}."


def _of_soup(settle: int, period: int) -> list[str]:
    became = f"It settles at generation {settle} into a cycle of period {period}." if period else "It never settled."
    return [f"The soup, generation 0. {became}"]


def _of_ash(settle: int, period: int) -> list[str]:
    if period:
        return [f"Ash: generation {settle} of its soup, the first of the cycle; period {period}."]
    return ["Not ash: the board when max_steps generations had passed; it never settled."]
