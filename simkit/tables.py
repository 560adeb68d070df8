"""Tables of cells: aligned text for terminals, and HTML for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from simkit.errors import one_line

#: rows of a table in a notebook, and characters of a cell, at most
_MOST_ROWS, _MOST_CHARACTERS = 60, 200

#: cells begin at the left, which notebooks do not do by themselves
_LEFT = ' style="text-align: left"'


def as_text(rows: Iterable[Sequence[str]], indent: str = "  ") -> str:
    """Return rows of cells in aligned columns, the last one free."""
    rows = [list(row) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)] if rows else []
    return "\n".join(
        (indent + "  ".join([*(cell.ljust(n) for cell, n in zip(row, widths, strict=False)), row[-1]])).rstrip()
        for row in rows
    )


def as_html(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a title and a table in HTML.

    Every text is escaped and bounded, whoever wrote it, so that nothing of it is markup.
    """
    lines = [f"<p{_LEFT}>{escape(one_line(title))}</p>" if title else "", "<table>"]
    lines += [f"<thead><tr>{''.join(f'<th{_LEFT}>{_cell(name)}</th>' for name in head)}</tr></thead>"] if head else []
    lines += ["<tbody>"]
    lines += [f"<tr>{''.join(f'<td{_LEFT}>{_cell(value)}</td>' for value in row)}</tr>" for row in rows[:_MOST_ROWS]]
    lines += ["</tbody></table>"]
    lines += [f"<p{_LEFT}>and {len(rows) - _MOST_ROWS:,} more</p>"] if len(rows) > _MOST_ROWS else []
    return "".join(lines)


def _cell(value: object) -> str:
    return escape(one_line(str(value), _MOST_CHARACTERS))
