"""Shared by the tests of the command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_line import N_ROWS, Result, Simkit
from simkit_cli.main import main


def pytest_configure(config: pytest.Config) -> None:
    del config
    os.environ.setdefault("COLUMNS", "120")


@pytest.fixture
def simkit() -> Simkit:
    """Run a command line in this process. An exception that is no exit status is a failure."""

    def run(*arguments: object) -> Result:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="simkit")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Result(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the program `simkit` as a process; what still runs at the end of the test is killed."""
    running: list[subprocess.Popen[str]] = []
    program = [sys.executable, "-c", "from simkit_cli.main import main; main(prog_name='simkit')"]

    def run(*arguments: object, **named: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*program, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **named,  # type: ignore[call-overload]
        )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def process(start: Callable[..., subprocess.Popen[str]]) -> Simkit:
    """Run the program `simkit` as a process."""

    def run(*arguments: object, **named: object) -> Result:
        running = start(*arguments, **named)
        out, err = running.communicate(timeout=120)
        return Result(running.returncode, out, err)

    return run


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def generated(path: Path, n: int) -> Path:
    """Make a data set of small boards without the command line."""
    from simkit.recipe import Recipe
    from simkit.registry import source
    from simkit.run import generate

    return generate(Recipe(source("ca-ash", size=(8, 8), max_steps=300), 0, n), path).path


@pytest.fixture(scope="session")
def _finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generated(tmp_path_factory.mktemp("finished") / "x.zarr", N_ROWS)


@pytest.fixture
def store(_finished: Path, here: Path) -> Path:
    """A complete data set of N_ROWS small boards, at x.zarr in the folder in which the test works."""
    shutil.copytree(_finished, here / "x.zarr")
    return Path("x.zarr")


@pytest.fixture
def partial(store: Path) -> Path:
    """The same, its second shard (rows 4096 to 8191) not done."""
    from simkit.store import forget

    forget(store, [1])
    return store
