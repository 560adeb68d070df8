"""noise: pairs of frames whose pixels are normal numbers, as observations that show nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.errors import UnknownNameError
from simkit.images.thesis import CITATION, PROFILES
from simkit.kernels import philox
from simkit.schema import Batch, Field, Schema

PAIRS = ("different", "same")


@final
@dataclass(frozen=True)
class Noise(Source):
    """Transitions from a frame of noise to another, or to the same one: what a reward model makes of them is its own.

    Each value of each channel is drawn from N(1/2, 1). By the text of the thesis it is then clipped to 0..1, by its
    code (profile=code) it is not. Values are float32, 0 to 1 for black to full brightness, as a loader gives pixels of
    other sets: rounding them to bytes would make others of them.
    """

    name: ClassVar[str] = "noise"
    version: ClassVar[int] = 1
    title: ClassVar[str] = "pairs of frames of normal noise, the two different or the same"
    tiny: ClassVar[dict[str, object]] = {"size": 3}
    kernels: ClassVar = (philox.KERNEL,)
    facts: ClassVar[tuple[str, ...]] = (
        "By the text, a value is 0 with probability 0.3085375, and 1 with the same.",
        "By the text, the mean is 1/2 and the variance 0.1851284; by the code they are 1/2 and 1.",
        "The two frames of a pair are independent, or equal with pair=same.",
    )
    citation: ClassVar[str] = f"{CITATION}, section 5.5"
    block_rows: ClassVar[int] = 64

    profile: str = param("text", "text = values are clipped to 0..1, code = they are not")
    pair: str = param("different", "different = two frames of noise, same = the same one twice")
    size: int = param(64, "pixels of a side, 1..1024")

    def validate(self) -> None:
        UnknownNameError.check("profile", self.profile, PROFILES, self.name)
        UnknownNameError.check("pair", self.pair, PAIRS, self.name)
        if not 1 <= self.size <= 1024:
            self.refuse("size", "1 to 1,024 pixels", self.size)

    def schema(self) -> Schema:
        axes = ("channel", "y", "x"), (3, self.size, self.size)
        limits = "0 to 1" if self.profile == "text" else "not clipped"
        return Schema(
            frame=Field("float32", f"red, green, blue, {limits}", *axes),
            next_frame=Field("float32", "the frame after it", *axes),
        )

    def rows(self, seed: int, rows: range, on: Kernels) -> Batch:
        index, shape = on.row_numbers(rows), (-1, 3, self.size, self.size)

        def frames(stream: int) -> Any:
            values = on.philox.normals(seed, index, stream, 3 * self.size * self.size) + 0.5
            if self.profile == "text":
                values = np.clip(values, 0.0, 1.0)
            return values.astype(np.float32).reshape(shape)

        first = frames(0)
        return {"frame": first, "next_frame": first if self.pair == "same" else frames(1)}
