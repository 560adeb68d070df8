"""A process that lets a Dask cluster generate toy rows into small shards; a SimkitError is one line, exit status 1.

usage: dask_client.py OUT N SCHEDULER_FILE

It prints a line for each report: rows done, and workers.
"""

from __future__ import annotations

import sys
from pathlib import Path

from store_samples import shrink, toy_recipe

from simkit.errors import SimkitError
from simkit.run import generate
from simkit.run.dask import connect


def main() -> int:
    out, n, where = sys.argv[1:]
    shrink()
    try:
        with connect(where, 1) as client:
            generate(
                toy_recipe(int(n)),
                Path(out),
                client=client,
                progress=lambda now: print(now.n_rows_done, now.n_workers, flush=True),
            )
    except SimkitError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
