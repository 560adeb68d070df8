"""Shows the pictures that `simkit.preview` returns in the examples: "boards" among the gallery's image scrapers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PIL import Image
from sphinx_gallery.scrapers import figure_rst

#: marks pictures that are shown already, since the value of an expression stays there for later blocks
_SHOWN = "shown"


def scrape(block: object, variables: dict[str, Any], conf: dict[str, Any]) -> str:
    """Save the picture that the last expression of a block is, and return what shows it; "" if it is none."""
    del block
    picture = variables["example_globals"].get("___")
    if not isinstance(picture, Image.Image) or picture.info.get(_SHOWN):
        return ""
    path = next(variables["image_path_iterator"])
    picture.save(path)
    picture.info[_SHOWN] = True
    shown: str = figure_rst([path], conf["src_dir"])
    return shown


def _get_sg_image_scraper() -> Callable[..., str]:
    """What the gallery asks a module for that its configuration names."""
    return scrape
