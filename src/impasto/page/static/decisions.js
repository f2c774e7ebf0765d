"use strict";
/*
 * Decisions of a visitor on single paintings: keep, exclude or relabel. The browser keeps them, and
 * a server that was given a file of decisions writes each of them there. `csv` is what
 * `impasto prepare --decisions` reads.
 */
(() => {
  const COLUMNS = ["id", "decision", "style", "note"];
  const KINDS = ["keep", "exclude", "relabel"];
  let about; // what the server can be asked, as a promise

  /** What the server of `impasto serve` can be asked; null: there is none. */
  function server() {
    about ??= (async () => {
      if (!location.protocol.startsWith("http")) return null;
      const answer = await fetch("../api/about").catch(() => null);
      return answer?.ok ? answer.json().catch(() => null) : null;
    })();
    return about;
  }

  /** The cells of CSV text (RFC 4180), line by line. */
  function cells(text) {
    const lines = [[]];
    for (const [, quoted, bare, end] of text
      .replace(/^\ufeff/, "")
      .matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/g)) {
      lines.at(-1).push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
      if (end === "") break;
      if (end !== ",") lines.push([]);
    }
    return lines.filter((line) => line.length > 1 || line[0]);
  }

  /** The decisions of CSV text: [{id, decision, style, note}]; an error names what is wrong. */
  function readDecisions(text) {
    const [head = [], ...lines] = cells(text),
      names = head.map((name) => name.trim().toLowerCase());
    if (!names.includes("id") || !names.includes("decision"))
      throw new Error("This is no table of decisions: it needs the columns id and decision.");
    const rows = lines.map((line) =>
      Object.fromEntries(COLUMNS.map((name) => [name, (line[names.indexOf(name)] ?? "").trim()])),
    );
    return rows
      .map((row) => ({ ...row, decision: row.decision.toLowerCase() }))
      .filter((row) => row.id && KINDS.includes(row.decision));
  }

  /** All decisions by id, and where they are kept. */
  class Decisions {
    /** `changed` is called after every change. */
    constructor(name, changed) {
      this.key = `impasto-decisions:${location.pathname}:${name}`;
      this.changed = changed;
      this.file = null; // name of the server's file
      this.trouble = null; // why the server did not take the latest one
      this.all = new Map();
      try {
        for (const row of JSON.parse(Impasto.kept.get(this.key) ?? "[]"))
          this.all.set(row.id, row);
      } catch {
        this.all.clear(); // written by something else
      }
    }

    /** Take those of the server's file, where there is one: the file wins. */
    async start() {
      const found = await server();
      if (!found?.decisions) return;
      const answer = await fetch("../api/decisions").catch(() => null);
      if (!answer?.ok) return;
      this.file = found.decisions;
      this.all = new Map((await answer.json()).map((row) => [row.id, row]));
      this.store(); // nothing is drawn yet that would have to follow
    }

    get(id) {
      return this.all.get(id) ?? null;
    }

    get count() {
      return this.all.size;
    }

    /** Decide on a painting; a decision of null takes an earlier one back. */
    async set(id, decision, style = "", note = "") {
      const row = { id, decision: decision ?? "", style: "", note };
      if (decision === "relabel") row.style = style;
      if (decision) this.all.set(id, row);
      else this.all.delete(id);
      this.trouble = this.file ? await this.post(row) : null;
      this.keep();
    }

    /** Add the decisions of a table; they win over earlier ones. */
    async load(text) {
      const rows = readDecisions(text);
      for (const row of rows) {
        this.all.set(row.id, row);
        if (this.file) this.trouble = (await this.post(row)) ?? this.trouble;
      }
      this.keep();
      return rows.length;
    }

    /** Send one to the server; its reason where it refuses. */
    async post(row) {
      const answer = await fetch("../api/decisions", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(row),
      }).catch(() => null);
      if (!answer) return "the server does not answer any more";
      if (answer.ok) return null;
      return (await answer.json().catch(() => ({}))).error ?? `the server answers ${answer.status}`;
    }

    keep() {
      this.store();
      this.changed();
    }

    store() {
      Impasto.kept.set(this.key, JSON.stringify([...this.all.values()]));
    }

    csv() {
      const rows = [...this.all.values()].map((row) => COLUMNS.map((name) => row[name]));
      return Impasto.csv([COLUMNS, ...rows]);
    }
  }

  Object.assign(Impasto, { Decisions, readDecisions, server });
})();
