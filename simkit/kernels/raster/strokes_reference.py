"""Strokes of a pen, in NumPy: the definition."""

from __future__ import annotations

import numpy as np

from simkit.kernels.raster import F32, LEAST_SQUARE, U8


def blend(under: U8, over: U8, opacity: U8) -> U8:
    """Return what is seen of a colour under another one of some opacity, 0..255."""
    a = opacity.astype(np.int64)
    return ((under * (255 - a) + over * a + 127) // 255).astype(np.uint8)


def strokes(images: U8, segments: F32, widths: F32, colours: U8) -> U8:
    """Paint segments with round ends; see the package's docstring."""
    height, width = images.shape[2:]
    x = np.arange(width, dtype=np.float32) + np.float32(0.5)
    y = (np.arange(height, dtype=np.float32) + np.float32(0.5))[:, None]
    for image, lines, halves, colour in zip(images, segments, widths, colours, strict=True):
        cover = np.zeros((height, width), np.float32)
        for (x0, y0, x1, y1), half in zip(lines, halves, strict=True):
            if np.isnan(x0):
                continue
            dx, dy = x1 - x0, y1 - y0
            square = dx * dx + dy * dy
            inverse = np.float32(1) / square if square > LEAST_SQUARE else np.float32(0)
            px, py = x - x0, y - y0
            along = np.clip((px * dx + py * dy) * inverse, np.float32(0), np.float32(1))
            ex, ey = px - along * dx, py - along * dy
            cover = np.maximum(cover, (half - np.sqrt(ex * ex + ey * ey)) + np.float32(0.5))
        opacity = (np.minimum(cover, np.float32(1)) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
        image[...] = blend(image, colour[:, None, None], opacity)
    return images
