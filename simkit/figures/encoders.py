"""Encoders of films, frame by frame: in memory there is one frame, however many the film has.

GIF and APNG are written block by block, each picture being compressed by Pillow; frames after the first have the part
alone that has changed. MP4 is H.264 by the library `av` (PyAV), whose wheels have x264: 4:2:0 as browsers need it,
BT.709, and a fixed number of threads, so that equal frames give equal bytes whatever the number of processors. It is
H.264 rather than AV1 or VP9, which PyAV has too, since it is played everywhere. x264 is under the GPL, version 2 or
later; simkit has none of it, and only calls it where it is installed.

Sources: GIF89a specification (CompuServe, 1990); PNG specification, third edition (W3C, 2025), for APNG.
"""

from __future__ import annotations

import io
import struct
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from simkit.errors import LibraryError, ParameterError, needed_for, show

U8 = npt.NDArray[np.uint8]

#: pictures between two whole ones of an MP4, and its quality: the smaller, the better
_GROUP, _QUALITY = 250, 20

#: threads of x264; its bytes depend on their number
_THREADS = 4


class Encoder(ABC):
    """Writes a film.

    Parameters
    ----------
    file : binary file, which can seek
    palette : uint8 (n, 3)
        What the pixels of all frames are places in; at most 256 colours.
    """

    def __init__(self, file: IO[bytes], palette: U8) -> None:
        self.file, self.palette, self.n_frames, self.milliseconds = file, palette, 0, 0

    @abstractmethod
    def add(self, pixels: U8, milliseconds: int) -> None:
        """Write a frame: uint8 (y, x), all of one size, shown for so long."""

    @abstractmethod
    def finish(self) -> None:
        """Write the end; nothing follows."""

    def image(self, pixels: U8) -> Image.Image:
        """Return pixels as an image of Pillow, with the palette."""
        image = Image.fromarray(pixels)
        image.putpalette(self.palette.tobytes())
        return image


class _Changes(Encoder):
    """Frames of which the part alone is written that is not as in the frame before."""

    def __init__(self, file: IO[bytes], palette: U8) -> None:
        super().__init__(file, palette)
        self._before: U8 | None = None

    def add(self, pixels: U8, milliseconds: int) -> None:
        """Write what has changed; a single pixel if nothing has."""
        y, x, part = 0, 0, pixels
        if self._before is not None:
            changed = pixels != self._before
            rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
            y, x = (int(rows[0]), int(columns[0])) if rows.size else (0, 0)
            bottom, right = (int(rows[-1]) + 1, int(columns[-1]) + 1) if rows.size else (1, 1)
            part = np.ascontiguousarray(pixels[y:bottom, x:right])
        self._write(part, y, x, milliseconds)
        self._before = pixels.copy()
        self.n_frames += 1
        self.milliseconds += milliseconds

    @abstractmethod
    def _write(self, part: U8, y: int, x: int, milliseconds: int) -> None:
        """Write a frame's part, whose first pixel is at (y, x)."""


