"""Ranks that know each other by torch.distributed, and Lightning."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from simkit.learn import batches, stream

#: of 32 rows, in an epoch of the data set of the tests
N_BATCHES = 8

GLOO = """
import os, sys, torch, torch.distributed as dist
from simkit.learn import batches
dist.init_process_group("gloo", init_method="file://" + sys.argv[2], rank=int(sys.argv[3]), world_size=2)
model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(24 * 24, 3))
optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
made = batches(sys.argv[1], fields=("ash", "rule", "row"), channels="cells", batch_size=32, seed=4, shuffle=True)
for epoch in range(2):
    for batch in made:
        rows = [torch.zeros_like(batch["row"]) for _ in range(2)]
        dist.all_gather(rows, batch["row"]) if len(batch["row"]) == 16 else dist.all_gather_object(rows, batch["row"])
        loss = torch.nn.functional.cross_entropy(model(batch["ash"].flatten(1)), batch["rule"])
        optimiser.zero_grad(); loss.backward(); optimiser.step()
        if dist.get_rank() == 0:
            print(*torch.cat(rows).tolist())
total = torch.tensor([float(parameter.sum()) for parameter in model.parameters()])
both = [torch.zeros_like(total) for _ in range(2)]
dist.all_gather(both, total)
assert torch.equal(*both)
dist.barrier()
dist.destroy_process_group()
sys.stdout.flush()
os._exit(0)  # gloo's threads now and then abort a process that ends in the usual way
"""


@pytest.mark.slow
def test_two_processes_share_each_batch_by_torch_distributed(ash: Path, tmp_path: Path):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", GLOO, str(ash), str(tmp_path / "meet"), str(rank)], stdout=subprocess.PIPE, text=True
        )
        for rank in (0, 1)
    ]
    said = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    alone = stream(ash, fields=("row",), batch_size=32, seed=4, shuffle=True, ranks=(0, 1))
    wanted = [alone.batch(epoch, index)["row"].tolist() for epoch in (0, 1) for index in range(len(alone))]
    assert [[int(row) for row in line.split()] for line in said[0].splitlines()] == wanted


@pytest.mark.slow  # Lightning is long to load
def test_lightning_trains_and_resumes_exactly(ash: Path, tmp_path: Path):
    lightning = pytest.importorskip("lightning", reason="Lightning is not installed")

    class Linear(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.seen = torch.nn.Linear(24 * 24, 3), []

        def training_step(self, batch, index):
            self.seen.append(batch["row"].tolist())
            return torch.nn.functional.cross_entropy(self.layer(batch["ash"].flatten(1)), batch["rule"])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    def train(checkpoint: Path | None = None, callbacks=(), **limits) -> tuple[list[list[int]], object]:
        made = batches(ash, fields=("ash", "rule", "row"), channels="cells", batch_size=32, shuffle=True)
        model = Linear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer = lightning.Trainer(
                **limits,
                logger=False,
                enable_progress_bar=False,
                enable_model_summary=False,
                enable_checkpointing=bool(callbacks),
                callbacks=list(callbacks),
                accelerator="cpu",
                default_root_dir=tmp_path,
            )
            trainer.fit(model, made, ckpt_path=checkpoint)
            trainer.save_checkpoint(tmp_path / "end.ckpt")
        return model.seen, [parameter.detach().numpy() for parameter in model.parameters()]

    saved = {"dirpath": tmp_path, "save_top_k": -1, "auto_insert_metric_name": False}
    callbacks = [
        lightning.pytorch.callbacks.ModelCheckpoint(filename="step{step}", every_n_train_steps=1, **saved),
        lightning.pytorch.callbacks.ModelCheckpoint(
            filename="epoch{epoch}", every_n_epochs=1, save_on_train_epoch_end=True, **saved
        ),
    ]
    torch.manual_seed(0)
    whole, parameters = train(callbacks=callbacks, max_epochs=4)
    assert len(whole) == 4 * N_BATCHES
    epochs = [sum(whole[first : first + N_BATCHES], []) for first in range(0, len(whole), N_BATCHES)]
    assert len({tuple(rows) for rows in epochs}) == 4  # four epochs, four orders

    by_epochs, by_steps = {"max_epochs": 4}, {"max_steps": 4 * N_BATCHES, "max_epochs": -1}
    # not the end of an epoch by steps: there Lightning takes one batch of the next and breaks that epoch off
    resumed = [("epoch1", 16, by_epochs), *(("step13", 13, limits) for limits in (by_epochs, by_steps))]
    for name, n_seen, limits in [*resumed, ("step8", 8, by_epochs)]:
        rest, again = train(tmp_path / f"{name}.ckpt", **limits)
        assert rest == whole[n_seen:], (name, limits)
        for one, other in zip(parameters, again, strict=True):
            np.testing.assert_array_equal(one, other)
    torch.manual_seed(0)
    begun, _ = train(max_steps=5)
    rest, _ = train(tmp_path / "end.ckpt", **by_steps)  # Lightning counted what it broke off as a whole epoch
    assert begun + rest == whole
