"""The tiles of a package that is no part of simkit, and a client without a network, for tests of the viewer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import numpy as np

sys.path.append(str(Path(__file__).parent.parent / "worlds"))
from wallpapers.wall import Wall

PLAIN = dict(Wall.presets["plain"])


class Held(Wall):
    """A wall whose rows are computed when they are let go."""

    def __init__(self, backend: str = "auto") -> None:
        super().__init__(backend)
        self.go = threading.Event()
        self.begun: list[range] = []
        self.asked: list[Any] = []

    def rows(self, asked: Any, shape: tuple[int, int], rows: range) -> np.ndarray:
        self.begun.append(rows)
        self.asked.append(asked)
        assert self.go.wait(30), "nobody let it go"
        return super().rows(asked, shape, rows)

    def cost(self, asked: Any) -> int:
        return 2**30  # a row at a time


class Broken(Wall):
    """A wall that fails."""

    def rows(self, asked: Any, shape: tuple[int, int], rows: range) -> np.ndarray:
        raise ZeroDivisionError("no\nwall")

    def facts(self, asked: Any) -> Mapping[str, str]:
        raise ZeroDivisionError("no wall")


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


class Client:
    """Asks an application as a server would."""

    def __init__(self, app: Any, port: int) -> None:
        self._app, self._port = app, port

    async def ask(
        self,
        path: str,
        values: Mapping[str, str] | str = "",
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        closed: asyncio.Event | None = None,
    ) -> Answer:
        """Return the answer; the connection is closed at the event."""
        received = [{"type": "http.request", "body": b"", "more_body": False}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if received:
                return received.pop()
            await (closed or asyncio.Event()).wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        query = values if isinstance(values, str) else urlencode(values)
        wanted = {"host": f"127.0.0.1:{self._port}", **{name.lower(): of for name, of in (headers or {}).items()}}
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": query.encode(), "headers": [(name.encode(), of.encode()) for name, of in wanted.items()],
            "scheme": "http", "http_version": "1.1", "server": ("127.0.0.1", self._port), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        with contextlib.suppress(ZeroDivisionError):  # of Broken: the server prints it, after the answer
            await self._app(scope, receive, send)
        found = {name.decode(): of.decode() for name, of in sent[0]["headers"]}
        return Answer(sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent))

    def get(self, *args: Any, **options: Any) -> Answer:
        return asyncio.run(self.ask(*args, **options))
