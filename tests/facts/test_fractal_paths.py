"""What is known of attractors along paths: rings that begin, lock and become strange, and attractors that are lost."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import simkit
from simkit.errors import ParameterError, UnknownNameError
from simkit.fractals import attractor_path, maps, path_film, paths
from simkit.fractals.attractor_path import AttractorPath
from simkit.fractals.attractors import KINDS
from simkit.fractals.cycles import fixed_points
from simkit.kernels.orbit import reference


def made(rows, **parameters):
    return AttractorPath(**{"iterations": 2000, "size": (32, 24), **parameters}).generate(0, rows)


def kinds(batch):
    return [KINDS[kind] for kind in batch["kind"]]


@pytest.mark.parametrize("name", paths.PATHS)
def test_a_named_path_begins_on_a_ring_whose_rotation_number_moves_a_little(name):
    found = made(range(8), start=name)
    assert kinds(found) == ["ring"] * 8
    assert (found["period"] == 1).all()
    assert (found["dimension"] == 1).all()
    assert abs(found["exponents"][:, 0]).max() < 1e-3
    assert found["exponents"][:, 1].max() < -1e-3
    steps = np.diff(found["rotation"])
    assert 0 < abs(steps).max() < 1e-3
    assert abs(np.diff(steps)).max() < 0.1 * abs(steps).max() + 1e-6, "smoothly"


def test_the_first_ring_turns_as_its_fixed_point_does():
    """At the bifurcation the rotation number is the angle of the eigenvalues, and close to it, it is close."""
    path = paths.path("delayed-logistic")
    start = maps.parse(path.start)
    points = [cycle for cycle in fixed_points(start)[1] if abs(cycle.points[0]).max() > 0.1]
    angle = abs(np.angle(points[0].eigenvalues[0])) / (2 * np.pi)
    found = made(
        range(1), start="2.001,0,0,-2.001,0,1,0,0,0,0", end=path.end, origin=(0.5, 0.5), frames=2000, transient=4000
    )
    assert kinds(found) == ["ring"]
    assert found["rotation"][0] == pytest.approx(1 / 6, abs=2e-4)
    assert found["rotation"][0] == pytest.approx(angle, abs=2e-3)


@pytest.mark.parametrize(
    ("name", "at", "turns"),
    [
        ("delayed-logistic", range(410, 430), Fraction(1, 7)),
        ("trefoil", range(362, 370), Fraction(7, 45)),
        ("prey", range(156, 164), Fraction(5, 27)),
    ],
)
def test_a_ring_locks(name, at, turns):
    found = made(at, start=name)
    assert kinds(found) == ["cycle"] * len(at)
    assert (found["period"] == turns.denominator).all()
    assert (found["rotation"] == float(turns)).all()
    assert (found["exponents"] < 0).all()
    assert (found["dimension"] == 0).all()


@pytest.mark.parametrize("name", paths.PATHS)
def test_a_named_path_ends_on_a_strange_attractor(name):
    found = made(range(599, 600), start=name)
    assert kinds(found) == ["chaos"]
    assert found["exponents"][0, 0] > 0.1
    assert found["t"][0] == 1
    assert np.array_equal(found["parameters"][0], maps.parse(paths.path(name).end))


def test_the_trefoil_has_a_symmetry_of_order_three():
    """The map commutes with the turn by a third, and so the density is that of a third of it, turned."""
    third = np.exp(2j * np.pi / 3)
    for text in (paths.path("trefoil").start, paths.path("trefoil").end):
        points = np.random.default_rng(1).normal(size=(20, 2))

        z = points @ [1, 1j]
        image, turned = (
            maps.apply(maps.parse(text), np.stack((p.real, p.imag), axis=-1)) @ [1, 1j] for p in (z, third * z)
        )
        assert np.allclose(turned, third * image)


def test_a_row_begins_where_the_rows_before_it_have_been():
    """Its state is that of one orbit through all frames, as the reference of the kernel carries it."""
    source = AttractorPath(start="prey", frames=9, transient=30, iterations=50, size=(8, 8))
    on = source.load("reference")
    there = source.carried(5, range(3), 9, on)
    state = there.states[1, 0]
    for k in range(1, 9):
        state = reference.trace(there.maps[k : k + 1], state[None], 30)[0, -1]
        assert np.array_equal(state, there.states[1, k])
    assert len(np.unique(there.states[:, 0], axis=0)) == 3, "each run starts elsewhere"


def test_what_is_measured_begins_at_the_carried_state(monkeypatch):
    source = AttractorPath(start="prey", frames=9, transient=30, half_run=1024, iterations=50, size=(8, 8))
    on, given, real = source.load("cpu"), [], attractor_path.classify
    monkeypatch.setattr(attractor_path, "classify", lambda m, o, s, n: given.append(s) or real(m, o, s, n))
    source.generate(5, range(3, 7), backend=on)
    assert np.array_equal(given[0], source.carried(5, range(1), 9, on).states[0, 3:7])


def test_an_attractor_that_is_lost_while_it_is_measured_is_lost():
    twice = "2,0,0,0,0,0,2,0,0,0"
    found = made(range(1), start=twice, end=twice, origin=(1.0, 1.0), frames=1, transient=1)
    assert found["is_lost"].tolist() == [1]
    assert found["density"].sum() == 0


@pytest.mark.parametrize("n_frames", [40, 400])
def test_frames_are_carried_once_in_a_call(monkeypatch, n_frames):
    """So that a call is linear in its rows: once for the run, once for the window; and a film is, too."""
    source = AttractorPath(
        start="delayed-logistic", frames=n_frames, transient=20, half_run=1024, iterations=10, size=(8, 8)
    )
    on = source.load("cpu")
    calls, real = [], on.orbit.carry
    monkeypatch.setattr(on.orbit, "carry", lambda maps, *rest: calls.append(len(maps)) or real(maps, *rest))
    source.generate(0, range(n_frames), backend=on)
    assert calls == [n_frames] * 2
    calls.clear()
    source.generate(0, range(10, 12), backend=on)
    assert calls == [12, n_frames]
    calls.clear()
    path_film.film(source, (128, 128), backend="cpu")
    assert calls == [n_frames] * 2


def test_a_lost_attractor_is_data():
    """Beyond a = 2.27 the attractor of the delayed logistic map ends; from there on all frames of a run say so."""
    path = paths.path("delayed-logistic")
    source = AttractorPath(
        start=path.start, end="2.6,0,0,-2.6,0,1,0,0,0,0", origin=path.origin, frames=40, iterations=500, size=(16, 16)
    )
    found = source.generate(0, range(60))
    is_lost = found["is_lost"].astype(bool)
    assert is_lost[:40].tolist() == sorted(is_lost[:40].tolist())
    assert not is_lost[0]
    assert is_lost[39]
    assert not is_lost[40], "the next run begins anew"
    assert set(np.array(kinds(found))[is_lost]) == {"escape"}
    assert np.isnan(found["exponents"][is_lost]).all()
    assert np.isnan(found["rotation"][is_lost]).all()
    assert (found["density"].sum(axis=(1, 2)) == np.where(is_lost, 0, 500)).all(), "the window holds what is kept"
    assert path_film.facts({name: values[39] for name, values in found.items()}) == "the attractor is lost"


def test_what_is_lost_at_once_is_data_too():
    found = made(range(4), start="0,0,9,0,0,0,9,0,0,9", end="0,0,9,0,0,0,9,0,0,9", origin=(5.0, 5.0), frames=4)
    assert found["is_lost"].all()
    assert np.isfinite(found["window"]).all()
    assert (found["window"][:, 2] > 0).all()


def test_the_window_is_the_same_for_all_rows_and_may_be_given():
    found = made([0, 300, 599, 600, 2**40], start="prey")
    assert len(np.unique(found["window"], axis=0)) == 1
    _, _, dx, dy = found["window"][0]
    assert dx == pytest.approx(-dy), "pixels are squares"
    assert (found["density"].sum(axis=(1, 2)) == 2000).all()
    given = made(range(2), start="prey", window=(0.0, 0.8, 0.1, 0.7))
    assert given["window"][0] == pytest.approx([0.0125, 0.6875, 0.025, -0.025])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"start": "trefol"}, "there is no path 'trefol'; did you mean 'trefoil'"),
        ({"start": "1,2,3"}, "a path has an end"),
        ({"start": "1,2,3", "end": "1,2,3"}, "10, or 12|12 numbers"),
        ({"start": "nan,0,0,0,0,0,0,0,0,0", "end": "0,0,0,0,0,0,0,0,0,0"}, "finite"),
        ({"origin": (1.0,)}, "the origin of a path is two finite numbers"),
        ({"origin": (1.0, np.inf)}, "the origin of a path is two finite numbers"),
        ({"frames": 0}, "takes 1 to 100,000; this is 0"),
        ({"frames": 10**6}, "takes 1 to 100,000"),
        ({"transient": 0}, "takes 1 to 1,000,000"),
        ({"half_run": 10}, "takes 1,024 to 16,777,216"),
        ({"iterations": 2**32}, "takes 1 to 4,294,967,295"),
        ({"size": (0, 5)}, "pixels a side"),
        ({"size": (10**6, 5)}, "pixels a side"),
        ({"spread": 0.0}, "above 0"),
        ({"spread": np.nan}, "above 0"),
        ({"window": (1.0, 1.0, 0.0, 1.0)}, "four finite numbers"),
        ({"window": (0.0, np.inf, 0.0, 1.0)}, "four finite numbers"),
    ],
)
def test_bad_parameters_are_one_clear_line(parameters, message):
    with pytest.raises((ParameterError, UnknownNameError), match=message) as caught:
        simkit.source("attractor-path", **parameters)
    assert "\n" not in str(caught.value)


def test_places_of_a_path_are_exact_at_both_ends():
    start, end = (maps.parse(text) for text in ("0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1.1", "9.7,0,0,0,0,0,1e-9,0,0,0"))
    found = paths.along(start, end, paths.coordinates(7))
    assert np.array_equal(found[0], start)
    assert np.array_equal(found[-1], end)
    assert paths.coordinates(1).tolist() == [0.0]


def test_light_is_even_glows_and_fades():
    light = path_film.Light()
    board = np.zeros((50, 60), np.uint32)
    board[20, 10:50] = 7
    first = light.tones(board)
    assert first[20, 30] == first.max() == 191
    assert 0 < first[19, 30] < 191
    assert first[10, 30] == 0
    second = light.tones(np.zeros_like(board))
    assert 0 < second[20, 30] < 191
    for _ in range(60):
        last = light.tones(np.zeros_like(board))
    assert last.max() == 0
    one = np.zeros((400, 400), np.uint32)
    one[200, 200] = 5
    assert (path_film.Light().tones(one) > 40).sum() >= 9, "a single point becomes a bead"
