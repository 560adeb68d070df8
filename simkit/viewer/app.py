"""The addresses of the server: the page, what its controls are, pictures and facts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from simkit.errors import SimkitError, one_line
from simkit.figures import png
from simkit.viewer import address
from simkit.viewer.security import Guard
from simkit.viewer.tiles import Tiles
from simkit.viewer.workers import Workers

T = TypeVar("T")

_STATIC = Path(__file__).parent / "static"

#: pixels of all pictures that are computed at a time, and requests that wait, at most
MAX_PIXELS_AT_A_TIME, MAX_WAITING = 2**26, 32

#: pixels up to which a picture is for the page, and is encoded quickly
_OF_THE_PAGE = 2**22


class BusyError(SimkitError):
    """More is asked for at a time than is computed."""


class Gone(Exception):  # noqa: N818 - not an error: nobody waits for the answer
    """Whoever asked has closed the connection."""


class Viewer:
    """Answers requests about some tiles, with presets of theirs and maybe others.

    Attributes
    ----------
    n_pixels, n_waiting : int
        Pixels that are being computed, and requests that wait for them or for facts.
    """

    def __init__(self, tiles: Tiles, workers: Workers, presets: Mapping[str, Mapping[str, str]]) -> None:
        self._tiles, self._workers, self._presets = tiles, workers, presets
        self.n_pixels = self.n_waiting = 0

    def app(self, port: int) -> ASGIApp:
        """Return the server's application, for requests to this port of this machine."""
        routes = [
            Route("/", self._page),
            Route("/about", self._about),
            Route("/picture", self._picture),
            Route("/facts", self._facts),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ]
        handlers: dict[Any, Callable[[Request, Any], Any]] = {
            BusyError: partial(_refused, status=503),
            SimkitError: partial(_refused, status=400),
            HTTPException: _not_here,
            Gone: _unheard,
            Exception: _failed,
        }
        return Guard(
            Starlette(routes=routes, exception_handlers=handlers), port
        )  # outermost: no answer goes without it

    async def _page(self, request: Request) -> Response:
        del request
        return FileResponse(_STATIC / "index.html")

    async def _about(self, request: Request) -> Response:
        del request
        tiles = self._tiles
        return JSONResponse({
            "title": tiles.title,
            "controls": [{"kind": type(control).__name__, **asdict(control)} for control in tiles.controls],
            "presets": [{"title": title, "values": dict(values)} for title, values in self._presets.items()],
            "narrowest": tiles.narrowest,
            "widest": tiles.widest,
            "max_pixels": address.MAX_PIXELS,
            "max_side": address.MAX_SIDE,
        })  # fmt: skip

    async def _picture(self, request: Request) -> Response:
        values = address.read(request.scope["query_string"])
        shape = address.size(values.pop(address.SIZE, ""))
        address.check(values, self._tiles)
        asked = self._tiles.read(values)
        data = await self._answer(
            request, self._drawn(asked, shape, request.scope["query_string"]), shape[0] * shape[1]
        )
        return Response(data, media_type="image/png")

    async def _drawn(self, asked: Any, shape: tuple[int, int], query: bytes) -> bytes:
        picture = await self._workers.picture(self._tiles, asked, shape)
        texts = {"Title": self._tiles.title, "Source": f"?{query.decode('ascii')}"}
        effort = 1 if shape[0] * shape[1] <= _OF_THE_PAGE else 6
        return await self._workers.do(partial(png.encoded, picture, texts, effort))

    async def _facts(self, request: Request) -> Response:
        values = address.read(request.scope["query_string"])
        address.check(values, self._tiles)
        asked = self._tiles.read(values)
        facts = await self._answer(request, self._workers.do(partial(self._tiles.facts, asked)), 0)
        return JSONResponse(dict(facts))

    async def _answer(self, request: Request, work: Coroutine[Any, Any, T], n_pixels: int) -> T:
        """Return what some work returns; it is dropped where the browser does not wait for it any more."""
        if self.n_pixels + n_pixels > MAX_PIXELS_AT_A_TIME or self.n_waiting >= MAX_WAITING:
            work.close()
            raise BusyError(
                f"{self.n_waiting} requests of {self.n_pixels:,} pixels are being computed, and {n_pixels:,} more are "
                "too many at a time; try again when they are done"
            )
        self.n_pixels += n_pixels
        self.n_waiting += 1
        working, gone = asyncio.ensure_future(work), asyncio.ensure_future(_closed(request))
        try:
            await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise Gone
            return working.result()
        finally:
            working.cancel()
            gone.cancel()
            self.n_pixels -= n_pixels
            self.n_waiting -= 1


async def _closed(request: Request) -> None:
    """Return when the connection of a request is closed."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _refused(request: Request, error: Exception, status: int) -> Response:
    del request
    return JSONResponse({"error": str(error)}, status)


def _not_here(request: Request, error: HTTPException) -> Response:
    path, method = one_line(request.url.path, 80), request.method
    return JSONResponse({"error": f"{method} {path}: {error.detail.lower()}"}, error.status_code, error.headers)


def _unheard(request: Request, error: Exception) -> Response:
    del request, error
    return Response(status_code=499)


def _failed(request: Request, error: Exception) -> Response:
    """Tell the page; the traceback goes to the terminal."""
    del request
    return JSONResponse({"error": one_line(f"the computation failed: {type(error).__name__}: {error}")}, 500)
