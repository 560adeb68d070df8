"""The disk is full, may not be written, or loses its power: one clear line, and nothing that was finished is lost."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from numpy.testing import assert_array_equal
from store_samples import N_ROWS, SHARD_ROWS, shard_faults, toy_recipe, tree

import simkit
from simkit.errors import StoreError
from simkit.run import generate, versions
from simkit.schema import Batch
from simkit.store import verify

Trees = Callable[..., dict[str, bytes | None]]


def failing(monkeypatch: pytest.MonkeyPatch, name: str, code: int, at: int) -> list[bool]:
    """Let the call number `at` of ``os.name`` fail with an error code; return a list that then is not empty."""
    real, calls, failed = getattr(os, name), iter(range(at)), []

    def call(*arguments: Any, **named: Any) -> Any:
        if name == "open" and not arguments[1] & os.O_CREAT:
            return real(*arguments, **named)
        if not failed and next(calls, None) is None:
            failed.append(True)
            raise OSError(code, os.strerror(code))
        return real(*arguments, **named)

    monkeypatch.setattr(os, name, call)
    return failed


def fail_everywhere(
    name: str, code: int, n_before: int, n: int, tmp_path: Path, whole: dict[str, bytes | None], message: str
) -> int:
    """Let every call of ``os.name`` of a run fail, one after the other; return how many there are."""
    before = tmp_path / "before.zarr"
    if n_before:
        generate(toy_recipe(n_before), before)
    at = 0
    while True:
        path = tmp_path / f"{at}.zarr"
        if n_before:
            shutil.copytree(before, path)
        with pytest.MonkeyPatch.context() as patch:
            failed = failing(patch, name, code, at)
            try:
                generate(toy_recipe(n), path)
            except StoreError as error:
                assert message in str(error)
                assert len(str(error).splitlines()) == 1
                assert "run the same line again" in str(error)
            else:
                assert not failed
        if not failed:
            return at
        assert not list(path.rglob("*.part"))
        with suppress(StoreError):
            assert shard_faults(path) == []
        generate(toy_recipe(n), path)
        assert tree(path) == whole, f"call {at} of {name}"
        shutil.rmtree(path)
        at += 1


@pytest.fixture
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda file: None)


@pytest.mark.usefixtures("_no_waiting_for_the_disk")
@pytest.mark.parametrize(("n_before", "n"), [(0, 80), (40, 80)], ids=["created", "extended"])
def test_the_disk_is_full_at_every_write(n_before: int, n: int, tmp_path: Path, uninterrupted: Trees) -> None:
    n_writes = fail_everywhere(
        "write", errno.ENOSPC, n_before, n, tmp_path, uninterrupted(n), "no space left on device; free some space"
    )
    assert n_writes > 12


@pytest.mark.usefixtures("_no_waiting_for_the_disk")
@pytest.mark.parametrize("name", ["fsync", "open"])
def test_the_disk_is_full_at_every_other_call(name: str, tmp_path: Path, uninterrupted: Trees) -> None:
    assert fail_everywhere(name, errno.ENOSPC, 0, 40, tmp_path, uninterrupted(40), "no space left on device") > 6


MESSAGES = {
    errno.EACCES: "permission denied; choose a place that you may write with --out, or change its permissions",
    errno.EPERM: "operation not permitted; choose a place that you may write with --out",
    errno.EROFS: "read-only file system; choose a place that can be written with --out",
    errno.EDQUOT: "disk quota exceeded; free some of your quota",
    errno.EIO: "input/output error; see to that",
}


@pytest.mark.parametrize("code", MESSAGES, ids=errno.errorcode.get)
@pytest.mark.parametrize("name", ["open", "write", "mkdir"])
def test_the_error_says_what_was_tried_and_what_to_do(
    code: int, name: str, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, name, code, at=0)
    with pytest.raises(StoreError) as caught:
        generate(toy_recipe(), out)
    assert MESSAGES[code] in str(caught.value)
    assert "x.zarr" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_disk_that_takes_a_few_bytes_at_a_time(
    out: Path, monkeypatch: pytest.MonkeyPatch, uninterrupted: Trees
) -> None:
    whole, real = uninterrupted(40), os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, bytes(data)[:100]))
    generate(toy_recipe(40), out)
    assert tree(out) == whole


# --- what survives a loss of power ---------------------------------------------------------------------------------


class Journal:
    """What would be lost if the power went now: files and names of folders that were not flushed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
        self.root = root
        self.dirty_names: dict[str, set[str]] = {}  # folder -> names made, changed or removed in it
        self.dirty_files: set[str] = set()
        self.paths: dict[int, str] = {}
        self.at_entry: list[tuple[str, set[str]]] = []
        for name in ("open", "write", "fsync", "rename", "unlink", "mkdir"):
            monkeypatch.setattr(os, name, self._recorded(name))

    def _recorded(self, name: str) -> Callable[..., Any]:
        real, record = getattr(os, name), getattr(self, f"_{name}")

        def call(*arguments: Any, **named: Any) -> Any:
            result = real(*arguments, **named)
            record(result, *arguments)
            return result

        return call

    def _touch(self, path: str) -> None:
        self.dirty_names.setdefault(os.path.dirname(path), set()).add(path)  # noqa: PTH120

    def _open(self, file: int, path: Any, flags: int, *_: Any) -> None:
        self.paths[file] = str(path)
        if flags & os.O_CREAT:
            self._touch(str(path))

    def _write(self, _: int, file: int, *__: Any) -> None:
        self.dirty_files.add(self.paths[file])

    def _fsync(self, _: None, file: int) -> None:
        self.dirty_files.discard(self.paths[file])
        self.dirty_names.pop(self.paths[file], None)

    def _rename(self, _: None, source: Any, target: Any) -> None:
        assert str(source) not in self.dirty_files, f"{target} gets its name before its bytes are on the disk"
        if Path(target).parent.name == "ledger" and Path(target).name.startswith(("c.", "loose.", "partial.")):
            lost = {name for names in self.dirty_names.values() for name in names if not name.endswith(".part")}
            self.at_entry.append((Path(target).name, {name for name in lost if self.root in Path(name).parents}))
        self._touch(str(source))
        self._touch(str(target))

    def _unlink(self, _: None, path: Any, **__: Any) -> None:
        self._touch(str(path))

    def _mkdir(self, _: None, path: Any, *__: Any) -> None:
        self._touch(str(path))


