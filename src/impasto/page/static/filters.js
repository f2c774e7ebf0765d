"use strict";
/* Filters of paintings: style, artist, group, words, years, confusion cell, lasso, all together. */
(() => {
  /**
   * Tests of a painting by name of the filter, for what `state` asks; and what the search says
   * besides.
   */
  async function tests(data, run, state, grouping, decisions) {
    const made = {};
    let search = null;
    if (state.styles.length) {
      const wanted = new Set(state.styles.map((name) => data.styles.indexOf(name)));
      made.styles = (row) => wanted.has(data.style[row]);
    }
    if (state.artists.length) {
      const words = await data.read(),
        wanted = new Set(state.artists);
      made.artists = (row) => wanted.has(words.artist[row]);
    }
    if (state.group.length && grouping) {
      const wanted = new Set(state.group.map((name) => grouping.names.indexOf(name)));
      made.group = (row) => wanted.has(grouping.of[row]);
    }
    if (state.q.trim()) {
      search = await Impasto.searched(data, state.q);
      made.q = search.fits;
    }
    if (state.years) {
      const [from, to] = state.years; // the undated are below every year
      made.years = (row) => data.year[row] >= from && data.year[row] <= to;
    }
    const answers = state.cell && (await data.answers(run));
    if (answers) {
      const [truth, named] = state.cell.map((name) => data.styles.indexOf(name));
      made.cell = (row) => data.style[row] === truth && answers.predicted[row] === named;
    }
    if (state.suspect) {
      const suspects = new Set((await data.suspects())?.rows),
        { id } = await data.read(),
        named = data.checks();
      const decided = (row) => decisions.get(id[row]) !== null;
      made.suspect = {
        open: (row) => suspects.has(row) && !decided(row),
        all: (row) => suspects.has(row),
        decided,
        pictures: (row) => named.has(row),
      }[state.suspect];
    }
    if (state.lasso) {
      const drawnIn = data.run(state.lasso.run);
      const map = data.map(drawnIn, state.lasso.map),
        grid = await Impasto.arranged(data, drawnIn, map, state.lasso.layout);
      const rows = new Set(Impasto.lassoed(grid, state.lasso.points));
      made.lasso = (row) => rows.has(row);
    }
    return { made, search };
  }

  /**
   * {mask (1: meant), rows (ascending), ranked (the best found first), any (whether anything is
   * asked for), read (words that the search read otherwise)}.
   */
  async function filtered(data, run, state, grouping, decisions) {
    const { made, search } = await tests(data, run, state, grouping, decisions),
      asked = Object.values(made);
    const mask = new Uint8Array(data.count),
      rows = [];
    for (let row = 0; row < data.count; row++) {
      if (asked.every((test) => test(row))) {
        mask[row] = 1;
        rows.push(row);
      }
    }
    const order = state.suspect ? ((await data.suspects())?.rows ?? []) : [];
    const found = { mask, rows, ranked: ranked(rows, search, order) };
    return { ...found, any: asked.length > 0, read: search?.read };
  }

  /** Rows by what the search finds them worth, else in the order of suspects, else in their own. */
  function ranked(rows, search, order) {
    if (!search) {
      const at = new Map(order.map((row, place) => [row, place]));
      const place = (row) => at.get(row) ?? order.length;
      return order.length ? rows.slice().sort((a, b) => place(a) - place(b) || a - b) : rows;
    }
    const worth = new Map(rows.map((row) => [row, search.score(row)]));
    return rows.slice().sort((a, b) => worth.get(b) - worth.get(a) || a - b);
  }

  /** The filters that are set: [{label, off (what to set to be rid of it)}]. */
  function chips(data, state, run, read = []) {
    const made = [];
    for (const name of state.styles) {
      made.push({
        label: Impasto.styleName(name),
        off: { styles: state.styles.filter((other) => other !== name) },
      });
    }
    for (const name of state.group) {
      made.push({ label: name, off: { group: state.group.filter((other) => other !== name) } });
    }
    for (const name of state.artists) {
      const artists = state.artists.filter((other) => other !== name);
      made.push({ label: Impasto.artistName(name), off: { artists } });
    }
    if (state.q.trim()) {
      const as = read.map(([written, word]) => `${written} read as ${word}`).join(", ");
      made.push({ label: `“${state.q.trim()}”${as && ` (${as})`}`, off: { q: "" } });
    }
    if (state.years) made.push({ label: state.years.join("–"), off: { years: null } });
    if (state.cell) {
      const [truth, named] = state.cell.map(Impasto.styleName);
      const label = truth === named ? `${truth}, named rightly` : `${truth}, named ${named}`;
      made.push({
        label: data.answering(run) ? label : `${label}: no evaluation`,
        off: { cell: null },
      });
    }
    if (state.lasso) made.push({ label: "Lasso", off: { lasso: null } });
    if (state.suspect) made.push({ label: SUSPECTS[state.suspect], off: { suspect: null } });
    return made;
  }

  const SUSPECTS = {
    open: "Undecided suspects",
    all: "Suspect labels",
    decided: "Decided",
    pictures: "Named by the audit",
  };
  const NO_FILTER = {
    styles: [],
    artists: [],
    group: [],
    q: "",
    years: null,
    cell: null,
    lasso: null,
    suspect: null,
  };

  /** A cell of a CSV file (RFC 4180): quoted where it must be. */
  function csvCell(value) {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  /** A table as CSV text. */
  const csv = (lines) => lines.map((line) => `${line.map(csvCell).join(",")}\r\n`).join("");

  /** Paintings as CSV text: what they are, what was named, where they lie. */
  async function exported(data, run, map, rows) {
    const words = await data.read(),
      answers = await data.answers(run),
      grid = await data.grid(run, map);
    const clusters = await Promise.all(run.clusterings.map((_, place) => data.cluster(run, place)));
    const head = ["id", "artist", "title", "year", "style", "split", "predicted", "confidence"];
    const names = run.clusterings.map((clustering) => `cluster_${clustering.name}`);
    const lines = rows.map((row) => {
      const asked = answers?.at.has(row),
        year = data.year[row];
      return [
        words.id[row],
        words.artist[row],
        words.title[row],
        year === data.undated ? null : year,
        data.styles[data.style[row]],
        data.site.splits[data.split[row]],
        asked ? data.styles[answers.predicted[row]] : null,
        asked ? Math.max(...answers.share(row)).toFixed(4) : null,
        ...clusters.map((cluster) => cluster[row]),
        grid.xy[2 * row].toFixed(5),
        grid.xy[2 * row + 1].toFixed(5),
      ];
    });
    return csv([[...head, ...names, `${map.name}_x`, `${map.name}_y`], ...lines]);
  }

  /** The same filters without the one of a confusion cell, for the matrix itself. */
  const withoutCell = async (data, run, state, grouping, decisions) =>
    state.cell ? filtered(data, run, { ...state, cell: null }, grouping, decisions) : null;

  Object.assign(Impasto, { filtered, withoutCell, chips, NO_FILTER, csv, csvCell, exported });
})();
