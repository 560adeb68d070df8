"""The claims of a study as texts, for tables on a screen or on a page."""

from __future__ import annotations

import math
from typing import NamedTuple

from simkit.store import Store

#: verdict -> what it says, beside its name
MEANINGS = {
    "ok": "",
    "NOT": "",
    "unclear": "errors too large for what is needed, or none known",
    "short": "runs too short against their correlation time",
    "frozen": "in no equilibrium: nothing is claimed",
    "reported": "measured, with nothing to compare it with",
    "holds": "what others observed is seen here, too",
    "does not hold": "what others observed is not seen here",
    "undecided": "what others observed cannot be told from what was measured",
}


class Row(NamedTuple):
    """A claim as it is printed."""

    claim: str
    at: str
    measured: str
    runs: str
    dof: str
    exact: str
    z: str
    needed: str
    verdict: str

    def sentence(self) -> str:
        """Return the claim as a sentence."""
        needed = f"needed {self.needed}" if self.needed else f"exact {self.exact}"
        at = f" ({self.at})" if self.at else ""
        return f"{self.claim}{at}: measured {self.measured}, {needed}, z {self.z or 'unknown'}"


HEADER = Row("", "at", "measured", "runs", "dof", "exact", "z", "needed", "")


def read(claims: Store) -> list[Row]:
    """Return the claims that a study wrote."""
    labels = {name: claims.schema[name].labels for name in ("claim", "at", "verdict")}
    columns = {name: claims[name][:].tolist() for name in claims}
    found = []
    for i, claim in enumerate(labels["claim"]):
        low, high = columns["within"][i]
        dof, z = columns["dof"][i], columns["z"][i]
        found.append(
            Row(
                claim,
                labels["at"][columns["at"][i]],
                number(columns["value"][i], columns["error"][i]),
                str(columns["n_runs"][i]),
                "" if math.isinf(dof) else f"{dof:.0f}",
                number(columns["exact"][i], columns["exact_error"][i]),
                "" if math.isnan(z) else f"{z:+.1f}",
                _interval(low, high),
                labels["verdict"][columns["verdict"][i]],
            )
        )
    return found


def number(value: float, error: float) -> str:
    """Return a value with as many digits as its error leaves, two of which are shown in brackets: 0.2610(22)."""
    if math.isnan(value):
        return ""
    if math.isnan(error) or error <= 0:
        return f"{value:.6g}"
    if math.isinf(error):
        return f"{value:.6g}(inf)"
    digits = max(0, 1 - math.floor(math.log10(error)))
    shown = f"{error * 10**digits:.0f}" if digits else f"{error:,.0f}"
    return f"{value:,.{digits}f}({shown})"


def _interval(low: float, high: float) -> str:
    """Return what a value has to be between, as text; empty if that is nothing."""
    if math.isnan(low):
        return ""
    if math.isinf(high):
        return f"> {low:.4g}"
    return f"< {high:.4g}" if math.isinf(low) else f"{low:.4g} .. {high:.4g}"
