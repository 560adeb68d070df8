"""Exact resume, on any number of ranks, workers and threads; states of something else are refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from learn_samples import OPTIONS, make, rows_of, side_by_side, source

from simkit.errors import ParameterError
from simkit.learn import batches, stream


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


@pytest.mark.slow
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


def test_a_state_holds_for_the_same_rows_made_elsewhere(ash, epochs, tmp_path, small_shards):
    made = batches(ash, **OPTIONS)
    rows_of(made, 2)
    other = batches(make(tmp_path / "other.zarr"), **OPTIONS)
    other.load_state_dict(made.state_dict())
    assert rows_of(other, 1) == epochs[0][3]


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


@pytest.mark.parametrize("consumed", [-1, 1.5, "1", None, 10**9])
def test_a_state_beyond_the_rows_is_refused(ash, consumed):
    loop = batches(ash, fields=["row"])
    with pytest.raises(ParameterError, match=r"the state has consumed=.*; an epoch here has "):
        loop.load_state_dict({**loop.state_dict(), "consumed": consumed})


def test_a_state_is_asked_for_after_a_whole_number_of_batches(ash):
    for n_batches in (-1, 1.5, "1", None, True):
        with pytest.raises(ParameterError, match="n_batches is a whole number from 0"):
            stream(ash, batch_size=10).state_after(n_batches)
