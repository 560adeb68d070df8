"""Where tests run: on which backends, `cuda` on a device where there is one and everywhere on a stand-in for one; and
as if on which processors.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import host_cupy
import pytest

from simkit.backends import Kernel, probe

#: the code of `cuda` with its kernels built by g++ (see `host_cupy`)
_ON_HOST = "-on-host"
HOST = "cuda" + _ON_HOST

IS_DEVICE_ASKED_FOR = os.environ.get("SIMKIT_REQUIRE_CUDA") == "1"

#: what is to give the values of `reference`; without a device hundreds of tests would say each that there is none
COMPILED = ("cpu", *(["cuda"] if IS_DEVICE_ASKED_FOR or probe("cuda") is None else []), HOST)


@contextmanager
def on(name: str, *kernels: Kernel) -> Iterator[str]:
    """Give the backend that `name` is in simkit, runnable meanwhile; skip the test if it cannot run here.

    Nor is it run if one of `kernels` has not that backend.
    """
    for kernel in kernels:
        if name.removesuffix(_ON_HOST) not in kernel.backends:
            pytest.skip(f"kernel {kernel.name!r} has no {name} backend")
    if name == HOST:
        if sys.platform != "linux" or shutil.which("g++") is None:
            pytest.skip("the stand-in for a GPU needs Linux and g++")
        with host_cupy.installed():
            yield "cuda"
        return
    why = probe(name)
    if why is not None:
        (pytest.fail if name == "cuda" and IS_DEVICE_ASKED_FOR else pytest.skip)(why)
    yield name


def load(kernel: Kernel, name: str) -> ModuleType:
    """Import a kernel's module for one of COMPILED; it can be used for good."""
    with on(name, kernel) as backend:
        return kernel.load(backend)


#: processors without AVX-512 -> what makes Numba compile for them: vectors of 256 bits, and of 128
PROCESSORS = {
    "avx2": {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2"},
    "sse": {"NUMBA_CPU_NAME": "nehalem", "NUMBA_CPU_FEATURES": "+sse4.2"},
}


def run_as(processor: str, *command: str, **environment: str) -> str:
    """Run Python with the arguments `command` as if on one of PROCESSORS and return what it prints; skip off x86."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip(f"Numba cannot compile for {processor} on {platform.machine()}")
    done = subprocess.run(
        [sys.executable, *command],
        env={**os.environ, **PROCESSORS[processor], **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout
