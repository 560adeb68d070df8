"""Wallpapers: a world in a package of its own, as anybody may write one. It is a test of simkit, and an example."""

from simkit.registry import World

WORLD = World(
    title="wallpapers, of a tile and its copies",
    sources={"wallpaper": "wallpaper:Wallpaper"},
    views={"tiles": "pictures:tiles"},
    formats={"pbm": "pbm:PBM"},
    channels={"edges": "edges:Edges"},
    tiles={"wall": "wall:Wall"},
    bench={"wallpaper": "bench:wallpaper"},
)
