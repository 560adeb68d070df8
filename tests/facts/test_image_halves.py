"""What is known of pairs of digits, in halves and in channels: which are drawn, and how they are shrunk."""

from __future__ import annotations

import hashlib
import math
import sys
import threading

import numpy as np
import pytest

import simkit
from simkit.errors import ParameterError, StoreError, UnknownNameError
from simkit.images import halves, pool
from simkit.images.digits import Digits

N, POOL, SEED = 40_000, 1500, 3

#: how a fact begins -> the test that holds it
HELD_BY = {
    "kind=same:": "test_rows_show_the_digits_of_the_pool_that_they_name",
    "kind=diff:": "test_rows_show_the_digits_of_the_pool_that_they_name",
    "kind=diff, profile=text": "test_classes_and_labels_have_their_probabilities",
    "kind=diff, profile=code": "test_independent_draws_of_a_balanced_pool",
}

KINDS = [(kind, profile) for kind in ("same", "diff") for profile in ("text", "code")]


@pytest.mark.parametrize("name", ["halves", "stack"])
def test_every_fact_has_a_test(name):
    facts = simkit.source(name).facts
    for fact in facts:
        (test,) = [test for begin, test in HELD_BY.items() if fact.startswith(begin)]
        assert callable(globals()[test])
    assert len(HELD_BY) == len(facts)


@pytest.fixture(scope="module")
def digits():
    return Digits().generate(SEED, POOL)


@pytest.fixture(scope="module", params=KINDS, ids="-".join)
def drawn(request):
    """Pairs of each kind, and the kind: as `stack` has them, whose factors are those of `halves`."""
    kind, profile = request.param
    return kind, profile, simkit.source("stack", kind=kind, profile=profile, pool=POOL).generate(SEED, N)


def far(counts, probabilities):
    """Return by how many standard deviations the worst of some counts is off."""
    n, p = np.sum(counts), np.asarray(probabilities, float)
    return (np.abs(counts - n * p) / np.sqrt(n * p * (1 - p))).max()


def test_rows_show_the_digits_of_the_pool_that_they_name(drawn, digits):
    kind, _, rows = drawn
    assert np.array_equal(rows["image"], digits["image"][rows["indices"]])
    assert np.array_equal(rows["classes"], digits["label"][rows["indices"]])
    classes = rows["classes"].astype(int)
    assert np.array_equal(rows["label"], classes[:, 0] if kind == "same" else classes.sum(axis=1) % 10)
    assert kind == "diff" or (classes[:, 0] == classes[:, 1]).all()


def test_classes_and_labels_have_their_probabilities(drawn, digits):
    """Where classes are drawn, exactly those of the paper; where digits are, those that the pool's classes have."""
    kind, profile, rows = drawn
    share = np.bincount(digits["label"], minlength=10) / POOL
    pairs = np.outer(share, share) if profile == "code" else (1 - np.eye(10)) / 90
    if kind == "same":
        pairs = np.diag(share if profile == "code" else np.full(10, 0.1))
    found = np.zeros((10, 10))
    np.add.at(found, tuple(rows["classes"].T), 1)
    if (kind, profile) == ("same", "code"):  # digit i mod n: no chance
        assert np.array_equal(rows["classes"][:, 0], digits["label"][np.arange(N) % POOL])
        return
    assert found[pairs == 0].sum() == 0
    assert far(found[pairs > 0], pairs[pairs > 0]) < 4.5  # 100 of them
    label = [sum(pairs[a, b] for a in range(10) for b in range(10) if (a + b) % 10 == s) for s in range(10)]
    if kind == "diff":
        assert far(np.bincount(rows["label"], minlength=10), label) < 4
        if profile == "text":
            assert [round(p, 5) for p in label] == [0.08889, 0.11111] * 5
        else:
            coincide = (rows["classes"][:, 0] == rows["classes"][:, 1]).sum()
            assert far([coincide, N - coincide], [np.trace(pairs), 1 - np.trace(pairs)]) < 4
            assert abs(np.trace(pairs) - 0.1) < 0.01


def test_independent_draws_of_a_balanced_pool(monkeypatch):
    """One digit of each class: a tenth of the pairs coincide, and labels are uniform."""
    images = np.arange(10, dtype=np.uint8)[:, None, None].repeat(28, 1).repeat(28, 2)
    monkeypatch.setattr(pool, "_made", lambda digits, seed, n, on: (images.copy(), np.arange(10, dtype=np.uint8)))
    monkeypatch.setattr(pool, "_kept", type(pool._kept)())
    rows = simkit.source("stack", profile="code", pool=10).generate(SEED, N)
    assert far(np.bincount(rows["label"], minlength=10), np.full(10, 0.1)) < 4
    coincide = (rows["classes"][:, 0] == rows["classes"][:, 1]).sum()
    assert far([coincide, N - coincide], [0.1, 0.9]) < 4


def test_digits_are_uniform(drawn, digits):
    """Within a class, or over the pool; and what is beside a digit in published code is of the first of its class."""
    kind, profile, rows = drawn
    sizes = np.bincount(digits["label"], minlength=10)
    of_class = 1 / (10 * sizes[digits["label"]])
    sides = rows["indices"].T
    if (kind, profile) == ("same", "code"):
        assert np.array_equal(sides[0], np.arange(N) % POOL)
        members = [np.flatnonzero(digits["label"] == digit)[: sizes.min()] for digit in range(10)]
        for digit in range(10):
            others = sides[1][rows["classes"][:, 1] == digit]
            found = np.bincount(others, minlength=POOL)
            assert found.sum() == found[members[digit]].sum()
            assert far(found[members[digit]], np.full(sizes.min(), 1 / sizes.min())) < 5  # some 1,500 of them
        return
    for side in sides:
        expected = np.full(POOL, 1 / POOL) if profile == "code" else of_class
        assert far(np.bincount(side, minlength=POOL), expected) < 5


def test_the_two_digits_are_independent_within_their_classes(drawn, digits):
    """Whether each is among the first half of its class."""
    _, _, rows = drawn
    place, half = np.empty(POOL, int), np.empty(10)
    for digit in range(10):
        members = np.flatnonzero(digits["label"] == digit)
        place[members], half[digit] = np.arange(len(members)), len(members) / 2
    is_first = place[rows["indices"]] < half[rows["classes"]]
    shares = is_first.mean(axis=0)
    both = is_first.all(axis=1).sum()
    assert far([both, N - both], [shares.prod(), 1 - shares.prod()]) < 4


@pytest.mark.parametrize(
    ("kind", "profile"),
    [pair for pair in KINDS if pair != ("same", "code")],
    ids=["same-text", "diff-text", "diff-code"],
)
def test_parts_draw_by_themselves(kind, profile):
    """A row of the test set has nothing to do with that of the training set."""
    parts = [simkit.source("stack", kind=kind, profile=profile, pool=POOL, part=part) for part in ("train", "test")]
    labels = [part.generate(SEED, 10_000)["label"] for part in parts]
    n = (labels[0] == labels[1]).sum()
    assert far([n, 10_000 - n], [0.1, 0.9]) < 5  # labels are nearly uniform


@pytest.mark.parametrize("profile", ["text", "code"])
@pytest.mark.parametrize("kind", ["same", "diff"])
def test_halves_are_the_shrunk_digits_of_the_same_pairs(kind, profile, digits):
    rows = simkit.source("halves", kind=kind, profile=profile, pool=POOL).generate(SEED, range(5, 600))
    pairs = simkit.source("stack", kind=kind, profile=profile, pool=POOL).generate(SEED, range(5, 600))
    assert all(np.array_equal(rows[name], pairs[name]) for name in ("label", "classes", "indices"))
    shrunk = (halves.text if profile == "text" else halves.code)(digits["image"])[:, :, :14]
    left, right = rows["indices"].T
    assert np.array_equal(rows["image"], np.concatenate([shrunk[left], shrunk[right]], axis=2))


def test_the_text_takes_means_of_neighbours(digits):
    images = np.concatenate([digits["image"][:50], np.random.default_rng(0).integers(0, 256, (50, 28, 28), np.uint8)])
    exact = images.reshape(100, 28, 14, 2).mean(axis=3)
    assert np.array_equal(halves.text(images)[:, :, :14], np.floor(exact + 0.5))
    assert not halves.text(images)[:, :, 14:].any()


