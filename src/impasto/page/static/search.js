"use strict";
/*
 * Search over everything that is known of a painting. All words must fit; "-word" excludes, quotes
 * keep words together, 1888, 1880s and 1880-1890 are years. A word that occurs nowhere is read as
 * the nearest one that does. What fits best comes first.
 */
(() => {
  const MOST = 8; // completions
  const FIELDS = { artist: 5, style: 4, title: 3, other: 1 }; // worth of a word found in each
  const PAUSE = 4000; // paintings between two breaths of the page

  /** Text as it is searched: without accents, punctuation and capitals. */
  const plain = (text) =>
    text
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, " ")
      .trim();

  const breath = () => new Promise((resolve) => setTimeout(resolve));

  /** Edits from one word to another (Damerau and Levenshtein), counted up to `most`. */
  function edits(a, b, most) {
    if (Math.abs(a.length - b.length) > most) return most + 1;
    let before = null,
      last = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const line = [i];
      for (let j = 1; j <= b.length; j++) {
        const same = a[i - 1] === b[j - 1] ? 0 : 1;
        line[j] = Math.min(last[j] + 1, line[j - 1] + 1, last[j - 1] + same);
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
          line[j] = Math.min(line[j], before[j - 2] + 1);
      }
      if (Math.min(...line) > most) return most + 1;
      [before, last] = [last, line];
    }
    return last[b.length];
  }

  /** How many edits a word may be wrong by. */
  const tolerance = (word) => (word.length < 4 ? 0 : word.length < 8 ? 1 : 2);

  /** Years that a word names: [first, last], or null. */
  function yearsOf(word) {
    const range = /^(\d{3,4})\s*(?:-|–|\.\.|~)\s*(\d{3,4})$/.exec(word);
    if (range) return [Number(range[1]), Number(range[2])].sort((a, b) => a - b);
    const decade = /^(\d{3,4}0)s$/.exec(word) ?? /^(\d{2}0)s$/.exec(word);
    if (decade) return [Number(decade[1]), Number(decade[1]) + 9];
    return null;
  }

  /** A query taken apart: {words, phrases, without (texts), years}. */
  function parsed(text) {
    const made = { words: [], phrases: [], without: [], years: [] };
    for (const [, minus, quoted, bare] of text.matchAll(/(-?)(?:"([^"]*)"|(\S+))/g)) {
      const years = bare && !minus && yearsOf(bare),
        clean = plain(quoted ?? bare);
      if (years) made.years.push(years);
      else if (!clean) continue;
      else if (minus) made.without.push(clean);
      else if (quoted !== undefined) made.phrases.push(clean);
      else made.words.push(...clean.split(" "));
    }
    return made;
  }

  /**
   * Searched texts: of each painting " artist | style | title | year split id ", made some at a
   * time to keep the page awake.
   */
  async function searchable(data) {
    return data.once("searchable", async () => {
      const words = await data.read(),
        styles = data.styles.map(plain),
        artists = new Map(),
        out = new Array(data.count);
      for (let row = 0; row < data.count; row++) {
        const artist = words.artist[row] ?? "",
          year = data.year[row];
        if (!artists.has(artist)) artists.set(artist, plain(artist));
        const other = [
          year === data.undated ? "" : year,
          data.site.splits[data.split[row]],
          plain(words.id[row]),
        ];
        out[row] =
          ` ${artists.get(artist)} | ${styles[data.style[row]]} | ` +
          `${plain(words.title[row] ?? "")} | ${other.join(" ")} `;
        if (row % PAUSE === PAUSE - 1) await breath();
      }
      return out;
    });
  }

  /** All words of artists, styles and titles, with the number of paintings of each. */
  async function vocabulary(data) {
    return data.once("vocabulary", async () => {
      const counts = new Map(),
        texts = await searchable(data);
      for (let row = 0; row < data.count; row++) {
        const said = texts[row].slice(0, texts[row].lastIndexOf("|"));
        for (const word of said.split(" "))
          if (word.length > 3) counts.set(word, (counts.get(word) ?? 0) + 1);
        if (row % PAUSE === PAUSE - 1) await breath();
      }
      return counts;
    });
  }

  /** The word of the collection that is nearest to one that does not occur, or null. */
  async function corrected(data, word) {
    const most = tolerance(word);
    if (!most) return null;
    let [best, least, many] = [null, most + 1, 0];
    for (const [other, count] of await vocabulary(data)) {
      const distance = edits(word, other, most);
      if (distance < least || (distance === least && count > many))
        [best, least, many] = [other, distance, count];
    }
    return least <= most ? best : null;
  }

  /** What a word is worth in a text: by field, and more where it is a whole word. */
  function worth(text, word) {
    const at = text.indexOf(` ${word}`);
    if (at < 0) return 0.2; // within a word
    const bars = text.slice(0, at).split("|").length - 1,
      field = Object.values(FIELDS)[Math.min(bars, 3)];
    const after = text[at + 1 + word.length];
    return field * (after === " " ? 2 : 1);
  }

  /**
   * What a query finds: {fits (row → boolean), score (row → number), read (words read otherwise:
   * [written, as])}.
   */
  async function searched(data, text) {
    const asked = parsed(text),
      texts = await searchable(data),
      read = [],
      // a number must be a whole one, a word may go on, and stands within another at the last
      found = [];
    for (const written of asked.words) {
      const number = /^\d+$/.test(written),
        wanted = number ? ` ${written} ` : ` ${written}`;
      let needle = wanted;
      if (!number && !texts.some((line) => line.includes(wanted))) {
        const near = await corrected(data, written);
        if (near && !texts.some((line) => line.includes(written))) {
          read.push([written, near]);
          needle = ` ${near}`;
        } else needle = written;
      }
      found.push(needle);
    }
    const phrases = asked.phrases.map((phrase) => ` ${phrase}`),
      without = asked.without.map((word) => ` ${word}`);
    const fits = (row) =>
      found.every((needle) => texts[row].includes(needle)) &&
      phrases.every((needle) => texts[row].includes(needle)) &&
      !without.some((needle) => texts[row].includes(needle)) &&
      asked.years.every(([from, to]) => data.year[row] >= from && data.year[row] <= to);
    const whole = found.map((needle) => needle.trim()).join(" ");
    const score = (row) => {
      const line = texts[row];
      let sum = 0;
      for (const needle of found) sum += worth(line, needle.trim());
      for (const part of line.split("|")) if (whole && part.trim() === whole) sum += 20;
      return sum;
    };
    return { fits, score, read };
  }

  /** Artists with the number of their paintings, the most frequent first: [slug, number, plain]. */
  async function artists(data) {
    return data.once("artists", async () => {
      const words = await data.read(),
        counts = new Map();
      for (const name of words.artist) if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
      return [...counts]
        .map(([name, number]) => [name, number, plain(name)])
        .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    });
  }

  /** How well a name fits what is typed: 0 not at all, 4 from its beginning. */
  function fit(name, typed) {
    if (name.startsWith(typed)) return 4;
    if (` ${name}`.includes(` ${typed}`)) return 3;
    if (typed.length > 2 && name.includes(typed)) return 2;
    const words = name.split(" "),
      close = (word) =>
        tolerance(word) > 0 &&
        words.some((other) => {
          const begun = other.slice(0, Math.max(word.length, 4));
          return Math.min(edits(word, other, 2), edits(word, begun, 2)) <= tolerance(word);
        });
    return typed.split(" ").every((word) => close(word) || words.includes(word)) ? 1 : 0;
  }

  /**
   * Completions of what is typed: [{kind, label, number, patch (of the state)}], the best first.
   */
  async function completions(data, state, text) {
    const typed = plain(text),
      made = [];
    if (!typed) return [];
    const counts = new Uint32Array(data.styles.length);
    for (const style of data.style) counts[style]++;
    data.styles.forEach((name, place) => {
      const good = fit(plain(name), typed);
      const styles = state.styles.includes(name) ? state.styles : [...state.styles, name];
      if (good)
        made.push({
          kind: "style",
          label: Impasto.styleName(name),
          number: counts[place],
          good: good + 0.5,
          patch: { styles, q: "" },
        });
    });
    for (const [name, number, clean] of await artists(data)) {
      const good = fit(clean, typed);
      if (good)
        made.push({
          kind: "artist",
          label: Impasto.artistName(name),
          number,
          good,
          patch: { artists: [name], q: "" },
        });
    }
    const single = /^\d{4}$/.test(typed) ? [Number(typed), Number(typed)] : null,
      years = yearsOf(text.trim()) ?? single;
    if (years) {
      let number = 0;
      for (const year of data.year) if (year >= years[0] && year <= years[1]) number++;
      const label = years[0] === years[1] ? String(years[0]) : years.join("–");
      if (number) made.push({ kind: "years", label, number, good: 5, patch: { years, q: "" } });
    }
    return made.sort((a, b) => b.good - a.good || b.number - a.number).slice(0, MOST);
  }

  Object.assign(Impasto, { plain, parsed, edits, searched, completions, searchable, artists });
})();
