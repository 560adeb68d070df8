"""What holds for every test: two tiers, an order, no deadlines on a busy machine, Ctrl-C as at a terminal."""

from __future__ import annotations

import os

# before torch is imported: tests run side by side, and threads that wait for each other would take their processors
os.environ.setdefault("OMP_NUM_THREADS", "1")

import signal
import tempfile
from pathlib import Path

import pytest
from servers import _no_instances, moto, moto_server, proxy, rclone, rclone_server, s3  # noqa: F401 - fixtures

try:
    from hypothesis import settings
except ModuleNotFoundError:  # the tests that need it say so
    pass
else:
    # the first example of a test may compile, and other work may share the machine
    settings.register_profile("simkit", deadline=None, print_blob=True)
    settings.load_profile("simkit")


#: names the folder in which the processes of a run keep what g++ built of kernels (`tests/cuda/host_cupy.py`)
BUILT = "SIMKIT_TESTS_BUILT"

#: the files that begin first: those that compile most, each another kernel, so that no process has to compile what another
#: has compiled; then the others that take long, in one of the two tiers, so that none of them is left to one process at the end
FIRST = (
    "cli/test_lattice_command.py",
    "laws/test_kernels.py",
    "facts/test_fractal_attractors.py",
    "facts/test_fractal_zoom.py",
    "cli/test_census_command.py",
    "learn/test_exact_resume.py",
    "learn/test_passes.py",
    "store/test_faults.py",
    "store/test_dask_faults.py",
    "store/test_object_faults.py",
    "cli/test_program.py",
    "viewer/test_viewer_page.py",
    "viewer/test_fractal_page.py",
    "store/test_resume.py",
    "facts/test_lattice_blocks.py",
    "cuda/test_orders.py",
    "store/test_processes.py",
    "facts/test_exactness.py",
    "test_compiled.py",
    "cli/test_study_command.py",
    "test_readme.py",
    "facts/test_census.py",
    "test_benchmarks.py",
    "learn/test_together.py",
    "study/test_thermo.py",
    "study/test_fluctuations.py",
    "oracles/test_lifelib.py",
    "oracles/test_bgolly.py",
    "cuda/test_device_code.py",
    "laws/test_cases.py",
    "laws/test_sources.py",
    "laws/test_lattice_kernels.py",
    "cli/test_bench_command.py",
    "cli/test_parameters.py",
    "store/test_interleavings.py",
    "facts/test_thermodynamics.py",
    "golden/test_digests.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the slow tests too")


def pytest_configure(config: pytest.Config) -> None:
    if BUILT not in os.environ:  # the other processes of the run have it from this one
        folder = tempfile.TemporaryDirectory(prefix="simkit-tests-")
        os.environ[BUILT] = folder.name
        config.add_cleanup(lambda: (os.environ.pop(BUILT), folder.cleanup()))
    # started by nohup or as a background job of a script, a process ignores SIGINT, and so do those that it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest files first; leave the slow tests out, unless all are asked for, or some by a mark or by name."""
    here = Path(__file__).parent
    rank = {here / name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: rank.get(item.path, len(FIRST)))
    if config.option.full or config.option.markexpr or any("::" in argument for argument in config.args):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if not item.get_closest_marker("slow")]
