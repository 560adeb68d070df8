"""The server as a process: where it listens, what it says, and that Ctrl-C ends it whatever it computes."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

pytest.importorskip("starlette", reason="the viewer needs starlette")
pytest.importorskip("uvicorn", reason="the viewer needs uvicorn")
from walls import PLAIN, Wall

from simkit.errors import LibraryError, SimkitError
from simkit.viewer import server, tiles

#: a server of a wall whose rows take as long as they are told, as the command has it
PROGRAM = """
import sys, time
sys.path[:0] = {path!r}
from walls import Wall
from simkit.viewer import server, tiles
class Slow(Wall):
    def rows(self, asked, shape, rows):
        time.sleep(asked.n if shape != (1, 1) and asked.n > 4 else 0)
        return super().rows(asked, shape, rows)
tiles.load = lambda name, backend: Slow(backend)
try:
    server.serve("wall", {{"leaning": Wall.presets["leaning"], "mine": {{**Wall.presets["plain"], "n": "3"}}}}, n_threads=2, port=0, is_opened=False, tell=lambda text: print(text, flush=True))
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


@contextlib.contextmanager
def served() -> Iterator[tuple[subprocess.Popen[str], int]]:
    code = PROGRAM.format(path=[str(Path(__file__).parent)])
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), address
        yield process, int(address.split(":")[2].split("/")[0])
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def ask(port: int, path: str, host: str | None = None) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {host or f'127.0.0.1:{port}'}\r\nConnection: close\r\n\r\n".encode()
    )
    return connection


def answer(connection: socket.socket) -> tuple[int, bytes]:
    with connection:
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def test_it_answers_this_machine_and_ends_by_ctrl_c_while_it_computes() -> None:
    with served() as (process, port):
        assert answer(ask(port, "/"))[0] == 200
        presets = json.loads(answer(ask(port, "/about"))[1])["presets"]
        assert [preset["title"] for preset in presets] == ["leaning", "mine", "plain"]
        status, body = answer(ask(port, "/about", host="evil.example"))
        assert (status, "evil.example" in json.loads(body)["error"]) == (403, True)
        status, body = answer(ask(port, f"/picture?{urlencode({**PLAIN, 'size': '4x4'})}"))
        assert (status, body[:4]) == (200, b"\x89PNG")
        status, body = answer(ask(port, "/" + "x" * 100_000))
        assert status == 414
        if Path("/proc/net/tcp").exists():  # who listens where
            lines = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
            listening = "0A"  # others may have this port at the other end of a connection
            assert {
                place for _, place, _, state, *_ in lines if state == listening and place.endswith(f":{port:04X}")
            } == {f"0100007F:{port:04X}"}
        # a picture that takes an hour
        long = ask(port, f"/picture?{urlencode({**PLAIN, 'n': '3600', 'size': '4x4'})}")
        assert answer(ask(port, "/about"))[0] == 200  # the one before has been read by then
        process.send_signal(signal.SIGINT)
        assert process.stdout
        assert process.wait(20) == 0
        assert process.stdout.read() == "stopped\n"
        status, body = answer(long)
        assert (status, json.loads(body)) == (503, {"error": "the server has been stopped"})


def test_a_port_in_use_is_told_in_one_line() -> None:
    with server.bound(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            SimkitError, match=f"^port {port} is in use; name another, or --port 0 for any that is free$"
        ):
            server.serve("fractal", {}, n_threads=1, port=port, is_opened=False)


def test_a_port_that_may_not_be_used_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(server.socket, "socket", type("Refused", (socket.socket,), {"bind": refuse}))
    with pytest.raises(SimkitError, match="^cannot serve on port 80: Permission denied; name another, or --port 0$"):
        server.bound(80)


@pytest.mark.parametrize("library", ["starlette", "uvicorn"])
def test_a_library_that_lacks_is_told_in_one_line(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    for name in [
        name for name in sys.modules if name.startswith(("starlette.", "simkit.viewer.app", "simkit.viewer.sec"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(
        LibraryError, match=f"^the viewer needs {library}, which is not installed: pip install {library}$"
    ):
        server.serve("fractal", {}, n_threads=1, port=0, is_opened=False)


def test_the_browser_is_told_the_address_when_the_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within this process: the page that the browser is sent to is there."""
    seen: list[tuple[str, int]] = []

    def opened(address: str) -> None:
        port = int(address.split(":")[2].split("/")[0])
        seen.append((address, answer(ask(port, "/"))[0]))
        signal.pthread_kill(main, signal.SIGINT)

    main = threading.main_thread().ident or 0
    monkeypatch.setattr(webbrowser, "open", opened)
    monkeypatch.setattr(tiles, "load", lambda name, backend: Wall(backend))
    with pytest.raises(KeyboardInterrupt):
        server.serve("wall", {}, n_threads=1, port=0)
    ((address, status),) = seen
    assert status == 200
    assert address.startswith("http://127.0.0.1:")
