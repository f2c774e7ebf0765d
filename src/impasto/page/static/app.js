"use strict";
/* The page put together: the state changes, and what shows it follows. */
(() => {
  const { h, one } = Impasto;
  const { FILTERS } = Impasto;
  const WHOLE = { x: 0, y: 0, z: 1 };

  class App {
    constructor(data) {
      Object.assign(this, {
        data,
        pictures: new Impasto.Pictures(data),
        turn: 0,
        row: -1,
        found: null,
        grouping: null,
      });
      const first = data.run(null);
      this.store = new Impasto.Store({ run: first.name, map: first.maps[0].name });
      this.set = (patch) => this.store.set(patch);
      this.view = new Impasto.MapView(one("#map"), data, this.pictures, (at) => this.rested(at));
      this.timeline = new Impasto.Timeline(one("#years"), data, this.set);
      this.gestures = new Impasto.Gestures(this.view, {
        choose: (row, visit) => this.choose(row, visit),
        hover: (row, place) => this.hover(row, place),
        lasso: (points) => this.lasso(points),
        whole: () => this.view.fly(WHOLE),
        selectSeen: () => this.selectSeen(),
      });
      this.act = {
        set: this.set,
        choose: (row) => this.choose(row, true),
        visit: (row) => this.visit(row),
        clear: () => this.set(Impasto.NO_FILTER),
        search: (q) => this.set({ q, tab: "paintings" }),
        frame: () => this.view.frame(this.found.rows),
        exported: () => this.exported(),
      };
      // room for the matrix
      document.body.style.setProperty("--matrix", `${12.5 + 1.62 * data.styles.length}rem`);
      Impasto.buildPanels(data.site);
      this.controls();
    }

    async start() {
      this.store.read();
      this.store.listen((state, changed) => this.update(state, changed));
      addEventListener("hashchange", () => this.store.read());
      addEventListener("pagehide", () => this.store.write());
      await this.update(this.store.state, new Set(Object.keys(this.store.state)));
      document.documentElement.dataset.ready = "yes";
    }

    controls() {
      const { data } = this,
        on = (id, event, act) => one(id).addEventListener(event, act);
      const runs = data.site.runs.filter((run) => run.maps.length);
      one("#run").replaceChildren(...runs.map((run) => h("option", { value: run.name }, run.name)));
      one("#run").closest("label").hidden = runs.length < 2;
      on("#run", "change", (event) => this.set({ run: event.target.value, group: [], at: null }));
      on("#map-name", "change", (event) => this.set({ map: event.target.value, at: null }));
      on("#colour", "change", (event) => this.set({ colour: event.target.value, group: [] }));
      on("#search", "input", (event) => {
        clearTimeout(this.typing);
        this.typing = setTimeout(() => this.set({ q: event.target.value, tab: "paintings" }), 160);
      });
      on("#search-form", "submit", (event) => {
        event.preventDefault();
        clearTimeout(this.typing);
        this.set({ q: one("#search").value, tab: "paintings" });
        this.open(true);
      });
      on("#nearer", "click", () => this.gestures.nearer(1.6));
      on("#further", "click", () => this.gestures.nearer(1 / 1.6));
      on("#whole", "click", () => this.view.fly(WHOLE));
      on("#lasso", "click", () => this.arm(!this.gestures.lassoing));
      on("#seen", "click", () => this.selectSeen());
      on("#theme", "click", () => this.theme(Impasto.theme() === "dark" ? "light" : "dark"));
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.dress());
      for (const tab of document.querySelectorAll("[role=tab]")) {
        tab.addEventListener("click", () => {
          this.open(
            tab.getAttribute("aria-selected") !== "true" ||
              !document.body.classList.contains("open"),
          );
          this.set({ tab: tab.dataset.tab });
        });
      }
      Impasto.roving(one("[role=tablist]"), "[role=tab]");
      addEventListener("keydown", (event) => this.key(event));
    }

    key(event) {
      const typing = event.target.matches("input, select, textarea");
      if (event.key === "/" && !typing) {
        event.preventDefault();
        one("#search").focus();
      } else if (event.key === "Escape") {
        const { state } = this.store;
        if (this.gestures.lassoing) this.arm(false);
        else if (typing && state.q) this.set({ q: "" });
        else if (state.painting) this.set({ painting: null, tab: "paintings" });
        else this.set(Impasto.NO_FILTER);
      }
    }

    theme(name) {
      document.documentElement.dataset.theme = name;
      this.dress();
    }

    /** Colours anew, after the theme has changed. */
    async dress() {
      await this.update(this.store.state, new Set(["colour", "painting"]));
    }

    /** On a phone: whether the sheet with the panels is open. */
    open(wanted) {
      document.body.classList.toggle("open", wanted);
    }

    arm(on) {
      this.gestures.arm(on);
      one("#lasso").setAttribute("aria-pressed", String(on));
      if (on) Impasto.announce("Lasso: draw around paintings. Escape ends it.");
    }

    lasso(points) {
      const { run, map } = this.store.state;
      this.arm(false);
      this.set({ lasso: { run, map, points: Impasto.rounded(points) }, tab: "paintings" });
      this.open(true);
    }

    selectSeen() {
      const [left, bottom, right, top] = this.view.camera.seen();
      this.lasso([
        [left, bottom],
        [right, bottom],
        [right, top],
        [left, top],
      ]);
    }

    async choose(row, visit = false) {
      const words = await this.data.read();
      this.set(row < 0 ? { painting: null } : { painting: words.id[row], tab: "painting" });
      if (row < 0) return;
      this.open(true);
      const [x, y] = this.view.camera.toScreen(
        this.view.grid.xy[2 * row],
        this.view.grid.xy[2 * row + 1],
      );
      const { width, height } = this.view.camera;
      if (visit && (x < 40 || y < 40 || x > width - 40 || y > height - 40)) this.visit(row);
    }

    visit(row) {
      this.view.visit(row);
    }

    hover(row, place) {
      const tip = one("#tip"),
        words = this.data.words;
      this.view.hover(row);
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
      const left = Math.min(place[0] + 14, this.view.camera.width - tip.offsetWidth - 8);
      const top = Math.max(place[1] - tip.offsetHeight - 10, 4);
      tip.style.transform = `translate(${Math.max(left, 4)}px, ${top}px)`;
    }

    rested(at) {
      const whole = Object.keys(WHOLE).every((name) => Math.abs(at[name] - WHOLE[name]) < 1e-4);
      this.set({
        at: whole
          ? null
          : Object.fromEntries(Object.entries(at).map(([k, v]) => [k, Number(v.toFixed(5))])),
      });
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
          map = data.map(run, state.map);
        if (has("at", "run", "map")) this.look(state, has("run", "map"));
        if (has("run", "map")) {
          const grid = await data.grid(run, map);
          if (turn !== this.turn) return;
          if (grid !== this.view.grid) this.view.show(grid);
          this.menus(run, map, state);
        }
        if (has("run", "colour")) this.grouping = await Impasto.grouping(data, run, state.colour);
        if (has(...FILTERS)) this.found = await Impasto.filtered(data, run, state, this.grouping);
        if (turn !== this.turn) return;
        this.pending = null;
        if (has(...FILTERS)) this.showFound(run, state);
        await this.showPanels(run, map, state, has);
      } catch (error) {
        one("#notice").textContent = error.message;
        one("#notice").hidden = false;
        if (!error.message.includes("cannot be loaded")) console.error(error);
      }
    }

    look(state, moved) {
      const at = state.at ?? WHOLE,
        here = this.view.view();
      if (Object.keys(WHOLE).every((name) => Math.abs(at[name] - here[name]) < 1e-4)) return;
      if (moved && this.view.grid && !state.at) this.view.fly(at);
      else {
        this.view.flying = null;
        this.view.camera.look(at);
        this.view.redraw();
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
      fill(
        "#map-name",
        run.maps.map((made) => [made.name, made.title]),
        map.name,
      );
      fill("#colour", Impasto.colourings(run), state.colour);
    }

    showFound(run, state) {
      const { data, found, view } = this;
      const plain = {
        kind: "none",
        names: [],
        of: new Int16Array(data.count).fill(-1),
        colours: [],
        shapes: [],
      };
      view.dress(this.grouping ?? plain, found.mask);
      this.timeline.show(state, found.mask);
      Impasto.legend(one("#legend"), data, state, this.grouping, this.set);
      one("#colour").value = state.colour;
      if (document.activeElement !== one("#search")) one("#search").value = state.q;
      if (found.any)
        Impasto.announce(
          `${Impasto.countText(found.rows.length)} of ${Impasto.paintings(data.count)}`,
        );
      view.settle();
    }

    async showPanels(run, map, state, has) {
      const { data, pictures, act, found } = this,
        words = await data.read();
      if (has("painting", "run", "heat", "colour")) {
        this.row = state.painting === null ? -1 : (words.row.get(state.painting) ?? -1);
        this.view.choose(this.row);
      }
      const { row } = this;
      await Impasto.drawPanels({ data, pictures, run, map, state, found, row, act }, has);
      if (has("painting") && row >= 0) {
        const title = Impasto.titleName(words.title[row], words.id[row]);
        Impasto.announce(`Chosen: ${title}, ${Impasto.artistName(words.artist[row])}`);
      }
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

  /** Begin, or say why not. */
  async function start() {
    try {
      const data = await Impasto.Data.open();
      Impasto.app = new App(data);
      await Impasto.app.start();
    } catch (error) {
      const known =
        error.message === "no WebGL2"
          ? "This browser cannot draw the map: it offers no WebGL 2. " +
            "Try another browser, or turn hardware acceleration on."
          : error.message;
      one("#notice").textContent = known;
      one("#notice").hidden = false;
    }
  }

  Object.assign(Impasto, { start });
})();
