"""Synthetic images and small tasks, whose factors are all fields: digits, lines, discs, games, noise, bits."""

from __future__ import annotations

from simkit.registry import World

WORLD = World(
    title="synthetic images and small tasks",
    sources={
        "digits": "digits:Digits",
        "bits": "bits:Bits",
        "lines": "lines:Lines",
        "dots": "dots:Dots",
    },
    views={"sheet": "pictures:sheet"},
    bench={
        "bits": "bench:bits",
        "lines": "bench:lines",
        "dots": "bench:dots",
    },
)
