"""simkit lattice magic."""

from __future__ import annotations

from pathlib import Path

import click

from simkit_cli import options
from simkit_cli.commands.lattice import ink

#: moments before and after the picture that the curve is made of
_N_MOMENTS = 200


@click.command(name="magic", short_help="Make a state whose entropy falls back to a picture.")
@ink.options_of_a_picture
@click.option(
    "--steps",
    type=options.Count(),
    default=20_000,
    show_default=True,
    help="Steps until the picture appears, at most 1e7.",
)
@options.out("The folder.", Path("magic"))
@options.force
@options.backend
def command(
    text: str | None,
    picture: Path | None,
    invert: bool,
    size: int | None,
    steps: int,
    out: Path,
    force: bool,
    backend: str,
) -> None:
    """Make a state that looks like any other and, by the same rule that disorders everything, becomes a picture.

    The picture is drawn with full cells of gas and with spins that are up, run for --steps, and reversed. The folder
    gets a graph of the entropy, also with one packet changed (entropy.png), both states for Golly (magic.rle,
    flipped.rle), and Golly's rule. A PNG is put on white, cut at Otsu's threshold, and scaled to fit into the board. If
    it has very little ink, or very much, ink and paper are swapped in a band, so that half of the board is ink and the
    gas is hot.

    \b
    simkit lattice magic --text MAGIC
    simkit lattice magic --picture cat.png --steps 5000 --out cat
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.figures.plot import check_plot, draw_plot
    from simkit.interchange.files import Files
    from simkit.lattices import magic
    from simkit.lattices.golly import export
    from simkit.lattices.pictures import magic_plot

    check_plot()
    magic.check_steps(steps)
    start = magic.draw(ink.read(text, picture, size, invert=invert))
    shown = magic.demonstrate(start, steps, _N_MOMENTS, backend=backend)
    names = export.magic_files()
    export.write_magic(shown, Files(out, names, replace=force))
    draw_plot(magic_plot(shown), out / "entropy.png")

    at = shown.times.index(steps)
    (first, *_), (now, changed) = shown.entropies[0], (entropies[at] for entropies in shown.entropies)
    n_differ = int((shown.last[0] != shown.last[1]).sum())
    click.echo(f"{out}: entropy.png, {', '.join(names)}")
    click.echo(f"entropy, nats per cell: {first:.3f} at step 0, {now:.3f} at step {steps:,}, where")
    click.echo(f"the picture is {'there again, to the last bit' if shown.is_back else 'NOT there: report this'}")
    click.echo(f"one packet changed: {changed:.3f} at step {steps:,}; {n_differ:,} of {start.size:,} cells differ")
    click.echo(f"next: bgolly -a RuleLoader -s {out}/ -m {steps} -o back.rle {out}/magic.rle")
