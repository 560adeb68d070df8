"""Benchmarks run as ordinary tests at a size that only shows that they work; what they time is never a pass mark."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from simkit import bench

ROOT = Path(__file__).parent.parent


def test_the_cases_of_simkit_bench(tmp_path):
    out = tmp_path / "results.jsonl"
    command = [sys.executable, ROOT / "benchmarks" / "bench_cases.py", "--level", "tiny", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert [record["case"] for record in records] == list(bench.CASES)
    assert all(record["rate"] > 0 and record["share"] > 0 for record in records)


def test_the_cost_of_the_census(tmp_path):
    out = tmp_path / "results.jsonl"
    command = [sys.executable, ROOT / "benchmarks" / "bench_census.py", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (record,) = map(json.loads, out.read_text().splitlines())
    assert record["us_with_counts"] > 0


def test_streaming_beside_its_bound_and_its_peers(tmp_path):
    """With the peers that are installed."""
    pytest.importorskip("torch", reason="torch is not installed")
    out = tmp_path / "results.jsonl"
    command = [sys.executable, ROOT / "benchmarks" / "bench_stream.py", "--level", "tiny", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (record,) = map(json.loads, out.read_text().splitlines())
    assert [table["form"] for table in record["tables"]] == ["packed", "onehot"]
    for table in record["tables"]:
        names = [line["name"].split(",")[0].split(" ")[0] for line in table["lines"]]
        assert names[:9] == ["bound:", *["simkit"] * 6, "np.memmap", "zarr-python"]
        assert len(names) >= 9 + (3 - len(record["absent"]))
        assert all(line["warm"] > 0 and line["per_cpu"] > 0 and line["share"] > 0 for line in table["lines"])
        assert all((line["cold"] is None) == (table["form"] == "onehot") for line in table["lines"])
    assert 0 <= record["stall"]["waited"] <= 1


@pytest.mark.parametrize("peers", [["--no-peers"], []])
def test_the_life_kernel_beside_its_peers(peers, tmp_path):
    """With peers only where they need no building of minutes (python-lifelib compiles each rule at its first use)."""
    if not peers:
        pytest.importorskip("lifelib", reason="python-lifelib, a peer of the benchmark, is not installed")
    out = tmp_path / "results.jsonl"
    command = [sys.executable, ROOT / "benchmarks" / "bench_life.py", "--level", "tiny", "--out", out, *peers]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert [record["rule"] for record in records] == ["B3/S23", "B36/S23"]
    for record in records:
        assert {"date", "machine", "versions", "commit", "programs", "share_of_bound"} <= set(record)
        assert "share of the bound" in done.stdout


def test_the_c_stepper_gives_the_reference_result(tmp_path):
    """`Stepper` checks itself against the reference kernel before it is timed."""
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks.cases import TINY
        from benchmarks.ours import Settle
        from benchmarks.peers import AbsentError, avx512
    finally:
        sys.path.remove(str(ROOT))
    case = next(iter(TINY.values()))
    try:
        stepper = avx512.Stepper(Settle(case).work, tmp_path)
    except AbsentError as error:
        pytest.skip(str(error))
    assert stepper.run() > 0
