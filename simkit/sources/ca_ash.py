"""ca-ash: random soups under Life-like rules, run until exactly periodic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import numpy.typing as npt

from simkit.contract import Source, check_rows, check_seed, param
from simkit.errors import ParameterError
from simkit.kernels import life, philox
from simkit.kernels.life import Rule
from simkit.schema import Array, Batch, Field, Schema

#: Philox's stream number of the soup
_SOUP = 0


@final
@dataclass(frozen=True)
class CaAsh(Source):
    """Boards of ash: what a random soup on a torus becomes under a Life-like rule.

    Row ``i`` is a soup drawn from Philox(seed, i) and run under rule ``rules[i mod k]`` until its whole state recurs.
    The soup is not stored, since it is a function of seed and row: see `soup`.
    """

    name: ClassVar[str] = "ca-ash"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "random soups under Life-like rules, run until exactly periodic (ash)"
    tiny: ClassVar[dict[str, object]] = {"rules": ("B3/S23", "B36/S23", "B2/S"), "size": (24, 20), "max_steps": 300}
    kernels: ClassVar = (philox.KERNEL, life.KERNEL)

    rules: tuple[str, ...] = param(("B3/S23", "B36/S23"), "rulestrings or names; row i runs under rules[i mod k]")
    size: tuple[int, int] = param((128, 128), "height and width of the torus, in cells, 8..4096 (128 or 64x128)")
    density: float = param(0.5, "probability that a cell of the soup is alive, 0..1 (exact to 2**-32)")
    max_steps: int = param(100_000, "generations after which a board counts as never settling, 1..2**30")

    def validate(self) -> None:
        if not 1 <= len(self.rules) <= 256:
            raise ParameterError(f"ca-ash: parameter 'rules' takes 1 to 256 rules; these are {len(self.rules)}")
        object.__setattr__(self, "rules", tuple(str(Rule.parse(rule)) for rule in self.rules))
        if len(set(self.rules)) < len(self.rules):
            raise ParameterError(f"ca-ash: parameter 'rules' names a rule twice: {', '.join(self.rules)}")
        if not all(life.MIN_SIDE <= side <= life.MAX_SIDE for side in self.size):
            height, width = self.size
            raise ParameterError(
                f"ca-ash: parameter 'size' takes sides of {life.MIN_SIDE} to {life.MAX_SIDE} cells; "
                f"this is {height}x{width}"
            )
        if not 0 <= self.density <= 1:
            raise ParameterError(f"ca-ash: parameter 'density' takes a probability, 0 to 1; this is {self.density}")
        if not 1 <= self.max_steps <= life.MAX_STEPS:
            raise ParameterError(f"ca-ash: parameter 'max_steps' takes 1 to 2**30; this is {self.max_steps}")

    def schema(self) -> Schema:
        height, width = self.size
        return Schema(
            ash=Field(
                "uint8",
                "board at generation settle (at max_steps if it never settled); 1 = alive",
                dims=("y", "x_byte"),
                shape=(height, -(-width // 8)),
                bits=width,
            ),
            settle=Field("int32", "first generation of the cycle, exact; -1 if never settled", unit="generations"),
            period=Field("int32", "length of the cycle, exact; 0 if never settled", unit="generations"),
            rule=Field("uint8", "index of the board's rule in the parameter rules", labels=self.rules),
            population=Field("int32", "live cells of ash", unit="cells"),
        )

    def soup(self, seed: int, rows: range, *, backend: str = "auto") -> npt.NDArray[np.uint8]:
        """Return the soups of `rows`: uint8 of shape (sample, y, x_byte), packed as the field ``ash``."""
        check_seed(seed)
        check_rows(rows)
        height, width = self.size
        n_words = -(-width // 32)
        index = np.arange(rows.start, rows.stop, dtype=np.uint64)
        threshold = round(self.density * 2**philox.N_DIGITS)
        bits = philox.KERNEL.load(backend).bits(seed, index, _SOUP, height * n_words, threshold)
        packed: npt.NDArray[np.uint8] = np.ascontiguousarray(bits.astype("<u4", copy=False)).view(np.uint8)
        boards = np.ascontiguousarray(packed.reshape(len(rows), height, 4 * n_words)[..., : -(-width // 8)])
        if width % 8:
            boards[..., -1] &= (1 << width % 8) - 1
        return boards

    def rows(self, seed: int, rows: range, backend: str) -> Batch:
        rules = tuple(Rule.parse(rule) for rule in self.rules)
        which = (np.arange(len(rows)) + rows.start % len(rules)) % len(rules)
        which = which.astype(np.uint8)
        soup = self.soup(seed, rows, backend=backend)
        settled = life.KERNEL.load(backend).settle(soup, self.size[1], rules, which, self.max_steps)
        population = np.bitwise_count(settled.ash).sum(axis=(1, 2), dtype=np.int32)
        return {
            "ash": settled.ash,
            "settle": settled.settle,
            "period": settled.period,
            "rule": which,
            "population": population,
        }

    def notes(self) -> list[str]:
        return [
            f"{rule} has B0 without S8: empty space strobes, alive in one generation and dead in the next"
            for rule in self.rules
            if Rule.parse(rule).strobes
        ]

    def summary(self, read: Callable[[str], Array]) -> str:
        settle, rule = read("settle"), read("rule")
        parts = []
        for index, name in enumerate(self.rules):
            settled = settle[(rule == index) & (settle >= 0)]
            if settled.size:
                parts.append(f"{name} {settled.mean():,.0f}")
        never = int((settle < 0).sum())
        mean = f"mean settle {settle[settle >= 0].mean():,.0f} generations ({', '.join(parts)})" if parts else ""
        return ", ".join(part for part in (mean, f"{never:,} never settled" if never else "") if part)
