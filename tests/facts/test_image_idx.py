"""IDX files: what is right is read, what is not is said in one line, and no more is read than a header announces."""

import gzip
import hashlib
import shutil
import struct

import numpy as np
import pytest

import simkit
from simkit.errors import StoreError
from simkit.images import idx, mnist

TRAIN = mnist.NAMES["train"]
N = 30


def header(*lengths, kind=8, axes=None):
    return bytes([0, 0, kind, len(lengths) if axes is None else axes]) + struct.pack(f">{len(lengths)}I", *lengths)


def content(seed=0, n=N, side=28):
    """Return the bytes of a file of images and of one of labels."""
    random = np.random.default_rng(seed)
    images, labels = random.integers(0, 256, (n, side, side), np.uint8), random.integers(0, 10, n, np.uint8)
    return header(n, side, side) + images.tobytes(), header(n) + labels.tobytes()


def put(folder, *files, names=TRAIN, packed=False, dotted=False):
    folder.mkdir(exist_ok=True)
    for name, file in zip(names, files, strict=True):
        name = name.replace("-idx", ".idx") if dotted else name
        (folder / (name + ".gz" * packed)).write_bytes(gzip.compress(file) if packed else file)
    return folder


def sha256(*files):
    return hashlib.sha256(b"".join(files)).hexdigest()


def source(folder, **parameters):
    return simkit.source("digits", origin="idx", folder=str(folder), **parameters)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dotted", [False, True])
def test_images_and_labels_are_those_of_the_files(tmp_path, packed, dotted):
    files = content()
    found = source(put(tmp_path, *files, packed=packed, dotted=dotted), sha256=sha256(*files))
    assert found.n_rows() == N
    batch = found.generate(0, N)
    assert batch["image"].tobytes() == files[0][16:]
    assert batch["label"].tobytes() == files[1][8:]
    assert (batch["index"] == np.arange(N)).all()
    assert (found.generate(9, range(4, 7))["image"] == batch["image"][4:7]).all()


def test_what_is_exported_is_read_back(tmp_path):
    """The writer is another one, of simkit.interchange; both parts of the way are of the same pictures."""
    store = simkit.generate("digits", n=50, noise=20, out=tmp_path / "x.zarr")
    simkit.export(store, "idx", tmp_path / "idx", fields=["image", "label"])
    digest = sha256(*((tmp_path / "idx" / name).read_bytes() for name in ("image-idx3-ubyte", "label-idx1-ubyte")))
    batch = source(tmp_path / "idx", sha256=digest).generate(0, 50)
    assert (batch["image"] == store["image"][:]).all()
    assert (batch["label"] == store["label"][:]).all()
    halves = source(tmp_path / "idx", sha256=digest, size=14).generate(0, 50)
    assert halves["image"].shape == (50, 14, 14)


def test_the_digest_of_the_data_is_told_and_asked_for(tmp_path):
    files = content()
    put(tmp_path, *files)
    digest = sha256(*files)
    with pytest.raises(StoreError, match=f"sha256 is to name the data and is not given; of .* it is {digest}"):
        source(tmp_path).generate()
    with pytest.raises(StoreError, match=f"sha256 is {'0' * 64}; of .* it is {digest}"):
        source(tmp_path, sha256="0" * 64).generate()
    assert source(tmp_path, sha256=digest.upper()).generate()["label"].size == 1


@pytest.fixture
def known(monkeypatch):
    """Let files that were made here be those of both sets, since the real ones are not at hand."""
    files = {origin: [content(seed), content(seed + 1, 20)] for origin, seed in (("mnist", 5), ("fashion-mnist", 7))}
    for origin, parts in files.items():
        for names, part in zip(mnist.NAMES.values(), parts, strict=True):
            for name, file in zip(names, part, strict=True):
                sums = mnist.Checksum("0" * 32, hashlib.md5(file).hexdigest())
                monkeypatch.setitem(mnist.CHECKSUMS[origin], name, sums)
    monkeypatch.setattr(mnist, "N_ROWS", {"train": N, "test": 20})
    return files


