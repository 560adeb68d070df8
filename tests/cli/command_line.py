"""What the tests of the command line share beside fixtures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

#: rows of the data set `finished`: three shards of 4096 and a part
N_ROWS = 3 * 4096 + 100

#: small boards: quick
SMALL = ("--set", "size=8", "--set", "max_steps=300")

#: a line that is right as far as it goes
GENERATE = ("generate", "ca-ash", "--n", "10")


class Result(NamedTuple):
    """What a command printed, and its exit status."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line of an error on standard error; fails if there is anything else."""
        (line,) = self.err.splitlines()
        assert line.startswith("simkit: ")
        assert self.out == ""
        assert self.code == 1
        return line

    @property
    def misuse(self) -> str:
        """The line of click's message about misuse."""
        assert self.code == 2
        assert self.out == ""
        *usage, line = self.err.splitlines()
        assert line.startswith("Error: ")
        assert usage[0].startswith("Usage: simkit")
        return line


Simkit = Callable[..., Result]


def tree(root: Path) -> dict[str, bytes | None]:
    """Return every file below `root` with its bytes, and every folder with None."""
    return {str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in root.rglob("*")}
