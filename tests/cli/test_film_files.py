"""Films as files, read back by Pillow and by PyAV: what was drawn is in them, whole or not at all, in bounded memory."""

from __future__ import annotations

import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simkit.errors import LibraryError, ParameterError, StoreError
from simkit.figures.encoders import ENCODERS
from simkit.figures.film import _palette, check_film, draw_film
from simkit.figures.picture import Axis, Curves, Film, Frame, room
from simkit.figures.screen import screen

SIZE = (160, 192)
LAST = 500
COLOURS = np.stack([np.arange(180)] * 3, 1).astype(np.uint8)
SUFFIXES = (".gif", ".png", ".apng", ".mp4")

av = pytest.importorskip("av", reason="the extra `film` is not installed")


def boards(n, shape):
    """A disc that grows, over a soup that is the same in all frames; the last two are the same."""
    soup = np.random.default_rng(3).integers(0, 60, shape).astype(np.uint8)
    y, x = np.ogrid[: shape[0], : shape[1]]
    radius = np.hypot(y - shape[0] / 2, x - shape[1] / 2)
    return [np.where(radius < 3 + min(i, n - 2), 170, soup).astype(np.uint8) for i in range(n)]


def a_film(n=7, size=SIZE, stop=None, after=None):
    def frames():
        for i, board in enumerate(boards(n, room(size))):
            if i == stop:
                raise after
            yield Frame([board], f"frame {i}", LAST if i == n - 1 else 33, "note", x=i / n, ys=[0.5])

    curves = Curves(Axis("t", 0, 1), Axis("exponent", -1, 1), ("largest",), ((0.0, -0.5), (1.0, 0.5)))
    return Film("a title", ("board",), COLOURS, n, frames, size=size, curves=curves)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_was_drawn_is_in_the_file(tmp_path, suffix):
    out = tmp_path / f"a{suffix}"
    calls = []
    assert draw_film(a_film(), out, progress=calls.append) == (*SIZE, 7, (6 * 33 + LAST) / 1000)
    assert calls == [1] * 7
    height, _ = room(SIZE)
    wanted = [COLOURS[board] for board in boards(7, room(SIZE))]
    if suffix == ".mp4":
        with av.open(out) as film:
            stream = film.streams.video[0]
            assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
            assert stream.duration * stream.time_base == Fraction(6 * 33 + LAST, 1000), "the last frame is shown longer"
            frames = list(film.decode(video=0))
            shown = [frame.to_ndarray(format="rgb24") for frame in frames]
        assert [frame.pts * frame.time_base for frame in frames] == [Fraction(33 * i, 1000) for i in range(7)]
        for found, colours in zip(shown, wanted, strict=True):
            assert np.abs(found[:height].astype(int) - colours).mean() < 3
    else:
        with Image.open(out) as film:
            assert (film.n_frames, film.size) == (7, SIZE)
            durations, shown = [], []
            for i in range(7):
                film.seek(i)
                durations.append(film.info["duration"])
                shown.append(np.asarray(film.convert("RGB")))
        assert sum(durations) == pytest.approx(6 * 33 + LAST, abs=5), "what GIF rounds off is made up"
        drawn = [np.asarray(image.convert("RGB")) for image, _ in screen(a_film(), _palette(a_film()))]
        for found, whole, colours in zip(shown, drawn, wanted, strict=True):
            assert np.array_equal(found, whole)
            assert np.array_equal(found[:height], colours)
    assert len({found[height:].tobytes() for found in shown}) > 1, "the point on the curve moves"
    before = out.read_bytes()
    draw_film(a_film(), out)
    assert out.read_bytes() == before


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("after", [KeyboardInterrupt(), StoreError("gone"), OSError(5, "disk")])
def test_a_film_that_is_stopped_leaves_what_was_there(tmp_path, suffix, after):
    out = tmp_path / "films" / f"a{suffix}"
    out.parent.mkdir()
    out.write_bytes(b"before")
    with pytest.raises(type(after)):
        draw_film(a_film(stop=4, after=after), out)
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    assert out.read_bytes() == b"before"


