"""How numbers, progress and tables look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simkit.tables import as_text

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

#: rows of cells in aligned columns
table_text = as_text


def bytes_text(n: int) -> str:
    """Return e.g. ``387 MB``."""
    size, units = float(n), ["bytes", "kB", "MB", "GB", "TB"]
    while size >= 999.5 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.3g} {units[0]}" if size < 999.5 else f"{size:,.0f} {units[0]}"


def time_text(seconds: float) -> str:
    """Return e.g. ``1 min 38 s``."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def count_text(n: float) -> str:
    """Return a number to three digits, e.g. ``15.8 million``, ``10,400`` or ``2.35``."""
    for name, unit in (("trillion", 1e12), ("billion", 1e9), ("million", 1e6)):
        if n >= 0.9995 * unit:
            return f"{n / unit:.3g} {name}"
    return f"{float(f'{n:.3g}'):,.0f}" if n >= 99.95 else f"{n:.3g}"


def rate_text(rate: float, unit: str = "row") -> str:
    """Return a rate, e.g. ``5,210 rows/s``, ``2.4 rows/s`` or, below one row per second, ``12.5 s per row``."""
    if rate < 1:
        return f"{time_text(1 / rate)} per {unit}"
    return f"{rate:,.0f} {unit}s/s" if rate >= 9.95 else f"{rate:.1f} {unit}s/s"


def done_column() -> ProgressColumn:
    """Return the column of a bar that says what is done, as ``15,872 of 20,000``; nothing while that is unknown."""
    from rich.progress import ProgressColumn, Task
    from rich.text import Text

    class Done(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text("" if task.total is None else f"{task.completed:,.0f} of {task.total:,.0f}")

    return Done()


def progress_bar(*, quiet: bool) -> Progress:
    """Return a bar on standard error with rows done, rows/s and the time left."""
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f} rows/s" if task.speed else "")

    console = Console(stderr=True)
    return RichProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        done_column(),
        Rate(),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )
