"""Every backend of every kernel against its reference, on the calls that the kernel lists; `tests/laws` draws others at random."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import numpy as np
import pytest
from where import COMPILED, load

import simkit.kernels
from simkit.backends import Kernel
from simkit.kernels.cases import cases

KERNELS: list[Kernel] = [
    importlib.import_module(f"simkit.kernels.{module.name}").KERNEL
    for module in pkgutil.iter_modules(simkit.kernels.__path__)
    if module.ispkg
]


def arrays_of(answer: Any) -> dict[str, np.ndarray]:
    return answer._asdict() if hasattr(answer, "_asdict") else {"": answer}


@pytest.mark.parametrize("place", COMPILED)
@pytest.mark.parametrize(
    ("kernel", "name"), [(k, n) for k in KERNELS for n in cases(k)], ids=lambda x: getattr(x, "name", x)
)
def test_a_backend_answers_as_the_reference_does(kernel: Kernel, name: str, place: str) -> None:
    make = cases(kernel)[name]
    found, wanted = (arrays_of(make().of(module)) for module in (load(kernel, place), kernel.load("reference")))
    assert list(found) == list(wanted)
    for field, values in wanted.items():
        assert np.asarray(found[field]).dtype == np.asarray(values).dtype, field
        assert np.array_equal(found[field], values), field


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_the_cases_call_every_function(kernel: Kernel) -> None:
    documented = {
        line.split("(")[0].strip("`")
        for line in importlib.import_module(f"simkit.kernels.{kernel.name}").__doc__.splitlines()
        if line.startswith("``")
    }
    assert {make().function for make in cases(kernel).values()} == documented
