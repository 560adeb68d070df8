"""The lock that workers share has a name that others can guess: what they put there is not used."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from simkit.errors import StoreError
from simkit.learn.passes import Passes


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the lock lies, in a temporary folder of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"simkit-passes-{os.getuid()}.lock"


def test_the_lock_is_where_these_tests_look(lock: Path) -> None:
    assert Passes().begin() == (0, 0)
    assert lock.is_file()
    assert lock.stat().st_mode & 0o077 == 0


def test_a_link_is_neither_followed_nor_made_a_file_of(lock: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    lock.symlink_to(victim)
    with pytest.raises(StoreError, match="cannot open .*, the lock that workers share: .*; set TMPDIR"):
        Passes().begin()
    assert not victim.exists()


def test_a_pipe_or_a_folder_is_no_lock(lock: Path) -> None:
    os.mkfifo(lock)
    with pytest.raises(StoreError, match="is no file of this user's; remove it, or set TMPDIR"):
        Passes().begin()
    lock.unlink()
    lock.mkdir()
    with pytest.raises(StoreError, match="cannot open"):
        Passes().begin()


def test_a_file_of_somebody_else_is_no_lock(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock.touch()
    somebody, real = os.getuid() + 1, os.fstat

    def fstat(file: int) -> os.stat_result:
        found = real(file)
        return os.stat_result((*found[:4], somebody, *found[5:10])) if found.st_ino == lock.stat().st_ino else found

    monkeypatch.setattr(os, "fstat", fstat)
    with pytest.raises(StoreError, match="is no file of this user's; remove it, or set TMPDIR"):
        Passes().begin()
