"""What a notebook shows of sources and data sets: bounded, without reading rows, and nothing of it markup."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from store_samples import N_ROWS, Toy, toy_recipe

import simkit
from simkit import registry
from simkit.run import generate
from simkit.schema import Field, Schema
from simkit.store import forget
from simkit.store.column import Column
from simkit.store.layout import LEDGER

#: what HTML is made of here; no other element, and no attribute but this style
ELEMENTS = {"p", "table", "thead", "tbody", "tr", "th", "td"}

EVIL = "</td></table><script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;"


class Shown(HTMLParser):
    """The texts of a piece of HTML; fails where it has other elements than tables, or they are not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS
        assert set(attributes) <= {("style", "text-align: left")}
        self.open.append(tag)
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts[-1] += data


def test_a_store_shows_its_recipe_and_its_fields_and_reads_no_row(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = simkit.open(finished)
    monkeypatch.setattr(Column, "__getitem__", lambda *_: pytest.fail("rows are read"))
    texts = Shown(store._repr_html_()).texts
    assert f"{finished}: {N_ROWS} rows of toy, version 1, complete, digest {store.root_digest()}" in texts
    at = texts.index("energy")
    assert texts[at : at + 5] == ["energy", "float64", "sample, t 4", "J", "over time, with NaN and infinity in it"]
    assert texts[texts.index("tags") + 1] == "['up', 'down', 'strange']"
    assert "kind of the row: 0 = up, 1 = down, 2 = strange" in texts
    assert "thirteen packed cells a line; 13 cells along x_byte, eight per byte, lowest bit first" in texts
    assert repr(store) == f"<{finished}: {N_ROWS} rows of toy: board, energy, charge, is_odd, kind>"


def test_a_store_that_is_not_finished_says_how_far_it_is(copied: Path) -> None:
    forget(copied, [1])
    assert f"{N_ROWS - 64} done, 64 missing" in Shown(simkit.open(copied)._repr_html_()).texts[0]


@pytest.mark.parametrize("damage", ["torn", "empty", "a file", "gone"])
def test_a_damaged_store_says_that_it_is(copied: Path, damage: str) -> None:
    """Of one that is finished the digest is recorded, so that nothing more is looked at."""
    forget(copied, [1])
    store = simkit.open(copied)
    for path in (path for path in (copied / LEDGER).rglob("*") if path.is_file()):
        path.write_bytes(path.read_bytes()[:-5] if damage == "torn" else b"")
    if damage in ("a file", "gone"):
        shutil.rmtree(copied / LEDGER)
    if damage == "a file":
        (copied / LEDGER).write_bytes(b"")
    title = Shown(store._repr_html_()).texts[0]
    assert "complete" not in title
    assert re.search(r"which cannot be read: .* (damaged|is a file|plain folders)|150 missing", title)


def test_nothing_of_a_store_is_markup(tmp_path: Path) -> None:
    path = tmp_path / "<b>x.zarr"
    store = generate(toy_recipe(5, tags=(EVIL, "down", "strange")), path)
    html = store._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    texts = Shown(html).texts
    assert texts[0].startswith(f"{path}: 5 rows")
    assert any(EVIL[:40] in text for text in texts)
    assert all(len(text) < 900 for text in texts)


def test_a_schema_of_many_fields_is_cut(tmp_path: Path) -> None:
    schema = Schema(**{f"field{i}": Field("uint8", EVIL * 100, unit=EVIL) for i in range(1000)})
    html = schema._repr_html_()
    texts = Shown(html).texts
    assert texts[-1] == "and 940 more"
    assert len(html) < 100_000


@pytest.mark.parametrize("name", registry.sources())
def test_a_source_shows_its_parameters_and_its_fields(name: str) -> None:
    source = simkit.source(name)
    texts = Shown(source._repr_html_()).texts
    assert texts[0].startswith(f"{name}, version {source.version}: ")
    for parameter in source.parameters():
        assert parameter in texts
    for field in source.schema():
        assert field in texts


def test_a_source_of_a_stranger_is_no_markup() -> None:
    assert "<script" not in Toy(tags=(EVIL, "b", "c"))._repr_html_()
