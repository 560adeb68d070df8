"""Arrays on the device stay there from kernel to kernel; NumPy arrays come back as such."""

from __future__ import annotations

import numpy as np
import pytest
from where import COMPILED, load, on

from simkit import registry
from simkit.backends import Kernels, probe
from simkit.errors import UnknownNameError
from simkit.kernels import census, lattice, life, philox
from simkit.kernels.lattice.cases import random_cells, random_demons
from simkit.kernels.life import Rule

DEVICES = [place for place in COMPILED if place != "cpu"]

RULES = (Rule.parse("B3/S23"), Rule.parse("B36/S23"))


@pytest.mark.parametrize("place", DEVICES)
def test_from_random_words_to_ash_without_leaving_the_device(place):
    draws, automaton = load(philox.KERNEL, place), load(life.KERNEL, place)
    rows, which = np.arange(10, dtype=np.uint64), np.array([0, 1] * 5, np.uint8)
    on_device = draws.to_device(rows, np.uint64)
    soups = draws.bits(1, on_device, 0, 64 * 2, 2**31).view(np.uint8).reshape(10, 64, 8)
    settled = automaton.settle(soups, 64, RULES, which, 5000)
    later = automaton.step(settled.ash, 64, RULES[0], 3)
    assert {type(array) for array in (soups, *settled, later)} == {type(on_device)}

    wanted = draws.bits(1, rows, 0, 64 * 2, 2**31).view(np.uint8).reshape(10, 64, 8)
    wanted = automaton.settle(wanted, 64, RULES, which, 5000)
    assert {type(array) for array in wanted} == {np.ndarray}
    for found, values in zip(settled, wanted, strict=True):
        assert np.array_equal(draws.back(found, rows), values)
    assert np.array_equal(draws.back(later, rows), automaton.step(wanted.ash, 64, RULES[0], 3))


@pytest.mark.parametrize("place", DEVICES)
def test_from_ash_to_objects_without_leaving_the_device(place):
    automaton, objects = load(life.KERNEL, place), load(census.KERNEL, place)
    soups = np.random.default_rng(1).integers(0, 256, (6, 24, 4), np.uint8)
    which = np.array([0, 1] * 3, np.uint8)
    results = []
    for on_device in (False, True):
        given = [automaton.to_device(array, np.uint8) if on_device else array for array in (soups, which)]
        settled = automaton.settle(given[0], 32, RULES, given[1], 5000)
        boards = settled.ash, 32, RULES, given[1], settled.period
        *columns, apgcodes = objects.find(*boards)
        arrays = [*columns, *objects.count(*boards), objects.label(*boards)]
        assert {type(array) for array in arrays} == {type(given[0])}
        padded = census.pad(objects.find(*boards), 5)
        assert {type(array) for array in padded.values()} == {type(given[0])}
        results.append(([automaton.back(array, which) for array in (*arrays, *padded.values())], apgcodes))
    assert results[0][1] == results[1][1]
    for found, wanted in zip(results[1][0], results[0][0], strict=True):
        assert np.array_equal(found, wanted)


@pytest.mark.parametrize("place", DEVICES)
def test_ash_is_made_on_the_device(place):
    source = registry.source_class("ca-ash").build(registry.source_class("ca-ash").tiny)
    with on(place, *source.kernels) as backend:
        loaded = source.load(backend)
        numbers = loaded.row_numbers(range(3))
        assert type(numbers) is not np.ndarray
        assert {type(array) for array in source.rows(1, range(20), loaded).values()} == {type(numbers)}
        assert {type(array) for array in source.generate(1, range(20), backend=backend).values()} == {np.ndarray}


@pytest.mark.parametrize("place", COMPILED)
def test_a_batch_becomes_tensors(place):
    """Of the same bits."""
    torch = pytest.importorskip("torch")
    source = registry.source_class("ca-ash").build(registry.source_class("ca-ash").tiny)
    with on(place, *source.kernels) as backend:
        for rows in (range(5), range(0)):
            arrays = source.generate(1, rows, backend=backend)
            tensors = source.generate(1, rows, backend=backend, to="torch")
            for key, values in arrays.items():
                assert tensors[key].device.type == ("cuda" if place == "cuda" else "cpu")
                assert np.array_equal(tensors[key].cpu().numpy().view(values.dtype), values)
                assert tensors[key].dtype not in (torch.uint16, torch.uint32, torch.uint64), key


def test_tensors_share_the_memory_of_the_batch():
    pytest.importorskip("torch")
    for place in (place for place in COMPILED if place != "cuda"):
        with on(place) as backend:
            loaded = Kernels.load((), backend)
            numbers = loaded.row_numbers(range(4))
            loaded.to_torch(numbers)[0] = -1
            assert int(numbers[0]) == 2**64 - 1


def test_an_unknown_kind_of_arrays_is_refused():
    with pytest.raises(UnknownNameError, match="no kind of arrays 'tensor'"):
        registry.source("ca-ash").generate(0, range(1), to="tensor")


@pytest.mark.parametrize("place", DEVICES)
def test_lattices_stay_on_the_device(place):
    kernel = load(lattice.KERNEL, place)
    device = load(philox.KERNEL, place)
    demons = random_demons(0, 128, 6)
    for cells, run in ((demons, kernel.run_creutz), (random_cells(0, 9, 12), kernel.run)):
        for some in (cells, np.array([cells, cells]), np.empty((0, *cells.shape), np.uint8)):
            on_device = device.to_device(some, np.uint8)
            found, wanted = run(on_device, 5, every=2), run(some, 5, every=2)
            assert {type(array) for array in found} == {type(on_device)}
            assert {type(array) for array in wanted} == {np.ndarray}
            assert wanted.census.shape[:-2] == (*some.shape[:-2], 3)
            assert all(np.array_equal(device.back(a, some), b) for a, b in zip(found, wanted, strict=True))
            assert np.array_equal(device.back(on_device, some), some)


@pytest.mark.parametrize("place", COMPILED)
def test_no_rows_are_no_work(place):
    draws, automaton = load(philox.KERNEL, place), load(life.KERNEL, place)
    assert draws.bits(1, np.empty(0, np.uint64), 0, 8, 2**31).shape == (0, 8)
    assert draws.words(1, np.arange(3, dtype=np.uint64), 0, 0).shape == (3, 0)
    for boards, width in ((np.empty((0, 64, 8), np.uint8), 64), (np.empty((0, 9, 2), np.uint8), 9)):
        assert automaton.step(boards, width, RULES[0], 5).shape == boards.shape
        settled = automaton.settle(boards, width, RULES, np.empty(0, np.uint8), 100)
        assert [array.shape for array in settled] == [boards.shape, (0,), (0,)]


def test_where_a_device_is_required_its_lack_is_a_failure(monkeypatch):
    if probe("cuda") is None:
        pytest.skip("there is a device")
    for value, outcome in (("1", pytest.fail.Exception), ("0", pytest.skip.Exception)):
        monkeypatch.setenv("SIMKIT_REQUIRE_CUDA", value)
        with pytest.raises(outcome, match=probe("cuda").replace("(", r"\(")), on("cuda"):
            pass
