"""What it is for a backend to agree with the reference: the same fields, dtypes and bits, or values to rounding."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from simkit.backends import Kernel
from simkit.kernels.cases import Call


def arrays_of(answer: Any) -> dict[str, np.ndarray]:
    """Return the arrays of an answer by their names."""
    return answer._asdict() if hasattr(answer, "_asdict") else {"": answer}


def same(found: Any, wanted: Any, rtol: float = 0.0) -> bool:
    """Return whether two arrays are equal, or as near as `rtol` of the largest value; a NaN is equal to a NaN."""
    if rtol and np.size(wanted):
        return np.shape(found) == np.shape(wanted) and bool(np.abs(found - wanted).max() <= rtol * np.abs(wanted).max())
    return np.array_equal(found, wanted, equal_nan=np.asarray(wanted).dtype.kind == "f")


def agree(kernel: Kernel, module: ModuleType, make: Callable[[], Call]) -> None:
    """Fail unless a backend's module answers a call as the reference does; the call is made for each of them."""
    found, wanted = (arrays_of(make().of(each)) for each in (module, kernel.load("reference")))
    assert list(found) == list(wanted)
    for field, values in wanted.items():
        assert np.asarray(found[field]).dtype == np.asarray(values).dtype, field
        assert same(found[field], values, kernel.rtol), field
