"""Codes of neighbourhoods that are known, and what they stand for."""

from __future__ import annotations

import numpy as np
import pytest

from simkit.kernels.neighbourhoods import KERNEL, PADDINGS, PLACES, n_codes
from simkit.kernels.neighbourhoods.patterns import patches

CELLS = np.array(
    [
        [1, 0, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
    ]
)


@pytest.fixture(scope="module", params=["cpu", "reference"])
def codes(request):
    backend = KERNEL.load(request.param)
    return lambda cells, padding: backend.codes(np.packbits(cells[None], -1, "little"), cells.shape[1], padding)[0]


def test_codes_by_hand(codes):
    """Of (1, 1): 1 above left is bit 0, 1 to the right is bit 5. Of (2, 2): above is bit 1, to the right bit 5."""
    ends = codes(CELLS.astype(np.uint8), "zeros")
    assert ends[1, 1] == 1 + 32
    assert ends[2, 2] == 2 + 32 + 512 * PLACES.index("bottom")
    assert ends[0, 0] == 16 + 512 * PLACES.index("top left")
    assert (ends // 512).tolist() == [[1, 2, 2, 3], [4, 0, 0, 5], [6, 7, 7, 8]]
    torus = codes(CELLS.astype(np.uint8), "circular")
    assert torus[1, 1] == 1 + 32
    assert torus[2, 2] == 2 + 32
    # of the last column and row: what is to the right is column 0, and what is below is row 0
    assert torus[2, 3] == 1 + 16 + 256
    assert torus[0, 0] == 16 + 1  # above it and to the left is (2, 3)


def test_on_a_torus_of_one_cell_all_neighbours_are_it(codes):
    assert codes(np.ones((1, 1), np.uint8), "circular").tolist() == [[511]]


def test_live_neighbours_and_the_cell_give_the_next_generation(codes):
    """A glider, after four generations of B3/S23 by its codes alone, is one cell further down and right."""
    alive = np.array([bin(code & ~16).count("1") for code in range(512)])
    rule = (alive == 3) | (alive == 2) & (np.arange(512) & 16 > 0)
    glider = np.zeros((7, 9), np.uint8)
    glider[[0, 1, 2, 2, 2], [1, 2, 0, 1, 2]] = 1
    cells = glider
    for _ in range(4):
        cells = rule[codes(cells, "circular")].astype(np.uint8)
    assert np.array_equal(cells, np.roll(glider, (1, 1), (0, 1)))


@pytest.mark.parametrize("padding", PADDINGS)
def test_a_convolution_of_planes_is_a_look_up(codes, padding):
    """Of whole numbers, so that both are exact: the planes dead and alive, padded as networks pad them."""
    random = np.random.default_rng(3)
    cells = (random.random((12, 13)) < 0.5).astype(np.uint8)
    weights = random.integers(-9, 10, (2, 3, 3))
    planes = np.pad(
        np.stack((1 - cells, cells)), ((0, 0), (1, 1), (1, 1)), {"zeros": "constant", "circular": "wrap"}[padding]
    )
    wanted = sum(
        weights[c, y, x] * planes[c, y : y + 12, x : x + 13].astype(int)
        for c in range(2)
        for y in range(3)
        for x in range(3)
    )
    table = np.tensordot(patches(padding), weights, 3)
    assert table.shape == (n_codes(padding),)
    assert np.array_equal(table[codes(cells, padding)], wanted)


def test_patches_are_one_channel_a_cell_but_beside_the_board():
    n_cells = patches("zeros").sum(axis=(1, 2, 3)).reshape(9, 512)
    assert n_cells.min(axis=1).tolist() == n_cells.max(axis=1).tolist() == [9, 4, 6, 4, 6, 6, 4, 6, 4]
    torus = patches("circular")
    assert (torus.dtype, torus.shape) == (np.float32, (512, 2, 3, 3))
    assert (torus.sum(axis=1) == 1).all()
    assert np.array_equal(torus, patches("zeros")[:512])