def hard_images():
    random = np.random.default_rng(1)
    return np.concatenate(
        [
            random.integers(0, 256, (900, 28, 28), np.uint8),
            np.full((1, 28, 28), 255, np.uint8),
            random.integers(0, 2, (400, 28, 28), np.uint8) * np.uint8(255),
            random.integers(0, 256, (100, 28, 1), np.uint8).repeat(28, 2),
        ]
    )


@pytest.mark.parametrize("brightest", [255, 201])
def test_the_code_is_that_of_scikit_image_0_15(brightest):
    """Its way, step by step with SciPy: the same bytes, of images that are hard to round."""
    ndimage = pytest.importorskip("scipy.ndimage")
    images = np.minimum(hard_images(), brightest)
    blurred = ndimage.gaussian_filter(images, (0, 0, 0.5), mode="mirror")
    assert blurred.dtype == np.uint8
    axes = [np.arange(float(len(images))), np.arange(28.0), 2 * (np.arange(14) + 0.5) - 0.5]
    places = np.array(np.meshgrid(*axes, indexing="ij"))
    resized = ndimage.map_coordinates(blurred * (1 / 255), places, order=1, mode="mirror")
    assert np.array_equal(halves.code(images)[:, :, :14], np.round(resized * 255 / np.max(resized)))
    assert not halves.code(images)[:, :, 14:].any()


def test_the_code_is_near_what_scikit_image_does_today():
    """Which blurs without rounding to bytes: by one at most."""
    transform = pytest.importorskip("skimage.transform")
    images = hard_images()
    resized = transform.resize(images, (len(images), 28, 14), anti_aliasing=True)
    assert np.abs(halves.code(images)[:, :, :14] - np.round(resized * 255 / resized.max())).max() <= 1


def test_black_stays_black():
    assert not halves.code(np.zeros((3, 28, 28), np.uint8)).any()


@pytest.fixture
def counted(monkeypatch):
    """Count the digits that are made, and keep no pool of other tests."""
    monkeypatch.setattr(pool, "_kept", type(pool._kept)())
    n_made, made = [], pool._made
    monkeypatch.setattr(pool, "_made", lambda *of: (n_made.append(of[2]), made(*of))[1])
    return n_made


def test_a_pool_is_made_once_whatever_the_rows(counted):
    source = simkit.source("halves", pool=600)
    for n in (10, 100, 1000, 10_000):
        source.generate(0, n)
    assert counted == [600]


