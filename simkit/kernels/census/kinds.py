"""The fixed list of kinds that are counted, common names, and the number that stands for an apgcode."""

from __future__ import annotations

import hashlib

#: an object without a plane pattern: it goes round the torus, or meets its own image across the edges
TORUS = "zz_torus"

#: Column ``k`` of the counts. 0 is everything that is not in the list, so that a row's sum is its number of objects.
#: Found as the commonest in ash of B3/S23, B36/S23, B38/S23 and B3/S238. The order never changes; new kinds go at the end.
KINDS: tuple[str, ...] = (
    "other",
    TORUS,
    "xs4_33",
    "xp2_7",
)

#: apgcode -> common name in English (LifeWiki)
NAMES: dict[str, str] = {}

KIND_OF = {code: kind for kind, code in enumerate(KINDS)}


def kind_of(apgcode: str) -> int:
    """Return the index of an apgcode in KINDS, 0 if it is not there."""
    return KIND_OF.get(apgcode, 0)


def hash_of(apgcode: str) -> int:
    """Return the number that stands for an apgcode in stored tables: BLAKE2b of 8 bytes, little endian (0..2**64-1)."""
    return int.from_bytes(hashlib.blake2b(apgcode.encode(), digest_size=8).digest(), "little")


def name_of(apgcode: str) -> str:
    """Return the common name of an apgcode, or the apgcode if it has none."""
    return NAMES.get(apgcode, apgcode)
