"""ca-ash: random soups under Life-like rules, run until exactly periodic, and what is in their ash."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import numpy.typing as npt

from simkit.backends import Kernels
from simkit.contract import Source, check_rows, check_seed, param
from simkit.errors import ParameterError, SchemaError, UnknownNameError, show
from simkit.kernels import census as census_kernel
from simkit.kernels import life, philox
from simkit.kernels.census import CONSTELLATIONS, KINDS
from simkit.kernels.census.kinds import NAMES
from simkit.kernels.life import Rule
from simkit.schema import Array, Batch, Field, Schema, check

#: draws of a soup after which a row that still holds an unwanted object is kept as it is
MAX_DRAWS = 100

_CENSUS = ("none", "counts", "objects")

#: fields of the table of objects, the columns of `census.pad`: name -> dtype, meaning
_TABLE = {
    "kind": ("uint8", "index of the object's apgcode in the columns of counts; 0 = other"),
    "code": ("uint64", "number of the object's apgcode (simkit.kernels.census.hash_of)"),
    "y": ("int16", "top row of the object's bounding box; -1 where there is no object"),
    "x": ("int16", "left column of the object's bounding box; -1 where there is no object"),
    "phase": ("int32", "generations after the pattern of the apgcode"),
    "orientation": ("uint8", "orientation of that pattern, 0..7"),
    "population": ("int32", "live cells of the object"),
}


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
    tiny: ClassVar[dict[str, object]] = {
        "rules": ("B3/S23", "B36/S23", "B2/S"),
        "size": (24, 20),
        "max_steps": 300,
        "census": "objects",
        "max_objects": 12,
        "without": ("xs5_253", "traffic-light"),
    }
    sample: ClassVar[dict[str, object]] = {"size": (64, 64), "max_steps": 10_000}
    facts: ClassVar[tuple[str, ...]] = (
        "Settle and period are exact: the board recurs after period generations and not before, from settle"
        " on and no earlier.",
        "Every live cell of a board with a census is in one object, which alone does what it does in the whole.",
        "No ship (xs6_356) is counted under HighLife (B36/S23): the cell inside it has six neighbours, so "
        "that it is born.",
    )
    citation: ClassVar[str] = (
        'M. Gardner, The fantastic combinations of John Conway\'s new solitaire game "life", Scientific '
        "American 223 (1970) 120; for the task Exploring AI Model Diversity, blog post, 2026"
    )
    kernels: ClassVar = (philox.KERNEL, life.KERNEL, census_kernel.KERNEL)

    rules: tuple[str, ...] = param(("B3/S23", "B36/S23"), "rulestrings or names; row i runs under rules[i mod k]")
    size: tuple[int, int] = param((128, 128), "height and width of the torus, in cells, 8..4096 (128 or 64x128)")
    density: float = param(0.5, "probability that a cell of the soup is alive, 0..1 (exact to 2**-32)")
    max_steps: int = param(100_000, "generations after which a board counts as never settling, 1..2**30")
    census: str = param(
        "counts", "what of the objects to record: none, counts, or objects (counts and a table of them)"
    )
    max_objects: int = param(160, "length of the table of objects, 1..65535; those beyond it are only counted")
    without: tuple[str, ...] = param(
        (), "objects and constellations whose boards are dropped: the row's soup is redrawn"
    )

    def validate(self) -> None:
        self._set("rules", tuple(str(Rule.parse(rule)) for rule in self.rules))
        self._set("without", tuple(sorted({_unwanted(name) for name in self.without})))
        height, width = self.size
        if not 1 <= len(self.rules) <= 256:
            self.refuse("rules", "1 to 256 rules", len(self.rules))
        if len(set(self.rules)) < len(self.rules):
            self.refuse("rules", "each rule once", ", ".join(self.rules))
        if not all(life.MIN_SIDE <= side <= life.MAX_SIDE for side in self.size):
            self.refuse("size", f"sides of {life.MIN_SIDE} to {life.MAX_SIDE} cells", f"{height}x{width}")
        if not 0 <= self.density <= 1:
            self.refuse("density", "a probability, 0 to 1", self.density)
        if not 1 <= self.max_steps <= life.MAX_STEPS:
            self.refuse("max_steps", "1 to 2**30 generations", self.max_steps)
        if self.census not in _CENSUS:
            self.refuse("census", "none, counts or objects", show(self.census))
        if not 1 <= self.max_objects <= 65535:
            self.refuse("max_objects", "1 to 65535", self.max_objects)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def schema(self) -> Schema:
        height, width = self.size
        fields = {
            "ash": Field(
                "uint8",
                "board at generation settle (at max_steps if it never settled); 1 = alive",
                dims=("y", "x_byte"),
                shape=(height, -(-width // 8)),
                bits=width,
            ),
            "settle": Field("int32", "first generation of the cycle, exact; -1 if never settled", unit="generations"),
            "period": Field("int32", "length of the cycle, exact; 0 if never settled", unit="generations"),
            "rule": Field("uint8", "index of the board's rule in the parameter rules", labels=self.rules),
            "population": Field("int32", "live cells of ash", unit="cells"),
        }
        if self.without:
            fields["draw"] = Field("int32", f"which soup of the row it is; -1 if {MAX_DRAWS} held what is unwanted")
        if self.census != "none":
            unknown = "-1 throughout if the board is not censused"
            fields["counts"] = Field(
                "int32", f"objects of each kind; {unknown}", ("kind",), (len(KINDS),), columns=KINDS
            )
            fields["constellations"] = Field(
                "int32",
                f"constellations of each kind, complete and three of four; {unknown}",
                ("constellation",),
                (len(CONSTELLATIONS),),
                columns=CONSTELLATIONS,
            )
        if self.census == "objects":
            fields["n_objects"] = Field("int32", "objects, those beyond the table too; -1 if not censused")
            for name, (dtype, doc) in _TABLE.items():
                fields[f"object_{name}"] = Field(dtype, doc, ("object",), (self.max_objects,))
        return Schema(**fields)

    def soup(self, seed: int, rows: range, *, draw: int = 0, backend: str = "auto") -> npt.NDArray[np.uint8]:
        """Return the soups of `rows`, of the given `draw`: uint8 of shape (sample, y, x_byte), packed as ``ash``."""
        seed = check_seed(seed)
        check_rows(rows)
        ParameterError.check_integer("the number of soups", rows.stop - rows.start, 0, 2**40)
        draw = ParameterError.check_integer("the draw of a soup", draw, 0, 2**32 - 1)
        on = self.load(backend)
        soup: npt.NDArray[np.uint8] = on.to_host(self._soup(seed, on.row_numbers(rows), draw, on))
        return soup

    def _soup(self, seed: int, index: Array, draw: int, on: Kernels) -> Array:
        height, width = self.size
        n_words = -(-width // 32)
        threshold = round(self.density * 2**philox.N_DIGITS)
        # Philox's stream is the number of the draw.
        bits = on.philox.bits(seed, index, draw, height * n_words, threshold)
        packed = bits.astype("<u4", order="C", copy=False).view(np.uint8)
        boards: Array = packed.reshape(len(index), height, 4 * n_words)[..., : -(-width // 8)].copy()
        if width % 8:
            boards[..., -1] &= (1 << width % 8) - 1
        return boards

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        index = on.row_numbers(rows)
        which = (index % np.uint64(len(self.rules))).astype(np.uint8)
        batch, is_wanted = self._draw(seed, index, which, 0, on)
        left = np.flatnonzero(~is_wanted)
        for draw in range(1, MAX_DRAWS):
            if not left.size:
                break
            drawn, is_wanted = self._draw(seed, index[left], which[left], draw, on)
            for name, values in drawn.items():
                batch[name][left] = values
            left = left[~is_wanted]
        if self.without:
            batch["draw"][left] = -1
        return batch

    def _draw(self, seed: int, index: Array, which: Array, draw: int, on: Kernels) -> tuple[Batch, Array]:
        """Run one soup of each row; return the batch and which boards hold nothing unwanted."""
        rules = tuple(Rule.parse(rule) for rule in self.rules)
        width = self.size[1]
        ash, settle, period = on.life.settle(self._soup(seed, index, draw, on), width, rules, which, self.max_steps)
        population = life.population(ash)
        batch: Batch = {"ash": ash, "settle": settle, "period": period, "rule": which, "population": population}
        is_wanted = np.ones_like(which, bool)
        if self.without:
            batch["draw"] = np.full_like(settle, draw)
        if self.census == "none" and not self.without:
            return batch, is_wanted
        counts = on.census.count(ash, width, rules, which, period)
        for name in self.without:
            among, of = (counts.constellations, CONSTELLATIONS) if name in CONSTELLATIONS else (counts.kinds, KINDS)
            is_wanted &= among[:, of.index(name)] <= 0
        if self.census != "none":
            batch |= {"counts": counts.kinds, "constellations": counts.constellations}
        if self.census == "objects":
            objects = on.census.find(ash, width, rules, which, period)
            table = {f"object_{name}": values for name, values in census_kernel.pad(objects, self.max_objects).items()}
            batch |= {"n_objects": objects.n_objects, **table}
        return batch, is_wanted

    def notes(self) -> list[str]:
        return [
            f"{rule} has B0: its empty space does not stay empty, so that its boards are not censused"
            + ("; it strobes, alive in one generation and dead in the next" if Rule.parse(rule).strobes else "")
            for rule in self.rules
            if Rule.parse(rule).birth & 1
        ]

    def summary(self, read: Callable[..., Iterator[Batch]]) -> str:
        counts, sums = np.zeros((2, len(self.rules)), np.int64)
        n_never = 0
        for batch in read("settle", "rule"):
            is_settled = batch["settle"] >= 0
            settle, rule = batch["settle"][is_settled], batch["rule"][is_settled]
            counts += np.bincount(rule, minlength=len(self.rules))
            sums += np.bincount(rule, settle, len(self.rules)).astype(np.int64)  # float64 is exact up to 2**53
            n_never += int((~is_settled).sum())
        parts = [f"{name} {sums[i] / counts[i]:,.0f}" for i, name in enumerate(self.rules) if counts[i]]
        mean = f"mean settle {sums.sum() / counts.sum():,.0f} generations ({', '.join(parts)})" if parts else ""
        return ", ".join(part for part in (mean, f"{n_never:,} never settled" if n_never else "") if part)


def mask(source: CaAsh, batch: Mapping[str, Array], *, backend: str = "auto") -> npt.NDArray[np.int32]:
    """Return which object each live cell belongs to.

    Parameters
    ----------
    source : CaAsh
        What made the rows (its size and rules are used).
    batch : mapping
        Rows of its fields ``ash``, ``period`` and ``rule``, as `generate` returns them or read from a data set.

    Returns
    -------
    int32, shape (sample, y, x)
        0 where a cell is dead; else 1 + the object's place in the table of objects (`census="objects"`).

    Raises
    ------
    SchemaError
        If the batch lacks one of these fields, or one of them is not as the source declares it.
    """
    schema = source.schema()
    some = Schema(**{name: schema[name] for name in ("ash", "period", "rule")})
    if lacking := [name for name in some if name not in batch]:
        raise SchemaError(f"objects are found in the fields {', '.join(some)}; this batch has no {', '.join(lacking)}")
    check(some, {name: batch[name] for name in some}, len(batch["ash"]))
    if np.max(batch["rule"], initial=0) >= len(source.rules):
        raise SchemaError(f"the source has {len(source.rules)} rules; a row is of rule {np.max(batch['rule'])}")
    rules = tuple(Rule.parse(rule) for rule in source.rules)
    kernel = census_kernel.KERNEL.load(backend)
    found: npt.NDArray[np.int32] = kernel.label(batch["ash"], source.size[1], rules, batch["rule"], batch["period"])
    return found


def _unwanted(name: str) -> str:
    """Return the apgcode or constellation that `name`, maybe a common name, means."""
    codes = {common: code for code, common in NAMES.items() if code in KINDS}
    known = [*KINDS[1:], *CONSTELLATIONS]
    name = codes.get(name, name)
    if name not in known:
        raise UnknownNameError.of("object or constellation", name, [*known, *codes])
    return name
