// Runs the live figures of a page without a kernel.
//
// <live-figure figure="name"> holds its alternative text and its starting values. The module of
// the figure, an ES module in anywidget's format, stands once per page in a JSON script element,
// so a figure also runs from a file on disk.

const modules = new Map();

function load(name) {
  if (!modules.has(name)) {
    const source = document.getElementById(`live-figure-module-${name}`).textContent;
    const { esm, css } = JSON.parse(source);
    if (css) {
      const style = document.createElement("style");
      style.textContent = css;
      document.head.append(style);
    }
    const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
    modules.set(
      name,
      import(url).then(async (module) => {
        const figure = module.default;
        return typeof figure === "function" ? figure() : figure;
      }),
    );
  }
  return modules.get(name);
}

// The starting values of a figure: in the page, or, where they are large, in a script of their own.
function valuesOf(figure) {
  const { dataset, textContent } = figure.querySelector("script");
  if (!dataset.values) return JSON.parse(textContent);
  const name = dataset.values.match(/(\w+)\.js$/)[1];
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = dataset.values;
    script.onload = () =>
      resolve(structuredClone(/** @type {any} */ (window).liveFigureValues[name]));
    script.onerror = () => reject(new Error(`cannot load ${script.src}`));
    document.head.append(script);
  });
}

// The part of a widget's model that a figure may use: get, set, save_changes, on, off.
class Model {
  #values;
  #listeners = [];

  constructor(values) {
    this.#values = values;
  }

  get(name) {
    return this.#values[name];
  }

  set(names, value) {
    const entries = Object.entries(typeof names === "object" ? names : { [names]: value });
    const changed = entries.filter(
      ([name, next]) => JSON.stringify(next) !== JSON.stringify(this.#values[name]),
    );
    Object.assign(this.#values, Object.fromEntries(entries));
    for (const [name, next] of changed) this.#tell(`change:${name}`, next);
    if (changed.length > 0) this.#tell("change");
  }

  save_changes() {} // nobody else holds a copy

  on(events, callback) {
    for (const event of events.split(/\s+/)) this.#listeners.push({ event, callback });
  }

  off(events, callback) {
    const gone = events?.split(/\s+/);
    this.#listeners = this.#listeners.filter(
      (listener) =>
        (gone && !gone.includes(listener.event)) || (callback && callback !== listener.callback),
    );
  }

  #tell(event, value) {
    for (const listener of [...this.#listeners]) {
      if (listener.event === event) listener.callback(this, value);
    }
  }
}

// Figures start one by one while the browser has nothing else to do, so that no page waits for them
// all; one that is about to come into view starts at once. A figure that has to load its values
// starts only then.
const waiting = new Set();

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) /** @type {LiveFigure} */ (target).start();
    }
  },
  { rootMargin: "800px 0px" },
);

const whenIdle = window.requestIdleCallback ?? ((callback) => setTimeout(callback, 50));

function startNext() {
  const [figure] = waiting;
  if (!figure) return;
  figure.start().then(() => whenIdle(startNext));
}

class LiveFigure extends HTMLElement {
  connectedCallback() {
    if (this.started) return;
    near.observe(this);
    if (this.querySelector("script").dataset.values) return;
    if (waiting.size === 0) whenIdle(startNext);
    waiting.add(this);
  }

  async start() {
    waiting.delete(this);
    near.unobserve(this);
    if (this.started) return;
    this.started = true;
    const el = document.createElement("div");
    el.className = "live-figure-stage";
    try {
      const model = new Model(await valuesOf(this));
      const figure = await load(this.getAttribute("figure"));
      await figure.initialize?.({ model });
      this.append(el);
      await figure.render({ model, el });
      this.classList.add("live-figure-running"); // its alternative text is now for the ear only
    } catch (error) {
      el.remove();
      console.error(error);
    }
  }
}

customElements.define("live-figure", LiveFigure);