@pytest.mark.parametrize(("n_before", "n"), [(0, 150), (100, 150)], ids=["created", "extended"])
def test_whatever_an_entry_of_the_ledger_stands_for_was_flushed_before_it(
    n_before: int, n: int, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if n_before:
        generate(toy_recipe(n_before), out)
    journal = Journal(monkeypatch, out)
    generate(toy_recipe(n), out)
    kinds = [name.split(".")[0] for name, _ in journal.at_entry]
    assert kinds.count("loose") == 3 - n_before // SHARD_ROWS
    assert kinds.count("c") == 2
    assert journal.at_entry == [(name, set()) for name, _ in journal.at_entry]


def test_nothing_is_left_to_be_flushed_at_the_end(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(monkeypatch, out)
    generate(toy_recipe(), out)
    assert not {path for path in journal.dirty_files if path.startswith(str(out))}
    dirty = [name for names in journal.dirty_names.values() for name in names if name.startswith(str(out))]
    assert [name for name in dirty if not name.endswith(".part")] == []  # a draft that is lost is not missed


def test_the_entry_of_a_shard_that_grows_is_gone_for_good_before_the_data_set_grows(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a loss of power could leave the entry of 22 rows beside the metadata that say 64."""
    generate(toy_recipe(150), out)
    steps: list[str] = []
    real_unlink, real_fsync, real_rename, real_open = os.unlink, os.fsync, os.rename, os.open
    paths: dict[int, str] = {}

    def opened(path: Any, *arguments: Any, **named: Any) -> int:
        file = real_open(path, *arguments, **named)
        paths[file] = str(path)
        return file

    def note(kind: str, path: str) -> None:
        steps.append(f"{kind} {os.path.relpath(path, out)}")

    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "unlink", lambda path, **named: (real_unlink(path, **named), note("remove", path)))
    monkeypatch.setattr(os, "fsync", lambda file: (real_fsync(file), note("flush", paths[file])))
    monkeypatch.setattr(os, "rename", lambda source, target: (real_rename(source, target), note("put", target)))
    generate(toy_recipe(300), out)
    removed = steps.index("remove ledger/c.1.0.0")
    assert steps[:removed].count("put zarr.json") == 1  # without the digest
    assert removed < steps.index("flush ledger", removed) < steps.index("put zarr.json", removed)


# --- for real ------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 64 kB, which `grow` can enlarge."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=64k", "none", str(disk)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user cannot mount a small file system to fill")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
def test_a_disk_that_really_is_full(small_disk: Path, uninterrupted: Trees) -> None:
    n = 20 * SHARD_ROWS + 3
    out = small_disk / "x.zarr"
    with pytest.raises(StoreError, match=r"no space left on device; free some space, then run the same line again"):
        generate(toy_recipe(n), out)
    assert not list(out.rglob("*.part"))
    assert verify(simkit.open(out), full=True) == []
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    generate(toy_recipe(n), out)
    assert tree(out) == uninterrupted(n)


@pytest.mark.slow
def test_a_disk_that_really_is_read_only(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreError, match=r"x\.zarr: read-only file system; choose a place that can be written"):
        generate(toy_recipe(), small_disk / "x.zarr")


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that a user without rights can reach, as pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def without_rights() -> Iterator[None]:
    """Be nobody, if we are root: to root nothing is forbidden."""
    versions()  # read while the installed packages may be read, wherever they are
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if was_root:
            os.seteuid(0)


LOCKED = {"the folder above": ".", "the data set": "x.zarr", "the file": "x.zarr/zarr.json"}


@pytest.mark.parametrize("locked", LOCKED.values(), ids=LOCKED.keys())
@pytest.mark.parametrize("what", ["open", "generate"])
def test_a_user_without_rights_is_told_so(what: str, locked: str, open_to_all: Path) -> None:
    out = open_to_all / "x.zarr"
    generate(toy_recipe(), out)
    (open_to_all / locked).chmod(0)
    with pytest.raises(StoreError, match=r"x\.zarr.*permission denied") as caught, without_rights():
        simkit.open(out) if what == "open" else generate(toy_recipe(), out)
    (open_to_all / locked).chmod(0o755)
    assert len(str(caught.value).splitlines()) == 1


def test_a_user_who_may_only_read_reads_and_is_told_so_when_writing(open_to_all: Path, rows: Batch) -> None:
    out = open_to_all / "x.zarr"
    generate(toy_recipe(100), out)
    for path in (out, *out.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    with without_rights():
        assert_array_equal(simkit.open(out)["charge"][:], rows["charge"][:100])
        assert verify(simkit.open(out), full=True) == []
        with pytest.raises(StoreError, match="permission denied; choose a place that you may write"):
            generate(toy_recipe(), out)
    for path in (out, *out.rglob("*")):
        path.chmod(0o755)
    assert generate(toy_recipe(), out).n_rows_done == N_ROWS


def test_a_place_where_nothing_can_be_made(open_to_all: Path) -> None:
    (open_to_all / "locked").mkdir(0o555)
    with without_rights(), pytest.raises(StoreError, match=r"cannot create .*x\.zarr: permission denied"):
        generate(toy_recipe(), open_to_all / "locked" / "x.zarr")


ODD = ["/proc/x.zarr", "/dev/null/x.zarr", "/sys/x.zarr", "a" * 300, "b/" * 3000 + "x.zarr"]


@pytest.mark.parametrize("path", ODD, ids=["proc", "null", "sys", "long name", "long path"])
def test_a_path_that_cannot_be_is_refused_in_one_line(path: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        generate(toy_recipe(), tmp_path / path)
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(StoreError) as caught:
        simkit.open(tmp_path / path)
    assert len(str(caught.value).splitlines()) == 1
