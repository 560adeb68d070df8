"""Reading IDX files, those of MNIST, packed by gzip or not, of which nothing is believed before it is checked.

Two zero bytes, the number of a type, the number of axes, the length of each axis as a 32-bit integer, then the values
in C order; all big-endian.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", "file formats".
"""

from __future__ import annotations

import gzip
import math
import stat
import zlib
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from simkit.errors import StoreError

#: values of a file at most; the largest sets in use have half as many
MOST_VALUES = 2**30

#: number of the type of unsigned bytes, and names of the others
_UBYTE = 0x08
_OTHERS = {0x09: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}

_PACKED = b"\x1f\x8b"

#: what other files begin with
_STRANGERS = {b"PK": "a zip file", b"\x89P": "a PNG picture", b"<!": "a web page", b"<h": "a web page"}

#: number of axes -> what a file holds
_HOLDS = {1: "labels", 3: "images"}

#: bytes that are unpacked at a time
_PIECE = 2**20


class IDX(NamedTuple):
    """What a file holds.

    Parameters
    ----------
    values : uint8
    header : bytes
        What stands before the values in the unpacked file.
    """

    values: npt.NDArray[np.uint8]
    header: bytes


def find(folder: Path, name: str) -> Path | None:
    """Return the file of a name in a folder: packed or not, and with a dot before ``idx``, as some unpack it."""
    for other in (name, name.replace("-idx", ".idx")):
        for path in (folder / other, folder / f"{other}.gz"):
            if path.exists():
                return path
    return None


def read(path: Path, n_axes: int) -> IDX:
    """Read a file of unsigned bytes with so many axes; no more than its header announces, and one byte.

    Raises
    ------
    StoreError
        If it is no such file, or its length is not what its header announces, or that is more than MOST_VALUES.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise StoreError(f"{path} is not a file; an IDX file of {_HOLDS[n_axes]} is needed")
        with path.open("rb") as file:
            is_packed = file.read(2) == _PACKED
            file.seek(0)
            if not is_packed:
                return _read(path, file, n_axes, path.stat().st_size)
            with gzip.open(file) as unpacked:
                return _read(path, cast(BinaryIO, unpacked), n_axes, None)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise StoreError(f"{path} is a damaged gzip file ({error}); get it again") from None
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror or error}") from None


def _read(path: Path, file: BinaryIO, n_axes: int, n_bytes: int | None) -> IDX:
    """Read from an open file, of `n_bytes` if that is known."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        begins = f"begins with {magic.hex(' ')}" if magic else "is empty"
        found = f"is {_STRANGERS[magic[:2]]}" if magic[:2] in _STRANGERS else begins
        raise StoreError(f"{path} {found}; an IDX file of {_HOLDS[n_axes]} begins with 00 00 08 0{n_axes}")
    if magic[2] != _UBYTE:
        found = _OTHERS.get(magic[2], f"the unknown type 0x{magic[2]:02x}")
        raise StoreError(f"{path} holds {found}; IDX files of {_HOLDS[n_axes]} hold unsigned bytes, type 0x08")
    if magic[3] != n_axes:
        found = f"{magic[3]} {'axis' if magic[3] == 1 else 'axes'}"
        held = f", as files of {_HOLDS[magic[3]]} do" if magic[3] in _HOLDS else ""
        raise StoreError(f"{path} has {found}{held}; one of {_HOLDS[n_axes]} begins with 00 00 08 0{n_axes}")
    lengths = file.read(4 * n_axes)
    if len(lengths) < 4 * n_axes:
        raise StoreError(f"{path} ends within its header; get it again")
    shape = tuple(np.frombuffer(lengths, ">u4").tolist())
    announced = " x ".join(f"{length:,}" for length in shape)
    header, n_values = magic + lengths, math.prod(shape)
    if not 1 <= n_values <= MOST_VALUES:
        raise StoreError(f"{path} announces {announced} values; files of 1 to {MOST_VALUES:,} values can be read")
    if n_bytes in (None, len(header) + n_values):
        values = _values(file, n_values)
        n_held = len(values)
    else:  # not a byte of it has to be read
        n_held = n_bytes - len(header)
    if n_held != n_values:
        more = "at least " if n_bytes is None and n_held > n_values else ""
        raise StoreError(f"{path} announces {announced} bytes, {n_values:,}, and holds {more}{n_held:,}; get it again")
    return IDX(values.reshape(shape), header)


def _values(file: BinaryIO, n_values: int) -> npt.NDArray[np.uint8]:
    """Return the values, and one byte more where anything follows."""
    pieces: list[bytes] = []
    n_left = n_values + 1  # the end of a packed file has to be met, where its checksum is compared
    while n_left and (piece := file.read(min(n_left, _PIECE))):
        pieces.append(piece)
        n_left -= len(piece)
    return np.frombuffer(b"".join(pieces), np.uint8)


def pair(images: Path, labels: Path, n_classes: int) -> tuple[IDX, IDX]:
    """Read square images and their labels.

    Raises
    ------
    StoreError
        As `read`; if there are not as many of both; if a label is none of ``0..n_classes - 1``.
    """
    shown, named = read(images, 3), read(labels, 1)
    n, height, width = shown.values.shape
    if height != width:
        raise StoreError(f"{images} has images of {height:,} x {width:,} pixels; square ones are needed")
    if n != len(named.values):
        raise StoreError(
            f"{images} has {n:,} images and {labels} {len(named.values):,} labels; they are not of one set"
        )
    wrong = np.flatnonzero(named.values >= n_classes)
    if wrong.size:
        raise StoreError(
            f"{labels} has the label {named.values[wrong[0]]} at place {wrong[0]:,}; labels are 0 to {n_classes - 1}"
        )
    return shown, named
