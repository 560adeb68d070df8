"""Answers this machine's own pages alone.

The server is bound to the loopback interface, which keeps other machines out. Pages of other sites run in a browser of
this machine, and must be kept out too: a name of theirs that leads to 127.0.0.1 (DNS rebinding) shows in the header
Host, and a picture or script of ours within their page in Sec-Fetch-Site.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simkit.errors import show

#: what a page may do: load from here alone, show pictures that it holds itself, and be in no frame
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


#: characters of an address at most
MAX_LENGTH = 4096


class Guard:
    """Hands requests of this machine's own pages on, and adds HEADERS to every answer."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = {f"{host}:{port}" for host in ("127.0.0.1", "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        is_begun = False

        async def guarded(message: Message) -> None:
            nonlocal is_begun
            if message["type"] == "http.response.start":
                is_begun = True
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refused = self._refused(scope)
        app: Any = self._app if refused is None else JSONResponse({"error": refused[1]}, refused[0])
        try:
            await app(scope, receive, guarded)
        except asyncio.CancelledError:  # the server ends
            if not is_begun:
                await JSONResponse({"error": "the server has been stopped"}, 503)(scope, receive, guarded)

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        """Return the status and the line of a request that is not answered, None if it is."""
        headers = Headers(scope=scope)
        if headers.get("host", "").lower() not in self._hosts:
            asked = show(headers.get("host"))
            return 403, f"this server is {' or '.join(sorted(self._hosts))}; asked for the host {asked}"
        # a link from elsewhere to the page is welcome
        is_link = headers.get("sec-fetch-mode") == "navigate" and scope["path"] == "/"
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none") and not is_link:
            return 403, "pages of other sites may use nothing of this server"
        length = len(scope["raw_path"]) + len(scope["query_string"])
        if length > MAX_LENGTH:
            return 414, f"an address has at most {MAX_LENGTH:,} characters; this has {length:,}"
        return None
