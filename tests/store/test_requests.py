"""How many requests the work on a data set in an object store takes: it does not grow with the shards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
from servers import Bucket, Proxy
from store_samples import SHARD_ROWS, Toy, toy_recipe

import simkit
from simkit.recipe import Recipe
from simkit.run import Share, generate
from simkit.run.plan import Plan
from simkit.store import verify
from simkit.store.done import Done
from simkit.store.layout import Layout
from simkit.store.objects import Objects

pytest.importorskip("s3fs")

BILLION = 10**9


def fabricate(root: Path, n: int) -> Recipe:
    """Write what is read of a finished data set of `n` rows: its metadata, and names in its ledger."""
    recipe = Recipe(Toy(), 5, n)
    layout = Layout.plan(recipe.source.schema(), n)
    made = {"backend": "none", "versions": {}, "digest": "0" * 64, "n_bytes": 500 * n}
    attributes = {"recipe": recipe.spec(), "simkit": {**made, **layout.describe()}}
    for key, content in layout.metadata(attributes).items():
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(content)
    for group in range(layout.n_groups):
        (root / layout.entries_key(group)).write_bytes(b"")
    return recipe


def info(there: str) -> None:
    store = simkit.open(there)
    assert store.n_rows_done == store.n_rows
    assert (store.root_digest(), store.n_bytes()) == ("0" * 64, 500 * store.n_rows)


@pytest.fixture
def _real_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards and groups as large as they are, so that there are as many."""
    monkeypatch.setattr("simkit.store.layout._SHARD_ROWS", 2**12)
    monkeypatch.setattr("simkit.store.layout._GROUP_SHARDS", 2**8)


@pytest.mark.usefixtures("_real_shards")
def test_a_billion_rows_are_opened_and_continued_by_as_many_requests_as_a_few(rclone: Bucket, proxy: Proxy) -> None:
    counts, root = [], rclone.server.root / rclone.name  # of which the server has listed nothing yet
    for recipe in [fabricate(root / f"{n}.zarr", n) for n in (1000, BILLION)]:
        there = f"{rclone.address}/{recipe.n}.zarr"
        proxy.clear()
        info(there)
        n_opened = proxy.requests.total()
        generate(recipe, there)
        counts.append((n_opened, proxy.requests.total() - n_opened))
    assert counts[0] == counts[1]
    assert counts[0][0] < 10
    assert counts[0][1] < 30
    store = simkit.open(there)
    assert store.layout.n_groups == 954
    assert store.done().runs == [range(store.layout.n_shards)]
    assert Plan.of(store, Share(7, 3)).n_rows_before == Plan.of(store, Share(7, 3)).n_rows


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """What was asked of a place in the memory of this process: what, and of which object."""
    real, requests = Objects._ask, []

    def ask(place: Objects, what: str, key: str, *arguments: object, **named: object) -> object:
        requests.append((what, key))
        return real(place, what, key, *arguments, **named)

    monkeypatch.setattr(Objects, "_ask", ask)
    yield requests
    fsspec.filesystem("memory").rm("/requests", recursive=True)


def make(n_groups: int) -> str:
    there = f"memory://requests/{n_groups}.zarr"
    generate(toy_recipe(2 * n_groups * SHARD_ROWS), there)
    return there


GROWTH: dict[str, tuple[Callable[[str], object], int]] = {
    "a row": (lambda there: simkit.open(there)["kind"][5], 0),
    "extend": (lambda there: generate(toy_recipe(simkit.open(there).n_rows + 7), there), 1),
    "quick verify": (lambda there: verify(simkit.open(there)), 1),
}


@pytest.mark.parametrize("what", GROWTH)
def test_requests_grow_with_the_groups_at_most(what: str, asked: list[tuple[str, str]]) -> None:
    work, per_group = GROWTH[what]
    counts = []
    for n_groups in (2, 12):
        there = make(n_groups)
        asked.clear()
        work(there)
        counts.append(len(asked))
    assert counts[1] - counts[0] == 10 * per_group


def test_to_fold_a_group_reads_each_loose_shard_once(
    asked: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simkit.store.layout._GROUP_SHARDS", 8)
    with monkeypatch.context() as patch:
        patch.setattr("simkit.store.dataset.settle", lambda *_: None)
        generate(toy_recipe(8 * SHARD_ROWS), "memory://requests/loose.zarr")
    asked.clear()
    generate(toy_recipe(8 * SHARD_ROWS), "memory://requests/loose.zarr")
    read = [key for what, key in asked if what == "read" and "loose." in key]
    assert sorted(read) == [f"ledger/loose.{shard}" for shard in range(8)]


def test_finished_shards_are_runs() -> None:
    layout = Layout.plan(Toy().schema(), 10 * SHARD_ROWS - 3)
    done = Done(layout, [range(2), range(2, 4), range(6, 7), range(9, 10)])
    assert done.runs == [range(4), range(6, 7), range(9, 10)]
    assert list(done) == [0, 1, 2, 3, 6, 9]
    assert len(done) == 6
    assert [shard for shard in range(-1, 12) if shard in done] == list(done)
    assert done.n_rows() == 6 * SHARD_ROWS - 3
    for n in range(1, 5):
        for index in range(n):
            share = range(index, 10, n)
            assert list(done.missing(share)) == [shard for shard in share if shard not in done]
            assert done.n_rows(share) == sum(len(layout.rows(shard)) for shard in done if shard in share)
