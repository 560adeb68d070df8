"""`simkit bench`."""

from __future__ import annotations

import json

import pytest
from command_line import SMALL, Simkit


def test_bench(simkit: Simkit) -> None:
    result = simkit("bench", "philox", "life", "--tiny")
    assert (result.code, result.err) == (0, "")
    heads, *cases, record = result.out.splitlines()
    assert heads.split() == ["case", "rate", "bound", "share", "bounded", "by"]
    assert [case.split()[0] for case in cases] == ["philox", "life"]
    assert [case["case"] for case in json.loads(record)["cases"]] == ["philox", "life"]


def test_bench_of_streaming(simkit: Simkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without other libraries, whose ways the slow test in tests/test_benchmarks.py takes."""
    monkeypatch.setattr("simkit.bench.streaming.PEERS", {})
    assert simkit("generate", "ca-ash", "--n", 600, *SMALL, "--quiet").code == 0
    result = simkit("bench", "stream", "--tiny", "--store", "ca-ash.zarr")
    assert result.code == 0
    packed, onehot, *_ = result.out.split("\n\n")
    assert packed.startswith("600 records of 8 bytes as packed")
    assert onehot.startswith("600 records of 8 bytes as onehot")
    assert "simkit, DataLoader(num_workers=2)" in packed
    assert "rows/s, of whose time it waited" in result.out
    assert json.loads(result.out.splitlines()[-1])["case"] == "stream"


@pytest.mark.slow
def test_bench_of_everything(simkit: Simkit) -> None:
    result = simkit("bench", "--tiny")
    assert result.code == 0
    assert len(result.out.splitlines()) > 3


def test_a_store_for_a_case_that_reads_none(simkit: Simkit) -> None:
    assert "--store is for the case 'stream'" in simkit("bench", "life", "--store", "x.zarr").misuse
