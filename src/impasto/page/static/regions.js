"use strict";
/*
 * Regions of a map that hold more of one group than chance would give. The map is divided into
 * squares; in each, the binomial test asks whether a group is more frequent than among all
 * paintings, at 5 % over all tests together (Bonferroni). Neighbouring squares of one group are one
 * region.
 */
(() => {
  const FEWEST = 10; // paintings of a square that are worth a test
  const LEVEL = 0.05;
  const SHARE = 0.25; // of a square's paintings: less is no name for it

  const logs = [0];
  /** Logarithm of n! */
  function logFactorial(n) {
    for (let i = logs.length; i <= n; i++) logs.push(logs[i - 1] + Math.log(i));
    return logs[n];
  }

  /** The chance of `k` or more of `n` where each is one with probability `p`. */
  function atLeast(k, n, p) {
    if (p <= 0) return k > 0 ? 0 : 1;
    if (p >= 1) return 1;
    let sum = 0;
    for (let i = k; i <= n; i++) {
      const chosen = logFactorial(n) - logFactorial(i) - logFactorial(n - i);
      const term = Math.exp(chosen + i * Math.log(p) + (n - i) * Math.log1p(-p));
      sum += term;
      if (term < sum * 1e-9 && i > n * p) break;
    }
    return Math.min(sum, 1);
  }

  /** Squares with their paintings and the number of each group. */
  function squares(grid, of, groups, mask, side) {
    const across = Math.ceil(2 / side) + 1,
      found = new Map();
    for (let row = 0; row < mask.length; row++) {
      if (!mask[row] || of[row] < 0) continue;
      const column = Math.floor((grid.xy[2 * row] + 1) / side),
        line = Math.floor((grid.xy[2 * row + 1] + 1) / side),
        key = line * across + column;
      if (!found.has(key)) {
        const counts = new Uint32Array(groups);
        found.set(key, { column, line, counts, total: 0, rows: [] });
      }
      const square = found.get(key);
      square.counts[of[row]]++;
      square.total++;
      square.rows.push(row);
    }
    return { across, found };
  }

  /**
   * Regions, the largest first: {group, share, count, x, y}. `of` gives the group of each row (-1:
   * none); only rows of the mask count.
   */
  function regions(grid, of, groups, mask, side) {
    const overall = new Float64Array(groups);
    let meant = 0;
    for (let row = 0; row < mask.length; row++) {
      if (!mask[row] || of[row] < 0) continue;
      overall[of[row]]++;
      meant++;
    }
    const { across, found } = squares(grid, of, groups, mask, side),
      tested = [...found.values()].filter((square) => square.total >= FEWEST),
      present = overall.filter((count) => count > 0).length,
      limit = LEVEL / Math.max(tested.length * present, 1);
    for (const square of tested) {
      let least = limit;
      square.counts.forEach((count, group) => {
        if (count < SHARE * square.total) return;
        const chance = atLeast(count, square.total, overall[group] / meant);
        if (chance <= least) [square.group, least] = [group, chance];
      });
    }
    const made = [];
    for (const start of tested) {
      if (start.group === undefined || start.seen) continue;
      const region = [start];
      start.seen = true;
      for (const { column, line } of region) {
        for (const [dx, dy] of [
          [1, 0],
          [-1, 0],
          [0, 1],
          [0, -1],
        ]) {
          const next = found.get((line + dy) * across + column + dx);
          if (next && !next.seen && next.group === start.group && next.column === column + dx) {
            next.seen = true;
            region.push(next);
          }
        }
      }
      made.push(described(grid, of, start.group, region));
    }
    return made.sort((a, b) => b.count - a.count);
  }

  /** A region in numbers; its name stands over the square with most of the group. */
  function described(grid, of, group, region) {
    const count = region.reduce((sum, square) => sum + square.counts[group], 0),
      total = region.reduce((sum, square) => sum + square.total, 0);
    const densest = region.reduce((a, b) => (b.counts[group] > a.counts[group] ? b : a)),
      rows = densest.rows.filter((row) => of[row] === group);
    const x = rows.reduce((sum, row) => sum + grid.xy[2 * row], 0) / rows.length,
      y = Math.max(...rows.map((row) => grid.xy[2 * row + 1]));
    return { group, count, share: count / total, x, y };
  }

  Object.assign(Impasto, { regions, atLeast });
})();
