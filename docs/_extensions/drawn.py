"""The directive ``drawn FILE``: shows command lines, runs them when the site is built, and shows the picture they made.

All blocks of a page run in one folder, in the order of the page. A line that fails is an error of the page.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import OptionSpec


def run(line: str, folder: Path) -> str:
    """Run a line of shell with this Python's commands on the path; return what it printed if it failed, else ""."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    return f"{line}\n{done.stdout}{done.stderr}" if done.returncode else ""


class Drawn(SphinxDirective):
    """Command lines, and the picture that they make."""

    required_arguments = 1  # the file that the lines write
    optional_arguments = 0
    has_content = True
    option_spec: ClassVar[OptionSpec] = {"alt": str}

    def run(self) -> list[nodes.Node]:
        folder = Path(self.env.app.doctreedir).parent / "drawn" / self.env.docname
        folder.mkdir(parents=True, exist_ok=True)
        for line in self.content:
            if failed := run(line, folder):
                raise self.error(failed)
        picture = folder / self.arguments[0]
        if not picture.is_file():
            raise self.error(f"{self.arguments[0]} was not written by {self.content[-1]}")
        kept = Path(self.env.srcdir) / "generated" / "drawn" / self.env.docname
        kept.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, kept / picture.name)
        text = "\n".join(self.content)
        block = nodes.literal_block(text, text, language="sh")
        uri = f"/generated/drawn/{self.env.docname}/{picture.name}"
        image = nodes.image(uri=uri, alt=self.options.get("alt", picture.name), classes=["drawn"])
        return [block, image]


def fresh(app: Sphinx, env: Any, docname: str, source: list[str]) -> None:
    """Empty the folder of a page that is read again."""
    del env, source
    shutil.rmtree(Path(app.doctreedir).parent / "drawn" / docname, ignore_errors=True)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("drawn", Drawn)
    app.connect("source-read", lambda app, docname, source: fresh(app, app.env, docname, source))
    return {"parallel_read_safe": False}
