"""The five laws, for every registered source."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from where import COMPILED, on

from simkit import registry, testing
from simkit.contract import MAX_ROWS, MAX_SEED, Source
from simkit.errors import ParameterError
from simkit.testing import equal

NAMES = list(registry.sources())
SEEDS = st.integers(0, MAX_SEED)
STARTS = st.one_of(st.integers(0, 50), st.integers(2**32 - 5, 2**32 + 5), st.integers(0, MAX_ROWS - 100))


def tiny(name: str) -> Source:
    cls = registry.source_class(name)
    return cls.build(cls.tiny)


@pytest.mark.parametrize("name", NAMES)
@given(seed=SEEDS, start=STARTS, n=st.integers(1, 6))
@settings(max_examples=10)
def test_pure(name: str, seed: int, start: int, n: int) -> None:
    testing.pure(tiny(name), seed, range(start, start + n))


@pytest.mark.parametrize("name", NAMES)
@given(seed=SEEDS, start=STARTS, n=st.integers(0, 6))
@settings(max_examples=6)
def test_divisible(name: str, seed: int, start: int, n: int) -> None:
    testing.divisible(tiny(name), seed, range(start, start + n))


@pytest.mark.parametrize("name", NAMES)
def test_rows_may_be_a_number_or_in_any_order(name: str) -> None:
    source = tiny(name)
    first = source.generate(rows=5)
    assert equal(first, source.generate(0, range(5)))
    chosen = [3, 4, 1, 1, 0]
    assert equal(source.generate(rows=chosen), {key: values[chosen] for key, values in first.items()})
    assert equal(source.generate(rows=[]), source.schema().empty(0))


@pytest.mark.parametrize("name", NAMES)
def test_declared(name: str) -> None:
    testing.declared(tiny(name), 3, range(10, 17))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", COMPILED)
def test_agreeing(name: str, place: str) -> None:
    source, n = tiny(name), 30 if place == "cpu" else 8  # of the stand-in's code kernels have tests of their own
    with on(place, *source.kernels) as backend:
        for seed, start in ((0, 0), (MAX_SEED, 2**40)):
            testing.agreeing(source, seed, range(start, start + n), backend)


@pytest.mark.parametrize("name", NAMES)
def test_nameable(name: str) -> None:
    for source in (tiny(name), registry.source(name)):
        testing.nameable(source)
    assert tiny(name).digest() != registry.source(name).digest()


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_or_row_is_another_sample(name: str) -> None:
    source = tiny(name)
    samples = [source.generate(seed, range(row, row + 1)) for seed in (0, 1, 2**32) for row in (0, 2**32)]
    assert not any(equal(a, b) for i, a in enumerate(samples) for b in samples[:i])


#: seeds and rows that are none
OUT_OF_RANGE = (
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
)


@pytest.mark.parametrize("name", NAMES)
def test_arguments_out_of_range_are_refused(name: str) -> None:
    def is_refused(seed: object, rows: object) -> bool:
        try:
            tiny(name).generate(seed, rows)
        except ParameterError:
            return True
        return False

    assert [given_ for given_ in OUT_OF_RANGE if not is_refused(*given_)] == []


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
