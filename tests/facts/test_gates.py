"""Circuits of two-input gates: proved on all neighbourhoods, and as small as they are known to be."""

from __future__ import annotations

import random

import pytest

from simkit.kernels.life import gates
from simkit.kernels.life.gates import Gates, compile_gates, prove
from simkit.kernels.life.rule import Rule
from simkit.kernels.life.search import AND, AND_NOT, OR, XOR, search, value_of

EXTREME = ["B/S", "B012345678/S012345678", "B0/S8", "B8/S", "B/S8", "B012345678/S", "B/S012345678"]


@pytest.mark.parametrize(
    ("text", "n_instructions"),
    [("B3/S23", 16.5), ("B36/S23", 15.5), ("B38/S23", 18.5), ("B3/S238", 18.5), ("B1357/S1357", 12.5)],
)
def test_sizes(text, n_instructions):
    """Of a vector, beside 5.5 for the sums of a row."""
    assert compile_gates(Rule.parse(text)).n_instructions == n_instructions
    assert gates.find_gates(Rule.parse(text)).n_instructions == n_instructions


@pytest.mark.parametrize("text", EXTREME)
def test_extreme_rules_are_proved(text):
    prove(compile_gates(Rule.parse(text)), Rule.parse(text))


def test_rules_at_random_are_proved_and_small():
    choice = random.Random(5)
    for _ in range(4):
        rule = Rule(choice.getrandbits(9), choice.getrandbits(9))
        prove(compile_gates(rule), rule)
        assert len(compile_gates(rule).gates) <= 9


@pytest.mark.slow
def test_many_rules_at_random_are_proved_and_small():
    choice = random.Random(6)
    for _ in range(24):
        rule = Rule(choice.getrandbits(9), choice.getrandbits(9))
        prove(compile_gates(rule), rule)
        assert len(compile_gates(rule).gates) <= 9


@pytest.mark.parametrize("text", ["B3/S23", "B0157/S0458", "B3678/S34678", "B/S", "B8/S"])
def test_a_search_that_finds_nothing_still_leaves_a_circuit(monkeypatch, text):
    """Functions are cut in two, at most down to single points."""

    def small(target, care, inputs, n_signals):
        return search(target, care, inputs, n_signals) if care.bit_count() <= 4 else None

    monkeypatch.setattr(gates, "search", small)
    rule = Rule.parse(text)
    prove(gates.find_gates(rule), rule)


def test_a_wrong_gate_is_refused():
    rule = Rule.parse("B3/S23")
    found = compile_gates(rule)
    for at, (operation, x, y) in enumerate(found.gates):
        for other in {AND, OR, XOR, AND_NOT} - {operation}:
            wrong = Gates((*found.gates[:at], (other, x, y), *found.gates[at + 1 :]), found.last)
            with pytest.raises(RuntimeError, match="wrong at neighbourhood"):
                prove(wrong, rule)


def test_a_circuit_is_not_another_rule():
    with pytest.raises(RuntimeError, match="wrong at neighbourhood"):
        prove(compile_gates(Rule.parse("B3/S23")), Rule.parse("B3/S238"))


def test_the_search_finds_least_circuits_of_three_inputs():
    """All 128 functions that are off where all inputs are, beside a search through all circuits of up to four gates."""
    inputs = (0b10101010, 0b11001100, 0b11110000)
    least = {}
    circuits = [inputs]
    for n_gates in range(1, 5):
        longer = set()
        for signals in circuits:
            for x in signals:
                for y in signals:
                    for operation in (AND, OR, XOR, AND_NOT):
                        value = value_of(operation, x, y, 0xFF)
                        least.setdefault(value, n_gates)
                        if value not in signals:
                            longer.add(tuple(sorted((*signals, value))))
        circuits = list(longer) if n_gates < 4 else []
    assert len(least) == 128
    for value, n_gates in least.items():
        if value not in inputs:
            assert len(search(value, 0xFF, inputs, 3)) == n_gates, bin(value)
