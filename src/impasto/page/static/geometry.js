"use strict";
/* Where things are: the camera over a map, a grid that finds paintings by place, and lassos. */
(() => {
  // of the window's smaller side, from the middle to the edge of the map, at zoom 1
  const FILLED = 0.46;
  const EDGE = 58; // pixels that stay free around the data when all of it is seen
  const APART = 420; // pixels between typical neighbours at the nearest zoom
  const FURTHEST = 0.6; // of the zoom that shows everything

  /**
   * What part of the map is seen. The map fills [-1, 1] in both directions, y up; the screen has y
   * down. A camera does not leave the extent of its data.
   */
  class Camera {
    constructor() {
      Object.assign(this, { x: 0, y: 0, z: 1, width: 1, height: 1 });
      this.box = this.home = [-1, -1, 1, 1]; // extent of the data, and what is seen at first
      this.spacing = 0.01; // typical distance of neighbours
    }

    /** Keep to the extent of a map, and zoom no nearer than its neighbours are worth. */
    bound(grid) {
      Object.assign(this, { box: grid.box, home: grid.home, spacing: grid.spacing });
      return this;
    }

    /** The view of a part of the map: [left, bottom, right, top]. */
    fit([left, bottom, right, top], edge = EDGE) {
      const { width, height } = this,
        free = Math.min(edge, width / 12, height / 8),
        unit = FILLED * Math.min(width, height);
      const across = (width - 2 * free) / Math.max(right - left, 0.02),
        up = (height - 2 * free) / Math.max(top - bottom, 0.02);
      return { x: (left + right) / 2, y: (bottom + top) / 2, z: Math.min(across, up) / unit };
    }

    /** The view of all data. */
    get whole() {
      return this.fit(this.home);
    }

    /** The least and the most zoom. */
    get reach() {
      const { z } = this.whole,
        unit = FILLED * Math.min(this.width, this.height);
      return [FURTHEST * z, Math.max(4 * z, APART / this.spacing / unit)];
    }

    /** Pixels of the screen to one unit of the map. */
    get scale() {
      return this.z * FILLED * Math.min(this.width, this.height);
    }

    toScreen(x, y) {
      return [
        this.width / 2 + (x - this.x) * this.scale,
        this.height / 2 - (y - this.y) * this.scale,
      ];
    }

    toMap(px, py) {
      return [
        this.x + (px - this.width / 2) / this.scale,
        this.y - (py - this.height / 2) / this.scale,
      ];
    }

    panBy(dx, dy) {
      this.look({ x: this.x - dx / this.scale, y: this.y + dy / this.scale, z: this.z });
    }

    /** Zoom by a factor about a place of the screen, which stays where it is. */
    zoomAt(px, py, factor) {
      const [x, y] = this.toMap(px, py);
      const [least, most] = this.reach,
        z = Math.min(Math.max(this.z * factor, least), most),
        part = this.z / z;
      this.look({ x: x + (this.x - x) * part, y: y + (this.y - y) * part, z });
    }

    look({ x, y, z }) {
      const [left, bottom, right, top] = this.box,
        [least, most] = this.reach,
        inside = (v, low, high) => Math.min(Math.max(v, low), high);
      Object.assign(this, {
        x: inside(x, left, right),
        y: inside(y, bottom, top),
        z: inside(z, least, most),
      });
    }

    /** The seen part of the map and `margin` pixels around it: [left, bottom, right, top]. */
    seen(margin = 0) {
      const [left, top] = this.toMap(-margin, -margin),
        [right, bottom] = this.toMap(this.width + margin, this.height + margin);
      return [left, bottom, right, top];
    }
  }

  /**
   * Paintings by place: squares of the map, each with its paintings, as a counting sort (no object
   * a painting).
   */
  class Grid {
    /** `xy`: x and y of every painting in turn, within [-1, 1]. */
    constructor(xy) {
      const count = xy.length / 2;
      this.xy = xy;
      this.cell = 0; // side of a painting's place, in a layout that gives each its own
      this.captions = null; // labels of a layout: {text, x, y, group, below}
      this.side = Math.max(1, Math.min(512, Math.round(Math.sqrt(count / 2))));
      this.start = new Uint32Array(this.side * this.side + 1);
      this.rows = new Uint32Array(count);
      const cells = new Uint32Array(count);
      for (let i = 0; i < count; i++) {
        cells[i] = this.column(xy[2 * i + 1]) * this.side + this.column(xy[2 * i]);
        this.start[cells[i] + 1]++;
      }
      for (let c = 0; c < this.side * this.side; c++) this.start[c + 1] += this.start[c];
      const next = this.start.slice();
      for (let i = 0; i < count; i++) this.rows[next[cells[i]]++] = i;
      this.box = this.home = this.extent(); // home: what is seen at first
      this.spacing = this.apart();
    }

    /** The extent of the paintings: [left, bottom, right, top]. */
    extent() {
      const box = [1, 1, -1, -1];
      for (let i = 0; i < this.xy.length; i++) {
        const axis = i % 2;
        if (this.xy[i] < box[axis]) box[axis] = this.xy[i];
        if (this.xy[i] > box[2 + axis]) box[2 + axis] = this.xy[i];
      }
      return box[0] > box[2] ? [-1, -1, 1, 1] : box;
    }

    /** Typical distance to the nearest neighbour: the median of a few hundred paintings. */
    apart() {
      const count = this.rows.length,
        step = Math.max(1, Math.floor(count / 300)),
        found = [];
      for (let row = 0; row < count; row += step) {
        const [x, y] = [this.xy[2 * row], this.xy[2 * row + 1]];
        const near = this.nearest(x, y, 4, (other) => other !== row);
        if (near >= 0) found.push(Math.hypot(this.xy[2 * near] - x, this.xy[2 * near + 1] - y));
      }
      return Math.max(found.sort((a, b) => a - b)[found.length >> 1] ?? 0.1, 0.0008);
    }

    column(v) {
      return Math.min(this.side - 1, Math.max(0, Math.floor(((v + 1) / 2) * this.side)));
    }

    /** Call `visit(row)` for every painting within [left, bottom, right, top]. */
    within([left, bottom, right, top], visit) {
      const { xy, side } = this;
      for (let r = this.column(bottom); r <= this.column(top); r++) {
        for (let c = this.column(left); c <= this.column(right); c++) {
          for (let k = this.start[r * side + c]; k < this.start[r * side + c + 1]; k++) {
            const row = this.rows[k],
              x = xy[2 * row],
              y = xy[2 * row + 1];
            if (x >= left && x <= right && y >= bottom && y <= top) visit(row);
          }
        }
      }
    }

    /** The painting nearest to a place that `fits`, or -1 where there is none within `reach`. */
    nearest(x, y, reach = 4, fits = () => true) {
      // A first try nearby is nearly always enough; the whole reach costs a walk over everything
      for (let near = Math.min(reach, 4 / this.side); ; near = Math.min(reach, near * 8)) {
        let best = -1,
          distance = near * near;
        this.within([x - near, y - near, x + near, y + near], (row) => {
          const d = (this.xy[2 * row] - x) ** 2 + (this.xy[2 * row + 1] - y) ** 2;
          if (d <= distance && fits(row)) [best, distance] = [row, d];
        });
        if (best >= 0 || near >= reach) return best;
      }
    }
  }

  /** Whether a place lies in a polygon, by the even-odd rule. */
  function inside(points, x, y) {
    let within = false;
    for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
      const [xi, yi] = points[i],
        [xj, yj] = points[j];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
    }
    return within;
  }

  /** The rows of a grid that lie in a polygon, ascending. */
  function lassoed(grid, points) {
    const xs = points.map((p) => p[0]),
      ys = points.map((p) => p[1]),
      rows = [];
    const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    grid.within(box, (row) => {
      if (inside(points, grid.xy[2 * row], grid.xy[2 * row + 1])) rows.push(row);
    });
    return rows.sort((a, b) => a - b);
  }

  /** A drawn line with fewer corners: those nearer than `gap` to the last kept one are dropped. */
  function thinned(points, gap) {
    const kept = [];
    for (const point of points) {
      const last = kept[kept.length - 1];
      if (!last || Math.hypot(point[0] - last[0], point[1] - last[1]) >= gap) kept.push(point);
    }
    return kept;
  }

  /** Coordinates brought into [-1, 1] about the middle, with the shape of the map kept. */
  function fitted(xy) {
    const low = [Infinity, Infinity],
      high = [-Infinity, -Infinity];
    for (let i = 0; i < xy.length; i++) {
      if (xy[i] < low[i % 2]) low[i % 2] = xy[i];
      if (xy[i] > high[i % 2]) high[i % 2] = xy[i];
    }
    const half = Math.max(high[0] - low[0], high[1] - low[1]) / 2 || 1,
      out = new Float32Array(xy.length);
    for (let i = 0; i < xy.length; i++) out[i] = (xy[i] - (low[i % 2] + high[i % 2]) / 2) / half;
    return out;
  }

  Object.assign(Impasto, { Camera, Grid, inside, lassoed, thinned, fitted });
})();
