"""MNIST, Fashion-MNIST and other sets of IDX files: which files there are, what their checksums are, what they hold.

Nothing is downloaded. Checksums are the published ones, of the packed files, and those of the same files unpacked, by
which files are known however they are packed.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from simkit.errors import StoreError, show
from simkit.images import idx
from simkit.schema import Array


class Checksum(NamedTuple):
    """MD5 of a published file as it is, and unpacked."""

    packed: str
    unpacked: str


#: part -> names of the files of images and labels, as MNIST has them; then those that `simkit export` gives
NAMES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
_EXPORTED = ("image-idx3-ubyte", "label-idx1-ubyte")

#: rows of each part of MNIST, and of Fashion-MNIST
N_ROWS = {"train": 60_000, "test": 10_000}

CHECKSUMS = {
    "mnist": {
        "train-images-idx3-ubyte": Checksum("f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
        "train-labels-idx1-ubyte": Checksum("d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
        "t10k-images-idx3-ubyte": Checksum("9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
        "t10k-labels-idx1-ubyte": Checksum("ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
    },
    "fashion-mnist": {
        "train-images-idx3-ubyte": Checksum("8d4fb7e6c68d591d4c3dfef9ec88bf0d", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
        "train-labels-idx1-ubyte": Checksum("25c81989df183df01b3e8a0aad5dffbe", "9018921c3c673c538a1fc5bad174d6f9"),
        "t10k-images-idx3-ubyte": Checksum("bef4ecab320f06d8554ea6380940ec79", "8181f5470baa50b63fa0f6fddb340f0a"),
        "t10k-labels-idx1-ubyte": Checksum("bb300cfdad3c16e7a12a480ee83cd310", "15d484375f8d13e6eb1aabb0c3f46965"),
    },
}

#: what the classes of Fashion-MNIST are
CLOTHES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


@lru_cache(maxsize=2)
def images(origin: str, folder: str, part: str, sha256: str) -> tuple[Array, Array]:
    """Return images, uint8 (image, side, side), and labels, uint8 (image,); what was read last is kept.

    Parameters
    ----------
    origin : str
        ``"mnist"`` or ``"fashion-mnist"``, whose checksums are known, or ``"idx"``.
    folder : str
        Where the files are.
    part : str
        ``"train"`` or ``"test"``.
    sha256 : str
        Of the origin idx: of the unpacked files, that of images followed by that of labels.

    Raises
    ------
    StoreError
        If a file is missing, cannot be read, or is another one than it should be.
    """
    try:
        paths = _paths(origin, Path(folder), part)
    except OSError as error:
        raise StoreError(f"digits: cannot look into {show(folder)}: {error.strerror or error}") from None
    shown, named = idx.pair(*paths, n_classes=10)
    if origin == "idx":
        digest = hashlib.sha256()
        for file in (shown, named):
            digest.update(file.header)
            digest.update(file.values.data)
        if digest.hexdigest() != sha256:
            asked = f"sha256 is {sha256}" if sha256 else "sha256 is to name the data and is not given"
            there = f"of {paths[0]} and {paths[1].name} it is {digest.hexdigest()}"
            raise StoreError(f"digits: {asked}; {there}: give that if these are the data you mean")
        return shown.values, named.values
    for name, path, file in zip(NAMES[part], paths, (shown, named), strict=True):
        md5 = hashlib.md5(file.header, usedforsecurity=False)
        md5.update(file.values.data)
        if md5.hexdigest() != CHECKSUMS[origin][name].unpacked:
            raise StoreError(_other(origin, name, path, md5.hexdigest()))
    return shown.values, named.values


def _paths(origin: str, folder: Path, part: str) -> tuple[Path, Path]:
    """Return where the images and labels are."""
    if not folder.is_dir():
        found = "is not a folder" if folder.exists() else "does not exist"
        raise StoreError(f"digits: the folder {show(str(folder))} {found}; put into it {_wanted(origin, NAMES[part])}")
    for names in (NAMES[part], _EXPORTED) if origin == "idx" else (NAMES[part],):
        shown, named = (idx.find(folder, name) for name in names)
        if shown and named:
            return shown, named
    missing = [name for name in NAMES[part] if not idx.find(folder, name)]
    also = f" (or {' and '.join(_EXPORTED)}, of simkit export)" if origin == "idx" else ""
    raise StoreError(f"digits: {show(str(folder))} lacks {_wanted(origin, missing)}{also}")


def _wanted(origin: str, names: tuple[str, ...] | list[str]) -> str:
    """Return the names of files, with their checksums where they are known."""
    if origin == "idx":
        return " and ".join(names) + ", packed by gzip or not"
    sums = CHECKSUMS[origin]
    files = " and ".join(f"{name}.gz (MD5 {sums[name].packed}, unpacked {sums[name].unpacked})" for name in names)
    return f"{files}, packed or not; nothing is downloaded"


def _other(origin: str, name: str, path: Path, md5: str) -> str:
    """Return what is wrong with a file of another checksum."""
    wanted = CHECKSUMS[origin][name].unpacked
    for other, files in CHECKSUMS.items():
        for file, sums in files.items():
            if sums.unpacked == md5:
                return f"digits: {path} is {file} of {other}; {name} of {origin} is asked for"
    return f"digits: {path} has the MD5 {md5} when unpacked; {name} of {origin} has {wanted}: get it again"
