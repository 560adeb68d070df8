"""Groups of shards are folded: whoever does it, wherever it is stopped, and whoever reads meanwhile."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_samples import SHARD_ROWS, Toy, batches_equal, toy_recipe, tree

import simkit
from simkit.errors import DamageError, StoreError
from simkit.run import Share, generate
from simkit.schema import Batch
from simkit.store import forget, verify, writing
from simkit.store.chunks import StoreChunks
from simkit.store.folding import settle
from simkit.store.local import Folder

Trees = Callable[..., dict[str, bytes | None]]


#: one group of two shards
N_LOOSE = 2 * SHARD_ROWS


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda file: None)


def names(path: Path) -> set[str]:
    return {entry.name for entry in (path / "ledger").iterdir()} - {"zarr.json"}


@pytest.fixture
def loose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of N_LOOSE rows whose shards are all done and whose group is not folded."""
    path = tmp_path / "loose.zarr"
    with monkeypatch.context() as patch:
        patch.setattr("simkit.store.dataset.settle", lambda *_: None)
        generate(toy_recipe(N_LOOSE), path)
    assert names(path) == {"loose.0", "loose.1"}
    return path


def all_rows(store: simkit.store.Store) -> Batch:
    return {name: store[name][:] for name in store}


def test_a_data_set_whose_groups_are_not_folded_can_be_read(loose: Path, rows: Batch) -> None:
    store = simkit.open(loose)
    assert list(store.done()) == [0, 1]
    assert store.n_rows_done == N_LOOSE
    assert batches_equal(all_rows(store), {name: values[:N_LOOSE] for name, values in rows.items()})
    assert verify(store, full=True) == []
    assert StoreChunks(store).n_rows == N_LOOSE


def test_groups_that_are_done_are_folded_when_the_line_is_run_again(loose: Path, uninterrupted: Trees) -> None:
    generate(toy_recipe(N_LOOSE), loose)
    assert names(loose) == {"c.0.0.0"}
    assert tree(loose) == uninterrupted(N_LOOSE)


