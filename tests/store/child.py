"""What the processes of faults.py run. They are forked from one that has imported everything, so that one costs little.

Shards are small, and patience is short: a request is sent again for some seconds, not for a minute.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from pathlib import Path

import distributed.cli.dask_scheduler
import distributed.cli.dask_worker
import s3fs  # noqa: F401 - is imported before processes are forked
import simkit_cli.commands.generate
import simkit_cli.main
from store_samples import shrink, toy_recipe

import simkit
import simkit.kernels.philox.cpu
import simkit.learn
import simkit.registry
import simkit.run.dask
import simkit.store.objects
import simkit.store.requests
import simkit.store.turn
from simkit.errors import SimkitError

#: seconds for which a request is sent again, after which a server counts as silent, and after which a claim counts as
#: that of a dead process
PATIENCE, SILENT, DEAD = 8.0, 2.0, 8.0


def prepare(environment: dict[str, str], log: Path) -> None:
    """Let this process be one with an environment, whose output goes to a file and whose waits are short."""
    os.environ.update(environment)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(file, stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what runs in the background ignore it
    shrink()
    simkit.store.requests._PATIENCE, simkit.store.requests._PATIENCE_AT_FIRST = PATIENCE, PATIENCE / 4
    simkit.store.objects._S3_CONFIG |= {"connect_timeout": SILENT, "read_timeout": SILENT}
    simkit.store.turn._BEAT, simkit.store.turn._DEAD = DEAD / 8, DEAD
    simkit.registry.worlds()["store"] = simkit.registry.World("", {"toy": "store_samples:Toy"})


def command(environment: dict[str, str], log: Path, *arguments: str) -> None:
    """Run simkit as from a command line."""
    prepare(environment, log)
    simkit_cli.main.main(list(arguments), prog_name="simkit")


def dask(environment: dict[str, str], log: Path, what: str, *arguments: str) -> None:
    """Run ``dask scheduler`` or ``dask worker``."""
    prepare(environment, log)
    main = {"scheduler": distributed.cli.dask_scheduler, "worker": distributed.cli.dask_worker}[what].main
    main([*arguments, "--no-dashboard"], prog_name=what)


def read(environment: dict[str, str], log: Path, address: str, cache: str) -> None:
    """Read what is finished, and compare it with the source; all rows by way of a cache, if there is one."""
    prepare(environment, log)
    try:
        store = simkit.open(address, cache=cache or None)
        for shard in store.done():
            rows = store.layout.rows(shard)
            for name, values in toy_recipe().source.generate(toy_recipe().seed, rows).items():
                found = store[name][rows.start : rows.stop]
                if hashlib.sha256(found).digest() != hashlib.sha256(values).digest():
                    sys.exit(f"{name} of shard {shard} is not what was written")
    except SimkitError as error:
        print(f"simkit: {error}", file=sys.stderr)
        sys.exit(1)
