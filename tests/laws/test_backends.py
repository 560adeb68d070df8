"""Kernels as a source is handed them."""

from __future__ import annotations

import pickle

import pytest

import simkit
from simkit import backends, registry
from simkit.backends import Kernels
from simkit.errors import BackendError
from simkit.kernels import life, philox


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_kernels_have_their_names(backend: str) -> None:
    on = Kernels.load((philox.KERNEL, life.KERNEL), backend)
    assert on.backend == backend
    assert on.philox is philox.KERNEL.load(backend)
    assert on.life is life.KERNEL.load(backend)
    with pytest.raises(AttributeError, match=r"census is none of the kernels that were asked for \(philox, life\)"):
        _ = on.census


def test_a_source_has_the_kernels_that_it_lists_and_no_others() -> None:
    source = simkit.source("ising-q2r")
    assert source.load("reference").lattice.__name__ == "simkit.kernels.lattice.reference"
    assert not hasattr(source.load("reference"), "life")


def test_kernels_go_to_other_processes() -> None:
    on = simkit.source("ca-ash").load("reference")
    assert pickle.loads(pickle.dumps(on)) == on
    assert pickle.loads(pickle.dumps(on)).philox is on.philox


def test_the_backend_is_resolved_once_by_whoever_asks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = backends.resolve
    monkeypatch.setattr(backends, "resolve", lambda *arguments: asked.append(arguments[1]) or real(*arguments))
    cls = registry.source_class("ca-ash")
    source = cls.build(cls.tiny)
    on = source.load("reference")
    for row in range(4):
        source.generate(1, range(row, row + 1), backend=on)
    assert asked == ["reference"]


def test_a_backend_that_cannot_run_here_is_refused_before_anything_is_computed() -> None:
    if backends.probe("cuda") is None:
        pytest.skip("it can")
    with pytest.raises(BackendError, match="backend 'cuda' cannot run here"):
        simkit.source("ca-ash").load("cuda")
