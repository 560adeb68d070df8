"""What every CUDA kernel needs: its module, arrays on the device, and where results go.

A kernel is CUDA C++ without headers, in ``.cu`` files beside the ``cuda.py`` that launches it. It is compiled for the
device at hand when it is first used; CuPy keeps the result. Functions of a cuda backend take NumPy or CuPy arrays and
give back what their first array is, so that results of one kernel go into the next without leaving the device. All
work goes to CuPy's current stream and none of it waits, except where a result becomes a NumPy array.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cupy
import numpy as np

#: an array of NumPy or of CuPy
Array = Any

_this_thread = threading.local()

_PRELUDE = Path(__file__).with_name("prelude.cu")


def compile_module(files: Iterable[Path | str], **constants: int) -> Any:
    """Return the module of a CUDA C++ text.

    Parameters
    ----------
    files : iterable of Path or str
        What the text consists of, after ``prelude.cu``: files, or pieces of text.
    constants : int
        Names that stand for integers in it.

    Returns
    -------
    cupy.RawModule
        Compiled on first use. Callers keep it, since a new one is compiled or looked up anew.
    """
    pieces = [piece.read_text("utf-8") if isinstance(piece, Path) else piece for piece in (_PRELUDE, *files)]
    # a fused multiply-add rounds once where other backends round twice
    options = ("-std=c++17", "--fmad=false", *(f"-D{name}={value}" for name, value in constants.items()))
    return cupy.RawModule(code="\n".join(pieces), options=options)


def to_device(array: Array, dtype: Any) -> Any:
    """Return a C-contiguous array on the device, the same if it is one."""
    return cupy.ascontiguousarray(cupy.asarray(array, dtype))


def copied(array: Array, dtype: Any) -> Any:
    """Return a C-contiguous copy of an array on the device, in which a kernel may work."""
    return cupy.array(array, dtype, order="C")


def empty(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return an array on the device, of any content."""
    return cupy.empty(shape, dtype)


def full(shape: tuple[int, ...], value: int, dtype: Any) -> Any:
    """Return an array on the device that holds `value` throughout."""
    return cupy.full(shape, value, dtype)


def arange(n: int, dtype: Any) -> Any:
    """Return the numbers 0..n-1 on the device."""
    return cupy.arange(n, dtype=dtype)


def to_host(array: Any) -> Any:
    """Return an array on the device as a NumPy array, once it is finished; a NumPy array as it is.

    It lies in page-locked memory, to which a device copies at full speed and beside its kernels; CuPy keeps that memory
    for the next array.
    """
    if not isinstance(array, cupy.ndarray):
        return array
    if not array.size:
        return np.empty(array.shape, array.dtype)
    memory = cupy.cuda.alloc_pinned_memory(array.nbytes)
    host = np.frombuffer(memory, array.dtype, array.size).reshape(array.shape)
    array.get(out=host)
    return host


def back(result: Any, example: Array) -> Array:
    """Return an array on the device as it is, or as a NumPy array if `example` is none on the device."""
    return result if isinstance(example, cupy.ndarray) else to_host(result)


def own_stream() -> Any:
    """Return a stream of this thread's own; in its ``with`` block work runs beside that of other threads."""
    if not hasattr(_this_thread, "stream"):
        _this_thread.stream = cupy.cuda.Stream(non_blocking=True)
    return _this_thread.stream


def wait() -> None:
    """Wait until all is done that was asked of the current stream, as before other streams use what it made."""
    cupy.cuda.get_current_stream().synchronize()


def seconds(work: Callable[[], object]) -> float:
    """Return how long the device takes for what `work` asks of it on the current stream, by the device's own clock."""
    begin, end = cupy.cuda.Event(), cupy.cuda.Event()
    begin.record()
    work()
    end.record()
    end.synchronize()
    return float(cupy.cuda.get_elapsed_time(begin, end)) / 1000


def device_name() -> str:
    """Return the device's name."""
    return str(cupy.cuda.runtime.getDeviceProperties(cupy.cuda.Device().id)["name"].decode())


def n_multiprocessors() -> int:
    """Return how many blocks of threads the device runs side by side, at least."""
    return int(cupy.cuda.Device().attributes["MultiProcessorCount"])
