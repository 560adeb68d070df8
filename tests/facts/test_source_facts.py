"""What sources say is known exactly of their rows: each sentence has a test, named here, or in this file."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import simkit
from simkit import registry
from simkit.kernels import lattice
from simkit.kernels.census import KINDS
from simkit.kernels.lattice import states
from simkit.lattices import ising

TESTS = Path(__file__).parent.parent

#: packages with sources of ours
WORLDS = ("simkit.ash", "simkit.lattices", "simkit.fractals", "simkit.images")

#: sources whose facts have a list of this kind in the file of their own tests
ELSEWHERE = {
    "digits": "facts/test_image_digits.py",
    "halves": "facts/test_image_halves.py",
    "stack": "facts/test_image_halves.py",
    "lines": "facts/test_image_lines.py",
    "mixture": "facts/test_image_mixture.py",
    "maze": "facts/test_image_maze.py",
}

#: how a fact begins -> the file and the test that hold it
HELD_BY = {
    "ca-ash": {
        "Settle and period are exact": "facts/test_exactness.py::test_settle_and_period_are_exact",
        "Every live cell": "facts/test_census.py::test_every_live_cell_is_in_one_object",
        "No ship": "facts/test_source_facts.py::test_no_ship_is_counted_under_highlife",
    },
    "hpp": {
        "The number of packets": "facts/test_thermodynamics.py::test_two_boxes_come_to_equilibrium_and_entropy_rises",
        "Reversible": "facts/test_source_facts.py::test_the_start_comes_back",
    },
    "hpp-ising": {
        "The energy": "facts/test_thermodynamics.py::test_spins_beside_a_gas_have_the_energy_of_the_exact_cylinder",
        "Reversible": "facts/test_source_facts.py::test_the_start_comes_back",
        "The critical temperature": "facts/test_source_facts.py::test_the_critical_temperature",
        "In equilibrium": "facts/test_thermodynamics.py::test_spins_beside_a_gas_have_the_energy_of_the_exact_cylinder",
    },
    "heat-conduction": {
        "The energy": "facts/test_thermodynamics.py::test_heat_flows_from_the_hot_wall_to_the_cold_one",
        "Between walls": "facts/test_thermodynamics.py::test_walls_of_one_temperature_carry_nothing",
    },
    "ising-q2r": {
        "The number": "facts/test_thermodynamics.py::test_q2r_keeps_its_energy_and_shows_the_temperature_of_it",
        "Reversible": "facts/test_source_facts.py::test_the_start_comes_back",
    },
    "ising-creutz": {
        "The energy": "facts/test_thermodynamics.py::test_demons_and_their_spins_agree",
        "Reversible": "facts/test_lattice_laws.py::test_creutz_returns",
        "In equilibrium": "facts/test_thermodynamics.py::test_demons_and_their_spins_agree",
    },
    "ising-metropolis": {
        "Flips": "facts/test_metropolis.py::test_a_spin_flips_as_its_random_number_says",
        "In equilibrium": "facts/test_metropolis.py::test_it_has_the_energy_of_the_exact_torus_and_one_temperature",
    },
    "quadratic-map": {
        "A map that has a score": "facts/test_fractal_search.py::test_first_maps_are_candidates",
        "No orbit leaves": "facts/test_fractal_regions.py::test_no_point_of_an_ellipse_fails",
        "What the certified": "facts/test_fractal_search.py::test_what_the_certified_objective_counts_is_there_for_good",
    },
    "attractor": {
        "All iterations": "facts/test_fractal_attractor_source.py::test_images_hold_the_attractor",
        "In the family": "facts/test_fractal_attractor_source.py::test_families",
    },
    "attractor-path": {
        "A row begins": "facts/test_fractal_paths.py::test_a_row_begins_where_the_rows_before_it_have_been",
        "Where a ring locks": "facts/test_fractal_paths.py::test_a_ring_locks",
        "The first frame": "facts/test_source_facts.py::test_a_path_begins_and_ends_on_its_maps",
        "The map": "facts/test_fractal_paths.py::test_the_trefoil_has_a_symmetry_of_order_three",
    },
    "dots": {
        "With radius 0.05, labels": "facts/test_image_dots.py::test_the_mean_and_the_variance_of_labels_and_distances",
        "A single distance": "facts/test_image_dots.py::test_the_mean_and_the_variance_of_labels_and_distances",
        "Labels of 0.93 %": "facts/test_image_dots.py::test_the_cut_off_of_the_classifier",
        "With radius 0.05, in the profile text": "facts/test_image_dots.py::test_how_often_discs_overlap",
    },
    "platformer": {
        "before an edit": "facts/test_image_platformer.py::test_shares_are_those_of_the_parameters",
        "the reward is 10": "facts/test_image_platformer.py::test_the_reward_is_that_of_touching_a_coin_alive",
        "every level": "facts/test_image_platformer.py::test_every_level_is_won_unless_the_player_forgets_to_jump",
        "distance": "facts/test_image_platformer.py::test_distances_are_those_of_the_places",
        "the sprite's middle": "facts/test_image_platformer.py::test_the_view_is_centred_on_the_sprite",
        "the rules lead": "facts/test_image_platformer.py::test_the_rules_lead_from_each_state_to_the_next",
    },
    "random-labels": {
        "Pixels are": "facts/test_image_tasks.py::test_random_pixels_are_uniform_bytes",
        "Each of k": "facts/test_image_tasks.py::test_random_labels_are_uniform_and_independent_of_the_image",
        "Pixels and labels": "facts/test_image_tasks.py::test_random_labels_are_uniform_and_independent_of_the_image",
    },
    "polynomials": {
        "x and y": "facts/test_image_polynomials.py::test_monomials_have_their_variances_and_inputs_are_independent",
        "The 512 labels": "facts/test_image_polynomials.py::test_labels_span_nine_dimensions_and_two_are_constant",
        "Variances": "facts/test_image_polynomials.py::test_variances_and_the_error_of_guessing_the_mean_are_exact",
        "Labels 0 and 256": "facts/test_image_polynomials.py::test_guessing_the_mean_of_each_label_has_its_error",
    },
    "noise": {
        "By the text, a value": "facts/test_image_tasks.py::test_noise_is_clipped_as_in_the_text",
        "By the text, the mean": "facts/test_image_tasks.py::test_noise_is_not_clipped_in_the_code",
        "The two frames": "facts/test_image_tasks.py::test_frames_of_noise_are_the_same_or_have_nothing_in_common",
    },
    "bits": {
        "Counted": "facts/test_image_bits.py::test_counted_every_input_occurs_once_and_its_first_bit_is_the_highest",
        "The label `first`": "facts/test_image_bits.py::test_counted_every_input_occurs_once_and_its_first_bit_is_the_highest",
        "The label `random`": "facts/test_image_bits.py::test_random_labels_are_fair_over_seeds_and_uncorrelated_with_the_part",
    },
    "fuzzy-xor": {
        "At the corners": "facts/test_image_tasks.py::test_fuzzy_logic_is_boolean_at_the_corners",
        "Of uniform values": "facts/test_image_tasks.py::test_fuzzy_logic_between_the_corners",
        "Of k uniform values": "facts/test_image_tasks.py::test_fuzzy_logic_between_the_corners",
    },
    "sparse-features": {
        "A feature": "facts/test_image_tasks.py::test_sparse_features_have_their_moments",
        "By the paper": "facts/test_image_tasks.py::test_sparse_features_have_their_moments",
        "With norm=unit": "facts/test_image_tasks.py::test_rows_of_features_are_of_length_1_or_empty",
    },
}


@cache
def functions_in(name: str) -> set[str]:
    tree = ast.parse((TESTS / name).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("name", [name for package in WORLDS for name in registry.worlds()[package].sources])
def test_every_fact_has_a_test(name: str) -> None:
    if name in ELSEWHERE:
        assert "test_every_fact_has_a_test" in functions_in(ELSEWHERE[name])
        assert f'"{name}"' in (TESTS / ELSEWHERE[name]).read_text("utf-8")
        return
    held = HELD_BY[name]
    for fact in registry.source_class(name).facts:
        assert sum(fact.startswith(begin) for begin in held) == 1, f"say which test holds this: {fact}"
    assert len(held) == len(registry.source_class(name).facts)
    for place in held.values():
        file, _, test = place.partition("::")
        assert test in functions_in(file), f"there is no test {place}"


@pytest.mark.parametrize("name", list(registry.sources()))
def test_every_source_says_where_its_data_come_from_and_what_is_known(name: str) -> None:
    cls = registry.source_class(name)
    assert cls.citation.strip() == cls.citation != ""
    assert cls.facts
    for text in (*cls.facts, cls.citation):
        assert "\n" not in text
        assert "://" not in text


def test_no_ship_is_counted_under_highlife() -> None:
    """Under Life there are some: one of 400 small boards in two."""
    batch = simkit.source("ca-ash", size=32, rules=("B3/S23", "B36/S23")).generate(0, range(400))
    ships = batch["counts"][:, KINDS.index("xs6_356")]
    is_highlife = batch["rule"] == 1
    assert (ships[is_highlife] <= 0).all()
    assert (ships[~is_highlife] > 0).any()


@pytest.mark.parametrize("name", ["hpp", "hpp-ising", "ising-q2r"])
def test_the_start_comes_back(name: str) -> None:
    """The last snapshot, reversed and run for as many steps, has the counts of the first sample."""
    cls = registry.source_class(name)
    source = cls.build(cls.tiny)
    row = source.generate(5, range(1), backend="reference")
    steps = cls.tiny["steps"]
    back = lattice.KERNEL.load("reference").run(states.reverse(row["cells"][0, -1]), steps)
    start = states.reverse(back.cells)
    assert not np.array_equal(start, row["cells"][0, -1])
    if "packets" in row:
        is_gas = states.KIND[start] == states.GAS
        assert np.bitwise_count(states.G[start][is_gas]).sum(dtype=int) == row["packets"][0, 0].sum()
    if "magnetisation" in row:
        is_spin = (states.KIND[start] == states.ISING) | (states.KIND[start] == states.INTERFACE)
        assert 2 * states.SPIN[start][is_spin].sum(dtype=int) - is_spin.sum() == row["magnetisation"][0, 0]


def test_the_critical_temperature() -> None:
    """A gas of that temperature has the density 1 - 1 / sqrt 2, on which its thermometer shows the critical beta."""
    assert pytest.approx(np.log(1 + np.sqrt(2)), abs=1e-15) == ising.CRITICAL_BETA
    assert f"{ising.CRITICAL_BETA:.6f}" == "0.881374"
    source = simkit.source("hpp-ising", temperatures=(1.0,), steps=2, every=1, height=128, bath=64, depth=4)
    beta = source.generate(0, range(1), backend="reference")["beta_gas"][0, 0]
    assert np.mean(beta) == pytest.approx(ising.CRITICAL_BETA, abs=0.05)


def test_a_path_begins_and_ends_on_its_maps() -> None:
    from simkit.fractals import maps, paths

    source = simkit.source("attractor-path", start="prey", frames=3, transient=10, half_run=1024, iterations=9, size=8)
    found = source.generate(0, range(3), backend="reference")["parameters"]
    assert np.array_equal(found[0], maps.parse(paths.path("prey").start))
    assert np.array_equal(found[-1], maps.parse(paths.path("prey").end))
