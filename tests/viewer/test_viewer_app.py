"""The viewer's answers: pictures, facts, and one line for everything that is not answered."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the viewer needs starlette")
from PIL import Image
from walls import PLAIN, Answer, Broken, Client, Held, Wall

from simkit.viewer import address, app
from simkit.viewer.app import Viewer
from simkit.viewer.security import HEADERS
from simkit.viewer.tiles import Tiles
from simkit.viewer.workers import Workers

PORT = 8653


def client(tiles: Tiles | None = None, n_threads: int = 2) -> Client:
    return Client(Viewer(tiles or Wall("auto"), Workers(n_threads), Wall.presets).app(PORT), PORT)


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("cost", [1, 2**40])
def test_a_picture_is_that_of_the_tiles_in_whatever_pieces_it_is_computed(
    n_threads: int, cost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wall, "cost", lambda self, asked: cost)
    wall = Wall("auto")
    answer = client(wall, n_threads).get("/picture", {**PLAIN, "size": "37x23"})
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/png"
    expected = wall.rows(wall.read(PLAIN), (23, 37), range(23))
    np.testing.assert_array_equal(pixels(answer.content), expected)
    assert len(np.unique(expected.reshape(-1, 3), axis=0)) == 2
    assert Image.open(io.BytesIO(answer.content)).text["Source"].startswith("?slant=0%2C0&n=4&")


def test_the_page_its_files_and_what_it_is_told() -> None:
    asked = client()
    page = asked.get("/")
    assert page.status == 200
    for name in ("page", "painter", "controls", "gestures", "view", "vendor/big"):
        answer = asked.get(f"/static/{name}.js")
        assert answer.headers["content-type"].startswith("text/javascript"), name
    about = asked.get("/about").json()
    assert about["title"] == "A wall"
    assert [control["kind"] for control in about["controls"]] == ["Numbers", "Count", "Choice"]
    assert about["presets"][0] == {"title": "plain", "values": PLAIN}
    assert asked.get("/facts", PLAIN).json() == {"Ink": "blue", "Squares": "4"}


def test_every_answer_says_what_a_page_may_do() -> None:
    asked = client()
    for path in ("/", "/static/page.js", "/about", "/nothing", "/picture"):
        answer = asked.get(path)
        assert {name: answer.headers[name.lower()] for name in HEADERS} == HEADERS, path
        assert not [name for name in answer.headers if name.startswith("access-control")]


SIZE = {"size": "8x8"}

REFUSED = {
    "no size": ({**PLAIN}, "a size is WIDTHxHEIGHT in pixels, such as 1920x1080; this is ''"),
    "no number": ({**PLAIN, "size": "8xb"}, "a size is WIDTHxHEIGHT"),
    "no pixel": ({**PLAIN, "size": "0x8"}, "asked for 0 x 8"),
    "a million a side": ({**PLAIN, "size": "1000000x1000000"}, "at most 33,554,432 in all; asked for 1,000,000 x"),
    "a long side": ({**PLAIN, "size": "16385x1"}, "1 to 16,384 pixels a side"),
    "a large area": ({**PLAIN, "size": "8192x4097"}, "asked for 8,192 x 4,097"),
    "another name": ({**PLAIN, **SIZE, "colour": "1"}, "the page has no value 'colour'"),
    "a name that is close": ({**PLAIN, **SIZE, "widht": "1"}, "did you mean 'width'?"),
    "names that lack": ({"x": "0", "n": "2", **SIZE}, "the address lacks y, width, slant, ink"),
    "what tiles refuse": ({**PLAIN, **SIZE, "width": "0"}, "there is no such part of the wall"),
    "what is no number": ({**PLAIN, **SIZE, "x": "here"}, "a wall takes numbers"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_told_in_one_line(what: str) -> None:
    values, line = REFUSED[what]
    answer = client().get("/picture", values)
    assert answer.status == 400
    assert line in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("x=1&x=2", "this has 'x' twice"),
        ("x", "an address ends in ?name=value&name=value"),
        ("x=%ff", "in UTF-8"),
        ("%00=1", r"the page has no value '\x00'"),
    ],
)
@pytest.mark.parametrize("path", ["/picture", "/facts"])
def test_queries_that_are_none_are_refused_in_one_line(path: str, query: str, line: str) -> None:
    answer = client().get(path, query + ("&size=8x8" if path == "/picture" else ""))
    assert answer.status == 400
    assert line in answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("POST", "/picture", 405), ("DELETE", "/", 405), ("GET", "/static/../server.py", 404),
     ("GET", "/static/%2e%2e/server.py", 404), ("GET", "/static/", 404)],
)  # fmt: skip
def test_there_is_nothing_else(method: str, path: str, status: int) -> None:
    answer = client().get(path, method=method)
    assert answer.status == status
    assert answer.json()["error"].startswith(f"{method} /")


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1:1", "127.0.0.1", "", f"[::1]:{PORT}"]
)
@pytest.mark.parametrize("path", ["/", "/picture", "/static/page.js", "/about"])
def test_other_names_for_this_machine_are_refused(host: str, path: str) -> None:
    answer = client().get(path, headers={"Host": host})
    assert answer.status == 403
    assert answer.json()["error"].startswith(f"this server is 127.0.0.1:{PORT} or localhost:{PORT}; asked for the host")
    assert answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/picture", "/", "/nothing", "/" + "x" * 5000])
def test_long_addresses_are_refused_in_one_line(path: str) -> None:
    answer = client().get(path, {"x": "1" * 5000})
    assert answer.status == 414
    assert answer.json()["error"].startswith("an address has at most 4,096 characters; this has ")


def test_pages_of_other_sites_may_link_here_and_use_nothing() -> None:
    asked = client()
    of_another = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert asked.get("/picture", {**PLAIN, **SIZE}, headers=of_another).status == 403
    assert asked.get("/static/page.js", headers={**of_another, "Sec-Fetch-Site": "same-site"}).status == 403
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert asked.get("/", headers=link).status == 200
    assert asked.get("/picture", {**PLAIN, **SIZE}, headers=link).status == 403
    own = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Host": f"LOCALHOST:{PORT}"}
    assert asked.get("/picture", {**PLAIN, **SIZE}, headers=own).status == 200


@pytest.mark.parametrize("path", ["/picture", "/facts"])
def test_what_fails_is_told_in_one_line(path: str) -> None:
    answer = client(Broken("auto")).get(path, {**PLAIN, **(SIZE if path == "/picture" else {})})
    assert answer.status == 500
    assert answer.json()["error"].startswith("the computation failed: ZeroDivisionError: no")
    assert answer.headers["content-security-policy"]
    assert "\n" not in answer.json()["error"]


def crowd(tiles: Tiles, n_threads: int) -> tuple[Viewer, Callable[..., Coroutine[Any, Any, Answer]]]:
    """Return a viewer, and what asks it for a picture."""
    viewer = Viewer(tiles, Workers(n_threads), Wall.presets)
    asked = Client(viewer.app(PORT), PORT)

    def ask(closed: asyncio.Event | None = None, **others: str) -> Coroutine[Any, Any, Answer]:
        return asked.ask("/picture", {**PLAIN, **others}, closed=closed)

    return viewer, ask


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(3000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


def test_pictures_that_nobody_waits_for_are_not_computed() -> None:
    """A drag asks for many pictures and drops all but the last: what was not begun never is."""

    async def drag() -> None:
        wall = Held()
        viewer, ask = crowd(wall, 1)
        asking, closed = [], []
        for n in range(1, 21):
            closed.append(asyncio.Event())
            asking.append(asyncio.ensure_future(ask(closed[-1], n=str(n), size="8x64")))
        await until(lambda: viewer.n_waiting == 20)
        await until(lambda: len(wall.begun) == 1)
        for event in closed[:-1]:
            event.set()
        assert [answer.status for answer in await asyncio.gather(*asking[:-1])] == [499] * 19
        assert viewer.n_waiting == 1
        wall.go.set()
        answer = await asking[-1]
        assert answer.status == 200
        assert pixels(answer.content).shape == (64, 8, 3)
        # one row of the first, which a thread had begun, and all rows of the last
        assert [asked.n for asked in wall.asked] == [1] + [20] * 64
        assert (viewer.n_waiting, viewer.n_pixels) == (0, 0)

    asyncio.run(drag())


def test_others_come_in_between_the_pieces_of_a_large_picture() -> None:
    async def both() -> None:
        wall = Held()
        viewer, ask = crowd(wall, 2)
        large = asyncio.ensure_future(ask(n="1", size="4x200"))
        await until(lambda: len(wall.begun) == 2)
        small = asyncio.ensure_future(ask(n="2", size="4x2"))
        await until(lambda: viewer.n_waiting == 2)
        wall.go.set()
        assert (await small).status == 200
        assert (await large).status == 200
        assert max(place for place, asked in enumerate(wall.asked) if asked.n == 2) < 20

    asyncio.run(both())


def test_no_more_is_computed_at_a_time_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "MAX_PIXELS_AT_A_TIME", 1000)
    monkeypatch.setattr(app, "MAX_WAITING", 3)

    async def ask_much() -> None:
        wall = Held()
        viewer, ask = crowd(wall, 1)
        first = asyncio.ensure_future(ask(size="30x30"))
        await until(lambda: viewer.n_waiting == 1)
        answer = await ask(size="30x30")
        assert (answer.status, b"900 more are too many at a time" in answer.content) == (503, True)
        others = [asyncio.ensure_future(ask(size="1x1")) for _ in range(2)]
        await until(lambda: viewer.n_waiting == 3)
        answer = await ask(size="1x1")
        assert (answer.status, b"3 requests of 902 pixels are being computed" in answer.content) == (503, True)
        wall.go.set()
        assert [answer.status for answer in await asyncio.gather(first, *others)] == [200] * 3
        assert (viewer.n_waiting, viewer.n_pixels) == (0, 0)

    asyncio.run(ask_much())


def test_limits_are_those_that_the_page_is_told() -> None:
    about = client().get("/about").json()
    assert (about["max_pixels"], about["max_side"]) == (address.MAX_PIXELS, address.MAX_SIDE)
    assert address.size("8192x4096") == (4096, 8192)


def test_the_page_loads_nothing_from_elsewhere() -> None:
    import simkit.viewer

    static = Path(simkit.viewer.__file__).parent / "static"
    for path in static.glob("*"):
        if path.is_file():
            assert "//" not in path.read_text("utf-8").replace("// ", ""), path
