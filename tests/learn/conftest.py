"""Shared by the tests of streaming."""

from __future__ import annotations

from pathlib import Path

import learn_samples
import pytest


@pytest.fixture(scope="session")
def ash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished data set in many small chunks; not to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        learn_samples.shrink(patch.setattr)
        return learn_samples.make(tmp_path_factory.mktemp("learn") / "ash.zarr")


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    learn_samples.shrink(monkeypatch.setattr)
