"""Boards as cells: channels, dtypes, memory formats, symmetries of the torus."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from learn_samples import RULES, Same, TwoBoards, cells_of, make, source

import simkit
from simkit.ash.phases import Phases
from simkit.errors import ParameterError, SchemaError
from simkit.kernels.life import Rule
from simkit.kernels.life.reference import step_cells
from simkit.learn import batches, stream


def first(path, **options):
    return next(iter(batches(path, **{"fields": ("ash", "rule", "row"), "batch_size": 40, **options})))


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.uint8, torch.int64, torch.bool])
@pytest.mark.parametrize("channels", ["onehot", "cells", "phases"])
def test_channels(ash, channels, dtype, memory_format):
    batch = first(ash, channels=channels, dtype=dtype, memory_format=memory_format)
    alive = cells_of(ash, batch["row"].tolist())
    later = np.stack(
        [step_cells(cells, Rule.parse(RULES[rule])) for cells, rule in zip(alive, batch["rule"].tolist(), strict=True)]
    )
    wanted = {"onehot": [1 - alive, alive], "cells": [alive], "phases": [alive, later]}[channels]
    assert batch["ash"].dtype == dtype
    assert batch["ash"].is_contiguous(memory_format=memory_format)
    assert torch.equal(batch["ash"], torch.from_numpy(np.stack(wanted, 1)).to(dtype))


def test_packed_boards_are_those_of_the_data_set(ash):
    batch = first(ash, channels="packed")
    np.testing.assert_array_equal(batch["ash"], simkit.open(ash)["ash"][:40])


@pytest.mark.parametrize(
    ("planes", "said"),
    [
        (lambda boards: boards, "these are an array of uint8 with the shape"),
        (lambda boards: boards[:, None].astype(np.uint16), "these are an array of uint16"),
        (lambda boards: boards[:, None].tolist(), "made of uint8 planes"),
        (lambda boards: boards[:-1, None], "have no planes of the shape"),
        (lambda boards: boards[:, None, :, :-1], "have no planes of the shape"),
    ],
)
def test_what_a_world_gives_as_planes_is_looked_at(ash, planes, said, monkeypatch):
    """What unpacks them is compiled, and reads memory as it is told."""
    monkeypatch.setattr(Phases, "planes", lambda self, boards, beside: planes(boards))
    with pytest.raises(SchemaError, match=said):
        first(ash, channels="phases")


def test_phases_need_no_rule_among_the_fields_but_one_in_the_data(ash):
    assert torch.equal(first(ash, channels="phases", fields=("ash",))["ash"], first(ash, channels="phases")["ash"])
    with pytest.raises(ParameterError, match="'phases' needs a field 'rule'"):
        stream(TwoBoards(), n=3, fields=("board",), channels="phases")


def orbit(cells: np.ndarray) -> set[bytes]:
    """Return every turned, mirrored and shifted version of some planes (channel, y, x)."""
    turned = [np.rot90(cells, k, (1, 2)) for k in range(4)]
    turned += [board.swapaxes(1, 2) for board in turned]
    return {
        np.roll(board, (dy, dx), (1, 2)).tobytes()
        for board in turned
        if board.shape == cells.shape
        for dy in range(cells.shape[1])
        for dx in range(cells.shape[2])
    }


def test_augmentation_puts_each_board_into_its_orbit_and_keeps_phases_together(ash):
    plain = first(ash, channels="phases", dtype=torch.uint8, batch_size=12)
    moved = first(ash, channels="phases", dtype=torch.uint8, batch_size=12, augment=("translate", "rotate", "reflect"))
    for before, after in zip(plain["ash"].numpy(), moved["ash"].numpy(), strict=True):
        assert after.tobytes() in orbit(before)
    assert not torch.equal(plain["ash"], moved["ash"])


@pytest.mark.parametrize(
    ("augment", "n_square", "n_oblong"),
    [
        (("rotate",), 4, 2),
        (("reflect",), 4, 4),
        (("rotate", "reflect"), 8, 4),
        (("translate",), 100, 100),
        (("translate", "rotate", "reflect"), 800, 400),
    ],
)
def test_every_symmetry_of_the_group_comes_up_and_no_other(augment, n_square, n_oblong):
    board = np.zeros((10, 10), np.uint8)
    board[1, 2] = board[3, 2] = board[1, 5] = board[1, 6] = 1  # no symmetry of its own
    for height, n_wanted in ((10, n_square), (9, n_oblong * 9 // 10 if "translate" in augment else n_oblong)):
        made = batches(
            Same(tuple("".join(map(str, row)) for row in board[:height])), n=9000, channels="cells", augment=augment
        )
        seen = {cells.tobytes() for batch in made for cells in batch["board"].to(torch.uint8).numpy()}
        assert len(seen) == n_wanted
        if "translate" in augment and len(augment) == 3:
            assert seen == orbit(board[None, :height])


def test_augmentation_depends_on_seed_epoch_and_position_alone(ash):
    options = {"fields": ("ash",), "augment": ("translate", "rotate"), "shuffle": True}
    whole = stream(ash, batch_size=230, ranks=(0, 1), **options).batch(1, 0)["ash"]
    pieces = [stream(ash, batch_size=100, ranks=(rank, 2), **options) for rank in (0, 1)]
    again = torch.cat([pieces[rank].batch(1, index)["ash"] for index in range(3) for rank in (0, 1)])
    assert torch.equal(whole, again)
    assert not torch.equal(whole, stream(ash, batch_size=230, **options).batch(0, 0)["ash"])


def test_fields_that_torch_has_no_tensors_of_are_refused():
    with pytest.raises(ParameterError, match="field 'name' holds <U3, of which there are no tensors"):
        stream(TwoBoards(), n=3)


def test_memory_is_pinned_or_it_is_said_why_not(ash):
    if torch.cuda.is_available():
        assert first(ash, pin_memory=True)["ash"].is_pinned()
    else:
        with pytest.raises(ParameterError, match="pin_memory needs a GPU"):
            stream(ash, pin_memory=True)


def test_boards_of_every_source_that_has_some(tmp_path, small_shards):
    made = make(tmp_path / "oblong.zarr", n=20, size=(9, 13), rules=("B3/S23",))
    batch = first(made, batch_size=20, augment=("translate", "rotate", "reflect"))
    assert batch["ash"].shape == (20, 2, 9, 13)
    alive = simkit.unpack(source(size=(9, 13), rules=("B3/S23",)).generate(3, range(20))["ash"], 13)
    np.testing.assert_array_equal(batch["ash"][:, 1].sum((1, 2)), alive.sum((1, 2)))
