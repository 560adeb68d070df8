// What pointers, the wheel and keys do to a view. Places are in widths of the canvas from its centre, down and to the right.

import { moved, zoomed } from "./view.js";

// an arrow key moves by this part of the width; a key zooms by this factor
const STEP = 0.1, FACTOR = 1.6;

// `page` has `view`, `limits`, `go(view, isDone)`, `whole()`, `double(up)` and `point(place or null)`.
export function listen(canvas, page) {
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left - box.width / 2) / box.width, (event.clientY - box.top - box.height / 2) / box.width];
  };
  const zoom = (factor, across, down, isDone) => {
    const view = zoomed(page.view, factor, across, down, page.limits);
    if (view) page.go(view, isDone);
  };

  const held = new Map(); // pointers that are down -> where they are
  let dragged = false;
  const middle = () => {
    const places = [...held.values()];
    const sum = places.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
    return sum.map((value) => value / places.length);
  };
  const spread = () => {
    const [[a, b], [c, d]] = held.values();
    return Math.hypot(a - c, b - d);
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, place(event));
    dragged = false;
  });
  canvas.addEventListener("pointermove", (event) => {
    page.point(place(event));
    if (!held.has(event.pointerId)) return;
    const before = middle(), wide = held.size === 2 ? spread() : 0;
    held.set(event.pointerId, place(event));
    const now = middle();
    let view = moved(page.view, before[0] - now[0], before[1] - now[1]);
    if (wide > 0) view = zoomed(view, spread() / wide, ...now, page.limits) ?? view;
    dragged = true;
    canvas.classList.add("dragged");
    page.go(view, false);
  });
  const up = (event) => {
    if (!held.delete(event.pointerId) || held.size) return;
    canvas.classList.remove("dragged");
    if (dragged) page.go(page.view, true);
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => page.point(null));
  canvas.addEventListener("dblclick", (event) => zoom(2, ...place(event), true));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 33 : event.deltaMode === 2 ? 400 : 1;
    const turned = Math.max(-600, Math.min(600, event.deltaY * lines));
    zoom(2 ** (-turned / 240), ...place(event), false);
  }, { passive: false });

  const keys = {
    ArrowLeft: () => page.go(moved(page.view, -STEP, 0), false),
    ArrowRight: () => page.go(moved(page.view, STEP, 0), false),
    ArrowUp: () => page.go(moved(page.view, 0, -STEP), false),
    ArrowDown: () => page.go(moved(page.view, 0, STEP), false),
    "+": () => zoom(FACTOR, 0, 0, false),
    "=": () => zoom(FACTOR, 0, 0, false),
    "-": () => zoom(1 / FACTOR, 0, 0, false),
    0: () => page.whole(),
    "[": () => page.double(false),
    "]": () => page.double(true),
  };
  document.addEventListener("keydown", (event) => {
    const isOfField = event.target.closest?.("input, select, textarea, summary");
    const isArrow = event.key.startsWith("Arrow");
    if (isOfField || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
    if (isArrow && event.target.closest?.("aside")) return; // they scroll there
    event.preventDefault();
    keys[event.key]();
  });
  return { closer: () => zoom(FACTOR, 0, 0, true), farther: () => zoom(1 / FACTOR, 0, 0, true) };
}
