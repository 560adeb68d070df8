"""The five laws of sources as functions, for the tests of any package that has sources::

    @pytest.mark.parametrize("law", simkit.testing.LAWS)
    def test_coins(law):
        simkit.testing.LAWS[law](Coins(p=0.25))

Each takes a source, a seed and some rows, and raises LawError, an AssertionError, where the law does not hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from simkit import registry
from simkit.backends import BACKENDS
from simkit.contract import MAX_SEED, Source
from simkit.errors import BackendError, SchemaError, UnknownNameError, show
from simkit.interchange import Format
from simkit.schema import Batch, check

#: the backend that all others agree with
_REFERENCE = "reference"


class LawError(AssertionError):
    """A law that does not hold: which source, which law, and what differs."""


def equal(a: Batch, b: Batch) -> bool:
    """Say whether two batches have the same fields, dtypes, shapes and bits, in one order; NaN equals NaN."""
    return list(a) == list(b) and all(_differing(a[name], b[name], 0.0) == 0 for name in a)


def pure(source: Source, seed: int = 0, rows: range = range(8)) -> None:
    """Check that a row is the same whoever asks, and in whatever company."""
    company = source.generate(seed, rows)
    twin = _twin(source).generate(seed, rows)
    _same("pure", source, company, twin, "an equal source, asked for the same rows")
    for i, row in enumerate(rows):
        alone = source.generate(seed, range(row, row + 1))
        _same("pure", source, {name: values[i : i + 1] for name, values in company.items()}, alone, f"row {row} alone")


def divisible(source: Source, seed: int = 0, rows: range = range(8)) -> None:
    """Check that rows a to c are rows a to b followed by rows b to c, for every b."""
    whole = source.generate(seed, rows)
    for middle in range(rows.start, rows.stop + 1):
        parts = [source.generate(seed, part) for part in (range(rows.start, middle), range(middle, rows.stop))]
        joined = {name: np.concatenate([part[name] for part in parts]) for name in whole}
        _same("divisible", source, whole, joined, f"rows {rows.start} to {middle} and {middle} to {rows.stop}")


def declared(source: Source, seed: int = 0, rows: range = range(8)) -> None:
    """Check that a batch is what the schema says, of no rows too, and that every field says what it is."""
    schema = source.schema()
    for some in (rows, range(rows.start, rows.start)):
        try:
            check(schema, source.generate(seed, some), len(some))
        except SchemaError as error:
            raise LawError(f"{source.name} is not as declared: {error}") from None
    for name, field in schema.items():
        if not field.doc:
            raise LawError(f"{source.name} is not as declared: field {name} does not say what it is")


def agreeing(source: Source, seed: int = 0, rows: range = range(8), backend: str | None = None) -> None:
    """Check that a backend, or each that runs here, gives the values of the reference, to the fields' ``atol``."""
    wanted = source.generate(seed, rows, backend=_REFERENCE)
    for name in [backend] if backend else BACKENDS:
        try:
            on = source.load(name)
        except BackendError:
            if backend:
                raise
            continue
        found = source.generate(seed, rows, backend=on)
        for key, field in source.schema().items():
            n = _differing(found[key], wanted[key], field.atol)
            if n:
                raise LawError(f"{source.name} does not agree: {n:,} values of field {key} differ on {name}")


def nameable(source: Source, seed: int = 0, rows: range = range(8)) -> None:
    """Check that the plain values of the spec, written as JSON and read again, give the source back."""
    del seed, rows
    again = registry.parse(json.loads(json.dumps(source.spec())))
    if again != source or again.digest() != source.digest():
        raise LawError(f"{source.name} is not nameable: its spec gives {again} instead of {source}")


#: name -> the function that checks it
LAWS: dict[str, Callable[..., None]] = {
    "pure": pure, "divisible": divisible, "declared": declared, "agreeing": agreeing, "nameable": nameable,
}  # fmt: skip


def check_source(source: Source, seed: int = 0, rows: range = range(8)) -> None:
    """Check all five laws, near row 0 and far from it, for two seeds; of a source with few rows its first and last."""
    rows = range(rows.start, min(rows.stop, source.n_rows()))
    far = min(2**40, source.n_rows() - len(rows))
    for law in LAWS.values():
        law(source, seed, rows)
        law(source, MAX_SEED, range(far, far + len(rows)))


def check_world(package: str) -> None:
    """Check that a world is among those in use, and that all it lists can be loaded and is of the kind it should be.

    Raises
    ------
    UnknownNameError
        If there is no such world, or if it was left out.
    LawError
        If something that it lists is not what `simkit.registry.World` says.
    SimkitError
        If something cannot be loaded.
    """
    UnknownNameError.check("world", package, registry.worlds())
    world = registry.worlds()[package]
    for name in world.sources:
        registry.source_class(name)
    for kind, is_right in _KINDS.items():
        for name, reference in getattr(world, kind).items():
            found = registry.load(f"{package}.{reference}")
            if not is_right(found):
                raise LawError(f"{package} lists {show(name)} among its {kind}, and {reference} is {show(found)}")


#: attributes of `simkit.learn.streaming.channels.Channels`, which may be used without torch
_OF_CHANNELS = ("about", "needs", "planes")

#: attributes of `simkit.viewer.tiles.Tiles` that its classes have
_OF_TILES = ("title", "controls", "narrowest", "widest", "read", "rows", "cost", "facts")

#: what a world lists, beside sources -> whether a thing is of that kind
_KINDS: dict[str, Callable[[Any], bool]] = {
    "views": callable,
    "formats": lambda found: isinstance(found, Format) and callable(registry.load(found.write)),
    "channels": lambda found: isinstance(found, type) and all(hasattr(found, name) for name in _OF_CHANNELS),
    "tiles": lambda found: isinstance(found, type) and all(hasattr(found, name) for name in _OF_TILES),
    "bench": callable,
    "bench_cuda": callable,
}


def _twin(source: Source) -> Source:
    """Return an equal source made from the parameters."""
    return type(source).build(source.parameters())


def _differing(a: np.ndarray, b: np.ndarray, atol: float) -> int:
    """Return how many values differ by more than `atol`; all of them if dtype or shape does."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return max(a.size, b.size, 1)
    if a.dtype.kind not in "fc":
        return int((a != b).sum())
    return int((~np.isclose(a, b, rtol=0, atol=atol, equal_nan=True)).sum())


def _same(law: str, source: Source, a: Batch, b: Batch, what: str) -> None:
    if not equal(a, b):
        names = [name for name in a if name not in b or _differing(a[name], b[name], 0.0)]
        raise LawError(f"{source.name} is not {law}: {what} differ in {', '.join(names) or 'the order of fields'}")
