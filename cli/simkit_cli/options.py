"""Options and kinds of values that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from simkit.errors import show

#: rows of a list at most
_MOST_ROWS = 100_000

_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


class Count(click.ParamType[int]):
    """A number of things: 20000, 20_000, 2e4 or 20k (k, M, G = thousands, millions, milliards)."""

    name = "count"

    def __init__(self, least: int = 1) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(
            r"([+-]?[0-9][0-9_]{0,39}(?:\.[0-9]{1,40})?(?:e\+?[0-9]{1,2})?)([kmg]?)", value.strip().lower()
        )
        if match:
            from decimal import Decimal

            number = Decimal(match[1]) * _FACTORS[match[2]]
            if number == number.to_integral_value() and number >= self._least:
                return int(number)
        return self.fail(f"{show(value)} is not a count of at least {self._least}; write 20000, 2e4 or 20k", param, ctx)


class RowRange(click.ParamType[range]):
    """Rows START:STOP, or one row."""

    name = "rows"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> range:
        if isinstance(value, range):
            return value
        match = re.fullmatch(r"([0-9]{1,18})(?::([0-9]{1,18}))?", value.strip())
        if match:
            start = int(match[1])
            rows = range(start, int(match[2]) if match[2] else start + 1)
            if rows:
                return rows
        return self.fail(f"{show(value)} is not START:STOP with START < STOP, such as 0:16, or one row", param, ctx)


class Rows(click.ParamType[list[int]]):
    """Rows START:STOP, or a list of rows and such ranges: 3,7,20:25."""

    name = "rows"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        if isinstance(value, list):
            return value
        rows: list[int] = []
        for part in value.split(","):
            chosen = RowRange().convert(part, param, ctx)
            if len(rows) + len(chosen) > _MOST_ROWS:
                self.fail(f"{show(value)} names more than {_MOST_ROWS:,} rows", param, ctx)
            rows += chosen
        return rows


class Assignment(click.ParamType[tuple[str, str]]):
    """NAME=VALUE."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, equals, text = value.partition("=")
        if not equals or not name:
            self.fail(f"{show(value)} is not NAME=VALUE, such as size=64", param, ctx)
        return name.strip(), text


class LocalPath(click.Path):
    """A path of this machine."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if "://" in str(value):
            self.fail(f"{show(str(value))} is an address, and this is a file or a folder of this machine", param, ctx)
        return super().convert(value, param, ctx)


class DataSet(click.Path):
    """Where a data set is: a path, or an address such as s3://bucket/x.zarr."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if "://" in str(value) else super().convert(value, param, ctx)


def complete_sources(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the sources and recipes whose names begin so, for the shell to complete."""
    del ctx, param
    from simkit.recipe import shipped
    from simkit.registry import sources

    return [name for name in (*sources(), *shipped()) if name.startswith(incomplete)]


def backend(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--backend``."""
    return click.option("--backend", default="auto", show_default=True, help="auto, cuda, cpu or reference.")(command)


def quiet(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--quiet``."""
    return click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors.")(command)


def store(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument STORE."""
    return click.argument("store", type=DataSet())(command)


def out(
    text: str, default: Path | None = None, kind: click.Path | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what adds ``--out``, a file or folder to write, with this help."""
    return click.option("--out", type=kind or LocalPath(), default=default, show_default=True, help=text)


def force(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--force``."""
    return click.option("--force", is_flag=True, help="Replace files that hold something else.")(command)


def threads(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--threads``."""
    text = "Threads that compute.  [default: all processors]"
    return click.option("--threads", type=click.IntRange(min=1), help=text)(command)


def dask(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--dask``."""
    text = (
        "Compute on a Dask cluster: the address of its scheduler (tcp://HOST:8786), its scheduler file (.json), or "
        "`local` for a worker process per processor of this machine (or --threads of them)."
    )
    return click.option("--dask", metavar="ADDRESS|FILE|local", help=text)(command)


@contextmanager
def computing(dask: str | None, threads: int | None) -> Iterator[dict[str, Any]]:
    """Give the arguments of `simkit.generate` that say what computes: threads of this process, or a Dask cluster."""
    if dask is None:
        yield {"n_threads": threads}
        return
    if threads is not None and dask != "local":
        raise click.UsageError(
            "--threads means nothing to the workers of a Dask cluster, which have threads of their own; leave it out"
        )
    from simkit.run import n_processors
    from simkit.run.dask import connect

    with connect(dask, threads or n_processors()) as client:
        yield {"client": client}
