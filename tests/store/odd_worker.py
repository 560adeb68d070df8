"""Preloaded by a Dask worker that is to lack something or to fail: ``ODD=NAME dask worker --preload odd_worker.py``."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path


def dies(at: int = 13) -> None:
    """End without any clean-up in the middle of writing a shard: at a rename, which leaves a temporary file."""
    real, left = os.rename, at

    def rename(*arguments: object, **named: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(9)
        real(*arguments, **named)  # type: ignore[arg-type]

    os.rename = rename  # type: ignore[assignment]


def dies_at_once() -> None:
    dies(1)


def fills_its_disk(n_times: float = float("inf")) -> None:
    real, left = os.write, n_times

    def write(file: int, data: bytes) -> int:
        nonlocal left
        if file > 2 and len(data) > 100:
            left -= 1
            if left >= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(file, data)

    os.write = write


def fills_its_disk_for_a_while() -> None:
    fills_its_disk(3)


def has_no_simkit() -> None:
    sys.modules["simkit"] = None  # type: ignore[assignment]


def has_another_simkit() -> None:
    import simkit

    simkit.__version__ = "0.0.9"


def has_another_source() -> None:
    from store_samples import Toy

    Toy.version = 2


def has_no_source() -> None:
    sys.modules["store_samples"] = None  # type: ignore[assignment]


def sees_no_folder(at: str = "nowhere") -> None:
    from dataclasses import replace

    from simkit.run.task import Task

    real = Task._make
    Task._make = lambda task, *others: real(replace(task, path=Path(f"{task.path}-{at}")), *others)  # type: ignore[method-assign]


def sees_another_folder() -> None:
    """At the same path another disk, with a data set of the same recipe on it."""
    sees_no_folder("twin")


ODD = dict(globals())


def dask_setup(worker: object) -> None:
    """Called by Dask once."""
    del worker
    ODD[os.environ["ODD"]]()
