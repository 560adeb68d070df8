"""A report on what a study found, from the stores that it wrote alone: one HTML file that needs nothing else.

It loads nothing, not even from its own folder, and runs no script. What stands in the stores is shown as text.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from simkit.errors import ParameterError, counted
from simkit.figures import claims as texts
from simkit.figures.sheet import put
from simkit.figures.study import svg, tables
from simkit.store import Store

#: rows of a table that are shown, and values of a list
_MOST_ROWS, _MOST_VALUES = 500, 24

_STYLE = Path(__file__).with_name("page.css")


def draw_page(questions: Sequence[Store], out: Path) -> None:
    """Write a report with figures, claims, tables, and what all of it comes from.

    Parameters
    ----------
    questions : sequence of Store
        The claims of each question of one study, whose tables are beside them.
    out : Path

    Raises
    ------
    LibraryError
        If matplotlib is not installed.
    ParameterError
        If there are no questions.
    StoreError
        If a table is missing or another one, or `out` cannot be written.
    """
    if not questions:
        raise ParameterError("a report is about one question at least; there is none")
    about = questions[0].recipe["parameters"]
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">",
        f"<title>{escape(about['about'])}</title>",
        f"<style>{_STYLE.read_text('utf-8')}</style></head><body><main>",
        f"<h1>{escape(about['about'])}</h1>",
        *_summary(about["study"], questions),
        *(part for store in questions for part in _question(store)),
        "</main></body></html>\n",
    ]
    put("\n".join(parts).encode(), out)


def _summary(study: str, questions: Sequence[Store]) -> Iterator[str]:
    """Give the number of claims of each verdict, of each question and in all."""
    yield f"<p>What <code>simkit study {escape(study)}</code> found.</p>"
    verdicts = [[row.verdict for row in texts.read(store)] for store in questions]
    of_all = list(chain.from_iterable(verdicts))
    yield '<ul class="verdicts">'
    for verdict, meaning in texts.MEANINGS.items():
        if (n := of_all.count(verdict)) or verdict in ("ok", "NOT"):
            start = "<li>" if n else '<li class="none">'
            yield f"{start}{n} {_badge(verdict)} {escape(meaning)}</li>"
    yield "</ul>"
    if len(questions) > 1:
        yield "<nav><ol>"
        for store, of_one in zip(questions, verdicts, strict=True):
            about = store.recipe["parameters"]
            counts = [f'<span class="count">{n} {_badge(v)}</span>' for v in texts.MEANINGS if (n := of_one.count(v))]
            name = escape(about["question"])
            yield f'<li><a href="#{name}">{escape(about["title"])}</a> <small>{", ".join(counts)}</small></li>'
        yield "</ol></nav>"


def _question(claims: Store) -> Iterator[str]:
    about, found = claims.recipe["parameters"], tables(claims)
    yield f'<section id="{escape(about["question"])}"><h2>{escape(about["title"])}</h2>'
    yield from (f'<p class="note">{escape(note)}</p>' for note in about["notes"])
    yield '<div class="figures">'
    for plot in about["plots"]:
        image = base64.b64encode(svg(plot, found[plot["table"]])).decode()
        text = escape(f"{plot['title']}: {plot['axes']['y']} against {plot['axes']['x']}")
        yield f'<figure><img alt="{text}" src="data:image/svg+xml;base64,{image}"></figure>'
    yield "</div>"
    yield from _claims(claims)
    for name, table in found.items():
        yield from _table(name, table)
    yield from _chain(claims, found)
    yield "</section>"


def _claims(store: Store) -> Iterator[str]:
    """Give the claims as a table, whose rows are blocks on a narrow screen; columns that are empty are left out."""
    rows = texts.read(store)
    if not rows:
        return
    filled = [i for i in range(len(texts.HEADER) - 1) if any(row[i] for row in rows)]
    names = ["claim", *texts.HEADER[1:]]
    heads = "".join(f"<th>{name}</th>" for name in ["verdict", *(names[i] for i in filled)])
    yield f'<table class="claims"><thead><tr>{heads}</tr></thead><tbody>'
    for row in rows:
        cells = "".join(f'<td data-name="{names[i]}">{escape(row[i])}</td>' for i in filled)
        yield f"<tr><td>{_badge(row.verdict)}</td>{cells}</tr>"
    yield "</tbody></table>"


def _badge(verdict: str) -> str:
    return f'<span class="badge {escape(verdict.lower())}">{escape(verdict)}</span>' if verdict else ""


def _table(name: str, store: Store) -> Iterator[str]:
    n_rows = store.layout.n_rows
    yield f"<details><summary>Table <b>{escape(name)}</b>, {counted(n_rows, 'row')}</summary>"
    if n_rows > _MOST_ROWS:
        yield f"<p>The first {_MOST_ROWS:,} rows; all are in <code>{escape(store.name)}</code>.</p>"
    yield '<div class="wide"><table><thead><tr>'
    yield "".join(f'<th title="{escape(field.doc)}">{escape(column)}</th>' for column, field in store.schema.items())
    yield "</tr></thead><tbody>"
    columns = []
    for column, field in store.schema.items():
        values = store[column][: min(n_rows, _MOST_ROWS)]
        if field.labels:
            columns.append([escape(field.labels[int(value)]) for value in values])
        elif field.dims:
            columns.append([" x ".join(map(str, field.shape))] * len(values))
        else:
            columns.append([_number(value) for value in values])
    yield from (f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in zip(*columns, strict=True))
    yield "</tbody></table></div></details>"


def _number(value: np.generic) -> str:
    return f"{value:.6g}" if isinstance(value, np.floating) else str(value.item())


def _chain(claims: Store, found: Mapping[str, Store]) -> Iterator[str]:
    """Give what the figures come from: tables, data sets, and the recipes of these, with digests."""
    about = claims.recipe["parameters"]
    yield "<details><summary>Where this comes from</summary>"
    yield "<p>The figures and claims were drawn from these tables, and the tables computed from the data sets below."
    yield "Source, version, parameters and seed of a data set make it again to the last bit."
    yield "A digest is that of all rows.</p>"
    yield f"<p>Scale: {_values(about['scale'])}.</p>"
    yield '<div class="wide"><table><thead><tr><th>table</th><th>rows</th><th>digest</th></tr></thead><tbody>'
    for store in (claims, *found.values()):
        name, n_rows = escape(store.name), store.layout.n_rows
        yield f"<tr><td>{name}</td><td>{n_rows:,}</td>{_digest(store.root_digest())}</tr>"
    yield "</tbody></table></div>"
    heads = ("data set", "source", "version", "seed", "rows", "parameters", "digest")
    yield f'<div class="wide"><table><thead><tr><th>{"</th><th>".join(heads)}</th></tr></thead><tbody>'
    for name, recipe in about["data"].items():
        cells = (name, recipe["source"], recipe["version"], recipe["seed"], f"{recipe['n']:,}")
        start = "".join(f"<td>{escape(str(cell))}</td>" for cell in cells)
        yield f"<tr>{start}<td>{_values(recipe['parameters'])}</td>{_digest(recipe['digest'])}</tr>"
    yield "</tbody></table></div></details>"


def _digest(digest: str) -> str:
    return f'<td class="digest"><code>{escape(digest)}</code></td>'


def _values(values: Mapping[str, Any]) -> str:
    """Return names and values, lists no longer than can be read."""
    found = []
    for name, value in values.items():
        if isinstance(value, Sequence) and not isinstance(value, str) and len(value) > _MOST_VALUES:
            value = f"[{', '.join(map(str, value[:_MOST_VALUES]))}, ... {len(value):,} values]"
        found.append(f"{name} = {value}")
    return escape("; ".join(found))
