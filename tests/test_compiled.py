"""What is compiled, and what is found compiled."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

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


_STEP = """
import fcntl, sys, time
from pathlib import Path
import numpy as np
from numba.core import caching
from simkit.errors import SimkitError
from simkit.kernels.life import cpu, reference, rule

name, folder = rule.Rule.parse(sys.argv[1]), Path(sys.argv[2])
load, lock = caching.IndexDataCacheFile._load_index, fcntl.flock
def tell():
    (folder / sys.argv[1].replace("/", "")).touch()
def lock_and_tell(*arguments):
    tell()
    lock(*arguments)
def load_and_wait(self):
    index = load(self)
    if sys._getframe(1).f_code.co_name == "save":  # until the other process is as far, or waits for this one
        tell()
        until = time.monotonic() + 60
        while len(list(folder.iterdir())) < 2 and time.monotonic() < until:
            time.sleep(0.01)
    return index
if len(sys.argv) > 3:
    caching.IndexDataCacheFile._load_index, fcntl.flock = load_and_wait, lock_and_tell
soup = np.random.default_rng(0).integers(0, 256, (2, 64, 8), np.uint8)
try:
    print((cpu.step(soup, 64, name, 3) == reference.step(soup, 64, name, 3)).all())
except SimkitError as error:
    print(error)
"""


def step(kept: Path, rule: str, *more: object) -> subprocess.Popen[str]:
    """Begin to step boards in a process of its own, which prints whether they are right, or the error."""
    command = [sys.executable, "-c", _STEP, rule, *map(str, more or [kept])]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(kept)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the code of one rule, and then of two that two processes compiled at once."""
    kept, seen = tmp_path_factory.mktemp("kept"), tmp_path_factory.mktemp("seen")
    assert step(kept, "B3/S23").communicate()[0] == "True\n"
    both = [step(kept, rule, seen, "at once") for rule in ("B36/S23", "B38/S23")]
    assert [running.communicate()[0] for running in both] == ["True\n"] * 2
    return kept


@pytest.mark.slow
def test_two_processes_that_compile_two_rules_at_once_keep_both(kept):
    assert len(list(kept.rglob("advance._advance_*.nbc"))) == 3, "code of one is lost"
    assert step(kept, "B36/S23").communicate()[0] == step(kept, "B38/S23").communicate()[0] == "True\n"


@pytest.mark.slow
def test_the_code_of_another_rule_is_refused(kept):
    before = {path: path.read_bytes() for path in kept.rglob("advance._advance_*.nbc")}
    for path, other in zip(before, [*list(before.values())[1:], next(iter(before.values()))], strict=True):
        path.write_bytes(other)
    said = step(kept, "B3/S23").communicate()[0]
    for path, own in before.items():
        path.write_bytes(own)
    assert said.startswith("the kept compiled code is damaged: what is kept as rule B3/S23 is of another one; remove ")


@pytest.mark.slow
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
