"""The program as a process: what it loads, Ctrl-C, terminals, users without rights."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Simkit, tree

import simkit as library
from simkit.recipe import Recipe
from simkit.registry import source
from simkit.run import generate

Start = Callable[..., subprocess.Popen[str]]

HEAVY = (
    "numba",
    "llvmlite",
    "zarr",
    "numpy",
    "matplotlib",
    "cupy",
    "torch",
    "PIL",
    "rich",
    "google_crc32c",
    "numcodecs",
)
LINES = [
    ["--help"],
    ["--version"],
    *([command, "--help"] for command in ("generate", "sources", "info", "verify", "preview", "bench", "lattice")),
    *(["lattice", command, "--help"] for command in ("magic", "film", "export-golly")),
    ["study", "--help"],
    ["study", "thermo", "--help"],
]


def loaded_by(code: str) -> list[str]:
    """Return which of HEAVY a program has loaded at its end."""
    check = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nimport json\nprint(json.dumps([m for m in {HEAVY} if m in sys.modules]), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    return json.loads(done.stderr.splitlines()[-1])


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_help_loads_nothing_heavy(line: list[str]) -> None:
    assert loaded_by(f"from simkit_cli.main import main; main({line!r})") == []


def test_a_usage_error_loads_nothing_heavy() -> None:
    assert loaded_by("from simkit_cli.main import main; main(['generate', 'ca-ash', '--n', 'x'])") == []


def test_importing_simkit_loads_nothing_heavy() -> None:
    assert loaded_by("import simkit; dir(simkit); simkit.__version__") == []


def test_every_public_name_is_there() -> None:
    pytest.importorskip("torch", reason="simkit.learn needs torch")
    assert all(getattr(library, name) is not None for name in dir(library))
    assert library.ising.__name__ == "simkit.lattices.ising"


def test_reading_a_store_does_not_load_numba(store: Path) -> None:
    assert "numba" not in loaded_by(f"import simkit; simkit.open({str(store.resolve())!r})['settle'][5]")


def test_info_and_preview_do_not_load_numba(store: Path) -> None:
    for line in (["info", str(store)], ["preview", str(store)], ["verify", str(store), "--full", "--regenerate", "0"]):
        assert "numba" not in loaded_by(f"from simkit_cli.main import main; main({line!r})")


@pytest.mark.parametrize("line", [["sources"], ["sources", "ca-ash"], ["sources", "ca-ash-4rules"]], ids=" ".join)
def test_the_catalogue_computes_and_draws_nothing(line: list[str]) -> None:
    """Rich, which is asked whether there are colours, and NumPy, of which parameters are made, are all that it loads."""
    assert set(loaded_by(f"from simkit_cli.main import main; main({line!r})")) <= {"numpy", "rich"}


def test_a_library_that_is_missing_is_named() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "try: from simkit.learn import batches\n"
        "except ImportError as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "LibraryError simkit.learn needs torch, which is not installed: pip install torch\n"


def test_the_program_is_installed() -> None:
    program = Path(sys.executable).with_name("simkit")
    if not program.exists():
        pytest.skip("the program simkit is not installed beside this Python")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert library.__version__ in done.stdout


def test_an_error_of_a_process_is_one_line_and_status_1(process: Simkit) -> None:
    assert "no source or recipe 'ca-ahs'" in process("generate", "ca-ahs", "--n", 3).error


def test_misuse_of_a_process_is_status_2(process: Simkit) -> None:
    assert "--n" in process("generate", "ca-ash", "--n", "x").misuse


def test_a_bug_shows_its_traceback() -> None:
    code = (
        "import simkit.registry as r; from simkit_cli.main import main\n"
        "def bug(*_): raise RuntimeError('a bug of ours')\n"
        "r.sources = bug; main(['sources'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "a bug of ours" in done.stderr


# --- Ctrl-C --------------------------------------------------------------------------------------------------------

N_ROWS = 5 * 4096 + 100
LINE = ("generate", "ca-ash", "--n", N_ROWS, "--set", "size=32", "--threads", 2, "--out", "x.zarr")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes | None]:
    path = tmp_path_factory.mktemp("uninterrupted") / "x.zarr"
    generate(Recipe(source("ca-ash", size=(32, 32)), 0, N_ROWS), path)
    return tree(path)


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not condition() and process.poll() is None:
        time.sleep(0.002)
    assert process.poll() is None, "it ended before it could be interrupted"


def stopped_line(error: str) -> int:
    """Return the number of rows kept, from the one line that an interrupted run prints after its first."""
    head, line = error.splitlines()
    assert head.startswith("ca-ash -> x.zarr")
    found = re.fullmatch(
        r"stopped: ([\d,]+) of ([\d,]+) rows are kept in x\.zarr; run the same line again to continue", line
    )
    assert found, line
    assert found[2] == f"{N_ROWS:,}"
    return int(found[1].replace(",", ""))


def test_control_c_keeps_what_is_finished_and_the_same_line_continues(
    start: Start, process: Simkit, uninterrupted: dict[str, bytes | None]
) -> None:
    running = start(*LINE)
    wait_for(lambda: len(list(Path("x.zarr/ledger").glob("loose.*"))) >= 2, running)
    running.send_signal(signal.SIGINT)
    out, error = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert stopped_line(error) == library.open("x.zarr").n_rows_done >= 2 * 4096
    assert not list(Path("x.zarr").rglob("*.part"))
    again = process(*LINE)
    assert again.code == 0
    assert "x.zarr: 20,580 rows, complete" in again.out
    n_now = int(re.search(r"^([\d,]+) rows in", again.out, re.MULTILINE)[1].replace(",", ""))
    assert n_now < N_ROWS
    assert tree(Path("x.zarr")) == uninterrupted


def test_control_c_at_the_very_beginning(start: Start) -> None:
    running = start(*LINE)
    wait_for(lambda: Path("x.zarr/zarr.json").exists(), running)
    running.send_signal(signal.SIGINT)
    out, error = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert stopped_line(error) % 4096 == 0


def test_control_c_twice(start: Start) -> None:
    running = start(*LINE)
    wait_for(lambda: len(list(Path("x.zarr/ledger").glob("loose.*"))) >= 1, running)
    for _ in range(2):
        running.send_signal(signal.SIGINT)
        time.sleep(0.01)
    out, error = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert "Traceback" not in error
    assert "stopped: " in error


@pytest.mark.parametrize("line", [["sources"], ["generate", "ca-ash", "--n", "3"]], ids=" ".join)
def test_control_c_in_any_command_is_status_130(line: list[str]) -> None:
    """Also before the work begins, as while modules are loaded."""
    code = (
        "import os, signal, simkit.registry; from simkit_cli.main import main\n"
        "simkit.registry.worlds = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
        f"main({line!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert "Traceback" not in done.stderr


def test_a_killed_run_is_continued_by_the_same_line(
    start: Start, process: Simkit, uninterrupted: dict[str, bytes | None]
) -> None:
    running = start(*LINE)
    wait_for(lambda: len(list(Path("x.zarr/ledger").glob("loose.*"))) >= 1, running)
    running.kill()
    running.wait()
    done = library.open("x.zarr").n_rows_done
    assert f"{done:,} done, {N_ROWS - done:,} missing" in process("info", "x.zarr").out
    assert process("verify", "x.zarr", "--full").code == 1
    assert process(*LINE).code == 0
    assert process("verify", "x.zarr", "--full").code == 0
    assert tree(Path("x.zarr")) == uninterrupted


@pytest.mark.slow  # as in store/test_processes.py, by the command
def test_two_at_once_are_told_apart(start: Start, process: Simkit) -> None:
    running = start(*LINE)
    wait_for(lambda: len(list(Path("x.zarr/ledger").glob("loose.*"))) >= 1, running)
    os.kill(running.pid, signal.SIGSTOP)
    try:
        assert "x.zarr is being written by another process; wait for it or stop it" in process(*LINE, "--quiet").error
    finally:
        os.kill(running.pid, signal.SIGCONT)
    assert running.communicate(timeout=120)[0].startswith("x.zarr: 20,580 rows, complete")


@pytest.mark.slow
def test_two_workers_at_once(start: Start, uninterrupted: dict[str, bytes | None]) -> None:
    both = [start(*LINE, "--workers", 2, "--worker", worker) for worker in range(2)]
    for running in both:
        running.communicate(timeout=120)
    assert [running.returncode for running in both] == [0, 0]
    assert tree(Path("x.zarr")) == uninterrupted


# --- a terminal ----------------------------------------------------------------------------------------------------


def in_a_terminal(*line: object, is_stopped: bool = False) -> tuple[int, str]:
    """Run the program with standard error on a terminal, `is_stopped` by Ctrl-C in the middle; return its status and
    what it wrote there."""
    ours, theirs = os.openpty()
    program = [sys.executable, "-c", "from simkit_cli.main import main; main(prog_name='simkit')", *map(str, line)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    running = subprocess.Popen(
        program, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs, env=environment
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux's way to say that the other side was closed
            break
        if not part:
            break
        seen += part
        if is_stopped and b"generating" in seen:
            is_stopped = False
            running.send_signal(signal.SIGINT)
    os.close(ours)
    return running.wait(timeout=60), seen.decode()


def test_progress_is_shown_on_a_terminal() -> None:
    status, seen = in_a_terminal(*LINE)
    assert status == 0
    assert "generating" in seen
    assert "20580" in seen.replace(",", "")
    assert seen.count("\x1b[?25l") == seen.count("\x1b[?25h") > 0, "the cursor was left hidden"


def test_control_c_on_a_terminal_leaves_it_in_order() -> None:
    status, seen = in_a_terminal(*LINE, is_stopped=True)
    assert status == 130
    assert "stopped: " in seen
    assert "Traceback" not in seen
    assert seen.count("\x1b[?25l") == seen.count("\x1b[?25h") > 0, "the cursor was left hidden"


def test_quiet_shows_no_progress_on_a_terminal() -> None:
    assert in_a_terminal("generate", "ca-ash", "--n", 100, "--set", "size=8", "--quiet") == (0, "")
