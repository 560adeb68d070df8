"""Calls of kernels that every backend has to answer as the reference does: a kernel's ``cases.py`` lists them once.

The laws compare each backend with the reference on them, the tests of CUDA run them in any order of threads, and
benchmarks take the arguments of their sizes from the same functions.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

from simkit.backends import Kernel


class Call(NamedTuple):
    """A function of a kernel, and what it is called with."""

    function: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any] = {}

    def of(self, module: ModuleType) -> Any:
        """Return what a backend's module answers: the array that is written into, where it returns nothing."""
        found = getattr(module, self.function)(*self.arguments, **self.options)
        return self.arguments[-1] if found is None else found


def cases(kernel: Kernel) -> Mapping[str, Callable[[], Call]]:
    """Return name -> what makes the call, of all cases of a kernel; arrays are made anew for each."""
    found: Mapping[str, Callable[[], Call]] = importlib.import_module(f"simkit.kernels.{kernel.name}.cases").CASES
    return found
