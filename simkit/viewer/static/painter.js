// Pictures on the canvas: what is there is shown at once, wherever it lies in the view of now, and what is wanted follows,
// coarse first. One request is under way at a time, so that a drag leaves no queue behind.

import { texts, within } from "./view.js";

// pixels of the first picture are so many times larger; the second has these if the last will take long
const COARSE = 8, MIDDLE = 2;

// milliseconds that the last picture may take without another before it, and after which a coarse one is given up
const PATIENCE = 600, STALE = 400;

export class Painter {
  constructor(canvas, tell) {
    this.canvas = canvas;
    this.tell = tell; // is called with {busy, error}
    this.context = canvas.getContext("2d", { alpha: false });
    this.layers = []; // pictures, {bitmap, view, values, pixel}
    this.wanted = null;
    this.running = false;
    this.request = null;
  }

  // The size of the canvas in pixels of the screen; whether it has changed.
  fit() {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const width = Math.max(1, Math.round(this.canvas.clientWidth * ratio));
    const height = Math.max(1, Math.round(this.canvas.clientHeight * ratio));
    if (width === this.canvas.width && height === this.canvas.height) return false;
    Object.assign(this.canvas, { width, height });
    return true;
  }

  // Show a view with the values of the controls; returns at once.
  show(view, values) {
    const { width, height } = this.canvas;
    const key = JSON.stringify(values);
    this.wanted = { view, values, key, width, height, since: performance.now() };
    this.paint();
    if (this.request && (this.request.step < COARSE || performance.now() - this.request.since > STALE)) {
      this.request.abort.abort();
    }
    if (!this.running) this.follow();
  }

  async follow() {
    this.running = true;
    this.tell({ busy: true });
    let error = null;
    for (let asked = null; asked !== this.wanted; ) {
      asked = this.wanted;
      error = null;
      try {
        const spent = await this.draw(asked, COARSE);
        const steps = spent * COARSE * COARSE > PATIENCE * 4 ? [MIDDLE, 1] : [1];
        for (const step of steps) if (asked === this.wanted) await this.draw(asked, step);
      } catch (failure) {
        if (failure.name !== "AbortError") error = failure.message;
      }
    }
    this.running = false;
    this.tell({ busy: false, error });
  }

  // Get one picture, put it among the layers, and return the milliseconds that it took.
  async draw(asked, step) {
    const since = performance.now();
    const width = Math.ceil(asked.width / step), height = Math.ceil(asked.height / step);
    const abort = new AbortController();
    this.request = { step, since, abort };
    try {
      const bitmap = await picture(asked.view, asked.values, width, height, abort.signal);
      // what is finer and not of these values is of no use any more, nor is what has a finer one at its place
      this.layers = this.layers.filter((layer) => layer.key === asked.key && layer.view !== asked.view).slice(-2);
      this.layers.push({ bitmap, view: asked.view, key: asked.key, width, height });
      this.paint();
      performance.measure(step === COARSE ? "first picture" : "picture", { start: asked.since });
      return performance.now() - since;
    } finally {
      this.request = null;
    }
  }

  paint() {
    const { context, canvas, wanted } = this;
    context.fillStyle = "#0d1017";
    context.fillRect(0, 0, canvas.width, canvas.height);
    const placed = this.layers.map((layer) => ({ layer, at: within(layer.view, wanted.view) }));
    // the finest on top, but for what is wanted in full: on it a finer one would be a shrunken patch
    const isWhole = ({ layer }) => layer.view === wanted.view && layer.width >= canvas.width;
    placed.sort((a, b) => isWhole(a) - isWhole(b) || b.at.scale / b.layer.width - a.at.scale / a.layer.width);
    for (const { layer, at } of placed) {
      const width = at.scale * canvas.width, height = (width * layer.height) / layer.width;
      const left = canvas.width * (0.5 + at.across) - width / 2;
      const top = canvas.height * 0.5 + canvas.width * at.down - height / 2;
      if (!(width > 0.5) || width > 1e6) continue;
      context.imageSmoothingEnabled = width > canvas.width * 1.001 || layer.width < canvas.width;
      if (Math.abs(width - layer.width) < 1e-6 * width) context.drawImage(layer.bitmap, Math.round(left), Math.round(top));
      else context.drawImage(layer.bitmap, left, top, width, height);
    }
  }
}

// A picture as the server computes it; an Error with its line where it refuses.
export async function picture(view, values, width, height, signal) {
  return createImageBitmap(await (await ask("picture", { ...values, ...texts(view), size: `${width}x${height}` }, signal)).blob());
}

export async function ask(path, values, signal) {
  let answer;
  try {
    answer = await fetch(`${path}?${new URLSearchParams(values)}`, { signal });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Error("the server does not answer: it has been stopped");
  }
  if (!answer.ok) {
    const text = await answer.text();
    let line = `the server answers ${answer.status}`;
    try { line = JSON.parse(text).error ?? line; } catch { /* no JSON: the status says it */ }
    throw new Error(line);
  }
  return answer;
}
