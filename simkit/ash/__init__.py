"""Ash: what is left when cellular automata have settled, and the objects in it."""

from __future__ import annotations

from simkit.registry import World

WORLD = World(
    title="ash of Life-like cellular automata",
    sources={"ca-ash": "ca_ash:CaAsh"},
    views={"labels": "pictures:labels", "film": "pictures:settling"},
    formats={"rle": "formats:RLE", "rle-soup": "formats:SOUP_RLE"},
    channels={"phases": "phases:Phases"},
    bench={"life": "bench:life", "highlife": "bench:highlife", "generate": "bench:generate"},
    bench_cuda={
        "life": "bench_cuda:life",
        "highlife": "bench_cuda:highlife",
        "census": "bench_cuda:census",
        "generate": "bench_cuda:generate",
    },
)
