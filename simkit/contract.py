"""Source: a pure function (parameters, seed, rows) -> named arrays, with a declared schema.

Five laws hold for every source (``tests/laws`` holds each registered one to them):

pure
    The same parameters, seed and row give the same sample, whoever asks, wherever, in whatever company.
divisible
    ``generate(a..c)`` is ``generate(a..b)`` followed by ``generate(b..c)``; the empty range works.
declared
    A batch is exactly what the schema says.
agreeing
    Every backend gives the reference's values, to the field's ``atol`` (0 = bit for bit).
nameable
    ``parse(source.spec())`` gives the source back.

A sample that goes wrong is data, not an exception.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import numbers
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import numpy as np

from simkit.backends import AUTO, Kernel, Kernels, told_of_compiled_code
from simkit.errors import ParameterError, UnknownNameError, show
from simkit.schema import Batch, Schema
from simkit.tables import as_html

#: seeds are 64-bit: the key of Philox
MAX_SEED = 2**64 - 1

#: row numbers are below this; they fill two words of Philox's counter
MAX_ROWS = 2**63

#: bytes of a batch: what 47 bits of address reach (of NumPy's ranges that are longer still one comes out empty)
_MAX_BYTES = 2**47

#: characters that a number may be written in
_MAX_DIGITS = 1000

#: values of a parameter that is a list: each may cost a computation when the source is made, and all are in the recipe
MAX_VALUES = 1000

Spec = dict[str, Any]

#: kinds of arrays that `generate` gives -> what makes them of the kernels' arrays
_HAND_OVER: Mapping[str, Callable[[Kernels, Any], Any]] = {"numpy": Kernels.to_host, "torch": Kernels.to_torch}


def param(default: Any, doc: str) -> Any:
    """Declare a parameter of a source: its default and one line of documentation."""
    return dataclasses.field(default=default, metadata={"doc": doc})


@dataclass(frozen=True)
class Source(ABC):
    """A generator of samples. Concrete classes are frozen dataclasses of plain parameters, and final."""

    #: lower case, as in ``simkit generate NAME``
    name: ClassVar[str]
    #: raised whenever any sample changes
    version: ClassVar[int]
    #: one line
    title: ClassVar[str]
    #: small parameters, for tests and docs
    tiny: ClassVar[Mapping[str, Any]]
    #: what differs from the defaults in a sample to look at: a row takes the reference well under a second
    sample: ClassVar[Mapping[str, Any]] = {}
    #: the kernels that `generate` calls
    kernels: ClassVar[tuple[Kernel, ...]]
    #: what is known exactly of the samples, one line each
    facts: ClassVar[tuple[str, ...]] = ()
    #: where the data come from: author, title, year, where
    citation: ClassVar[str] = ""
    #: rows that one thread takes at a time, at most; 1 where a row is a long run (16 times as many are a shard at most)
    block_rows: ClassVar[int] = 256

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = coerce(f"{self.name}: parameter {show(field.name)}", str(field.type), getattr(self, field.name))
            object.__setattr__(self, field.name, value)
        self.validate()

    def validate(self) -> None:  # noqa: B027 - most sources need none
        """Raise ParameterError if the parameters make no sense; may set them to their canonical form."""

    def refuse(self, name: str, takes: str, found: object) -> NoReturn:
        """Raise the ParameterError that parameter `name` takes something else than what was found."""
        shown = found if isinstance(found, str) else show(found)
        raise ParameterError(f"{self.name}: parameter {show(name)} takes {takes}; this is {shown}")

    @abstractmethod
    def schema(self) -> Schema:
        """Return the fields of a batch."""

    @abstractmethod
    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        """Compute a batch; called by `generate` with checked arguments, a non-empty range, and `kernels` of a backend.

        They are called as ``on.philox.bits(...)``. Arrays may be on the device, as those are that kernels make of
        ``on.row_numbers(rows)``.
        """

    def n_rows(self) -> int:
        """Return how many rows there are: 2**63, unless they show things that are given, such as images of a file."""
        return MAX_ROWS

    def beside(self, folder: Path) -> Source:
        """Return what makes the rows of a data set in a folder: this, unless rows are made of files that are there."""
        del folder
        return self

    def notes(self) -> list[str]:
        """Sentences that a user of these parameters should read."""
        return []

    def summary(self, read: Callable[..., Iterator[Batch]]) -> str:
        """Say in a phrase what is remarkable in finished data; ``read("a", "b")`` yields these fields by shards."""
        del read
        return ""

    def load(self, backend: str | Kernels = AUTO) -> Kernels:
        """Return the kernels on a backend, for `generate`: whoever calls that often resolves the backend once."""
        return backend if isinstance(backend, Kernels) else Kernels.load(self.kernels, backend)

    def generate(
        self, seed: int = 0, rows: range | int | Sequence[int] = 1, *, backend: str | Kernels = AUTO, to: str = "numpy"
    ) -> dict[str, Any]:
        """Generate samples.

        Parameters
        ----------
        seed : int, 0..2**64-1
        rows : range, int or sequence of int
            A range with step 1 from 0 up to 2**63, the first so many rows, or rows in any order.
        backend : str or Kernels
            ``"auto"``, one of ``simkit.backends.BACKENDS``, or what `load` returned.
        to : str
            ``"numpy"``, or ``"torch"`` for tensors of PyTorch, which stay where the backend made them.

        Returns
        -------
        dict of field name to array
            As `schema` declares, with ``len(rows)`` rows each; for PyTorch, unsigned numbers of 16 bits and more are
            the signed ones of the same bits. Nothing here starts threads; the compiled backends release the GIL, so
            that callers may.

        Raises
        ------
        ParameterError
            For a seed or rows out of range.
        BackendError
            If the backend cannot run here.
        """
        seed, ranges = check_seed(seed), ranges_of(rows)
        self.check_there(max((part.stop for part in ranges), default=0))
        n_bytes = self.schema().row_nbytes * sum(part.stop - part.start for part in ranges)
        if n_bytes > _MAX_BYTES:
            raise ParameterError(
                f"{self.name}: a batch of {show(rows)} takes {n_bytes:,} bytes, more than can be addressed; generate "
                "it in parts, or as a data set"
            )
        UnknownNameError.check("kind of arrays", to, _HAND_OVER)
        on = self.load(backend)
        with told_of_compiled_code():
            parts = [self.rows(seed, part, on) for part in ranges] or [self.schema().empty(0)]
        batch = parts[0]
        if len(parts) > 1:
            batch = {name: np.concatenate([part[name] for part in parts]) for name in batch}
        return {name: _HAND_OVER[to](on, array) for name, array in batch.items()}

    def check_there(self, n: int) -> None:
        """Raise ParameterError if there are fewer than `n` rows."""
        if n > (n_rows := self.n_rows()):
            raise ParameterError(f"{self.name} has {n_rows:,} rows with these parameters; asked for the first {n:,}")

    def _repr_html_(self) -> str:
        docs = {name: doc for name, _, _, doc in documented(type(self))}
        rows = [(name, value, docs[name]) for name, value in self.parameters().items()]
        title = f"{self.name}, version {self.version}: {self.title}"
        facts = as_html("Known exactly", (), [(fact,) for fact in self.facts]) if self.facts else ""
        cited = as_html("Citation", (), [(self.citation,)]) if self.citation else ""
        return as_html(title, ("parameter", "value", "meaning"), rows) + self.schema()._repr_html_() + facts + cited

    def parameters(self) -> dict[str, Any]:
        """Return the parameters as plain JSON and TOML values."""
        return {
            field.name: list(value) if isinstance(value := getattr(self, field.name), tuple) else value
            for field in dataclasses.fields(self)
        }

    def spec(self) -> Spec:
        """Return what names this source: its name, version and parameters, as plain values."""
        return {"source": self.name, "version": self.version, "parameters": self.parameters()}

    def digest(self) -> str:
        """Return the SHA-256 of the spec, in hexadecimal."""
        return hashlib.sha256(json.dumps(self.spec(), sort_keys=True).encode()).hexdigest()

    @classmethod
    def build(cls, parameters: Mapping[str, Any]) -> Source:
        """Make a source from parameters, given as values or as the text of ``--set name=text``."""
        known = [field.name for field in dataclasses.fields(cls)]
        for name in parameters:
            if name not in known:
                raise UnknownNameError.of("parameter", name, known, cls.name)
        return cls(**parameters)


def check_seed(seed: int) -> int:
    """Return `seed` as an int; ParameterError unless it is an integer from 0 to 2**64 - 1."""
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral) or not 0 <= seed <= MAX_SEED:
        raise ParameterError(f"a seed is an integer from 0 to 2**64 - 1; this is {show(seed)}")
    return int(seed)


def check_rows(rows: range) -> None:
    """Raise ParameterError unless `rows` is a range with step 1 from 0 up to 2**63."""
    if not isinstance(rows, range) or rows.step != 1 or rows.start < 0 or rows.stop > MAX_ROWS:
        raise ParameterError(f"rows are a range(start, stop) with 0 <= start and step 1; this is {show(rows)}")


def ranges_of(rows: range | int | Sequence[int]) -> list[range]:
    """Return rows, the first so many, or rows in any order, as ranges, none of them empty; ParameterError if wrong."""
    if isinstance(rows, numbers.Integral) and not isinstance(rows, bool):
        rows = range(int(rows))
        if rows.stop < 1:
            raise ParameterError(f"a number of rows is at least 1; this is {show(rows.stop)}")
    if isinstance(rows, range):
        check_rows(rows)
        return [rows] if rows else []
    try:
        listed = np.asarray(rows)
    except (TypeError, ValueError):
        listed = np.asarray(None)
    is_listed = listed.ndim == 1 and (listed.dtype.kind in "iu" or not listed.size)
    if not is_listed or listed.min(initial=0) < 0 or listed.max(initial=0) >= MAX_ROWS:
        raise ParameterError(f"rows are a range, a number of rows, or a list of rows from 0 on; this is {show(rows)}")
    edges = [0, *(np.flatnonzero(np.diff(listed.astype(np.int64)) != 1) + 1).tolist(), listed.size]
    return [range(int(listed[a]), int(listed[b - 1]) + 1) for a, b in pairwise(edges) if a < b]


def documented(cls: type[Any]) -> Iterable[tuple[str, str, Any, str]]:
    """Yield name, kind, default and documentation of each parameter of a class that declares its by `param`."""
    for field in dataclasses.fields(cls):
        yield field.name, str(field.type), field.default, field.metadata["doc"]


def coerce(what: str, kind: str, value: Any) -> Any:
    """Return `value` as the kind of parameter that its annotation names, or raise ParameterError."""
    readers: Mapping[str, tuple[Callable[[Any], Any], str]] = {
        "int": (_integer, "an integer of at most 64 bits"),
        "float": (_number, "a number"),
        "str": (_string, "a text"),
        "tuple[str, ...]": (_strings, "a list of texts, such as A,B"),
        "tuple[float, ...]": (_numbers, "a list of numbers, such as 0.5,1.5"),
        "tuple[int, int]": (_pair, "one integer or two, such as 128 or 128x64"),
    }
    read, description = readers[kind]
    if kind.endswith(", ...]") and (n := _length(value)) > MAX_VALUES:
        raise ParameterError(f"{what} takes a list of at most {MAX_VALUES:,} values; this one has {n:,}")
    try:
        return read(value)
    except (TypeError, ValueError, ArithmeticError):
        raise ParameterError(f"{what} takes {description}; this is {show(value)}") from None


def _length(value: Any) -> int:
    """Return how many values a list has, given as one or written with commas; 0 if it is none."""
    return value.count(",") + 1 if isinstance(value, str) else len(value) if isinstance(value, (list, tuple)) else 0


def _integer(value: Any) -> int:
    """Return a number of int64, given as a number or written as 100000, 100_000 or 1e5."""
    number: Any = (
        int(value) if _is_integer(value) else Decimal(_short(value)) if isinstance(value, str) else _number(value)
    )
    if not -(2**63) <= number < 2**63 or number != int(number):  # bounded first: 1e1000000 has a million digits
        raise ValueError
    return int(number)


def _is_integer(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (numbers.Real, str)):
        raise TypeError
    return float(_short(value) if isinstance(value, str) else value)


def _short(text: str) -> str:
    if len(text) > _MAX_DIGITS:
        raise ValueError
    return text


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _strings(value: Any) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else _listed(value)
    return tuple(_string(item).strip() for item in items)


def _numbers(value: Any) -> tuple[float, ...]:
    items = value.split(",") if isinstance(value, str) else _listed(value)
    return tuple(_number(item) for item in items)


def _listed(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):  # a set would have another order in each process
        raise TypeError
    return value


def _pair(value: Any) -> tuple[int, int]:
    if isinstance(value, str):
        value = value.lower().split("x")
        value = value[0] if len(value) == 1 else value
    if isinstance(value, (numbers.Real, str)):
        return _integer(value), _integer(value)
    first, second = _listed(value)
    return _integer(first), _integer(second)
