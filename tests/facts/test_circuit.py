"""Circuits of rules: proved on all 512 neighbourhoods, and as small as they are known to be."""

from __future__ import annotations

import random

import pytest

from simkit.kernels.life import circuit, gates
from simkit.kernels.life.circuit import Circuit, compile_rule, prove
from simkit.kernels.life.rule import Rule


@pytest.mark.parametrize(("text", "n_nodes"), [("B3/S23", 6), ("B36/S23", 7), ("B38/S23", 8), ("B1357/S1357", 6)])
def test_sizes(text, n_nodes):
    """With XOR3 and MAJ of each row: 8 nodes for Life, 9 for HighLife."""
    assert len(compile_rule(Rule.parse(text)).nodes) == n_nodes


@pytest.mark.parametrize("module", [circuit, gates], ids=["three inputs", "two inputs"])
@pytest.mark.parametrize("text", ["B3/S23", "B36/S23", "B38/S23", "B3/S238"])
def test_the_rules_of_the_study_do_not_wait_for_a_search_to_be_compiled(monkeypatch, module, text):
    def search(*_):
        pytest.fail("it searches")

    find, compiled = ("find_circuit", compile_rule) if module is circuit else ("find_gates", gates.compile_gates)
    monkeypatch.setattr(module, find, search)
    compiled.__wrapped__(Rule.parse(text))


@pytest.mark.parametrize("text", ["B38/S23", "B3/S238"])
def test_what_is_known_is_no_larger_than_what_the_search_finds(text):
    rule = Rule.parse(text)
    found = circuit.find_circuit(rule)
    prove(found, rule)
    assert len(compile_rule(rule).nodes) <= len(found.nodes)


@pytest.mark.slow
def test_rules_at_random_are_proved():
    choice = random.Random(4)
    for _ in range(40):
        rule = Rule(choice.getrandbits(9), choice.getrandbits(9))
        found = compile_rule(rule)
        prove(found, rule)
        assert len(found.nodes) <= 11


@pytest.mark.parametrize("text", ["B/S", "B012345678/S012345678", "B0/S8", "B8/S", "B/S8"])
def test_extreme_rules_are_proved(text):
    prove(compile_rule(Rule.parse(text)), Rule.parse(text))


def test_a_wrong_circuit_is_refused():
    rule = Rule.parse("B3/S23")
    nodes = list(compile_rule(rule).nodes)
    refused = 0
    for at in range(len(nodes)):
        for bit in range(8):
            table, *inputs = nodes[at]
            wrong = Circuit((*nodes[:at], (table ^ 1 << bit, *inputs), *nodes[at + 1 :]))
            try:
                prove(wrong, rule)
            except RuntimeError:
                refused += 1
    assert refused >= 20  # a few table entries can never be reached


def test_a_circuit_is_not_another_rule():
    with pytest.raises(RuntimeError, match="wrong at neighbourhood"):
        prove(compile_rule(Rule.parse("B3/S23")), Rule.parse("B38/S23"))
