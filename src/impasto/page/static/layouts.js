"use strict";
/*
 * Layouts besides the maps: a grid, blocks by style, columns by year. Each gives every painting a
 * place of its own, so that none overlaps another; within a block neighbours of the map stay near.
 */
(() => {
  const WIDE = 4 / 3; // width to height of a layout
  const STEPS = [1, 2, 5, 10, 20, 25, 50, 100]; // years of a column
  const COLUMNS = 60; // at most

  /** The rows in two parts, the `many` least of them by `value` first (Hoare's selection). */
  function part(rows, low, high, many, value) {
    const wanted = low + many;
    while (low < high) {
      const pivot = value(rows[(low + high) >> 1]);
      let i = low,
        j = high;
      while (i <= j) {
        while (value(rows[i]) < pivot) i++;
        while (value(rows[j]) > pivot) j--;
        if (i <= j) {
          [rows[i], rows[j]] = [rows[j], rows[i]];
          i++;
          j--;
        }
      }
      if (wanted <= j) high = j;
      else if (wanted >= i) low = i;
      else return;
    }
  }

  /**
   * Cells of a grid for some rows, neighbours of the map beside each other: the longer side is
   * halved again and again, by x or by y. Cells that stay empty are the last. Calls
   * `put(row, column, line)`.
   */
  function gridded(rows, xy, columns, lines, put) {
    const list = Uint32Array.from(rows);
    const split = (low, high, left, top, width, height) => {
      const count = high - low;
      if (count <= 0) return;
      if (width === 1 && height === 1) {
        put(list[low], left, top);
        return;
      }
      const across = width >= height,
        size = across ? width : height,
        half = size >> 1,
        many = Math.min(count, half * (across ? height : width));
      // y points up on the map, lines are counted from the top
      const value = across ? (row) => xy[2 * row] : (row) => -xy[2 * row + 1];
      if (many > 0 && many < count) part(list, low, high - 1, many, value);
      const middle = low + many;
      if (across) {
        split(low, middle, left, top, half, height);
        split(middle, high, left + half, top, width - half, height);
      } else {
        split(low, middle, left, top, width, half);
        split(middle, high, left, top + half, width, height - half);
      }
    };
    split(0, list.length, 0, 0, columns, lines);
  }

  /** A grid from places in cells (columns to the right, lines down), brought into [-1, 1]. */
  function placed(cells, captions) {
    const xy = new Float32Array(cells.length);
    let [right, bottom] = [1, 1];
    for (let i = 0; i < cells.length; i += 2) {
      right = Math.max(right, cells[i] + 1);
      bottom = Math.max(bottom, cells[i + 1] + 1);
    }
    const unit = 2 / Math.max(right, bottom);
    const x = (column) => (column - right / 2) * unit,
      y = (line) => (bottom / 2 - line) * unit;
    for (let i = 0; i < cells.length; i += 2) {
      xy[i] = x(cells[i] + 0.5);
      xy[i + 1] = y(cells[i + 1] + 0.5);
    }
    const grid = new Impasto.Grid(xy);
    grid.cell = unit;
    grid.captions = captions.map((made) => ({ ...made, x: x(made.column), y: y(made.line) }));
    const [left, low, most, top] = grid.box;
    grid.box = grid.home = [left - unit / 2, low - unit, most + unit / 2, top + unit];
    grid.columns = (column) => x(column);
    return grid;
  }

  /** All paintings in one grid. */
  function wholeGrid(data, map) {
    const cells = new Float32Array(2 * data.count),
      columns = Math.max(1, Math.round(Math.sqrt(data.count * WIDE)));
    const rows = Uint32Array.from({ length: data.count }, (_, row) => row);
    gridded(rows, map.xy, columns, Math.ceil(data.count / columns), (row, column, line) => {
      cells[2 * row] = column;
      cells[2 * row + 1] = line;
    });
    return placed(cells, []);
  }

  /** Middle year of some rows; Infinity where none is known. */
  function middleYear(data, rows) {
    const years = rows.map((row) => data.year[row]).filter((year) => year !== data.undated);
    return years.sort((a, b) => a - b)[years.length >> 1] ?? Infinity;
  }

  /** A block a style, in the order of their middle years, on shelves. */
  function byStyle(data, map) {
    const members = data.styles.map(() => []);
    for (let row = 0; row < data.count; row++) members[data.style[row]].push(row);
    const blocks = members
      .map((rows, style) => ({ rows, style, year: middleYear(data, rows) }))
      .filter((block) => block.rows.length)
      .sort((a, b) => a.year - b.year || a.style - b.style);
    const shelved = [1, 1.2, 1.4, 1.6, 1.8, 2].map((factor) =>
      shelves(blocks, Math.ceil(Math.sqrt(data.count * WIDE) * factor)),
    );
    // the width of the shelves at which the paintings are largest
    const { places } = shelved.reduce((a, b) => (b.extent < a.extent ? b : a));
    const cells = new Float32Array(2 * data.count),
      captions = [];
    places.forEach(({ left, top, columns, lines }, i) => {
      const { rows, style } = blocks[i];
      gridded(rows, map.xy, columns, lines, (row, column, line) => {
        cells[2 * row] = left + column;
        cells[2 * row + 1] = top + line;
      });
      const text = `${Impasto.styleName(data.styles[style])} ${Impasto.countText(rows.length)}`;
      captions.push({ text, group: style, column: left + columns / 2, line: top });
    });
    return placed(cells, captions);
  }

  /** Places of blocks on shelves of a width, each with room for its name. */
  function shelves(blocks, width) {
    const gap = Math.max(1, Math.round(width / 34)),
      places = [];
    let [left, top, tallest, right] = [0, 0, 0, 0];
    for (const { rows } of blocks) {
      const columns = Math.max(1, Math.round(Math.sqrt(rows.length * WIDE))),
        lines = Math.ceil(rows.length / columns),
        slot = Math.max(columns, Math.ceil(width / 4.7));
      if (left > 0 && left + slot > width) [left, top, tallest] = [0, top + tallest + 2 * gap, 0];
      places.push({ left: left + (slot - columns) / 2, top, columns, lines });
      left += slot + gap;
      right = Math.max(right, left);
      tallest = Math.max(tallest, lines);
    }
    return { places, extent: Math.max(right / WIDE, top + tallest) };
  }

  /** Columns of some years each, piled up from below; paintings without a year stand apart. */
  function byYear(data) {
    const [first, last] = data.site.years ?? [0, 0];
    const step = STEPS.find((years) => (last - first) / years < COLUMNS) ?? STEPS.at(-1),
      begin = Math.floor(first / step) * step;
    const piles = [],
      undated = [];
    for (let row = 0; row < data.count; row++) {
      if (data.year[row] === data.undated) undated.push(row);
      else (piles[Math.floor((data.year[row] - begin) / step)] ??= []).push(row);
    }
    const many = piles.length,
      most = Math.max(1, ...Array.from(piles, (pile) => pile?.length ?? 0));
    const wide = Math.max(1, Math.round(Math.sqrt((WIDE * most) / Math.max(many, 1)))),
      high = Math.ceil(most / wide);
    const cells = new Float32Array(2 * data.count),
      captions = [],
      every = Math.max(1, Math.ceil(many / 9));
    const pile = (rows, left, columns) =>
      rows
        .sort((a, b) => data.style[a] - data.style[b] || data.year[a] - data.year[b] || a - b)
        .forEach((row, i) => {
          cells[2 * row] = left + (i % columns);
          cells[2 * row + 1] = high - 1 - Math.floor(i / columns);
        });
    for (let at = 0; at < many; at++) {
      if (piles[at]) pile(piles[at], at * (wide + 0.4), wide);
      if (at % every === 0) {
        const text = String(begin + at * step);
        const column = at * (wide + 0.4) + wide / 2;
        captions.push({ text, group: -1, column, line: high, below: true });
      }
    }
    if (undated.length) {
      const columns = Math.max(1, Math.ceil(undated.length / high)),
        left = many ? many * (wide + 0.4) + wide : 0;
      pile(undated, left, columns);
      const text = `without a year: ${Impasto.countText(undated.length)}`;
      captions.push({ text, group: -1, column: left + columns / 2, line: high, below: true });
    }
    const grid = placed(cells, captions);
    // At first those with a year are seen; the others lie to the right
    if (many) {
      const [left, low, , top] = grid.box;
      grid.home = [left, low, grid.columns(many * (wide + 0.4)), top];
    }
    return grid;
  }

  const LAYOUTS = { grid: wholeGrid, style: byStyle, year: byYear };

  /** The places of a run's paintings: of a map, or of a layout made from it. */
  async function arranged(data, run, map, layout) {
    const grid = await data.grid(run, map);
    if (!LAYOUTS[layout]) return grid;
    const key = `layout/${run.place}/${map.name}/${layout}`;
    return data.once(key, async () => LAYOUTS[layout](data, grid));
  }

  Object.assign(Impasto, { gridded, arranged, LAYOUTS });
})();
