"use strict";
/*
 * A map on the page: canvas, labels of regions, marker of the chosen painting and lines to its
 * neighbours, overview, animations.
 */
(() => {
  const FEWEST = 40; // paintings that get labels; fewer would stand behind them
  const REGION = 150; // pixels of a region's square
  const SVG = "http://www.w3.org/2000/svg";
  const SLOW = 60; // milliseconds between frames
  const MOVE = 900,
    FLY = 600; // milliseconds
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const eased = (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);

  class MapView {
    /**
     * `holder` has a canvas, `.labels`, `.marker`, `.ties`; `act` has rested(view): the camera has
     * come to rest elsewhere, and placed(): something has moved on the screen.
     */
    constructor(holder, data, pictures, act) {
      Object.assign(this, { holder, data, pictures, act, camera: new Impasto.Camera() });
      this.canvas = holder.querySelector("canvas");
      this.labels = holder.querySelector(".labels");
      this.marker = holder.querySelector(".marker");
      this.ties = holder.querySelector(".ties");
      this.near = []; // neighbours of the chosen painting
      this.guest = []; // paintings among which a visitor's own picture stands
      this.highlight = -1; // group of the legend that is pointed at
      this.level = null; // of the zoom that the labels are made for
      this.unnamed = false; // whether no region holds more of a group than chance
      this.grid = null;
      this.mask = new Uint8Array(data.count).fill(1);
      this.chosen = this.hovered = -1;
      this.moving = null; // {from, to, begun}
      this.flying = null;
      this.named = []; // labels: {element, x, y, weight}
      this.asked = false;
      this.rest = this.gathering = this.before = this.slow = 0;
      // a machine without a graphics card; a hand on the map
      this.weak = this.coarse = this.held = false;
      this.renderer = new Impasto.Renderer(this.canvas, data, pictures, () => this.redraw());
      this.overview = new Impasto.Overview(holder, this);
      new ResizeObserver(() => this.resize()).observe(holder);
      this.resize();
    }

    resize() {
      const { clientWidth: width, clientHeight: height } = this.holder;
      const dense = Math.min(devicePixelRatio || 1, 2) * (this.coarse ? 0.5 : 1);
      const whole = this.grid && this.isWhole(),
        tools = document.querySelector(".tools");
      // the tools lie over the upper right corner
      this.covered = { wide: tools.offsetWidth + 16, high: tools.offsetHeight + 24 };
      Object.assign(this.camera, { width: Math.max(width, 1), height: Math.max(height, 1) });
      if (whole) this.camera.look(this.camera.whole);
      this.canvas.width = Math.max(1, Math.round(width * dense));
      this.canvas.height = Math.max(1, Math.round(height * dense));
      if (this.grid && this.grouping) this.draw(performance.now());
    }

    /** Whether all of the map is seen, as at first. */
    isWhole(view = this.view()) {
      const { whole } = this.camera;
      return Object.keys(whole).every((name) => Math.abs(view[name] - whole[name]) < 1e-4);
    }

    /** Show a map; from another one the paintings walk over. */
    show(grid) {
      const before = this.grid && this.positions();
      this.grid = grid;
      this.level = null;
      this.camera.bound(grid).look(before ? this.camera : this.camera.whole);
      this.overview.forget();
      if (before && !still()) {
        this.moving = { from: before, to: grid.xy, begun: performance.now() };
        this.renderer.move(before, grid.xy);
      } else {
        this.moving = null;
        this.renderer.move(grid.xy, grid.xy);
      }
      this.redraw();
    }

    /** Where the paintings are at this moment. */
    positions() {
      if (!this.moving) return this.grid.xy;
      const { from, to, begun } = this.moving,
        t = eased(Math.min((performance.now() - begun) / MOVE, 1));
      return from.map((v, i) => v + (to[i] - v) * t);
    }

    dress(grouping, mask) {
      if (grouping !== this.grouping) this.highlight = -1; // its legend is another one
      this.mask = mask;
      this.grouping = grouping;
      this.level = null;
      this.renderer.dress(grouping, mask, this.chosen, this.highlight);
      this.overview.forget();
      this.redraw();
    }

    /** Show one group of the legend alone; -1: all again. */
    point(group) {
      if (group === this.highlight) return;
      this.highlight = group;
      if (!this.grouping) return;
      this.renderer.dress(this.grouping, this.mask, this.chosen, group);
      this.redraw();
    }

    /** Mark a painting, and tie it to its neighbours. */
    choose(row, near = []) {
      this.near = near;
      if (row !== this.chosen) {
        this.chosen = row;
        if (this.grouping)
          this.renderer.dress(this.grouping, this.mask, row, this.highlight);
      }
      this.redraw();
    }

    /** Mark the place of a visitor's own picture: the mean of its nearest paintings. */
    host(rows) {
      this.guest = rows;
      this.redraw();
    }

    /** The mean place of some paintings. */
    middle(rows) {
      const mean = (axis) =>
        rows.reduce((sum, row) => sum + this.grid.xy[2 * row + axis], 0) / rows.length;
      return [mean(0), mean(1)];
    }

    /** Size of pictures as a factor of the usual one. */
    resizePictures(factor) {
      this.renderer.factor = factor;
      this.redraw();
    }

    hover(row) {
      if (row === this.hovered) return;
      this.hovered = row;
      this.redraw();
    }

    /** What labels name: groups of each row, their names, and whether they have colours. */
    namedGroups() {
      const { grouping, data } = this,
        coloured = ["style", "prediction", "cluster"].includes(grouping.kind);
      if (coloured) return { of: grouping.of, names: grouping.names, coloured };
      return { of: data.style, names: data.styles.map(Impasto.styleName), coloured };
    }

    /** Labels of the regions at this zoom, or those of a layout. */
    name() {
      const { grid, grouping, camera } = this;
      const level = grid.captions ? 0 : Math.round(Math.log2(camera.z / camera.whole.z));
      if (level === this.level) return;
      this.level = level;
      const { of, names, coloured } = this.namedGroups();
      let found = grid.captions ?? [];
      const silent = ["error", "year"].includes(grouping.kind);
      if (!grid.captions && !silent) {
        const side = REGION / (camera.scale * (2 ** level * (camera.whole.z / camera.z)));
        const meant = this.mask.reduce((sum, value) => sum + value, 0);
        found =
          meant < FEWEST ? [] : Impasto.regions(grid, of, names.length, this.mask, side);
        if (level === 0) this.unnamed = meant >= FEWEST && !found.length;
      } else this.unnamed = false;
      this.labels.replaceChildren();
      this.named = found.map((region) => {
        const element = document.createElement("span");
        if (grid.captions) element.className = "caption-of";
        if (region.group >= 0 && (coloured || grid.captions) && grouping.kind !== "prediction")
          element.append(this.glyphOf(region.group));
        const share = `${names[region.group]} ${Impasto.percent(region.share)}`;
        const text = region.text ?? grouping.titles?.[region.group] ?? share;
        element.append(text.replace(/\.\d %/, " %"));
        this.labels.append(element);
        const { x, y, below } = region;
        const { offsetWidth: width, offsetHeight: height } = element;
        return { element, x, y, below, width, height };
      });
      this.act.placed();
    }

    /** The mark of a style or group, as the legend has it. */
    glyphOf(group) {
      const { grouping } = this;
      return grouping.kind === "style" || grouping.kind === "cluster"
        ? Impasto.glyph(grouping.shapes[group] ?? 0, grouping.colours[group] ?? Impasto.quiet())
        : "";
    }

    redraw() {
      if (this.asked) return;
      this.asked = true;
      requestAnimationFrame((now) => {
        this.asked = false;
        if (!this.grid || !this.grouping) return;
        this.pace(now);
        this.draw(now);
      });
    }

    /**
     * Where frames take long, as without a graphics card, what moves is drawn at half the
     * resolution until it rests.
     */
    pace(now) {
      const gap = now - this.before;
      this.before = now;
      this.slow = gap > SLOW && gap < 1000 ? this.slow + 1 : 0;
      this.weak ||= this.slow >= 2;
      if (this.weak && !this.coarse && (this.slow || this.held)) this.refine(false);
    }

    refine(wanted) {
      this.coarse = !wanted;
      this.resize();
    }

    draw(now) {
      let t = 1;
      if (this.flying) {
        const { from, to, begun } = this.flying,
          f = eased(Math.min((now - begun) / FLY, 1)),
          mix = (a, b) => a + (b - a) * f;
        // The zoom changes evenly to the eye: by equal factors in equal times
        this.camera.look({
          x: mix(from.x, to.x),
          y: mix(from.y, to.y),
          z: from.z * (to.z / from.z) ** f,
        });
        if (f >= 1) this.flying = null;
      }
      if (this.moving) {
        t = eased(Math.min(Math.max(now - this.moving.begun, 0) / MOVE, 1));
        if (t >= 1) {
          this.moving = null;
          this.renderer.move(this.grid.xy, this.grid.xy);
        }
      }
      const wall = getComputedStyle(this.holder).getPropertyValue("--wall").trim();
      this.renderer.draw(
        this.camera,
        this.moving ? t : 1,
        wall,
        this.grid,
        this.coarse,
      );
      if (!this.flying) this.name();
      this.place(t);
      this.overview.show();
      if (this.moving || this.flying) this.redraw();
      else this.settle();
      this.tell("impasto:first-view");
      const { layers, rows } = this.renderer;
      if (rows.length && layers[0].holds.some((sheet) => sheet >= 0))
        this.tell("impasto:first-pictures");
    }

    /** Note when something was there for the first time; see benchmarks/atlas_page.py. */
    tell(name) {
      if (!performance.getEntriesByName(name).length) performance.mark(name);
    }

    /** After the last movement: pictures for what is seen, and the view into the address. */
    settle() {
      if (!this.gathering) {
        this.gathering = setTimeout(() => {
          this.gathering = 0;
          this.renderer.gather(this.camera, this.grid);
        }, 60);
      }
      clearTimeout(this.rest);
      this.rest = setTimeout(() => this.rested(), this.coarse ? 450 : 200);
    }

    rested() {
      if (this.held) return this.settle();
      if (this.coarse) this.refine(true);
      this.act.rested(this.view());
    }

    view() {
      const { x, y, z } = this.camera;
      return { x, y, z };
    }

    /** Half width and height of a painting on the screen. */
    extent(row) {
      const { picture, mark } = this.renderer.sizes(this.camera);
      if (!this.renderer.pictured[row]) return [mark, mark];
      return Impasto.sidesOf(this.data.ratio[row]).map((share) => share * picture);
    }

    place(t) {
      const taken = [],
        { width, height } = this.camera,
        { covered } = this;
      for (const label of this.named) {
        let [px, py] = this.camera.toScreen(label.x, label.y);
        const half = label.width / 2 + 2,
          high = label.height / 2,
          inside = px > 0 && px < width && py > -12 && py < height + 12;
        py += label.below ? high + 3 : -high - 3; // beside its paintings, not upon them
        // A name near the edge is moved in, so that it is never cut off
        px = Math.min(Math.max(px, half), width - half - (py < covered.high ? covered.wide : 0));
        py = Math.min(Math.max(py, high + 2), height - high - 2);
        const free = taken.every(
          ([x, y, w, t]) => Math.abs(px - x) > half + w || Math.abs(py - y) > high + t + 1,
        );
        const visible = t === 1 && free && inside;
        label.element.style.display = visible ? "" : "none";
        if (!visible) continue;
        taken.push([px, py, half, high]);
        const left = Math.round(px - label.width / 2);
        label.element.style.transform = `translate(${left}px, ${Math.round(py - high)}px)`;
      }
      this.mark(t);
      this.act.placed();
    }

    /** The marker of the painting that is pointed at or chosen, and its neighbours' lines. */
    mark(t) {
      const row = this.hovered >= 0 ? this.hovered : this.chosen,
        hidden = row < 0 || t < 1;
      this.marker.hidden = hidden;
      const spot = (other) =>
        this.camera.toScreen(this.grid.xy[2 * other], this.grid.xy[2 * other + 1]);
      const lines = [];
      const draw = (name, given) => {
        const element = document.createElementNS(SVG, name);
        for (const [key, value] of Object.entries(given))
          element.setAttribute(key, typeof value === "number" ? value.toFixed(1) : value);
        lines.push(element);
      };
      const tie = ([x1, y1], others) => {
        for (const other of others) {
          const [x2, y2] = spot(other);
          draw("line", { x1, y1, x2, y2 });
          draw("circle", { cx: x2, cy: y2, r: 4 });
        }
      };
      if (this.chosen >= 0 && t === 1) tie(spot(this.chosen), this.near);
      if (this.guest.length && t === 1) {
        const [cx, cy] = this.camera.toScreen(...this.middle(this.guest));
        tie([cx, cy], this.guest);
        draw("circle", { cx, cy, r: 9, class: "guest" });
      }
      this.ties.replaceChildren(...lines);
      if (hidden) return;
      const [x, y] = spot(row);
      const [w, h] = this.extent(row).map((v) => v + 4);
      this.marker.style.transform = `translate(${x - w}px, ${y - h}px)`;
      Object.assign(this.marker.style, { width: `${2 * w}px`, height: `${2 * h}px` });
    }

    /** The painting at a place of the screen, or -1: pictures, which lie on top, come first. */
    pick(px, py, reach = 10) {
      if (!this.grid || this.moving) return -1;
      const [x, y] = this.camera.toMap(px, py),
        { side } = this.renderer.sizes(this.camera);
      let top = -1;
      this.grid.within([x - side, y - side, x + side, y + side], (row) => {
        if (top >= 0 || !this.mask[row] || !this.renderer.pictured[row]) return;
        const [cx, cy] = this.camera.toScreen(this.grid.xy[2 * row], this.grid.xy[2 * row + 1]),
          [w, h] = this.extent(row);
        if (Math.abs(px - cx) <= w && Math.abs(py - cy) <= h) top = row;
      });
      return top >= 0
        ? top
        : this.grid.nearest(x, y, reach / this.camera.scale, (row) => this.mask[row]);
    }

    /** Go to a view, by a flight unless motion is to be reduced. */
    fly(to) {
      if (still()) {
        this.flying = null;
        this.camera.look(to);
      } else {
        this.flying = { from: this.view(), to, begun: performance.now() };
      }
      this.redraw();
    }

    /** Fly to a painting, near enough to see it. */
    visit(row) {
      const z = Math.max(this.camera.z, 4 * this.camera.whole.z);
      this.fly({ x: this.grid.xy[2 * row], y: this.grid.xy[2 * row + 1], z });
    }

    /** Fly to the place of a visitor's own picture. */
    visitHost() {
      if (!this.guest.length) return;
      const [x, y] = this.middle(this.guest);
      this.fly({ x, y, z: Math.max(this.camera.z, 3 * this.camera.whole.z) });
    }

    /** The extent of some paintings: [left, bottom, right, top]. */
    boxOf(rows) {
      const box = [1, 1, -1, -1];
      for (const row of rows) {
        const x = this.grid.xy[2 * row],
          y = this.grid.xy[2 * row + 1];
        [box[0], box[2]] = [Math.min(box[0], x), Math.max(box[2], x)];
        [box[1], box[3]] = [Math.min(box[1], y), Math.max(box[3], y)];
      }
      return box;
    }

    /** Fly to where some paintings are. */
    frame(rows) {
      if (!rows.length) return;
      const to = this.camera.fit(this.boxOf(rows), 70);
      this.fly({ ...to, z: Math.min(to.z, this.camera.reach[1]) });
    }
  }

  Object.assign(Impasto, { MapView });
})();
