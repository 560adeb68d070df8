"""simkit.testing finds each law broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from simkit import registry, testing
from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.kernels import philox
from simkit.schema import Batch, Field, Schema

#: how many batches were made
made = [0]


@dataclass(frozen=True)
class Coin(Source):
    """Breaks the law that `breaks` names."""

    name = "coin"
    version = 1
    title = "coins"
    tiny: ClassVar[dict[str, object]] = {}
    kernels = (philox.KERNEL,)

    breaks: str = param("", "a law")

    def schema(self) -> Schema:
        dtype = "float32" if self.breaks == "declared" else "float64"
        return Schema(value=Field(dtype, "of the row", atol=0.01), is_odd=Field("bool", "of the row"))

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        made[0] += 1
        row = np.arange(rows.start, rows.stop, dtype=np.float64)
        value = row + seed % 7
        if self.breaks == "pure":
            value += made[0]
        if self.breaks == "divisible":
            value += rows.stop - rows.start
        if self.breaks == "agreeing" and on.backend != "reference":
            value += 0.02
        return {"value": value + 0.005 * (on.backend != "reference"), "is_odd": row % 2 == 1}


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{Coin.__module__}:Coin"
    monkeypatch.setattr(registry, "sources", lambda: {"coin": name})


@pytest.mark.parametrize("law", testing.LAWS)
def test_a_law_that_holds_is_no_error(law: str) -> None:
    testing.LAWS[law](Coin(), 3, range(5, 12))


@pytest.mark.parametrize("law", ["pure", "divisible", "declared", "agreeing"])
def test_a_law_that_is_broken_is_told(law: str) -> None:
    with pytest.raises(testing.LawError, match=f"coin (is not|does not) (as )?{law.removesuffix('ing')}"):
        testing.LAWS[law](Coin(breaks=law), 3, range(5, 12))


def test_a_source_that_its_spec_does_not_give_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Coin, "parameters", lambda self: {"breaks": f"{self.breaks}!"})
    with pytest.raises(testing.LawError, match="coin is not nameable"):
        testing.nameable(Coin())


def test_all_laws_at_once() -> None:
    testing.check_source(Coin())
    with pytest.raises(testing.LawError):
        testing.check_source(Coin(breaks="agreeing"))
