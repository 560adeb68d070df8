"""The benchmark cases of a GPU, on the stand-in: that they work, not what they time."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from simkit_cli.main import main
from where import COMPILED, on

from simkit import bench
from simkit.errors import BackendError, UnknownNameError
from simkit.kernels import census, escape, lattice, life, philox

PLACES = [place for place in COMPILED if place != "cpu"]


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_every_case_has_a_rate_and_a_bound(place):
    with on(place, philox.KERNEL, life.KERNEL, census.KERNEL, lattice.KERNEL, escape.KERNEL):
        for case in bench.cases("cuda"):
            rate = bench.measure(case, tiny=True, backend="cuda")
            assert rate.case == case
            assert rate.rate > 0 < rate.bound
            assert math.isnan(rate.n_bytes) == (case == "generate")


@pytest.mark.parametrize("place", PLACES)
def test_the_command_prints_a_table_or_json_and_draws_a_roofline(place, tmp_path):
    picture = tmp_path / "roofline.png"
    arguments = ["bench", "philox", "life", "--tiny", "--backend", "cuda", "--roofline", str(picture)]
    with on(place, philox.KERNEL, life.KERNEL):
        done = CliRunner().invoke(main, arguments, catch_exceptions=False)
        told = CliRunner().invoke(main, [*arguments, "--format", "json"], catch_exceptions=False)
    assert done.exit_code == told.exit_code == 0, done.output
    table = done.stdout.splitlines()
    assert [line.split()[0] for line in table[:3]] == ["case", "philox", "life"]
    record = json.loads(told.stdout)
    assert [case["case"] for case in record["cases"]] == ["philox", "life"]
    assert all(case["share"] > 0 for case in record["cases"])
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_the_commands_of_the_page(place, tmp_path, monkeypatch):
    """On a stand-in smaller boards, and fewer."""
    page = Path(__file__).parents[2].joinpath("docs/guides/gpu.md").read_text("utf-8")
    (block,) = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    lines = [line for line in block.splitlines() if line.startswith("simkit ")]
    assert len(lines) == 3
    monkeypatch.chdir(tmp_path)
    smaller = {"--n 1e6": "--n 40 --set size=32 --set max_steps=300", "--regenerate 100": "--regenerate 10"}
    with on(place, philox.KERNEL, life.KERNEL, census.KERNEL, lattice.KERNEL, escape.KERNEL):
        for line in lines:
            for size, small in smaller.items():
                line = line.replace(size, small)
            line = line.replace("bench", "bench --tiny")
            done = CliRunner().invoke(main, line.split()[1:], catch_exceptions=False)
            assert done.exit_code == 0, f"{line}\n{done.output}"
    assert (tmp_path / "roofline.png").is_file()


def test_what_cannot_be_measured_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="no benchmark case 'census'"):
        bench.measure("census")
    with pytest.raises(UnknownNameError, match="no backend with benchmarks 'reference'"):
        bench.cases("reference")
    with on(PLACES[-1], philox.KERNEL, life.KERNEL), pytest.raises(UnknownNameError, match="no benchmark case 'free'"):
        bench.measure("free", backend="cuda")
    done = CliRunner().invoke(main, ["bench", "philox", "--tiny", "--roofline", str(tmp_path / "x.png")])
    assert done.exit_code == 2
    assert "--backend cuda" in done.stderr


def test_without_a_gpu_it_is_said_so():
    from simkit.backends import probe

    if probe("cuda") is None:
        pytest.skip("there is a device")
    with pytest.raises(BackendError, match="backend 'cuda' cannot run here"):
        bench.cases("cuda")
