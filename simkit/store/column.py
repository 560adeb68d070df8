"""One field of a data set, indexed by row as a NumPy array is along its first axis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from simkit.errors import ParameterError, UnknownNameError, counted, show
from simkit.schema import Array, Field
from simkit.store.fetcher import Fetcher


class Column(np.lib.mixins.NDArrayOperatorsMixin):
    """One field of a store, indexed as a NumPy array is: ``column[5]``, ``column[5:9]``, ``column[[3, 1], 0]``.

    Comparisons and arithmetic are NumPy's, of the whole field: ``store["ash"][store["period"] > 2]``. Classes are
    compared by their labels too: ``store["rule"] == "B3/S23"``. Methods are those of its values: ``column[:].mean()``.

    A call decodes each chunk once, in any order of rows; where reads wait, it fetches many chunks at once. From call to
    call a column keeps the chunk that it read last: keep the column, and ask for rows in their order.
    """

    def __init__(self, fetcher: Fetcher, name: str) -> None:
        self._fetcher, self._ledger, self.name = fetcher, fetcher.ledger, name
        self.field: Field = fetcher.ledger.layout.schema[name]
        self._last_chunk: tuple[int, Array] | None = None

    def __len__(self) -> int:
        return self._ledger.layout.n_rows

    def __repr__(self) -> str:
        return f"<{self.name}: {self.field.dtype} ({', '.join(('sample', *self.field.dims))}) {self.shape}>"

    def __reduce__(self) -> tuple[type[Column], tuple[Fetcher, str]]:
        return Column, (self._fetcher, self.name)

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of all axes, ``sample`` first."""
        return (len(self), *self.field.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy dtype of the values."""
        return np.dtype(self.field.dtype)

    @property
    def ndim(self) -> int:
        """Number of axes, ``sample`` included."""
        return 1 + len(self.field.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    if not TYPE_CHECKING:  # which knows the attributes that there are

        def __getattr__(self, name: str) -> NoReturn:
            is_of_values = not name.startswith("_") and hasattr(np.ndarray, name)
            advice = f"; its values have: column[:].{name}" if is_of_values else ""
            raise AttributeError(f"a column has no attribute {show(name)}{advice}", name=name, obj=self)

    def __contains__(self, value: object) -> bool:
        return bool(np.any(self == value))

    def __getitem__(self, index: Any) -> Array:
        values: Array
        rows, rest = self._split(index)
        wanted = self._rows(rows)
        if isinstance(wanted, range):
            first: Any = slice(None)
            found = self._walk(wanted)
        else:
            found = self._gather(wanted.reshape(-1))
            if not rest:
                values = found.reshape((*wanted.shape, *self.field.shape))[()]  # a number, if it is one
                return values
            first = np.arange(wanted.size).reshape(wanted.shape) if wanted.ndim else 0
        try:
            values = found[(first, *rest)]
        except IndexError as error:
            raise ParameterError(f"{self.name}[{show(index)}] of a field of shape {self.shape}: {error}") from None
        return values

    def __iter__(self) -> Iterator[Any]:
        return (self[row] for row in range(len(self)))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        """Compute with the whole field; where labels are compared with it, with the numbers of these classes."""
        if any(isinstance(x, Column) for x in options.get("out", ())):
            raise ParameterError(f"{self.name} of a data set is only read; compute with {self.name}[:]")
        numbers = [x if isinstance(x, Column) else self._numbers(ufunc, x) for x in inputs]
        arrays = [x[:] if isinstance(x, Column) else x for x in numbers]
        return getattr(ufunc, method)(*arrays, **options)

    def _numbers(self, ufunc: np.ufunc, value: Any) -> Any:
        """Return a value, or the numbers of the classes that it names."""
        if not isinstance(value, (str, list, tuple, np.ndarray)):
            return value
        array = np.asarray(value)
        if array.dtype.kind not in "UT":
            return value
        if not self.field.labels or ufunc not in (np.equal, np.not_equal):
            what = "is compared with labels by == and != alone" if self.field.labels else "is a field of numbers"
            raise ParameterError(f"{self.name} {what}; this is {show(value)}")
        if array.ndim and array.shape[-1:] not in ((1,), (self.field.shape or (len(self),))[-1:]):
            raise ParameterError(
                f"{self.name} has {len(self):,} values, and these are {array.size:,} labels; compare it with one label "
                "at a time, and join the masks by |"
            )
        numbers = [_number(self.name, label, self.field.labels) for label in array.ravel().tolist()]
        return np.array(numbers, np.int64).reshape(array.shape)

    def _split(self, index: Any) -> tuple[Any, tuple[Any, ...]]:
        """Return the part of an index that means rows, and what is for the axes after them."""
        if index is Ellipsis:
            return slice(None), ()
        if not isinstance(index, tuple):
            return index, ()
        if index[:1] == (Ellipsis,) and len(index) <= 1 + len(self.field.shape):
            return slice(None), index
        rows, *rest = index[1:] if index[:1] == (Ellipsis,) else index or (slice(None),)
        return rows, tuple(rest)

    def pieces(self, rows: range, n_rows: int) -> Iterator[Array]:
        """Yield neighbouring rows, up to the next multiple of `n_rows` at a time; what comes is fetched meanwhile."""
        coming = self._ahead(self._chunks(rows))
        for start in range(rows.start // n_rows * n_rows, rows.stop, n_rows):
            yield self._walk(range(max(start, rows.start), min(start + n_rows, rows.stop)), coming)

    def _walk(self, rows: range, coming: Iterator[int] | None = None) -> Array:
        """Return rows at equal distances, chunk by chunk."""
        if rows.step < 0:
            return np.ascontiguousarray(self._walk(rows[::-1])[::-1])
        out, chunk_rows, at = self.field.empty(len(rows)), self._ledger.layout.chunk_rows, 0
        coming = self._ahead(self._chunks(rows)) if coming is None else coming
        while at < len(rows):
            chunk, first = divmod(rows[at], chunk_rows)
            stop = min(len(rows), at + -(-(chunk_rows - first) // rows.step))
            if stop - at == chunk_rows and (self._last_chunk is None or self._last_chunk[0] != chunk):
                next(coming, None)
                self._fetcher.chunk(self.name, chunk, out[at:stop])
            else:
                out[at:stop] = self._chunk(chunk, coming)[first :: rows.step][: stop - at]
            at = stop
        return out

    def _gather(self, rows: npt.NDArray[np.int64]) -> Array:
        """Return rows in any order: sorted once, then chunk by chunk."""
        out, chunk_rows = self.field.empty(len(rows)), self._ledger.layout.chunk_rows
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        chunks = ordered // chunk_rows
        starts = np.flatnonzero(np.diff(chunks, prepend=-1))
        coming = self._ahead(chunks[starts].tolist())
        for start, stop in pairwise([*starts.tolist(), len(rows)]):
            chunk = int(chunks[start])
            out[order[start:stop]] = self._chunk(chunk, coming)[ordered[start:stop] - chunk * chunk_rows]
        return out

    def _chunks(self, rows: range) -> Iterable[int]:
        """Return the chunks of rows in their order."""
        chunk_rows = self._ledger.layout.chunk_rows
        if rows and rows.step <= chunk_rows:
            return range(rows[0] // chunk_rows, rows[-1] // chunk_rows + 1)
        return (row // chunk_rows for row in rows)

    def _ahead(self, chunks: Iterable[int]) -> Iterator[int]:
        """Let chunks be fetched as the iterator goes on; it has those that are not kept."""
        last = self._last_chunk
        return self._fetcher.ahead(self.name, (chunk for chunk in chunks if last is None or chunk != last[0]))

    def _rows(self, rows: Any) -> range | npt.NDArray[np.int64]:
        """Return the rows that an index means, none negative; ParameterError if it means none."""
        try:
            if isinstance(rows, slice):
                return range(*rows.indices(len(self)))
            wanted = np.asarray(rows)
        except (TypeError, ValueError):
            wanted = np.asarray(None)
        if wanted.dtype == bool and wanted.shape == (len(self),):
            return np.flatnonzero(wanted)
        if wanted.size == 0:
            return np.zeros(wanted.shape, np.int64)
        if wanted.dtype.kind not in "iu":
            raise ParameterError(
                f"{self.name}[...] takes a row, a slice, a list of rows or a mask of all; this is {show(rows)}"
            )
        outside = wanted[(wanted < -len(self)) | (wanted >= len(self))]
        if outside.size:
            raise ParameterError(
                f"asked for row {outside.flat[0]:,} of {self._ledger.place.where()}, "
                f"which has {counted(len(self), 'row')}"
            )
        wanted = wanted.astype(np.int64)
        return np.where(wanted < 0, wanted + len(self), wanted)

    def _chunk(self, chunk: int, coming: Iterator[int]) -> Array:
        """Return an inner chunk, counted from the start of the data set; the last one is kept."""
        last = self._last_chunk  # other threads may replace it meanwhile
        if last is None or last[0] != chunk:
            next(coming, None)
            last = self._last_chunk = chunk, self._fetcher.chunk(self.name, chunk)
        return last[1]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError(f"the values of {self.name} are read into a new array; leave copy=False away")
        whole = self[:]
        return whole if dtype is None else whole.astype(dtype)


def _number(name: str, label: str, labels: tuple[str, ...]) -> int:
    UnknownNameError.check("class", label, labels, f"the field {name}")
    return labels.index(label)
