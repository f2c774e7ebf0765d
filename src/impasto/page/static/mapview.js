"use strict";
/* The map on the page: canvas, labels, marker of the chosen painting, animations. */
(() => {
  const FEWEST = 40; // paintings that get labels; fewer would stand behind them
  const SLOW = 60; // milliseconds between frames
  const MOVE = 900,
    FLY = 600; // milliseconds
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const eased = (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);

  class MapView {
    /**
     * `holder` has a canvas, `.labels`, `.marker`; `changed` is called when the camera has come to
     * rest elsewhere.
     */
    constructor(holder, data, pictures, changed) {
      Object.assign(this, { holder, data, pictures, changed, camera: new Impasto.Camera() });
      this.canvas = holder.querySelector("canvas");
      this.labels = holder.querySelector(".labels");
      this.marker = holder.querySelector(".marker");
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
      new ResizeObserver(() => this.resize()).observe(holder);
      this.resize();
    }

    resize() {
      const { clientWidth: width, clientHeight: height } = this.holder;
      const dense = Math.min(devicePixelRatio || 1, 2) * (this.coarse ? 0.5 : 1);
      Object.assign(this.camera, { width: Math.max(width, 1), height: Math.max(height, 1) });
      this.canvas.width = Math.max(1, Math.round(width * dense));
      this.canvas.height = Math.max(1, Math.round(height * dense));
      if (this.grid && this.grouping) this.draw(performance.now());
    }

    /** Show a map; from another one the paintings walk over. */
    show(grid) {
      const before = this.grid && this.positions();
      this.grid = grid;
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
      this.mask = mask;
      this.grouping = grouping;
      this.renderer.dress(grouping, mask, this.chosen);
      this.name();
      this.redraw();
    }

    choose(row) {
      this.chosen = row;
      if (this.grouping) this.renderer.dress(this.grouping, this.mask, row);
      this.redraw();
    }

    hover(row) {
      if (row === this.hovered) return;
      this.hovered = row;
      this.redraw();
    }

    /** Labels at the median of each style, or of each cluster. */
    name() {
      const { grouping, data, grid } = this;
      if (!grid || !grouping) return;
      const bycluster = grouping.kind === "cluster";
      const names = bycluster ? grouping.names : data.styles.map(Impasto.styleName);
      const of = bycluster ? grouping.of : data.style,
        members = names.map(() => []);
      for (let row = 0; row < data.count; row++)
        if (this.mask[row] && of[row] >= 0) members[of[row]].push(row);
      const median = (rows, axis) =>
        rows.map((row) => grid.xy[2 * row + axis]).sort((a, b) => a - b)[rows.length >> 1];
      const meant = members.reduce((sum, rows) => sum + rows.length, 0);
      this.labels.replaceChildren();
      this.named = members
        .flatMap((rows, place) => {
          if (!rows.length || meant < FEWEST) return [];
          const element = document.createElement("span");
          const coloured = bycluster || grouping.kind === "style";
          if (coloured)
            element.append(Impasto.glyph(grouping.shapes[place], grouping.colours[place]));
          element.append(names[place]);
          this.labels.append(element);
          return [
            {
              element,
              x: median(rows, 0),
              y: median(rows, 1),
              weight: rows.length,
              width: element.offsetWidth,
            },
          ];
        })
        .sort((a, b) => b.weight - a.weight);
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
        this.moving ? null : this.grid,
        this.coarse,
      );
      this.place(t);
      if (this.moving || this.flying) this.redraw();
      else this.settle();
      if (!performance.getEntriesByName("impasto:first-view").length)
        performance.mark("impasto:first-view");
    }

    /** After the last movement: pictures for what is seen, and the view into the address. */
    settle() {
      if (!this.gathering) {
        this.gathering = setTimeout(() => {
          this.gathering = 0;
          this.renderer.gather(this.camera, this.grid, this.mask);
        }, 60);
      }
      clearTimeout(this.rest);
      this.rest = setTimeout(() => this.rested(), this.coarse ? 450 : 200);
    }

    rested() {
      if (this.held) return this.settle();
      if (this.coarse) this.refine(true);
      this.changed(this.view());
    }

    view() {
      const { x, y, z } = this.camera;
      return { x, y, z };
    }

    /** Half width and height of a painting on the screen. */
    extent(row) {
      const { picture, mark, shown } = this.renderer.sizes(this.camera);
      if (!this.mask[row] || shown <= 0) return [mark, mark];
      const stretch = 2 ** ((this.data.ratio[row] - 128) / 128),
        mix = (v) => mark + (v - mark) * shown;
      return [mix(picture * stretch), mix(picture / stretch)];
    }

    place(t) {
      const { picture, shown } = this.renderer.sizes(this.camera),
        taken = [];
      const wanted = t === 1 && picture < 40;
      for (const label of this.named) {
        const [px, py] = this.camera.toScreen(label.x, label.y),
          half = label.width / 2 + 6;
        const free = taken.every(
          ([x, y, w]) => Math.abs(px - x) > half + w || Math.abs(py - y) > 24,
        );
        const visible =
          wanted &&
          free &&
          px > -half &&
          px < this.camera.width + half &&
          py > 0 &&
          py < this.camera.height;
        label.element.style.display = visible ? "" : "none";
        if (!visible) continue;
        taken.push([px, py, half]);
        const left = Math.round(px - label.width / 2);
        label.element.style.transform = `translate(${left}px, ${Math.round(py - 11)}px)`;
      }
      this.labels.style.opacity = shown > 0 && picture > 20 ? 0.55 : 1;
      const row = this.hovered >= 0 ? this.hovered : this.chosen,
        hidden = row < 0 || t < 1;
      this.marker.hidden = hidden;
      if (hidden) return;
      const [x, y] = this.camera.toScreen(this.grid.xy[2 * row], this.grid.xy[2 * row + 1]);
      const [w, h] = this.extent(row).map((v) => v + 4);
      this.marker.style.transform = `translate(${x - w}px, ${y - h}px)`;
      Object.assign(this.marker.style, { width: `${2 * w}px`, height: `${2 * h}px` });
    }

    /** The painting at a place of the screen, or -1; what is drawn on top comes first. */
    pick(px, py, reach = 10) {
      if (!this.grid || this.moving) return -1;
      const [x, y] = this.camera.toMap(px, py),
        { picture } = this.renderer.sizes(this.camera);
      const far = Math.max(1.6 * picture, reach) / this.camera.scale;
      let top = -1;
      this.grid.within([x - far, y - far, x + far, y + far], (row) => {
        if (!this.mask[row] || (top === this.chosen && top >= 0)) return;
        const [cx, cy] = this.camera.toScreen(this.grid.xy[2 * row], this.grid.xy[2 * row + 1]),
          [w, h] = this.extent(row);
        const over = Math.abs(px - cx) <= w && Math.abs(py - cy) <= h;
        if (over && (row === this.chosen || row > top)) top = row;
      });
      return top >= 0
        ? top
        : this.grid.nearest(x, y, reach / this.camera.scale, (row) => this.mask[row]);
    }

    /** Go to a view, by a flight unless motion is to be reduced. */
    fly(to) {
      if (still()) {
        this.camera.look(to);
      } else {
        this.flying = { from: this.view(), to, begun: performance.now() };
      }
      this.redraw();
    }

    /** Fly to a painting, near enough to see it. */
    visit(row) {
      let z = this.camera.z;
      const probe = Object.assign(new Impasto.Camera(), this.camera, { z });
      while (this.renderer.sizes(probe).picture < 24 && probe.z < 300) probe.z *= 1.15;
      z = Math.max(z, probe.z);
      this.fly({ x: this.grid.xy[2 * row], y: this.grid.xy[2 * row + 1], z });
    }

    /** Fly to where some paintings are. */
    frame(rows) {
      if (!rows.length) return;
      let [left, bottom, right, top] = [1, 1, -1, -1];
      for (const row of rows) {
        const x = this.grid.xy[2 * row],
          y = this.grid.xy[2 * row + 1];
        [left, right] = [Math.min(left, x), Math.max(right, x)];
        [bottom, top] = [Math.min(bottom, y), Math.max(top, y)];
      }
      const { width, height } = this.camera,
        least = Math.min(width, height);
      const room = Math.min(
        width / least / Math.max(right - left, 0.02),
        height / least / Math.max(top - bottom, 0.02),
      );
      this.fly({
        x: (left + right) / 2,
        y: (bottom + top) / 2,
        z: Math.min(Math.max(1.8 * room, 1), 60),
      });
    }
  }

  Object.assign(Impasto, { MapView });
})();
