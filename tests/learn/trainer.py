"""A training loop that prints the rows of each batch and the state after it, to be killed."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from learn_samples import loader

from simkit.learn import stream

if __name__ == "__main__":
    path, rank, n_ranks, n_workers = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    streamed = stream(path, ranks=(rank, n_ranks), fields=("row",), batch_size=24, seed=9, shuffle=True, window=3)
    for index, batch in enumerate(loader(streamed, n_workers)):
        print(json.dumps({"row": batch["row"].tolist(), "state": streamed.state_after(index + 1)}), flush=True)
        time.sleep(0.01)
