"""Every backend of the kernel `raster` against its reference, on pictures drawn at random."""

from __future__ import annotations

from itertools import combinations
from math import comb
from types import ModuleType

import numpy as np
import pytest
from agreement import agree
from hypothesis import given, settings
from hypothesis import strategies as st
from where import COMPILED, load, run_as

from simkit.kernels import raster
from simkit.kernels.cases import Call
from simkit.kernels.raster import cases

SEEDS = st.integers(0, 2**32 - 1)
SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 70))


@pytest.fixture(scope="module", params=COMPILED)
def compiled(request: pytest.FixtureRequest) -> ModuleType:
    return load(raster.KERNEL, request.param)


@pytest.fixture(scope="module", params=(*COMPILED, "reference"))
def kernel(request: pytest.FixtureRequest) -> ModuleType:
    return load(raster.KERNEL, request.param)


@given(n=st.integers(0, 5), n_discs=st.integers(0, 7), seed=SEEDS, shape=SHAPES, edge=st.sampled_from([0, 0.3, 1, 7]))
@settings(max_examples=30)
def test_discs(compiled, n, n_discs, seed, shape, edge):
    agree(raster.KERNEL, compiled, lambda: cases.discs(n, n_discs, seed, shape, edge=edge))


@given(n=st.integers(0, 99), size=st.integers(0, raster.MAX_SUBSET), seed=SEEDS)
@settings(max_examples=30)
def test_subsets(compiled, n, size, seed):
    agree(raster.KERNEL, compiled, lambda: cases.subsets(n, size, seed))


@given(n=st.integers(0, 5), n_channels=st.integers(1, 4), seed=SEEDS, shape=SHAPES)
@settings(max_examples=30)
def test_lines(compiled, n, n_channels, seed, shape):
    agree(raster.KERNEL, compiled, lambda: cases.lines(n, n_channels, seed, shape))


@given(n=st.integers(0, 5), side=st.integers(1, 20), seed=SEEDS, shape=SHAPES)
@settings(max_examples=50)
def test_tiles(compiled, n, side, seed, shape):
    agree(raster.KERNEL, compiled, lambda: cases.tiles(n, side, seed, shape))


@given(n=st.integers(0, 5), n_sprites=st.integers(0, 7), seed=SEEDS, shape=SHAPES)
@settings(max_examples=30)
def test_sprites(compiled, n, n_sprites, seed, shape):
    agree(raster.KERNEL, compiled, lambda: cases.sprites(n, n_sprites, seed, shape))


@given(n=st.integers(0, 5), n_segments=st.integers(0, 40), n_channels=st.integers(1, 3), seed=SEEDS, shape=SHAPES)
@settings(max_examples=50)
def test_strokes(compiled, n, n_segments, n_channels, seed, shape):
    agree(raster.KERNEL, compiled, lambda: cases.strokes(n, n_segments, seed, n_channels, shape))


CALLS = {
    "discs": lambda: cases.discs(9, 6, 1),
    "lines": lambda: cases.lines(9, 2, 1),
    "tiles": lambda: cases.tiles(9, 5, 1),
    "sprites": lambda: cases.sprites(9, 6, 1),
    "strokes": lambda: cases.strokes(9, 20, 1),
}


@pytest.mark.parametrize("name", CALLS)
def test_pictures_are_painted_in_place_and_by_themselves(kernel, name):
    """What is returned is what was given, and nothing beside a picture changes, whatever is in its company."""
    call = CALLS[name]()
    images = call.arguments[0]
    assert call.of(kernel) is images
    part = slice(2, 5)
    apart = tuple(
        a[part] if isinstance(a, np.ndarray) and len(a) == len(images) else a for a in CALLS[name]().arguments
    )
    around = np.full((5, *images.shape[1:]), 77, np.uint8)
    around[1:4] = apart[0]
    Call(name, (around[1:4], *apart[1:])).of(kernel)
    assert np.array_equal(around[1:4], images[part])
    assert np.array_equal(around[[0, 4]], np.full_like(around[[0, 4]], 77))


def test_the_area_of_a_disc(kernel):
    """What an anti-aliased disc covers is its area, to 0.3 % of it wherever its middle is; a hard one is nearly so."""
    centres = np.random.default_rng(1).uniform(15, 17, (200, 1, 2))
    colours = np.array([[255]], np.uint8)
    for edge, error in (1, 0.003), (0, 0.03):
        images = kernel.discs(np.zeros((200, 1, 32, 32), np.uint8), centres, np.array([10.0]), colours, edge)
        areas = images.sum(axis=(1, 2, 3)) / 255
        assert abs(areas / (100 * np.pi) - 1).max() < error


