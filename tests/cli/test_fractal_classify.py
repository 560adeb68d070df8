"""simkit fractal classify."""

from __future__ import annotations

import pytest

HENON = "1,0,1,-1.4,0,0,0,0.3,0,0,0,0"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("henon",), "henon: A strange attractor (heuristic): Lyapunov exponents 0.4"),
        ((HENON, "--start", "-5,0"), "The orbit escapes (certified)."),
        (("0.5,-0.4,1,0,-1,0.4,0.5,0,2,0",), "A fixed point (certified): Lyapunov exponents -0.4458 and -0.4458."),
        (("1,0,1,-0.5,0,0,0,0.3,0,0,0,0",), "A cycle of period 2 (certified)"),
        (("0,2.1,0,0,-2.1,0,0,1,0,0,0,0",), "A ring (heuristic): rotation number 0.1561060188"),
    ],
)
def test_classes(simkit, arguments, says):
    run = simkit("fractal", "classify", *arguments)
    assert run.code == 0
    assert says in run.out
    assert run.out.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("1,2,3",), "12 numbers"),
        (("henonn",), "no preset 'henonn'"),
        ((HENON, "--start", "1"), "not 2 numbers"),
        ((HENON, "--iterations", "10"), "number of iterations"),
        ((HENON, "--iterations", "1e9"), "number of iterations"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(simkit, arguments, says):
    run = simkit("fractal", "classify", *arguments)
    assert run.code != 0
    assert says in run.err
