"""A whole run on a GPU: streams, shards as blocks, several writers; the data set is the one that a processor makes."""

from __future__ import annotations

import pytest
from where import COMPILED, on

import simkit
import simkit.store.layout
from simkit.kernels import philox
from simkit.run import generate


def test_there_is_a_device():
    """Without one the tests of kernels run on a stand-in alone, and this says why."""
    with on("cuda", philox.KERNEL):
        assert "cuda" in COMPILED


@pytest.mark.parametrize("place", [place for place in COMPILED if place != "cpu"])
def test_a_data_set_made_on_a_gpu_is_that_of_a_processor(place, tmp_path, monkeypatch):
    monkeypatch.setattr(simkit.store.layout, "_SHARD_ROWS", 16)
    monkeypatch.setattr(simkit.store.layout, "_CHUNK_ROWS", 8)
    recipe = simkit.Recipe(simkit.source("ca-ash", size=32, max_steps=500), 0, 150)
    with on(place, *recipe.source.kernels) as backend:
        made = generate(recipe, tmp_path / "gpu.zarr", backend=backend, n_threads=3)
    assert made.made["backend"] == "cuda"
    wanted = generate(recipe, tmp_path / "cpu.zarr", backend="cpu", n_threads=2)
    assert made.root_digest() == wanted.root_digest()


@pytest.mark.parametrize("place", [place for place in COMPILED if place != "cpu"])
def test_a_thread_keeps_its_stream(place):
    with on(place, philox.KERNEL):
        from simkit.kernels import cuda

        assert cuda.own_stream() is cuda.own_stream()
