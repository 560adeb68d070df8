"""Truths about RLE, and everything that is found in files in the wild."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from simkit.errors import PatternError
from simkit.interchange import rle
from simkit.kernels.life import Rule

LIFE = Rule.parse("B3/S23")
GLIDER = ["010", "001", "111"]

boards = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=90), elements=st.integers(0, 1))
sparse = arrays(np.uint8, (40, 300), elements=st.integers(0, 1), fill=st.just(0))
words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)


def cells(rows: list[str]) -> np.ndarray:
    return np.array([[int(cell) for cell in row] for row in rows], np.uint8)


@given(boards | sparse, st.integers(0, 511), st.integers(0, 511), st.booleans(), st.lists(st.lists(words, min_size=1)))
def test_what_is_written_is_read(board, birth, survival, torus, comments):
    rule = Rule(birth, survival)
    texts = [" ".join(comment) for comment in comments]
    text = rle.write(board, rule, torus=torus, comments=texts)
    found = rle.read(text)
    assert np.array_equal(found.cells, board)
    assert np.array_equal(found.board(), board)
    assert found.rule == rule
    assert found.torus == (board.shape if torus else None)
    assert " ".join(found.comments) == " ".join(texts)
    assert max(map(len, text.splitlines())) <= rle.LINE
    assert np.array_equal(rle.read(text.replace("\n", "\r\n")).cells, board)


@given(
    st.sampled_from(
        ["", "x = 3, y = 3\n", "x = ", "x = 9, y = 9, rule = ", "x = 9, y = 9, rule = B3/S23:", "#CXRLE Pos="]
    ),
    st.text(st.sampled_from("bo$!.A0123456789 \n\txyrule=:,/BST#CRP-") | st.characters(), max_size=60),
)
def test_any_text_is_read_or_refused_in_one_line(start, text):
    message = ""
    try:
        rle.read(start + text)
    except PatternError as error:
        message = str(error)
    assert len(message.splitlines()) <= 1


def test_a_glider_is_written_as_everyone_writes_it():
    text = rle.write(cells(GLIDER), LIFE, torus=False)
    assert text == "x = 3, y = 3, rule = B3/S23\nbo$2bo$3o!\n"
    text = rle.write(np.pad(cells(GLIDER), ((2, 3), (1, 4))), LIFE, comments=["a glider", "", "it\nflies"])
    assert text == "#C a glider\n#C it\n#C flies\nx = 8, y = 8, rule = B3/S23:T8,8\n2$2bo$3bo$b3o!\n"


def test_sizes_are_width_then_height():
    text = rle.write(np.zeros((64, 128), np.uint8), LIFE)
    assert text == "x = 128, y = 64, rule = B3/S23:T128,64\n!\n"
    assert rle.read(text).torus == (64, 128)


@pytest.mark.parametrize(
    "text",
    [
        "bo$2bo$3o!",
        "x=3,y=3\nbo$2bo$3o!",
        "x = 3, y = 3, rule = B3/S23\nbo$2bo$3o!",
        "x = 3, y = 3, rule = b3s23\nbo$2bo$3o!",
        "x = 3, y = 3, rule = 23/3\nbo$2bo$3o!",
        "X = 3, Y = 3, RULE = S23/B3\n\nbo$2bo$3o!",
        "  x = 3 , y = 3 , rule = Life \nbo$2bo$3o!",
        "x = 3, y = 3 rule = B3/S23:t64,32\nbo$2bo$3o!",
        "#N Glider\n#O Richard K. Guy, 1969\n#C It flies.\n#c It does.\n#P -1 5\n#r 23/3\nx = 3, y = 3\nbo$2bo$3o!",
        "\ufeffx = 3, y = 3\r\nbo$\r\n2bo\r\n$3o!\r\n",
        "x = 3, y = 3\rbo$2bo$3o!",
        "x = 3, y = 3\n.A.$..A$3A!",
        "x = 3, y = 3\nb o b $ 2 b\n o $\t3o ! what follows: q 99 is text, www.conwaylife.com",
        "x = 3, y = 3\nbo$2\nbo$3o!",
        "x = 3, y = 3\nbob$\n#C between\n2bo$ooo$7b5$!",
        "x = 3, y = 3\n01bo$002bo$3o!",
    ],
)
def test_gliders_in_the_wild(text):
    found = rle.read(text)
    assert np.array_equal(found.cells, cells(GLIDER))
    assert found.rule in (None, LIFE)


def test_comments_are_kept_apart():
    found = rle.read("#N Glider\n#O R. K. Guy\n#C It flies.\n#r 23/3\n#C Southeast.\nx = 3, y = 3\nbo$2bo$3o!")
    assert (found.name, found.author, found.comments) == ("Glider", "R. K. Guy", ("It flies.", "Southeast."))
    assert (found.rule, found.torus, found.corner) == (LIFE, None, None)


def test_a_pattern_that_golly_cut_out_of_a_torus_goes_back_to_its_place():
    """Golly saves the smallest box, and where it was: (0, 0) is the middle of the torus."""
    board = np.zeros((8, 16), np.uint8)
    board[2:5, 9:12] = cells(GLIDER)
    found = rle.read("#CXRLE Pos=1,-2 Gen=20\nx = 3, y = 3, rule = B3/S23:T16,8\nbo$2bo$3o!")
    assert found.corner == (-2, 1)
    assert np.array_equal(found.board(), board)
    found = rle.read("x = 3, y = 3, rule = B3/S23:T16,8\nbo$2bo$3o!")
    assert np.array_equal(found.board(), np.roll(board, (-2, -9), (0, 1)))


def test_an_empty_torus_is_what_golly_writes_when_all_has_died():
    found = rle.read("x = 0, y = 0, rule = B2/S:T64,32\n!")
    assert found.cells.shape == (0, 0)
    assert np.array_equal(found.board(), np.zeros((32, 64), np.uint8))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no pattern"),
        ("\n \n#C nothing\n", "there is no pattern"),
        ("!", "there is no pattern"),
        ("x = 3, y = 3\nbo$2bo$3o", "line 2: the text ends without '!'"),
        ("x = 3, y = 3\n", "ends without '!'"),
        ("#C no\nx = 3, y = 3\nbo$2bq$3o!", "line 3, position 6: 'q' is a state beyond two"),
        ("boB!", "line 1, position 3: 'B' is a state beyond two"),
        ("bo*!", "line 1, position 3: '*' is none of the characters b o $ ! of RLE"),
        ("hello", "line 1, position 1: 'h' is none"),
        ("x = 3, y = 3\nbo$2b2o!", "line 2, position 6: live cells up to column 4; the header says x = 3"),
        ("x = 3, y = 2\nbo$2bo$\n3o!", "line 3, position 1: live cells in row 3; the header says y = 2"),
        ("x = 1000000000, y = 1000000000\no!", "the header says 1000000000 x 1000000000 cells; at most"),
        ("x = " + "9" * 5000 + ", y = 0\n!", "at most 67,108,864"),
        ("999999999o!", "line 1, position 1: a run of 999999999: runs are 1 to"),
        ("9" * 5000 + "o!", "a run of 9999"),
        ("60000000$60000000bo!", "the pattern has 60,000,001 x 60,000,001 cells; at most"),
        ("0o!", "a run of 0"),
        ("3!", "the count 3 has no character"),
        ("3\n2o!", "the count 3 at the end of the line before has no character"),
        ("x = 3\nbo!", "line 1, position 1: 'x = 3' is not a header; write one such as x = 3, y = 3, rule = B3/S23"),
        ("x = 3, y = -3\nbo!", "is not a header"),
        ("x = 3, y = 3, rule = B3/S23x\n!", "line 1: 'x' at position 6 of rulestring"),
        ("x = 3, y = 3, rule = 345/2/4\n!", "line 1: '345/2/4' is not a rulestring"),
        ("x = 3, y = 3, rule = B3/S23:P64,64\n!", "bounds 'P64,64' are not a torus such as T128,64"),
        ("x = 3, y = 3, rule = B3/S23:T0,64\n!", "are not a torus"),
        ("x = 3, y = 3, rule = B3/S23:T99999,99999\n!", "are not a torus"),
        ("x = 9, y = 3, rule = B3/S23:T8,8\n!", "9 x 3 cells do not fit on a torus of 8 x 8"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text, message):
    with pytest.raises(PatternError) as caught:
        rle.read(text)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 250
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "board", [np.zeros(3, np.uint8), np.full((2, 2), 2, np.uint8), np.zeros((2, 2)), np.zeros((0, 4), np.uint8)]
)
def test_only_boards_are_written(board):
    with pytest.raises(PatternError):
        rle.write(board, LIFE)
