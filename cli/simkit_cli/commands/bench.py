"""simkit bench."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simkit_cli import display

if TYPE_CHECKING:
    from simkit.bench import Rate
    from simkit.bench.streaming import Line, Report, Table

_STREAM = "stream"


@click.command(name="bench", short_help="Measure rates on this machine.")
@click.argument("cases", metavar="[CASE]...", nargs=-1)
@click.option("--tiny", is_flag=True, help="Run at a size that only shows that it works.")
@click.option(
    "--backend", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help="What to measure."
)
@click.option("--roofline", type=click.Path(path_type=Path), help="Draw the cases below the device's limits (PNG).")
@click.option("--store", type=click.Path(path_type=Path), help="Data set to stream, instead of one made for it.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    cases: tuple[str, ...], tiny: bool, backend: str, roofline: Path | None, store: Path | None, form: str
) -> None:
    """Measure the rate of each CASE and its share of a bound measured in the same run.

    Without a CASE, all but `stream`: how fast a data set can be streamed into training, beside the bare decoding of its
    chunks, a memmap, zarr-python, and litdata, MosaicML streaming and WebDataset where they are installed. It needs
    torch, and takes minutes.

    A line says so where the machine was too busy to measure. With json, the cases are one object, and `stream` another.
    """
    if store is not None and _STREAM not in cases:
        raise click.UsageError(f"--store is for the case '{_STREAM}'")
    if roofline is not None and backend != "cuda":
        raise click.UsageError("--roofline draws operations and bytes as they are counted with --backend cuda")
    from simkit import bench, run

    load, n_processors = bench.load(), run.n_processors()
    named = [case for case in cases or bench.cases(backend) if case != _STREAM]
    found = [bench.measure(case, tiny=tiny, backend=backend) for case in named]
    ran = {rate.case: rate.on_processor for rate in found}
    if found:
        record = {"backend": backend, "device": bench.device(backend), "load": load, "cases": list(map(_record, found))}
        click.echo(json.dumps(record) if form == "json" else _rates_text(found))
    if roofline is not None:
        from simkit.bench.gpu import ceilings
        from simkit.figures.roofline import Point, draw

        points = [Point(rate.case, rate.rate, rate.n_operations, rate.n_bytes) for rate in found]
        draw(points, *ceilings(tiny), bench.device(backend), roofline)
        click.echo(f"{roofline}: the cases below the limits of {bench.device(backend)}", err=form == "json")
    if _STREAM in cases:
        from simkit.bench import streaming

        report = streaming.measure(store, tiny=tiny)
        ran[_STREAM] = report.on_processor
        record = {"case": _STREAM, "load": load, **dataclasses.asdict(report)}
        click.echo(json.dumps(record) if form == "json" else _report_text(report))
    why = None if tiny else bench.too_busy(ran, load, n_processors)  # tiny figures mean nothing
    if why is not None:
        click.echo(why, err=True)


def _rates_text(found: list[Rate]) -> str:
    rows = [("case", "rate", "bound", "share", "bounded by")]
    for rate in found:
        measured = f"{display.count_text(rate.rate)} {rate.unit}"
        rows.append((rate.case, measured, display.count_text(rate.bound), f"{rate.share:.0%}", rate.bounded_by))
    return display.table_text(rows, indent="")


def _record(rate: Rate) -> dict[str, Any]:
    values = {
        name: None if value != value else value for name, value in dataclasses.asdict(rate).items()
    }  # NaN is not JSON
    return {**values, "share": rate.share}


def _report_text(report: Report) -> str:
    data = f"Of {report.data['source']} (version {report.data['version']}), with the fields {', '.join(report.fields)}:"
    parts = [data, *map(_table_text, report.tables)]
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
    cold = "" if line.cold is None else f"{line.cold:,.0f}"
    warm, megabytes, per_cpu = (f"{x:,.0f}" for x in (line.warm, line.warm * record_bytes / 1e6, line.per_cpu))
    return line.name, warm, megabytes, cold, per_cpu, f"{line.share:.3f}", f"{ours.share / line.share:.2f}"
