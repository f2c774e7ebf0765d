"use strict";
/* The page put together: the state changes, and what shows it follows. */
(() => {
  const { h, one } = Impasto;
  const { FILTERS } = Impasto;
  const THEME = "impasto-theme";
  const SVG = "http://www.w3.org/2000/svg";
  const LAYOUTS = { similar: "Similar", grid: "Grid", style: "By style", year: "By year" };
  const DECISIONS = { k: "keep", x: "exclude", r: "relabel" };
  const PLAIN = (data) => ({
    kind: "none",
    names: [],
    of: new Int16Array(data.count).fill(-1),
    colours: [],
    shapes: [],
  });

  class App {
    constructor(data) {
      Object.assign(this, {
        data,
        pictures: new Impasto.Pictures(data),
        turn: 0,
        row: -1,
        found: null,
        grouping: null,
        view: null, // the map; none where the browser draws none
        beside: null, // the map of another run
      });
      const first = data.run(null);
      this.store = new Impasto.Store({ run: first.name, map: first.maps[0].name });
      this.set = (patch) => this.store.set(patch);
      this.act = {
        set: this.set,
        choose: (row) => this.choose(row, true),
        visit: (row) => this.maps().forEach((view) => view.visit(row)),
        host: (rows) => this.maps().forEach((view) => view.host(rows)),
        visitHost: () => this.maps().forEach((view) => view.visitHost()),
        point: (group) => this.maps().forEach((view) => view.point(group)),
        clear: () => this.set(Impasto.NO_FILTER),
        frame: () => this.maps().forEach((view) => view.frame(this.found.rows)),
        exported: () => this.exported(),
        tour: (view, step) => this.tour(view, step),
        decide: (kind) => this.decide(kind),
        decided: () => this.decided(),
        found: () => this.set(Impasto.Sheet.opened(this.store.state)),
        state: () => this.store.state,
      };
      this.decisions = new Impasto.Decisions(data.site.name, () =>
        this.set({ decided: (this.store.state.decided ?? 0) + 1 }), // no part of the address
      );
      // room for the matrix
      document.body.style.setProperty("--matrix", `${12.5 + 1.62 * data.styles.length}rem`);
      Impasto.buildPanels(data.site);
      Impasto.ownPictures(() => this.panelPage);
      this.sheet = new Impasto.Sheet(this.act);
      this.timeline = new Impasto.Timeline(one("#years"), data, this.set);
      this.hint = new Impasto.Hint(data, this.act);
      this.search = new Impasto.SearchBox(data, this.store, this.act);
      this.controls();
      this.draws();
    }

    /** The map, if the browser draws one; what stands around it does without. */
    draws() {
      try {
        this.view = this.pane("#map", (at) => this.rested(at));
        this.gestures = this.hands(this.view, () => {
          const { run, map, layout } = this.store.state;
          return { run, map, ...(layout === "similar" ? {} : { layout }) };
        });
      } catch (error) {
        if (error.message !== "no WebGL2") throw error;
        document.body.classList.add("flat");
      }
    }

    pane(selector, rested) {
      return new Impasto.MapView(one(selector), this.data, this.pictures, {
        rested,
        placed: () => this.tie(),
      });
    }

    /** Gestures on a map; `where` tells on which map a lasso was drawn. */
    hands(view, where) {
      return new Impasto.Gestures(view, {
        choose: (row, visit) => this.choose(row, visit),
        hover: (row, place) => this.hover(view, row, place),
        lasso: (points) => this.lasso(points, where()),
        whole: () => view.fly(view.camera.whole),
        selectSeen: () => this.selectSeen(view, where()),
      });
    }

    maps() {
      return [this.view, this.store.state.beside ? this.beside : null].filter(Boolean);
    }

    async start() {
      this.store.read();
      this.store.listen((state, changed) => this.update(state, changed));
      addEventListener("hashchange", () => this.store.read());
      addEventListener("pagehide", () => this.store.write());
      this.hint.greet();
      await this.decisions.start();
      await this.update(this.store.state, new Set(Object.keys(this.store.state)));
      document.documentElement.dataset.ready = "yes";
    }

    controls() {
      const { data } = this,
        on = (id, event, act) => one(id).addEventListener(event, act);
      const runs = data.site.runs.filter((run) => run.maps.length);
      one("#run").replaceChildren(
        ...runs.map((run) => h("option", { value: run.name }, Impasto.runTitle(run))),
      );
      for (const id of ["#run", "#beside"]) one(id).closest("label").hidden = runs.length < 2;
      on("#run", "change", (event) => {
        const { beside } = this.store.state,
          run = event.target.value;
        this.set({ run, group: [], at: null, ...(beside === run ? { beside: null } : {}) });
      });
      on("#beside", "change", (event) => this.set({ beside: event.target.value || null }));
      on("#map-name", "change", (event) => this.set({ map: event.target.value, at: null }));
      on("#colour", "change", (event) => this.set({ colour: event.target.value, group: [] }));
      on("#size", "input", (event) => this.set({ size: Number(event.target.value) }));
      one("#layouts").append(
        ...Object.entries(LAYOUTS).map(([value, label]) =>
          h(
            "label",
            {},
            h("input", { type: "radio", name: "layout", value }),
            h("span", {}, label),
          ),
        ),
      );
      on("#layouts", "change", (event) => this.set({ layout: event.target.value, at: null }));
      on("#nearer", "click", () => this.gestures?.nearer(1.6));
      on("#further", "click", () => this.gestures?.nearer(1 / 1.6));
      on("#whole", "click", () => this.maps().forEach((view) => view.fly(view.camera.whole)));
      on("#lasso", "click", () => this.arm(!this.gestures?.lassoing));
      on("#seen", "click", () => this.selectSeen(this.view, this.store.state));
      on("#theme", "click", () => this.theme(Impasto.theme() === "dark" ? "light" : "dark"));
      addEventListener("pointerdown", (event) => {
        if (!event.target.closest("#hint, #help")) this.hint.close();
      });
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.dress());
      for (const tab of document.querySelectorAll("[role=tab]")) {
        tab.addEventListener("click", () =>
          this.set({ tab: tab.dataset.tab, ...Impasto.Sheet.opened(this.store.state) }),
        );
      }
      Impasto.roving(one("[role=tablist]"), "[role=tab]");
      addEventListener("keydown", (event) => this.key(event));
    }

    key(event) {
      const typing = event.target.matches("input:not([type=range], [type=radio]), select");
      const step = { "[": -1, "]": 1 }[event.key];
      if (event.key === "/" && !typing) {
        event.preventDefault();
        one("#search").focus();
      } else if (step && !typing) {
        this.walk(step);
      } else if (DECISIONS[event.key] && !typing && !event.ctrlKey && !event.metaKey) {
        this.decide(DECISIONS[event.key]);
      } else if (event.key === "Escape") {
        const { state } = this.store;
        if (!one("#hint").hidden) this.hint.close();
        else if (this.gestures?.lassoing) this.arm(false);
        else if (typing && state.q) this.set({ q: "" });
        else if (state.painting) this.set({ painting: null, tab: "paintings" });
        else this.set(Impasto.NO_FILTER);
      }
    }

    /** The next painting of the selection. */
    walk(step) {
      const { ranked } = this.found,
        at = ranked.indexOf(this.row);
      if (ranked.length) this.choose(ranked[(at + step + ranked.length) % ranked.length], true);
    }

    /**
     * Decide on the chosen painting; null takes a decision back. Among suspects the next one
     * follows.
     */
    async decide(kind) {
      const { state } = this.store,
        { row, data } = this;
      if (row < 0 || (kind === "relabel" && !one("#relabel-to")?.value)) {
        if (row >= 0) one("#relabel-to")?.focus();
        return;
      }
      const { ranked } = this.found,
        next = ranked[ranked.indexOf(row) + 1];
      const style = kind === "relabel" ? one("#relabel-to").value : "";
      await this.decisions.set(data.words.id[row], kind, style);
      const to = style && ` as ${Impasto.styleName(style)}`;
      Impasto.announce(kind ? `Decided: ${kind}${to}.` : "Decision taken back.");
      if (kind && state.suspect === "open" && next !== undefined) await this.choose(next, true);
    }

    /** Save the decisions as a file. */
    decided() {
      Impasto.save("decisions.csv", this.decisions.csv(), "text/csv;charset=utf-8");
    }

    theme(name) {
      document.documentElement.dataset.theme = name;
      Impasto.kept.set(THEME, name);
      this.dress();
    }

    /** Colours anew, after the theme has changed. */
    async dress() {
      await this.update(this.store.state, new Set(["colour", "painting"]));
    }

    arm(on) {
      if (!this.gestures) return;
      this.gestures.arm(on);
      one("#lasso").setAttribute("aria-pressed", String(on));
      if (on) Impasto.announce("Lasso: draw around paintings. Escape ends it.");
    }

    lasso(points, { run, map, layout }) {
      this.arm(false);
      const lasso = { run, map, points: Impasto.rounded(points) };
      if (layout && layout !== "similar") lasso.layout = layout;
      this.set({ lasso, tab: "paintings", ...Impasto.Sheet.opened(this.store.state) });
    }

    selectSeen(view, where) {
      if (!view) return;
      const [left, bottom, right, top] = view.camera.seen();
      const corners = [
        [left, bottom],
        [right, bottom],
        [right, top],
        [left, top],
      ];
      this.lasso(corners, where);
    }

    async choose(row, visit = false) {
      const words = await this.data.read();
      if (row < 0) {
        this.set({ painting: null });
        return;
      }
      const opened = Impasto.Sheet.opened(this.store.state);
      this.set({ painting: words.id[row], tab: "painting", ...opened });
      for (const view of visit ? this.maps() : []) {
        if (!view.grid) continue;
        const [x, y] = view.camera.toScreen(view.grid.xy[2 * row], view.grid.xy[2 * row + 1]);
        const { width, height } = view.camera;
        if (x < 40 || y < 40 || x > width - 40 || y > height - 40) view.visit(row);
      }
    }

    hover(view, row, place) {
      const tip = view.holder.querySelector(".tip"),
        words = this.data.words;
      for (const other of this.maps()) other.hover(row);
      tip.hidden = row < 0 || !words;
      if (tip.hidden) return;
      const year = this.data.year[row];
      tip.replaceChildren(
        h("b", {}, Impasto.titleName(words.title[row], words.id[row])),
        h(
          "span",
          {},
          [Impasto.artistName(words.artist[row]), year === this.data.undated ? null : year]
            .filter((v) => v !== null)
            .join(", "),
        ),
      );
      const left = Math.min(place[0] + 14, view.camera.width - tip.offsetWidth - 8);
      const top = Math.max(place[1] - tip.offsetHeight - 10, 4);
      tip.style.transform = `translate(${Math.max(left, 4)}px, ${top}px)`;
    }

    rested(at) {
      const whole = this.view.isWhole(at);
      this.set({
        at: whole
          ? null
          : Object.fromEntries(Object.entries(at).map(([k, v]) => [k, Number(v.toFixed(5))])),
      });
    }

    /** A step of the tour: its view, with the tour beside it. */
    tour(view, step) {
      const { sheet, size } = this.store.state,
        asked = Impasto.decode(view);
      const tab = asked.tab === "quiz" ? "quiz" : "story";
      this.set({ ...this.store.usual, sheet, size, ...asked, tab, step });
    }

    /** Follow the state; a change that comes meanwhile takes over. */
    async update(state, changed) {
      const turn = ++this.turn,
        has = (...names) => names.some((name) => changed.has(name));
      this.pending = new Set([...(this.pending ?? []), ...changed]);
      changed = this.pending;
      try {
        const { data } = this,
          run = data.run(state.run),
          map = data.map(run, state.map),
          arranged = has("run", "map", "layout");
        document.body.dataset.sheet = state.sheet;
        if (document.documentElement.dataset.ready && has(...FILTERS, "painting", "tab"))
          this.hint.close(); // whoever has found a way needs none shown
        if (arranged && this.view) {
          const grid = await Impasto.arranged(data, run, map, state.layout);
          if (turn !== this.turn) return;
          if (grid !== this.view.grid) this.view.show(grid);
        }
        if (arranged || has("beside")) this.menus(run, map, state);
        if (has("beside", "run", "map")) await this.showBeside(run, map, state);
        if (has("at", "run", "map", "layout")) this.look(state, arranged);
        if (has("size")) this.maps().forEach((view) => view.resizePictures(state.size));
        if (has("run", "colour", "styles"))
          this.grouping = await Impasto.grouping(data, run, state.colour, state.styles);
        if (has(...FILTERS)) this.found = await Impasto.filtered(
            data,
            run,
            state,
            this.grouping,
            this.decisions,
          );
        if (turn !== this.turn) return;
        this.pending = null;
        if (has(...FILTERS, "beside")) this.showFound(run, state);
        await this.showPanels(run, map, state, has);
      } catch (error) {
        one("#notice").textContent = error.message;
        one("#notice").hidden = false;
        if (!error.message.includes("cannot be loaded")) console.error(error);
      }
    }

    look(state, moved) {
      if (!this.view?.grid) return;
      const { view } = this,
        at = state.at ?? view.camera.whole,
        here = view.view();
      if (Object.keys(here).every((name) => Math.abs(at[name] - here[name]) < 1e-4)) return;
      if (moved && view.grouping && !state.at) view.fly(at);
      else {
        view.flying = null;
        view.camera.look(at);
        view.redraw();
      }
    }

    menus(run, map, state) {
      const fill = (id, options, value) => {
        one(id).replaceChildren(
          ...options.map(([name, label]) => h("option", { value: name }, label)),
        );
        one(id).value = value;
      };
      one("#run").value = run.name;
      const others = this.data.site.runs.filter((other) => other.maps.length && other !== run);
      fill(
        "#beside",
        [["", "nothing"], ...others.map((other) => [other.name, Impasto.runTitle(other)])],
        state.beside ?? "",
      );
      fill(
        "#map-name",
        run.maps.map((made) => [made.name, made.title]),
        map.name,
      );
      fill("#colour", Impasto.colourings(run, this.data.site), state.colour);
      for (const radio of document.querySelectorAll("[name=layout]"))
        radio.checked = radio.value === state.layout;
      one("#map-name").closest("label").hidden = state.layout !== "similar";
      document.body.dataset.layout = state.layout;
    }

    /** The map of another run beside the first one, with the same selection. */
    async showBeside(run, map, state) {
      const { data } = this,
        other = state.beside && data.site.runs.find((one) => one.name === state.beside),
        shown = Boolean(this.view && other?.maps.length && other !== run);
      one("#beside-map").hidden = !shown;
      for (const [id, text] of [
        ["#map", `A: ${Impasto.runTitle(run)}`],
        ["#beside-map", `B: ${other ? Impasto.runTitle(other) : ""}`],
      ]) {
        const name = one(id).querySelector(".pane-name");
        name.hidden = !shown;
        name.textContent = text;
      }
      this.other = shown ? other : null;
      if (!shown) {
        this.tie();
        return;
      }
      const drawn = data.map(other, map.name);
      if (!this.beside) {
        this.beside = this.pane("#beside-map", () => {});
        const where = () => ({ run: this.other.name, map: this.besideMap.name });
        this.hands(this.beside, where);
        this.beside.resizePictures(state.size);
      }
      this.besideMap = drawn;
      const grid = await data.grid(other, drawn);
      this.beside.resize();
      if (grid !== this.beside.grid) this.beside.show(grid);
    }

    /** A line from the chosen painting's place on the one map to that on the other. */
    tie() {
      const { view, beside, other } = this,
        holder = one(".across");
      if (!other || !view?.grid || !beside?.grid || this.row < 0) {
        holder.replaceChildren();
        return;
      }
      const box = holder.getBoundingClientRect();
      const place = ({ holder: pane, camera, grid }) => {
        const at = pane.getBoundingClientRect(),
          [x, y] = camera.toScreen(grid.xy[2 * this.row], grid.xy[2 * this.row + 1]);
        const within = (value, most) => Math.min(Math.max(value, 0), most);
        return [at.left - box.left + within(x, at.width), at.top - box.top + within(y, at.height)];
      };
      const [x1, y1] = place(view),
        [x2, y2] = place(beside);
      const line = document.createElementNS(SVG, "line");
      for (const [key, value] of Object.entries({ x1, y1, x2, y2 })) line.setAttribute(key, value);
      holder.replaceChildren(line);
    }

    showFound(run, state) {
      const { data, found } = this,
        grouping = this.grouping ?? PLAIN(data);
      for (const view of this.maps()) {
        view.dress(grouping, found.mask);
        view.settle();
      }
      this.timeline.show(state, found.mask);
      Impasto.legend(one("#legend"), data, state, this.grouping, this.act);
      one("#colour").value = state.colour;
      one("#size").value = state.size;
      this.chips(run, state);
      if (document.activeElement !== one("#search")) one("#search").value = state.q;
      if (found.any)
        Impasto.announce(
          `${Impasto.countText(found.rows.length)} of ${Impasto.paintings(data.count)}`,
        );
    }

    /** All filters that are set, over every panel. */
    chips(run, state) {
      const { data, found } = this,
        chips = Impasto.chips(data, state, run, found.read);
      one("#filters").hidden = !chips.length;
      if (!chips.length) return;
      const buttons = chips.map((chip) =>
        h(
          "li",
          {},
          h(
            "button",
            {
              type: "button",
              "aria-label": `Remove the filter ${chip.label}`,
              onclick: () => this.set(chip.off),
            },
            chip.label,
            h("span", { "aria-hidden": "true" }, " ×"),
          ),
        ),
      );
      const number = `${Impasto.countText(found.rows.length)} of ${Impasto.paintings(data.count)}`;
      one("#filters").replaceChildren(
        h("ul", { class: "chips", "aria-label": "Filters" }, buttons),
        h("span", { class: "note" }, number),
        h("button", { type: "button", class: "link", onclick: this.act.clear }, "Clear all"),
      );
    }

    async showPanels(run, map, state, has) {
      const { data, pictures, act, found, grouping } = this,
        words = await data.read();
      if (has("painting", "run", "colour", "beside")) {
        this.row = state.painting === null ? -1 : (words.row.get(state.painting) ?? -1);
        const near = async (of) => (this.row < 0 ? [] : data.neighbours(of, this.row));
        this.view?.choose(this.row, await near(run));
        if (this.other) this.beside.choose(this.row, await near(this.other));
      }
      if (!this.view && has(...FILTERS)) Impasto.flat({ data, pictures, found, act });
      const { row, other: beside } = this;
      const { decisions } = this;
      const page = { data, pictures, run, map, state, found, grouping, row, act, beside };
      page.decisions = decisions;
      this.panelPage = page;
      this.regionNote();
      await Impasto.drawPanels(page, has);
      if (has("painting") && row >= 0) {
        const title = Impasto.titleName(words.title[row], words.id[row]);
        Impasto.announce(`Chosen: ${title}, ${Impasto.artistName(words.artist[row])}`);
      }
    }

    /** What the labels on the map mean, or why there are none. */
    regionNote() {
      const { layout, colour } = this.store.state,
        note = one("#regions");
      const silent = !this.view || layout !== "similar" || ["error", "year"].includes(colour);
      note.hidden = silent;
      if (silent) return;
      this.view.grid && this.view.grouping && this.view.name();
      note.textContent = this.view.unnamed
        ? "No region of this map holds more of one style than chance would give, so none is named."
        : "Names mark regions that hold more of a style than chance would give, with its share.";
    }

    async exported() {
      const { data, store } = this,
        run = data.run(store.state.run),
        map = data.map(run, store.state.map);
      Impasto.save(
        "paintings.csv",
        await Impasto.exported(data, run, map, this.found.rows),
        "text/csv;charset=utf-8",
      );
      Impasto.announce(`${Impasto.paintings(this.found.rows.length)} saved.`);
    }
  }

  /** Begin, or tell why not. */
  async function start() {
    try {
      const data = await Impasto.Data.open();
      Impasto.app = new App(data);
      await Impasto.app.start();
    } catch (error) {
      one("#notice").textContent = error.message;
      one("#notice").hidden = false;
    }
  }

  Object.assign(Impasto, { start });
})();
