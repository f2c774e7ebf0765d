"use strict";
/* Data of the page, each part loaded on first use; docs/formats.md describes the files. */
(() => {
  const UNDATED = -32768;

  /** The study's paintings, runs and pictures. Rows are places in the collection. */
  class Data {
    constructor(site, columns) {
      Object.assign(this, { site, count: site.count, styles: site.styles, undated: UNDATED });
      site.styles.forEach((name, place) => titles.set(name, site.titles[place]));
      this.style = Impasto.numbers(Int16Array, columns.style);
      this.split = Impasto.numbers(Uint8Array, columns.split);
      this.year = Impasto.numbers(Int16Array, columns.year);
      // log2(width / height) in 64ths, plus 128
      this.ratio = Impasto.numbers(Uint8Array, columns.ratio);
      this.small = Impasto.numbers(Uint32Array, columns.small); // in the sheets of small pictures
      this.large = Impasto.numbers(Uint32Array, columns.large); // in those of large ones
      this.words = null;
      this.kept = new Map();
    }

    static async open() {
      const [site, columns] = await Promise.all([Impasto.load("site"), Impasto.load("paintings")]);
      return new Data(site, columns);
    }

    run(name) {
      return (
        this.site.runs.find((run) => run.name === name) ??
        this.site.runs.find((run) => run.maps.length)
      );
    }

    map(run, name) {
      return run.maps.find((map) => map.name === name) ?? run.maps[0];
    }

    once(key, make) {
      if (!this.kept.has(key)) this.kept.set(key, make());
      return this.kept.get(key);
    }

    /** Ids, artists and titles; their index by id. */
    async read() {
      return this.once("words", async () => {
        const words = await Impasto.load("words");
        words.artist = words.artist.map((place) => (place < 0 ? null : words.artists[place]));
        words.row = new Map(words.id.map((id, row) => [id, row]));
        this.words = words;
        return words;
      });
    }

    /** The grid of a map, its coordinates brought into [-1, 1]. */
    grid(run, map) {
      const key = `runs/${run.place}/map-${run.maps.indexOf(map)}`;
      return this.once(key, async () => {
        const xy = Impasto.numbers(Float32Array, await Impasto.load(key));
        return new Impasto.Grid(Impasto.fitted(xy));
      });
    }

    /** The cluster of every painting, -1 for noise. */
    cluster(run, place) {
      const key = `runs/${run.place}/cluster-${place}`;
      return this.once(key, async () => Impasto.numbers(Int16Array, await Impasto.load(key)));
    }

    /** The rows nearest to a painting in a run's embedding. */
    async neighbours(run, row) {
      const key = `runs/${run.place}/neighbours`;
      const all = await this.once(key, async () =>
        Impasto.numbers(Int32Array, await Impasto.load(key)),
      );
      return [...all.subarray(row * run.neighbours, (row + 1) * run.neighbours)].filter(
        (other) => other >= 0,
      );
    }

    /** How alike a painting is to each of its neighbours (cosine); null where it is not known. */
    async likeness(run, row) {
      if (!run.likeness) return null;
      const key = `runs/${run.place}/likeness`;
      const all = await this.once(key, async () =>
        Impasto.numbers(Uint16Array, await Impasto.load(key)),
      );
      const own = all.subarray(row * run.neighbours, (row + 1) * run.neighbours);
      return Array.from(own, (value) => value / 65535);
    }

    /** The run whose predictions are shown: its own, else the first evaluated, else none. */
    answering(run) {
      return run.answers ? run : (this.site.runs.find((other) => other.answers) ?? null);
    }

    /**
     * Predictions of a run: {predicted (row → style, -1: none), at (row → place), share, oracle
     * (place → the artist's usual style, -1: none)}.
     */
    async answers(run) {
      const asked = this.answering(run);
      if (!asked) return null;
      const key = `runs/${asked.place}/answers`;
      return this.once(key, async () => {
        const read = await Impasto.load(key),
          rows = Impasto.numbers(Int32Array, read.rows);
        const named = Impasto.numbers(Int16Array, read.predicted);
        const shares = Impasto.numbers(Uint16Array, read.probabilities);
        const predicted = new Int16Array(this.count).fill(-1),
          at = new Map(),
          many = this.styles.length;
        rows.forEach((row, i) => {
          predicted[row] = named[i];
          at.set(row, i);
        });
        const share = (row) =>
          Array.from(
            shares.subarray(at.get(row) * many, (at.get(row) + 1) * many),
            (v) => v / 65535,
          );
        const oracle = Impasto.numbers(Int16Array, read.oracle);
        return { run: asked, predicted, rows, at, share, oracle };
      });
    }

    /** What the audit says of single pictures: row → names of its rules. */
    checks() {
      return this.once("checks", () => {
        const named = new Map();
        for (const { name, rows } of this.site.checks ?? [])
          for (const row of Impasto.numbers(Int32Array, rows))
            named.set(row, [...(named.get(row) ?? []), name.replaceAll("-", " ")]);
        return named;
      });
    }

    /**
     * Paintings whose style looks wrong, the most suspect first: {rows, likelier (styles), score,
     * likelierScore, flagged (1: by confident learning)}; null where the labels were not checked.
     */
    async suspects() {
      if (!this.site.suspects) return null;
      return this.once("suspects", async () => {
        const read = await Impasto.load("suspects");
        const shares = (text) => Array.from(Impasto.numbers(Uint16Array, text), (v) => v / 65535);
        return {
          rows: [...Impasto.numbers(Int32Array, read.rows)],
          likelier: Impasto.numbers(Int16Array, read.likelier),
          score: shares(read.score),
          likelierScore: shares(read.likelier_score),
          flagged: Impasto.bytes(read.flagged),
        };
      });
    }

    /**
     * Heat map of a painting for its predicted style, or for the runner-up: {height, width,
     * values}; null without.
     */
    async heat(run, row, second = false) {
      const answers = await this.answers(run);
      if (!answers?.run.heat || !answers.at.has(row)) return null;
      if (second && !answers.run.second_heat) return null;
      const [height, width] = answers.run.heat,
        size = height * width;
      const key = `runs/${answers.run.place}/${second ? "second-heat" : "heat"}`;
      const all = await this.once(key, async () => Impasto.bytes(await Impasto.load(key)));
      const at = answers.at.get(row);
      return { height, width, values: all.subarray(at * size, (at + 1) * size) };
    }
  }

  const spaced = (text) => text.replace(/[_-]+/g, " ").trim();

  const titles = new Map();

  /** A style's name as it is read: Ukiyo_e is Ukiyo-e. */
  const styleName = (name) => titles.get(name) ?? name.replaceAll("_", " ");

  /** An artist's name as it is read: vincent-van-gogh is Vincent Van Gogh. */
  const artistName = (slug) =>
    slug ? spaced(slug).replace(/(^|\s)\p{L}/gu, (c) => c.toUpperCase()) : "Unknown artist";

  /** A title as it is read. */
  const titleName = (title, id) => {
    const text =
      title ||
      spaced(
        id
          .split("/")
          .pop()
          .replace(/\.\w+$/, ""),
      );
    if (/^\d+$/.test(text)) return `No. ${text}`; // a file's number stands where a title should
    return text.charAt(0).toUpperCase() + text.slice(1);
  };

  /** A number as it is read: 81,446. */
  const count = (number) => number.toLocaleString("en");
  const paintings = (number) => `${count(number)} ${number === 1 ? "painting" : "paintings"}`;
  const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

  /** A run's name as it is read; a yardstick is marked. */
  const runTitle = (run) => (run.pretrained ? `${run.name} (pre-trained)` : run.name);

  Object.assign(Impasto, {
    Data,
    runTitle,
    styleName,
    artistName,
    titleName,
    countText: count,
    paintings,
    percent,
  });
})();
