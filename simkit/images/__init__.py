"""Synthetic images and small tasks, whose factors are all fields: digits, lines, discs, games, noise, bits."""

from __future__ import annotations

from simkit.registry import World

WORLD = World(
    title="synthetic images and small tasks",
    sources={
        "digits": "digits:Digits",
        "halves": "halves:Halves",
        "stack": "stack:Stack",
        "lines": "lines:Lines",
        "mixture": "mixture:Mixture",
        "random-labels": "random_labels:RandomLabels",
        "dots": "dots:Dots",
        "platformer": "games.platformer:Platformer",
        "maze": "games.maze:Maze",
        "noise": "noise:Noise",
        "polynomials": "polynomials:Polynomials",
        "bits": "bits:Bits",
        "fuzzy-xor": "fuzzy_xor:FuzzyXor",
        "sparse-features": "sparse_features:SparseFeatures",
    },
    views={"sheet": "pictures:sheet", "film": "films:episode"},
    bench={
        "digits": "bench:digits",
        "halves": "bench:halves",
        "stack": "bench:stack",
        "lines": "bench:lines",
        "mixture": "bench:mixture",
        "random-labels": "bench:random_labels",
        "dots": "bench:dots",
        "platformer": "bench:platformer",
        "maze": "bench:maze",
        "noise": "bench:noise",
        "polynomials": "bench:polynomials",
        "bits": "bench:bits",
        "fuzzy-xor": "bench:fuzzy_xor",
        "sparse-features": "bench:sparse_features",
    },
)
