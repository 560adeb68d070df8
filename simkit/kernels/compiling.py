"""How functions are compiled, so that it does not take longer than it must, and what is being compiled."""

from __future__ import annotations

import fcntl
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from numba.core import event

#: options of `numba.njit` for what Python calls, and for what only compiled code calls: without the ways in from Python
#: and from C that Numba would compile for each. Those from Python take long where arguments are tuples of arrays.
CALLED: Any = {"no_cfunc_wrapper": True}
INNER: Any = {**CALLED, "no_cpython_wrapper": True}

#: where a kernel names another one
_NAMED = re.compile(r"simkit\.kernels\.(\w+)|from simkit\.kernels import (.+)")

#: digits of a digest in the name of a function
_DIGITS = 16

_Function = TypeVar("_Function", bound=Callable[..., Any])


def stamped(function: _Function) -> _Function:
    """Let what Numba keeps of a function be found only while the kernel, and those that it uses, are as they were.

    It goes below ``@nb.njit(cache=True)``. Numba looks at the file of the function alone, and would go on with code
    that has the constants, or calls the functions, which another file had before. What it keeps goes by the name.
    """
    function.__qualname__ += f"_{digest(Path(__file__).parent, function.__module__.split('.')[2])[:_DIGITS]}"
    return function


@cache
def digest(kernels: Path, kernel: str) -> str:
    """Return the SHA-256 of the files of a kernel and of those kernels, of the folder `kernels`, that they name."""
    files: dict[str, bytes] = {}
    todo = [kernel]
    while todo:
        name = todo.pop()
        for path in sorted((kernels / name).glob("*.py")) or [kernels / f"{name}.py"]:
            place = path.relative_to(kernels).as_posix()
            if path.name not in ("cases.py", "cuda.py") and place not in files and path.exists():
                files[place] = path.read_bytes()
                for one, several in _NAMED.findall(files[place].decode()):
                    todo += [one] if one else re.findall(r"\w+", several)
    return hashlib.sha256(b"".join(place.encode() + files[place] for place in sorted(files))).hexdigest()


_part: ContextVar[str] = ContextVar("part", default="")


@contextmanager
def named(part: str) -> Iterator[None]:
    """Let what this thread compiles meanwhile be told as `part`, such as ``rule B36/S23 (2 of 2)``."""
    token = _part.set(part)
    try:
        yield
    finally:
        _part.reset(token)


@contextmanager
def told(tell: Callable[[str], None], kernels: Sequence[str]) -> Iterator[None]:
    """Call `tell` with what Numba begins to compile, and with "" when that is compiled.

    What no `named` names is told by its kernel and the place of that among `kernels`. Numba compiles one function at a
    time in a process, and within it those that it calls, which are not told.
    """
    depth = 0

    class Listener(event.Listener):
        def on_start(self, began: Any) -> None:
            nonlocal depth
            depth += 1
            if depth == 1:
                tell(_part.get() or _kernel(began.data["dispatcher"].py_func.__module__, kernels))

        def on_end(self, ended: Any) -> None:
            nonlocal depth
            depth = max(0, depth - 1)  # 0 if it began before
            if depth == 0:
                tell("")

    with event.install_listener("numba:compile", Listener()):
        yield


@contextmanager
def alone(function: Any) -> Iterator[None]:
    """Let one process at a time compile a function, and keep what it compiled.

    Numba's index of kept code holds all that is kept of a function. Of two processes that add something to it at once
    one may find its entry to mean the code of the other.
    """
    folder = Path(function.stats.cache_path)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{function.py_func.__qualname__}.lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
        yield


def _kernel(module: str, kernels: Sequence[str]) -> str:
    if not module.startswith("simkit.kernels."):
        return module
    name = module.split(".")[2]
    place = f" ({kernels.index(name) + 1} of {len(kernels)})" if name in kernels else ""
    return f"kernel {name}{place}"
