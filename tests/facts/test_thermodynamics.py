"""The physics of the lattice sources against exact results. Seeds are fixed: nothing here fails by chance."""

from __future__ import annotations

import numpy as np
import pytest

import simkit
from simkit.errors import ParameterError
from simkit.lattices import ising, thermometry

RING = {"height": 256, "bath": 128, "depth": 128}
N_BONDS = 256 * (2 * 128 - 1)


def beta_of(packets, n_cells):
    """Beta of a gas from mean packets (direction, parity)."""
    density = packets.sum(axis=-1) / n_cells
    return float(np.log((1 - density) / density).mean())


def local_betas(sites):
    total = sites.sum(axis=0)
    return np.log(total[1] / total[3]) / 2, np.log(total[0] / total[4]) / 4


@pytest.mark.parametrize(
    ("temperature", "imbalance"),
    [(1.2, 0.3), *(pytest.param(*case, marks=pytest.mark.slow) for case in ((1.5, -0.4), (2.0, 0.3))), (-1.5, 0.1)],
)
def test_spins_beside_a_gas_have_the_energy_of_the_exact_cylinder(temperature, imbalance):
    """Within 0.3 % at the temperature that the gas shows, which the two local thermometers of the spins confirm."""
    source = simkit.source(
        "hpp-ising", temperatures=(temperature,), imbalances=(imbalance,), steps=2_000_000, every=1000, **RING
    )
    row = source.generate(1, range(1))
    assert (row["energy"] == row["energy"][0, 0]).all()
    late = slice(201, None)
    beta = beta_of(row["packets"][0, late, 0].mean(axis=0), 256 * 128)
    assert beta == pytest.approx(ising.CRITICAL_BETA / temperature, abs=0.01)
    found = row["unsatisfied"][0, late].mean() / N_BONDS
    assert found == pytest.approx(ising.cylinder(beta, 256, 128), rel=0.003)
    for thermometer in local_betas(row["sites"][0, late]):
        assert thermometer == pytest.approx(beta, abs=0.002)
    for name in ("beta_gas", "beta_13", "beta_04"):
        assert row[name][0, late].mean() == pytest.approx(beta, abs=0.002)


@pytest.mark.parametrize(("temperature", "geometry"), [(1.2, "ring"), (2.0, "sandwich"), (-1.5, "ring")])
def test_a_run_begins_as_its_parameters_say(temperature, geometry):
    """Energy of the spins with its imbalance, the bath with the rest, and in a sandwich one bath denser."""
    size = {"height": 256, "bath": 64, "depth": 128}
    difference = 0.1 if geometry == "sandwich" else 0.0
    source = simkit.source(
        "hpp-ising", temperatures=(9.0, temperature), imbalances=(0.0, 0.1, -0.2), geometry=geometry,
        difference=difference, steps=1, every=1, **size,
    )  # fmt: skip
    beta = ising.CRITICAL_BETA / temperature
    exact = ising.cylinder(beta, 256, 128)
    row = source.generate(6, range(5, 6))
    assert (row["temperature"], row["imbalance"]) == (temperature, -0.2)
    assert row["unsatisfied"][0, 0] / N_BONDS == pytest.approx(0.8 * exact, rel=0.02)
    n_baths = row["packets"].shape[2]
    density = 1 / (1 + np.exp(beta))
    whole = exact * N_BONDS + density * 4 * 256 * (64 * n_baths + 1)
    assert row["energy"][0, 0] == pytest.approx(whole, rel=0.01)
    densities = row["packets"][0, 0].sum(axis=(1, 2)) / (4 * 256 * 64)
    assert densities[0] - densities[-1] == pytest.approx(difference, abs=0.01)


