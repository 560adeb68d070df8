"""The tests of the tests: what a run leaves out, and what it does not depend on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = """
import os, signal, subprocess, sys, time
import pytest

def test_quick():
    child = subprocess.Popen([sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"], stdout=-1, stderr=-1)
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    assert child.wait(30) == -signal.SIGINT

@pytest.mark.slow
def test_slow():
    pass
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a quick test and a slow one, and the options and hooks of ours."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # other plugins only take time
    here = Path(__file__).parent
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    (tmp_path / "conftest.py").write_text((here / "conftest.py").read_text())
    options = f"markers = slow: takes long\naddopts = -p no:cacheprovider\npythonpath = {here}\n"
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{options}")
    return tmp_path


@pytest.mark.parametrize(
    ("options", "closing"),
    [
        ([], "1 passed, 1 deselected"),
        (["--full"], "2 passed"),
        (["-m", "slow"], "1 passed, 1 deselected"),
        (["test_sample.py::test_slow"], "1 passed"),
    ],
    ids=" ".join,
)
def test_slow_tests_run_when_they_are_asked_for(folder: Path, options: list[str], closing: str) -> None:
    line = [sys.executable, "-m", "pytest", "-q", *options]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1].startswith(f"{closing} in "), done.stdout


def test_a_run_that_ignores_interrupts_tests_them_all_the_same(folder: Path) -> None:
    """As under nohup, or started as a background job by a script."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        line = [sys.executable, "-m", "pytest", "-q"]
        done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
    finally:
        signal.signal(signal.SIGINT, before)
    assert done.returncode == 0, done.stdout
