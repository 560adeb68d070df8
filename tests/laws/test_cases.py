"""Every backend of every kernel against its reference, on the calls that the kernel lists; `tests/laws` draws others at random."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from agreement import agree
from where import COMPILED, load

import simkit.kernels
from simkit.backends import Kernel
from simkit.kernels.cases import cases

KERNELS: list[Kernel] = [
    importlib.import_module(f"simkit.kernels.{module.name}").KERNEL
    for module in pkgutil.iter_modules(simkit.kernels.__path__)
    if module.ispkg
]


@pytest.mark.parametrize("place", COMPILED)
@pytest.mark.parametrize(
    ("kernel", "name"), [(k, n) for k in KERNELS for n in cases(k)], ids=lambda x: getattr(x, "name", x)
)
def test_a_backend_answers_as_the_reference_does(kernel: Kernel, name: str, place: str) -> None:
    agree(kernel, load(kernel, place), cases(kernel)[name])


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_the_cases_call_every_function(kernel: Kernel) -> None:
    documented = {
        line.split("(")[0].strip("`")
        for line in importlib.import_module(f"simkit.kernels.{kernel.name}").__doc__.splitlines()
        if line.startswith("``")
    }
    assert {make().function for make in cases(kernel).values()} == documented
