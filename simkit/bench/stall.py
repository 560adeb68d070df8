"""How long a network that learns on the CPU waits for boards that are made while it learns."""

from __future__ import annotations

import time
from dataclasses import dataclass

from simkit.bench.boards import boards_to_classify

_BATCH, _N_BATCHES = 32, 12


@dataclass(frozen=True)
class Stall:
    """A network and a live source.

    Parameters
    ----------
    network, source : str
        What they are.
    trained : float
        Rows a second that the network learnt from, while one thread made the next.
    made : float
        Rows a second that one thread makes when nothing else runs; a network that learns faster has to wait.
    waited : float
        Share of the training's time that the loop waited, the first batch included.
    """

    network: str
    source: str
    trained: float
    made: float
    waited: float


def stall(*, tiny: bool = False) -> Stall:
    """Train three convolutions (32, 64, 64 channels) on one torch thread, boards made by one other thread."""
    import torch
    from torch import nn

    from simkit.learn import batches

    size, n_batches = (4, 4) if tiny else (_BATCH, _N_BATCHES)
    n = size * n_batches
    source, boards, label = boards_to_classify()
    labels = source.schema()[label].labels
    options = {"fields": (boards, label), "batch_size": size, "n": n}
    n_torch, state = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    try:
        model = nn.Sequential(
            nn.Conv2d(2, 32, 3, padding=1, padding_mode="circular"),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1, padding_mode="circular"),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3, stride=2, padding=1, padding_mode="circular"),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(64, len(labels)),
        )
        optimizer = torch.optim.SGD(model.parameters(), 0.01)

        def train(n_threads: int, *, is_learning: bool) -> tuple[float, float]:
            made = batches(source, n_threads=n_threads, **options)  # type: ignore[arg-type]
            started = time.perf_counter()
            for batch in made:
                if is_learning:
                    optimizer.zero_grad()
                    loss = nn.functional.cross_entropy(model(batch[boards]), batch[label])
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimizer.step()
            return time.perf_counter() - started, made.waited

        train(0, is_learning=False)  # compiles
        alone, _ = train(0, is_learning=False)
        seconds, waited = train(1, is_learning=True)
    finally:
        torch.set_num_threads(n_torch)
        torch.set_rng_state(state)
    network = "3 convolutions of 32, 64, 64 channels, float32, one torch thread"
    return Stall(network, f"live {source.name}, made by one thread", n / seconds, n / alone, waited / seconds)
