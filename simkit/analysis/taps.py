"""Taps: what modules of a network give, looked at or replaced while a block runs. The only hooks there are.

Analyses that know how a network computes (`stream`, `learn.models.expanded`) need none. A tap is for any module of any
network, by the name that `named_modules` gives it, and is gone when its block ends, however it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from simkit.errors import UnknownNameError


@contextmanager
def record(model: nn.Module, *names: str) -> Iterator[dict[str, torch.Tensor]]:
    """Yield a dict that has, after each pass through the network, what the modules `names` gave last.

    Raises
    ------
    UnknownNameError
        If the network has no such module.
    """
    found: dict[str, torch.Tensor] = {}

    def keep(name: str) -> Callable[[nn.Module, object, torch.Tensor], None]:
        return lambda _module, _given, output: found.__setitem__(name, output)

    hooks = [_module(model, name).register_forward_hook(keep(name)) for name in names]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def replace(model: nn.Module, name: str, function: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[None]:
    """Let the network go on with ``function(output)`` in place of what module `name` gives.

    Raises
    ------
    UnknownNameError
        If the network has no such module.
    """
    hook = _module(model, name).register_forward_hook(lambda _module, _given, output: function(output))
    try:
        yield
    finally:
        hook.remove()


def _module(model: nn.Module, name: str) -> nn.Module:
    modules = dict(model.named_modules())
    UnknownNameError.check("module", name, modules, f"this {type(model).__name__}")
    found: nn.Module = modules[name]
    return found
