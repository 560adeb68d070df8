"""Options of streams that make no sense, and where data sets and ranks are not as they should be."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from learn_samples import make, rows_of, source

import simkit.learn.streaming.where
from simkit.errors import ParameterError, StoreError, UnknownNameError
from simkit.learn import batches, stream
from simkit.store import forget


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fields": ("ahs",)}, "no field 'ahs'; did you mean 'ash'"),
        ({"fields": "ash"}, "fields is a list of names"),
        ({"fields": ()}, "fields names no field"),
        ({"fields": 5}, "fields is a list of names"),
        ({"dtype": None}, "dtype is a dtype of torch"),
        ({"dtype": "float32"}, "dtype is a dtype of torch"),
        ({"channels": ["onehot"]}, "channels is one of onehot"),
        ({"shuffle": "no"}, "shuffle is True or False"),
        ({"drop_last": 1}, "drop_last is True or False"),
        ({"where": "x"}, "where is field -> what"),
        ({"where": {"rule": None}}, "a value, several, or a function"),
        ({"where": {"rule": int}}, "has to be a value, several, or a function; this is <class 'int'>"),
        ({"where": {"rule": b"B3"}}, "a value, several, or a function; this is b'B3'"),
        ({"where": {"rule": {"B3/S23": 1}}}, "a value, several, or a function; this is {'B3/S23': 1}"),
        (
            {"where": {"rule": range(2**70)}},
            "where: range.0, 1180591620717411303424. for 'rule' lists more than 1,048,576",
        ),
        ({"where": {"rule": itertools.count()}}, "for 'rule' lists more than 1,048,576 values"),
        ({"where": {"rule": 2**64}}, "a label, or a number of 64 bits; this is 18446744073709551616"),
        ({"where": {"rule": [10**5000]}}, "a number of 64 bits; this is an integer of about 5,001 digits"),
        ({"where": {"rule": [None]}}, "a number of 64 bits; this is None"),
        ({"where": {"rule": [[1, 2], [3]]}}, r"a number of 64 bits; this is \[1, 2\]"),
        ({"where": {"rule": np.zeros((2, 2))}}, "a number of 64 bits; this is an array of float64"),
        ({"where": {"rule": 1j}}, "a value, several, or a function; this is 1j"),
        ({"where": {"rule": lambda values: values.nothing}}, "the function for 'rule' failed on its 230 values: Attr"),
        ({"where": {5: 1}}, "no field 5"),
        ({"ranks": 5}, "ranks is"),
        ({"split": ["train"]}, "split is the name of a part"),
        ({"splits": None}, "splits are name -> share"),
        ({"splits": {"a": "x"}}, "splits are name -> share"),
        ({"splits": {1: 0.5}}, "splits are name -> share"),
        ({"splits": {"a": math.inf}}, "shares of a split are whole hundredths such as 0.25; these are {'a': inf}"),
        ({"splits": {"a": math.nan}}, "shares of a split are whole hundredths"),
        ({"splits": {"a": 10**400}}, "shares of a split are whole hundredths"),
        ({"batch_size": 0}, "batch_size is a whole number from 1 to 1,099,511,627,776; this is 0"),
        ({"window": -1}, "window is a whole number"),
        ({"batch_size": 2.5}, "batch_size is a whole number"),
        ({"seed": -1}, "a seed is an integer"),
        ({"n": 10}, "n= is for live sources"),
        ({"split": "tests"}, "the split has no part 'tests'"),
        ({"channels": "one-hot"}, "no kind of channels 'one-hot'; did you mean 'onehot'"),
        ({"augment": ("translate", "flip")}, "the torus has no symmetry 'flip'"),
        ({"augment": "rotate"}, "augment is a list"),
        ({"augment": ("rotate",), "channels": "packed"}, "augment moves boards"),
        ({"where": {"rulez": 1}}, "no field 'rulez'"),
        ({"where": {"rule": "B3/S24"}}, "the field rule has no class 'B3/S24'"),
        ({"where": {"ash": 3}}, "several values a row"),
        ({"where": {"rule": lambda values: values}}, "has to return a mask of 230 rows"),
        ({"where": {"rule": 7}}, "no row is left"),
        ({"ranks": (2, 2)}, "rank 2 of 2"),
        ({"ranks": (0, 3), "batch_size": 2}, "no row for some of 3 ranks"),
        ({"ranks": (0, 3), "batch_size": 229}, "the last batch has 1 row for 3 ranks"),
        ({"drop_last": True, "batch_size": 231}, "drop_last leaves no batch"),
        ({"ranks": (0, 2), "skip_damaged": True}, "batches of different sizes"),
        ({"memory_format": torch.channels_last_3d}, "contiguous_format or channels_last"),
    ],
)
def test_what_makes_no_sense_is_refused(ash, options, message):
    with pytest.raises((ParameterError, UnknownNameError), match=message):
        stream(ash, **options)


def test_an_option_that_there_is_not_is_told_what_comes_nearest(ash):
    for name, near in {
        "rank": "ranks",
        "batchsize": "batch_size",
        "n_thread": "n_threads",
        "shufle": "shuffle",
    }.items():
        with pytest.raises(UnknownNameError, match=f"no option '{name}'; did you mean '{near}'"):
            batches(ash, **{name: 0})
    with pytest.raises(UnknownNameError, match="no option 'n_threads'"):
        stream(ash, n_threads=2)


def test_what_is_listed_by_an_iterator_holds_for_all_pieces_of_a_field(ash, monkeypatch):
    wanted = rows_of(batches(ash, fields=("row",), where={"rule": [0, 2]}))
    monkeypatch.setattr(simkit.learn.streaming.where, "_ROWS", 64)
    for listed in (iter([0, 2]), {0, 2}, np.array([0, 2]), range(0, 4, 2), (float(number) for number in (0, 2))):
        assert rows_of(batches(ash, fields=("row",), where={"rule": listed})) == wanted


def test_live_sources_refuse_what_only_data_sets_have(ash):
    with pytest.raises(ParameterError, match="a live source needs n="):
        stream(source())
    with pytest.raises(ParameterError, match="n is a whole number from 1 to 1,099,511,627,776; this is .1e9"):
        stream(source(), n="1e9")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="n is a whole number from 1 to 1,099,511,627,776"):
        stream(source(), n=2**63)
    assert rows_of(batches(source(), n=2**40, batch_size=8, fields=("row",), shuffle=True), 1)
    with pytest.raises(ParameterError, match="where= needs rows that are there"):
        stream(source(), n=10, where={"rule": 1})
    with pytest.raises(ParameterError, match="n_threads is a whole number"):
        batches(ash, n_threads=-1)
    with pytest.raises(ParameterError, match="a stream is of a path"):
        stream(3)  # type: ignore[arg-type]


def test_a_data_set_that_is_not_there_or_not_finished_is_refused(tmp_path, small_shards):
    with pytest.raises(StoreError, match="there is no"):
        stream(tmp_path / "none.zarr")
    path = make(tmp_path / "ash.zarr")
    forget(path, [2])
    with pytest.raises(ParameterError, match="64 of the 230 rows of .* are not generated yet"):
        stream(path)


def test_ranks_are_read_from_the_environment(ash, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert rows_of(batches(ash, fields=("row",), batch_size=10), 1) == [5, 6, 7, 8, 9]
    monkeypatch.delenv("WORLD_SIZE")
    with pytest.raises(ParameterError, match="only one is set"):
        stream(ash)
    for rank, n_ranks in (
        ("1", "two"),
        ("", "2"),
        ("", ""),
        ("0", ""),
        ("1.0", "2"),
        ("-1", "2"),
        ("٣", "5"),
        ("9" * 5000, "2"),
    ):
        monkeypatch.setenv("RANK", rank)
        monkeypatch.setenv("WORLD_SIZE", n_ranks)
        with pytest.raises(ParameterError, match="RANK and WORLD_SIZE have to be whole numbers; they are {'RANK': "):
            stream(ash)
