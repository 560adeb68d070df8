"""simkit fractal path."""

from __future__ import annotations

import re
import time
from decimal import Decimal
from pathlib import Path

import click

from simkit_cli import display, options
from simkit_cli.commands.fractal import looks


class _OfPaths(click.Command):
    """Takes a map whose first number is negative as a value; lists the paths that have names below the options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [f" {arg}" if re.match(r"-[0-9.]+[^,]*,", arg) else arg for arg in args])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from simkit.fractals.paths import PATHS

        with formatter.section("Paths"):
            formatter.write_dl([(name, found.title) for name, found in PATHS.items()])


@click.command(name="path", cls=_OfPaths, short_help="Film a ring that becomes a strange attractor.")
@click.argument("store", type=options.DataSet(), required=False)
@click.option("--preset", help="A path that has a name.  [default: trefoil]")
@click.option("--start", metavar="PARAMS", help="The map at the start of a path of your own, 10 or 12 numbers.")
@click.option("--end", metavar="PARAMS", help="The map at its end.")
@click.option(
    "--origin",
    type=looks.Numbers(2),
    metavar="X,Y",
    help="Near where the orbit starts.  [default: the preset's, or 0,0]",
)
@click.option("--frames", type=options.Count(), default=600, show_default=True, help="Thirty are shown in a second.")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True, help="Draws the start.")
@looks.size("1080x1080")
@click.option("--palette", default="post", show_default=True, help="post, dusk or frost.")
@options.out("A .mp4, .gif or .apng.  [default: NAME.mp4]")
@options.backend
@options.quiet
def command(
    store: Path | str | None,
    preset: str | None,
    start: str | None,
    end: str | None,
    origin: tuple[Decimal, ...] | None,
    frames: int,
    seed: int,
    size: tuple[int, int],
    palette: str,
    out: Path | None,
    backend: str,
    quiet: bool,
) -> None:
    """Film an attractor while the coefficients of its map go along a line: from a ring to a strange attractor.

    \b
    simkit fractal path --out ring.mp4
    simkit fractal path --preset prey --frames 300 --size 720x720 --out prey.gif
    simkit fractal path --start 2.01,0,0,-2.01,0,1,0,0,0,0 --end 2.27,0,0,-2.27,0,1,0,0,0,0 --origin 0.5,0.5
    simkit fractal path paths.zarr --out run.apng

    The state is carried on from frame to frame; where the attractor is lost, the film says so. A data set STORE of
    attractor-path is shown as it is, the run of its first row. Below the picture are what the frame is on, the
    coefficients that change, and the largest Lyapunov exponent along the path. An .mp4 needs the extra `film`.
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.figures.film import check_film, draw_film
    from simkit.fractals import path_film
    from simkit.fractals.attractor_path import AttractorPath

    began = time.perf_counter()
    own = {"--start": start, "--end": end, "--origin": origin}
    if preset and (start or end):
        raise click.UsageError("a path is a --preset, or has a --start and an --end of its own; leave one out")
    if store is not None and (preset or any(own.values())):
        raise click.UsageError(
            f"{store} is a data set, whose path is in it; leave out --preset, --start, --end, --origin"
        )
    name = Path(store).stem if store is not None else "path" if start else preset or "trefoil"
    out = out or Path(f"{name}.mp4")
    if store is not None:
        check_film(out)
        found = path_film.of_store(store)
    else:
        check_film(out, size)
        place = tuple(map(float, origin or ()))
        path = AttractorPath(start=preset or start or "trefoil", end=end or "", origin=place, frames=frames)
        found = path_film.film(path, size, seed=seed, palette=palette, backend=backend)
    with display.progress_bar(quiet=quiet) as bar:
        task = bar.add_task("filming", total=found.n_frames)
        width, height, n_frames, seconds = draw_film(found, out, progress=lambda n: bar.advance(task, n))
    if not quiet:
        took = time.perf_counter() - began
        click.echo(
            f"{out}: {name}, {n_frames:,} frames, {seconds:.1f} s, {width} x {height} pixels, made in {took:.1f} s"
        )
