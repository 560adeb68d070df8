"""Argument sets of `census`: ash of soups, of one rule and of two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType

from simkit.kernels import life
from simkit.kernels.cases import Call
from simkit.kernels.life import cases as soups

#: heights and widths
_SIZES = ((64, 64), (32, 256), (24, 20), (70, 65))


def ash(function: str, settle: Call, on: ModuleType) -> Call:
    """Return a call on what becomes of soups when a module lets them settle; what does not settle is not censused."""
    settled = settle.of(on)
    return Call(function, (settled.ash, *settle.arguments[1:4], settled.period))


def _ash(function: str, n: int, height: int, width: int) -> Call:
    return ash(function, soups.settle(n, height, width, 700), life.KERNEL.load("cpu"))


CASES: Mapping[str, Callable[[], Call]] = {
    f"{function} {height}x{width}": partial(_ash, function, 9, height, width)
    for function in ("count", "find", "label")
    for height, width in _SIZES
} | {"of no boards": lambda: _ash("find", 0, 32, 32)}
