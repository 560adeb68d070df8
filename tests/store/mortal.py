"""Die at every system call that changes the disk, one after the other; look at what is left, continue, and compare.

usage: mortal.py FOLDER N_BEFORE N WORKERS STEP

A data set of N_BEFORE rows (none if 0) is brought to N rows by a process that ends without any clean-up just before (a
write: half-way through) its 1st, 2nd, 3rd ... call, until it gets through. After each death
every shard that counts as finished must hold its true values, and one more run must end in the very tree of a run that
was never stopped. Prints the number of deaths; each failure is a line on standard error, and exit status 1.

The one that dies is worker 0 of WORKERS, the one that continues is alone. With STEP only every so manieth death is died.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from store_samples import Toy, batches_equal, shrink, toy_recipe, tree

import simkit
from simkit.errors import SimkitError, StoreError
from simkit.run import Share, generate

_DEAD = 77


def die_at(count: int) -> None:
    """Let this process end at its call number `count`, from 0. Nothing reaches the disk for good, which saves time."""
    left = count

    def mortal(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            if name == "open" and not arguments[1] & os.O_CREAT:
                return real(*arguments, **named)
            if left == 0:
                if name == "write":
                    real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                os._exit(_DEAD)
            left -= 1
            return None if name == "fsync" else real(*arguments, **named)

        return call

    for name in ("open", "write", "fsync", "rename", "unlink", "mkdir"):
        setattr(os, name, mortal(name))


def in_a_child(work: Callable[[], int]) -> int:
    """Return the exit status of a process that does `work`."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = work()
            sys.stderr.flush()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run(path: Path, n: int, share: Share, count: int) -> int:
    die_at(count)
    generate(toy_recipe(n), path, share=share)
    return 0


def look(path: Path, count: int) -> bool:
    """Say whether every finished shard holds what the source gives."""
    try:
        store = simkit.open(path)
    except StoreError:
        return True  # it died before there was one
    for index in store.done():
        rows = store.layout.rows(index)
        held = {name: store[name][rows.start : rows.stop] for name in store}
        if not batches_equal(held, Toy().generate(5, rows)):
            print(f"death {count}: shard {index} counts as finished and holds wrong values", file=sys.stderr)
            return False
    return True


def resume(path: Path, n: int, count: int, whole: dict[str, bytes | None]) -> bool:
    """Continue, and say whether that gives the tree `whole`."""
    os.fsync = lambda file: None
    try:
        generate(toy_recipe(n), path)
    except SimkitError as error:
        print(f"death {count}: cannot be continued: {error}", file=sys.stderr)
        return False
    now = tree(path)
    odd = sorted(key for key in now.keys() | whole.keys() if now.get(key, 0) != whole.get(key, 0))
    if odd:
        print(f"death {count}: another tree after it was continued: {odd}", file=sys.stderr)
    return not odd


def main() -> int:
    folder, (n_before, n, n_workers, step) = Path(sys.argv[1]), map(int, sys.argv[2:])
    shrink()
    base, complete, path = folder / "base.zarr", folder / "complete.zarr", folder / "x.zarr"
    if n_before and in_a_child(lambda: run(base, n_before, Share(), -1)):
        return 1
    if in_a_child(lambda: run(complete, n, Share(), -1)):
        return 1
    whole = tree(complete)
    failures = 0
    for count in itertools.count(0, step):
        shutil.rmtree(path, ignore_errors=True)
        if n_before:
            shutil.copytree(base, path)
        status = in_a_child(lambda count=count: run(path, n, Share(n_workers), count))
        if status == 0:
            print(count // step)
            return failures > 0
        if status != _DEAD:
            print(f"death {count}: exit status {status}", file=sys.stderr)
        ok = status == _DEAD and not in_a_child(
            lambda count=count: not (look(path, count) and resume(path, n, count, whole))
        )
        failures += not ok
    return 1


if __name__ == "__main__":
    sys.exit(main())
