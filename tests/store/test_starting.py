"""Processes that start at the same time, or die while they do; nothing here depends on who is faster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from store_samples import N_ROWS, Toy, toy_recipe, tree

import simkit
from simkit.errors import StoreError
from simkit.recipe import Recipe
from simkit.run import Share, generate
from simkit.store import verify, writing
from simkit.store.layout import LEDGER
from simkit.store.local import Folder, FolderLock

Trees = Callable[..., dict[str, bytes | None]]


class Killed(BaseException):
    """The end of a process, whose locks are freed one after the other."""


def start(out: Path, recipe: Recipe, *, shared: bool) -> Any:
    """Return the context in which a process holds the data set."""
    made = {"backend": "none", "versions": {}}
    return writing(out, Toy().schema(), recipe.spec(), made, shared=shared)


def die_preparing(out: Path, at: int, n: int, shared: bool, others: Callable[[], None]) -> bool:
    """Kill a process at its write number `at` before it has the data set; False if it has got it by then.

    `others` is called when the system has freed the turn of the dead, and the lock of the run not yet.
    """
    real_lock, real_put, real_sweep, calls = Folder.lock, Folder.put, Folder.sweep, iter(range(at))

    def mortal(real: Callable[..., None]) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            if next(calls, None) is None:
                raise Killed
            real(*arguments)

        return call

    @contextmanager
    def lock(place: Folder, folder: str) -> Iterator[FolderLock]:
        with real_lock(place, folder) as taken:
            try:
                yield taken
            except Killed:
                if folder != LEDGER:
                    patch.undo()
                    others()
                raise

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Folder, "lock", lock)
        patch.setattr(Folder, "put", mortal(real_put))
        patch.setattr(Folder, "sweep", mortal(real_sweep))
        try:
            with start(out, toy_recipe(n), shared=shared):
                return False
        except Killed:
            return True


@pytest.mark.parametrize("n_before", [0, 100], ids=["created", "extended"])
@pytest.mark.parametrize("shared", [False, True], ids=["alone", "shared"])
def test_one_that_waited_for_a_process_killed_while_it_started_goes_on(
    shared: bool, n_before: int, tmp_path: Path, uninterrupted: Trees
) -> None:
    for at in range(20):
        out = tmp_path / f"{at}.zarr"
        if n_before:
            generate(toy_recipe(n_before), out)

        def waiting(out: Path = out) -> None:
            with start(out, toy_recipe(), shared=shared) as store:
                assert store.layout.n_rows == N_ROWS

        if not die_preparing(out, at, N_ROWS, shared, waiting):
            assert at > 6
            return
        if at % 4 == 0:
            assert tree(generate(toy_recipe(), out).path).keys() == uninterrupted().keys()
    pytest.fail("it never started")


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "shared"])
def test_of_two_recipes_at_once_the_loser_is_told_what_differs(
    shared: bool, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one begins to write after this one saw that there is nothing, and before it has its turn."""
    real = FolderLock.wait
    with ExitStack() as stack:

        def wait(lock: FolderLock) -> None:
            monkeypatch.setattr(FolderLock, "wait", real)
            stack.enter_context(start(out, toy_recipe(seed=6), shared=shared))
            real(lock)

        monkeypatch.setattr(FolderLock, "wait", wait)
        with pytest.raises(StoreError, match="holds another recipe: seed is 6 there and 5 here; choose another --out"):
            generate(toy_recipe(), out, share=Share(1 + shared))


@pytest.mark.parametrize("n_before", [0, 100], ids=["created", "extended"])
def test_one_that_looks_while_it_is_created_sees_no_fault(
    n_before: int, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = Folder.put, []
    if n_before:
        generate(toy_recipe(n_before), out)

    def look() -> None:
        try:
            seen.append(str(verify(simkit.open(out))))
        except StoreError as error:
            assert len(str(error).splitlines()) == 1
            seen.append(str(error).removeprefix(f"{out} is being ").split(" by another process; look again")[0])

    def put(place: Folder, key: str, data: bytes) -> None:
        look()
        real(place, key, data)

    monkeypatch.setattr(Folder, "put", put)
    with start(out, toy_recipe(), shared=False):
        look()
    # when it is extended, the digest goes first, then the last group is no longer finished
    began = ["[]"] * 3 if n_before else []
    assert seen == [*began, *["created or extended"] * (len(seen) - len(began) - 1), "[]"]
    assert len(seen) > 6


def test_verify_reports_what_a_process_that_was_killed_left_half_made(out: Path) -> None:
    assert die_preparing(out, 3, N_ROWS, False, lambda: None)
    faults = verify(simkit.open(out))
    assert faults
    assert all("the `simkit generate` line puts it again" in fault for fault in faults)


def test_a_creation_that_was_stopped_before_anything_was_written_is_no_damage(out: Path) -> None:
    assert die_preparing(out, 0, N_ROWS, False, lambda: None)
    with pytest.raises(StoreError, match=r"nothing of .*x\.zarr is generated yet; run its `simkit generate` line"):
        simkit.open(out)
    (out / LEDGER).rmdir()
    with pytest.raises(StoreError, match=r"x\.zarr is an empty folder: nothing is generated there yet"):
        simkit.open(out)
    assert generate(toy_recipe(), out).n_rows_done == N_ROWS
