"""What ash can be exported to; apart from what writes it, so that a help that lists it loads little."""

from __future__ import annotations

from simkit.interchange import Format

RLE = Format(
    "Text that Golly, LifeViewer and LifeWiki read, a file for each row. PATH is the file if it ends in .rle, else "
    "a folder that gets row-000003.rle and so on.",
    ".rle",
    "simkit.ash.patterns:write_ash",
    has_fields=False,
)
SOUP_RLE = Format(
    "The same for the soups that the rows came from: soup-000003.rle.",
    ".soup.rle",
    "simkit.ash.patterns:write_soups",
    has_fields=False,
)
