// Views of the plane: a centre and a width, as decimal numbers of as many digits as it takes (big.js).

import Big from "./vendor/big.js";

Big.NE = -5;
Big.PE = 12;

// digits of a width, and of a centre beyond the first of the width
const DIGITS = 12;

// decimal places of a coordinate, before and after the point: a sum of others would fill the memory
const MOST = 300;

// The view of three texts; an Error where one is no number, or has too many places.
export function read(values) {
  const [x, y, width] = [values.x, values.y, values.width].map((text) => {
    const number = new Big(text);
    if (Math.abs(number.e) > MOST || number.c.length > MOST) throw new RangeError(text);
    return number;
  });
  return { x, y, width };
}

// A centre is kept to a millionth of a millionth of the width: no more digits than can be seen.
function made(x, y, width) {
  const places = Math.max(0, DIGITS - width.e);
  return { x: x.round(places), y: y.round(places), width: width.prec(DIGITS) };
}

export function texts(view) {
  return { x: view.x.toString(), y: view.y.toString(), width: view.width.toString() };
}

// The point that is `across` widths to the right of the centre and `down` widths below it.
export function point(view, across, down) {
  const w = view.width;
  return { x: view.x.plus(w.times(finite(across))), y: view.y.minus(w.times(finite(down))) };
}

// The point in as many digits as tell pixels apart.
export function pointText(view, across, down, pixels) {
  const { x, y } = point(view, across, down);
  const places = Math.max(0, Math.ceil(Math.log10(pixels)) - view.width.e);
  return [x.round(places).toString(), y.round(places).toString()];
}

export function moved(view, across, down) {
  const { x, y } = point(view, across, down);
  return made(x, y, view.width);
}

// A view narrower by a factor, in which the same point is at (across, down); null beyond the limits.
export function zoomed(view, factor, across, down, limits) {
  const width = view.width.times(finite(1 / factor)).prec(DIGITS);
  if (width.lt(limits.narrowest) || width.gt(limits.widest)) return null;
  const { x, y } = point(view, across, down);
  return made(x.minus(width.times(finite(across))), y.plus(width.times(finite(down))), width);
}

// Where the centre of one view is in another, in widths of that, and how many times wider it is: numbers.
export function within(view, other) {
  const ratio = (a, b) => Number(a) / Number(b);
  return {
    across: ratio(view.x.minus(other.x), other.width),
    down: ratio(other.y.minus(view.y), other.width),
    scale: ratio(view.width, other.width),
  };
}

function finite(number) {
  return new Big(Number.isFinite(number) ? number : 0);
}
