"""Fractals: planar quadratic maps, what becomes of every point under them, and their attractors."""

from __future__ import annotations

from simkit.registry import World

WORLD = World(
    title="fractals and attractors of planar quadratic maps",
    sources={
        "attractor-path": "attractor_path:AttractorPath",
        "quadratic-map": "quadratic_map:QuadraticMap",
        "attractor": "attractor:AttractorImage",
    },
    views={"sheet": "pictures:sheet", "film": "path_film:view"},
    bench={"escape": "bench:escape", "escape-float32": "bench:escape32", "anneal": "bench:anneal"},
    bench_cuda={"escape": "bench_cuda:escape"},
    tiles={"fractal": "tiles:Tiles"},
)
