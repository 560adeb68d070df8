"""Tiles and sprites of the game `platformer`, drawn by hand: a tile is 10 pixels a side, a letter is a colour.

Coin, enemies, saws and crates differ in brightness and in outline, and not in hue alone: a bright disc with a dark rim,
a dark dome with a light rim and white eyes, a grey wheel with teeth, and a square with a light cross.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from simkit.kernels.platformer import KINDS, N_THEMES, U8

#: pixels of a tile as it is drawn, and of a sprite: across, down
_TILE, _WIDE, _HIGH = 10, 12, 14

Colour = tuple[int, int, int]

#: letters of tiles -> colours of the four themes: a meadow by day, a desert at dusk, snow by night, a cave
_THEMES: dict[str, tuple[Colour, Colour, Colour, Colour]] = {
    "a": ((150, 203, 240), (250, 206, 152), (52, 66, 116), (74, 58, 84)),
    "b": ((124, 183, 232), (243, 180, 134), (42, 54, 100), (62, 48, 72)),
    "c": ((98, 161, 219), (226, 150, 124), (33, 43, 84), (52, 40, 60)),
    "d": ((75, 138, 202), (198, 120, 118), (26, 34, 69), (43, 33, 50)),
    "w": ((250, 252, 255), (255, 226, 190), (214, 226, 250), (120, 104, 128)),
    "v": ((216, 232, 246), (240, 196, 160), (120, 136, 186), (90, 76, 100)),
    "p": ((44, 112, 48), (72, 108, 62), (30, 78, 84), (176, 92, 60)),
    "q": ((84, 158, 62), (110, 146, 78), (58, 118, 116), (226, 190, 160)),
    "f": ((255, 120, 160), (214, 50, 80), (160, 224, 250), (96, 216, 214)),
    "g": ((98, 178, 62), (240, 212, 140), (240, 247, 253), (112, 156, 92)),
    "h": ((66, 136, 46), (216, 176, 104), (190, 208, 232), (78, 118, 70)),
    "e": ((136, 92, 56), (190, 134, 80), (92, 100, 132), (104, 86, 84)),
    "x": ((112, 72, 42), (164, 110, 62), (74, 82, 112), (84, 68, 68)),
    "s": ((158, 148, 136), (222, 182, 128), (146, 156, 186), (142, 130, 128)),
    "t": ((118, 108, 98), (150, 104, 66), (108, 118, 150), (112, 100, 100)),
    "r": ((186, 92, 66), (172, 100, 84), (112, 134, 178), (136, 112, 130)),
    "o": ((116, 58, 46), (108, 60, 56), (66, 82, 124), (84, 68, 82)),
    "k": ((88, 52, 22), (82, 48, 28), (62, 44, 40), (58, 38, 26)),
    "y": ((166, 110, 58), (156, 98, 58), (132, 96, 74), (130, 90, 56)),
    "z": ((222, 176, 112), (222, 172, 116), (206, 172, 140), (204, 160, 112)),
    "l": ((255, 236, 140),) * 4,
    "m": ((238, 104, 24),) * 4,
    "n": ((184, 52, 14),) * 4,
}  # fmt: skip

#: kind of tile -> its picture, lines from the top
_TILES = {
    "cloud": """cccccccccc cccccccccc ccccwwcccc cccwwwwccc ccwwwwwwwc
        cwwwwwwwww cvvwwwwvvv ccvvvvvvcc cccccccccc cccccccccc""",
    "plant": """aaaaaaaaaa aaaaaaaaaa aaaaaaaaaa aaaaqqaaaa aaaqqqqaaa
        aqqpqqqqaa qqqqppqqqa qpqqqqpqqq qqppqqqqpq pqqqppqqpp""",
    "flower": """aaaaaaaaaa aaaaaaaaaa aaffaaaaaa afllfaaaaa affffaafaa
        aaffaafffa aapaaaafaa paapaaapaa apapaaapap aappaaappa""",
    "lava's surface": """aaaaaaaaaa aaaaaaaaaa llaaallaaa mmllmmmmll mmmmmmmmmm
        mmmmmmmmmm mnmmmmmlmm mmmmmmmmmm mmmmnmmmmm mlmmmmmmnm""",
    "lava": """mmmmmmmmmm mmnnmmmmmm mmmmmmmnmm mmmmmmmmmm nmmmmlmmmm
        mmmmmmmmmn mmmnnmmmmm mmmmmmmmmm mmmmmmnnmm mlmmmmmmmm""",
    "turf": """gggggggggg gggggggggg ghggghgggg hghghhhggh hhhehehhhe
        ehexeehexe eeeeeeeeee eexeeeexee eeeeeeeeee exeeexeeee""",
    "earth": """eeeeeeeeee eexeeeeeex eeeeexeeee eeeeeeeeee xeeeeeexee
        eeeexeeeee eeeeeeeeee eexeeeeexe eeeeexeeee eeeeeeeeee""",
    "stone": """eeeeeeeeee eesssseeex esssssssee essssssste esssssstte
        xsstsssttx eettttttee eexttttexe eeeexeeeee eeeeeeeeee""",
    "brick": """rrrrorrrrr rrrrorrrrr rrrrorrrrr oooooooooo rrrrrrrrro
        rrrrrrrrro rrrrrrrrro oooooooooo rrrrorrrrr oooooooooo""",
    "crate": """kkkkkkkkkk kzyyyyyyzk kyzzyyzzyk kyyzzzzyyk kyyyzzyyyk
        kyyyzzyyyk kyyzzzzyyk kyzzyyzzyk kzyyyyyyzk kkkkkkkkkk""",
    "plank": """zzzzzzzzzz zyyzyyyzyy yyyyyyyyyy yykyyyykyy yyyyyyyyyy
        kkkkkkkkkk xkxxkxxkxx kyykyykyyk yyyyyyyyyy kkkkkkkkkk""",
}  # fmt: skip

#: letters of sprites -> colours; a point is nothing
_INKS: dict[str, Colour] = {
    "H": (246, 244, 236), "N": (190, 44, 60), "F": (255, 208, 164), "K": (24, 22, 34), "W": (255, 255, 255),
    "R": (226, 60, 70), "B": (20, 104, 118), "C": (38, 146, 156), "D": (34, 36, 66), "P": (66, 22, 92),
    "Q": (188, 128, 226), "G": (212, 218, 228), "S": (126, 132, 146), "Y": (255, 214, 10), "O": (226, 156, 0),
    "L": (255, 250, 200), "U": (96, 58, 0),
}  # fmt: skip

_HEAD = """....HHHHHH.. ...HHHHHHHH. ..NNNNNNNNNN ..NNNNNNNNNN ..FFFFKKFF.. ..FFFFKKFF.. ..FFFFFFFFF. ..FFFFFFFF.."""
_DOME = """............ ............ ............ ............ ....QQQQ.... ..QQPPPPQQ.. .QPPPPPPPPQ. .QPPPPPPPPQ.
           QPWWPPPPWWPQ QPKWPPPPKWPQ QPPPPPPPPPPQ QPPPPPPPPPPQ"""

#: pictures of sprites, lines from the top; the sprite looks to the right, and stands on the last line
_SPRITES = (
    ("stand", f"""{_HEAD} ..RRRRRRRR.. RRRRRRRRRR.. ..BBCCCCBB.. .FBBCCCCBBF. ..DDD..DDD.. ..DDD..DDDD."""),
    ("stride", f"""{_HEAD} ..RRRRRRRR.. RRRRRRRRRR.. R.BBCCCCBBFF ..BBCCCCBBFF .DDDD..DDDD. DDDD....DDDD"""),
    ("pass", f"""{_HEAD} ..RRRRRRRR.. RRRRRRRRRR.. RRBBFFCCBB.. ..BBFFCCBB.. ...DDDDDD... ...DDDDDDD.."""),
    ("leap", f"""{_HEAD} RRRRRRRRRRFF RR.RRRRRRRFF FFBBCCCCBB.. FFBBCCCCBBDD ..DDDD..DDDD DDDD........"""),
    ("coin", """............ ............ ............ ....UUUU.... ..UUYYYYUU.. ..UYLLYYYU.. .UYLLYYYYOU. .UYLYYYYYOU.
                .UYYYYYYYOU. .UYYYYYYOOU. ..UYYYYOOU.. ..UUYOOOUU.. ....UUUU.... ............"""),
    ("enemy", f"""{_DOME} QPPPPPPPPPPQ .PPP....PPP."""),
    ("enemy's other foot", f"""{_DOME} QPPPPPPPPPPQ PPP..PPP..PP"""),
    ("saw", """............ ............ ............ ............ ..GG.GG.GG.. ..GGGGGGGGG. .GGSSSSSSGG. GGSSSSSSSSGG
               .GSSKKKKSSG. GGSSKKKKSSGG .GSSSSSSSSG. GGGSSSSSSGGG ..GGGGGGGG.. ..GG.GG.GG.."""),
    ("saw, turned", """............ ............ ............ ............ ....GG..GG.. .GGGGGGGGG.. GGGSSSSSSGG.
                       .GSSSSSSSSGG GGSSKKKKSSG. .GSSKKKKSSGG GGSSSSSSSSG. .GGSSSSSSGGG ..GGGGGGGGG. ...GG..GG..."""),
)  # fmt: skip

#: places in the atlas of sprites: four that look to the right, the same to the left, and the others
STAND, STRIDE, PASS, LEAP, LEFT, COIN, ENEMY, SAW = 0, 1, 2, 3, 4, 8, 9, 11


@cache
def tiles(scale: int) -> U8:
    """Return the atlas of tiles, 5 `scale` pixels a side: uint8 (tile, channel, y, x)."""
    skies = {"sky": "a", "high sky": "b", "higher sky": "c", "highest sky": "d"}
    found = []
    for kind in KINDS:
        letters = np.full((_TILE, _TILE), skies[kind]) if kind in skies else _letters(_TILES[kind], _TILE, _TILE)
        for theme in range(N_THEMES):
            colours = {letter: of_themes[theme] for letter, of_themes in _THEMES.items()}
            found.append(_coloured(letters, colours))
    atlas = np.stack(found)
    opacity = np.full_like(atlas[:, :1], 255)
    return _scaled(np.concatenate((atlas, opacity), axis=1), scale)[:, :3].copy()


@cache
def sprites(scale: int) -> U8:
    """Return the atlas of sprites, 6 `scale` pixels across and 7 `scale` down: uint8 (sprite, channel + 1, y, x)."""
    found = []
    for _, text in _SPRITES:
        letters = _letters(text, _HIGH, _WIDE)
        opacity = np.where(letters == ".", 0, 255).astype(np.uint8)
        found.append(np.concatenate((_coloured(letters, {".": (0, 0, 0), **_INKS}), opacity[None])))
    drawn = np.stack(found)
    return _scaled(np.concatenate((drawn[:LEFT], drawn[:LEFT, :, :, ::-1], drawn[LEFT:])), scale)


@cache
def coin_spans(scale: int) -> tuple[tuple[int, int, int], ...]:
    """Return row, first and end column of what is seen of a coin within its sprite, which has no gaps."""
    opacity = sprites(scale)[COIN, -1]
    return tuple(
        (row, int(seen.min()), int(seen.max()) + 1)
        for row, line in enumerate(opacity)
        if (seen := np.flatnonzero(line)).size
    )


def _letters(text: str, height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.str_]]:
    found = np.array([list(line) for line in text.split()])
    if found.shape != (height, width):
        raise ValueError(f"a picture of {found.shape} letters where {height} x {width} are wanted: {text}")
    return found


def _coloured(letters: np.ndarray[tuple[int, ...], np.dtype[np.str_]], colours: dict[str, Colour]) -> U8:
    table = np.array([[colours[letter] for letter in line] for line in letters.tolist()], np.uint8)
    return table.transpose(2, 0, 1)


def _scaled(pictures: U8, scale: int) -> U8:
    """Return pictures (..., channel + 1, y, x) with `scale` pixels for every two: means, weighted by opacity."""
    large = pictures.repeat(scale, axis=-2).repeat(scale, axis=-1).astype(np.int64)
    *more, height, width = large.shape
    parts = large.reshape(*more, height // 2, 2, width // 2, 2)
    colours, opacity = parts[:, :-1], parts[:, -1:]
    weights = opacity.sum(axis=(-3, -1))
    means = ((colours * opacity).sum(axis=(-3, -1)) + weights // 2) // np.maximum(weights, 1)
    return np.concatenate((means, (weights + 2) // 4), axis=1).astype(np.uint8)