@pytest.mark.parametrize("origin", ["mnist", "fashion-mnist"])
def test_mnist_is_the_files_in_a_folder(tmp_path, known, origin):
    train, test = known[origin]
    put(tmp_path, *train, packed=True)
    put(tmp_path, *test, names=mnist.NAMES["test"])
    for part, files in (("train", train), ("test", test)):
        found = simkit.source("digits", origin=origin, folder=str(tmp_path), part=part)
        assert found.generate(0, found.n_rows())["image"].tobytes() == files[0][16:]
    labels = found.schema()["label"].labels
    assert labels == (tuple("0123456789") if origin == "mnist" else mnist.CLOTHES)
    assert len(labels) == 10


def test_files_of_another_set_and_changed_files_are_told(tmp_path, known):
    clothes, digits = known["fashion-mnist"][0], known["mnist"][0]
    put(tmp_path / "a", *clothes)
    with pytest.raises(
        StoreError, match="is train-images-idx3-ubyte of fashion-mnist; train-images-idx3-ubyte of mnist"
    ):
        simkit.source("digits", origin="mnist", folder=str(tmp_path / "a")).generate()
    put(tmp_path / "b", digits[0], digits[1][:-1] + b"\0")
    wanted = mnist.CHECKSUMS["mnist"][TRAIN[1]].unpacked
    with pytest.raises(StoreError, match=f"when unpacked; train-labels-idx1-ubyte of mnist has {wanted}: get it again"):
        simkit.source("digits", origin="mnist", folder=str(tmp_path / "b")).generate()


def test_missing_files_are_named_with_their_checksums(tmp_path):
    gone = simkit.source("digits", origin="mnist", folder=str(tmp_path / "mnist"))
    assert gone.n_rows() == 60_000  # known without the files
    with pytest.raises(StoreError) as told:
        simkit.generate(gone, n=5, out=tmp_path / "x.zarr")
    assert not (tmp_path / "x.zarr").exists()
    text = str(told.value)
    assert "does not exist" in text
    assert (
        "train-images-idx3-ubyte.gz (MD5 f68b3c2dcbeaaa9fbdd348bbdeb94873, unpacked 6bbc9ace898e44ae57da46a324031adb)"
        in text
    )
    assert (
        "train-labels-idx1-ubyte.gz (MD5 d53e105ee54ea40749a09fcbcd1e9432, unpacked a25bea736e30d166cdddb491f175f624)"
        in text
    )
    assert "nothing is downloaded" in text
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(b"")
    with pytest.raises(StoreError) as told:
        simkit.source("digits", origin="fashion-mnist", folder=str(tmp_path), part="test").generate()
    assert "lacks t10k-labels-idx1-ubyte.gz (MD5 bb300cfdad3c16e7a12a480ee83cd310, unpacked 15d4" in str(told.value)
    assert "images" not in str(told.value).rpartition("lacks")[2]
    with pytest.raises(
        StoreError, match="lacks train-images-idx3-ubyte and train-labels-idx1-ubyte, packed by gzip or not"
    ):
        source(tmp_path).generate()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="is not a folder; put into it"):
        source(tmp_path / "file").generate()
    with pytest.raises(StoreError, match="too long"):
        source(tmp_path / ("x" * 300)).generate()


def test_checksums_are_of_eight_files():
    sums = [sum_ for files in mnist.CHECKSUMS.values() for checksum in files.values() for sum_ in checksum]
    assert len(set(sums)) == 16
    assert all(len(sum_) == 32 and set(sum_) <= set("0123456789abcdef") for sum_ in sums)
    names = {name for pair in mnist.NAMES.values() for name in pair}
    assert all(set(files) == names for files in mnist.CHECKSUMS.values())


