"""Streaming: the right rows, the same order for any number of ranks, workers and threads, exact resume."""

from __future__ import annotations

import copy
import json
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from learn_samples import N_ROWS, RULES, cells_of, loader, make, rows_of, side_by_side, source

import simkit
from simkit.errors import ParameterError, StoreError, UnknownNameError
from simkit.learn import batches, stream
from simkit.store import forget

OPTIONS = {"fields": ("row",), "batch_size": 24, "seed": 9, "shuffle": True, "window": 3}


@pytest.fixture(scope="module")
def epochs(ash: Path) -> list[list[list[int]]]:
    """The rows of each batch of three epochs."""
    streamed = stream(ash, ranks=(0, 1), **OPTIONS)
    return [[streamed.batch(epoch, i)["row"].tolist() for i in range(streamed.n_batches())] for epoch in range(3)]


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


@pytest.mark.parametrize("n_threads", [0, 1, 3])
def test_each_loop_is_the_next_epoch_with_any_number_of_threads(ash, epochs, n_threads):
    made = batches(ash, n_threads=n_threads, **OPTIONS)
    for epoch in epochs:
        assert len(made) == len(epoch)
        assert [batch["row"].tolist() for batch in made] == epoch


@pytest.mark.parametrize("n_workers", [0, 1, 2])
@pytest.mark.parametrize("n_ranks", [1, 2, 3])
def test_order_and_resume_are_the_same_for_any_number_of_ranks_and_workers(ash, epochs, n_ranks, n_workers):
    begun, state = side_by_side(ash, n_ranks, n_workers, n_batches=4, **OPTIONS)
    assert begun == epochs[0][:4]
    state = json.loads(json.dumps(state))
    for other_ranks, other_workers in ((n_ranks % 3 + 1, (n_workers + 1) % 3), (1, 0), (n_ranks, (n_workers + 2) % 3)):
        rest, end = side_by_side(ash, other_ranks, other_workers, state, **OPTIONS)
        assert rest == epochs[0][4:]
        assert (end["epoch"], end["consumed"]) == (1, 0)


@pytest.mark.parametrize("options", [{}, {"persistent_workers": True}, {"multiprocessing_context": "spawn"}])
def test_each_pass_of_a_loader_is_the_next_epoch(ash, epochs, options):
    streamed = stream(ash, ranks=(0, 1), **OPTIONS)
    loaded = loader(streamed, 2, **options)
    for epoch in epochs[:2]:
        assert [batch["row"].tolist() for batch in loaded] == epoch
    streamed.set_epoch(0)
    assert [batch["row"].tolist() for batch in loaded] == epochs[0]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda streamed: pickle.loads(pickle.dumps(streamed))])
def test_workers_of_a_copy_go_on_to_the_next_epoch(ash, epochs, copied):
    original = stream(ash, **OPTIONS)
    loaded = loader(copied(original), 2)
    for epoch in epochs[:2]:
        assert [batch["row"].tolist() for batch in loaded] == epoch
    assert [batch["row"].tolist() for batch in loader(original, 2)] == epochs[0]


def test_passes_under_one_seed_of_torch_are_different_epochs(ash, epochs):
    streamed = stream(ash, **OPTIONS)
    loaded = loader(streamed, 2)
    for given, epoch in ((None, 0), (None, 1), (0, 0), (2, 2)):
        torch.manual_seed(1)
        if given is not None:
            streamed.set_epoch(given)
        assert [batch["row"].tolist() for batch in loaded] == epochs[epoch]


@pytest.mark.parametrize("epoch", [-1, 1.5, "1", None, True, 2**29])
def test_what_is_no_epoch_is_refused(ash, epoch):
    streamed = stream(ash, fields=["row"])
    for seek in (streamed.set_epoch, batches(ash, fields=["row"]).set_epoch):
        with pytest.raises(ParameterError, match=r"epochs are numbered from 0 to 536,870,911; this is "):
            seek(epoch)
    with pytest.raises(ParameterError, match=r"epochs are numbered"):
        streamed.load_state_dict({**streamed.state(0, 0), "epoch": epoch})


def test_a_state_is_asked_for_after_a_whole_number_of_batches(ash):
    for n_batches in (-1, 1.5, "1", None, True):
        with pytest.raises(ParameterError, match="n_batches is a whole number from 0"):
            stream(ash, batch_size=10).state_after(n_batches)


@pytest.mark.parametrize("consumed", [-1, 1.5, "1", None, 10**9])
def test_a_state_beyond_the_rows_is_refused(ash, consumed):
    loop = batches(ash, fields=["row"])
    with pytest.raises(ParameterError, match=r"the state has consumed=.*; an epoch here has "):
        loop.load_state_dict({**loop.state_dict(), "consumed": consumed})