def test_the_two_classes_of_the_gas_agree():
    """Over independent rows: in one row the momentum along y, which HPP keeps, shifts them by some 3e-4."""
    source = simkit.source("hpp-ising", temperatures=(1.5,), steps=200_000, every=250, **RING)
    packets = source.generate(2, range(8))["packets"][:, 201:].sum(axis=(2, 3)).mean(axis=1)
    difference = (packets[:, 0] - packets[:, 1]) / packets.sum(axis=1)
    assert abs(difference.mean()) < 4 * difference.std(ddof=1) / np.sqrt(8)
    assert np.abs(difference).max() < 2e-3


def test_a_drift_along_the_interfaces_stays_and_misleads_who_counts_packets_alone():
    """HPP keeps the momentum along y, of either class: beta is the mean over directions, not that of the density."""
    source = simkit.source("hpp-ising", temperatures=(1.05,), drift=0.5, steps=200_000, every=1000, **RING)
    row = source.generate(4, range(1))
    drift = row["packets"][0, :, 0, 0] - row["packets"][0, :, 0, 2]  # (t, parity)
    assert (drift == drift[0]).all()
    assert drift[0].sum() / (256 * 128) == pytest.approx(0.5, abs=0.01)
    late = row["packets"][0, 101:, 0].mean(axis=0)
    density = late.sum() / (4 * 256 * 128)
    spins, _ = local_betas(row["sites"][0, 101:])
    assert beta_of(late, 256 * 128) == pytest.approx(spins, abs=0.005)
    assert np.log((1 - density) / density) < spins - 0.05


def test_below_the_critical_point_it_freezes_and_the_thermometers_say_so():
    source = simkit.source("hpp-ising", temperatures=(0.8,), imbalances=(0.05,), steps=300_000, every=1000, **RING)
    beta_13, beta_04 = local_betas(source.generate(3, range(1))["sites"][0, 101:])
    assert abs(beta_13 - beta_04) > 0.1


@pytest.mark.slow
def test_deviations_are_what_the_errors_say():
    """24 runs, two opposite starts: mean z within 0.5, rms near 1."""
    source = simkit.source(
        "hpp-ising", temperatures=(1.2, 1.5, 2.0, 3.0), imbalances=(0.3, -0.4), steps=1_000_000, every=250, **RING
    )
    z = []
    for row in range(24):
        batch = source.generate(11, range(row, row + 1))
        packets, bonds = (np.array_split(batch[name][0, 801:], 30) for name in ("packets", "unsatisfied"))
        betas = np.array([beta_of(block[:, 0].mean(axis=0), 256 * 128) for block in packets])
        energies = np.array([block.mean() for block in bonds]) / N_BONDS
        beta = beta_of(batch["packets"][0, 801:, 0].mean(axis=0), 256 * 128)
        slope = abs(ising.cylinder(beta + 0.01, 256, 128) - ising.cylinder(beta - 0.01, 256, 128)) / 0.02
        # gas and spins exchange the same energy: their errors add up
        sigma = (energies.std(ddof=1) + slope * betas.std(ddof=1)) / np.sqrt(30)
        z.append((energies.mean() - ising.cylinder(beta, 256, 128)) / sigma)
    assert abs(np.mean(z)) < 0.5
    assert 0.6 < np.sqrt(np.mean(np.square(z))) < 1.6


@pytest.mark.parametrize("temperature", [1.2, 1.5, 2.5, -1.5])
def test_demons_and_their_spins_agree(temperature):
    """256 x 256: within 0.1 % of the infinite lattice, from which such a torus differs by less than that here."""
    source = simkit.source("ising-creutz", temperatures=(temperature,), steps=500_000, every=100)
    row = source.generate(3, range(1))
    assert (row["energy"] == row["energy"][0, 0]).all()
    demons = row["demons"][0, 1001:].sum(axis=0)
    low = np.log((demons[0] + demons[2]) / (demons[1] + demons[3])) / 2
    high = np.log((demons[0] + demons[1]) / (demons[2] + demons[3])) / 4
    assert high == pytest.approx(low, abs=0.001)
    for thermometer in local_betas(row["sites"][0, 1001:]):
        assert thermometer == pytest.approx(low, abs=0.001)
    for name in ("beta_low", "beta_high", "beta_13", "beta_04"):
        assert row[name][0, 1001:].mean() == pytest.approx(low, abs=0.005)
    assert row["unsatisfied"][0, 1001:].mean() / 2**17 == pytest.approx(ising.unsatisfied(low), rel=0.001)


