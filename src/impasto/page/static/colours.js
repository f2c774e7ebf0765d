"use strict";
/*
 * Colours and shapes of groups. The values stand in palette.js, which the export writes from
 * impasto/images/palette.py.
 */
(() => {
  const { colours: COLOURS, quiet: QUIET, shapes: GROUP_SHAPES, years: YEARS } = Impasto.PALETTE;
  const SHAPES = [...GROUP_SHAPES, "cross", "ring"]; // as the shaders number them

  const dark = () => matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = () => document.documentElement.dataset.theme || (dark() ? "dark" : "light");
  const quiet = () => QUIET[theme()];
  const colour = (place) => COLOURS[theme()][place % COLOURS.light.length];
  const shape = (place) => place % GROUP_SHAPES.length;

  /** "#rrggbb" as three bytes. */
  const bytes = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

  /** The colour of a share between 0 (the earliest year) and 1. */
  function yearColour(share) {
    const at = Math.min(Math.max(share, 0), 1) * (YEARS.length - 1),
      low = Math.min(Math.floor(at), YEARS.length - 2);
    const [a, b] = [bytes(YEARS[low]), bytes(YEARS[low + 1])];
    return `#${a
      .map((v, i) =>
        Math.round(v + (b[i] - v) * (at - low))
          .toString(16)
          .padStart(2, "0"),
      )
      .join("")}`;
  }

  const PATHS = {
    circle: '<circle cx="8" cy="8" r="5.5"/>',
    square: '<rect x="3" y="3" width="10" height="10"/>',
    triangle: '<path d="M8 2 14.5 13.5H1.5Z"/>',
    diamond: '<path d="M8 1 15 8 8 15 1 8Z"/>',
    cross: '<path d="M3 5 5 3l3 3 3-3 2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3Z"/>',
    ring: '<circle cx="8" cy="8" r="4.2" fill="none" stroke="currentColor" stroke-width="2"/>',
  };

  /** A mark of the legend, as the map draws it. */
  function glyph(shapePlace, hex) {
    const holder = document.createElement("span");
    holder.className = "glyph";
    holder.style.color = hex;
    const path = PATHS[SHAPES[shapePlace]];
    const attributes = 'viewBox="0 0 16 16" aria-hidden="true" fill="currentColor"';
    holder.innerHTML = `<svg ${attributes}>${path}</svg>`;
    return holder;
  }

  /**
   * Positions of groups in the palette, -1 for those in grey: the most frequent have colours, in
   * their own order, as impasto.images.palette.coloured gives them.
   */
  function coloured(counts) {
    const ranked = [...counts.keys()].sort((a, b) => counts[b] - counts[a] || a - b),
      kept = ranked.slice(0, COLOURS.light.length).sort((a, b) => a - b);
    return [...counts.keys()].map((place) => kept.indexOf(place));
  }

  /**
   * Positions in the palette when some groups are selected: these have colours in any case, such as
   * no other selected one has.
   */
  function chosenColours(places, chosen) {
    const out = places.slice(),
      taken = new Set(chosen.map((group) => places[group]).filter((place) => place >= 0));
    for (const group of chosen) {
      if (out[group] >= 0) continue;
      const free = COLOURS.light.findIndex((_, place) => !taken.has(place));
      if (free < 0) break;
      out[group] = free;
      taken.add(free);
    }
    return out;
  }

  const looksOf = (places) =>
    places.map((place) => (place < 0 ? [quiet(), 0] : [colour(place), shape(place)]));

  /**
   * Groups by name: {kind, names, of (row → group, -1: none), colours, shapes, none (what no group
   * means), partial (whether those without a group are ground)}.
   */
  function grouped(kind, names, of, none, looks = looksOf(names.map((_, i) => i))) {
    return {
      kind,
      names,
      of,
      none,
      partial: ["prediction", "error", "suspect"].includes(kind),
      colours: looks.map((look) => look[0]),
      shapes: looks.map((look) => look[1]),
    };
  }

  const MAKERS = {
    style(data, run, chosen) {
      const places = chosenColours(
        data.site.colours,
        chosen.map((name) => data.styles.indexOf(name)).filter((group) => group >= 0),
      );
      const names = data.styles.map(Impasto.styleName);
      return grouped("style", names, data.style, "", looksOf(places));
    },
    async prediction(data, run) {
      const answers = await data.answers(run);
      return (
        answers &&
        grouped(
          "prediction",
          data.styles.map(Impasto.styleName),
          answers.predicted,
          "not a test picture",
          looksOf(data.site.colours),
        )
      );
    },
    async error(data, run) {
      const answers = await data.answers(run);
      if (!answers) return null;
      const of = answers.predicted.map((named, row) =>
        named < 0 ? -1 : named === data.style[row] ? 0 : 1,
      );
      const looks = [
        [colour(0), 0],
        [colour(1), 4],
      ];
      return grouped("error", ["named rightly", "named wrongly"], of, "not a test picture", looks);
    },
    async suspect(data) {
      const suspects = await data.suspects();
      if (!suspects) return null;
      const of = new Int16Array(data.count).fill(-1);
      suspects.rows.forEach((row, at) => (of[row] = suspects.flagged[at] ? 0 : 1));
      const looks = [
        [colour(1), 4],
        [colour(0), 3],
      ];
      const names = ["label looks wrong", "label less certain"];
      return grouped("suspect", names, of, "no suspect", looks);
    },
    year(data) {
      const [first, last] = data.site.years ?? [];
      if (first === undefined) return null;
      const made = grouped("year", [], new Int16Array(data.count).fill(-1), "without a year");
      made.share = (row) =>
        data.year[row] === data.undated ? -1 : (data.year[row] - first) / Math.max(last - first, 1);
      return made;
    },
    none: (data) => grouped("none", [], new Int16Array(data.count).fill(-1), ""),
  };

  /**
   * The groups of a colouring (`style`, `cluster:kmeans`, …); null where nothing is known of it.
   * The `chosen` styles have colours in any case.
   */
  async function grouping(data, run, name, chosen = []) {
    if (!name.startsWith("cluster:")) return (MAKERS[name] ?? MAKERS.style)(data, run, chosen);
    const place = run.clusterings.findIndex((clustering) => `cluster:${clustering.name}` === name);
    if (place < 0) return null;
    const of = await data.cluster(run, place);
    const many = of.reduce((most, cluster) => Math.max(most, cluster), -1) + 1;
    const counts = new Uint32Array(many);
    for (const cluster of of) if (cluster >= 0) counts[cluster]++;
    const made = grouped(
      "cluster",
      Array.from({ length: many }, (_, i) => `Cluster ${i + 1}`),
      of,
      "noise, in no cluster",
      looksOf(coloured(counts)),
    );
    made.titles = clusterTitles(data, of, counts);
    return made;
  }

  /** Clusters by what they hold most: "2 · Baroque 41 %". */
  function clusterTitles(data, of, counts) {
    const held = Array.from(counts, () => new Uint32Array(data.styles.length));
    of.forEach((cluster, row) => {
      if (cluster >= 0) held[cluster][data.style[row]]++;
    });
    return held.map((styles, cluster) => {
      const most = styles.indexOf(Math.max(...styles)),
        share = Impasto.percent(styles[most] / Math.max(counts[cluster], 1));
      const text = share.replace(/(\.\d)? %/, "\u00a0%");
      return `${cluster + 1} · ${Impasto.styleName(data.styles[most])} ${text}`;
    });
  }

  Object.assign(Impasto, {
    theme,
    quiet,
    colour,
    shape,
    hexBytes: bytes,
    yearColour,
    glyph,
    grouping,
    coloured,
    chosenColours,
    SHAPES,
  });
})();
