"""Streaming: the right rows, of data sets and live sources, of splits and filters."""

from __future__ import annotations

import copy
import subprocess
import sys

import numpy as np
import torch
from learn_samples import N_ROWS, OPTIONS, RULES, cells_of, rows_of, source

import simkit
from simkit.learn import batches, stream


def test_a_batch_holds_the_rows_that_it_names(ash):
    store = simkit.open(ash)
    for batch in batches(ash, **{**OPTIONS, "fields": ("ash", "rule", "settle", "row")}):
        rows = batch["row"].numpy()
        assert {name: (tensor.dtype, tuple(tensor.shape[1:])) for name, tensor in batch.items()} == {
            "ash": (torch.float32, (2, 24, 24)),
            "rule": (torch.int64, ()),
            "settle": (torch.int32, ()),
            "row": (torch.int64, ()),
        }
        np.testing.assert_array_equal(batch["ash"][:, 1], cells_of(ash, rows))
        np.testing.assert_array_equal(batch["ash"][:, 0], 1 - cells_of(ash, rows))
        np.testing.assert_array_equal(batch["settle"], store["settle"][rows])
        np.testing.assert_array_equal(batch["rule"], rows % 3)


def test_an_unshuffled_stream_is_the_data_set_in_its_order(ash):
    assert rows_of(batches(ash, fields=("row",), batch_size=32)) == list(range(N_ROWS))
    assert rows_of(batches(ash, fields=("row",), batch_size=32, drop_last=True)) == list(range(224))


def test_parts_of_a_split_share_the_rows_out(ash):
    parts = [set(rows_of(batches(ash, fields=("row",), split=name))) for name in ("train", "validation", "test")]
    assert sum(map(len, parts)) == N_ROWS
    assert set.union(*parts) == set(range(N_ROWS))
    own = {"a": 0.25, "b": 0.5}
    assert [len(rows_of(batches(ash, fields=("row",), split=name, splits=own))) // 25 for name in own] == [2, 4]


def test_where_leaves_the_rows_that_meet_all(ash):
    store = simkit.open(ash)
    rule, settle = store["rule"][:], store["settle"][:]
    for where, wanted in (
        ({"rule": "B2/S"}, rule == 1),
        ({"rule": ["B2/S", 2]}, rule > 0),
        ({"rule": 0, "settle": lambda values: values > 40}, (rule == 0) & (settle > 40)),
        ({"ash": lambda boards: boards.any(axis=(1, 2))}, store["ash"][:].any(axis=(1, 2))),
        ({"settle": range(10, 30)}, (settle >= 10) & (settle < 30)),
    ):
        assert rows_of(batches(ash, fields=("row",), where=where)) == np.flatnonzero(wanted).tolist()
        split = rows_of(batches(ash, fields=("row",), where=where, split="train", shuffle=True))
        assert set(split) <= set(np.flatnonzero(wanted).tolist())


def test_a_live_source_gives_what_a_data_set_gives(ash, epochs):
    options = {"batch_size": 24, "seed": 3, "split": "train", "fields": ("ash", "rule", "settle", "row")}
    live, stored = batches(source(), n=N_ROWS, n_threads=2, **options), batches(ash, **options)
    for one, other in zip(live, stored, strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)
    shuffled = batches(source(), n=N_ROWS, shuffle=True, fields=("row",))
    first, second = rows_of(shuffled), rows_of(shuffled)
    assert first != second
    assert sorted(first) == sorted(second) == list(range(N_ROWS))


def test_a_live_source_has_no_end_that_anybody_sees():
    live = batches(source(), n=10**9, batch_size=8, fields=("rule", "row"))
    state = live.state_dict()
    live.load_state_dict({**state, "consumed": 10**9 - 8})
    assert rows_of(live) == list(range(10**9 - 8, 10**9))


def test_nothing_that_is_open_is_copied(ash):
    made = batches(ash, **OPTIONS)
    rows_of(made, 2)
    again = copy.deepcopy(made.stream)
    assert again._opened is None
    again.set_epoch(0)
    assert [batch["row"].tolist() for batch in again] == [batch["row"].tolist() for batch in stream(ash, **OPTIONS)]


def test_rules_are_the_labels(ash):
    assert simkit.open(ash).schema["rule"].labels == RULES


def test_the_lines_that_people_begin_with(ash, tmp_path):
    """After no more than ``import simkit``."""
    lines = """
import itertools, torch, simkit
for batch in simkit.learn.batches("ash.zarr", fields=("ash", "rule"), batch_size=64, seed=0, shuffle=True): pass
live = simkit.learn.batches(simkit.source("ca-ash", size=16, max_steps=50), n=10**9, batch_size=16)
assert len(list(itertools.islice(live, 3))) == 3
loader = torch.utils.data.DataLoader(simkit.learn.stream("ash.zarr"), batch_size=None, num_workers=2)
assert sum(len(batch["rule"]) for batch in loader) == 230
"""
    (tmp_path / "ash.zarr").symlink_to(ash)
    subprocess.run([sys.executable, "-W", "error", "-c", lines], cwd=tmp_path, check=True)