def test_files_are_read_at_the_start_and_a_data_set_needs_them_no_more(tmp_path):
    files = content()
    digest = sha256(*files)
    made = source(tmp_path / "gone", sha256=digest)  # neither to make nor to describe a source
    assert made.schema()["image"].shape == (28, 28)
    assert simkit.source("digits", **made.parameters()) == made
    with pytest.raises(StoreError, match="does not exist"):
        simkit.generate(made, n=5, out=tmp_path / "x.zarr")
    assert not (tmp_path / "x.zarr").exists()
    put(tmp_path / "gone", *files)
    simkit.generate(made, n=N, out=tmp_path / "x.zarr")
    shutil.rmtree(tmp_path / "gone")
    mnist.images.cache_clear()
    store = simkit.open(tmp_path / "x.zarr")
    assert store["image"][:].tobytes() == files[0][16:]


IMAGES, LABELS = content()
PACKED = gzip.compress(IMAGES)
WRONG = {
    "empty": (b"", LABELS, "is empty; an IDX file of images begins with 00 00 08 03"),
    "short": (IMAGES[:3], LABELS, "begins with 00 00 08; an IDX file"),
    "a zip file": (b"PK\3\4" + bytes(30), LABELS, "is a zip file; an IDX file"),
    "a page": (b"<!DOCTYPE html>", LABELS, "is a web page; an IDX file"),
    "something else": (b"\x80\4\x95x", LABELS, "begins with 80 04 95 78; an IDX file"),
    "numbers": (header(2, 2, 2, kind=0x0D) + bytes(32), LABELS, "holds float32; IDX files of images hold unsigned bytes"),
    "integers": (header(2, 2, 2, kind=0x0C) + bytes(32), LABELS, "holds int32; IDX files of images"),
    "no type": (header(2, 2, 2, kind=7) + bytes(8), LABELS, "holds the unknown type 0x07"),
    "labels for images": (LABELS, LABELS, "has 1 axis, as files of labels do; one of images begins with 00 00 08 03"),
    "images for labels": (IMAGES, IMAGES, "has 3 axes, as files of images do; one of labels begins with 00 00 08 01"),
    "four axes": (header(1, 1, 2, 2) + bytes(4), LABELS, "has 4 axes; one of images begins"),
    "half a header": (IMAGES[:11], LABELS, "ends within its header"),
    "truncated": (IMAGES[:-1], LABELS, "announces 30 x 28 x 28 bytes, 23,520, and holds 23,519; get it again"),
    "header alone": (IMAGES[:16], LABELS, "announces 30 x 28 x 28 bytes, 23,520, and holds 0;"),
    "trailing": (IMAGES + b"\0", LABELS, "announces 30 x 28 x 28 bytes, 23,520, and holds 23,521;"),
    "no images": (header(0, 28, 28), header(0), "announces 0 x 28 x 28 values; files of 1 to"),
    "too many": (header(2**32 - 1, 2**32 - 1, 2**32 - 1), LABELS, "announces 4,294,967,295 x 4,294,967,295 x"),
    "not square": (header(N, 28, 27) + bytes(N * 28 * 27), LABELS, "has images of 28 x 27 pixels; square ones are needed"),
    "other counts": (IMAGES, header(N - 1) + bytes(N - 1), "has 30 images and .* 29 labels; they are not of one set"),
    "other labels": (IMAGES, header(N) + bytes([3] * 7 + [10] * 23), "has the label 10 at place 7; labels are 0 to 9"),
    "packed truncated": (PACKED[:-20], LABELS, "is a damaged gzip file \\(Compressed file ended before"),
    "packed short": (gzip.compress(IMAGES[:-9]), LABELS, "and holds 23,511; get it again"),
    "packed trailing": (gzip.compress(IMAGES + bytes(9)), LABELS, "and holds at least 23,521;"),
    "packed twice": (gzip.compress(PACKED), LABELS, "begins with 1f 8b 08 00; an IDX file of images"),
    "checksum": (PACKED[:-6] + bytes([PACKED[-6] ^ 1]) + PACKED[-5:], LABELS, "is a damaged gzip file \\(CRC check failed"),
    "garbled": (PACKED[:40] + bytes(20) + PACKED[60:], LABELS, "is a damaged gzip file"),
    "after the end": (PACKED + b"xyz", LABELS, "is a damaged gzip file \\(Not a gzipped file"),
}  # fmt: skip


