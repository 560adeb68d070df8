"""What rows of the source `attractor` hold."""

from __future__ import annotations

import numpy as np
import pytest

import simkit
from simkit.errors import ParameterError, UnknownNameError
from simkit.fractals.attractors import KINDS

CHEAP = {"half_run": 2**12, "size": 32, "iterations": 4000}


def rows(n, seed=0, **parameters):
    return simkit.source("attractor", **CHEAP, **parameters).generate(seed, n)


def test_a_map_is_drawn_again_until_its_class_is_wanted():
    """The first draws are those that stay where all classes are wanted."""
    first = rows(40, wanted=(), tries=5)
    found = rows(40, wanted=("cycle", "escape"), tries=200)
    assert {KINDS[kind] for kind in found["kind"]} == {"cycle", "escape"}
    is_kept = np.isin(first["kind"], [KINDS.index(kind) for kind in ("cycle", "escape")])
    assert 0 < is_kept.sum() < 40
    assert np.array_equal((first["parameters"] == found["parameters"]).all(axis=(1, 2)), is_kept)


def test_the_last_draw_stays_as_it_is():
    found = rows(40, wanted=("chaos",), tries=1)
    assert np.array_equal(found["parameters"], rows(40, wanted=())["parameters"])
    assert (found["kind"] == KINDS.index("escape")).any()


def test_images_hold_the_attractor():
    """All iterations are in the image, and its middle four fifths are reached in one direction."""
    found = rows(40, wanted=(), tries=1)
    for kind, window, density, state in zip(
        *(found[name] for name in ("kind", "window", "density", "exponents")), strict=True
    ):
        is_gone = KINDS[kind] == "escape"
        assert np.isnan(window).all() == np.isnan(state).all() == is_gone
        assert density.sum() == (0 if is_gone else CHEAP["iterations"])
        if KINDS[kind] in ("ring", "chaos", "cycle"):
            reach = max(int(np.ptp(np.flatnonzero(density.any(axis=axis)))) for axis in (0, 1))
            assert reach >= 0.8 * CHEAP["size"]


def test_families():
    assert not rows(9, family="10", wanted=())["parameters"][:, :, 0].any()
    box = rows(9, family="12", wanted=(), box=0.25)["parameters"]
    assert 0.2 < abs(box).max() <= 0.25
    near = rows(40, family="neimark-sacker", wanted=(), mu=0.05)
    linear = near["parameters"][:, :, 1:3]
    modulus = np.sqrt(np.linalg.det(linear))
    assert ((modulus > 1) & (modulus < 1.05)).all()
    assert (near["kind"] == KINDS.index("ring")).sum() > 24
    is_ring = near["kind"] == KINDS.index("ring")
    assert (near["rotation_error"][is_ring] < 1e-8).all()
    assert np.isnan(near["rotation"][~is_ring]).all()


def test_the_summary_counts_classes():
    source = simkit.source("attractor", **CHEAP)
    parts = [{"kind": np.array([1, 4, 4], np.uint8)}, {"kind": np.array([5], np.uint8)}]
    assert source.summary(lambda *names: iter(parts)) == "1 escape, 2 ring, 1 chaos"


@pytest.mark.parametrize(
    "wrong",
    [
        {"family": "11"},
        {"box": 0.0},
        {"box": float("nan")},
        {"mu": -1.0},
        {"tries": 0},
        {"size": 10**6},
        {"half_run": 3},
        {"iterations": 2**32},
    ],
    ids=str,
)
def test_bad_parameters_are_refused(wrong):
    with pytest.raises(ParameterError, match=f"attractor: parameter '{next(iter(wrong))}' takes"):
        simkit.source("attractor", **wrong)


def test_an_unknown_class_is_refused():
    with pytest.raises(UnknownNameError, match="no class 'rings'"):
        simkit.source("attractor", wanted="chaos,rings")
    assert simkit.source("attractor", wanted="").parameters()["wanted"] == []
