"""Lattices: reversible lattice gases and Ising spins with a conserved energy, and a canonical ensemble beside them."""

from __future__ import annotations

from simkit.registry import World

WORLD = World(
    title="lattice gases and Ising spins",
    sources={
        "heat-conduction": "heat_conduction:HeatConduction",
        "hpp": "hpp:Hpp",
        "hpp-ising": "hpp_ising:HppIsing",
        "ising-creutz": "ising_creutz:IsingCreutz",
        "ising-metropolis": "ising_metropolis:IsingMetropolis",
        "ising-q2r": "ising_q2r:IsingQ2r",
    },
    views={"sheet": "pictures:sheet"},
    bench={
        "lattice": "bench:ring",
        "hpp": "bench:hpp",
        "q2r": "bench:q2r",
        "creutz": "bench:creutz",
        "metropolis": "bench:metropolis",
        "free": "bench:free",
    },
    bench_cuda={"lattice": "bench_cuda:ring"},
)
