"""`simkit bench`."""

from __future__ import annotations

import json
import math
import re
from types import SimpleNamespace

import pytest
from command_line import SMALL, Simkit

from simkit import bench, run
from simkit.bench.rate import Rate


def test_bench(simkit: Simkit) -> None:
    result = simkit("bench", "philox", "life", "--tiny")
    assert (result.code, result.err) == (0, "")
    heads, *cases = result.out.splitlines()
    assert heads.split() == ["case", "rate", "bound", "share", "bounded", "by"]
    assert [case.split()[0] for case in cases] == ["philox", "life"]
    assert max(map(len, cases)) <= 120, "a table, and nothing for programs"
    assert re.match(r"life +[\d.]+ million board-generations/s +[\d.]+ million +\d+% +vector operations", cases[1])


def test_bench_for_programs(simkit: Simkit) -> None:
    result = simkit("bench", "philox", "--tiny", "--format", "json")
    assert (result.code, result.err) == (0, "")
    record = json.loads(result.out)
    (case,) = record["cases"]
    assert (case["case"], record["backend"]) == ("philox", "cpu")
    assert case["on_processor"] > 0
    assert record["load"] >= 0


@pytest.mark.parametrize(
    ("on_processor", "load", "why"),
    [
        (0.99, 1.2, None),
        (math.nan, 0.3, None),
        (0.62, 0.3, "life had a processor 62% of the time, the load was 0.3 on 2 processors before"),
        (0.99, 7.25, "the load was 7.2 on 2 processors before"),
    ],
)
def test_a_machine_that_is_too_busy_to_measure_is_told_in_one_line(
    simkit: Simkit, monkeypatch: pytest.MonkeyPatch, on_processor: float, load: float, why: str | None
) -> None:
    def measure(case: str, **_: object) -> Rate:
        return Rate(case, "words/s", 3e9, 4e9, "nothing", on_processor=on_processor)

    monkeypatch.setattr(bench, "measure", measure)
    monkeypatch.setattr(bench, "load", lambda: load)
    monkeypatch.setattr(run, "n_processors", lambda: 2)
    result = simkit("bench", "life")
    assert result.code == 0
    assert "3 billion words/s" in result.out
    assert result.err == ("" if why is None else f"too busy to measure: {why}; measure again when nothing else runs\n")


def test_a_case_that_waits_is_found_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """By clocks that go on by 8 s on the wall and 2 s on the processor."""
    wall, processor = iter([10.0, 18.0]), iter([1.0, 3.0])
    monkeypatch.setattr(bench, "cases", lambda backend: {"wait": lambda tiny: Rate("wait", "a/s", 1, 1, "itself")})
    clocks = SimpleNamespace(perf_counter=lambda: next(wall), process_time=lambda: next(processor))
    monkeypatch.setattr(bench, "time", clocks)
    assert bench.measure("wait").on_processor == 0.25


@pytest.mark.slow
def test_bench_of_streaming(simkit: Simkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without other libraries, whose ways the slow test in tests/test_benchmarks.py takes."""
    monkeypatch.setattr("simkit.bench.streaming.PEERS", {})
    assert simkit("generate", "ca-ash", "--n", 600, *SMALL, "--quiet").code == 0
    result = simkit("bench", "stream", "--tiny", "--store", "ca-ash.zarr")
    assert result.code == 0
    data, packed, onehot, *_ = result.out.split("\n\n")
    assert data.startswith("Of ca-ash (version 1), with the fields ash, settle, ")
    assert packed.startswith("600 records of 8 bytes as packed")
    assert onehot.startswith("600 records of 8 bytes as onehot")
    assert "simkit, DataLoader(num_workers=2)" in packed
    assert "rows/s, of whose time it waited" in result.out
    assert "{" not in result.out


@pytest.mark.slow
def test_bench_of_everything(simkit: Simkit) -> None:
    result = simkit("bench", "--tiny")
    assert result.code == 0
    assert len(result.out.splitlines()) > 3


def test_a_store_for_a_case_that_reads_none(simkit: Simkit) -> None:
    assert "--store is for the case 'stream'" in simkit("bench", "life", "--store", "x.zarr").misuse
