"""Digits brought to the form of scikit-learn's: 8x8 counts of 0 to 16, as the makers of that set did with scanned ones.

They say: 32x32 bitmaps by the preprocessing of NIST's form-based handprint recognition, divided into blocks of 4x4, whose
pixels are counted. What that preprocessing does is in M. D. Garris et al., "NIST form-based handprint recognition
system", NISTIR 5469, 1994: a digit is cut out and brought to 20x32 pixels (a narrow one keeps its shape), lines are made
thicker or thinner until a quarter to three eighths of 32x32 pixels are ink, and rows are moved so that the leftmost ink of
the first row stands above that of the last.
"""

from __future__ import annotations

import numpy as np

SIDE, WIDTH, BLOCK = 32, 20, 4

#: room on both sides for what is moved
_ROOM = 10

#: pixels of ink, and steps of a line's width at most
_LEAST, _MOST, _STEPS = SIDE * SIDE // 4, SIDE * SIDE * 3 // 8, 6


def counts(images):
    """Return uint8 (image, 64), of uint8 pictures (image, y, x), bright on dark, with something on each."""
    ink = _moved(_weighed(_fitted(images >= 128)))
    blocks = ink[:, :, _ROOM : _ROOM + SIDE].reshape(-1, SIDE // BLOCK, BLOCK, SIDE // BLOCK, BLOCK)
    return blocks.sum(axis=(2, 4), dtype=np.uint8).reshape(len(images), -1)


def _fitted(ink):
    """Cut out and scale, to the nearest pixel: (image, 32, room + 32 + room)."""
    n, height, width = ink.shape

    def box(has_ink, length):
        first = has_ink.argmax(axis=1)
        return first, length - has_ink[:, ::-1].argmax(axis=1) - first

    (top, rows), (left, columns) = box(ink.any(axis=2), height), box(ink.any(axis=1), width)
    wide = np.clip(np.round(SIDE * columns / rows), 1, WIDTH).astype(int)
    y = top[:, None] + (2 * np.arange(SIDE) + 1) * rows[:, None] // (2 * SIDE)
    place = np.arange(SIDE + 2 * _ROOM) - (SIDE + 2 * _ROOM - wide[:, None]) // 2
    is_inside = (place >= 0) & (place < wide[:, None])
    x = left[:, None] + (2 * place + 1) * columns[:, None] // (2 * wide[:, None])
    found = ink[np.arange(n)[:, None, None], y[:, :, None], np.where(is_inside, x, 0)[:, None]]
    return found & is_inside[:, None]


def _weighed(ink):
    """Make lines thicker by a pixel where there is too little ink, and thinner where there is too much."""

    def near(some):
        padded = np.pad(some, ((0, 0), (1, 1), (1, 1)))
        return padded[:, :-2, 1:-1], padded[:, 2:, 1:-1], padded[:, 1:-1, :-2], padded[:, 1:-1, 2:]

    for _ in range(_STEPS):
        few = ink.sum(axis=(1, 2)) < _LEAST
        ink[few] = np.logical_or.reduce([ink[few], *near(ink[few])])
    for _ in range(_STEPS):
        many = ink.sum(axis=(1, 2)) > _MOST
        ink[many] = np.logical_and.reduce([ink[many], *near(ink[many])])
    return ink


def _moved(ink):
    """Move rows along x, those at the ends by as much as the leftmost ink of the first is from that of the last."""
    _, height, width = ink.shape
    rows = ink.any(axis=2)
    each = np.arange(len(ink))
    first, last = rows.argmax(axis=1), height - 1 - rows[:, ::-1].argmax(axis=1)
    slope = (ink[each, first].argmax(axis=1) - ink[each, last].argmax(axis=1)) / (height - 1)
    by = np.round(slope[:, None] * (np.arange(height) - (height - 1) / 2)).astype(int)
    return np.take_along_axis(ink, (np.arange(width) - by[:, :, None]) % width, axis=2)