def test_the_epoch_of_a_loaded_state_goes_on_where_it_was(ash, epochs):
    state = stream(ash, **OPTIONS).state(1, 3 * OPTIONS["batch_size"])
    for made in (batches(ash, **OPTIONS), stream(ash, **OPTIONS)):
        made.load_state_dict(state)
        made.set_epoch(1)
        assert rows_of(made) == sum(epochs[1][3:], [])
        made.set_epoch(1)
        assert rows_of(made) == sum(epochs[1], [])
        made.load_state_dict(state)
        made.set_epoch(2)
        assert rows_of(made) == sum(epochs[2], [])


def test_passes_side_by_side_are_different_epochs(ash, epochs):
    loaded = loader(stream(ash, ranks=(0, 1), **OPTIONS), 2)
    both = [(one["row"].tolist(), other["row"].tolist()) for one, other in zip(loaded, loaded, strict=True)]
    assert sorted([[one for one, _ in both], [other for _, other in both]]) == sorted(epochs[:2])


def test_a_loop_that_was_left_is_not_gone_on_with(ash, epochs):
    made = batches(ash, **OPTIONS)
    assert rows_of(made, 3) == sum(epochs[0][:3], [])
    assert rows_of(made) == sum(epochs[1], [])


@pytest.mark.parametrize("n_threads", [0, 2])
def test_batches_resume_exactly(ash, epochs, n_threads):
    made = batches(ash, n_threads=n_threads, **OPTIONS)
    for index, batch in enumerate(made):
        assert batch["row"].tolist() == epochs[0][index]
        if index == 5:
            state = json.loads(json.dumps(made.state_dict()))
            break
    again = batches(ash, **{**OPTIONS, "batch_size": 10})
    again.load_state_dict(state)
    assert rows_of(again) == sum(epochs[0][6:], [])
    assert rows_of(again) == sum(epochs[1], [])


