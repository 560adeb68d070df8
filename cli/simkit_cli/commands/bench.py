"""simkit bench."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simkit_cli import display

if TYPE_CHECKING:
    from simkit.bench.streaming import Line, Report, Table

_STREAM = "stream"


@click.command(name="bench", short_help="Measure rates on this machine.")
@click.argument("cases", metavar="[CASE]...", nargs=-1)
@click.option("--tiny", is_flag=True, help="Run at a size that only shows that it works.")
@click.option("--store", type=click.Path(path_type=Path), help="Data set to stream, instead of ash made for it.")
def command(cases: tuple[str, ...], tiny: bool, store: Path | None) -> None:
    """Measure the rate of each CASE and its share of a bound measured in the same run.

    Without a CASE, all but `stream`: how fast a data set can be streamed into training, beside the bare decoding of its
    chunks, a memmap, zarr-python, and litdata, MosaicML streaming and WebDataset where they are installed. It needs
    torch, and takes minutes.
    """
    if store is not None and _STREAM not in cases:
        raise click.UsageError(f"--store is for the case {_STREAM!r}")
    from simkit import bench

    named = [case for case in cases or bench.CASES if case != _STREAM]
    if named:
        rows = [("case", "rate", "bound", "share", "bounded by")]
        for case in named:
            found = bench.measure(case, tiny=tiny)
            rate = f"{found.rate:.3g} {found.unit}"
            rows.append((case, rate, f"{found.bound:.3g}", f"{found.share:.2f}", found.bounded_by))
        click.echo(display.table_text(rows, indent=""))
    if _STREAM in cases:
        from simkit.bench import streaming

        click.echo(_report_text(streaming.measure(store, tiny=tiny)))


def _report_text(report: Report) -> str:
    parts = [_table_text(table) for table in report.tables]
    parts += [f"Not installed: {', '.join(report.absent)}"] if report.absent else []
    stall = report.stall
    parts.append(
        f"A network that learns ({stall.network}) from a {stall.source}:\n"
        f"{stall.trained:,.0f} rows/s, of whose time it waited {stall.waited:.4f}; "
        f"the source alone makes {stall.made:,.0f} rows/s"
    )
    return "\n\n".join(parts)


def _table_text(table: Table) -> str:
    from simkit.bench.ways import FORMS

    ours = table.lines[1]
    rows = [("", "records/s", "MB/s", "from disk", "/s of CPU", "of bound", "simkit /")]
    rows += [_row(line, table.record_bytes, ours) for line in table.lines]
    title = f"{table.n_rows:,} records of {table.record_bytes:,} bytes as {table.form} ({FORMS[table.form]})"
    return f"{title}\n{display.table_text(rows, indent='')}"


def _row(line: Line, record_bytes: int, ours: Line) -> tuple[str, str, str, str, str, str, str]:
    cold = "" if math.isnan(line.cold) else f"{line.cold:,.0f}"
    warm, megabytes, per_cpu = (f"{x:,.0f}" for x in (line.warm, line.warm * record_bytes / 1e6, line.per_cpu))
    return line.name, warm, megabytes, cold, per_cpu, f"{line.share:.3f}", f"{ours.share / line.share:.2f}"
