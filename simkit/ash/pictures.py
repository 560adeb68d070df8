"""What previews show of ash: its objects in the colours of their kinds, and the way from a soup to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from simkit.ash.objects import Kind, Survey, survey
from simkit.ash.replay import Replay, replay
from simkit.errors import counted
from simkit.figures.picture import CLASS_INKS, DARK, LIGHT, U8, Colour, Film, Frame, Key, Panel, Sheet, captions, title
from simkit.store import Store

#: What colours are for. The first eight are Okabe and Ito's, with black as white and blue lightened for a dark ground;
#: tests/facts/test_colours.py holds them apart for all kinds of colour vision. Kinds that are common keep theirs.
INKS: dict[str, Colour] = {
    "xs4_33": (230, 159, 0),  # block
    "xp2_7": (86, 180, 233),  # blinker
    "xs6_696": (240, 228, 66),  # beehive
    "xs7_2596": (0, 158, 115),  # loaf
    "xs5_253": (204, 121, 167),  # boat
    "xs4_252": (213, 94, 0),  # tub
    "xs8_6996": (255, 255, 255),  # pond
    "xs6_356": (48, 120, 235),  # ship
}

#: objects of other kinds; cells of boards without a census
OTHER, UNKNOWN = (104, 108, 117), (84, 88, 97)

#: boards that are drawn larger because they are few: number of boards, side in pixels
_SIDES = ((1, 768), (4, 512), (400, 256))

#: milliseconds: of the whole way to the ash; a frame at least and most; the soup, the first ash and the last frame
_WAY, _SHORTEST, _LONGEST, _SOUP, _ASH, _LAST = 9000, 40, 200, 600, 600, 1500

#: milliseconds of a whole cycle at least, and of its frames at most
_CYCLE, _CYCLE_FRAME = 1500, 300


def labels(store: Store, rows: list[int], backend: str) -> Sheet:
    """Return boards with the cells of each kind of object in a colour, and a legend that names and counts the kinds."""
    found = survey(store, rows, n_kinds=len(INKS), backend=backend)
    return labelled(store, rows, found.masks(), found)


def labelled(store: Store, rows: list[int], masks: Iterable[U8], found: Survey) -> Sheet:
    """Return the sheet of `labels` for the masks of a survey."""
    inks = colours_of([kind.apgcode for kind in found.kinds])
    colours = np.array([DARK.paper, *inks, OTHER, UNKNOWN], np.uint8)
    texts = [
        [*caption, counted(n, "object") if n >= 0 else "no census"]
        for caption, n in zip(captions(store, rows), found.n_objects, strict=True)
    ]
    panels = [Panel(mask, colours, text) for mask, text in zip(masks, texts, strict=True)]
    side = next(side for n, side in _SIDES if len(rows) <= n)
    return Sheet(title(store), panels, _keys(found.kinds, inks, found), DARK, side)


def colours_of(apgcodes: Sequence[str]) -> list[Colour]:
    """Return a colour for each kind: its own if it has one, else one that is free."""
    free = iter([ink for apgcode, ink in INKS.items() if apgcode not in apgcodes])
    return [INKS[apgcode] if apgcode in INKS else next(free) for apgcode in apgcodes]


def _keys(kinds: Sequence[Kind], inks: Sequence[Colour], found: Survey) -> list[Key]:
    block = np.ones((3, 3), np.uint8)
    keys = [
        Key(kind.name, np.array([ink], np.uint8), kind.cells, f"{kind.n_objects:,}")
        for kind, ink in zip(kinds, inks, strict=True)
    ]
    if found.n_other:
        note = f"{found.n_other:,} · {found.n_other_kinds:,} kind{'s' if found.n_other_kinds > 1 else ''}"
        keys.append(Key("other", np.array([OTHER], np.uint8), block, note))
    n_unknown = sum(n < 0 for n in found.n_objects)
    if n_unknown:
        note = f"{n_unknown:,} board{'s' if n_unknown > 1 else ''}"
        keys.append(Key("no census", np.array([UNKNOWN], np.uint8), block, note))
    return keys or [Key("no objects", np.array([OTHER], np.uint8), 0 * block, "all boards are empty")]


def settling(store: Store, rows: list[int], backend: str) -> Film:
    """Return the film of the first row from its soup to its ash and through one cycle, in about ten seconds."""
    return film(store, rows[0], replay(store, rows[0], backend=backend))


def film(store: Store, row: int, again: Replay) -> Film:
    """Return the film of a replay."""
    which = int(store["rule"][row])
    durations = _durations(again.generations, again.settle, again.period)

    def frames() -> Iterator[Frame]:
        for generation, board, pause in zip(again.generations, again.boards(), durations, strict=True):
            stage = _stage(generation, again.settle, again.period)
            yield Frame([(board != 0).astype(np.uint8)], f"generation {generation:,}", pause, stage)

    name = f"row {row:,} · {store.schema['rule'].class_name(which)}"
    colours = np.array([LIGHT.paper, CLASS_INKS[which % len(CLASS_INKS)]], np.uint8)
    return Film(title(store), (name,), colours, len(durations), frames, theme=LIGHT)


def _stage(generation: int, settle: int, period: int) -> str:
    if not period:
        return "never settled"
    if generation < settle:
        return f"settles at {settle:,}"
    at = f" · {generation - settle:,} of {period:,}" if period > 1 else ""
    return f"ash · period {period:,}{at}"


def _durations(generations: Sequence[int], settle: int, period: int) -> list[int]:
    """Return the milliseconds of each frame, multiples of 10 as GIF has them."""
    n_way = sum(generation <= settle or not period for generation in generations)
    way = min(_LONGEST, max(_SHORTEST, _WAY // n_way))
    cycle = min(_CYCLE_FRAME, max(way, _CYCLE // max(1, len(generations) - n_way)))
    durations = [way if generation < settle or not period else cycle for generation in generations]
    durations[0] = max(durations[0], _SOUP)
    durations[n_way - 1] = max(durations[n_way - 1], _ASH)
    durations[-1] = _LAST
    return [duration // 10 * 10 for duration in durations]
