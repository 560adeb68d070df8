"""Model diversity: networks that learn the same task from the same data, and what they do inside."""

from __future__ import annotations

from dataclasses import dataclass, field

from simkit.errors import ParameterError
from simkit.registry import Study

#: side of the post's boards in cells
PUBLISHED_SIDE = 128


@dataclass(frozen=True)
class Scale:
    """How much is computed."""

    networks: int = field(default=128, metadata={"help": "Networks of the two-rule task, at least 2."})
    four_rules: int = field(default=8, metadata={"help": "Networks of the four-rule task, at least 2."})
    side: int = field(default=128, metadata={"help": "Side of the boards in cells, a multiple of 8."})
    channels: int = field(default=16, metadata={"help": "Channels of the networks."})
    boards: int = field(default=60_000, metadata={"help": "Boards of each task; four fifths are learnt from."})
    steps: int = field(default=2_200, metadata={"help": "Steps of training."})
    every: int = field(default=50, metadata={"help": "Steps between measurements while training."})
    validation: int = field(default=512, metadata={"help": "Boards of these measurements."})
    early: float = field(default=0.02, metadata={"help": "Validation error at which weights are kept on the way."})
    learn: int = field(default=2_000, metadata={"help": "Boards from which dictionaries and probes are learnt."})
    test: int = field(default=2_000, metadata={"help": "Boards on which measures are taken."})
    some: int = field(default=512, metadata={"help": "Boards of measures that take long: full grids, features."})
    seed: int = field(default=0, metadata={"help": "Seed of the networks and of all that is drawn in analyses."})

    def __post_init__(self) -> None:
        if min(self.networks, self.four_rules) < 2:
            raise ParameterError(
                f"errors need at least 2 networks of each task; asked for {self.networks} and {self.four_rules}"
            )
        if self.side < 16 or self.side % 8:
            raise ParameterError(f"sides are a multiple of 8 cells, at least 16; asked for {self.side}")
        if not 0 < self.early < 1:
            raise ParameterError(f"the early error is between 0 and 1; asked for {self.early:g}")

    def published(self, within: tuple[float, float]) -> tuple[float, float] | None:
        """Return an interval of the post's errors, None where the boards have another side than the post's.

        Smaller boards hold fewer objects and so cannot be told as well: errors on them are reported alone.
        """
        return within if self.side == PUBLISHED_SIDE else None


STUDY = Study(
    package=__name__,
    title="Diversity of networks that tell rules by ash",
    scales={
        "tiny": Scale(networks=4, four_rules=2, side=32, channels=8, boards=2_000, steps=200, every=50, validation=100,
                      early=0.42, learn=200, test=100, some=40),
        "small": Scale(networks=16, four_rules=4, side=64, boards=30_000, steps=1_600, every=100, early=0.12,
                       learn=2_000, test=1_000, some=256),
        "full": Scale(),
    },
    questions={
        "training": "Errors of the networks, and when the swap loss parts from the loss",
        "swaps": "Layers swapped and layers left out",
        "autoencoders": "What is left when the stream is replaced by one feature of each cell",
        "features": "Which objects the features of the autoencoders stand for",
        "pictures": "What features look at: patches, and their activation over a board",
        "probes": "What linear probes read off the stream",
        "logits": "What the logit is a function of: counts of objects, and objects pasted and cut",
        "weights": "Spectra of the weights",
        "four_rules": "The same with four rules",
    },
)  # fmt: skip
