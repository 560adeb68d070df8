"""A page of the viewer in a real browser, without a window: what is on its canvas, and what it says."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("starlette", reason="the viewer needs starlette")
pytest.importorskip("uvicorn", reason="the viewer needs uvicorn")
from simkit.viewer.workers import pieces

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser, and is not installed")

#: names of a system's Chromium
_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

#: serves tiles as the command does, whose backend is the last argument
_PROGRAM = """
import sys
sys.path[:0] = [{folder!r}]
from simkit.viewer import server, tiles
from {module} import {tiles}
tiles.load = lambda name, backend: {tiles}(backend)
server.serve("any", {{}}, n_threads=2, port=0, is_opened=False, tell=lambda text: print(text, flush=True))
"""


@contextlib.contextmanager
def served(module: str, tiles: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Give the address of a server of tiles, and its process."""
    code = _PROGRAM.format(folder=str(Path(__file__).parent), module=module, tiles=tiles)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), address
        yield address, process
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    if _CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_api.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield found
        finally:
            found.close()


class Page:
    """A page whose canvas shows tiles.

    Attributes
    ----------
    page : of playwright
    said : list of str
        Errors and warnings on the browser's console, and exceptions of the page.
    """

    def __init__(self, browser_: Any, address: str, tiles: Any, width: int = 800, height: int = 320) -> None:
        context = browser_.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page = context.new_page()
        self.page.set_default_timeout(30_000)
        self.said: list[str] = []
        self.page.on("console", lambda one: self.said.append(one.text) if one.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self._tiles = tiles
        self.page.goto(address)
        self.until("location.search !== ''")
        self.wait()

    def until(self, is_so: str) -> None:
        """Wait for something; playwright's own way to wait is forbidden by the page's policy."""
        for _ in range(1500):
            if self.page.evaluate(is_so):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"it never came: {is_so}")

    def wait(self) -> None:
        """Wait until nothing is computed."""
        self.until("document.querySelectorAll('[aria-busy=true]').length === 0")

    def do(self, action: Callable[[], object]) -> dict[str, str]:
        """Do something that changes the address, and return the values of the new one when its picture is there."""
        before = self.page.url
        action()
        self.until(f"location.href !== {json.dumps(before)}")
        self.wait()
        return self.values

    def key(self, *names: str) -> Callable[[], None]:
        """Return what presses keys on the canvas."""

        def press() -> None:
            self.page.focus("#plane")
            for name in names:
                self.page.keyboard.press(name)

        return press

    @property
    def values(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.page.url).query))

    @property
    def pixels(self) -> np.ndarray:
        """What is on the canvas: uint8 (y, x, 3)."""
        code = (
            "() => new Promise(done => plane.toBlob(async blob => done([...new Uint8Array(await blob.arrayBuffer())])))"
        )
        return np.asarray(Image.open(io.BytesIO(bytes(self.page.evaluate(code)))).convert("RGB"))

    @property
    def box(self) -> dict[str, float]:
        return dict(self.page.locator("#plane").bounding_box())

    def expected(self, shape: tuple[int, int]) -> np.ndarray:
        """What tiles say that the address shows."""
        asked = self._tiles.read(self.values)
        return np.concatenate([self._tiles.rows(asked, shape, rows) for rows in pieces(shape, self._tiles.cost(asked))])

    def check(self) -> None:
        """Check that the canvas shows what the address says, pixel by pixel, and that nothing went wrong."""
        found = self.pixels
        np.testing.assert_array_equal(found, self.expected(found.shape[:2]))
        assert self.said == []
        assert self.page.locator("#error").is_hidden()
