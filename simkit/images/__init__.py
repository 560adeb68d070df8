"""Synthetic images and small tasks, whose factors are all fields: digits, lines, discs, games, noise, bits."""

from __future__ import annotations

from simkit.registry import World

WORLD = World(
    title="synthetic images and small tasks",
    sources={
        "digits": "digits:Digits",
        "random-labels": "random_labels:RandomLabels",
        "polynomials": "polynomials:Polynomials",
        "noise": "noise:Noise",
        "bits": "bits:Bits",
        "halves": "halves:Halves",
        "lines": "lines:Lines",
        "dots": "dots:Dots",
        "fuzzy-xor": "fuzzy_xor:FuzzyXor",
        "sparse-features": "sparse_features:SparseFeatures",
        "maze": "games.maze:Maze",
        "mixture": "mixture:Mixture",
        "stack": "stack:Stack",
        "platformer": "games.platformer:Platformer",
    },
    views={"sheet": "pictures:sheet", "film": "films:episode"},
    bench={
        "bits": "bench:bits",
        "digits": "bench:digits",
        "halves": "bench:halves",
        "lines": "bench:lines",
        "mixture": "bench:mixture",
        "stack": "bench:stack",
        "dots": "bench:dots",
        "random-labels": "bench:random_labels",
        "polynomials": "bench:polynomials",
        "maze": "bench:maze",
        "noise": "bench:noise",
        "fuzzy-xor": "bench:fuzzy_xor",
        "sparse-features": "bench:sparse_features",
        "platformer": "bench:platformer",
    },
)
