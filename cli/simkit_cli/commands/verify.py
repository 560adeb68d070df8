"""simkit verify."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from simkit.errors import counted
from simkit_cli import display, options

#: faults that are printed one by one
_MAX_FAULTS = 20

#: what is said where rows that have their digests are not what the recipe makes: to continue would change nothing
_NOT_THEIRS = "they are not the rows of its recipe, or this simkit is another; generate it again with another --out"


@click.command(name="verify", short_help="Check a data set.")
@options.store
@click.option("--full", is_flag=True, help="Decode everything and compare it with the digests; generate one row again.")
@click.option(
    "--regenerate",
    type=options.Count(least=0),
    metavar="N",
    help="Generate N random rows again by the recipe and compare.",
)
@options.backend
@click.option(
    "--forget", is_flag=True, help="Count faulty shards as not done, so that `simkit generate` makes them again."
)
@options.quiet
def command(store: Path | str, full: bool, regenerate: int | None, backend: str, forget: bool, quiet: bool) -> None:
    """Check the data set STORE: its ledger and the sizes of its shards; more with --full or --regenerate.

    Digests tell whether the values are those that were written, but nothing about the recipe that the data set records.
    To check that, rows are generated again: one with --full, or as many as --regenerate says.

    The exit status is 1 if anything is wrong or rows are missing.
    """
    n_again = int(full) if regenerate is None else regenerate
    if backend != "auto" and not n_again:
        raise click.UsageError("--backend says where rows are run anew; give --full or --regenerate N too")
    from simkit import run
    from simkit import store as stores
    from simkit.errors import CONTINUE, DamageError, SimkitError, one_line

    opened = stores.open_store(store)
    n_done, n = opened.n_rows_done, opened.layout.n_rows
    with display.progress_bar(quiet=quiet) as bar:
        task = bar.add_task("verifying", total=n_done)
        found = list(stores.faults(opened, full=full, progress=lambda n_rows: bar.advance(task, n_rows)))
    faults, are_values_wrong, n_again = [fault.text for fault in found], False, min(n_again, n_done)
    shards = {shard for fault in found for shard in fault.shards}
    try:
        faults += run.compare_schema(opened)
    except SimkitError as error:
        click.echo(f"note: the schema was not compared with the source's: {error}", err=True)
        n_again = n_again if regenerate else 0  # where that was asked for, it is an error that it cannot be done
    how = "every value has its digest" if full else "ledger and sizes agree (values: --full)"
    if n_again and not faults:
        with display.progress_bar(quiet=quiet) as bar:
            task = bar.add_task("regenerating", total=n_again)
            ran_on, faults = run.regenerate(
                opened, n_again, backend=backend, progress=lambda n_rows: bar.advance(task, n_rows)
            )
        are_values_wrong = bool(faults)
        rows = "1 random row run anew on {} is" if n_again == 1 else f"{n_again:,} random rows run anew on {{}} are"
        how += f"; {rows.format(ran_on)} the same"
    else:
        how += "; no row was run anew, so that nothing is known of the recipe (--regenerate N)"
    if forget and shards:
        stores.forget(opened.path, shards)
    if faults:
        for fault in faults[:_MAX_FAULTS]:
            click.echo(one_line(f"fault: {fault}"), err=True)
        more = f" ({len(faults) - _MAX_FAULTS:,} more not shown)" if len(faults) > _MAX_FAULTS else ""
        n_faults = counted(len(faults), "fault")
        advice = _NOT_THEIRS if are_values_wrong else _advice(opened.path, len(shards), forget)
        raise DamageError(f"{store} has {n_faults}{more}; {advice}")
    if n_done < n:
        raise DamageError(f"{store} is whole as far as it goes: {n_done:,} of {counted(n, 'row')}; {CONTINUE}")
    if not quiet:
        click.echo(f"{store}: {counted(n, 'row')}, {how}")
        click.echo(f"digest {opened.root_digest()}")


def _advice(path: Path | str, n_shards: int, are_forgotten: bool) -> str:
    if not n_shards:
        return "run its `simkit generate` line"
    if are_forgotten:
        n_forgotten = f"{counted(n_shards, 'shard')} {'counts' if n_shards == 1 else 'count'}"
        return (
            f"{n_forgotten} as not done now: its `simkit generate` line makes {'it' if n_shards == 1 else 'them'} again"
        )
    return f"`simkit verify {shlex.quote(str(path))} --forget` lets its `simkit generate` line make them again"
