"""Whatever a public function is given, it does what it says or refuses it in one short line."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import simkit
from simkit.errors import MAX_MESSAGE, SimkitError
from simkit.interchange import rle
from simkit.kernels.life import Rule


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError("no text")


ODD: Mapping[str, object] = {
    "None": None,
    "a dict": {},
    "a list": [],
    "a list of None": [None],
    "an empty text": "",
    "a long text": "x" * 10**5,
    "half a surrogate": "\ud800",
    "two lines and a null": "a\nb\0",
    "-1": -1,
    "2**63": 2**63,
    "2**64": 2**64,
    "10**5000": 10**5000,
    "nan": math.nan,
    "inf": math.inf,
    "1j": 1j,
    "bytes": b"",
    "an object": object(),
    "a mute object": Mute(),
    "a type": int,
    "an array": np.zeros((2, 2)),
    "a set": {1},
    "a long range": range(2**70),
}

SOURCE = simkit.source("ca-ash", size=8, max_steps=100)
RECIPE = simkit.Recipe(SOURCE, 0, 20)
BOARDS = np.zeros((2, 8, 1), np.uint8)

Call = Callable[[Any, Path], object]

#: what takes a path raises Python's TypeError for what is none
PATHS: Mapping[str, Call] = {
    "open": lambda odd, store: simkit.open(odd),
    "generate out": lambda odd, store: simkit.generate(RECIPE, [] if odd is None else odd),
    "export store": lambda odd, store: simkit.export(odd, "npz", store.with_name("a.npz")),
    "export out": lambda odd, store: simkit.export(store, "npz", odd),
    "card store": lambda odd, store: simkit.card(odd),
    "card out": lambda odd, store: simkit.card(store, [] if odd is None else odd),
}

CALLS: Mapping[str, Call] = {
    "source": lambda odd, store: simkit.source(odd),
    "rows seed": lambda odd, store: SOURCE.generate(odd, range(2)),
    "rows rows": lambda odd, store: SOURCE.generate(0, None if isinstance(odd, list) else odd),
    "rows backend": lambda odd, store: SOURCE.generate(0, range(2), backend=odd),
    "rows to": lambda odd, store: SOURCE.generate(0, range(2), to=odd),
    "soup draw": lambda odd, store: SOURCE.soup(0, range(2), draw=odd),
    "generate": lambda odd, store: simkit.generate(odd, store),
    "generate backend": lambda odd, store: simkit.generate(RECIPE, store, backend=odd),
    "generate n_threads": lambda odd, store: simkit.generate(RECIPE, store, n_threads=-1 if odd is None else odd),
    "generate share": lambda odd, store: simkit.generate(RECIPE, store, share=odd),
    "export to": lambda odd, store: simkit.export(store, odd, store.with_name("a.npz")),
    "export rows": lambda odd, store: simkit.export(
        store, "npz", store.with_name("a.npz"), rows=-1 if odd is None else odd
    ),
    "export fields": lambda odd, store: simkit.export(store, "npz", store.with_name("a.npz"), fields=[odd]),
    "export packed": lambda odd, store: simkit.export(store, "npz", store.with_name("a.npz"), packed=odd),
    "unpack": lambda odd, store: simkit.unpack(odd),
    "unpack width": lambda odd, store: simkit.unpack(BOARDS, -1 if odd is None else odd),
    "Recipe source": lambda odd, store: simkit.Recipe(odd, 0, 1),
    "Recipe seed": lambda odd, store: simkit.Recipe(SOURCE, odd, 1),
    "Recipe n": lambda odd, store: simkit.Recipe(SOURCE, 0, odd),
    "Recipe.parse": lambda odd, store: simkit.Recipe.parse(odd),
    **{
        f"Recipe.parse {key}": lambda odd, store, key=key: simkit.Recipe.parse({**RECIPE.spec(), key: odd})
        for key in RECIPE.spec()
    },
    "store[]": lambda odd, store: simkit.open(store)[odd],
    "rle.read": lambda odd, store: rle.read(odd),
    "rle.write": lambda odd, store: rle.write(odd, Rule.parse("life")),
    "rle.write rule": lambda odd, store: rle.write(BOARDS[0], odd),
}

#: options of streams -> values that say the same as leaving the option out, or are right
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "batch_size": (),
    "seed": ("2**63",),
    "shuffle": (),
    "window": ("None",),
    "drop_last": (),
    "split": ("None",),
    "splits": ("a dict",),
    "where": ("None", "a dict"),
    "fields": ("None",),
    "channels": (),
    "dtype": (),
    "memory_format": (),
    "augment": ("a list",),
    "ranks": ("None",),
    "skip_damaged": (),
    "n_threads": (),
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simkit.generate(RECIPE, tmp_path_factory.mktemp("arguments") / "x.zarr").path


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(what: str, call: Call, odd: object, store: Path, *more: type[Exception]) -> None:
    try:
        call(odd, store)
    except SimkitError as error:
        assert len(str(error)) <= MAX_MESSAGE, what
        assert str(error).isprintable(), what
    except more:
        pass
    else:
        pytest.fail(f"{what} took it")


@pytest.mark.parametrize("name", ODD)
def test_odd_arguments_are_refused(stored: Path, name: str) -> None:
    right = {("rows seed", "2**63"), ("Recipe seed", "2**63"), ("Recipe.parse seed", "2**63"), ("unpack", "bytes"),
             ("Recipe.parse parameters", "a dict")}  # fmt: skip
    for what, call in CALLS.items():
        if (what, name) not in right:
            refused(what, call, ODD[name], stored)


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_path_is_refused(stored: Path, name: str) -> None:
    for what, call in PATHS.items():
        refused(what, call, ODD[name], stored, TypeError)


@pytest.mark.parametrize("option", OPTIONS)
def test_odd_options_of_streams_are_refused(stored: Path, option: str) -> None:
    from simkit import learn

    for name, odd in ODD.items():
        if name not in OPTIONS[option]:
            refused(name, lambda odd, store: learn.batches(store, **{"batch_size": 10, option: odd}), odd, stored)


def test_odd_states_are_refused(stored: Path) -> None:
    from simkit import learn

    batches = learn.batches(stored, batch_size=10)
    state = batches.state_dict()
    for name, odd in ODD.items():
        refused(name, lambda odd, _: batches.load_state_dict(odd), odd, stored)
        refused(name, lambda odd, _: batches.set_epoch(odd), odd, stored)
        for key in state:
            refused(name, lambda odd, _, key=key: batches.load_state_dict({**state, key: odd}), odd, stored)
