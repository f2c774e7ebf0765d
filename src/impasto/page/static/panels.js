"use strict";
/* The other panels: the list of what is meant, the confusion matrix, and what the atlas says. */
(() => {
  const { h } = Impasto;
  const PAGE = 40;

  /** The list of paintings that are meant, a page at a time, and what can be done with them. */
  function list(holder, data, pictures, found, chips, act) {
    let shown = 0;
    const items = h("ol", { class: "cards" }), more = h("button", { type: "button", class: "more" }, "Show more");
    const grow = () => {
      const next = found.rows.slice(shown, shown + PAGE).map((row) => h("li", {}, Impasto.card(data, pictures, row, act.choose)));
      items.append(...next);
      shown += next.length;
      more.hidden = shown >= found.rows.length;
      return next[0];
    };
    more.addEventListener("click", () => grow()?.querySelector("button").focus());
    const of = found.any ? `${Impasto.countText(found.rows.length)} of ${Impasto.paintings(data.count)}` : Impasto.paintings(data.count);
    holder.replaceChildren(
      h("h2", {}, of),
      h("ul", { class: "chips", "aria-label": "Filters" }, chips.map((chip) => h("li", {},
        h("button", { type: "button", "aria-label": `Remove the filter ${chip.label}`, onclick: () => act.set(chip.off) },
          chip.label, h("span", { "aria-hidden": "true" }, " ×"))))),
      h("p", { class: "actions" },
        h("button", { type: "button", onclick: act.exported, disabled: !found.rows.length }, "Save as CSV"),
        h("button", { type: "button", onclick: act.frame, disabled: !found.rows.length }, "Fit to the window"),
        found.any ? h("button", { type: "button", onclick: act.clear }, "Clear all") : null),
      found.rows.length ? items : h("p", { class: "note" }, "No painting fits. Remove a filter, or search for something else."),
      more);
    grow();
  }

  /** The confusion matrix of the answers that are shown; each cell that counts something chooses its paintings. */
  function confusion(holder, data, answers, state, act, chosenOnes) {
    if (!answers) {
      holder.replaceChildren(h("h2", {}, "Confusions"), h("p", { class: "note" },
        "No run of this study has been evaluated, so nothing was confused yet: impasto evaluate, then impasto site."));
      return;
    }
    const many = data.styles.length, counts = Array.from({ length: many }, () => new Uint32Array(many));
    for (const row of answers.rows) counts[data.style[row]][answers.predicted[row]]++;
    const name = (place) => Impasto.styleName(data.styles[place]);
    const cell = (truth, named) => {
      const number = counts[truth][named], share = number / counts[truth].reduce((a, b) => a + b, 0);
      if (!number) return h("td", {});
      const here = state.cell?.[0] === data.styles[truth] && state.cell?.[1] === data.styles[named];
      const label = truth === named ? `${name(truth)}, named rightly` : `${name(truth)}, named ${name(named)}`;
      const choose = () => act.set({ cell: here ? null : [data.styles[truth], data.styles[named]] });
      return h("td", {}, h("button", {
        type: "button", onclick: choose, title: label, "aria-label": `${label}: ${Impasto.paintings(number)}`,
        "aria-pressed": String(here), class: truth === named ? "right" : "wrong", style: `--share: ${share.toFixed(3)}`,
      }, String(number)));
    };
    const head = h("tr", {}, h("td", {}), data.styles.map((_, place) => h("th", { scope: "col" }, h("span", {}, name(place)))));
    const rows = counts.map((line, truth) => h("tr", {}, h("th", { scope: "row" }, name(truth)), [...line].map((_, named) => cell(truth, named))));
    const table = h("table", { class: "confusion" }, h("thead", {}, head), h("tbody", {}, rows));
    const kept = document.activeElement?.closest(".confusion") && document.activeElement.getAttribute("aria-label");
    holder.replaceChildren(
      h("h2", {}, "Confusions"),
      h("p", { class: "note" }, `Rows are true styles, columns what run ${answers.run.name} named, of ${Impasto.paintings(answers.rows.length)} `
        + "of the test split. A number chooses its paintings."),
      h("div", { class: "wide", tabindex: "-1" }, table), ...chosenOnes);
    Impasto.roving(table, "button", 1);
    if (kept) holder.querySelector(`[aria-label="${CSS.escape(kept)}"]`)?.focus();
  }

  /** A number of the atlas as it is read; a score stands with its interval. */
  function figure(value) {
    if (value === null || value === undefined) return "–";
    if (typeof value === "number") return Number.isInteger(value) ? Impasto.countText(value) : value.toFixed(3);
    if (typeof value === "object" && typeof value.value === "number") {
      return h("span", {}, figure(value.value), value.low === undefined || value.low === null ? null
        : h("small", {}, ` ${value.low.toFixed(2)}–${value.high.toFixed(2)}`));
    }
    return String(value);
  }

  function table(caption, head, lines) {
    return h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption }, h("table", { class: "scores" },
      h("caption", {}, caption), h("thead", {}, h("tr", {}, head.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, lines.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), rest.map((cell) => h("td", {}, figure(cell))))))));
  }

  const KEYS = [
    ["/", "search"], ["Arrows", "move over the map"], ["Shift + arrows", "walk from painting to painting"],
    ["+ and −", "nearer, further"], ["0", "the whole map"], ["Enter", "choose the painting in the middle"],
    ["S", "select what is seen"], ["Shift + drag", "lasso"], ["Esc", "close, then clear"],
  ];

  /** What the atlas says of a run: verdict, map, scores; and how the page is used. */
  function about(holder, data, run, map) {
    const { site } = data;
    const parts = [h("h2", {}, "What the atlas says"), h("p", { class: "note" }, run.name === run.kind ? `Run ${run.name}.` : `Run ${run.name}, a ${run.kind}.`)];
    parts.push(...run.verdict.map((line, i) => h("p", { class: i === (run.supervised ? 1 : 0) ? "lead" : "" }, line)));
    if (!run.verdict.length) parts.push(h("p", { class: "note" }, "This atlas holds no verdict."));
    parts.push(h("h3", {}, map.title), h("p", {}, `Axes: ${map.axes || "no meaning of their own; near is alike"}.`));
    if (map.trustworthiness !== null) {
      parts.push(h("p", { class: "note" }, "Trustworthiness (1: near on the map is near in the representation): ", figure(map.trustworthiness)));
    }
    for (const made of run.tables) parts.push(table(made.caption, made.head, made.lines));
    parts.push(h("h3", {}, "By keyboard"), h("dl", { class: "keys" }, KEYS.map(([key, does]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)))));
    parts.push(h("p", { class: "note last" }, site.report ? h("a", { href: site.report }, "The report of this study") : null,
      site.report ? ". " : "", "The address keeps the view: copy it to show somebody else the same thing. ",
      h("a", { href: "atlas.parquet" }, "atlas.parquet"), " holds the same for other tools. ", `Written by ${site.command}.`));
    holder.replaceChildren(...parts);
  }

  Object.assign(Impasto, { list, confusion, about });
})();