def test_the_area_of_a_stroke(kernel):
    """That of a rectangle and half a disc at either end, to 1 % wherever it lies and however it is turned."""
    random = np.random.default_rng(2)
    start, angle = random.uniform(14, 18, (200, 2)), random.uniform(0, 2 * np.pi, 200)
    ends = start + 9 * np.column_stack((np.cos(angle), np.sin(angle)))
    segments = np.concatenate((start, ends), axis=1).astype(np.float32)[:, None]
    halves, white = np.full((200, 1), 2.5, np.float32), np.full((200, 1), 255, np.uint8)
    images = kernel.strokes(np.zeros((200, 1, 32, 32), np.uint8), segments, halves, white)
    areas = images.sum(axis=(1, 2, 3)) / 255
    assert abs(areas / (9 * 5 + np.pi * 2.5**2) - 1).max() < 0.01


def test_a_stroke_in_pieces_is_the_stroke(kernel):
    """Pieces meet without a seam: what overlaps is no brighter. A point is a disc, and what is not there paints nothing."""
    whole = np.array([[[3, 4, 15, 13]]], np.float32)
    middle = np.array([7, 7], np.float32)
    pieces = np.array([[[3, 4, *middle], [*middle, 15, 13], [*middle, *middle], [np.nan] * 4]], np.float32)
    white, empty = np.array([[255]], np.uint8), np.zeros((1, 1, 18, 19), np.uint8)
    one = kernel.strokes(empty.copy(), whole, np.full((1, 1), 1.75, np.float32), white)
    same = kernel.strokes(empty.copy(), pieces, np.full((1, 4), 1.75, np.float32), white)
    assert abs(one.astype(int) - same).max() <= 1  # of rounding
    point = kernel.strokes(empty.copy(), pieces[:, 2:3], np.full((1, 1), 3, np.float32), white)
    disc = kernel.discs(empty.copy(), np.full((1, 1, 2), 7.0), np.array([3.0]), white, 1)
    assert np.array_equal(point, disc)
    assert not kernel.strokes(empty.copy(), pieces[:, 3:], np.full((1, 1), 3, np.float32), white).any()


def test_a_disc_hides_what_is_under_it(kernel):
    """Of two opaque discs on the same place the later one is seen; half an opacity is the mean, rounded to the nearest."""
    centres, radii = np.full((1, 2, 2), 4.5), np.array([3.0, 3.0])
    colours = np.array([[10, 200], [250, 0]], np.uint8)
    images = kernel.discs(np.zeros((1, 2, 9, 9), np.uint8), centres, radii, colours, 0)
    assert images[0, :, 4, 4].tolist() == [250, 0]
    assert images[0, :, 4, 7].tolist() == [250, 0]  # at the very radius
    assert images[0, :, 4, 8].tolist() == [0, 0]
    soft = kernel.discs(np.full((1, 1, 9, 9), 255, np.uint8), centres[:, :1], radii[:1], np.zeros((1, 1), np.uint8), 1)
    assert soft[0, 0, 4, 7] == 127  # 255 (1 - 128/255)


def test_subsets_are_all_there_once_in_their_order(kernel):
    for count in range(8):
        wanted = sorted(combinations(range(7), count), key=lambda subset: subset[::-1])
        n = comb(7, count)
        found = kernel.subsets(np.full(n, count), np.arange(n), 7)
        assert [tuple(np.flatnonzero(row).tolist()) for row in found] == wanted


def test_a_sprite_of_full_opacity_is_copied(kernel):
    atlas = np.arange(2 * 3 * 5, dtype=np.uint8).reshape(1, 2, 3, 5)
    atlas[:, 1] = 255
    images = kernel.sprites(
        np.full((1, 1, 7, 8), 200, np.uint8), np.array([[0, -1]], np.int32), np.full((1, 2, 2), 2, np.int32), atlas
    )
    assert np.array_equal(images[0, 0, 2:5, 2:7], atlas[0, 0])
    assert (images == 200).sum() == 56 - 15


def test_tiles_before_and_behind_the_map(kernel):
    """Pixels of the map are where offsets say, and tile 0 is all around, on the side of negative numbers too."""
    maps, atlas = np.array([[[1]]], np.uint8), np.array([[[[7]]], [[[9]]]], np.uint8).repeat(2, 2).repeat(2, 3)
    images = kernel.tiles(np.zeros((1, 1, 6, 7), np.uint8), maps, np.array([[-3, -1]], np.int32), atlas)
    wanted = np.full((6, 7), 7)
    wanted[1:3, 3:5] = 9
    assert np.array_equal(images[0, 0], wanted)


_BITS = """
from simkit.kernels.raster import cases, cpu, reference
import numpy as np
for make in cases.CASES.values():
    assert np.array_equal(make().of(cpu), make().of(reference))
print("equal")
"""


@pytest.mark.slow
def test_without_avx512_the_bits_are_the_same():
    """On a processor with vectors of 256 bits and fused multiply-adds, which must not be used."""
    assert run_as("avx2", "-c", _BITS).strip() == "equal"
