"""Reads what an address asks for, and refuses in one line what is not computed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from simkit.errors import ParameterError, UnknownNameError, show
from simkit.viewer.tiles import OF_THE_VIEW, Tiles

#: pixels of a picture at most, and of a side
MAX_PIXELS, MAX_SIDE = 2**25, 2**14

#: of an address of a picture: its width and height in pixels
SIZE = "size"


def read(query: bytes) -> dict[str, str]:
    """Return the values of a query, each name once.

    Raises
    ------
    ParameterError
        If it is no such query or not UTF-8, or has a name twice.
    """
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, strict_parsing=bool(query), errors="strict")
    except (UnicodeError, ValueError):
        raise ParameterError(f"an address ends in ?name=value&name=value, in UTF-8; this in {show(query)}") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise ParameterError(f"an address has each name once; this has {show(name)} twice")
        found[name] = value
    return found


def check(values: Mapping[str, str], tiles: Tiles) -> None:
    """Raise an error unless values are those of all controls and of the view, and no others."""
    names = [*OF_THE_VIEW, *(control.name for control in tiles.controls)]
    for name in values:
        UnknownNameError.check("value", name, names, "the page")
    lacking = [name for name in names if name not in values]
    if lacking:
        raise ParameterError(f"the address lacks {', '.join(lacking)}")


def size(text: str) -> tuple[int, int]:
    """Return (height, width) of WIDTHxHEIGHT; ParameterError unless a picture of this size is made."""
    match = re.fullmatch(r"([0-9]{1,9})x([0-9]{1,9})", text)
    if not match:
        raise ParameterError(f"a size is WIDTHxHEIGHT in pixels, such as 1920x1080; this is {show(text)}")
    width, height = int(match[1]), int(match[2])
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise ParameterError(
            f"a picture has 1 to {MAX_SIDE:,} pixels a side and at most {MAX_PIXELS:,} in all; asked for "
            f"{width:,} x {height:,}"
        )
    return height, width
