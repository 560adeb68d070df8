"""Files of an export are whole or not there, the same whenever they are made, and never over something else."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from export_samples import FORMATS, files, make, place

import simkit
from simkit.errors import DamageError, LibraryError, StoreError
from simkit.interchange import files as files_
from simkit.store import forget

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _often_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_, "_BUFFER", 1_000)


def parts(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


@pytest.mark.slow
@pytest.mark.parametrize("to", FORMATS)
def test_killed_at_every_call_and_done_again(to: str, store: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(HERE / "dying.py"), str(store), str(tmp_path), to]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 5


@pytest.mark.parametrize("to", FORMATS)
def test_the_same_bytes_anywhere_at_any_time(to: str, store: Path, tmp_path: Path) -> None:
    here = place(tmp_path, to)
    simkit.export(store, to, here)
    copied = shutil.copytree(store, tmp_path / "elsewhere" / "other.zarr")
    code = "import sys, simkit; from export_samples import shrink; shrink(); simkit.export(*sys.argv[1:])"
    there = place(tmp_path / "there", to)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
        "TZ": "Asia/Tokyo",
        "PYTHONHASHSEED": "77",
    }
    subprocess.run([sys.executable, "-c", code, copied, to, there], env=environment, check=True)
    found = files(there)
    assert {name.replace("other", "zoo"): data for name, data in found.items()} == files(here)
    for data in found.values():
        assert str(tmp_path).encode() not in data


@pytest.mark.parametrize("to", FORMATS)
def test_again_touches_nothing(to: str, store: Path, tmp_path: Path) -> None:
    out = place(tmp_path, to)
    n_files = simkit.export(store, to, out).n_files
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    again = simkit.export(store, to, out)
    assert (again.n_files, again.n_same) == (n_files, n_files)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == times


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("change", ["first", "middle", "last", "longer", "shorter", "empty"])
def test_what_is_there_stays_unless_it_is_to_be_replaced(to: str, change: str, store: Path, tmp_path: Path) -> None:
    out = place(tmp_path, to)
    simkit.export(store, to, out)
    wanted = files(out)
    largest = max((path for path in ([out] if out.is_file() else out.iterdir())), key=lambda path: path.stat().st_size)
    data = bytearray(largest.read_bytes())
    if change in ("first", "middle", "last"):
        data[{"first": 0, "middle": len(data) // 2, "last": -1}[change]] ^= 1
    changed = {"longer": bytes(data) + b"\0", "shorter": bytes(data[:-1]), "empty": b""}.get(change, bytes(data))
    largest.write_bytes(changed)
    with pytest.raises(StoreError) as caught:
        simkit.export(store, to, out)
    message = f"{largest} is there already and holds something else; choose another --out, or say --force"
    assert str(caught.value) == message
    assert largest.read_bytes() == changed
    assert not parts(tmp_path)
    written = simkit.export(store, to, out, replace=True)
    assert (written.n_files, written.n_same) == (len(wanted), len(wanted) - 1)
    assert files(out) == wanted


@pytest.mark.parametrize("to", ["idx", "webdataset", "hf"])
def test_a_folder_that_holds_something_else_is_refused(to: str, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / ".git").mkdir()
    (out / "000099.tar").write_text("mine")
    for replace in (False, True):
        with pytest.raises(StoreError, match=r"mine holds 000099.tar, no part of this export; choose another --out"):
            simkit.export(store, to, out, replace=replace)
    assert {path.name for path in out.iterdir()} == {".git", "000099.tar"}
    (out / "000099.tar").unlink()
    simkit.export(store, to, out)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match=r"file is a file; a data set is a folder: choose another place"):
        simkit.export(store, to, tmp_path / "file")


@pytest.mark.parametrize("to", ["npz", "parquet"])
def test_a_file_is_not_put_over_a_folder(to: str, store: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r" is a folder; choose another place with --out"):
        simkit.export(store, to, tmp_path)


@pytest.mark.parametrize("to", ["npz", "parquet"])
def test_a_file_does_not_take_the_place_of_a_device(to: str, store: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for replace in (False, True):
        with pytest.raises(StoreError, match=r"pipe is a device or a pipe; choose another place with --out"):
            simkit.export(store, to, pipe, replace=replace)
    assert pipe.is_fifo()


def test_temporary_files_of_others_stay(store: Path, tmp_path: Path) -> None:
    kept = [f".y.npz.{'0' * 16}.part", ".mine.part", ".x.npz.part"]
    for name in (*kept, f".x.npz.{'0' * 16}.part"):
        (tmp_path / name).write_text("left")
    simkit.export(store, "npz", tmp_path / "x.npz")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, "x.npz"])


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_is_one_line(
    to: str, code: int, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = place(tmp_path, to)
    at = 0
    while True:
        calls = iter(range(at))

        def write(file: int, data: Any, calls: Any = calls, real: Any = os.write) -> int:
            if next(calls, None) is None:
                raise OSError(code, os.strerror(code))
            n_written: int = real(file, data[:300])  # the system need not take all of it at once
            return n_written

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", write)
            try:
                simkit.export(store, to, out)
            except StoreError as error:
                assert str(error).startswith("cannot write ")
                assert f": {os.strerror(code).lower()}; " in str(error)
                assert len(str(error).splitlines()) == 1
            else:
                break
        assert not parts(tmp_path)
        at = 1 if at == 0 else at * 2
    assert at > 3
    simkit.export(store, to, place(tmp_path / "whole", to))
    assert files(out) == files(place(tmp_path / "whole", to))


@pytest.mark.parametrize("to", FORMATS)
def test_a_place_that_may_not_be_written(to: str, store: Path) -> None:
    with pytest.raises(StoreError, match=r"^cannot create /proc/no"):
        simkit.export(store, to, place(Path("/proc/no"), to))


@pytest.mark.parametrize("to", FORMATS)
def test_damage_is_named(to: str, store: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(store, tmp_path / "damaged.zarr")
    shard = copied / "volume" / "c.1.0.0.0"
    data = bytearray(shard.read_bytes())
    data[10] ^= 1
    shard.write_bytes(data)
    with pytest.raises(DamageError) as caught:
        simkit.export(copied, to, place(tmp_path / "out", to))
    assert f"{shard} (field 'volume', shard 1) is damaged: chunk 0 fails its checksum" in str(caught.value)
    assert not parts(tmp_path)
    simkit.export(copied, to, place(tmp_path / "first", to), rows=range(64))


@pytest.mark.parametrize("to", [*FORMATS, "rle"])
def test_an_unfinished_data_set_says_what_is_missing(to: str, tmp_path: Path) -> None:
    path = make(tmp_path / "part.zarr")
    forget(path, [1])
    out = place(tmp_path / "out", to)
    message = (
        f"64 of the 150 rows asked for are not in {path} yet, row 64 the first; run its `simkit generate` line again "
        "to continue, or take --rows 0:64, which are there"
    )
    with pytest.raises(StoreError) as caught:
        simkit.export(path, to, out)
    assert str(caught.value) == message
    with pytest.raises(StoreError, match=r"^48 of the 60 rows .* row 80 the first; .* line again to continue$"):
        simkit.export(path, to, out, rows=range(80, 140))
    assert not out.parent.exists()
    if to != "rle":
        simkit.export(path, to, out, rows=range(128, 150))


@pytest.mark.parametrize("to", ["parquet", "hf"])
def test_a_library_that_is_missing_is_told(
    to: str, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(LibraryError) as caught:
        simkit.export(store, to, tmp_path / "x")
    message = f"format {to} needs pyarrow, which is not installed: pip install pyarrow"
    assert str(caught.value) == message