def test_q2r_keeps_its_energy_and_shows_the_temperature_of_it():
    fraction = ising.unsatisfied(ising.CRITICAL_BETA / 1.3)
    row = simkit.source("ising-q2r", fractions=(fraction,), steps=200_000, every=100).generate(1, range(1))
    assert (row["unsatisfied"] == row["unsatisfied"][0, 0]).all()
    for thermometer in local_betas(row["sites"][0, 201:]):
        assert ising.unsatisfied(thermometer) == pytest.approx(row["unsatisfied"][0, 0] / 2**17, rel=0.01)


@pytest.mark.slow
def test_fouriers_law():
    """Flux times length is constant within 3 % over a factor 4, and what enters on the left leaves on the right."""
    products = []
    for depth in (32, 64, 128):
        source = simkit.source("heat-conduction", depth=depth, steps=2_000_000, every=1000, settling=400_000)
        row = source.generate(3, range(2))
        assert np.abs(row["flux"][:, 0] / row["flux"][:, 1] - 1).max() < 0.02
        products.append(row["flux"].mean() * depth)
    assert max(products) / min(products) < 1.03
    assert products[-1] == pytest.approx(0.0350, abs=0.0008)


def test_heat_flows_from_the_hot_wall_to_the_cold_one():
    row = simkit.source("heat-conduction", steps=400_000, every=1000).generate(3, range(1))
    assert np.array_equal(row["energy"] - row["energy"][:, :1], row["given"].sum(axis=2))
    assert row["flux"][0] * 32 == pytest.approx(0.034, rel=0.1)
    assert row["beta"][0, 1] == pytest.approx(0.3, abs=0.02)
    assert row["beta"][0, -2] == pytest.approx(0.6, abs=0.02)
    slope = np.polyfit(np.arange(32), row["beta"][0, 25:57], 1)[0]
    assert slope * 32 == pytest.approx(0.27, abs=0.03)


def test_walls_of_one_temperature_carry_nothing():
    source = simkit.source("heat-conduction", left=(0.45,), right=(0.45,), steps=400_000, every=1000)
    assert np.abs(source.generate(3, range(2))["flux"]).max() < 3e-5


@pytest.mark.parametrize("opening", [32, 128])
def test_two_boxes_come_to_equilibrium_and_entropy_rises(opening):
    source = simkit.source("hpp", opening=opening, steps=100_000, every=1000)
    row = source.generate(5, range(1))
    total = row["packets"].sum(axis=(2, 3, 4)) + row["wall"]
    assert (total == total[0, 0]).all()
    assert row["beta"][0, 0, 1] - row["beta"][0, 0, 0] > 2
    assert np.abs(np.diff(row["beta"][0, 50:].mean(axis=0))).max() < 0.02
    most = row["entropy"].max()
    assert most > 1.15 * row["entropy"][0, 0]
    assert row["entropy"][0, 50:].min() > 0.998 * most


def test_a_row_runs_backwards_to_its_start():
    """From the last snapshot, under the same rule, the counts of the start come back."""
    from simkit.kernels import lattice

    source = simkit.source("hpp-ising", steps=50_000, every=1000, **RING)
    row = source.generate(9, range(1))
    back = lattice.KERNEL.load().run(lattice.states.reverse(row["cells"][0, -1]), 50_000)
    start = lattice.states.reverse(back.cells)
    assert (lattice.states.SPIN[start][:, 128:].sum(dtype=int) * 2 - 256 * 128) == row["magnetisation"][0, 0]
    assert np.bitwise_count(lattice.states.G[start]).sum(dtype=int) == row["packets"][0, 0].sum()
    assert row["slots"][0, 0] == lattice.states.SLOT[start].sum() == 0


