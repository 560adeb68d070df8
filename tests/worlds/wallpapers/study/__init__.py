"""A study in a package of its own, as anybody may write one."""

from dataclasses import dataclass, field

from simkit.registry import Study


@dataclass(frozen=True)
class Scale:
    """How much is computed."""

    papers: int = field(default=4096, metadata={"help": "Wallpapers."})
    seed: int = 0


STUDY = Study(
    package=__name__,
    title="How much ink wallpapers take",
    scales={"tiny": Scale(64), "small": Scale(512), "full": Scale()},
    questions={"ink": "Is every second cell ink?"},
)
