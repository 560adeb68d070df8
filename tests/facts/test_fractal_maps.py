"""Planar quadratic maps as text, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from simkit.errors import ParameterError
from simkit.fractals import maps


def test_a_map_is_read_as_it_was_written():
    draw = np.random.default_rng(1)
    for _ in range(50):
        whole = draw.normal(size=(2, 6)) * 10.0 ** draw.integers(-30, 30)
        assert np.array_equal(maps.parse(maps.text(whole)), whole)
        whole[:, 0] = 0
        assert maps.text(whole).count(",") == 9
        assert np.array_equal(maps.parse(maps.text(whole)), whole)


def test_the_order_of_the_numbers():
    assert np.array_equal(maps.parse("1,2,3,4,5,6, 7,8,9,10,11,12"), np.arange(1, 13).reshape(2, 6))
    assert np.array_equal(maps.parse("1,2,3,4,5,6,7,8,9,1e1"), [[0, 1, 2, 3, 4, 5], [0, 6, 7, 8, 9, 10]])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "this is nothing"),
        ("1,2,3", "12 numbers with commas between them, or 10 without the constants; this is 3 numbers"),
        ("1,2,3,4,5,6,7,8,9,10,11", "this is 11 numbers"),
        ("1,2,3,4,5,6,7,8,9,x", "number 10 of the map is no number: 'x'"),
        ("1,2,3,4,5,6,7,8,9,", "number 10 of the map is no number: ''"),
        ("1,2,nan,4,5,6,7,8,9,0", "number 3 of the map is 'nan'; coefficients are finite"),
        ("1,2,3,4,5,6,7,8,9,1e999", "number 10 of the map is '1e999'; coefficients are finite"),
    ],
)
def test_what_is_no_map_is_refused_in_one_line(text, said):
    with pytest.raises(ParameterError) as error:
        maps.parse(text)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((6, 2)), "this has (6, 2)"),
        (np.zeros(12), "this has (12,)"),
        ([[[0, 0, 0, 0, 0, 0]] * 2, [[0, 0, 0, 0, 0, 0], [0, 0, np.inf, 0, 0, 0]]], "that of y in y' of map 1 is inf"),
        ("a map", "this is 'a map'"),
        ([[1, 2], [3]], "this is [[1, 2], [3]]"),
    ],
)
def test_arrays_that_are_no_maps_are_refused(array, said):
    with pytest.raises(ParameterError) as error:
        maps.check(array)
    assert said in str(error.value)


def test_julia_maps_are_complex_polynomials():
    draw = np.random.default_rng(2)
    for multiplier, z in draw.normal(size=(20, 2, 2)).view(complex)[..., 0]:
        image = maps.apply(maps.julia(multiplier), np.array([z.real, z.imag]))
        assert complex(*image) == pytest.approx(z * z + multiplier * z, abs=1e-14)
