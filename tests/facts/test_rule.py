"""Rulestrings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkit.errors import RuleError
from simkit.kernels.life import Rule

MASKS = st.integers(0, 511)


@pytest.mark.parametrize(
    "text", ["B3/S23", "b3/s23", "b3s23", "B3S23", "23/3", "S23/B3", "B3/S32", "life", "Life", " b3/s23 "]
)
def test_notations_of_life(text):
    assert Rule.parse(text) == Rule(birth=1 << 3, survival=1 << 2 | 1 << 3)
    assert str(Rule.parse(text)) == "B3/S23"


@given(birth=MASKS, survival=MASKS)
def test_every_rule_is_read_back(birth, survival):
    rule = Rule(birth, survival)
    older = f"{str(rule).split('/S')[1]}/{str(rule)[1:].split('/')[0]}"
    assert Rule.parse(str(rule)) == rule
    assert Rule.parse(str(rule).lower()) == rule
    assert Rule.parse(older) == rule


@pytest.mark.parametrize(
    ("text", "position", "word"),
    [
        ("B9/S23", 1, "neighbour count"),
        ("B3/S2x3", 5, "neighbour count"),
        ("B3/S93", 4, "neighbour count"),
        ("29/3", 1, "neighbour count"),
        ("B33/S23", 2, "twice"),
        ("b3s", 3, "ends"),
        ("b3", 2, "not a rulestring"),
        ("", 0, "not a rulestring"),
        ("23//3", 3, "not a rulestring"),
        ("B3/S23:T128,128", 6, "neighbour count"),
        ("lief", 0, "not a rulestring"),
    ],
)
def test_a_bad_rulestring_shows_the_position(text, position, word):
    with pytest.raises(RuleError, match=word) as caught:
        Rule.parse(text)
    assert f"position {position}" in str(caught.value)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(("text", "strobes"), [("B3/S23", False), ("B03/S23", True), ("B0/S8", False)])
def test_strobing(text, strobes):
    assert Rule.parse(text).strobes is strobes
