"use strict";
/*
 * State of the page and its form in the address: a link shows the same run, map, view and painting.
 * Styles and paintings stand in it by name, so that a link outlives a new export.
 */
(() => {
  const UNIT = 1e4; // a lasso's corners are whole ten-thousandths of the map

  const EMPTY = {
    run: null,
    map: null,
    layout: "similar",
    beside: null, // the run that stands beside the first one
    colour: "style",
    styles: [],
    artists: [],
    group: [],
    q: "",
    years: null,
    cell: null,
    lasso: null,
    suspect: null, // paintings whose label looks wrong: open (undecided), all; or decided
    painting: null,
    tab: "paintings",
    at: null,
    heat: false,
    subject: null, // of the page on a style or an artist: "style:Baroque", "artist:claude-monet"
    step: 0, // of the tour
    size: 1, // of pictures, as a factor
    sheet: "peek", // height of the sheet on a phone: peek, half, full
  };
  const TEXTS = [
    ...["run", "map", "layout", "beside", "colour", "tab", "q", "painting", "subject"],
    "suspect",
  ];
  const HEIGHTS = ["peek", "half", "full"];
  // Whoever goes back undoes these; the rest follows along
  const STEPS = new Set([
    "run",
    "map",
    "layout",
    "beside",
    "colour",
    "styles",
    "artists",
    "group",
    "q",
    "years",
    "cell",
    "lasso",
    "suspect",
    "painting",
    "subject",
    "step",
    "tab",
    "sheet",
  ]);
  const TYPED = new Set(["q", "years"]); // changes of one of these in a row are one step

  /** The state as the text after "#"; what is as usual is left out. */
  function encode(state, usual = EMPTY) {
    const out = new URLSearchParams();
    const put = (name, text) => {
      if (text !== null && text !== "" && text !== undefined) out.set(name, text);
    };
    for (const name of TEXTS) {
      if (state[name] !== usual[name]) put(name, state[name]);
    }
    for (const name of state.styles) out.append("style", name);
    for (const name of state.artists) out.append("artist", name);
    for (const name of state.group) out.append("group", name);
    if (state.years) put("years", state.years.join("~"));
    if (state.cell) state.cell.forEach((name) => out.append("cell", name));
    if (state.lasso) {
      out.append("lasso", state.lasso.run);
      out.append("lasso", state.lasso.map);
      out.append(
        "lasso",
        state.lasso.points
          .flat()
          .map((v) => Math.round(v * UNIT))
          .join("_"),
      );
      if (state.lasso.layout) out.append("lasso", state.lasso.layout);
    }
    if (state.at)
      put("at", [state.at.x, state.at.y, state.at.z].map((v) => Number(v.toFixed(5))).join("_"));
    if (state.heat) put("heat", "1");
    if (state.step) put("step", String(state.step));
    if (state.size !== 1) put("size", String(state.size));
    if (state.sheet !== usual.sheet) put("sheet", state.sheet);
    return out.toString();
  }

  /** What a text after "#" says of the state; what cannot be read is left out. */
  function decode(text) {
    const read = new URLSearchParams(text.replace(/^#/, "")),
      out = {};
    for (const name of TEXTS)
      if (read.has(name)) out[name] = read.get(name);
    if (read.has("style")) out.styles = read.getAll("style");
    if (read.has("artist")) out.artists = read.getAll("artist");
    if (read.has("group")) out.group = read.getAll("group");
    const years = (read.get("years") ?? "").split("~").map(Number);
    if (read.has("years") && years.length === 2 && years.every(Number.isInteger)) out.years = years;
    if (read.getAll("cell").length === 2) out.cell = read.getAll("cell");
    const [run, map, corners, layout] = read.getAll("lasso");
    const flat = (corners ?? "").split("_").map(Number);
    if (flat.length >= 6 && flat.length % 2 === 0 && flat.every(Number.isFinite)) {
      out.lasso = {
        run,
        map,
        points: flat.flatMap((v, i) => (i % 2 ? [] : [[v / UNIT, flat[i + 1] / UNIT]])),
        ...(layout ? { layout } : {}),
      };
    }
    const at = (read.get("at") ?? "").split("_").map(Number);
    if (at.length === 3 && at.every(Number.isFinite) && at[2] > 0)
      out.at = { x: at[0], y: at[1], z: at[2] };
    if (read.get("heat") === "1") out.heat = true;
    const step = Number(read.get("step") ?? ""),
      size = Number(read.get("size") ?? "");
    if (Number.isInteger(step) && step > 0) out.step = step;
    if (size >= 0.5 && size <= 3) out.size = size;
    if (HEIGHTS.includes(read.get("sheet"))) out.sheet = read.get("sheet");
    return out;
  }

  /** Corners as the address keeps them, so that a link selects exactly what was drawn. */
  function rounded(points) {
    return points.map((pair) => pair.map((v) => Math.round(v * UNIT) / UNIT));
  }

  /**
   * The state, who wants to know of its changes, and its way into the address. A change of what is
   * shown is a step of the browser's history; the camera's moves only change the latest one.
   */
  class Store {
    constructor(usual) {
      this.usual = { ...EMPTY, ...usual };
      this.state = { ...this.usual };
      this.listeners = [];
      this.timer = 0;
      this.written = null;
      this.last = ""; // what the latest step changed
      this.stepped = false; // whether the address is to be a new step
    }

    /** Call `listener(state, names that changed)` after every change. */
    listen(listener) {
      this.listeners.push(listener);
    }

    /** Change the state; equal values are no change. */
    set(patch) {
      const changed = this.change(patch);
      if (!changed.length) return;
      const steps = changed.filter((name) => STEPS.has(name)).join();
      if (steps) {
        const [first] = steps.split(",");
        this.stepped ||= !TYPED.has(first) || first !== this.last;
        this.last = first;
      }
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.write(), 150);
    }

    change(patch) {
      const changed = Object.keys(patch).filter(
        (k) => JSON.stringify(patch[k]) !== JSON.stringify(this.state[k]),
      );
      if (!changed.length) return changed;
      this.state = { ...this.state, ...patch };
      for (const listener of this.listeners) listener(this.state, new Set(changed));
      return changed;
    }

    /** Put the state into the address now. */
    write() {
      clearTimeout(this.timer);
      const text = encode(this.state, this.usual);
      if (text !== this.written) {
        if (this.stepped && this.written !== null) history.pushState(null, "", `#${text}`);
        else history.replaceState(null, "", `#${text}`);
      }
      this.written = text;
      this.stepped = false;
    }

    /** Take the state from the address. */
    read() {
      const text = location.hash.replace(/^#/, "");
      clearTimeout(this.timer);
      this.stepped = false;
      this.last = "";
      if (text !== this.written) this.change({ ...this.usual, ...decode(text) });
      this.written = text;
    }
  }

  Object.assign(Impasto, { EMPTY, encode, decode, rounded, Store });
})();
