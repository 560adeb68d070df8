"""simkit study: a command for each study of the registry."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import Field, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simkit import registry
from simkit.errors import UnknownNameError
from simkit_cli import display, options
from simkit_cli.running import shown

if TYPE_CHECKING:
    from simkit.figures.claims import Row
    from simkit.run import Progress

#: exit status if a claim does not hold: not 1 (an error), 2 (misuse, click's own) or from 126 on (the shell's)
NOT_STATUS = 3

_HELP = """{title}: ask each QUESTION, or all of them.

{questions}

The data sets that a question needs are made in OUT/data, or continued where they were stopped; what was found is
written beside them as QUESTION-TABLE.zarr, QUESTION-claims.zarr and QUESTION.png, and OUT/report.html shows all of
that. Every number has a standard error in brackets; `dof` is its number of degrees of freedom. `z` is the
deviation from the exact value in standard errors, as that of a normal variable of the same probability. A claim is ok
if `z` is below 4, which one true claim in 16,000 is not, or if the value is inside the interval under `needed` by at
least one error. It is NOT if it is 4 errors away.

If anything is NOT, the exit status is 3, and each such claim is a line on standard error, with --quiet, too.
(Errors end with status 1, misuse with 2.)
"""


class _Studies(click.Group):
    """A command for each study, made when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(registry.studies())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in registry.studies():
            if ctx.resilient_parsing:
                return None
            raise click.UsageError(str(UnknownNameError.of("study", cmd_name, registry.studies())), ctx)
        return _command(cmd_name, registry.study(cmd_name))


@click.group(name="study", cls=_Studies, short_help="Ask a question of data: measure, compare, draw.")
def command() -> None:
    """Ask a question of data sets: make those that it needs, measure, compare with exact
    results, and draw figures.
    """


def _command(name: str, study: registry.Study) -> click.Command:
    full = study.scales[registry.SCALES[-1]]
    ask: Callable[..., Any] = partial(_ask, name, study)
    for add in (
        options.backend,
        options.quiet,
        options.dask,
        options.threads,
        *(_option(field, getattr(full, field.name)) for field in reversed(fields(full))),
        options.out("The folder.", Path(name)),
        click.option("--tiny", is_flag=True, help="The same as --scale tiny."),
        click.option(
            "--scale", type=click.Choice(registry.SCALES), default=registry.SCALES[-1], show_default=True,
            help="How much is computed: tiny shows in seconds that it works, small takes less than an hour.",
        ),
        click.argument("questions", metavar="[QUESTION]...", nargs=-1, type=click.Choice(list(study.questions))),
    ):  # fmt: skip
        ask = add(ask)
    questions = "\b\n" + display.table_text(study.questions.items(), indent="")
    text = _HELP.format(title=study.title, questions=questions)
    return click.command(name, help=text, short_help=f"{study.title}.")(ask)


def _option(field: Field[Any], full: Any) -> Callable[..., Any]:
    """Add the option that replaces a field of the scale, which is `full` at full size."""
    kinds: dict[type, click.ParamType[Any]] = {
        int: options.Count() if full else click.IntRange(0),
        float: click.FLOAT,
        str: click.STRING,
    }
    text = f"{field.metadata.get('help', '')}  [full: {full}]"
    return click.option(f"--{field.name.replace('_', '-')}", type=kinds[type(full)], help=text)


def _ask(
    name: str,
    study: registry.Study,
    *,
    questions: tuple[str, ...],
    scale: str,
    tiny: bool,
    out: Path,
    threads: int | None,
    dask: str | None,
    backend: str,
    quiet: bool,
    **changes: Any,
) -> None:
    from simkit.backends import keep_memory
    from simkit.figures import claims
    from simkit.figures.page import draw_page
    from simkit.figures.study import check_matplotlib, draw_study
    from simkit.store import open_store
    from simkit.study.conduct import conduct, results

    check_matplotlib()
    keep_memory()
    scale = "tiny" if tiny else scale
    given = {field: value for field, value in changes.items() if value is not None}
    size = replace(study.scales[scale], **given)
    verdicts: list[str] = []
    wrong: list[str] = []
    with options.computing(dask, threads) as by:
        for question in dict.fromkeys(questions or study.questions):
            began = time.monotonic()
            with shown(quiet=quiet) as show:

                def tell(data: str, now: Progress) -> None:
                    show(now, data)

                written = conduct(name, question, out, size, backend=backend, progress=tell, **by)
            figure, found = out / f"{question}.png", open_store(written["claims"])
            draw_study(found, figure)
            rows = claims.read(found)
            if not quiet:
                click.echo(_table(question, rows))
                for note in found.recipe["parameters"]["notes"]:
                    click.echo(f"! {note}")
                click.echo(f"{figure}, {display.time_text(time.monotonic() - began)}\n")
                sys.stdout.flush()
            verdicts += [row.verdict for row in rows]
            wrong += [f"NOT: {question}: {row.sentence()}" for row in rows if row.verdict == "NOT"]
    report = out / "report.html"
    draw_page([open_store(path) for path in results(name, out).values()], report)
    if not quiet:
        _conclude(verdicts)
        click.echo(f"{report}: all that is in {out}")
        if scale != registry.SCALES[-1]:
            click.echo(f"these are {scale} runs; next, at full size: {shlex.join(['simkit', 'study', name])}")
    for sentence in wrong:
        click.echo(sentence, err=True)
    if wrong:
        sys.exit(NOT_STATUS)


def _table(question: str, rows: list[Row]) -> str:
    """Return the claims of a question as a table, without columns that are empty."""
    from simkit.figures.claims import HEADER

    lines = [HEADER._replace(claim=question), *rows]
    filled = [i for i in range(len(HEADER)) if any(row[i] for row in rows)]
    return display.table_text([[line[i] for i in filled] for line in lines], indent="")


def _conclude(verdicts: list[str]) -> None:
    """Print how many claims have each verdict."""
    from simkit.figures.claims import MEANINGS

    counts = {verdict: verdicts.count(verdict) for verdict in MEANINGS}
    shown = [verdict for verdict, n in counts.items() if n or verdict in ("ok", "NOT")]
    click.echo(", ".join(f"{counts[v]} {v}{f' ({MEANINGS[v]})' if MEANINGS[v] else ''}" for v in shown))
