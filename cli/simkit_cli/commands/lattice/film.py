"""simkit lattice film."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from simkit.errors import UnknownNameError
from simkit_cli import display, options
from simkit_cli.commands.lattice import ink


class _Scene(click.ParamType[str]):
    """A name in the table of scenes, which is read when it is needed."""

    name = "scene"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from simkit.lattices.films import SCENES

        if value not in SCENES:
            self.fail(str(UnknownNameError.of("scene", value, SCENES)), param, ctx)
        return str(value)


@click.command(name="film", short_help="Film a phase transition, two boxes, or a magic state.")
@click.argument("scene", type=_Scene())
@options.out("A .gif, .apng or .mp4.  [default: SCENE.gif]")
@ink.options_of_a_picture
@click.option(
    "--steps",
    type=options.Count(),
    help="Steps of the film, or until the picture.  [default: as listed; of magic, 20000]",
)
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), help="Seed of the start; not for magic.  [default: 0]")
@options.backend
@options.quiet
def command(
    scene: str,
    out: Path | None,
    text: str | None,
    picture: Path | None,
    invert: bool,
    size: int | None,
    steps: int | None,
    seed: int | None,
    backend: str,
    quiet: bool,
) -> None:
    """Film a SCENE as an animated GIF or PNG, or as MP4.

    \b
    phase-transition  spins cooled through the critical point by a gas, --steps 1.2e6; takes --seed
    two-boxes         a dense and a thin gas that come to equilibrium, --steps 3000; takes --seed
    magic             disorder that becomes a picture; takes --text or --picture, --invert and --size

    \b
    simkit lattice film phase-transition --out ising.gif
    simkit lattice film magic --text MAGIC --out magic.gif
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.figures.film import check_film, draw_film
    from simkit.lattices import films, magic

    out = out or Path(f"{scene}.gif")
    check_film(out)
    start = None
    if scene == "magic":
        if seed is not None:
            raise click.UsageError("--seed is of scenes whose start is drawn; magic is made from its picture alone")
        start = magic.draw(ink.read(text, picture, size, invert=invert))
    else:
        given = {"--text": text, "--picture": picture, "--invert": invert or None, "--size": size}
        for option, value in given.items():
            if value is not None:
                raise click.UsageError(f"{option} is of the scene magic; {scene} takes --steps and --seed")
    chosen = films.scene(scene, seed or 0, start, steps, backend=backend)
    with display.progress_bar(quiet=quiet) as bar:
        task = bar.add_task("filming", total=chosen.n_frames)
        width, height, n_frames, seconds = draw_film(chosen, out, progress=lambda n: bar.advance(task, n))
    if not quiet:
        click.echo(f"{out}: {scene}, {n_frames} frames, {seconds:.1f} s, {width} x {height} pixels")
