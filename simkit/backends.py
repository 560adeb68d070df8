"""Kernels and their backends: the only place that asks what this machine can run, and brings arrays from there.

A backend is a table entry with a probe. The probe answers None (it runs here) or the sentence why it cannot.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from simkit.errors import BackendError, UnknownNameError, needed_for, show

AUTO = "auto"

#: of mallopt in <malloc.h>: bytes from which on memory comes straight from the system, and that are given back
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1

#: threads that compute at a time, at most: more than any machine has processors
MAX_THREADS = 4096


def _probe_reference() -> str | None:
    return None


def _probe_cpu() -> str | None:
    if importlib.util.find_spec("numba") is None:
        return "Numba is not installed (pip install numba)"
    return None


def _probe_cuda() -> str | None:
    if importlib.util.find_spec("cupy") is None:
        return "CuPy is not installed, so no CUDA device can be used"
    cuda = _cupy().cuda
    try:
        found = bool(cuda.is_available())
    except Exception as error:  # noqa: BLE001 - CuPy raises errors of its driver's own types when that is broken
        return f"CuPy cannot reach a CUDA device ({error})"
    return None if found else "CuPy finds no CUDA device"


#: name -> probe, in the order in which `auto` prefers them
BACKENDS: Mapping[str, Callable[[], str | None]] = {
    "cuda": _probe_cuda,
    "cpu": _probe_cpu,
    "reference": _probe_reference,
}


@cache
def probe(backend: str) -> str | None:
    """Say why `backend` cannot run on this machine, or None if it can."""
    return BACKENDS[backend]()


@dataclass(frozen=True)
class Kernel:
    """A named set of functions with one module a backend.

    Parameters
    ----------
    name : str
        Name of the folder under ``simkit.kernels``.
    backends : tuple of str
        Backends that the folder has a module for.
    rtol : float
        How far a backend's results may be from the reference's, as a share of the largest value of an array; 0 is bit
        for bit.
    """

    name: str
    backends: tuple[str, ...]
    rtol: float = 0.0

    def resolve(self, backend: str = AUTO) -> str:
        """Return the backend to run, or raise BackendError with every reason."""
        return resolve((self,), backend)

    def load(self, backend: str = AUTO) -> ModuleType:
        """Import and return the module of `backend`."""
        return _module(self.name, self.resolve(backend))


@dataclass(frozen=True)
class Kernels:
    """Kernels on one backend that can run here, each by its name: ``on.philox.bits(...)``; what a source is handed.

    They also know where their arrays are: kernels give back arrays of the kind that they are given, so that a source
    which begins with `row_numbers` stays on the device.
    """

    #: name of the backend
    backend: str
    kernels: tuple[Kernel, ...]

    @classmethod
    def load(cls, kernels: tuple[Kernel, ...], backend: str = AUTO) -> Kernels:
        """Return `kernels` on the backend that `resolve` chooses; each is imported when it is first used."""
        return cls(resolve(kernels, backend), kernels)

    def __getattr__(self, name: str) -> ModuleType:
        if name in ("backend", "kernels") or name.startswith("__"):  # asked for by pickle before they are there
            raise AttributeError(name)
        if all(name != kernel.name for kernel in self.kernels):
            names = ", ".join(kernel.name for kernel in self.kernels)
            raise AttributeError(f"{name} is none of the kernels that were asked for ({names})")
        return _module(name, self.backend)

    @property
    def is_device(self) -> bool:
        """Whether arrays are on a device, which is busy with many rows at a time alone."""
        return self.backend == "cuda"

    def own_stream(self) -> AbstractContextManager[object]:
        """Let what this thread asks of a device run beside what others ask of it; of no effect on a processor."""
        if not self.is_device:
            return nullcontext()
        stream: AbstractContextManager[object] = importlib.import_module("simkit.kernels.cuda").own_stream()
        return stream

    def row_numbers(self, rows: range) -> Any:
        """Return the numbers of rows, uint64, where the kernels keep their arrays."""
        numbers = np.arange(rows.start, rows.stop, dtype=np.uint64)
        return _cupy().asarray(numbers) if self.is_device else numbers

    def to_host(self, array: Any) -> Any:
        """Return an array that these kernels made, as an array of NumPy."""
        return importlib.import_module("simkit.kernels.cuda").to_host(array) if self.is_device else array

    def to_torch(self, array: Any) -> Any:
        """Return an array that these kernels made, as a tensor of PyTorch that shares its memory.

        It is where the array is, on the device if that is a CUDA device. PyTorch has neither shifts nor comparisons of
        unsigned numbers of 16 bits and more: such an array becomes the signed numbers of the same bits.
        """
        with needed_for("to='torch'"):
            import torch.utils.dlpack

        if self.is_device:
            array = _cupy().asarray(array)
        if array.dtype.kind == "u" and array.itemsize > 1:
            array = array.view(f"i{array.itemsize}")
        return torch.utils.dlpack.from_dlpack(array) if self.is_device else torch.from_numpy(array)


def n_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def keep_memory() -> None:
    """Let the C library keep the memory that this process frees, rather than give it back: for commands with networks.

    A step of training frees and asks for the same arrays of some megabytes again and again. By its defaults glibc gives
    each back to the system, which clears it anew: that is up to half of the time. Other C libraries have no such
    switch.
    """
    import ctypes

    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_MMAP_THRESHOLD, 2**30)
        library.mallopt(_TRIM_THRESHOLD, 2**31 - 1)


def resolve(kernels: tuple[Kernel, ...], backend: str = AUTO) -> str:
    """Return the one backend that all `kernels` run on here.

    ``auto`` takes the first of BACKENDS that every kernel has and whose probe passes. Any other name is
    taken at its word or refused; there is no fall-back.
    """
    UnknownNameError.check("backend", backend, [AUTO, *BACKENDS])
    if backend != AUTO:
        why = probe(backend) or _lacking(kernels, backend)
        if why:
            raise BackendError(f"backend {show(backend)} cannot run here: {why}; --backend auto takes what can")
        return backend
    reasons = {name: _lacking(kernels, name) or probe(name) for name in BACKENDS}
    for name, why in reasons.items():
        if why is None:
            return name
    raise BackendError("no backend can run here: " + "; ".join(f"{name}: {why}" for name, why in reasons.items()))


@contextmanager
def told_of_compiled_code() -> Iterator[None]:
    """Turn what Numba raises when the files of its cache are damaged or cannot be written into a BackendError."""
    try:
        yield
    except (pickle.UnpicklingError, EOFError) as error:
        raise BackendError(
            f"the kept compiled code is damaged ({error}); remove {compiled_code_place()}, which is made again"
        ) from error
    except OSError as error:
        raise BackendError(
            f"cannot keep compiled code: {error}; free some space, or set NUMBA_CACHE_DIR to a folder that can be "
            "written"
        ) from error


def told_of_compiling(tell: Callable[[str], None], on: Kernels) -> AbstractContextManager[object]:
    """Call `tell` with what Numba begins to compile for kernels, and with "" when that is compiled.

    For example ``rule B36/S23 (2 of 2)`` or ``kernel census (3 of 3)``; called by the thread that compiles.
    """
    if probe("cpu"):
        return nullcontext()
    told: AbstractContextManager[object] = importlib.import_module("simkit.kernels.compiling").told(
        tell, tuple(kernel.name for kernel in on.kernels)
    )
    return told


def compiled_code_place() -> str:
    """Say where Numba keeps compiled code."""
    folder = os.environ.get("NUMBA_CACHE_DIR")
    if folder:
        return f"the folder {folder}"
    return f"the files *.nbi and *.nbc below {Path(__file__).parent} (or, if that cannot be written, in ~/.cache/numba)"


def _module(kernel: str, backend: str) -> ModuleType:
    try:
        return importlib.import_module(f"simkit.kernels.{kernel}.{backend}")
    except RuntimeError as error:
        if "cannot cache function" not in str(error):
            raise
        raise BackendError(
            f"Numba finds no folder in which it may keep compiled code ({error}); "
            "set NUMBA_CACHE_DIR to one that can be written"
        ) from error


def _cupy() -> Any:
    return importlib.import_module("cupy")


def _lacking(kernels: tuple[Kernel, ...], backend: str) -> str | None:
    for kernel in kernels:
        if backend not in kernel.backends:
            return f"kernel {show(kernel.name)} has no {backend} backend, only {', '.join(kernel.backends)}"
    return None
