"""Which of the processes that train together this one is."""

from __future__ import annotations

import os

import torch.distributed

from simkit.errors import ParameterError, show


def ranks(given: tuple[int, int] | None = None) -> tuple[int, int]:
    """Return (rank, number of ranks): as given, else by torch.distributed, else by RANK and WORLD_SIZE, else (0, 1)."""
    if given is not None:
        if not isinstance(given, tuple) or [type(number) for number in given] != [int, int]:
            raise ParameterError(f"ranks is (rank, number of ranks); this is {show(given)}")
        rank, n_ranks = given
    elif torch.distributed.is_available() and torch.distributed.is_initialized():
        rank, n_ranks = torch.distributed.get_rank(), torch.distributed.get_world_size()
    else:
        named = {name: os.environ.get(name) for name in ("RANK", "WORLD_SIZE")}
        texts = [text for text in named.values() if text is not None]
        if len(texts) == 1:
            raise ParameterError(f"of RANK and WORLD_SIZE only one is set ({named}); set both or none")
        if not all(text.isdecimal() and text.isascii() and len(text) < 10 for text in texts):  # "" neither
            raise ParameterError(f"RANK and WORLD_SIZE have to be whole numbers; they are {show(named)}")
        rank, n_ranks = map(int, texts or ("0", "1"))
    if n_ranks < 1 or not 0 <= rank < n_ranks:
        raise ParameterError(f"rank {rank} of {n_ranks}: ranks are numbered from 0 to their number minus 1")
    return rank, n_ranks