def test_two_that_fold_at_once_write_the_same_bytes(
    loose: Path, out: Path, uninterrupted: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one does all of it, removals too, just before any step of the first."""
    n_steps = between_steps(loose, out, monkeypatch, lambda: settle(simkit.open(out).ledger), uninterrupted(N_LOOSE))
    assert n_steps > 12


def test_whoever_reads_while_groups_are_folded_reads_the_rows(
    loose: Path, out: Path, rows: Batch, uninterrupted: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> None:
        store = simkit.open(out)
        assert store.n_rows_done == N_LOOSE
        assert batches_equal(all_rows(store), {name: values[:N_LOOSE] for name, values in rows.items()})
        assert verify(store) == []

    assert between_steps(loose, out, monkeypatch, read, uninterrupted(N_LOOSE)) > 12


def test_a_reader_whose_group_is_folded_between_its_steps_reads_the_rows(
    loose: Path, out: Path, rows: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> None:
        store = simkit.open(out)
        assert store.n_rows_done == N_LOOSE
        assert batches_equal(all_rows(store), {name: values[:N_LOOSE] for name, values in rows.items()})
        assert [len(store.entry(shard)) for shard in range(2)] == [5, 5]
        assert verify(store) == []

    assert between_steps(loose, out, monkeypatch, lambda: settle(simkit.open(out).ledger), None, work=read) > 20


def between_steps(
    loose: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    intrude: Callable[[], None],
    whole: dict[str, bytes | None] | None,
    work: Callable[[], None] | None = None,
) -> int:
    """Do `work`, or fold `out`, with `intrude` just before its step number 0, 1, 2, ...; return how many there are."""
    methods = ("put", "delete", "get", "open", "has", "names")
    for at in range(10**4):
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(loose, out)
        left, is_inside = at, False

        @contextmanager
        def alone(*arguments: Any, real: Callable[..., Any] = Folder.lock) -> Iterator[Any]:
            nonlocal is_inside  # another process waits for its turn until this one has had it
            was_inside, is_inside = is_inside, True
            with real(*arguments) as turn:
                yield turn
            is_inside = was_inside

        def step(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any) -> Any:
                nonlocal left, is_inside
                if not is_inside:
                    left -= 1
                    if left == -1:
                        is_inside = True
                        intrude()
                        is_inside = False
                return real(*arguments)

            return call

        with monkeypatch.context() as patch:
            for name in methods:
                patch.setattr(Folder, name, step(getattr(Folder, name)))
            patch.setattr(Folder, "lock", alone)
            if work:
                work()
            else:
                settle(simkit.open(out).ledger)
        if left >= 0:
            return at
        if whole:
            assert tree(out) == whole, f"step {at}"
    raise AssertionError("it never ends")


def test_a_shard_that_is_made_twice_leaves_nothing_loose(copied: Path, rows: Batch, uninterrupted: Trees) -> None:
    with writing(copied, Toy().schema(), toy_recipe().spec(), {}, shared=True) as store:
        store.commit(1, {name: values[64:128] for name, values in rows.items()})
    assert tree(copied) == uninterrupted()


@pytest.mark.parametrize("shards", [[0], [1], [2], [0, 1], [1, 2], [0, 1, 2]], ids=str)
def test_shards_that_are_forgotten_are_made_again_and_no_others(
    shards: list[int], copied: Path, rows: Batch, uninterrupted: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(copied, shards)
    store = simkit.open(copied)
    assert list(store.done()) == [shard for shard in range(3) if shard not in shards]
    for shard in store.done():
        part = store.layout.rows(shard)
        assert batches_equal(
            {name: store[name][part.start : part.stop] for name in store},
            {name: values[part.start : part.stop] for name, values in rows.items()},
        )
    assert verify(store, full=True) == []
    made: list[int] = []
    real = type(store).commit
    monkeypatch.setattr(
        type(store), "commit", lambda self, shard, batch: (made.append(shard), real(self, shard, batch))
    )
    generate(toy_recipe(), copied)
    assert made == shards
    assert tree(copied) == uninterrupted()


def test_a_group_whose_entries_are_damaged_can_be_forgotten_as_a_whole(copied: Path, uninterrupted: Trees) -> None:
    (copied / "ledger" / "c.0.0.0").write_bytes(b"torn")
    with pytest.raises(DamageError, match=r"ledger/c\.0\.0\.0 .* is damaged: it fails its checksum"):
        forget(copied, [0])
    forget(copied, [0, 1])
    generate(toy_recipe(), copied)
    assert tree(copied) == uninterrupted()


def test_what_another_process_writes_is_not_forgotten(copied: Path) -> None:
    with (
        writing(copied, Toy().schema(), toy_recipe().spec(), {}),
        pytest.raises(StoreError, match="is being written by another process"),
    ):
        forget(copied, [0])


def test_a_damaged_loose_shard_is_named_and_made_again(loose: Path, uninterrupted: Trees) -> None:
    path = loose / "ledger" / "loose.1"
    path.write_bytes(path.read_bytes()[:-1])
    (fault,) = verify(simkit.open(loose), full=True)
    assert "ledger/loose.1 (ledger, shard 1) is damaged" in fault
    with pytest.raises(DamageError, match=r"ledger/loose\.1 .* is damaged"):
        generate(toy_recipe(N_LOOSE), loose)
    forget(loose, [1])
    generate(toy_recipe(N_LOOSE), loose)
    assert tree(loose) == uninterrupted(N_LOOSE)


# --- larger groups -------------------------------------------------------------------------------------------------


@pytest.fixture
def _groups_of_four(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simkit.store.layout._GROUP_SHARDS", 4)


@pytest.mark.usefixtures("_groups_of_four")
@pytest.mark.parametrize(("n_before", "n"), [(150, 256), (150, 300), (256, 257), (257, 520)])
def test_extended_within_and_past_a_group(n_before: int, n: int, out: Path, uninterrupted: Trees) -> None:
    generate(toy_recipe(n_before), out)
    generate(toy_recipe(n), out)
    assert tree(out) == uninterrupted(n)


@pytest.mark.usefixtures("_groups_of_four")
def test_files_are_as_many_as_groups_and_not_as_shards(out: Path) -> None:
    n_shards = 8
    store = generate(toy_recipe(n_shards * SHARD_ROWS), out)
    assert store.layout.spans == {"board": 1, "energy": 1, "charge": 2, "is_odd": 4, "kind": 4}
    assert {name: len(list((out / name).glob("c.*"))) for name in (*store, "ledger")} == {
        "board": 8, "energy": 8, "charge": 4, "is_odd": 2, "kind": 2, "ledger": 2,
    }  # fmt: skip


@pytest.mark.usefixtures("_groups_of_four")
def test_workers_one_after_the_other_fold_when_the_last_is_done(out: Path, uninterrupted: Trees) -> None:
    n = 11 * SHARD_ROWS + 5
    for worker in (2, 0):
        generate(toy_recipe(n), out, share=Share(3, worker))
    assert names(out) == {f"loose.{shard}" for shard in range(12) if shard % 3 != 1}
    generate(toy_recipe(n), out, share=Share(3, 1))
    assert tree(out) == uninterrupted(n)


# --- work that does not grow with the shards ------------------------------------------------------------------------


def calls(work: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Return how often `work` opens, looks at and lists files."""
    counts: Counter[str] = Counter()

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            counts[name] += 1
            return real(*arguments, **named)

        return call

    with monkeypatch.context() as patch:
        for name in ("open", "stat", "lstat", "scandir", "listdir", "rename", "unlink"):
            patch.setattr(os, name, counted(name, getattr(os, name)))
        work()
    return counts


@pytest.fixture(scope="module")
def of_two_sizes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Finished data sets of 2 and of 20 groups of 4 shards."""
    folder = tmp_path_factory.mktemp("sizes")
    with pytest.MonkeyPatch.context() as patch:
        from store_samples import shrink

        shrink(patch.setattr)
        patch.setattr("simkit.store.layout._GROUP_SHARDS", 4)
        patch.setattr(os, "fsync", lambda file: None)
        for n_groups in (2, 20):
            generate(toy_recipe(4 * n_groups * SHARD_ROWS), folder / f"{n_groups}.zarr")
    return [folder / "2.zarr", folder / "20.zarr"]


WORK: dict[str, Callable[[Path], object]] = {
    "open": lambda path: simkit.open(path).n_rows_done,
    "digest and size": lambda path: (simkit.open(path).root_digest(), simkit.open(path).n_bytes()),
    "stream": lambda path: StoreChunks(simkit.open(path)).read("kind", 5, np.empty(16, np.uint8)),
    "resume": lambda path: generate(toy_recipe(simkit.open(path).layout.n_rows), path),
}


@pytest.mark.parametrize("what", WORK)
def test_no_file_is_touched_for_each_shard_or_group(
    what: str, of_two_sizes: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    WORK[what](of_two_sizes[0])  # what is loaded at the first time
    small, large = (calls(lambda path=path: WORK[what](path), monkeypatch) for path in of_two_sizes)
    assert small == large
    assert small["open"] > 0


def test_a_quick_verify_opens_the_ledger_and_lists_the_folders(
    of_two_sizes: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    verify(simkit.open(of_two_sizes[0]))
    small, large = (calls(lambda path=path: verify(simkit.open(path)), monkeypatch) for path in of_two_sizes)
    assert large["open"] - small["open"] == 18  # groups
    assert large["scandir"] == small["scandir"] == len(Toy().schema()) + 1
