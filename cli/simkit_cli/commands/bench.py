"""simkit bench."""

from __future__ import annotations

import click

from simkit_cli import display


@click.command(name="bench", short_help="Measure rates on this machine.")
@click.argument("cases", metavar="[CASE]...", nargs=-1)
@click.option("--tiny", is_flag=True, help="Run at a size that only shows that it works.")
def command(cases: tuple[str, ...], tiny: bool) -> None:
    """Measure the rate of each CASE (all if none is named) and its share of a bound measured in the same run."""
    from simkit import bench

    rows = [("case", "rate", "bound", "share", "bounded by")]
    for case in cases or bench.CASES:
        rate = bench.measure(case, tiny=tiny)
        rows.append((case, f"{rate.rate:.3g} {rate.unit}", f"{rate.bound:.3g}", f"{rate.share:.2f}", rate.bounded_by))
    click.echo(display.table_text(rows, indent=""))
