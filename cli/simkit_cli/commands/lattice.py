"""simkit lattice: magic, export-golly, film."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simkit.errors import show
from simkit_cli import display, options

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

#: moments before and after the picture that the curve is made of
_N_MOMENTS = 200

#: rows that export-golly writes if none are named
_ROWS = 16


class _Scene(click.ParamType[str]):
    """A name in the table of scenes, which is read when it is needed."""

    name = "scene"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from simkit.lattices.films import SCENES

        if value not in SCENES:
            self.fail(f"{show(value)} is not a scene; there is {', '.join(SCENES)}", param, ctx)
        return str(value)


@click.group(name="lattice", short_help="Magic states, films, and rules for Golly of the reversible lattices.")
def command() -> None:
    """Play with the reversible lattices: the HPP gas, Ising spins, and the interface between them."""


def _picture(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what a magic state becomes."""
    for option in (
        click.option("--size", type=options.Count(), help="Side of the board, cells.  [default: 256]"),
        click.option("--invert", is_flag=True, help="Swap ink and paper."),
        click.option("--picture", type=click.Path(path_type=Path), help="A PNG; its dark part is ink."),
        click.option("--text", help="A text; \\n begins a new line."),
    ):
        function = option(function)
    return function


def _ink(text: str | None, picture: Path | None, size: int | None, *, invert: bool) -> npt.NDArray[np.bool_]:
    from simkit.figures import ink
    from simkit.lattices.magic import SIDES, balance

    size = 256 if size is None else size
    if (text is None) == (picture is None):
        raise click.UsageError("a magic state becomes a text or a picture; give one of --text and --picture")
    if size not in SIDES:
        raise click.UsageError(f"--size takes {SIDES.start} to {SIDES[-1]}, a multiple of {SIDES.step}; this is {size}")
    found = ink.of_text(text, size) if text is not None else ink.of_picture(picture or Path(), size)
    balanced = balance(found)
    if balanced is not found:
        click.echo("note: the picture is counterchanged in a band, so that about half is ink: hot enough", err=True)
    return ~balanced if invert else balanced


@command.command(name="magic", short_help="Make a state whose entropy falls back to a picture.")
@_picture
@click.option("--steps", type=options.Count(), default=20_000, show_default=True, help="Steps to the picture, to 1e7.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("magic"), show_default=True, help="The folder.")
@click.option("--force", is_flag=True, help="Replace files that hold something else.")
@options.backend
def magic_command(
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

    The picture is laid over gas (full cells) and spins (up), run for --steps, and reversed. The folder gets the curve
    of its entropy, with what one packet more or less does to it (entropy.png), both states for Golly (magic.rle,
    flipped.rle) and Golly's rule. A PNG is laid on white, cut at Otsu's threshold and scaled to fit the board whole, in
    its middle; with little ink, or much, ink and paper are swapped in a band, so that half is ink and the gas is hot.

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
    start = magic.draw(_ink(text, picture, size, invert=invert))
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


@command.command(name="export-golly", short_help="Write rules for Golly, and states of a data set.")
@click.argument("store", type=click.Path(path_type=Path), required=False)
@click.option("--rows", type=options.RowRange(), help=f"Rows START:STOP of STORE, or one.  [default: 0:{_ROWS}]")
@click.option("--snapshot", type=int, default=-1, show_default=True, help="Which of the states; -1 is the last.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("rules"), show_default=True, help="The folder.")
@click.option("--force", is_flag=True, help="Replace files that hold something else.")
def export_golly_command(store: Path | None, rows: range | None, snapshot: int, out: Path, force: bool) -> None:
    """Write Golly's rules of the coupled system, HPP, Q2R and Creutz and, with STORE, states of its rows as RLE.

    Each .rule file has the rule as a tree and as a table, colours and icons. In Golly, put them into its folder of
    rules (File, Preferences, Control); bgolly finds them by -s.

    \b
    simkit lattice export-golly --out rules
    simkit lattice export-golly x.zarr --rows 0:2 --out rules
    bgolly -a RuleLoader -s rules/ -m 1000 -o out.rle rules/row-000000.rle
    """  # noqa: D301 - the backspace is click's mark for a paragraph that is not to be wrapped
    from simkit.interchange.files import Files
    from simkit.lattices.golly import export

    names = export.rule_files()
    if store is None:
        if rows is not None:
            raise click.UsageError("--rows are rows of a data set; name it: simkit lattice export-golly STORE --rows")
        export.write_rules(Files(out, names, replace=force))
    else:
        from simkit.store import open_store

        opened = open_store(store)
        rows = rows or range(min(_ROWS, opened.layout.n_rows))
        patterns = list(export.state_files(rows).values())
        files = Files(out, [*names, *patterns], replace=force)
        export.write_states(opened, rows, snapshot, files)
        export.write_rules(files)
        names += patterns
    click.echo(f"{out}: {', '.join(names[:5])}{f' and {len(names) - 5} more' if len(names) > 5 else ''}")


@command.command(name="film", short_help="Film a phase transition, two boxes, or a magic state.")
@click.argument("scene", type=_Scene())
@click.option("--out", type=click.Path(path_type=Path), help="A .gif, or .png (APNG).  [default: SCENE.gif]")
@_picture
@click.option(
    "--steps", type=options.Count(), help="To the picture, or of the film.  [default: 20000, of a film as in the list]"
)
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), help="Of the start, which magic has not.  [default: 0]")
@options.backend
@options.quiet
def film_command(
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
    """Film a SCENE as an animated GIF or PNG.

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
        start = magic.draw(_ink(text, picture, size, invert=invert))
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
