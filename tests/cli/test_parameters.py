"""Any value of any parameter of any source makes a source, or is refused in one short line, from Python and from the command line."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from simkit_cli.commands.sources.catalogue import plain
from simkit_cli.main import main
from simkit_cli.options import Assignment

from simkit import contract, registry
from simkit.contract import MAX_VALUES, Source, documented
from simkit.errors import SimkitError

#: characters of a message at most: less than the bound of all, since one value is all that it shows
MOST = 400

PARAMETERS = [
    (name, parameter) for name in registry.sources() for parameter, *_ in documented(registry.source_class(name))
]

LISTS = [
    (name, parameter, kind)
    for name in registry.sources()
    for parameter, kind, *_ in documented(registry.source_class(name))
    if kind.endswith(", ...]")
]

NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.sampled_from([0, 1, 2, 8, 16, 128, -(2**63), 2**63 - 1, 2**63, 1e-3, 1e-300, 5e-324, 1e300]),
    st.sampled_from([1, -1]).map(lambda sign: sign * 10**5000),  # not as it is: Hypothesis could not show it
    st.fractions(),
)

#: numbers as people and fuzzers write them: exponents and digits beyond what anything holds too
WRITTEN = st.one_of(
    NUMBERS.filter(lambda number: not isinstance(number, int) or abs(number) < 10**4000).map(str),
    st.builds(lambda digits, sign, exponent: f"{sign}{digits}e{exponent}", st.integers(0, 10**30), st.sampled_from(["", "-"]),
              st.integers(-(10**20), 10**20)),
    st.sampled_from(["1e1000000", "-1e1000000", "1e-1000000", "9" * 5000, "0." + "1" * 5000, "nan", "-inf", "sNaN", "0x10", ""]),
    st.text(st.characters(exclude_categories=()), max_size=30),
)  # fmt: skip

TEXTS = st.one_of(WRITTEN, st.lists(WRITTEN, max_size=4).map(",".join), st.lists(WRITTEN, max_size=3).map("x".join))

VALUES = st.one_of(
    NUMBERS,
    TEXTS,
    st.lists(NUMBERS, max_size=3),
    st.lists(TEXTS, max_size=3).map(tuple),
    st.recursive(st.none() | st.booleans() | st.binary(max_size=9), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)),
    st.sampled_from([np.zeros((2, 2)), np.float64("nan"), np.int16(8), np.str_("8"), object(), {1, 2}, 1j, int, Fraction(8)]),
)  # fmt: skip


def holds(make: Callable[[], Source]) -> str:
    """Make a source, or return the message that refuses it; fails on any other error and on a long message."""
    try:
        source = make()
    except SimkitError as error:
        message = str(error)
        assert message.isprintable()
        assert len(message) <= MOST, message
        return message
    assert source == registry.parse(source.spec())
    assert source.schema().row_nbytes > 0
    assert all(isinstance(note, str) for note in source.notes())
    return ""


def build(name: str, parameter: str, value: object) -> Source:
    cls = registry.source_class(name)
    return cls.build({**cls.tiny, parameter: value})


def check_values(name: str, parameter: str, value: object) -> None:
    holds(lambda: build(name, parameter, value))


def check_texts(name: str, parameter: str, text: str) -> None:
    """What Python refuses, the command refuses with the same line."""
    setting = Assignment().convert(f"{parameter}={text}", None, None)
    message = holds(lambda: build(name, *setting))
    if message:
        tiny = registry.source_class(name).tiny
        given_ = [f"--set={key}={text_of(key, value)}" for key, value in tiny.items() if key != parameter]
        line = ["generate", name, "--n", "1", "--out", "never", *given_, f"--set={parameter}={text}"]
        result = CliRunner().invoke(main, line, prog_name="simkit")
        assert (result.exit_code, result.stderr) == (1, f"simkit: {message}\n")
        assert not Path("never").exists()


def text_of(key: str, value: object) -> str:
    return ("x" if key == "size" else ",").join(map(str, value)) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
@given(value=VALUES, text=TEXTS)
@example(math.nan, "1e1000000")
@example([-math.inf], "9" * 5000)
@example([5e-324], "-1e300")
@example([-1e300], "\ud800")
@settings(max_examples=4)
def test_any_value_and_any_text(name: str, parameter: str, value: object, text: str) -> None:
    check_values(name, parameter, value)
    check_texts(name, parameter, text)


@pytest.mark.parametrize(("name", "parameter", "kind"), LISTS)
def test_long_lists_are_refused_before_a_value_is_read(
    monkeypatch: pytest.MonkeyPatch, name: str, parameter: str, kind: str
) -> None:
    value, n_read = ("B3/S23" if "str" in kind else 0.5), [0]
    for reader in ("_number", "_string"):
        read = getattr(contract, reader)

        def count(value: object, read: Callable[[object], object] = read) -> object:
            n_read[0] += 1
            return read(value)

        monkeypatch.setattr(contract, reader, count)
    for given_ in ([value] * (MAX_VALUES + 1), (value,) * 10**6, ",".join([str(value)] * (MAX_VALUES + 1))):
        n_read[0] = 0
        n = given_.count(",") + 1 if isinstance(given_, str) else len(given_)
        message = holds(lambda given_=given_: build(name, parameter, given_))
        assert message == f"{name}: parameter '{parameter}' takes a list of at most 1,000 values; this one has {n:,}"
        assert n_read[0] <= 40  # of the other parameters


def test_lists_may_be_as_long_as_is_said() -> None:
    source = registry.source("ising-q2r", fractions=[k / MAX_VALUES for k in range(MAX_VALUES)])
    assert registry.parse(source.spec()) == source


@pytest.mark.slow
@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
@given(value=VALUES, text=TEXTS)
@settings(max_examples=60)
def test_very_many_values_and_texts(name: str, parameter: str, value: object, text: str) -> None:
    check_values(name, parameter, value)
    check_texts(name, parameter, text)


@pytest.mark.parametrize("name", registry.sources())
def test_defaults_are_shown_as_they_are_set(name: str) -> None:
    """`simkit sources NAME` shows 0.66,0.74 and 128x128: what --set takes."""
    cls = registry.source_class(name)
    lists = {field: default for field, _, default, _ in documented(cls) if isinstance(default, tuple) and default}
    made = cls.build({field: plain(default) for field, default in lists.items()})
    assert all(getattr(made, field) == default for field, default in lists.items())
