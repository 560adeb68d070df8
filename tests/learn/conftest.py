"""Shared by the tests of streaming."""

from __future__ import annotations

from pathlib import Path

import learn_samples
import pytest

from simkit.learn import stream


@pytest.fixture(scope="session")
def ash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished data set in many small chunks; not to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        learn_samples.shrink(patch.setattr)
        return learn_samples.make(tmp_path_factory.mktemp("learn") / "ash.zarr")


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    learn_samples.shrink(monkeypatch.setattr)


@pytest.fixture(scope="session")
def epochs(ash: Path) -> list[list[list[int]]]:
    """The rows of each batch of three epochs, with OPTIONS."""
    streamed = stream(ash, ranks=(0, 1), **learn_samples.OPTIONS)
    return [[streamed.batch(epoch, i)["row"].tolist() for i in range(streamed.n_batches())] for epoch in range(3)]