def test_threads_share_a_pool_that_is_made_once(counted):
    source, found = simkit.source("stack", pool=900), []
    interval = sys.getswitchinterval()
    try:
        sys.setswitchinterval(1e-6)
        threads = [threading.Thread(target=lambda: found.append(source.generate(1, 50))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert counted == [900]
    assert all(np.array_equal(each["image"], found[0]["image"]) for each in found)
    assert len(found) == 8


def test_few_pools_are_kept_and_those_in_use(counted):
    stack = simkit.source("stack", pool=700)
    stack.generate(0, 1)
    for seed in range(1, 5):
        simkit.source("stack", pool=700).generate(seed, 1)
        stack.generate(0, 1)
        assert len(pool._kept) <= 2
    assert counted == [700] * 5
    kept = next(iter(pool._kept.values()))
    assert not any(array.flags.writeable for array in (kept.images, kept.labels, kept.by_class, kept.starts))


@pytest.mark.parametrize("name", ["halves", "stack"])
@pytest.mark.parametrize(
    ("wrong", "error", "told"),
    [
        ({"pool": 0, "profile": "code"}, ParameterError, "'pool' takes 1 to 250,000 digits; this is 0"),
        ({"pool": 250_001}, ParameterError, "'pool' takes 320 to 250,000 digits, .*; this is 250001"),
        (
            {"origin": "sklearn"},
            ParameterError,
            "1 to 1,797 digits, as many as there are with origin=sklearn and part=t",
        ),
        ({"origin": "mnits"}, UnknownNameError, "no origin 'mnits'"),
        ({"kind": "different"}, UnknownNameError, "has no kind 'different'"),
        ({"profile": "thesis"}, UnknownNameError, "has no profile 'thesis'"),
        ({"part": "validation"}, UnknownNameError, "no part 'validation'"),
    ],
    ids=str,
)
def test_bad_parameters_are_refused(name, wrong, error, told):
    with pytest.raises(error, match=told):
        simkit.source(name, **wrong)


def test_a_small_pool_of_drawn_digits_might_lack_a_class():
    for parameters in ({"kind": "same"}, {"kind": "diff"}, {"kind": "same", "profile": "code"}):
        with pytest.raises(
            ParameterError, match=r"'pool' takes 320 to 250,000 digits, so that no class is missing; th"
        ):
            simkit.source("halves", pool=319, **parameters)
        assert len(simkit.source("halves", pool=320, **parameters).generate(0, 3)["label"]) == 3
    assert len(simkit.source("halves", profile="code", pool=1).generate(0, 3)["label"]) == 3


@pytest.mark.parametrize("kind", ["same", "diff"])
def test_a_class_that_the_pool_lacks_is_told(kind):
    """The first of scikit-learn's are 0, 1, 2 and so on."""
    source = simkit.source("stack", kind=kind, origin="sklearn", pool=9)
    with pytest.raises(
        ParameterError, match=r"stack needs digits of each class from 0 to 9; the pool of 9 has none of c.* 9"
    ):
        source.generate(0, 3)
    assert len(simkit.source("stack", kind=kind, origin="sklearn", pool=10).generate(0, 3)["label"]) == 3


def test_real_digits_are_a_pool_too():
    rows = simkit.source("stack", origin="sklearn", pool=1797).generate(0, 200)
    real = Digits(origin="sklearn").generate(0, 1797)
    assert np.array_equal(rows["image"], real["image"][rows["indices"]])
    assert math.isclose(rows["image"].mean(), real["image"].mean(), rel_tol=0.1)


def write_idx(folder, images, labels):
    """Write a folder of IDX files, and return the SHA-256 that names them."""
    folder.mkdir()
    files = {
        "train-images-idx3-ubyte": b"\0\0\x08\x03" + np.array(images.shape, ">i4").tobytes() + images.tobytes(),
        "train-labels-idx1-ubyte": b"\0\0\x08\x01" + np.array(labels.shape, ">i4").tobytes() + labels.tobytes(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return hashlib.sha256(b"".join(files.values())).hexdigest()


def test_digits_of_files_are_read_when_rows_are_made(tmp_path):
    """A pool larger than the files, and files that are missing, are told before the first row is made."""
    images = np.random.default_rng(0).integers(0, 256, (60, 28, 28), np.uint8)
    sha256 = write_idx(tmp_path / "own", images, np.arange(60, dtype=np.uint8) % 10)
    of = {"origin": "idx", "folder": str(tmp_path / "own"), "sha256": sha256.upper()}
    rows = simkit.source("stack", pool=60, **of).generate(0, 100)
    assert np.array_equal(rows["image"], images[rows["indices"]])
    assert simkit.source("stack", pool=60, **of).sha256 == sha256
    with pytest.raises(ParameterError, match="takes 1 to 60 digits, as many as there are with origin=idx"):
        simkit.source("stack", **of).load()
    for name in ("halves", "stack", "mixture"):
        absent = simkit.source(name, origin="mnist", folder=str(tmp_path / "mnist"))
        assert absent.schema()["image"].full == 255
        with pytest.raises(StoreError, match=r"does not exist; put into it train-images-idx3-ubyte.gz \(MD5 f68b"):
            simkit.generate(absent, tmp_path / "out", n=10)
    with pytest.raises(
        ParameterError, match="takes 1 to 10,000 digits, as many as there are with origin=mnist and part=t"
    ):
        simkit.source("stack", origin="mnist", folder="mnist", part="test")


def test_classes_have_the_names_of_their_set():
    source = simkit.source("halves", origin="fashion-mnist", folder="none")
    assert source.schema()["classes"].labels[9] == "ankle boot"
    assert source.schema()["label"].labels[9] == "9"
    same = simkit.source("halves", origin="fashion-mnist", folder="none", kind="same")
    assert same.schema()["label"].labels[9] == "ankle boot"
