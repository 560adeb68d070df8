"""Every example in README.md and CONTRIBUTING.md runs, in the order of the page, in one folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import simkit
from simkit.contract import Source
from simkit.schema import check

ROOT = Path(__file__).parent.parent
#: sizes that would take long, and what stands for them here
SMALLER = {
    "--n 1e6": "--n 2e3",
    "--n 2e4": "--n 2e3",
    "--n 3e4": "--n 5e3",
    "simkit bench": "simkit bench --tiny",
    "simkit study thermo": "simkit study thermo --tiny",
    "--steps 20000": "--steps 2000",
}


def blocks(page: str, kind: str = r"sh|python") -> list[tuple[str, str]]:
    """Return kind and text of the fenced blocks of a page."""
    return re.findall(rf"^ *```({kind})\n(.*?)^ *```", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_examples_run(tmp_path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONWARNINGS": "error"}
    ran = 0
    for kind, text in blocks("README.md"):
        lines = [text] if kind == "python" else text.splitlines()
        for line in lines:
            if ".venv/bin" in line:  # the two commands at the top make a virtual environment; .ci/run does
                continue
            for size, smaller in SMALLER.items():
                line = line.replace(size, smaller)
            command = [sys.executable, "-c", line] if kind == "python" else ["bash", "-c", line]
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
            ran += 1
    assert ran >= 15
    assert (tmp_path / "sheet.png").is_file()


def test_the_example_of_training_learns(tmp_path):
    """At full size: on its own rows, better than saying always the same."""
    (example,) = [text for kind, text in blocks("README.md", "python") if "optimiser.step()" in text]
    recipe = simkit.Recipe(simkit.source("ca-ash", size=32), 0, 20_000)
    simkit.generate(recipe, tmp_path / "small.zarr")
    done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert float(done.stdout.removeprefix("right: ")) > 0.65


def test_the_two_commands_make_their_own_environment():
    commands = [line for _, text in blocks("README.md") for line in text.splitlines() if ".venv/bin" in line]
    assert len(commands) == 2
    assert commands[0].endswith("simkit generate ca-ash --n 1e6")
    assert commands[1].endswith("python -m pytest")
    assert all(command.startswith("python3 -m venv .venv && ") for command in commands)


def test_the_example_of_a_source_is_one():
    (text,) = [text for _, text in blocks("CONTRIBUTING.md", "python") if "(Source)" in text]
    names: dict[str, object] = {}
    imports = """
from dataclasses import dataclass
from typing import final
import numpy as np
from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.kernels import philox
from simkit.schema import Batch, Field, Schema
"""
    exec(imports + re.sub(r"^   ", "", text, flags=re.MULTILINE), names)  # our own page
    coin = names["Coin"](p=0.3)
    assert isinstance(coin, Source)
    batch = coin.generate(0, range(10_000))
    check(coin.schema(), batch, 10_000)
    assert np.array_equal(batch["heads"], coin.generate(0, range(10_000), backend="reference")["heads"])
    assert batch["heads"].mean() == pytest.approx(0.3, abs=0.02)
