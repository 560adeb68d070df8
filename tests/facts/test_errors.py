"""Messages: one line of bounded length, whatever value they show."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simkit
import simkit.errors
from simkit.errors import MAX_MESSAGE, MAX_SHOWN, SimkitError, UnknownNameError, one_line, show


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError("no text")


class Wordy:
    def __repr__(self) -> str:
        return "word\n" * 10**6


class Hollow:
    @property
    def shape(self) -> None:
        raise OSError("gone")


def nested(depth: int) -> list[object]:
    inner: list[object] = []
    for _ in range(depth):
        inner = [inner]
    return inner


VALUES = {
    "an integer": (12345, "12345"),
    "a long integer": (10**76, "1" + 76 * "0"),
    "a longer one": (10**10**6, "an integer of about 1,000,001 digits"),
    "a longer negative one": (-(10**5000), "a negative integer of about 5,001 digits"),
    "text": ("a  b", "'a  b'"),
    "long text": ("x" * 10**7, f"'{'x' * 40}'... (10,000,000 long)"),
    "lines": ("a\nb\x00\x1b[2J", r"'a\nb\x00\x1b[2J'"),
    "a lone surrogate": ("\ud800", r"'\ud800'"),
    "bytes": (b"\x00" * 10**7, "b'" + r"\x00"),
    "a float": (float("nan"), "nan"),
    "an array": (np.zeros((3, 10**6)), "an array of float64 with the shape (3, 1000000)"),
    "a scalar of NumPy": (np.float32(1.5), "np.float32(1.5)"),
    "a long list": ([0] * 10**6, "[0, 0, 0, 0, 0, 0, ...]"),
    "a list of long integers": ([10**5000], "[an integer of about 5,001 digits]"),
    "a table": ({"a": 10**5000}, "{'a': an integer of about 5,001 digits}"),
    "a deep list": (nested(10**5), "[[[[...]]]]"),
    "a long range": (range(10**5000), "range(0, an integer of about 5,001 digits)"),
    "a long fraction": (Fraction(10**5000), "an object of the class Fraction"),
    "no repr": (Mute(), "an object of the class Mute"),
    "a long repr": (Wordy(), "word word "),
    "attributes that raise": (Hollow(), "an object of the class Hollow"),
    "nothing": (None, "None"),
}


@pytest.mark.parametrize("name", VALUES)
def test_any_value_can_be_shown(name: str) -> None:
    value, beginning = VALUES[name]
    shown = show(value)
    assert shown.startswith(beginning)
    assert len(shown) <= MAX_SHOWN
    assert shown.isprintable()


@settings(max_examples=50, deadline=None)
@given(st.recursive(st.one_of(st.text(), st.binary(), st.integers(), st.floats(), st.none()), st.lists))
def test_short_values_are_shown_as_python_does(value: object) -> None:
    if isinstance(value, (str, int, float, type(None))) and len(repr(value)) < 60 and repr(value).isprintable():
        assert show(value) == repr(value)
    assert show(value).isprintable()
    assert len(show(value)) <= MAX_SHOWN


@given(st.text(st.characters(exclude_categories=()), max_size=20), st.sampled_from([1, 2, 300]))
@settings(max_examples=50, deadline=None)
def test_a_line_is_one_line_and_stays_what_it_is(text: str, times: int) -> None:
    line = one_line(text * times)
    assert line.isprintable()
    assert len(line) <= MAX_MESSAGE
    assert one_line(line) == line
    if len(text) <= MAX_MESSAGE and text.isprintable():
        assert one_line(text) == text.strip()


def test_both_ends_of_a_long_message_are_kept() -> None:
    line = one_line(f"asked for {'x' * 10**6}; write 20000")
    assert line.startswith("asked for xxx")
    assert line.endswith("xxx; write 20000")


def kinds(of: type[SimkitError] = SimkitError) -> list[type[SimkitError]]:
    return [
        of,
        *(kind for sub in of.__subclasses__() if sub.__module__ == simkit.errors.__name__ for kind in kinds(sub)),
    ]


@pytest.mark.parametrize("kind", kinds())
def test_every_error_says_one_line_of_bounded_length(kind: type[SimkitError]) -> None:
    error = kind("a\nb\r\x1b\udcff" + "x" * 10**6 + "; do this")
    assert str(error).startswith(r"a b \x1b\udcffxxx")
    assert str(error).endswith("; do this")
    assert len(str(error)) <= MAX_MESSAGE
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (kind, str(error))


@pytest.mark.parametrize("name", ["a near name", *VALUES])
def test_an_unknown_name_may_be_anything(name: str) -> None:
    asked = VALUES[name][0] if name in VALUES else "aple"
    names = ["apple", *(f"name-{i:03}" for i in range(500))]
    with pytest.raises(UnknownNameError) as caught:
        UnknownNameError.check("fruit", asked, names)
    assert str(caught.value).startswith("there is no fruit ")
    assert len(str(caught.value)) <= MAX_MESSAGE
    hint = "did you mean 'apple'?" if name == "a near name" else "name-022 and 477 more"
    assert str(caught.value).endswith(hint)
    assert UnknownNameError.check("fruit", "apple", names) is None


def test_a_name_that_simkit_has_not_is_told_with_what_comes_nearest() -> None:
    with pytest.raises(AttributeError, match=r"^simkit has no attribute 'opne'; did you mean 'open'\?$"):
        _ = simkit.opne
    assert not hasattr(simkit, "nothing_like_it")
    assert set(simkit.__all__) < set(dir(simkit))
    for name in (*simkit.__all__, "ising"):
        assert getattr(simkit, name) is not None


@pytest.mark.parametrize(
    ("names", "owner", "said"),
    [
        (["red", "blue"], "", "there is no colour 'zzz'; choose from blue, red"),
        (["red", "blue"], "a bag", "a bag has no colour 'zzz'; choose from blue, red"),
        (["red"], "", "there is no colour 'zzz'; the only one is red"),
        ([], "", "there is no colour 'zzz'; there are none"),
        ([], "a bag", "a bag has no colour 'zzz'; it has none"),
        (["zzzz", "red"], "a bag", "a bag has no colour 'zzz'; did you mean 'zzzz'?"),
    ],
)
def test_an_unknown_name_is_told_in_a_sentence(names: list[str], owner: str, said: str) -> None:
    assert str(UnknownNameError.of("colour", "zzz", names, owner)) == said
