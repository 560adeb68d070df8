"""What a notebook shows of batches: what each tensor is, without making one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import learn_samples
import pytest

from simkit.learn import batches, stream
from simkit.store.column import Column

OPTIONS: list[dict[str, Any]] = [
    {"split": "train", "shuffle": True, "seed": 3},
    {"fields": ("ash", "row", "rule"), "channels": "cells"},
    {"channels": "packed", "where": {"rule": "B3/S23"}},
    {"channels": "phases", "fields": ("ash", "settle")},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_tensors_are_as_they_are_described(ash: Path, options: dict[str, Any]) -> None:
    made = batches(ash, batch_size=8, n_threads=0, **options)
    batch = next(iter(made))
    described = made.stream._tensors.described()
    assert [name for name, *_ in described] == list(batch)
    for name, dtype, axes, _ in described:
        assert f"torch.{dtype}" == str(batch[name].dtype)
        lengths = [int(part.split()[1]) if " " in part else None for part in axes.split(", ") if part]
        assert len(lengths) == batch[name].ndim - 1
        assert all(length in (None, n) for length, n in zip(lengths, batch[name].shape[1:], strict=True))
        row = rf"<td[^>]*>{name}</td><td[^>]*>{dtype}</td><td[^>]*>{', '.join(filter(None, ('batch', axes)))}</td>"
        assert re.search(row, made._repr_html_())


def test_batches_say_what_they_are_of_and_make_nothing(ash: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Column, "__getitem__", lambda *_: pytest.fail("rows are read"))
    made = batches(ash, split="test", batch_size=5, fields=("ash", "rule"), shuffle=True, seed=7)
    monkeypatch.setattr(made.stream, "batch", lambda *_: pytest.fail("a batch is made"))
    n_rows, n_batches = made.stream.n_rows, len(made)
    title = f"{ash}, split test: {n_rows} rows, shuffled, seed 7, in {n_batches} batches of 5"
    assert repr(made) == repr(made.stream) == f"<{title}: ash, rule>"
    assert f">{title}</p><table>" in made._repr_html_()
    live = stream(learn_samples.source(), n=20, batch_size=4)
    assert repr(live) == ("<ca-ash: 20 rows, in their order, in 5 batches of 4: ash, settle, period, rule, population>")


def test_nothing_of_their_data_is_markup(tmp_path: Path) -> None:
    path = learn_samples.make(tmp_path / "<script>x")
    html = batches(path)._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;x: 230 rows" in html