@pytest.mark.parametrize("suffix", [".gif", ".apng"])
def test_memory_does_not_grow_with_the_number_of_frames(tmp_path, suffix):
    def noise(n):
        chance = np.random.default_rng(1)

        def frames():
            for i in range(n):
                yield Frame([chance.integers(0, 180, room(SIZE)).astype(np.uint8)], f"frame {i}", 33)

        return Film("noise", ("board",), COLOURS, n, frames, size=SIZE)

    def peak(n):
        tracemalloc.start()
        draw_film(noise(n), tmp_path / f"a{suffix}")
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(2)
    few, many = peak(60), peak(240)  # Python finds circles of garbage after some dozen frames
    assert (tmp_path / f"a{suffix}").stat().st_size > 180 * SIZE[0] * SIZE[1] * 0.8
    assert many < few + 20 * SIZE[0] * SIZE[1]


def test_a_film_of_one_frame(tmp_path):
    for suffix in SUFFIXES:
        assert (
            draw_film(
                Film("t", ("b",), COLOURS, 1, lambda: iter([Frame([boards(2, room(SIZE))[0]], "", 40)]), size=SIZE),
                tmp_path / f"a{suffix}",
            )[2]
            == 1
        )


def test_a_small_board_is_enlarged_and_put_in_the_middle(tmp_path):
    board = np.full((20, 30), 90, np.uint8)
    out = tmp_path / "a.png"
    draw_film(Film("t", ("b",), COLOURS, 1, lambda: iter([Frame([board], "", 40)]), size=SIZE), out)
    height, width = room(SIZE)
    grow = min(height // 20, width // 30)
    with Image.open(out) as film:
        shown = np.asarray(film.convert("RGB"))[:height, :, 0]
    y, x = np.nonzero(shown == 90)
    assert (np.ptp(y) + 1, np.ptp(x) + 1) == (20 * grow, 30 * grow)
    assert abs((y.min() + y.max() + 1) - height) <= 1
    assert abs((x.min() + x.max() + 1) - width) <= 1


def test_odd_sizes_and_sizes_that_no_film_has(tmp_path):
    check_film(Path("a.gif"), (161, 193))
    with pytest.raises(ParameterError, match=r"even number of pixels a side; this is 161x193: take 162x194, or a .gif"):
        check_film(Path("a.mp4"), (161, 193))
    for size in ((10**6, 200), (200, 10**6), (0, 200), (200, -1)):
        with pytest.raises(ParameterError, match="a film has 128 to 4,096 pixels a side; this is"):
            room(size)


def test_a_film_without_a_size_is_padded_to_an_even_one(tmp_path):
    board = np.zeros((11, 11), np.uint8)
    film = Film("t", ("b",), COLOURS, 2, lambda: iter([Frame([board], "", 40)] * 2))
    width, height, _, _ = draw_film(film, tmp_path / "a.gif")
    even = draw_film(film, tmp_path / "a.mp4")[:2]
    assert even == (width + width % 2, height + height % 2)


def test_without_av_an_mp4_is_refused_in_one_line_and_others_are_not(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(LibraryError, match="an .mp4 film needs av, which is not installed: pip install av"):
        draw_film(a_film(), tmp_path / "films" / "a.mp4")
    assert not (tmp_path / "films").exists()
    draw_film(a_film(), tmp_path / "a.gif")


def test_without_x264_an_mp4_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(av, "codecs_available", {"mpeg4"})
    with pytest.raises(LibraryError, match="needs x264"):
        check_film(Path("a.mp4"))


def test_all_ends_of_names_are_tested():
    assert set(SUFFIXES) == set(ENCODERS)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_is_one_line_and_leaves_no_film(tmp_path, monkeypatch, suffix):
    """What is buffered is written once more when the draft is closed, which fails again."""
    drafts = []

    def full(**_):
        drafts.append(Path("/dev/full").open("w+b"))  # noqa: SIM115 - closed by what is tested
        return drafts[-1]

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(StoreError, match=f"cannot write .*{suffix}: no space left on device; free some space") as error:
        draw_film(a_film(), tmp_path / f"a{suffix}")
    assert str(error.value).endswith("run the same line again"), "nothing is kept of a film"
    assert drafts[0].closed
    assert not list(tmp_path.glob(f"*{suffix}*"))