class Gif(_Changes):
    """GIF, whose time has steps of 10 ms: what is rounded off a frame is made up by the next."""

    def _write(self, part: U8, y: int, x: int, milliseconds: int) -> None:
        data = io.BytesIO()
        self.image(part).save(data, "GIF", optimize=False, interlace=False)
        raw = data.getvalue()
        n_colours = 3 << 1 + (raw[10] & 7)
        at = 13 + n_colours
        if not self.n_frames:
            self.file.write(b"GIF89a" + raw[6:at] + b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")
        while raw[at] == 0x21:  # extensions: none is needed
            at += 2
            while raw[at]:
                at += 1 + raw[at]
            at += 1
        height, width = part.shape
        ticks = round((self.milliseconds + milliseconds) / 10) - round(self.milliseconds / 10)
        self.file.write(struct.pack("<BBBBHBB", 0x21, 0xF9, 4, 0b0100, ticks, 0, 0))
        self.file.write(struct.pack("<BHHHHB", 0x2C, x, y, width, height, 0))
        self.file.write(raw[at + 10 : -1])

    def finish(self) -> None:
        """Write the end."""
        self.file.write(b"\x3b")


class Apng(_Changes):
    """PNG that moves."""

    _n_chunks = 0

    def _write(self, part: U8, y: int, x: int, milliseconds: int) -> None:
        data = io.BytesIO()
        self.image(part).save(data, "PNG", compress_level=6)
        chunks = list(_chunks(data.getvalue()))
        if not self.n_frames:
            self.file.write(b"\x89PNG\r\n\x1a\n")
            for kind, body in chunks:
                if kind in (b"IHDR", b"PLTE"):
                    self._chunk(kind, body)
                if kind == b"IHDR":
                    self._place = self.file.tell()
                    self._chunk(b"acTL", struct.pack(">II", 0, 0))
        height, width = part.shape
        shown = struct.pack(">IIIIHHBB", width, height, x, y, milliseconds, 1000, 0, 0)
        self._numbered(b"fcTL", shown)
        for kind, body in chunks:
            if kind == b"IDAT" and self.n_frames:
                self._numbered(b"fdAT", body)
            elif kind == b"IDAT":
                self._chunk(kind, body)

    def finish(self) -> None:
        """Write the end, and at the beginning how many frames there are."""
        self._chunk(b"IEND", b"")
        self.file.seek(self._place)
        self._chunk(b"acTL", struct.pack(">II", self.n_frames, 0))

    def _numbered(self, kind: bytes, body: bytes) -> None:
        self._chunk(kind, struct.pack(">I", self._n_chunks) + body)
        self._n_chunks += 1

    def _chunk(self, kind: bytes, body: bytes) -> None:
        self.file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))


class Mp4(Encoder):
    """MP4 of H.264; needs `av`, and an even number of pixels a side."""

    def __init__(self, file: IO[bytes], palette: U8) -> None:
        super().__init__(file, palette)
        check_mp4()
        import av

        self._av = av
        self._container = av.open(file, "w", format="mp4", options={"fflags": "+bitexact"})
        self._stream: Any = None
        self._shown: dict[int, int] = {}

    def add(self, pixels: U8, milliseconds: int) -> None:
        """Hand a frame to the encoder."""
        av = self._av
        if self._stream is None:
            self._stream = self._container.add_stream(
                "libx264",
                rate=Fraction(1000, milliseconds),
                options={"crf": str(_QUALITY), "preset": "medium", "g": str(_GROUP), "bf": "0", "flags": "+bitexact"},
            )
            height, width = pixels.shape
            self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
            context = self._stream.codec_context
            context.time_base, context.thread_count = Fraction(1, 1000), _THREADS
            context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
            context.color_range = 1  # 16..235
        frame = av.VideoFrame.from_ndarray(self.palette[pixels], "rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        frame.pts, frame.time_base = self.milliseconds, Fraction(1, 1000)
        self._shown[self.milliseconds] = milliseconds
        self._mux(frame)
        self.n_frames += 1
        self.milliseconds += milliseconds

    def finish(self) -> None:
        """Write the frames that the encoder still has, and the table of all."""
        self._mux(None)
        self._container.close()

    def _mux(self, frame: Any) -> None:
        """Encode a frame, and write what has come out, with how long it is shown, which x264 does not pass on.

        There are no B-frames, so that the last picture is written last: its time ends the film.
        """
        for packet in self._stream.encode(frame):
            packet.duration = self._shown.pop(packet.pts)
            self._container.mux(packet)


def check_mp4() -> None:
    """Raise LibraryError unless `av` is installed, with x264."""
    with needed_for("an .mp4 film"):
        import av
    if "libx264" not in av.codecs_available:
        raise LibraryError(
            "an .mp4 film needs x264, which the installed av was built without: install av from PyPI, or name a .gif "
            "or .apng"
        )


#: end of a film's name -> what writes it
ENCODERS: Mapping[str, type[Encoder]] = {".gif": Gif, ".png": Apng, ".apng": Apng, ".mp4": Mp4}


def encoder_of(out: Path) -> type[Encoder]:
    """Return what writes a film of that name.

    Raises
    ------
    ParameterError
        If it does not end like a film's name.
    LibraryError
        If it is an .mp4, and `av` is not installed.
    """
    found = ENCODERS.get(out.suffix.lower())
    if found is None:
        raise ParameterError(
            f"a film is a .gif, an .mp4, or a .png or .apng that moves; {out} ends in {show(out.suffix or 'nothing')}"
        )
    if found is Mp4:
        check_mp4()
    return found


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and body of the chunks of a PNG picture."""
    at = 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length
