"""Bit-packed boards as what networks read: a channel for dead and one for alive."""

from __future__ import annotations

import numpy as np
import torch


def planes(boards: torch.Tensor, width: int) -> torch.Tensor:
    """Return boards as two channels, dead and alive.

    Parameters
    ----------
    boards : uint8 (sample, y, x_byte)
        Eight cells a byte, lowest bit first, as ``batches(channels="packed")`` gives them.
    width : int
        Cells along x.

    Returns
    -------
    float32 (sample, 2, y, x)
    """
    bits = torch.arange(8, dtype=torch.uint8, device=boards.device)
    alive = ((boards.unsqueeze(-1) >> bits) & 1).flatten(-2)[..., :width].to(torch.float32)
    return torch.stack((1 - alive, alive), dim=1)


def packed(cells: torch.Tensor) -> torch.Tensor:
    """Return cells, uint8 (sample, 1, y, x) of 0 and 1, as boards, uint8 (sample, y, x_byte)."""
    return torch.from_numpy(np.packbits(cells[:, 0].cpu().numpy(), axis=-1, bitorder="little")).to(cells.device)
