"""Every control of the page, in a real browser: after each, the canvas shows what the address says, pixel by pixel."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pages
import pytest
from pages import Page
from PIL import Image
from walls import PLAIN, Wall

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with pages.browser() as found:
        yield found


@pytest.fixture(scope="module")
def address(chromium: Any) -> Iterator[str]:
    with pages.served("walls", "Wall") as (found, _):
        yield found


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Page]:
    found = Page(chromium, address, Wall("auto"))
    yield found
    assert found.said == []
    found.page.context.close()


def test_the_page_begins_with_the_whole_first_preset(page: Page) -> None:
    height, width, _ = page.pixels.shape
    assert page.values == {**PLAIN, "width": str(4 * width / height)} == {**PLAIN, "width": "5.75"}
    assert page.page.title() == "A wall - simkit"
    assert page.page.locator("#preset").input_value() == "plain"
    assert page.page.locator("#facts").inner_text().split() == ["Ink", "blue", "Squares", "4"]
    assert len(np.unique(page.pixels.reshape(-1, 3), axis=0)) == 2
    page.check()


def test_a_drag_moves_the_plane_with_the_pointer(page: Page) -> None:
    box, mouse = page.box, page.page.mouse
    x, y = box["x"] + 100, box["y"] + 100

    def drag() -> None:
        mouse.move(x, y)
        mouse.down()
        for step in range(1, 11):
            mouse.move(x + 8 * step, y + 4 * step)
        mouse.up()

    before = page.values
    after = page.do(drag)
    unit = Decimal(before["width"]) / Decimal(box["width"])
    assert float(Decimal(after["x"]) + 80 * unit) == pytest.approx(0, abs=1e-9)
    assert float(Decimal(after["y"]) - 40 * unit) == pytest.approx(0, abs=1e-9)
    assert after["width"] == before["width"]
    page.check()


def test_while_it_is_dragged_the_old_picture_is_shifted_at_once(page: Page) -> None:
    """Before any answer: the server is not asked until the browser has painted."""
    page.page.route("**/picture?*", lambda route: None)  # no answer
    box, mouse, before = page.box, page.page.mouse, page.pixels
    mouse.move(box["x"] + 100, box["y"] + 100)
    mouse.down()
    mouse.move(box["x"] + 130, box["y"] + 80)
    after = page.pixels
    np.testing.assert_array_equal(after[:-20, 30:], before[20:, :-30])
    assert page.page.locator("#plane").get_attribute("aria-busy") == "true"
    mouse.up()


def test_a_drag_asks_for_one_picture_at_a_time(page: Page) -> None:
    page.page.evaluate("""() => {
        const real = fetch;
        window.asked = {n: 0, now: 0, most: 0};
        window.fetch = async (...all) => {
            asked.n += 1, asked.now += 1, asked.most = Math.max(asked.most, asked.now);
            try { return await real(...all); } finally { asked.now -= 1; }
        };
    }""")
    box, mouse = page.box, page.page.mouse

    def drag() -> None:
        mouse.move(box["x"] + 50, box["y"] + 50)
        mouse.down()
        for step in range(100):
            mouse.move(box["x"] + 50 + step, box["y"] + 50 + step)
        mouse.up()

    page.do(drag)
    asked = page.page.evaluate("asked")
    assert asked["n"] >= 2
    assert asked["most"] <= 2  # a picture and, after the drag, the facts
    page.check()


def test_the_wheel_zooms_about_the_pointer(page: Page) -> None:
    box, before = page.box, page.values
    across, down = 0.25, -0.1
    page.page.mouse.move(box["x"] + box["width"] * (0.5 + across), box["y"] + box["height"] / 2 + box["width"] * down)
    for turn in (-240, -480, 240):
        after = page.do(lambda turn=turn: page.page.mouse.wheel(0, turn))
        was, now = (float(of["width"]) for of in (before, after))
        assert now == pytest.approx(was * 2 ** (turn / 240))
        assert float(after["x"]) + across * now == pytest.approx(float(before["x"]) + across * was, abs=1e-9)
        assert float(after["y"]) - down * now == pytest.approx(float(before["y"]) - down * was, abs=1e-9)
        before = after
        page.check()


def test_two_fingers_zoom(page: Page) -> None:
    """Pointers as a touch screen has them; the points under both stay."""
    code = """([x, y]) => {
        const send = (type, pointerId, dx) => plane.dispatchEvent(new PointerEvent(type,
            {pointerId, pointerType: "touch", button: 0, clientX: x + dx, clientY: y, bubbles: true}));
        plane.setPointerCapture = () => {};
        send("pointerdown", 1, -20); send("pointerdown", 2, 20);
        for (let d = 20; d <= 40; d += 4) { send("pointermove", 1, -d); send("pointermove", 2, d); }
        send("pointerup", 1, -40); send("pointerup", 2, 40);
    }"""
    box, before = page.box, page.values
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    after = page.do(lambda: page.page.evaluate(code, middle))
    assert float(after["width"]) == pytest.approx(float(before["width"]) / 2, rel=1e-6)
    assert float(after["x"]) == pytest.approx(0, abs=1e-6)
    page.check()


def test_keys_move_zoom_double_and_show_the_whole(page: Page) -> None:
    first = page.values
    width = float(first["width"])
    found = page.do(page.key("ArrowRight", "ArrowUp", "ArrowUp"))
    assert (float(found["x"]), float(found["y"])) == pytest.approx((0.1 * width, 0.2 * width))
    page.check()
    found = page.do(page.key("ArrowLeft", "ArrowDown", "ArrowDown", "+"))
    assert (float(found["x"]), float(found["y"])) == pytest.approx((0, 0), abs=1e-9)
    assert float(found["width"]) == pytest.approx(width / 1.6)
    assert float(page.do(page.key("-", "-"))["width"]) == pytest.approx(width * 1.6)
    assert page.do(page.key("]"))["n"] == "8"
    assert page.do(page.key("[", "["))["n"] == "2"
    assert page.do(page.key("0")) == {**first, "n": "2"}
    page.check()


def test_keys_in_a_field_are_the_field_s(page: Page) -> None:
    page.page.focus("#n")
    page.page.keyboard.press("End")
    found = page.do(lambda: page.page.keyboard.type("0"))
    assert (found["n"], found["x"], found["y"]) == ("40", "0", "0")


def test_by_keys_one_comes_down_to_1e_20_and_up_again(page: Page) -> None:
    """There, too, each pixel is that of the tiles, whose middle is the corner of four squares."""
    first = page.values
    deep = page.do(page.key(*["+"] * 103))
    assert 1e-21 < float(deep["width"]) < 1e-20
    assert len(np.unique(page.pixels.reshape(-1, 3), axis=0)) == 2
    page.check()
    moved = page.do(page.key("ArrowLeft", "ArrowUp"))
    assert Decimal(moved["x"]) == -Decimal(moved["y"]) == -Decimal(deep["width"]) / 10
    page.check()
    box = page.box
    page.page.mouse.move(box["x"] + 200, box["y"] + 200)
    x, y = map(float, page.page.locator("#pointer").inner_text().split())
    pixel = float(deep["width"]) / box["width"]
    assert (x, y) == pytest.approx((float(moved["x"]) - 30 * pixel, float(moved["y"]) - 40 * pixel), abs=pixel)
    up = page.do(page.key(*["-"] * 103))
    assert float(up["width"]) == pytest.approx(float(first["width"]))
    page.check()


def test_there_is_a_deepest_view(page: Page) -> None:
    found = page.do(page.key(*["+"] * 160))
    assert 1e-30 <= float(found["width"]) < 1.7e-30
    page.check()


def test_buttons_zoom_and_go_back_and_forward(page: Page) -> None:
    first = page.values
    closer = page.do(lambda: page.page.click("#closer"))
    assert float(closer["width"]) == pytest.approx(float(first["width"]) / 1.6)
    assert page.do(lambda: page.page.click("#farther")) == first
    assert page.do(lambda: page.page.click("#closer")) == closer
    assert page.do(lambda: page.page.click("#whole")) == first
    assert page.do(lambda: page.page.click("#closer")) == closer
    assert page.do(lambda: page.page.click("#back")) == first
    page.check()
    assert page.do(lambda: page.page.click("#forward")) == closer
    page.check()


def test_back_and_forward_go_through_views_and_values(page: Page) -> None:
    first = page.values
    second = page.do(page.key("+"))
    third = page.do(lambda: page.page.select_option("#ink", "red"))
    assert third == {**second, "ink": "red"}
    page.check()
    assert page.do(page.page.go_back) == second
    assert page.page.locator("#ink").input_value() == "blue"
    page.check()
    assert page.do(page.page.go_back) == first
    assert page.do(page.page.go_forward) == second
    assert page.do(page.page.go_forward) == third
    assert page.page.locator("#facts").inner_text().split()[:2] == ["Ink", "red"]
    page.check()


def test_sliders_and_numbers_go_together(page: Page) -> None:
    slider = page.page.locator("[aria-label='Slant: rows x, slider']")
    found = page.do(lambda: slider.fill("0.25"))
    assert found["slant"] == "0.25,0"
    assert page.page.locator("#slant-0").input_value() == "0.25"
    assert page.page.locator("#preset").input_value() == ""  # it is no preset any more
    page.check()
    found = page.do(lambda: page.page.fill("#slant-0", "-0.75"))
    assert found["slant"] == "-0.75,0"
    assert slider.input_value() == "-0.75"
    page.check()
    found = page.do(lambda: page.page.locator("[aria-label='Squares, slider']").fill("10"))
    assert found["n"] == "1024"
    page.page.focus("[aria-label='Slant: columns y, slider']")
    assert page.do(lambda: page.page.keyboard.press("ArrowRight"))["slant"] == "-0.75,0.001"
    page.check()


def test_presets_bring_their_view(page: Page) -> None:
    found = page.do(lambda: page.page.select_option("#preset", "leaning"))
    assert {name: of for name, of in found.items() if name != "width"} == {
        name: of for name, of in Wall.presets["leaning"].items() if name != "width"
    }
    page.check()
    page.do(page.key("+", "ArrowLeft"))
    assert page.page.locator("#preset").input_value() == "leaning"
    assert page.do(page.key("0")) == found


def test_a_link_reproduces_the_view(page: Page, chromium: Any) -> None:
    page.do(page.key("+", "+", "ArrowLeft", "]"))
    page.do(lambda: page.page.locator("[aria-label='Slant: rows x, slider']").fill("0.4"))
    page.page.click("#link")
    page.until("saved.textContent !== ''")
    link = page.page.evaluate("navigator.clipboard.readText()")
    assert link == page.page.url
    other = Page(chromium, link, Wall("auto"))
    assert other.page.url == link
    np.testing.assert_array_equal(other.pixels, page.pixels)
    other.check()
    other.page.context.close()


def test_a_picture_is_saved_at_any_size(page: Page) -> None:
    page.do(page.key("ArrowLeft", "]"))
    page.page.fill("#save-width", "301")
    page.page.fill("#save-height", "97")
    with page.page.expect_download() as download:
        page.page.click("text=Save PNG")
    assert download.value.suggested_filename == "simkit-301x97.png"
    picture = Image.open(io.BytesIO(download.value.path().read_bytes()))
    np.testing.assert_array_equal(np.asarray(picture), page.expected((97, 301)))
    page.until("saved.textContent.startsWith('saved simkit-301x97.png')")


def test_what_is_refused_is_shown_in_one_line(page: Page) -> None:
    page.page.fill("#save-width", "1000000")
    page.page.fill("#save-height", "1000000")
    page.page.click("text=Save PNG")
    page.until("saved.textContent.includes('asked for 1,000,000 x 1,000,000')")
    page.page.goto(page.page.url.replace("x=0", "x=2000"))
    page.until("error.textContent.startsWith('there is no such part of the wall')")
    page.do(page.key("0"))
    assert page.page.locator("#error").is_hidden()
    assert all("400" in line for line in page.said), page.said
    page.said.clear()
    page.check()


@pytest.mark.parametrize("query", ["?x=here", "?width=0", "?width=-1", "?width=1e-99", "?x=1e999999999999", "?width="])
def test_an_address_that_cannot_be_shown_is_told(chromium: Any, address: str, query: str) -> None:
    page = Page(chromium, address + query, Wall("auto"))
    page.until("error.textContent.includes('cannot be shown')")
    assert page.values["x"] == "0"
    assert page.said == []
    page.page.context.close()


def test_a_server_that_was_stopped_is_told(chromium: Any) -> None:
    with pages.served("walls", "Wall") as (address, process):
        page = Page(chromium, address, Wall("auto"))
        process.kill()
        process.wait()
        page.do(page.key("+"))
        assert page.page.locator("#error").inner_text() == "the server does not answer: it has been stopped"
        page.page.context.close()


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_wider_than_the_window_and_all_has_a_name(chromium: Any, address: str, width: int) -> None:
    page = Page(chromium, address, Wall("auto"), width, 800)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.box
    assert box["width"] == (width - 340 if width > 760 else width)
    page.check()
    nameless = """() => [...document.querySelectorAll("input, select, button, canvas")].filter(one =>
        !(one.ariaLabel || one.labels?.length || one.textContent.trim())).map(one => one.outerHTML)"""
    assert page.page.evaluate(nameless) == []
    # by Tab one comes to the canvas, and past it
    seen = set()
    for _ in range(20):
        page.page.keyboard.press("Tab")
        seen.add(page.page.evaluate("document.activeElement.id"))
    assert {"plane", "closer", "preset", "n", "ink"} <= seen
    page.page.context.close()
