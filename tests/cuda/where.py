"""The backends that tests run on: `cuda` on a device where there is one, and everywhere on a stand-in for one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import host_cupy
import pytest

from simkit.backends import Kernel, probe

#: the code of `cuda` with its kernels built by g++ (see `host_cupy`)
_ON_HOST = "-on-host"
HOST = "cuda" + _ON_HOST

#: what is to give the values of `reference`
COMPILED = ("cpu", "cuda", HOST)


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
        (pytest.fail if name == "cuda" and os.environ.get("SIMKIT_REQUIRE_CUDA") == "1" else pytest.skip)(why)
    yield name


def load(kernel: Kernel, name: str) -> ModuleType:
    """Import a kernel's module for one of COMPILED; it can be used for good."""
    with on(name, kernel) as backend:
        return kernel.load(backend)
