"""The options of a stream as three values: which rows, in which order, in which form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypedDict

import torch

from simkit.backends import AUTO
from simkit.contract import check_seed
from simkit.errors import ParameterError, UnknownNameError, show
from simkit.learn.streaming import channels as kinds_of_channels
from simkit.split import SPLITS, Split
from simkit.store.copies import MOST_BYTES

#: rows of an epoch of a live source, of a batch, and chunks of a window, at most
MAX_ROWS = 2**40

#: symmetries of the torus: name -> orientations (see simkit.kernels.cells); boards that are not square only below 4
SYMMETRY = {"translate": (0,), "rotate": (0, 3, 5, 6), "reflect": (0, 1, 2, 3)}


class Options(TypedDict, total=False):
    """The keyword arguments of `stream` and `batches`: the fields of Rows, Order and View."""

    n: int | None
    split: str | None
    splits: Mapping[str, float]
    where: Mapping[str, Any] | None
    ranks: tuple[int, int] | None
    skip_damaged: bool
    backend: str
    cache: str | Path | None
    cache_bytes: int
    seed: int
    shuffle: bool
    window: int | None
    batch_size: int
    drop_last: bool
    fields: Sequence[str] | None
    channels: str
    dtype: torch.dtype
    memory_format: torch.memory_format
    augment: Sequence[str]
    pin_memory: bool


@dataclass(frozen=True)
class Rows:
    """Which rows.

    Parameters
    ----------
    n : int
        Rows of a live source; not for data sets.
    split : str, optional
        ``"train"``, ``"validation"`` or ``"test"``, or a name in `splits`. A row stays in its part when the data set
        grows, and whatever the seed.
    splits : mapping
        Name -> share, in hundredths; each hundred rows is shared out exactly.
    where : mapping, optional
        Field -> value, values, or a function of the whole field's array that returns a mask; the values of a field
        with labels may be given by label. Rows have to meet all. Not for live sources.
    ranks : (int, int), optional
        This rank and their number; by torch.distributed or RANK and WORLD_SIZE if not given.
    skip_damaged : bool
        Leave out damaged chunks, with a warning each, instead of raising DamageError. A batch then has fewer rows.
    backend : str
        Of a live source.
    cache : path, optional
        A folder of this machine in which what is read of a data set is kept for later epochs and other processes.
    cache_bytes : int
        Bytes of the disk that `cache` takes at most; see `simkit.store.copies.Copies`.
    """

    n: int | None = None
    split: str | None = None
    splits: Mapping[str, float] = field(default_factory=lambda: SPLITS)
    where: Mapping[str, Any] | None = None
    ranks: tuple[int, int] | None = None
    skip_damaged: bool = False
    backend: str = AUTO
    cache: str | Path | None = None
    cache_bytes: int = MOST_BYTES

    def __post_init__(self) -> None:
        if self.n is not None:
            object.__setattr__(self, "n", _positive("n", self.n))
        if self.where is not None and not isinstance(self.where, Mapping):
            raise ParameterError(f"where is field -> what it has to be; this is {show(self.where)}")
        _check_flags(skip_damaged=self.skip_damaged)
        Split(self.split, self.splits)  # which checks both


@dataclass(frozen=True)
class Order:
    """In which order they come, and how many at a time.

    Parameters
    ----------
    seed : int
        Seed of order and augmentation, and of the rows of a live source.
    shuffle : bool
        Visit rows in a random order: `window` chunks from all over the data at a time, and their rows permuted.
    window : int, optional
        Chunks (of 512 rows, in most data sets) that are read and shuffled together, so that the rows of a batch come
        from so many places. If not given, 16 where neighbouring rows are independent, as in data sets of simkit and
        live sources; for other data as many as have 128 MiB, from 16 to 1024, since they may be sorted.
    batch_size : int
        Rows of a batch over all ranks; each rank gets its share of it.
    drop_last : bool
        Leave out the last batch of an epoch if it is not full.
    """

    seed: int = 0
    shuffle: bool = False
    window: int | None = None
    batch_size: int = 256
    drop_last: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", check_seed(self.seed))
        if self.window is not None:
            object.__setattr__(self, "window", _positive("window", self.window))
        object.__setattr__(self, "batch_size", _positive("batch_size", self.batch_size))
        _check_flags(shuffle=self.shuffle, drop_last=self.drop_last)


@dataclass(frozen=True)
class View:
    """In which form: what becomes of their fields as tensors.

    Parameters
    ----------
    fields : sequence of str, optional
        Fields wanted, all if not given; ``"row"`` is the row's number.
    channels : str
        What becomes of bit-packed boards: ``"onehot"`` (dead, alive), ``"cells"`` (alive), ``"packed"`` (as stored), or
        one of those that the worlds have; ``simkit sources NAME`` lists them.
    dtype : torch.dtype
        Of cells, and of pixels, which are 0 to 1 as floats and the bytes themselves as integers. Other fields keep
        theirs, but fields with labels are int64.
    memory_format : torch.memory_format
        Of cells and pixels: ``torch.contiguous_format`` or ``torch.channels_last``.
    augment : sequence of str
        ``"translate"``, ``"rotate"``, ``"reflect"``: put each board under a random symmetry of the torus. It moves
        boards, not coordinates that other fields may hold.
    pin_memory : bool
        Put tensors into page-locked memory, for copies to a GPU.
    """

    fields: Sequence[str] | None = None
    channels: str = "onehot"
    dtype: torch.dtype = torch.float32
    memory_format: torch.memory_format = torch.contiguous_format
    augment: Sequence[str] = ()
    pin_memory: bool = False

    def __post_init__(self) -> None:
        if self.fields is not None:
            object.__setattr__(self, "fields", _listed("fields", "names", self.fields))
            if not self.fields:
                raise ParameterError("fields names no field; leave it out for all")
        object.__setattr__(self, "augment", _listed("augment", "symmetries", self.augment))
        for name in self.augment:
            UnknownNameError.check("symmetry", name, SYMMETRY, "the torus")
        known = kinds_of_channels.known()
        if not isinstance(self.channels, str):
            raise ParameterError(f"channels is one of {', '.join(known)}; this is {show(self.channels)}")
        UnknownNameError.check("kind of channels", self.channels, known)
        if not isinstance(self.dtype, torch.dtype):
            raise ParameterError(f"dtype is a dtype of torch, such as torch.float32; this is {show(self.dtype)}")
        kinds = (torch.contiguous_format, torch.channels_last)
        if not isinstance(self.memory_format, torch.memory_format) or self.memory_format not in kinds:
            raise ParameterError(
                f"cells and pixels come as contiguous_format or channels_last; this is {show(self.memory_format)}"
            )
        _check_flags(pin_memory=self.pin_memory)
        if self.pin_memory and not torch.cuda.is_available():
            raise ParameterError("pin_memory needs a GPU that torch can use, and it finds none")


def grouped(options: Options, more: Iterable[str] = ()) -> tuple[Rows, Order, View]:
    """Return options as values; `more` are names that the caller knows besides.

    Raises
    ------
    UnknownNameError, ParameterError
        If there is no such option, or what it is given makes no sense.
    """
    given: dict[str, Any] = {**options}
    for name in given:
        UnknownNameError.check("option", name, [*Options.__annotations__, *more], "a stream")
    rows, order, view = (
        {each.name: given[each.name] for each in fields(kind) if each.name in given} for kind in (Rows, Order, View)
    )
    return Rows(**rows), Order(**order), View(**view)


def _positive(name: str, number: object) -> int:
    return ParameterError.check_integer(name, number, 1, MAX_ROWS)


def _check_flags(**flags: object) -> None:
    for name, flag in flags.items():
        ParameterError.check_bool(name, flag)


def _listed(name: str, of: str, given: object) -> tuple[str, ...]:
    if not isinstance(given, (list, tuple)) or not all(isinstance(item, str) for item in given):
        raise ParameterError(f"{name} is a list of {of}; this is {show(given)}")
    return tuple(given)
