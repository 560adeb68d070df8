"""Shared by the tests of the store."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from store_samples import N_ROWS, Toy, shrink, toy_recipe, tree

from simkit.run import generate
from simkit.schema import Batch

HERE = Path(__file__).parent

# How long an example takes says nothing about it on a machine that does other things too.
settings.register_profile("store", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("store")


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch.setattr)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A path at which there is nothing yet."""
    return tmp_path / "x.zarr"


@pytest.fixture(scope="session")
def _finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("finished") / "x.zarr"
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch.setattr)
        generate(toy_recipe(), path)
    before = tree(path)
    yield path
    assert tree(path) == before, "a test changed the store that is only to be read"


@pytest.fixture(scope="session")
def finished(_finished: Path) -> Path:
    """A complete data set of N_ROWS toy rows; only to be read."""
    return _finished


@pytest.fixture
def copied(finished: Path, out: Path) -> Path:
    """A complete data set of N_ROWS toy rows, to be changed."""
    return shutil.copytree(finished, out)


@pytest.fixture(scope="session")
def rows() -> Batch:
    """What `finished` holds, straight from the source."""
    return Toy().generate(5, range(N_ROWS))


@pytest.fixture
def uninterrupted(tmp_path: Path) -> Callable[..., dict[str, bytes | None]]:
    """The tree that one run without trouble makes, as a function of the number of rows."""

    def make(n: int = N_ROWS) -> dict[str, bytes | None]:
        path = tmp_path / f"uninterrupted-{n}" / "x.zarr"
        if not path.exists():
            generate(toy_recipe(n), path)
        return tree(path)

    return make


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start worker.py with arguments; what still runs at the end of the test is killed."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, str(HERE / "worker.py"), *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()
