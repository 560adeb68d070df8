"""Which epoch a pass is: counted in the process of a loop, announced to workers."""

from __future__ import annotations

import copy
import os
import pickle
import traceback

import pytest
import torch
from learn_samples import OPTIONS, loader, rows_of

from simkit.errors import ParameterError
from simkit.learn import batches, stream

#: ways in which a DataLoader has its workers: copies for each pass or for all, forked or begun anew
SPAWNED = {"multiprocessing_context": "spawn"}
LOADERS = [
    {},
    {"persistent_workers": True},
    pytest.param({**SPAWNED, "persistent_workers": True}, marks=pytest.mark.slow),  # seconds for each worker
]

NOT_ANNOUNCED = (
    "the workers of a DataLoader began epoch {} of this stream before, and cannot tell which epoch this pass is: call "
    "set_epoch(epoch) of the stream before each pass"
)


def passed(loaded):
    """Return the rows of each batch of a pass."""
    return [batch["row"].tolist() for batch in loaded]


def said(loaded):
    """Return the message that refuses a pass."""
    try:
        next(iter(loaded))
    except ParameterError as error:
        traceback.clear_frames(error.__traceback__)  # which hold the workers in a circle; to collect that takes seconds
        return str(error)
    return ""


@pytest.mark.parametrize("options", LOADERS, ids=str)
def test_workers_begin_the_epoch_that_is_announced_and_refuse_a_pass_that_is_not(ash, epochs, options):
    streamed = stream(ash, ranks=(0, 1), **OPTIONS)
    n_workers = 1 if options == SPAWNED else 2
    loaded = loader(streamed, n_workers, **options)
    assert passed(loaded) == epochs[0]
    assert said(loaded) == NOT_ANNOUNCED.format(0)
    for epoch in (1, 1, 0) if n_workers > 1 else (1,):
        streamed.set_epoch(epoch)
        assert passed(loaded) == epochs[epoch]
    streamed.load_state_dict(streamed.state(2, 3 * OPTIONS["batch_size"]))
    assert passed(loaded) == epochs[2][3:]


def test_a_pass_that_was_left_is_begun_again_only_if_that_is_announced(ash, epochs):
    streamed = stream(ash, **OPTIONS)
    loaded = loader(streamed, 2, persistent_workers=True)
    assert next(iter(loaded))["row"].tolist() == epochs[0][0]
    assert said(loaded) == NOT_ANNOUNCED.format(0)
    for epoch in (0, 1):
        streamed.set_epoch(epoch)
        assert next(iter(loaded))["row"].tolist() == epochs[epoch][0]


def test_without_workers_each_pass_is_the_next_epoch(ash, epochs):
    streamed = stream(ash, **OPTIONS)
    assert passed(loader(streamed, 0)) == epochs[0]
    assert passed(streamed) == epochs[1]
    assert said(loader(streamed, 1)) == NOT_ANNOUNCED.format(1)
    streamed.set_epoch(1)
    assert passed(loader(streamed, 1)) == epochs[1]
    assert passed(streamed) == epochs[2]


def test_a_pass_keeps_the_epoch_that_it_was_begun_with(ash, epochs):
    """Begun is begun, whether or not a batch was asked for."""
    streamed = stream(ash, **OPTIONS)
    first = iter(streamed)
    streamed.set_epoch(2)
    assert passed(streamed) == epochs[2]
    assert passed(first) == epochs[0]


@pytest.mark.parametrize("n_workers", [0, 2])
@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda streamed: pickle.loads(pickle.dumps(streamed))],
    ids=["=", "deep", "pickle"],
)
def test_a_copy_has_passes_of_its_own(ash, epochs, copied, n_workers):
    original = stream(ash, **OPTIONS)
    original.set_epoch(1)
    other = copied(original)
    assert passed(loader(other, n_workers)) == passed(loader(original, n_workers)) == epochs[1]
    other.set_epoch(0)
    original.set_epoch(2)
    assert passed(loader(other, n_workers)) == epochs[0]
    assert passed(loader(original, n_workers)) == epochs[2]


def test_another_process_has_passes_of_its_own(ash, epochs):
    streamed = stream(ash, **OPTIONS)
    made = batches(ash, **OPTIONS)
    context = torch.multiprocessing.get_context("fork")
    for tried in (streamed, made):
        found = context.SimpleQueue()
        process = context.Process(target=lambda found=found, tried=tried: found.put([passed(tried), passed(tried)]))
        process.start()
        assert found.get() == epochs[:2]
        process.join()
        assert passed(tried) == epochs[0]


def test_passes_under_one_seed_of_torch_are_the_epochs_that_are_announced(ash, epochs):
    streamed = stream(ash, **OPTIONS)
    loaded = loader(streamed, 2)
    for epoch in (0, 1, 0, 2):
        torch.manual_seed(1)
        streamed.set_epoch(epoch)
        assert passed(loaded) == epochs[epoch]


@pytest.mark.parametrize("make", [batches, lambda *args, **options: loader(stream(*args, **options), 0)])
def test_passes_side_by_side_are_different_epochs(ash, epochs, make):
    loaded = make(ash, **OPTIONS)
    both = [(one["row"].tolist(), other["row"].tolist()) for one, other in zip(loaded, loaded, strict=True)]
    assert [[one for one, _ in both], [other for _, other in both]] == epochs[:2]


@pytest.mark.parametrize("n_threads", [0, 1, 3])
def test_each_loop_is_the_next_epoch_with_any_number_of_threads(ash, epochs, n_threads):
    made = batches(ash, n_threads=n_threads, **OPTIONS)
    for epoch in epochs:
        assert len(made) == len(epoch)
        assert [batch["row"].tolist() for batch in made] == epoch


@pytest.mark.parametrize("epoch", [-1, 1.5, "1", None, True, 2**29])
def test_what_is_no_epoch_is_refused(ash, epoch):
    streamed = stream(ash, fields=["row"])
    for seek in (streamed.set_epoch, batches(ash, fields=["row"]).set_epoch, lambda epoch: streamed.batch(epoch, 0)):
        with pytest.raises(ParameterError, match=r"epochs are numbered from 0 to 536,870,911; this is "):
            seek(epoch)
    with pytest.raises(ParameterError, match=r"epochs are numbered"):
        streamed.load_state_dict({**streamed.state(0, 0), "epoch": epoch})


def test_after_the_last_epoch_there_is_none(ash):
    for made in (stream(ash, fields=["row"]), batches(ash, fields=["row"])):
        made.set_epoch(2**29 - 1)
        assert len(rows_of(made)) == 230
        with pytest.raises(ParameterError, match=r"epochs are numbered from 0 to 536,870,911; this is 536870912"):
            rows_of(made)


def test_a_loop_that_was_left_is_not_gone_on_with(ash, epochs):
    made = batches(ash, **OPTIONS)
    assert rows_of(made, 3) == sum(epochs[0][:3], [])
    assert rows_of(made) == sum(epochs[1], [])


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
