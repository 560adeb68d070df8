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
        if None in named.values() and named != {"RANK": None, "WORLD_SIZE": None}:
            raise ParameterError(f"of RANK and WORLD_SIZE only one is set ({named}); set both or none")
        try:
            rank, n_ranks = int(named["RANK"] or 0), int(named["WORLD_SIZE"] or 1)
        except ValueError:
            raise ParameterError(f"RANK and WORLD_SIZE have to be whole numbers; they are {named}") from None
    if n_ranks < 1 or not 0 <= rank < n_ranks:
        raise ParameterError(f"rank {rank} of {n_ranks}: ranks are numbered from 0 to their number minus 1")
    return rank, n_ranks
