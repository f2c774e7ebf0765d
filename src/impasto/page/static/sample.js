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

  /** Width and height of a painting as parts of its longer side. */
  function shares(ratio) {
    const wide = 2 ** ((ratio - 128) / 64);
    return wide >= 1 ? [1, 1 / wide] : [wide, 1];
  }

  /**
   * Rows that are drawn as pictures of `side` (in units of the map) within a box, the `first` one
   * (-1: none) in any case; each has its middle in the box.
   */
  function sample({ grid, wanted, box, side, ratio, order: tried, first }) {
    const [left, bottom, right, top] = box,
      { xy } = grid,
      rows = [];
    const all = grid.cell > 0 && side <= grid.cell * 1.001,
      across = Math.max(1, Math.ceil((right - left) / side)),
      up = Math.max(1, Math.ceil((top - bottom) / side)),
      cells = all ? null : new Map();
    const take = (row) => {
      const x = xy[2 * row],
        y = xy[2 * row + 1];
      if (x < left || x > right || y < bottom || y > top) return;
      if (all) {
        rows.push(row);
        return;
      }
      const [w, h] = shares(ratio[row]).map((share) => share * side),
        column = Math.min(across, Math.floor((x - left) / side)),
        line = Math.min(up, Math.floor((y - bottom) / side));
      for (let r = line - 1; r <= line + 1; r++) {
        for (let c = column - 1; c <= column + 1; c++) {
          for (const other of cells.get(r * (across + 2) + c) ?? []) {
            const apart = [Math.abs(x - other.x), Math.abs(y - other.y)];
            if (apart[0] < (w + other.w) / 2 && apart[1] < (h + other.h) / 2) return;
          }
        }
      }
      const key = line * (across + 2) + column;
      if (!cells.has(key)) cells.set(key, []);
      cells.get(key).push({ x, y, w, h });
      rows.push(row);
    };
    if (first >= 0) take(first);
    for (const row of tried) if (wanted[row] && row !== first) take(row);
    return rows;
  }

  Object.assign(Impasto, { sample, sampleOrder: order, sidesOf: shares });
})();