@pytest.mark.parametrize(("images", "labels", "message"), WRONG.values(), ids=WRONG)
def test_wrong_files_are_refused_in_one_line(tmp_path, images, labels, message):
    put(tmp_path, images, labels)
    with pytest.raises(StoreError, match=message) as told:
        source(tmp_path).generate()
    assert "\n" not in str(told.value)


def test_what_is_no_file_is_refused(tmp_path):
    put(tmp_path, IMAGES, LABELS)
    (tmp_path / TRAIN[0]).unlink()
    (tmp_path / TRAIN[0]).mkdir()
    with pytest.raises(StoreError, match="is not a file; an IDX file of images is needed"):
        source(tmp_path).generate()


@pytest.mark.parametrize("packed", [False, True])
def test_any_damage_is_refused_or_changes_nothing_but_values(tmp_path, packed):
    """Bytes changed, cut out and put in at random: one line, or a file of the same form."""
    random = np.random.default_rng(3)
    plain = header(5, 4, 4) + random.integers(0, 256, 80, np.uint8).tobytes()
    path = tmp_path / "x"
    n_refused = 0
    for _ in range(400):
        data = bytearray(gzip.compress(plain) if packed else plain)
        at, n = random.integers(0, len(data)), random.integers(0, 5)
        data[at : at + random.integers(0, 5)] = random.integers(0, 256, n, np.uint8).tobytes()
        path.write_bytes(data)
        try:
            assert idx.read(path, 3).values.size >= 1
        except StoreError:
            n_refused += 1
    assert n_refused > (350 if packed else 200)


@pytest.mark.parametrize("folder", ["a\0b", "\udc80", "x" * 5000])
def test_what_nothing_can_be_called_is_refused(folder):
    with pytest.raises(StoreError, match="^digits: "):
        source(folder).generate()


class Counting:
    """A file that counts the bytes that are read of it."""

    def __init__(self, file):
        self.file, self.n = file, 0

    def read(self, n):
        found = self.file.read(n)
        self.n += len(found)
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()


@pytest.fixture
def counted(monkeypatch):
    """Return the unpacked files that were opened, which count what is read of them."""
    opened, real = [], gzip.open

    def counting(file):
        opened.append(Counting(real(file)))
        return opened[-1]

    monkeypatch.setattr(idx.gzip, "open", counting)
    return opened


def test_a_bomb_is_not_unpacked_beyond_what_it_announces(tmp_path, counted):
    bomb = gzip.compress(header(10, 28, 28) + bytes(2**26))
    assert len(bomb) < 2**17
    put(tmp_path, bomb, LABELS)
    with pytest.raises(StoreError, match="announces 10 x 28 x 28 bytes, 7,840, and holds at least 7,841"):
        source(tmp_path).generate()
    assert counted[0].n == 16 + 7840 + 1


def test_of_what_announces_too_much_nothing_is_unpacked(tmp_path, counted):
    (tmp_path / f"{TRAIN[0]}.gz").write_bytes(gzip.compress(header(2**20, 32, 33) + bytes(2**20)))
    (tmp_path / TRAIN[1]).write_bytes(LABELS)
    with pytest.raises(StoreError, match="announces 1,048,576 x 32 x 33 values; files of 1 to 1,073,741,824 values"):
        source(tmp_path).generate()
    assert counted[0].n == 16


def test_of_a_plain_file_of_another_length_no_value_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(idx, "_values", lambda *_: pytest.fail("values were read"))
    path = tmp_path / "x"
    path.write_bytes(header(1000, 28, 28) + bytes(99))
    with pytest.raises(StoreError, match="announces 1,000 x 28 x 28 bytes, 784,000, and holds 99"):
        idx.read(path, 3)
