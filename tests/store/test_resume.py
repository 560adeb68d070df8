"""A data set that was stopped, continued, or extended has the bytes of one that was made in one run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from store_samples import BLOCK_ROWS, CHUNK_ROWS, N_ROWS, SHARD_ROWS, Toy, ash_recipe, batches_equal, toy_recipe, tree

import simkit
import simkit.run.plan
from simkit.backends import Kernels
from simkit.errors import StoreError
from simkit.run import Progress, Share, generate
from simkit.schema import Batch
from simkit.store import verify, writing
from simkit.store.layout import LEDGER
from simkit.store.local import Folder

Trees = Callable[..., dict[str, bytes | None]]
HERE = Path(__file__).parent


class Crash(BaseException):
    """Something that nobody catches, such as a second Ctrl-C."""


def stop_after(n_calls: int, error: type[BaseException] = KeyboardInterrupt) -> Callable[[Progress], None]:
    """Return a callback for `progress` that raises when it hears of rows, the none at the beginning included, for the
    `n_calls`-th time, from 0.
    """
    calls, seen = iter(range(n_calls)), set[int]()

    def progress(now: Progress) -> None:
        if now.n_rows_now not in seen and next(calls, None) is None:
            raise error
        seen.add(now.n_rows_now)

    return progress


@pytest.mark.parametrize("n_calls", range(8))
def test_interrupted_after_any_block_and_continued(n_calls: int, out: Path, uninterrupted: Trees) -> None:
    with pytest.raises(KeyboardInterrupt):
        generate(toy_recipe(), out, progress=stop_after(n_calls))
    assert not list(out.rglob("*.part"))
    assert verify(simkit.open(out), full=True) == []
    generate(toy_recipe(), out)
    assert tree(out) == uninterrupted()


def test_interrupted_again_and_again(out: Path, uninterrupted: Trees) -> None:
    n = 6 * SHARD_ROWS + 1
    n_done = []
    for _ in range(20):
        try:
            generate(toy_recipe(n), out, progress=stop_after(-(-SHARD_ROWS // BLOCK_ROWS) + 1))
            break
        except KeyboardInterrupt:
            n_done.append(simkit.open(out).n_rows_done)
    else:
        pytest.fail("it makes no headway")
    assert n_done == sorted(n_done)
    assert len(n_done) >= 3
    assert tree(out) == uninterrupted(n)


def test_what_was_finished_is_not_computed_again(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        generate(toy_recipe(), out, progress=stop_after(4))
    done = simkit.open(out).done()
    assert done
    computed: list[range] = []
    real = Toy.rows
    monkeypatch.setattr(Toy, "rows", lambda self, seed, rows, on: computed.append(rows) or real(self, seed, rows, on))
    generate(toy_recipe(), out)
    assert computed
    assert {row // SHARD_ROWS for rows in computed for row in rows}.isdisjoint(done)
    computed.clear()
    generate(toy_recipe(), out)
    assert computed == []


def test_a_source_that_fails_leaves_what_was_finished(
    out: Path, monkeypatch: pytest.MonkeyPatch, uninterrupted: Trees
) -> None:
    real = Toy.rows

    def fail(self: Toy, seed: int, rows: range, on: Kernels) -> Batch:
        if rows.stop == N_ROWS:
            raise MemoryError("not enough")
        return real(self, seed, rows, on)

    with monkeypatch.context() as patch:
        patch.setattr(Toy, "rows", fail)
        with pytest.raises(MemoryError, match="not enough"):
            generate(toy_recipe(), out)
    assert 2 not in simkit.open(out).done()
    assert verify(simkit.open(out), full=True) == []
    generate(toy_recipe(), out)
    assert tree(out) == uninterrupted()


@pytest.mark.parametrize("n_threads", [1, 2, 7])
def test_the_number_of_threads_does_not_matter(n_threads: int, out: Path, uninterrupted: Trees) -> None:
    generate(toy_recipe(), out, n_threads=n_threads)
    assert tree(out) == uninterrupted()


@pytest.mark.parametrize("block_rows", [1, CHUNK_ROWS, SHARD_ROWS, 10**6])
def test_the_size_of_the_blocks_does_not_matter(
    block_rows: int, out: Path, uninterrupted: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = uninterrupted()
    monkeypatch.setattr(simkit.run.plan, "_BLOCK_ROWS", block_rows)
    generate(toy_recipe(), out)
    assert tree(out) == whole


def test_the_path_and_the_moment_are_not_in_the_tree(tmp_path: Path) -> None:
    for folder in ("a", "b/c"):
        generate(toy_recipe(), tmp_path / folder / "some-name.zarr")
    assert tree(tmp_path / "a" / "some-name.zarr") == tree(tmp_path / "b" / "c" / "some-name.zarr")
    assert not any(b"some-name" in (content or b"") for content in tree(tmp_path / "a").values())


@pytest.mark.parametrize("n", [1, CHUNK_ROWS, SHARD_ROWS - 1, SHARD_ROWS, SHARD_ROWS + 1, 2 * SHARD_ROWS])
def test_any_number_of_rows_is_stored_as_the_source_makes_them(n: int, out: Path, rows: Batch) -> None:
    store = generate(toy_recipe(n), out)
    assert batches_equal({name: store[name][:] for name in store}, {name: rows[name][:n] for name in rows})
    assert tree(generate(toy_recipe(n), out).path) == tree(out)


def test_progress_counts_the_rows(out: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        generate(toy_recipe(), out, progress=stop_after(5))
    n_before = simkit.open(out).n_rows_done
    seen: list[Progress] = []
    generate(toy_recipe(), out, progress=seen.append)
    assert {(step.n_rows, step.n_rows_before) for step in seen} == {(N_ROWS, n_before)}
    counts = [step.n_rows_now for step in seen]
    assert counts[0] == 0
    assert 0 <= np.diff(counts).min() <= np.diff(counts).max() == BLOCK_ROWS
    assert counts[-2:] == [N_ROWS - n_before] * 2  # computed, then written
    assert seen[-1].n_rows_done == N_ROWS
    assert seen[-1].waited_computing >= 0 < seen[-1].waited_writing


# --- more rows -----------------------------------------------------------------------------------------------------

STEPS = [(1, 2), (20, 150), (64, 65), (65, 66), (128, 150), (100, 128), (150, 300), (64, 128), (16, 17)]


@pytest.mark.parametrize(("n_before", "n"), STEPS)
def test_extended(n_before: int, n: int, out: Path, uninterrupted: Trees) -> None:
    generate(toy_recipe(n_before), out)
    generate(toy_recipe(n), out)
    assert tree(out) == uninterrupted(n)


def test_extended_row_by_row(out: Path, uninterrupted: Trees) -> None:
    for n in range(SHARD_ROWS - 2, SHARD_ROWS + 4):
        generate(toy_recipe(n), out)
        assert tree(out) == uninterrupted(n)


def test_the_ash_of_simkit_extended_and_interrupted(tmp_path: Path) -> None:
    generate(ash_recipe(100), tmp_path / "steps")
    with pytest.raises(KeyboardInterrupt):
        generate(ash_recipe(200), tmp_path / "steps", progress=stop_after(3))
    generate(ash_recipe(200), tmp_path / "steps")
    generate(ash_recipe(200), tmp_path / "once")
    assert tree(tmp_path / "steps") == tree(tmp_path / "once")


@pytest.mark.parametrize("n_calls", range(7))
def test_an_extension_interrupted_and_continued(n_calls: int, out: Path, uninterrupted: Trees) -> None:
    generate(toy_recipe(150), out)
    with pytest.raises(KeyboardInterrupt):
        generate(toy_recipe(300), out, progress=stop_after(n_calls))
    assert verify(simkit.open(out), full=True) == []
    generate(toy_recipe(300), out)
    assert tree(out) == uninterrupted(300)


def test_an_extension_of_an_interrupted_run(out: Path, uninterrupted: Trees) -> None:
    with pytest.raises(KeyboardInterrupt):
        generate(toy_recipe(150), out, progress=stop_after(4))
    generate(toy_recipe(300), out)
    assert tree(out) == uninterrupted(300)


def test_the_rows_of_the_grown_shard_can_not_be_read_until_it_is_whole(copied: Path, rows: Batch) -> None:
    with pytest.raises(KeyboardInterrupt):
        generate(toy_recipe(300), copied, progress=stop_after(0))
    store = simkit.open(copied)
    with pytest.raises(StoreError, match="rows 128 to 191 of .* are not generated yet"):
        store["charge"][149]
    np.testing.assert_array_equal(store["charge"][:128], rows["charge"][:128])


def test_extended_by_one_worker_while_another_writes_the_old_last_shard(out: Path, uninterrupted: Trees) -> None:
    """Refusing to extend is fine; a last shard that counts as finished and has too few rows is not."""
    started = []

    def extend(_: Progress) -> None:
        if not started:
            started.append(True)
            with suppress(StoreError):
                generate(toy_recipe(300), out, share=Share(2, 1))

    generate(toy_recipe(150), out, share=Share(2, 0), progress=extend)
    assert verify(simkit.open(out), full=True) == []
    generate(toy_recipe(300), out)
    assert tree(out) == uninterrupted(300)


# --- stopped between any two steps ---------------------------------------------------------------------------------


class Fuse:
    """Counts the calls of Folder.put and Folder.delete and raises at one of them, before it or right after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int, *, after: bool) -> None:
        self.left, self.after, self.is_blown = count, after, False
        for name in ("put", "delete"):
            monkeypatch.setattr(Folder, name, self._fused(getattr(Folder, name)))

    def _fused(self, real: Callable[..., None]) -> Callable[..., None]:
        def call(*arguments: object) -> None:
            self.left -= 1
            if self.left == -1 and not self.after:
                self.is_blown = True
                raise Crash
            real(*arguments)
            if self.left == -1:
                self.is_blown = True
                raise Crash

        return call


