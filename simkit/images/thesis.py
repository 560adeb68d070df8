"""The thesis that most of these sets are from."""

from __future__ import annotations

CITATION = (
    "D. Filan, Structure and Representation in Neural Networks, PhD thesis, University of California, Berkeley, 2024"
)

#: what a set follows where the thesis and the code of its experiments differ
PROFILES = ("text", "code")
