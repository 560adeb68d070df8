"""Serves the viewer to this machine until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping

from simkit.backends import AUTO
from simkit.errors import SimkitError, needed_for
from simkit.viewer import tiles
from simkit.viewer.workers import Workers

#: the port where none is asked for: one that stays the same, so that links do
PORT = 8653

HOST = "127.0.0.1"

#: bytes of a request at most, headers included
_MAX_REQUEST = 2**14


def bound(port: int) -> socket.socket:
    """Return a socket of this machine that listens on a port, 0 for any that is free; SimkitError if it is taken."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
        found.listen(64)
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            raise SimkitError(f"port {port} is in use; name another, or --port 0 for any that is free") from None
        raise SimkitError(f"cannot serve on port {port}: {error.strerror}; name another, or --port 0") from None
    return found


def serve(
    name: str,
    first: Mapping[str, Mapping[str, str]],
    *,
    n_threads: int,
    port: int = PORT,
    backend: str = AUTO,
    is_opened: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve the tiles of a name to this machine until KeyboardInterrupt, which is raised.

    Parameters
    ----------
    name : str
        Of the `tiles` of a world.
    first : mapping
        Presets before those of the tiles, which the page begins with.
    n_threads : int
        That compute.
    port : int
        0 for any that is free.
    backend : str
    is_opened : bool
        Whether a browser is told to show the page.
    tell : callable
        Is called with the address when the server answers.

    Raises
    ------
    LibraryError
        If starlette or uvicorn is not installed.
    SimkitError
        If the port is taken, or there are no such tiles.
    """
    with needed_for("the viewer"):
        import uvicorn

        from simkit.viewer.app import Viewer
    with bound(port) as listening:
        port = listening.getsockname()[1]
        shown = tiles.load(name, backend)
        # what is compiled for the first picture is, before anybody waits for it
        presets = {**first, **shown.presets, **first}
        shown.rows(shown.read(next(iter(presets.values()))), (1, 1), range(1))
        address = f"http://{HOST}:{port}/"

        class Server(uvicorn.Server):
            @contextlib.contextmanager
            def capture_signals(self) -> Iterator[None]:
                """Leave Ctrl-C to whoever called: it ends the server at once, whatever is being computed."""
                yield

            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                tell(address)
                if is_opened:
                    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

        app = Viewer(shown, Workers(n_threads), presets).app(port)
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=_MAX_REQUEST,
        )
        asyncio.run(Server(config).serve([listening]))
