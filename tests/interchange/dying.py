"""Die at every system call of an export that changes the disk, one after the other; do the export again, and compare.

usage: dying.py STORE FOLDER FORMAT

The process that dies ends without any clean-up just before (a write: half-way through) its 1st, 2nd, 3rd ... call. What
it leaves must be whole files, as an export without trouble has them, and temporary files; the same export once more must
end in the very files of one that was never stopped. Prints the number of deaths; each failure is a line on standard
error, and exit status 1.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from export_samples import files, place, shrink

import simkit
from simkit.interchange import files as files_

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


def in_a_child(work: Callable[[], object]) -> int:
    """Return the exit status of a process that does `work`."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> int:
    store, folder, to = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    shrink()
    files_._BUFFER = 50_000
    out = place(folder / "whole", to)
    simkit.export(store, to, out)
    whole = files(out)
    failures = 0
    for count in itertools.count():
        out = place(folder / "dying", to)
        shutil.rmtree(out.parent, ignore_errors=True)

        def die(count: int = count, out: Path = out) -> None:
            die_at(count)
            simkit.export(store, to, out)

        status = in_a_child(die)
        if status == 0:
            print(count)
            return failures > 0
        left = files(out.parent) if out.parent.exists() else {}
        torn = [name for name, data in left.items() if not name.endswith(".part") and whole[Path(name).name] != data]
        if "state.json" in {Path(name).name for name in left}:  # datasets opens a folder that has it
            torn += sorted({*whole} - {Path(name).name for name in left})
        again = in_a_child(lambda out=out: simkit.export(store, to, out))
        same = again == 0 and files(out) == whole
        if status != _DEAD or torn or not same or list(out.parent.rglob("*.part")):
            print(f"death {count}: status {status}, torn {torn}, again {again}, same {same}", file=sys.stderr)
            failures += 1
    return 1


if __name__ == "__main__":
    sys.exit(main())
