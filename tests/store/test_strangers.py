"""Data sets that came from somebody else: links, pipes and devices in them, and chunks that unpack to far too much."""

from __future__ import annotations

import os
import re
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numcodecs import zstd
from store_samples import CHUNK_ROWS, N_ROWS, SHARD_ROWS, toy_recipe, tree

import simkit
from simkit.errors import DamageError, SimkitError, StoreError
from simkit.interchange import export
from simkit.interchange.files import Files
from simkit.run import Share, generate
from simkit.store import Store, forget, verify
from simkit.store.layout import DIGEST_BYTES
from simkit.store.local import Folder
from simkit.store.shard import _ABSENT, Reader, _with_checksum, n_decoded

#: an object below a folder, and what would block, never end or be overwritten in its place
KINDS: dict[str, Callable[[Path, Path], None]] = {
    "link to a file": lambda path, victim: path.symlink_to(victim / "precious"),
    "link to nothing": lambda path, victim: path.symlink_to(victim / "none"),
    "link to a device": lambda path, _: path.symlink_to("/dev/zero"),
    "link to a terminal": lambda path, _: path.symlink_to("/dev/tty"),
    "pipe": lambda path, _: os.mkfifo(path),
    "link to a pipe": lambda path, victim: path.symlink_to(victim / "pipe"),
    "folder": lambda path, _: path.mkdir(),
}


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A folder that nothing is to be read from, and nothing written to."""
    path = tmp_path / "victim"
    path.mkdir()
    (path / "precious").write_bytes(b"precious")
    (path / f".c.0.{'0' * 16}.part").write_bytes(b"left by somebody else")
    os.mkfifo(path / "pipe")
    return path


def replace(path: Path, kind: str, victim: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    KINDS[kind](path, victim)


def read(path: Path, name: str) -> None:
    store = simkit.open(path)
    store[name][:]
    store.root_digest()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", ["charge", "ledger", "zarr.json"])
def test_what_is_no_plain_file_is_refused_and_not_waited_for(key: str, kind: str, copied: Path, victim: Path) -> None:
    """`key` may be a folder; then one of its objects is replaced."""
    path = copied / key
    replace(next(iter(sorted(path.glob("c.*")))) if path.is_dir() else path, kind, victim)
    with pytest.raises(DamageError, match="below its own folder a data set has plain folders and files"):
        read(copied, "charge")
    try:
        faults = verify(simkit.open(copied), full=True)
    except StoreError as error:
        faults = [str(error)]
    assert len(faults) == 1
    assert (victim / "precious").read_bytes() == b"precious"


@pytest.mark.parametrize("key", ["charge", "ledger"])
def test_a_folder_that_is_a_link_is_neither_read_nor_written_through(key: str, copied: Path, victim: Path) -> None:
    shutil.copytree(copied / key, victim / "there", dirs_exist_ok=True)
    shutil.rmtree(copied / key)
    (copied / key).symlink_to(victim)
    before = names(victim)
    for n in (N_ROWS, 2 * N_ROWS):
        with pytest.raises(StoreError, match=f"{key} is a link; below its own folder a data set has plain folders"):
            generate(toy_recipe(n), copied)
    with pytest.raises(DamageError, match=f"{key} is a link"):
        read(copied, "charge")
    assert names(victim) == before


def test_temporary_files_are_not_swept_through_a_link(out: Path, victim: Path) -> None:
    out.mkdir()
    (out / "export").symlink_to(victim)
    os.mkfifo(out / f".x.{'0' * 16}.part")
    before = names(victim)
    Folder(out).sweep()
    assert names(victim) == before


def test_the_root_may_be_a_link(copied: Path, tmp_path: Path, uninterrupted: Any) -> None:
    link = tmp_path / "link.zarr"
    link.symlink_to(copied)
    assert verify(simkit.open(link), full=True) == []
    generate(toy_recipe(2 * N_ROWS), link)
    assert link.is_symlink()
    assert tree(copied) == uninterrupted(2 * N_ROWS)


def test_an_export_is_not_written_through_a_link(finished: Path, tmp_path: Path, victim: Path) -> None:
    out = tmp_path / "x.npz"
    out.symlink_to(victim / "precious")
    for force in (False, True):
        with pytest.raises(StoreError, match=r"x\.npz is a link, which is not written through"):
            export(finished, "npz", out, replace=force)
    assert (victim / "precious").read_bytes() == b"precious"


# --- removed or renamed ------------------------------------------------------------------------------------------


def gone(out: Path) -> None:
    shutil.rmtree(out)


def renamed(out: Path) -> None:
    out.rename(out.with_name("y.zarr"))


def taken(out: Path) -> None:
    renamed(out)
    generate(toy_recipe(seed=6), out)


@pytest.mark.parametrize("happens", [gone, renamed, taken])
def test_a_data_set_that_goes_while_it_is_written_is_one_clear_line(
    happens: Callable[[Path], None], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Store.commit

    def commit(store: Store, index: int, *rest: Any) -> None:
        if index == 1:
            monkeypatch.setattr(Store, "commit", real)
            happens(out)
        real(store, index, *rest)

    monkeypatch.setattr(Store, "commit", commit)
    with pytest.raises(StoreError, match=r"x\.zarr was removed or renamed while it was written") as caught:
        generate(toy_recipe(), out)
    assert len(str(caught.value).splitlines()) == 1
    if happens is taken:
        assert verify(simkit.open(out), full=True) == []
    else:
        assert not out.exists()


@pytest.mark.parametrize("name", ["open", "rename", "fsync"])
def test_a_data_set_that_goes_at_any_call_is_one_clear_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = getattr(os, name)
    for at in range(100):
        out, calls = tmp_path / f"{at}.zarr", iter(range(at))

        def call(*arguments: Any, calls: Any = calls, out: Path = out, **named: Any) -> Any:
            if (out / "zarr.json").exists() and next(calls, None) is None:
                monkeypatch.setattr(os, name, real)
                shutil.rmtree(out)
            return real(*arguments, **named)

        monkeypatch.setattr(os, name, call)
        try:
            generate(toy_recipe(40), out)
        except SimkitError as error:
            assert len(str(error).splitlines()) == 1
        else:  # it goes at the very last call, or not at all
            assert at > 4
            return


# --- chunks ------------------------------------------------------------------------------------------------------


def shard_of(frame: bytes) -> bytes:
    """Return a shard of `charge` whose first chunk is `frame`, all checksums right."""
    part = _with_checksum(frame)
    index = np.full((SHARD_ROWS // CHUNK_ROWS, 2), _ABSENT, "<u8")
    index[0] = 0, len(part)
    return part + _with_checksum(index.tobytes())


def unsized(data: bytes) -> bytes:
    """Return a frame that does not say how much it holds: a window, then blocks of one repeated byte."""
    blocks = [(i == len(data) // 2**17 - 1) | 1 << 1 | 2**17 << 3 for i in range(len(data) // 2**17)]
    return bytes.fromhex("28b52ffd0058") + b"".join(block.to_bytes(3, "little") + b"\0" for block in blocks)


HUGE = 2**28
FRAMES = {
    "far more than the chunk": lambda: zstd.compress(bytes(HUGE), 1, False),
    "more than it says": lambda: zstd.compress(bytes(2 * CHUNK_ROWS), 1, False) + zstd.compress(bytes(HUGE), 1, False),
    "not said": lambda: unsized(bytes(HUGE)),
    "less than the chunk": lambda: zstd.compress(bytes(3), 1, False),
    "nothing": lambda: zstd.compress(b"", 1, False),
    "a frame to skip": lambda: bytes.fromhex("502a4d18") + (64).to_bytes(4, "little") + bytes(64),
    "no frame": lambda: b"precious" * 4,
}


@pytest.mark.parametrize("into", [False, True], ids=["new", "into"])
@pytest.mark.parametrize("kind", FRAMES)
def test_a_chunk_never_unpacks_to_more_than_its_rows(kind: str, into: bool, finished: Path) -> None:
    data = shard_of(FRAMES[kind]())
    reader = Reader(data, simkit.open(finished).schema["charge"], SHARD_ROWS, CHUNK_ROWS, "x")
    out = np.empty(CHUNK_ROWS, np.int16) if into else None
    tracemalloc.start()
    try:
        with pytest.raises(DamageError, match="x is damaged: chunk 0 "):
            reader.chunk(0, out)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["a frame to skip", "no frame"])
def test_the_size_of_what_is_no_frame_is_not_guessed(kind: str) -> None:
    with pytest.raises(ValueError, match="no frame of zstd"):
        n_decoded(FRAMES[kind]())


def test_the_frame_without_a_size_is_one(finished: Path) -> None:
    """Else the test above would show nothing."""
    assert bytes(zstd.decompress(unsized(bytes(2**18)))) == bytes(2**18)


def test_a_chunk_whose_index_says_more_than_it_can_take_is_not_read(copied: Path) -> None:
    """As of a file with a hole of a terabyte."""
    path, n_bytes = copied / "energy" / "c.0.0", 2**40
    index = np.full((SHARD_ROWS // CHUNK_ROWS, 2), _ABSENT, "<u8")
    index[0] = 0, n_bytes
    with path.open("wb") as file:
        file.seek(n_bytes)
        file.write(_with_checksum(index.tobytes()))
    with pytest.raises(DamageError, match="chunk 0 "):
        simkit.open(copied)["energy"][0]


@pytest.mark.parametrize("key", ["zarr.json", "ledger/c.0.0.0"])
def test_metadata_and_entries_of_a_terabyte_are_not_read(key: str, copied: Path) -> None:
    os.truncate(copied / key, 2**40)
    with pytest.raises(DamageError, match="holds 1,099,511,627,776 bytes, far more than simkit writes there"):
        simkit.open(copied).entry(0)


@pytest.mark.parametrize("n_bytes", [2**40, 2**63, 2**64 - 1, 2**64 - 100])
def test_a_loose_shard_that_says_more_than_its_rows_can_take_is_not_read(n_bytes: int, copied: Path) -> None:
    """As long as it says, by a hole; so that nothing but the bound tells."""
    generate(toy_recipe(3 * N_ROWS), copied, share=Share(2, 1))
    path = next(copied.glob("ledger/loose.*"))
    store = simkit.open(copied)
    entry = np.array(store.ledger.loose(int(path.name.removeprefix("loose."))).entry)
    name = store.layout.merged[0]
    of_name = entry[list(store).index(name), DIGEST_BYTES:]
    n_before = int(of_name.copy().view("<u8")[0])
    of_name[:] = np.frombuffer(n_bytes.to_bytes(8, "little"), np.uint8)
    with path.open("r+b") as file:
        file.write(_with_checksum(entry.tobytes()))
        if n_bytes < 2**41:
            file.truncate(path.stat().st_size - n_before + n_bytes)
    faults = verify(simkit.open(copied))
    assert len(faults) == 1
    assert f"is damaged: its rows of '{name}' cannot take" in faults[0]


# --- declared and not there --------------------------------------------------------------------------------------


@pytest.fixture
def endless(copied: Path) -> Store:
    """A data set that says that it has 2**62 rows, of which 128 are there."""
    forget(copied, [2])
    path = copied / "zarr.json"
    path.write_text(re.sub(rf"\b{N_ROWS}\b", str(2**62), path.read_text()))
    return simkit.open(copied)


def test_far_more_rows_than_there_is_memory_cost_nothing(endless: Store, tmp_path: Path) -> None:
    assert endless.n_rows_done == 2 * SHARD_ROWS
    assert endless["charge"][:128].size == 128
    with pytest.raises(SimkitError, match="rows of 2 bytes do not fit into memory|are not generated yet"):
        endless["charge"][:]
    with pytest.raises(StoreError, match=r"4,611,686,018,427,387,776 of the .* row 128 the first"):
        export(endless, "npz", tmp_path / "x.npz")
    with pytest.raises(StoreError, match=r"row 128 the first; .* or take --rows 100:128, which are there"):
        export(endless, "npz", tmp_path / "x.npz", rows=range(100, 2**60))
    assert not (tmp_path / "x.npz").exists()


def test_an_export_writes_below_its_folder_only(tmp_path: Path) -> None:
    files = Files(tmp_path / "out", ["x"], replace=True)
    for name in ("../evil", "a/b", "/tmp/evil", "..", "."):
        with pytest.raises(StoreError, match="is not a name of a file in|is a folder"):
            files.put(name, b"evil")
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == []
