"""A process that generates toy rows into small shards; a SimkitError is one line and exit status 1.

usage: worker.py OUT N [WORKERS WORKER] [--hold FILE]

With --hold it prints `holding` when it has the data set and waits until FILE exists.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from store_samples import shrink, toy_recipe

from simkit.errors import SimkitError
from simkit.run import Progress, Share, generate


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=lambda text: text if "://" in text else Path(text))
    parser.add_argument("n", type=int)
    parser.add_argument("share", type=int, nargs="*", default=[1, 0])
    parser.add_argument("--hold", type=Path)
    arguments = parser.parse_args()
    shrink()

    def hold(_: Progress) -> None:
        if arguments.hold and not arguments.hold.exists():
            print("holding", flush=True)
            while not arguments.hold.exists():
                time.sleep(0.005)

    try:
        generate(toy_recipe(arguments.n), arguments.out, share=Share(*arguments.share), progress=hold)
    except SimkitError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
