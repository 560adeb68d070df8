"""Argument sets of `census`: ash of soups, of one rule and of two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from simkit.kernels import life
from simkit.kernels.cases import Call
from simkit.kernels.life import cases as soups

#: heights and widths
_SIZES = ((64, 64), (32, 256), (24, 20), (70, 65))


def ash(function: str, n: int, height: int, width: int, max_steps: int = 700) -> Call:
    """Return a call of a function on what has become of soups; those that have not settled are not censused."""
    _, arguments, _ = call = soups.settle(n, height, width, max_steps)
    settled = call.of(life.KERNEL.load("cpu"))
    return Call(function, (settled.ash, *arguments[1:4], settled.period))


CASES: Mapping[str, Callable[[], Call]] = {
    f"{function} {height}x{width}": partial(ash, function, 9, height, width)
    for function in ("count", "find", "label")
    for height, width in _SIZES
} | {"of no boards": lambda: ash("find", 0, 32, 32)}
