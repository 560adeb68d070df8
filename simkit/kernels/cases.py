"""Calls that every backend of a kernel has to answer as the reference does; the kernel's ``cases.py`` makes them.

Its functions make a call of any size from a seed; what they draw depends on these alone. Its ``CASES`` are calls that
every backend is tested on, by the laws and, for CUDA, in any order of threads. The laws draw sizes and seeds at random
beside these, and benchmarks have sizes of their own.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

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

    def with_arrays(self, make: Callable[[Any], Any]) -> Call:
        """Return the call with what `make` returns for each array, such as the same on a device."""

        def made(value: Any) -> Any:
            return make(value) if isinstance(value, np.ndarray) else value

        options = {name: made(value) for name, value in self.options.items()}
        return Call(self.function, tuple(map(made, self.arguments)), options)


def cases(kernel: Kernel) -> Mapping[str, Callable[[], Call]]:
    """Return name -> what makes the call, of all cases of a kernel; arrays are made anew for each."""
    found: Mapping[str, Callable[[], Call]] = importlib.import_module(f"simkit.kernels.{kernel.name}.cases").CASES
    return found