def test_a_process_that_is_killed_resumes_exactly(ash, epochs, tmp_path):
    """Two ranks, two workers each; both killed -9 at different batches; resumed by one rank alone."""
    program, log = Path(__file__).with_name("trainer.py"), tmp_path / "log"
    states = []
    for rank, n_batches in ((0, 5), (1, 5)):
        process = subprocess.Popen(
            [sys.executable, program, ash, str(rank), "2", "2", log],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        lines = [json.loads(process.stdout.readline()) for _ in range(n_batches)]
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        states.append(lines[-1]["state"])
        assert [line["row"] for line in lines] == [batch[12 * rank : 12 * rank + 12] for batch in epochs[0][:n_batches]]
    assert states[0] == states[1]
    rest, _ = side_by_side(ash, 1, 0, states[0], **OPTIONS)
    assert rest == epochs[0][5:]


def test_a_state_of_something_else_is_refused(ash, tmp_path, small_shards):
    state = batches(ash, **OPTIONS).state_dict()
    grown = make(tmp_path / "grown.zarr", n=300)
    for name, other in {
        "seed=9": stream(ash, **{**OPTIONS, "seed": 8}),
        "shuffle=True": stream(ash, **{**OPTIONS, "shuffle": False}),
        "window=3": stream(ash, **{**OPTIONS, "window": 4}),
        "other rows": stream(ash, **{**OPTIONS, "split": "train"}),
        "saved when there were 230 rows, and now there are 300: the data were extended since": stream(grown, **OPTIONS),
        "row": stream(ash, **OPTIONS, where={"rule": "B2/S"}),
    }.items():
        with pytest.raises(ParameterError, match=name):
            other.load_state_dict(state)
    for wrong in ({}, {**state, "more": 1}, "x", None):
        with pytest.raises(ParameterError, match="a state is what"):
            stream(ash, **OPTIONS).load_state_dict(wrong)


@pytest.mark.parametrize("seek", ["load_state_dict", "set_epoch"])
def test_ranks_have_as_many_batches_after_a_resume_with_another_batch_size(seek):
    """Of 300 rows 10 are taken: 290 left are 18 batches of 16 and 2 rows, for four ranks."""

    def ranks(batch_size, **options):
        given = {"n": 300, "fields": ("row",), "batch_size": batch_size, **options}
        return [batches(source(), ranks=(rank, 4), n_threads=0, **given) for rank in range(4)]

    state = ranks(10, drop_last=True)[0].stream.state(0, 10)
    for made in (*ranks(16), *(loop.stream for loop in ranks(16))):
        with pytest.raises(
            ParameterError, match="after the first 10 rows of the epoch, the last batch has 2 rows for 4"
        ):
            made.load_state_dict(state)
    for resumed in (ranks(15), ranks(16, drop_last=True)):
        for made in resumed:
            made.load_state_dict(state)
            if seek == "set_epoch":
                made.set_epoch(0)  # as loops do at the start of each epoch: the same one goes on
        found = [[len(batch["row"]) for batch in made] for made in resumed]
        assert len({len(rows) for rows in found}) == 1
        assert sum(map(sum, found)) == (290 if len(found[0]) == 20 else 288)
    made = ranks(16, drop_last=True)[0]
    made.load_state_dict({**state, "consumed": 290})
    assert made.state_dict()["epoch"] == 1  # ten rows are no batch


def test_a_state_holds_for_the_same_rows_made_elsewhere(ash, epochs, tmp_path, small_shards):
    made = batches(ash, **OPTIONS)
    rows_of(made, 2)
    other = batches(make(tmp_path / "other.zarr"), **OPTIONS)
    other.load_state_dict(made.state_dict())
    assert rows_of(other, 1) == epochs[0][3]


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
    assert [batch["row"].tolist() for batch in again] == [batch["row"].tolist() for batch in stream(ash, **OPTIONS)]


def test_ranks_are_read_from_the_environment(ash, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert rows_of(batches(ash, fields=("row",), batch_size=10), 1) == [5, 6, 7, 8, 9]
    monkeypatch.delenv("WORLD_SIZE")
    with pytest.raises(ParameterError, match="only one is set"):
        stream(ash)
    monkeypatch.setenv("WORLD_SIZE", "two")
    with pytest.raises(ParameterError, match="whole numbers"):
        stream(ash)


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
        ({"ranks": 5}, "ranks is"),
        ({"split": ["train"]}, "split is the name of a part"),
        ({"splits": None}, "splits are name -> share"),
        ({"splits": {"a": "x"}}, "splits are name -> share"),
        ({"batch_size": 0}, "batch_size is a whole number from 1 to 1,099,511,627,776; this is 0"),
        ({"window": -1}, "window is a whole number"),
        ({"batch_size": 2.5}, "batch_size is a whole number"),
        ({"seed": -1}, "a seed is an integer"),
        ({"n": 10}, "n= is for live sources"),
        ({"split": "tests"}, "no part of the split 'tests'"),
        ({"channels": "one-hot"}, "no kind of channels 'one-hot'; did you mean 'onehot'"),
        ({"augment": ("translate", "flip")}, "no symmetry of the torus 'flip'"),
        ({"augment": "rotate"}, "augment is a list"),
        ({"augment": ("rotate",), "channels": "packed"}, "augment moves boards"),
        ({"where": {"rulez": 1}}, "no field 'rulez'"),
        ({"where": {"rule": "B3/S24"}}, "no label of 'rule' 'B3/S24'"),
        ({"where": {"ash": 3}}, "several values a row"),
        ({"where": {"rule": lambda values: values}}, "has to return a mask of 230 rows"),
        ({"where": {"rule": 7}}, "no row is left"),
        ({"ranks": (2, 2)}, "rank 2 of 2"),
        ({"ranks": (0, 3), "batch_size": 2}, "no row for some of 3 ranks"),
        ({"ranks": (0, 3), "batch_size": 229}, "the last batch has 1 rows for 3 ranks"),
        ({"drop_last": True, "batch_size": 231}, "drop_last leaves no batch"),
        ({"ranks": (0, 2), "skip_damaged": True}, "batches of different sizes"),
        ({"memory_format": torch.channels_last_3d}, "contiguous_format or channels_last"),
    ],
)
def test_what_makes_no_sense_is_refused(ash, options, message):
    with pytest.raises((ParameterError, UnknownNameError), match=message):
        stream(ash, **options)


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


def test_rules_are_the_labels(ash):
    assert simkit.open(ash).schema["rule"].labels == RULES


def _begin(passes, barrier, n_passes, found):
    barrier.wait()
    for _ in range(n_passes):
        found.put(passes.begin()[0])


def test_processes_that_begin_passes_at_once_take_different_epochs(ash):
    context = torch.multiprocessing.get_context("fork")
    passes, barrier, found = stream(ash)._passes, context.Barrier(8), context.SimpleQueue()
    started = [context.Process(target=_begin, args=(passes, barrier, 40, found)) for _ in range(8)]
    for process in started:
        process.start()
    epochs = [found.get() for _ in range(8 * 40)]
    for process in started:
        process.join()
    assert sorted(epochs) == list(range(8 * 40))


def test_a_loop_is_not_gone_on_with_in_another_process(ash):
    """The threads that make its batches are not there."""
    made = iter(batches(ash, **OPTIONS))
    next(made)
    child = os.fork()
    if not child:  # pragma: no cover - another process
        try:
            next(made)
        except ParameterError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert len(next(made)["row"]) == 24


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
