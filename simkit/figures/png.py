"""Pictures as PNG, in memory."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo


def encoded(picture: npt.NDArray[np.uint8], texts: Mapping[str, str], effort: int) -> bytes:
    """Return a picture, uint8 (y, x, 3) in sRGB, as PNG, with texts such as its Title; effort 1..9 makes it smaller."""
    info = PngInfo()
    for name, text in texts.items():
        info.add_itxt(name, text)
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "PNG", compress_level=effort, pnginfo=info)
    return data.getvalue()
