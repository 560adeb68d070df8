// The form: an element for each control that the world has, and their values as texts.

export class Controls {
  // `changed(isDone)` is called while a slider moves, and when it is let go.
  constructor(form, controls, changed) {
    this.byName = new Map(controls.map((control) => [control.name, new KINDS[control.kind](form, control, changed)]));
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  get values() {
    return Object.fromEntries([...this.byName].map(([name, control]) => [name, control.value]));
  }

  set values(values) {
    for (const [name, control] of this.byName) if (name in values) control.value = values[name];
  }

  // Double or halve the first whole number; whether there is one.
  double(up) {
    const count = [...this.byName.values()].find((control) => control instanceof Count);
    count?.double(up);
    return Boolean(count);
  }
}

function element(tag, attributes = {}, ...children) {
  const found = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) found.setAttribute(name, value);
  found.append(...children);
  return found;
}

// A slider and a number that go together.
class Pair {
  constructor(label, id, range, number, toPlace, toValue, changed) {
    this.number = element("input", { type: "number", id, "aria-label": label, ...number });
    this.slider = element("input", { type: "range", "aria-label": `${label}, slider`, ...range });
    const pass = (from, isDone) => {
      if (from === this.slider) this.number.value = toValue(Number(this.slider.value));
      else if (this.number.validity.valid && this.number.value !== "") this.slider.value = toPlace(Number(this.number.value));
      else return;
      changed(isDone);
    };
    for (const from of [this.slider, this.number]) {
      from.addEventListener("input", () => pass(from, false));
      from.addEventListener("change", () => pass(from, true));
    }
    this.toPlace = toPlace;
  }

  get value() {
    return this.number.value;
  }

  set value(text) {
    this.number.value = text;
    this.slider.value = this.toPlace(Number(text));
  }
}

class Numbers {
  constructor(form, { name, label, labels, least, most }, changed) {
    this.last = "";
    const same = (number) => number;
    this.pairs = labels.map((text, i) =>
      new Pair(`${label}: ${text}`, `${name}-${i}`, { min: least, max: most, step: 0.001 }, { step: "any", required: "" }, same, same, changed));
    const groups = new Map();
    labels.forEach((text, i) => {
      const [group, ...rest] = text.split(" ");
      if (!groups.has(group)) groups.set(group, element("fieldset", {}, element("legend", {}, `${label} of ${group}`)));
      const { slider, number } = this.pairs[i];
      groups.get(group).append(element("div", { class: "slide" }, element("label", { for: number.id }, rest.join(" ")), slider, number));
    });
    form.append(...groups.values());
  }

  get value() {
    return this.pairs.map((pair) => pair.value).join(",");
  }

  set value(text) {
    text.split(",").forEach((part, i) => { if (this.pairs[i]) this.pairs[i].value = part.trim(); });
  }
}

class Count {
  constructor(form, { name, label, least, most }, changed) {
    Object.assign(this, { least, most, changed });
    const range = { min: Math.log2(least), max: Math.log2(most), step: "any" };
    const number = { min: least, max: most, step: 1, required: "" };
    this.pair = new Pair(label, name, range, number, Math.log2, (place) => this.within(Math.round(2 ** place)), changed);
    const slide = element("div", { class: "slide" }, this.pair.slider, this.pair.number);
    form.append(element("div", { class: "field" }, element("label", { for: name }, label), slide));
  }

  within(number) {
    return Math.min(this.most, Math.max(this.least, number));
  }

  double(up) {
    this.value = String(this.within(Math.round(Number(this.value) * (up ? 2 : 0.5))));
    this.changed(true);
  }

  get value() {
    return this.pair.value;
  }

  set value(text) {
    this.pair.value = text;
  }
}

class Choice {
  constructor(form, { name, label, options }, changed) {
    this.select = element("select", { id: name }, ...Object.entries(options).map(([value, title]) => element("option", { value }, title)));
    this.select.addEventListener("change", () => changed(true));
    form.append(element("div", { class: "field" }, element("label", { for: name }, label), this.select));
  }

  get value() {
    return this.select.value;
  }

  set value(text) {
    this.select.value = text;
  }
}

const KINDS = { Numbers, Count, Choice };
