"""Data sets and live sources as batches of tensors: which rows, in which order, in which form."""
