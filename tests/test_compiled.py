"""What is compiled, and what is found compiled."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

#: `_advance` and what becomes part of it
_OF_A_RULE = ["_advance", "_column", "_columns"]

_CODE = """
import sys
import numpy as np
from numba.core import event
from simkit.kernels.life import cpu, rule

compiled = []
class Listener(event.Listener):
    def on_start(self, event):
        compiled.append(event.data["dispatcher"].py_func.__name__)
    def on_end(self, event):
        pass

event.register("numba:compile", Listener())
soup = np.random.default_rng(0).integers(0, 256, (2, 64, 8), np.uint8)
for name in sys.argv[1:]:
    cpu.settle(soup, 64, (rule.Rule.parse(name),), np.zeros(2, np.uint8), 50)
    cpu.step(soup, 64, rule.Rule.parse(name), 3)
    print(*compiled)
    compiled.clear()
"""


def compiled(folder: Path, *rules: str) -> list[list[str]]:
    """Run boards under each rule in a process of its own; return the functions that it compiles for each."""
    command = [sys.executable, "-c", _CODE, *rules]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    lines = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    return [sorted(line.split()) for line in lines]


def test_for_a_rule_one_function_is_compiled_and_no_program(tmp_path):
    first, second = compiled(tmp_path, "B3/S23", "B36/S23")
    assert first.count("_settle_boards") == first.count("_step_boards") == 1
    assert second == _OF_A_RULE
    # another process finds the programs and the rules as they were kept
    assert compiled(tmp_path, "B36/S23", "B3/S23") == [[], []]


def test_generate_says_what_it_compiles(tmp_path):
    command = [str(Path(sys.executable).with_name("simkit")), "generate", "ca-ash", "--n", "2", "--backend", "cpu"]
    command += ["--set", "size=16", "--set", "census=none", "--set", "max_steps=20", "--out", str(tmp_path / "x.zarr")]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "compiled")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    begun = [line for line in done.stderr.splitlines() if re.fullmatch(r"compiling .+\)", line)]
    assert begun == [
        "compiling kernel philox (1 of 3)",
        "compiling rule B3/S23 (1 of 2)",
        "compiling kernel life (2 of 3)",
        "compiling rule B36/S23 (2 of 2)",
    ]
    assert re.search(r"^2 rows in .+ s, .+ s of it compiling, .+, limited by ", done.stdout, re.MULTILINE)
