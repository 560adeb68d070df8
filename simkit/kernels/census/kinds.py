"""The fixed list of kinds that are counted, common names, and the number that stands for an apgcode."""

from __future__ import annotations

import hashlib

#: an object without a plane pattern: it goes round the torus, or meets its own image across the edges
TORUS = "zz_torus"

#: Column ``k`` of the counts. 0 is everything that is not in the list, so that a row's sum is its number of objects.
#: The commonest in 16,000 boards of ash of B3/S23, B36/S23, B38/S23 and B3/S238, then famous ones.
#: The order never changes; a new kind goes at the end.
KINDS: tuple[str, ...] = (
    "other",
    TORUS,
    "xs4_33",
    "xp2_7",
    "xs6_696",
    "xs7_2596",
    "xs5_253",
    "xs4_252",
    "xs8_6996",
    "xs6_356",
    "xs7_25ac",
    "xp2_7e",
    "xs6_25a4",
    "xs12_g8o653z11",
    "xs8_69ic",
    "xp2_318c",
    "xs6_39c",
    "xs14_g88m952z121",
    "xs12_4alla4",
    "xs7_178c",
    "xp3_co9nas0san9oczgoldlo0oldlogz1047210127401",
    "xs8_25ak8",
    "xp10_9hr",
    "xs8_35ac",
    "xs8_3pm",
    "xs14_69bqic",
    "xs6_bd",
    "xs9_31ego",
    "xs14_g88b96z123",
    "xs10_g8o652z01",
    "xs9_178ko",
    "xs16_g88m996z1221",
    "xp7_13090c8",
    "xs9_4aar",
    "xs8_312ko",
    "xs11_g0s453z11",
    "xs9_25ako",
    "xs12_raar",
    "xs8_178k8",
    "xs11_g8o652z11",
    "xq4_153",
    "xs10_32qr",
    "xs11_69lic",
    "xs10_35ako",
    "xs7_3lo",
    "xp2_2a54",
    "xp15_4r4z4r4",
    "xp8_gk2gb3z11",
    "xq4_6frc",
    "xq4_27dee6",
    "xq4_27deee6",
)

#: apgcode -> common name in English (LifeWiki)
NAMES: dict[str, str] = {
    TORUS: "round the torus",
    "xs4_33": "block",
    "xp2_7": "blinker",
    "xs6_696": "beehive",
    "xs7_2596": "loaf",
    "xs5_253": "boat",
    "xs4_252": "tub",
    "xs8_6996": "pond",
    "xs6_356": "ship",
    "xs7_25ac": "long boat",
    "xp2_7e": "toad",
    "xs6_25a4": "barge",
    "xs12_g8o653z11": "ship-tie",
    "xs8_69ic": "mango",
    "xp2_318c": "beacon",
    "xs6_39c": "aircraft carrier",
    "xs14_g88m952z121": "half-bakery",
    "xs7_178c": "eater 1",
    "xp3_co9nas0san9oczgoldlo0oldlogz1047210127401": "pulsar",
    "xs8_25ak8": "long barge",
    "xs8_35ac": "long ship",
    "xs8_3pm": "shillelagh",
    "xs14_69bqic": "paperclip",
    "xs6_bd": "snake",
    "xs9_31ego": "integral sign",
    "xs14_g88b96z123": "big S",
    "xs10_g8o652z01": "boat-tie",
    "xs9_178ko": "trans-boat with tail",
    "xs16_g88m996z1221": "bi-pond",
    "xs9_4aar": "hat",
    "xs8_312ko": "canoe",
    "xs11_g0s453z11": "elevener",
    "xs9_25ako": "very long boat",
    "xs12_raar": "table on table",
    "xs8_178k8": "tub with tail",
    "xs11_g8o652z11": "boat-ship-tie",
    "xq4_153": "glider",
    "xs10_32qr": "block on table",
    "xs10_35ako": "very long ship",
    "xs7_3lo": "python",
    "xp2_2a54": "clock",
    "xp15_4r4z4r4": "pentadecathlon",
    "xp8_gk2gb3z11": "figure eight",
    "xq4_6frc": "lightweight spaceship",
    "xq4_27dee6": "middleweight spaceship",
    "xq4_27deee6": "heavyweight spaceship",
    "xs10_178kk8": "beehive with tail",
    "xs10_69ar": "loop",
    "xs14_69bo8a6": "fourteener",
    "xs18_rhe0ehr": "dead spark coil",
    "xp2_rhewehr": "spark coil",
    "xp2_31ago": "tripole",
    "xp4_37bkic": "mold",
    "xp8_4b23021eaz57840c4d2": "Kok's galaxy",
    "xp14_j9d0d9j": "tumbler",
}

KIND_OF = {code: kind for kind, code in enumerate(KINDS)}


def kind_of(apgcode: str) -> int:
    """Return the index of an apgcode in KINDS, 0 if it is not there."""
    return KIND_OF.get(apgcode, 0)


def hash_of(apgcode: str) -> int:
    """Return the number that stands for an apgcode in stored tables: BLAKE2b of 8 bytes, little endian (0..2**64-1)."""
    return int.from_bytes(hashlib.blake2b(apgcode.encode(), digest_size=8).digest(), "little")


def name_of(apgcode: str) -> str:
    """Return the common name of an apgcode, or the apgcode if it has none."""
    return NAMES.get(apgcode, apgcode)