@pytest.fixture
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simkit.store.local.os.fsync", lambda file: None)


@pytest.mark.usefixtures("_no_waiting_for_the_disk")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("n_before", "n"), [(0, 80), pytest.param(40, 80, marks=pytest.mark.slow), (64, 80)])
def test_stopped_at_every_put_and_delete(
    n_before: int, n: int, after: bool, tmp_path: Path, uninterrupted: Trees
) -> None:
    before = tmp_path / "before.zarr"
    if n_before:
        generate(toy_recipe(n_before), before)
    for count in range(1000):
        path = tmp_path / f"{count}.zarr"
        if n_before:
            shutil.copytree(before, path)
        with pytest.MonkeyPatch.context() as patch:
            fuse = Fuse(patch, count, after=after)
            with suppress(Crash):
                generate(toy_recipe(n), path)
        if not fuse.is_blown:
            break
        assert not list(path.rglob("*.part"))
        generate(toy_recipe(n), path)
        assert tree(path) == uninterrupted(n), f"stopped at put or delete number {count}"
    assert count >= 2 * (5 + 1)  # shards of five fields, each with its entry in the ledger


def die_everywhere(folder: Path, n_before: int, n: int, n_workers: int, step: int) -> int:
    """Run mortal.py and return the number of deaths."""
    command = [sys.executable, HERE / "mortal.py", folder, *map(str, (n_before, n, n_workers, step))]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # no threads of NumPy's in a process that forks
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.stderr, done.returncode) == ("", 0)
    return int(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(("n_before", "n", "n_workers", "step"), [(0, 150, 2, 5), (150, 300, 1, 5), (1, 2, 2, 1)])
def test_processes_that_die_at_system_calls(n_before: int, n: int, n_workers: int, step: int, tmp_path: Path) -> None:
    """At every one of a small run, and at every fifth of larger ones: a file takes four, so that each kind is met."""
    assert die_everywhere(tmp_path, n_before, n, n_workers, step) > 20


def test_what_a_killed_process_left_is_swept_away(copied: Path, uninterrupted: Trees) -> None:
    for name in (".zarr.json.0123456789abcdef.part", ".c.1.0123456789abcdef.part", ".c.9.0.0.00.part"):
        (copied / "ledger" / name).write_bytes(b"torn")
    generate(toy_recipe(), copied)
    assert tree(copied) == uninterrupted()


def test_what_another_worker_is_writing_is_not_swept_away(copied: Path, tmp_path: Path) -> None:
    """`sweep` must tell a temporary file that is being written by the lock on it."""
    import fcntl

    part = copied / "ledger" / ".c.1.0123456789abcdef.part"
    with part.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        Folder(copied, LEDGER).sweep()
        assert part.exists()
    Folder(copied, LEDGER).sweep()
    assert not part.exists()


def test_the_context_holds_the_data_set_for_reading_and_writing(out: Path, rows: Batch) -> None:
    recipe = toy_recipe()
    with writing(out, recipe.source.schema(), recipe.spec(), {"backend": "none", "versions": {}}) as store:
        store.commit(1, recipe.source.generate(5, range(64, 128)))
    assert list(simkit.open(out).done()) == [1]
    np.testing.assert_array_equal(simkit.open(out)["energy"][64:128], rows["energy"][64:128])