@pytest.mark.parametrize(
    "name", [*["hpp-ising", "hpp", "ising-q2r", "ising-creutz"], "ising-metropolis", "heat-conduction"]
)
def test_samples_and_snapshots_only_look(name, monkeypatch):
    """Another interval, other snapshots or other portions of work: the same run."""
    from simkit.lattices import heat_conduction

    tiny = {
        **simkit.registry.source_class(name).tiny,
        "steps": 2400,
        "height": 128,
        "size": (128, 16),
        "settling": 1200,
        "final": (),
    }
    known = simkit.registry.source_class(name).build({}).parameters()
    tiny = {key: value for key, value in tiny.items() if key in known}
    batches = []
    for every, snapshots in ((200, 1), (100, 6), (600, 4)):
        if every == 600:
            monkeypatch.setattr(heat_conduction, "_CHUNK_BYTES", 1)
        source = simkit.source(name, **{**tiny, "every": every, "snapshots": snapshots})
        batches.append(source.generate(4, range(2)))
    once, often, seldom = batches
    for field in once:
        if field == "cells":
            assert np.array_equal(often[field][:, -1], once[field][:, -1])
            assert np.array_equal(often[field][:, 2], seldom[field][:, 1])
        elif "t" in source.schema()[field].dims:
            assert np.array_equal(often[field][:, ::2], once[field])
            assert np.array_equal(once[field][:, ::3], seldom[field])
    assert "cells" not in simkit.source(name, **{**tiny, "every": 200, "snapshots": 0}).generate(4, range(1))


def test_each_run_goes_to_a_thread_of_its_own(tmp_path):
    """Rows that take long: a block of many would leave all but one processor idle."""
    from simkit.recipe import Recipe
    from simkit.run import generate

    source, seen = simkit.registry.source_class("hpp").build(simkit.registry.source_class("hpp").tiny), []
    generate(Recipe(source, 0, 3), tmp_path / "x.zarr", progress=seen.append)
    assert sorted({progress.n_rows_now for progress in seen}) == [0, 1, 2, 3]


def test_what_a_kill_can_lose_is_a_few_runs(tmp_path):
    """A shard holds sixteen long runs, not the four thousand rows of short ones."""
    from simkit.recipe import Recipe
    from simkit.run import generate

    source = simkit.registry.source_class("hpp").build(simkit.registry.source_class("hpp").tiny)
    store = generate(Recipe(source, 0, 20), tmp_path / "x.zarr")
    assert (store.layout.shard_rows, store.layout.n_shards) == (16, 2)
    assert (store["packets"][:] == source.generate(0, range(20))["packets"]).all()


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("hpp-ising", {"geometry": "torus"}, "'geometry' takes ring or sandwich; this is 'torus'"),
        ("hpp-ising", {"height": 7}, "'height' takes an even number of cells, 4 to 16384; this is 7"),
        ("hpp-ising", {"temperatures": (0.0,)}, "'temperatures' takes any temperature but 0; this is 0.0"),
        ("hpp-ising", {"temperatures": ()}, "'temperatures' takes one or more numbers"),
        ("hpp-ising", {"temperatures": float("nan")}, "'temperatures' takes a list of numbers, such as 0.5,1.5"),
        ("hpp-ising", {"imbalances": (3.0,)}, "what leaves a gas with densities from 0 to 1"),
        ("hpp-ising", {"difference": 0.1}, "'difference' takes 0 in a ring"),
        ("hpp-ising", {"drift": 0.9}, r"'drift' takes -0.\d+ to 0.\d+ at temperature 1.2, by its density; this is 0.9"),
        ("hpp-ising", {"steps": 0}, r"'steps' takes 1 to 10\*\*9 steps; this is 0"),
        ("hpp-ising", {"every": 7}, "'every' takes a divisor of the 200000 steps; this is 7"),
        ("hpp-ising", {"snapshots": 3}, "'snapshots' takes 0, or a divisor of the 200 intervals; this is 3"),
        ("ising-q2r", {"size": (7, 8)}, "'size' takes sides of 4 to 16384 cells that are multiples of 2; this is 7x8"),
        ("ising-q2r", {"fractions": (1.5,)}, "'fractions' takes fractions from 0 to 1; this is 1.5"),
        ("ising-creutz", {"size": 5}, "'size' takes sides of 4 to 16384 cells that are multiples of 2"),
        ("ising-metropolis", {"size": (32, 40)}, "'size' takes sides of 16 to 16384 cells that are multiples of 16"),
        ("ising-metropolis", {"temperatures": (-1.0,)}, "'temperatures' takes temperatures above 0; this is -1.0"),
        ("ising-metropolis", {"final": (1.0, 2.0)}, "'final' takes as many values as temperatures, 1; this is 2"),
        ("ising-creutz", {"temperatures": "1,x"}, "takes a list of numbers"),
        ("hpp", {"opening": 200}, "'opening' takes 0 to 128 cells; this is 200"),
        ("hpp", {"strip": 5}, "'strip' takes a divisor of the 128 columns of a box; this is 5"),
        ("hpp", {"left": (0.1, 0.2)}, "'right' takes as many values as left, 2; this is 1"),
        ("heat-conduction", {"left": (9.0,)}, "'left' takes inverse temperatures from -8 to 8; this is 9.0"),
        ("heat-conduction", {"settling": 200_000}, "'settling' takes a multiple of every"),
    ],
)
def test_parameters_out_of_range_are_refused(name, parameters, message):
    with pytest.raises(simkit.SimkitError, match=message):
        simkit.source(name, **parameters)


