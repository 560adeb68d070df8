// The page: a view and the values of the controls, in the address, on the canvas and in the panel.

import { Controls } from "./controls.js";
import { listen } from "./gestures.js";
import { Painter, ask } from "./painter.js";
import { pointText, read, texts } from "./view.js";

const by = (id) => document.getElementById(id);

// milliseconds without a change after which a view becomes an entry of the history and its facts are asked for
const SETTLED = 350;

const canvas = by("plane");
let view, settling, facts;
let ofAddress = null; // what is wrong with the address, until something is changed

const about = await (await ask("about", {})).json();
const [first] = about.presets;
document.title = `${about.title} - simkit`;
by("title").textContent = about.title;

const controls = new Controls(by("controls"), about.controls, (isDone) => changed(isDone));
const painter = new Painter(canvas, ({ busy, error: line }) => {
  canvas.setAttribute("aria-busy", String(busy));
  by("state").textContent = busy ? "computing" : "";
  if (!busy) tellError(line ?? ofAddress);
});

for (const { title } of about.presets) by("preset").append(new Option(title, title));
by("preset").append(new Option("(changed)", ""));

function tellError(line) {
  by("error").hidden = !line;
  by("error").textContent = line ?? "";
}

function query() {
  return { ...controls.values, ...texts(view) };
}

// The values of a preset, whose view is a square, for a canvas of any shape: the whole square is seen.
function framed({ values }) {
  const { x, y, width } = read(values);
  return { ...values, ...texts({ x, y, width: width.times(Math.max(1, canvas.width / canvas.height)).prec(6) }) };
}

// Take over what an address or a preset says; what it does not say is that of the first preset.
function take(values) {
  const all = { ...framed(first), ...values };
  ofAddress = null;
  try {
    view = read(all);
    if (view.width.lt(about.narrowest) || view.width.gt(about.widest)) throw new RangeError();
  } catch {
    view = read(framed(first));
    ofAddress = "the address has a view that cannot be shown; this is the first preset's";
  }
  controls.values = all;
}

function changed(isDone) {
  ofAddress = null;
  painter.show(view, controls.values);
  described();
  clearTimeout(settling);
  if (isDone) settled();
  else settling = setTimeout(settled, SETTLED);
}

function settled() {
  clearTimeout(settling);
  const address = `?${new URLSearchParams(query())}`;
  if (address !== location.search) history.pushState(null, "", address);
  by("preset").value = presetOfNow()?.title ?? "";
  askFacts();
}

// The preset whose values the controls have; of several that differ in their views alone, the one that was chosen.
function presetOfNow() {
  const now = controls.values;
  const found = about.presets.filter(({ values }) => Object.entries(now).every(([name, value]) => same(values[name], value)));
  const isHere = (preset) => Object.entries(texts(view)).every(([name, text]) => framed(preset)[name] === text);
  return found.find(isHere) ?? found.find(({ title }) => title === by("preset").value) ?? found[0];
}

// Numbers are the same however they are written.
function same(a, b) {
  const numbers = (text) => text.split(",").map(Number);
  return a === b || (a?.split(",").length === b.split(",").length && numbers(a).every((n, i) => n === numbers(b)[i]));
}

let asked = "";
async function askFacts() {
  const key = JSON.stringify(query());
  if (key === asked) return;
  asked = key;
  facts?.abort();
  facts = new AbortController();
  const { signal } = facts;
  by("facts").setAttribute("aria-busy", "true");
  try {
    const found = await (await ask("facts", query(), signal)).json();
    const parts = Object.entries(found).flatMap(([name, words]) => [part("dt", name), part("dd", words)]);
    by("facts").replaceChildren(...parts);
    by("facts").setAttribute("aria-busy", "false");
  } catch (failure) {
    if (failure.name === "AbortError") return;
    asked = "";
    by("facts").replaceChildren();
    by("facts").setAttribute("aria-busy", "false");
  }
}

function part(tag, text) {
  const found = document.createElement(tag);
  found.textContent = text;
  return found;
}

// What the panel and the scale say of the view.
function described() {
  const { x, y, width } = view;
  by("width").textContent = width.prec(4).toString();
  [by("x").textContent, by("y").textContent] = pointText(view, 0, 0, canvas.width);
  const most = width.times(0.2);
  const digit = [5, 2, 1].find((one) => most.gte(`${one}e${most.e}`));
  const length = `${digit}e${most.e}`;
  by("length").textContent = Math.abs(most.e) <= 3 ? String(Number(length)) : length;
  by("rule").style.width = `${((Number(length) / Number(width)) * canvas.clientWidth).toFixed(1)}px`;
}

const page = {
  get view() { return view; },
  limits: about,
  go(to, isDone) { view = to; changed(isDone); },
  whole() {
    page.go(read(framed(presetOfNow() ?? first)), true);
  },
  double(up) { controls.double(up); },
  point(place) {
    const numbers = place ? pointText(view, ...place, canvas.width) : ["-", ""];
    by("pointer").replaceChildren(numbers[0], document.createElement("br"), numbers[1]);
  },
};
const buttons = listen(canvas, page);
by("closer").addEventListener("click", buttons.closer);
by("farther").addEventListener("click", buttons.farther);
by("whole").addEventListener("click", page.whole);
by("back").addEventListener("click", () => history.back());
by("forward").addEventListener("click", () => history.forward());

by("preset").addEventListener("change", (event) => {
  const chosen = about.presets.find(({ title }) => title === event.target.value);
  if (!chosen) return;
  take(framed(chosen));
  changed(true);
});

window.addEventListener("popstate", () => {
  take(Object.fromEntries(new URLSearchParams(location.search)));
  clearTimeout(settling);
  painter.show(view, controls.values);
  described();
  by("preset").value = presetOfNow()?.title ?? "";
  askFacts();
});

by("save").addEventListener("submit", async (event) => {
  event.preventDefault();
  const size = `${by("save-width").value}x${by("save-height").value}`;
  by("saved").textContent = `computing ${size.replace("x", " x ")} pixels`;
  try {
    const data = await (await ask("picture", { ...query(), size })).blob();
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(data), download: `simkit-${size}.png` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    by("saved").textContent = `saved ${link.download}, ${(data.size / 2 ** 20).toFixed(1)} MiB`;
  } catch (failure) {
    by("saved").textContent = failure.message;
  }
});

by("link").addEventListener("click", async () => {
  settled();
  try {
    await navigator.clipboard.writeText(location.href);
    by("saved").textContent = "the link is on the clipboard";
  } catch {
    by("saved").textContent = "the browser does not let pages copy: take the link from the address bar";
  }
});

painter.fit();
new ResizeObserver(() => {
  if (painter.fit()) { painter.show(view, controls.values); described(); }
}).observe(canvas);

take(Object.fromEntries(new URLSearchParams(location.search)));
history.replaceState(null, "", `?${new URLSearchParams(query())}`);
by("preset").value = presetOfNow()?.title ?? "";
painter.show(view, controls.values);
described();
askFacts();
