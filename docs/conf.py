"""The documentation's site: ``sphinx-build -W --keep-going docs SITE`` draws its pictures and writes its reference."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_extensions")]

import simkit  # noqa: E402

project = "simkit"
author = "the authors of simkit"
copyright = author  # noqa: A001 - Sphinx's name
version = release = simkit.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "drawn",
    "reference",
]
exclude_patterns = ["_build", "_extensions", "examples", "generated/**/*.ipynb", "sg_execution_times.rst"]

# pages in Markdown: links to headings, definition lists of fields, no network
myst_enable_extensions = ["colon_fence", "dollarmath", "attrs_inline"]
myst_heading_anchors = 3

# the API: signatures as they are written, and docstrings in NumPy's style
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False

# examples are plain scripts, run whenever the site is built
sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "generated/examples",
    "filename_pattern": r"\.py$",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "image_scrapers": ("matplotlib", "boards"),
    "ignore_repr_types": r"PIL\.|matplotlib",
    "capture_repr": ("_repr_html_", "__repr__"),
    "plot_gallery": True,
}

html_theme = "pydata_sphinx_theme"
html_title = "simkit"
smartquotes = False  # --n is an option, not a dash
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {
    "logo": {"text": "simkit"},
    "navbar_align": "left",
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
}
