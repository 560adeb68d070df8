"""Data sets and live sources as batches of tensors for training with torch."""

from __future__ import annotations

from simkit.errors import needed_for

with needed_for("simkit.learn"):
    from simkit.learn.streaming.batches import Batches as Batches
    from simkit.learn.streaming.batches import batches as batches
    from simkit.learn.streaming.options import Order as Order
    from simkit.learn.streaming.options import Rows as Rows
    from simkit.learn.streaming.options import View as View
    from simkit.learn.streaming.stream import Stream as Stream
    from simkit.learn.streaming.stream import stream as stream
