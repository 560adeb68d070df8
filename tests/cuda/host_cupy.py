"""A stand-in for CuPy on machines without a GPU: the same kernels, built by g++, on NumPy arrays.

`installed` puts it in CuPy's place, so that the code that launches kernels on a GPU is what runs, the probe included.
It has what that code uses of CuPy and nothing more, and is strict: arrays of NumPy do not mix with its own; arguments
of kernels are arrays of its own and
NumPy scalars of the very width that the kernel declares, device memory begins as garbage, and a kernel that writes
beside an array is found out.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.machinery
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from simkit import backends

_GARBAGE = 0xA5

#: bytes on either side of an array; none where a sanitizer watches its ends
margin = 256

#: orders in which the shim runs the threads of a block
FORWARD, REVERSE, RANDOM = 0, 1, 2


class ndarray(np.ndarray):  # noqa: N801 - as in CuPy
    """An array in what stands for device memory: garbage at first, with margins that must stay as they are."""

    def __array_finalize__(self, made_from: Any) -> None:
        self.room, self.inside = getattr(made_from, "room", None), getattr(made_from, "inside", None)

    def get(self, *, out: np.ndarray) -> np.ndarray:
        out[...] = np.asarray(self)
        return out

    def __array_ufunc__(self, function: Any, method: str, *given: Any, **named: Any) -> Any:
        _refuse_numpy(given, named)
        out = named.pop("out", None)
        plain = [np.asarray(value) if isinstance(value, ndarray) else value for value in given]
        result = getattr(function, method)(*plain, **named)
        if out is not None:
            out[0][...] = asarray(result)
            return out[0]
        return asarray(result) if isinstance(result, np.ndarray) else result

    def __array_function__(self, function: Any, types: Any, given: Any, named: Any) -> Any:
        _refuse_numpy(given, named)
        result = super().__array_function__(function, types, given, named)
        return asarray(result) if type(result) is np.ndarray else result

    def __getitem__(self, where: Any) -> Any:
        _refuse_numpy(where if isinstance(where, tuple) else (where,), {})
        return super().__getitem__(where)

    def __setitem__(self, where: Any, values: Any) -> None:
        _refuse_numpy(where if isinstance(where, tuple) else (where,), {})
        super().__setitem__(where, values)


def _refuse_numpy(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    if any(type(value) is np.ndarray and value.ndim for value in (*given, *named.values())):
        raise TypeError("an array of NumPy among arrays of the device")


def empty(shape: Any, dtype: Any = float) -> ndarray:
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    room = np.full(size + 2 * margin, _GARBAGE, np.uint8)
    array = np.ndarray(shape, dtype, room, margin).view(ndarray)
    array.room, array.inside = room, slice(margin, margin + size)
    return array


def full(shape: Any, value: Any, dtype: Any) -> ndarray:
    array = empty(shape, dtype)
    array[...] = value
    return array


def arange(n: int, dtype: Any) -> ndarray:
    return full((n,), np.arange(n), dtype)


def asarray(array: Any, dtype: Any = None) -> ndarray:
    if isinstance(array, ndarray) and dtype in (None, array.dtype):
        return array
    values = np.asarray(array, dtype)
    return full(values.shape, values, values.dtype)


def array(array: Any, dtype: Any, order: str) -> ndarray:
    if order != "C":
        raise ValueError(f"arrays of order {order} are not needed here")
    return full(array.shape, array, dtype)


def ascontiguousarray(array: ndarray) -> ndarray:
    return array if array.flags.c_contiguous else full(array.shape, array, array.dtype)


def asnumpy(array: Any) -> np.ndarray:
    return np.array(array)


def _check_margins(array: ndarray) -> None:
    outside = np.delete(array.room, array.inside)
    if (outside != _GARBAGE).any():
        raise RuntimeError(f"the kernel wrote beside an array of shape {array.shape}")


#: names the folder of what g++ built, which the processes of a run of tests share (`tests/conftest.py`)
_SHARED = "SIMKIT_TESTS_BUILT"


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="simkit-shim-")


class RawModule:
    """As `cupy.RawModule`: CUDA C++ and its options; here built by g++ with ``shim.hpp`` before it."""

    #: more options of g++, and the order of threads; set by tests
    flags: tuple[str, ...] = ("-O1",)
    schedule, seed = FORWARD, 1

    def __init__(self, *, code: str, options: tuple[str, ...]) -> None:
        self.code, self.options = code, options

    @property
    def kernels(self) -> list[str]:
        return re.findall(r'extern "C" __global__ void (?:__\w+__\([^)]*\)\s*)?(\w+)\(', self.code)

    def get_function(self, name: str) -> Any:
        with _lock:  # threads that ask at once would write the same file
            library = _build(self.code, self.options, self.flags, tuple(self.kernels))
        sizes = (ctypes.c_int * 64)()
        n_arguments = getattr(library, f"shim_sizes_{name}")(sizes)
        launch = getattr(library, f"shim_launch_{name}")
        launch.restype = ctypes.c_char_p
        return partial(_call, name, launch, sizes[:n_arguments])


_lock = threading.Lock()


def _call(name: str, launch: Any, sizes: list[int], grid: Any, block: Any, args: Any) -> None:
    if len(args) != len(sizes):
        raise TypeError(f"kernel {name} takes {len(sizes)} arguments; these are {len(args)}")
    values = []
    for i, (argument, size) in enumerate(zip(args, sizes, strict=True)):
        if isinstance(argument, ndarray):
            if not argument.flags.c_contiguous:
                raise TypeError(f"kernel {name}, argument {i}: an array that is not contiguous")
            value = np.uint64(argument.ctypes.data if argument.size else 0)
        elif isinstance(argument, np.generic):
            value = argument
        else:
            raise TypeError(f"kernel {name}, argument {i}: {type(argument)} has no width on a device")
        if value.nbytes != size:
            raise TypeError(f"kernel {name}, argument {i}: {value.nbytes} bytes given, {size} declared")
        values.append(np.atleast_1d(value))
    pointers = (ctypes.c_void_p * len(values))(*(value.ctypes.data for value in values))
    grid3, block3 = ((ctypes.c_uint * 3)(*size, *[1] * (3 - len(size))) for size in (grid, block))
    with _lock:
        error = launch(grid3, block3, pointers, RawModule.schedule, ctypes.c_ulonglong(RawModule.seed))
    if error:
        raise RuntimeError(f"kernel {name}: {error.decode()}")
    for argument in args:
        if isinstance(argument, ndarray):
            _check_margins(argument)


@cache
def _build(code: str, options: tuple[str, ...], flags: tuple[str, ...], kernels: tuple[str, ...]) -> ctypes.CDLL:
    shim = Path(__file__).with_name("shim.hpp")
    text = "\n".join([f'#include "{shim}"', code, *(f"SHIM_KERNEL({name})" for name in kernels)])
    folder = Path(os.environ.get(_SHARED) or _folder().name)
    digest = hashlib.sha256("\0".join([text, *options, *flags]).encode()).hexdigest()
    library = folder / f"{digest[:20]}.so"
    if library.exists():
        return ctypes.CDLL(str(library))
    path = library.with_suffix(f".{os.getpid()}")  # another process may build the same
    Path(f"{path}.cpp").write_text(text + "\n")
    base = [
        "g++",
        "-shared",
        "-fPIC",
        "-Wl,-Bsymbolic",
        "-U_FORTIFY_SOURCE",
        "-fno-strict-aliasing",
        "-Wall",
        "-Wextra",
        "-Werror",
    ]
    base += ["-Wno-unknown-pragmas", "-Wno-unused-parameter", "-Wno-unused-variable"]
    options = tuple(option.replace("--fmad=false", "-ffp-contract=off") for option in options)
    command = [*base, *flags, *options, "-o", f"{path}.so", f"{path}.cpp"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        raise RuntimeError(f"g++ refuses the kernel:\n{built.stderr}")
    Path(f"{path}.so").rename(library)
    return ctypes.CDLL(str(library))


class Stream(nullcontext[None]):
    """As `cupy.cuda.Stream`; what is asked of the stand-in is done at once."""

    def __init__(self, *, non_blocking: bool) -> None:
        super().__init__()

    def synchronize(self) -> None:
        pass


class Event:
    """As `cupy.cuda.Event`."""

    def record(self) -> None:
        self.at = time.perf_counter()

    def synchronize(self) -> None:
        pass


def _as_module() -> types.ModuleType:
    module = types.ModuleType("cupy")
    module.__spec__ = importlib.machinery.ModuleSpec("cupy", None)
    for name in ("ndarray", "arange", "empty", "full", "array", "asarray", "ascontiguousarray", "asnumpy", "RawModule"):
        setattr(module, name, globals()[name])
    device = types.SimpleNamespace(id=0, attributes={"MultiProcessorCount": 2})
    module.cuda = types.SimpleNamespace(
        is_available=lambda: True,
        Device=lambda: device,
        Stream=Stream,
        alloc_pinned_memory=bytearray,
        get_current_stream=lambda: Stream(non_blocking=True),
        Event=Event,
        get_elapsed_time=lambda begin, end: 1000 * (end.at - begin.at),
        runtime=types.SimpleNamespace(getDeviceProperties=lambda _: {"name": b"stand-in"}),
    )
    return module


def _is_ours(name: str) -> bool:
    return name == "cupy" or name.startswith("cupy.") or (name.startswith("simkit.kernels.") and name.endswith("cuda"))


@contextmanager
def installed() -> Iterator[None]:
    """Let this module be CuPy. Modules ``cuda`` of kernels that are imported meanwhile keep it for good."""
    before = _put_away()
    sys.modules["cupy"] = _STAND_IN
    sys.modules.update(_ours)
    backends.probe.cache_clear()
    try:
        yield
    finally:
        _ours.update({name: module for name, module in _put_away().items() if name != "cupy"})
        sys.modules.update(before)
        backends.probe.cache_clear()


_STAND_IN = _as_module()
_ours: dict[str, types.ModuleType] = {}


def _put_away() -> dict[str, types.ModuleType]:
    """Take CuPy and the modules that use it out of the list of imported modules, and return them."""
    found = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_ours(name)}
    for name in found:
        parent, _, child = name.rpartition(".")
        if parent in sys.modules:
            vars(sys.modules[parent]).pop(child, None)
    return found
