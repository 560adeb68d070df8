"""What Numba keeps of a kernel is used only while the kernel, and those that it uses, are as they were."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import simkit
from simkit.kernels.compiling import digest

#: prints a word of Philox, computed by this copy of simkit
PROGRAM = """
import numpy as np
from simkit.kernels import philox
print(philox.KERNEL.load("cpu").words(1, np.arange(1, dtype=np.uint64), 0, 1)[0, 0])
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package without what is compiled."""
    found = Path(simkit.__file__).parent
    shutil.copytree(found, tmp_path / "simkit", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def word(copy: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(copy), "NUMBA_CACHE_DIR": str(copy / "kept")}
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=copy, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_constant_of_another_file_is_seen(copy: Path) -> None:
    first = word(copy)
    change(copy / "simkit/kernels/philox/__init__.py", "N_ROUNDS = 10", "N_ROUNDS = 9")
    assert word(copy) != first
    change(copy / "simkit/kernels/philox/__init__.py", "N_ROUNDS = 9", "N_ROUNDS = 10")
    n_kept = len(list((copy / "kept").rglob("*.nbc")))
    assert word(copy) == first
    assert len(list((copy / "kept").rglob("*.nbc"))) == n_kept  # what was kept before is used again


@pytest.mark.parametrize(
    ("kernel", "file", "is_seen"),
    [
        ("maze", "maze/level_cpu.py", True),  # which its compiled functions call
        ("maze", "philox/cpu.py", True),  # a kernel that it calls
        ("metropolis", "life/circuit.py", True),
        ("philox", "logarithm.py", True),
        ("gather", "maze/level_cpu.py", False),
        ("maze", "maze/cases.py", False),
    ],
)
def test_which_files_are_seen(copy: Path, kernel: str, file: str, is_seen: bool) -> None:
    kernels = copy / "simkit/kernels"
    before = digest(kernels, kernel)
    with (kernels / file).open("a") as text:
        text.write("\n_more = 1\n")
    digest.cache_clear()
    assert (digest(kernels, kernel) != before) == is_seen


def test_every_function_that_is_kept_is_stamped() -> None:
    for path in (Path(simkit.__file__).parent).rglob("*.py"):
        lines = path.read_text().splitlines()
        for line, following in zip(lines, lines[1:], strict=False):
            if line.startswith("@nb.njit") and "cache=True" in line:
                assert following == "@stamped", f"{path}: {line}"
