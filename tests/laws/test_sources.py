"""The five laws, for every registered source."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from where import COMPILED, on

from simkit import registry
from simkit.contract import MAX_ROWS, MAX_SEED, Source
from simkit.errors import ParameterError
from simkit.schema import Batch, check

NAMES = list(registry.sources())
SEEDS = st.integers(0, MAX_SEED)
STARTS = st.one_of(st.integers(0, 50), st.integers(2**32 - 5, 2**32 + 5), st.integers(0, MAX_ROWS - 100))


def tiny(name: str) -> Source:
    cls = registry.source_class(name)
    return cls.build(cls.tiny)


def equal(a: Batch, b: Batch) -> bool:
    """Say whether all bits are the same, those of what is not a number, too."""
    return {key: (v.dtype, v.shape, v.tobytes()) for key, v in a.items()} == {
        key: (v.dtype, v.shape, v.tobytes()) for key, v in b.items()
    }


@pytest.mark.parametrize("name", NAMES)
@given(seed=SEEDS, start=STARTS, n=st.integers(1, 8), at=st.integers(0, 7))
@settings(max_examples=25)
def test_pure(name: str, seed: int, start: int, n: int, at: int) -> None:
    source, row = tiny(name), start + min(at, n - 1)
    company = source.generate(seed, range(start, start + n))
    alone = source.generate(seed, range(row, row + 1))
    assert equal(alone, {key: values[row - start : row - start + 1] for key, values in company.items()})
    assert equal(company, tiny(name).generate(seed, range(start, start + n)))


@pytest.mark.parametrize("name", NAMES)
@given(seed=SEEDS, start=STARTS, n=st.integers(0, 12), cut=st.integers(0, 12))
@settings(max_examples=25)
def test_divisible(name: str, seed: int, start: int, n: int, cut: int) -> None:
    source, middle = tiny(name), start + min(cut, n)
    whole = source.generate(seed, range(start, start + n))
    parts = source.generate(seed, range(start, middle)), source.generate(seed, range(middle, start + n))
    assert equal(whole, {key: np.concatenate([part[key] for part in parts]) for key in whole})


@pytest.mark.parametrize("name", NAMES)
def test_rows_may_be_a_number_or_in_any_order(name: str) -> None:
    source = tiny(name)
    first = source.generate(rows=5)
    assert equal(first, source.generate(0, range(5)))
    chosen = [3, 4, 1, 1, 0]
    assert equal(source.generate(rows=chosen), {key: values[chosen] for key, values in first.items()})
    assert equal(source.generate(rows=[]), source.schema().empty(0))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [0, 1, 7])
def test_declared(name: str, n: int) -> None:
    source = tiny(name)
    check(source.schema(), source.generate(3, range(10, 10 + n)), n)
    for field in source.schema().values():
        assert field.doc
        if field.bits:
            spare = 8 * field.shape[-1] - field.bits
            assert 0 <= spare < 8


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", COMPILED)
def test_agreeing(name: str, place: str) -> None:
    source = tiny(name)
    with on(place, *source.kernels) as backend:
        for seed, start in ((0, 0), (MAX_SEED, 2**40)):
            rows = range(start, start + 30)
            wanted, found = (source.generate(seed, rows, backend=which) for which in ("reference", backend))
            for key, field in source.schema().items():
                assert np.allclose(found[key], wanted[key], rtol=0, atol=field.atol, equal_nan=True), key


@pytest.mark.parametrize("name", NAMES)
def test_nameable(name: str) -> None:
    for source in (tiny(name), registry.source(name)):
        spec = json.loads(json.dumps(source.spec()))
        again = registry.parse(spec)
        assert again == source
        assert again.digest() == source.digest()
    assert tiny(name).digest() != registry.source(name).digest()


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_or_row_is_another_sample(name: str) -> None:
    source = tiny(name)
    samples = [source.generate(seed, range(row, row + 1)) for seed in (0, 1, 2**32) for row in (0, 2**32)]
    assert not any(equal(a, b) for i, a in enumerate(samples) for b in samples[:i])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("seed", "rows"),
    [
        (-1, range(1)),
        (2**64, range(1)),
        (1.5, range(1)),
        (True, range(1)),
        (0, [-1]),
        (0, [0.5]),
        (0, [[0]]),
        (0, "5"),
        (0, 0),
        (0, True),
        (0, range(0, 4, 2)),
        (0, range(-1, 1)),
    ],
)
def test_arguments_out_of_range_are_refused(name: str, seed: int, rows: range) -> None:
    with pytest.raises(ParameterError):
        tiny(name).generate(seed, rows)


@pytest.mark.parametrize("name", NAMES)
def test_a_source_is_a_value(name: str) -> None:
    """Equal, hashable and picklable; a parameter whose order is chance is refused."""
    source = tiny(name)
    again = pickle.loads(pickle.dumps(source))
    assert again == source
    assert hash(again) == hash(source)
    for parameter, value in source.parameters().items():
        if isinstance(value, list):
            with pytest.raises(ParameterError):
                type(source).build({**source.parameters(), parameter: set(value)})
