"""Magic states: back to the picture exactly, and never with one packet changed; entropies that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from simkit.errors import LayoutError, ParameterError
from simkit.figures import ink
from simkit.kernels.lattice import layout, states
from simkit.kernels.lattice.states import GAS
from simkit.lattices import ising, magic

CATALAN = 0.915965594177219


def test_the_entropy_of_the_ising_model():
    critical = math.log(2) / 2 + 2 * CATALAN / math.pi - ising.CRITICAL_BETA / math.sqrt(2)
    found = ising.entropy(np.array([0.0, (1 - 1 / math.sqrt(2)) / 2, 0.5, 1.0]))
    assert found == pytest.approx([0, critical, math.log(2), 0], abs=1e-6)
    for beta in (0.3, 0.7, 1.1):  # dS/dU = beta, U being twice the fraction
        fraction, step = ising.unsatisfied(beta), 1e-4
        low, high = ising.entropy(np.array([fraction - step, fraction + step]))
        assert (high - low) / (4 * step) == pytest.approx(beta, rel=2e-3)


def test_the_entropy_of_boards_that_are_known():
    gas = layout.fill(np.full((16, 24), GAS, np.uint8), 1)
    assert magic.entropy(gas) == pytest.approx(6 * math.log(math.comb(256, 64)))
    full = layout.fill(np.full((16, 24), GAS, np.uint8), 15)
    assert magic.entropy(full) == pytest.approx(0, abs=1e-9)
    spins = np.full((16, 16), states.ISING, np.uint8)
    assert magic.entropy(layout.fill(spins)) == pytest.approx(0, abs=1e-4)
    stripes = np.repeat(np.arange(16) % 2, 16).reshape(16, 16).astype(np.uint8)
    assert magic.entropy(layout.fill(spins, 0, stripes)) == pytest.approx(256 * math.log(2), rel=1e-5)
    interface = np.full((8, 8), states.FIRST[states.INTERFACE], np.uint8)  # all spins 0, no energy
    for state in (2, 4):  # a bond bit, a slot: one of 128 places
        held = interface.copy()
        held[3, 5] += state
        assert magic.entropy(held) - magic.entropy(interface) == pytest.approx(math.log(128))
    assert magic.entropy(layout.fill(np.full((13, 10), GAS, np.uint8), 1)) > 0  # coarse cells cut off at the sides


@pytest.mark.parametrize(("side", "backend"), [(128, "auto"), (64, "auto"), (64, "reference")])
def test_the_picture_comes_back_and_not_with_one_packet_changed(side, backend):
    start = layout.check(magic.draw(ink.of_text("ABC", side)))
    n_steps = 200 if backend == "reference" else 3000
    state = magic.conceal(start, n_steps, backend=backend)
    middle, back = magic.visit(state, [n_steps // 2, n_steps], backend=backend)
    assert np.array_equal(states.reverse(back), start)
    flipped = magic.flip_one(state)
    assert (flipped != state).sum() == 1
    assert abs(int(np.bitwise_count(states.G[flipped]).sum()) - int(np.bitwise_count(states.G[state]).sum())) == 1
    (other,) = magic.visit(flipped, [n_steps], backend=backend)
    if n_steps == 3000:
        assert magic.entropy(back) == magic.entropy(start) < 0.6 * magic.entropy(state)
        assert magic.entropy(middle) > 0.8 * magic.entropy(state)
        assert magic.entropy(other) > 0.97 * magic.entropy(state)
        assert (other != back).mean() > 0.3


def test_moments_are_dense_at_the_picture():
    for n_steps in (1, 2, 100, 20_000):
        times = magic.moments(n_steps)
        assert (times[0], times[-1]) == (0, 2 * n_steps)
        assert {n_steps - 1, n_steps, n_steps + 1} <= set(times)
        assert times == sorted(set(times))


def test_sides_that_are_refused():
    for shape in ((64, 96), (72, 72), (32, 32)):
        with pytest.raises(ParameterError, match="a side of 64 to 1024 cells that is a multiple of 32; this is"):
            magic.draw(np.zeros(shape, bool))


@pytest.mark.parametrize(
    "strange", [None, 2.5, "x", [], np.zeros((64, 64)), np.full((8, 8), 99, np.uint8), np.zeros((0, 0), np.uint8)]
)
def test_what_is_no_picture_and_no_cells_is_refused_in_one_line(strange):
    for taker in (magic.balance, magic.draw):
        with pytest.raises(ParameterError, match="a magic state is of a square of bool"):
            taker(strange)
    takers = (
        lambda cells: magic.conceal(cells, 1),
        lambda cells: list(magic.visit(cells, [1])),
        lambda cells: magic.demonstrate(cells, 1, 1),
        *(magic.flip_one, magic.entropy),
    )
    for taker in takers:
        with pytest.raises(LayoutError, match="a layout is uint8 of shape|the states of cells are 0 to 53"):
            taker(strange)


def test_times_and_numbers_that_are_none_are_refused():
    cells = layout.fill(np.full((8, 8), states.ISING, np.uint8))
    with pytest.raises(LayoutError, match="no gas among these cells"):
        magic.flip_one(cells)
    for times in ([2, 1], [-1], [2.5], [math.nan], [2 * magic.MAX_STEPS + 1]):
        with pytest.raises(ParameterError, match="a time that follows"):
            list(magic.visit(cells, times, backend="reference"))
    for strange in (math.nan, math.inf, -1, 2.5, "x", True, 10**40):
        with pytest.raises(ParameterError, match="the number of steps is a whole number from 0 to 10,000,000"):
            magic.moments(strange)
        with pytest.raises(ParameterError, match="the number of moments is a whole number from 1 to 10,000"):
            magic.moments(4, strange)


@pytest.mark.parametrize("text", ["A", "MAGIC", "two\\nlines", "a rather long line of text", "W" * 20, "é ß"])
def test_texts_fit_and_half_is_ink(text):
    found = ink.of_text(text, 256)
    assert found.shape == (256, 256)
    assert 0.45 < found.mean() < 0.65
    assert not np.array_equal(found, ink.of_text(text + "x", 256))


@pytest.mark.parametrize("text", ["", "  ", "x" * 201])
def test_texts_that_are_refused(text):
    with pytest.raises(ParameterError, match="a text has 1 to 200 characters"):
        ink.of_text(text, 128)


def test_a_text_that_cannot_be_set_is_refused():
    with pytest.raises(ParameterError, match="does not fit on 64x64 cells"):
        ink.of_text("W" * 100, 64)


def test_pictures_are_thresholded_and_fitted(tmp_path):
    """Dark is ink at any brightness; transparent is paper; proportions are kept."""
    tones = np.full((40, 80), 200, np.uint8)
    tones[10:30, 20:60] = 120  # between the two, so that a threshold of 128 alone would do
    Image.fromarray(tones + 50).save(tmp_path / "bright.png")
    found = ink.of_picture(tmp_path / "bright.png", 160)
    expected = np.zeros((160, 160), bool)
    expected[60:100, 40:120] = True
    assert (found != expected).mean() < 0.01
    Image.fromarray(np.dstack([np.zeros((8, 8, 3), np.uint8), np.eye(8, dtype=np.uint8) * 255])).save(
        tmp_path / "a.png"
    )
    assert ink.of_picture(tmp_path / "a.png", 64).mean() == pytest.approx(1 / 8, abs=0.03)
    Image.fromarray(np.eye(8, dtype=bool)).save(tmp_path / "bits.png")
    assert ink.of_picture(tmp_path / "bits.png", 64).mean() == pytest.approx(7 / 8, abs=0.03)


@pytest.mark.parametrize("share", [0, 0.05, 0.3, 0.5, 0.7, 0.95, 1])
def test_balanced_pictures_have_ink_on_half_of_the_gas(share):
    found = np.random.default_rng(0).random((128, 128)) < share
    balanced = magic.balance(found)
    assert 0.35 < balanced[:, 32:96].mean() < 0.65
    changed = balanced ^ found
    assert not changed.any() or np.array_equal(np.flatnonzero(changed.all(axis=1)), np.arange(32, 96))
    assert changed.sum() in (0, 64 * 128)


def test_pictures_that_are_refused(tmp_path):
    Image.new("L", (9, 9), 7).save(tmp_path / "even.png")
    (tmp_path / "text.png").write_text("no picture")
    Image.new("L", (9, 9)).save(tmp_path / "other.png", "GIF")
    for name, message in (
        ("even.png", "has one tone only"),
        ("text.png", "it is not a PNG picture"),
        ("other.png", "it is not a PNG picture"),
        ("none.png", "there is no such file"),
        ("", "it is not a PNG picture"),
    ):
        with pytest.raises(ParameterError, match=message):
            ink.of_picture(tmp_path / name, 64)


def test_of_gas_cells_equally_near_to_the_middle_the_first_is_changed():
    kinds = np.full((8, 8), states.ISING, np.uint8)
    for y, x in ((3, 4), (4, 3), (4, 5), (5, 4), (0, 0)):  # all but the last one step from (4, 4)
        kinds[y, x] = states.GAS
    cells = layout.fill(kinds, 5, 0)
    assert np.argwhere(magic.flip_one(cells) != cells).tolist() == [[3, 4]]
