"""Fields as tensors: boards as cells under the torus's symmetries, pixels as brightness, classes as class numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from types import ModuleType

import numpy as np
import numpy.typing as npt
import torch

from simkit.backends import Kernel
from simkit.errors import ParameterError, UnknownNameError, show
from simkit.kernels import cells, gather, philox
from simkit.kernels.cells import Form
from simkit.learn.streaming import channels as kinds_of_channels
from simkit.learn.streaming.bijection import I64
from simkit.learn.streaming.decoded import Decoded
from simkit.learn.streaming.memory import Memory
from simkit.learn.streaming.options import SYMMETRY, View
from simkit.learn.streaming.windows import SYMMETRIES, stream_of
from simkit.schema import Array, Field, Schema

#: field of the row numbers, wherever the data have none of that name
ROW = "row"


class Tensors:
    """Turns batches of arrays into batches of tensors.

    Parameters
    ----------
    schema : Schema
        Of the data.
    view : View

    Attributes
    ----------
    needed : list of str
        Fields to read.
    """

    def __init__(self, schema: Schema, view: View) -> None:
        self._view, self.names = view, tuple(schema if view.fields is None else view.fields)
        for name in self.names:
            if name not in schema and name != ROW:
                raise UnknownNameError.of("field", name, [*schema, ROW])
            if name in schema and np.dtype(schema[name].dtype).kind not in "biufc":
                raise ParameterError(f"field {show(name)} holds {schema[name].dtype}, of which there are no tensors")
        self._fields = {name: schema[name] for name in self.names if name in schema}
        self._pictures = [name for name, field in self._fields.items() if field.full is not None]
        for name in self._pictures:
            _check_holds(view.dtype, name, self._fields[name])
        self._boards = [name for name, field in self._fields.items() if _is_board(field) and view.channels != "packed"]
        kernel_dtype = "float32" if view.dtype == torch.float32 else "uint8"
        self._form = Form(view.channels == "onehot", view.memory_format == torch.channels_last, kernel_dtype)
        self._memory = Memory()
        self._made = kinds_of_channels.make(view.channels, schema, self._boards)
        beside = {key: None for made in self._made.values() for key in made.needs if key not in self._fields}
        self.needed = [*self._fields, *beside]
        if view.augment and not self._boards:
            raise ParameterError("augment moves boards as cells, and none of the fields wanted is such a board")

    def described(self) -> list[tuple[str, str, str, str]]:
        """Return name, dtype, axes after the batch's, and meaning of each tensor."""
        return [(name, *self._described(name)) for name in self.names]

    def _described(self, name: str) -> tuple[str, str, str]:
        if name not in self._fields:
            return "int64", "", "number of the row"
        field = self._fields[name]
        if name in self._boards:
            channel = "channel" if name in self._made else f"channel {1 + self._form.onehot}"
            size = f"{channel}, y {field.shape[0]}, x {field.bits}"
            return str(self._view.dtype).removeprefix("torch."), size, field.doc
        if name in self._pictures:
            n_channels, height, width = _planar(field)
            size = f"channel {n_channels}, y {height}, x {width}"
            is_divided = self._view.dtype.is_floating_point
            doc = f"{field.doc}; {f'0 to 1, which is {field.full}' if is_divided else f'0 to {field.full}'}"
            return str(self._view.dtype).removeprefix("torch."), size, doc
        axes = field.axes.removeprefix("sample").removeprefix(", ")
        return "int64" if field.labels else field.dtype, axes, field.meaning

    def __call__(
        self, rows: Sequence[tuple[Decoded, slice | I64]], seed: int, epoch: int, positions: npt.NDArray[np.uint64]
    ) -> dict[str, torch.Tensor]:
        """Return the tensors of some rows of decoded windows, which stand at `positions` of an epoch."""
        found = {}
        for name in self.names:
            if name in self._boards:
                tensor = self._cells(name, rows, seed, epoch, positions)
            elif name in self._pictures:
                tensor = self._pixels(name, rows)
            elif name in self._fields:
                tensor = _plain(self._fields[name], self._gathered(name, rows))
            else:
                tensor = torch.from_numpy(np.concatenate([decoded.window.rows[part] for decoded, part in rows]))
            found[name] = tensor.pin_memory() if self._view.pin_memory else tensor
        return found

    def _gathered(self, name: str, rows: Sequence[tuple[Decoded, slice | I64]]) -> Array:
        """Return a field's rows in one array."""
        pieces = [(decoded.arrays[name], decoded.window.places[part]) for decoded, part in rows]
        first, n_rows, start = pieces[0][0], sum(len(places) for _, places in pieces), 0
        out = self._memory.empty((n_rows, *first.shape[1:]), first.dtype)
        for array, places in pieces:
            stop = start + len(places)
            _compiled(gather.KERNEL).gather(_bytes(array), places, _bytes(out[start:stop]))
            start = stop
        return out

    def _pixels(self, name: str, rows: Sequence[tuple[Decoded, slice | I64]]) -> torch.Tensor:
        field, dtype, last = self._fields[name], self._view.dtype, self._form.channels_last
        n_channels, height, width = _planar(field)
        n_rows = sum(len(decoded.window.places[part]) for decoded, part in rows)
        n_pixels = height * width
        shape = (n_rows, n_pixels, n_channels) if last else (n_rows, n_channels, n_pixels)
        is_divided = dtype.is_floating_point and dtype != torch.float64  # which float32 would be too coarse for
        out, start = self._memory.empty(shape, "float32" if is_divided else "uint8"), 0
        for decoded, part in rows:
            images, places = decoded.arrays[name], decoded.window.places[part]
            images = images.reshape(len(images), n_channels, n_pixels)
            stop = start + len(places)
            _compiled(gather.KERNEL).pixels(images, places, field.full, last, out[start:stop])
            start = stop
        tensor = torch.from_numpy(out)
        if last:
            tensor = tensor.view(n_rows, height, width, n_channels).permute(0, 3, 1, 2)
        else:
            tensor = tensor.view(n_rows, n_channels, height, width)
        tensor = tensor if tensor.dtype == dtype else tensor.to(dtype)
        return tensor.div_(field.full or 1) if dtype == torch.float64 else tensor

    def _cells(
        self,
        name: str,
        rows: Sequence[tuple[Decoded, slice | I64]],
        seed: int,
        epoch: int,
        positions: npt.NDArray[np.uint64],
    ) -> torch.Tensor:
        field = self._fields[name]
        height, width = field.shape[0], field.bits or 0
        boards, n_planes = [(decoded.arrays[name][:, None], decoded.window.places[part]) for decoded, part in rows], 1
        if name in self._made:
            planes = self._planes(name, rows)
            boards, n_planes = [(planes, np.arange(len(planes), dtype=np.int64))], planes.shape[1]
        orientation, shift = self._symmetries(height, width, seed, epoch, positions)
        out = self._memory.empty(self._form.shape(len(positions), n_planes, height, width), self._form.dtype)
        start = 0
        for planes, places in boards:
            part = slice(start, start + len(places))
            _compiled(cells.KERNEL).expand(planes, places, width, orientation[part], shift[part], self._form, out[part])
            start = part.stop
        tensor = torch.from_numpy(out)
        if self._form.channels_last:
            tensor = tensor.permute(0, 3, 1, 2)
        return tensor if tensor.dtype == self._view.dtype else tensor.to(self._view.dtype)

    def _planes(self, name: str, rows: Sequence[tuple[Decoded, slice | I64]]) -> npt.NDArray[np.uint8]:
        """Return the planes of boards that a world makes of them."""
        boards, made = self._gathered(name, rows), self._made[name]
        planes = made.planes(boards, {key: self._gathered(key, rows) for key in made.needs})
        return kinds_of_channels.check(planes, boards)

    def _symmetries(
        self, height: int, width: int, seed: int, epoch: int, positions: npt.NDArray[np.uint64]
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
        """Return orientation and shift of each board: functions of seed, epoch and position."""
        orientation, shift = np.zeros(len(positions), np.uint8), np.zeros((len(positions), 2), np.int32)
        if self._view.augment:
            words = philox.KERNEL.load("cpu").words(seed, positions, stream_of(epoch, SYMMETRIES), 3).astype(np.uint64)
            group = np.array(_group(self._view.augment, is_square=height == width), np.uint8)
            orientation = group[words[:, 0] % np.uint64(len(group))]
            if "translate" in self._view.augment:
                shift = (words[:, 1:] * np.array([height, width], np.uint64) >> np.uint64(32)).astype(np.int32)
        return orientation, shift


def _group(augment: Sequence[str], *, is_square: bool) -> list[int]:
    """Return the orientations of the group that symmetries generate."""
    found = {orientation for name in augment for orientation in SYMMETRY[name]}
    if {"rotate", "reflect"} <= set(augment):
        found = set(range(8))
    return sorted(orientation for orientation in found if is_square or orientation < 4)


def _planar(field: Field) -> tuple[int, int, int]:
    """Return channels, height and width of a field of pixels."""
    n_channels, height, width = (1, *field.shape)[-3:]
    return n_channels, height, width


def _check_holds(dtype: torch.dtype, name: str, field: Field) -> None:
    """Raise ParameterError unless pixels fit into a dtype: floats take 0 to 1, integers the values as they are."""
    most = 1 if dtype == torch.bool else None if dtype.is_floating_point or dtype.is_complex else torch.iinfo(dtype).max
    if dtype.is_complex or (most is not None and most < (field.full or 0)):
        raise ParameterError(
            f"the field {show(name)} holds pixels from 0 to {field.full}, which {dtype} cannot; take torch.float32 for "
            "0 to 1, or torch.uint8 for the bytes"
        )


def _is_board(field: Field) -> bool:
    return field.bits is not None and len(field.shape) == 2


@cache
def _compiled(kernel: Kernel) -> ModuleType:
    return kernel.load("cpu")


def _bytes(rows: Array) -> npt.NDArray[np.uint8]:
    """Return rows as bytes, in the same memory."""
    return rows.reshape(len(rows), math.prod(rows.shape[1:])).view(np.uint8)


def _plain(field: Field, values: Array) -> torch.Tensor:
    """Return values as they are, classes as int64, which is what losses take."""
    return torch.from_numpy(values.astype(np.int64) if field.labels else np.ascontiguousarray(values))
