"""An export takes the same memory however many rows there are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from export_samples import FORMATS, make

HERE = Path(__file__).parent
N_ROWS, SIZE = 20_000, (64, 64)
N_BYTES = N_ROWS * SIZE[0] * SIZE[1]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("large") / "zoo.zarr", N_ROWS, size=SIZE)


@pytest.mark.parametrize("to", [pytest.param(to, marks=pytest.mark.slow) if to != "npz" else to for to in FORMATS])
def test_memory_does_not_depend_on_the_number_of_rows(to: str, large: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(HERE / "measured.py"), str(large), str(tmp_path), to, "4000"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    more = int(done.stdout)
    assert more < N_BYTES / 4, f"{to}: {more:,} bytes more for {N_BYTES:,} bytes of boards"
