"use strict";
/*
 * Which paintings are drawn as pictures: at every zoom as many as find room without overlapping,
 * taken in a fixed order, so that the same ones stay while the map is moved.
 */
(() => {
  /** A number that has nothing to do with a row's place (Knuth's multiplicative hash). */
  const scattered = (row) => Math.imul(row + 1, 2654435761) >>> 0;

  /** Rows in the order in which they are tried: those of the opening sheet first. */
  function order(data) {
    const opening = data.site.levels[0].across ** 2,
      key = new Float64Array(data.count);
    for (let row = 0; row < data.count; row++) {
      const place = data.small[row];
      key[row] = place < opening ? place : opening + scattered(row);
    }
    return Uint32Array.from({ length: data.count }, (_, row) => row).sort(
      (a, b) => key[a] - key[b],
    );
  }

  // Width and height of a painting as parts of its longer side, by its ratio (see data.js)
  const WIDTHS = Float64Array.from({ length: 256 }, (_, ratio) =>
    Math.min(2 ** ((ratio - 128) / 64), 1),
  );
  const HEIGHTS = Float64Array.from({ length: 256 }, (_, ratio) =>
    Math.min(2 ** ((128 - ratio) / 64), 1),
  );
  const shares = (ratio) => [WIDTHS[ratio], HEIGHTS[ratio]];

  /** Rectangles that do not overlap, found by place: squares with a chain of rectangles each. */
  class Room {
    constructor(left, bottom, right, top, side) {
      Object.assign(this, { left, bottom, side });
      this.across = Math.ceil((right - left) / side) + 3;
      const up = Math.ceil((top - bottom) / side) + 3;
      this.first = new Int32Array(this.across * up).fill(-1); // of a square's chain
      this.boxes = []; // x, y, half width, half height, next of the chain
    }

    /** Take a rectangle in if it overlaps none; whether it did. */
    take(x, y, w, h) {
      const { boxes, first, across, side } = this,
        own =
          (Math.floor((y - this.bottom) / side) + 1) * across +
          Math.floor((x - this.left) / side) +
          1;
      for (let line = -across; line <= across; line += across) {
        for (let cell = own + line - 1; cell <= own + line + 1; cell++) {
          for (let at = first[cell]; at >= 0; at = boxes[at + 4]) {
            const dx = x - boxes[at],
              dy = y - boxes[at + 1],
              reach = w + boxes[at + 2],
              rise = h + boxes[at + 3];
            if (dx < reach && -dx < reach && dy < rise && -dy < rise) return false;
          }
        }
      }
      boxes.push(x, y, w, h, first[own]);
      first[own] = boxes.length - 5;
      return true;
    }
  }

  /**
   * Rows that are drawn as pictures of `side` (in units of the map) within a box, the `first` one
   * (-1: none) in any case; each has its middle in the box.
   */
  function sample({ grid, wanted, box, side, ratio, order: tried, first }) {
    const [left, bottom, right, top] = box,
      { xy } = grid,
      rows = [],
      all = grid.cell > 0 && side <= grid.cell * 1.001,
      // A window holds all of the map when it is far away: squares there are no use
      room = all
        ? null
        : new Room(
            Math.max(left, -1.1),
            Math.max(bottom, -1.1),
            Math.min(right, 1.1),
            Math.min(top, 1.1),
            side,
          );
    const take = (row) => {
      const x = xy[2 * row],
        y = xy[2 * row + 1];
      if (x < left || x > right || y < bottom || y > top) return;
      const half = side / 2;
      if (all || room.take(x, y, half * WIDTHS[ratio[row]], half * HEIGHTS[ratio[row]]))
        rows.push(row);
    };
    if (first >= 0) take(first);
    for (const row of tried) if (wanted[row] && row !== first) take(row);
    return rows;
  }

  Object.assign(Impasto, { sample, sampleOrder: order, sidesOf: shares });
})();
