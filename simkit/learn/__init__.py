"""Data sets and live sources as batches of tensors for training with torch."""

from __future__ import annotations

from simkit.errors import needed_for

with needed_for("simkit.learn"):
    from simkit.learn.batches import Batches as Batches
    from simkit.learn.batches import batches as batches
    from simkit.learn.stream import Stream as Stream
    from simkit.learn.stream import stream as stream