COLD = [0.05, 0.002, 1e-3, 1e-4, 1e-9, 1e-300, 5e-324]


@pytest.mark.parametrize("temperature", COLD)
def test_the_coldest_rows_are_the_ground_states(temperature: float) -> None:
    """What is drawn with a probability that goes to 0 or 1 is never or always drawn."""
    small = {"steps": 4, "every": 2, "temperatures": (temperature,)}
    for source in (
        simkit.source("hpp-ising", height=16, bath=4, depth=4, **small),
        simkit.source("ising-creutz", size=(16, 16), **small),
    ):
        row = source.generate(0, range(2), backend="reference")
        assert not row["energy"].any()
        assert not row["unsatisfied"].any()
    small["temperatures"] = (-temperature,)
    row = simkit.source("ising-creutz", size=(16, 16), **small).generate(0, range(2), backend="reference")
    assert (row["unsatisfied"] == 512).all()
    assert (row["demons"] == [0, 0, 0, 256]).all()
    # slots and bond bits begin empty, and the gas has no room for what they will take
    with pytest.raises(ParameterError, match="what leaves a gas with densities from 0 to 1"):
        simkit.source("hpp-ising", height=16, bath=4, depth=4, **small)


def test_a_crystal_shows_no_temperature():
    """At 0.02 of the critical temperature nothing has an unsatisfied bond, no demon and no place any energy."""
    run = simkit.source("hpp-ising", temperatures=(0.02,), steps=10, every=5, height=128, bath=4, depth=4)
    found = run.generate(0, range(1))
    assert found["sites"][0, -1, 1] == 0
    for name in ("beta_gas", "beta_13", "beta_04"):
        assert np.isnan(found[name]).all(), name
    demons = simkit.source("ising-creutz", temperatures=(0.02,), steps=10, every=5, size=(128, 8))
    found = demons.generate(0, range(1))
    for name in ("beta_low", "beta_high", "beta_13", "beta_04"):
        assert np.isnan(found[name]).all(), name
    cold = thermometry.spins(np.array([[900, 100, 20, 0, 0], [0, 0, 1, 2, 3], [900, 100, 20, 10, 2]]))
    assert np.isnan(cold[0]).tolist() == np.isnan(cold[1]).tolist() == [True, True, False]
