"""Shared by the tests of exports."""

from __future__ import annotations

from pathlib import Path

import pytest
from export_samples import Zoo, make, shrink

from simkit.schema import Batch, unpack


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch.setattr)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished data set of N_ROWS rows in several shards; only to be read."""
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch.setattr)
        return make(tmp_path_factory.mktemp("stores") / "zoo.zarr")


@pytest.fixture(scope="session")
def truth() -> Batch:
    """What the data set holds, straight from the source, its boards unpacked."""
    batch = Zoo().generate(5, range(150))
    return {**batch, "board": unpack(batch["board"], Zoo().size[1])}
