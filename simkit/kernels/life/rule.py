"""Life-like rulestrings."""

from __future__ import annotations

import re
from dataclasses import dataclass

from simkit.errors import RuleError, show

#: names of the literature (LifeWiki) that may stand for a rulestring
NAMED = {
    "life": "B3/S23",
    "highlife": "B36/S23",
    "pedestrian-life": "B38/S23",
    "eightlife": "B3/S238",
    "day-and-night": "B3678/S34678",
    "dry-life": "B37/S23",
    "2x2": "B36/S125",
    "move": "B368/S245",
    "seeds": "B2/S",
    "replicator": "B1357/S1357",
}

_FORMS = "B3/S23, b3s23, 23/3 or a name such as life, highlife"


@dataclass(frozen=True)
class Rule:
    """An outer-totalistic rule on the eight nearest neighbours.

    Parameters
    ----------
    birth, survival : int, 0..511
        Bit ``n`` says that a dead cell is born, or a live one survives, with ``n`` live neighbours.
    """

    birth: int
    survival: int

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Read a rulestring: ``B3/S23``, ``b3s23``, ``S23/B3``, the older ``23/3`` (survival first), or a name."""
        plain = NAMED.get(text.strip().lower(), text.strip()).lower()
        lettered = re.fullmatch(r"b([^/bs]*)(/?)s([^/bs]*)", plain)
        if lettered:
            birth, slash, survival = lettered.groups()
            if not slash and not survival:
                raise RuleError(f"rulestring {show(text)} ends at position {len(plain)} after 's'; write B{birth}/S if "
                                "no cell is to survive, else the counts after S")  # fmt: skip
            at = (1, 1 + len(birth) + len(slash) + 1)
        elif swapped := re.fullmatch(r"s([^/bs]*)/b([^/bs]*)", plain):
            survival, birth = swapped.groups()
            at = (len(survival) + 3, 1)
        elif older := re.fullmatch(r"([^/bs]*)/([^/bs]*)", plain):
            survival, birth = older.groups()
            at = (len(survival) + 1, 0)
        else:
            raise RuleError(f"{show(text)} is not a rulestring (position {_first_odd(plain)}); write {_FORMS}")
        return cls(_mask(text, birth, at[0]), _mask(text, survival, at[1]))

    def __str__(self) -> str:
        return f"B{_digits(self.birth)}/S{_digits(self.survival)}"

    @property
    def strobes(self) -> bool:
        """Whether the empty background is born and dies by turns: B0 without S8."""
        return bool(self.birth & 1) and not self.survival >> 8 & 1


def _digits(mask: int) -> str:
    return "".join(str(n) for n in range(9) if mask >> n & 1)


def _mask(text: str, digits: str, offset: int) -> int:
    mask = 0
    for i, digit in enumerate(digits):
        where = f"at position {offset + i} of rulestring {show(text)}"
        if digit not in "012345678":
            raise RuleError(f"{show(digit)} {where} is not a neighbour count; counts are 0 to 8")
        if mask >> int(digit) & 1:
            raise RuleError(f"{show(digit)} {where} stands there twice; give each count once")
        mask |= 1 << int(digit)
    return mask


def _first_odd(plain: str) -> int:
    """Return the position at which `plain` stops looking like any rulestring."""
    longest = re.match(r"b[0-8]*/?(s[0-8]*)?|s[0-8]*/?(b[0-8]*)?|[0-8]*/?[0-8]*", plain)
    return longest.end() if longest else 0
