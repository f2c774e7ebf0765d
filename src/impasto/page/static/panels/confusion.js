"use strict";
/*
 * Panel "Confusions": the confusion matrix of the selected test pictures; a cell selects its
 * paintings.
 */
(() => {
  const { h } = Impasto;
  const IN_CELL = 12; // paintings of a cell that are listed under the matrix
  const STYLE = `
    .confusion { font-size: .74rem; }
    .mistakes { display: none; padding-left: 1.2rem; }
    @media (max-width: 50rem) {
      .mistakes { display: block; }
      .mistakes button { padding: .5rem 0; }
      .confusion td { min-width: 28px; height: 28px; }
    }
    .confusion th { font-weight: 400; text-align: right; padding: 0 .4rem 0 0; white-space: nowrap;
      color: var(--muted); max-width: 8.5rem;
      overflow: hidden; text-overflow: ellipsis; }
    .confusion thead th { height: 8.4rem; padding: 0; vertical-align: bottom;
      max-width: none; overflow: visible; }
    .confusion thead span { display: block; writing-mode: vertical-rl; transform: rotate(180deg);
      margin: 0 auto; padding-top: .3rem;
      max-height: 8.2rem; overflow: hidden; }
    .confusion td { padding: 1px; width: 24px; min-width: 24px; height: 22px; }
    .confusion button { width: 100%; height: 100%; min-height: 21px; border: 0; border-radius: 2px;
      padding: 0 1px; cursor: pointer; color: var(--ink);
      background: color-mix(in srgb, var(--tone) calc(16% + 54% * var(--share)), var(--wall)); }
    .confusion .right { --tone: var(--accent); }
    .confusion .wrong { --tone: #d06a1c; }
    .confusion button:hover { box-shadow: inset 0 0 0 1.5px var(--ink); }
    .confusion button[aria-pressed="true"] { box-shadow: inset 0 0 0 2.5px var(--ink);
      font-weight: 700; }
  `;

  /** The first paintings of the chosen cell, under the matrix. */
  function chosen(data, pictures, state, found, act) {
    if (!state.cell) return [];
    const cards = found.rows
      .slice(0, IN_CELL)
      .map((row) => h("li", {}, Impasto.card(data, pictures, row, act.choose)));
    const rest = found.rows.length - cards.length;
    const more = `${Impasto.countText(rest)} more under Paintings.`;
    return [h("ol", { class: "cards" }, cards), rest ? h("p", { class: "note" }, more) : ""];
  }

  /**
   * The most frequent mistakes as lines, the first way to them where a matrix has no room.
   */
  function mistakes(data, counts, name, state, act) {
    const pairs = [];
    counts.forEach((line, truth) =>
      line.forEach((number, named) => {
        if (truth !== named && number) pairs.push([number, truth, named]);
      }),
    );
    pairs.sort((a, b) => b[0] - a[0]);
    return h(
      "ol",
      { class: "mistakes" },
      pairs.slice(0, 8).map(([number, truth, named]) => {
        const cell = [data.styles[truth], data.styles[named]],
          here = state.cell?.join() === cell.join();
        const given = { type: "button", class: "link", "aria-pressed": String(here) };
        return h(
          "li",
          {},
          h(
            "button",
            { ...given, onclick: () => act.set({ cell: here ? null : cell }) },
            `${name(truth)} taken for ${name(named)}`,
          ),
          ` ${number}`,
        );
      }),
    );
  }

  /** Confusion matrix of the predictions; a cell that is not empty selects its paintings. */
  async function render(holder, { data, pictures, run, state, found, grouping, act, decisions }) {
    const answers = await data.answers(run);
    if (!answers) {
      holder.replaceChildren(
        h("h2", {}, "Confusions"),
        h(
          "p",
          { class: "note" },
          "No run of this study has been evaluated, so nothing was confused yet: " +
            "impasto evaluate, then impasto site.",
        ),
      );
      return;
    }
    const many = data.styles.length,
      counts = Array.from({ length: many }, () => new Uint32Array(many));
    const { mask } = (await Impasto.withoutCell(data, run, state, grouping, decisions)) ?? found;
    let asked = 0;
    for (const row of answers.rows) {
      if (!mask[row]) continue;
      counts[data.style[row]][answers.predicted[row]]++;
      asked++;
    }
    const name = (place) => Impasto.styleName(data.styles[place]);
    const cell = (truth, named) => {
      const number = counts[truth][named],
        share = number / counts[truth].reduce((a, b) => a + b, 0);
      if (!number) return h("td", {});
      const here = state.cell?.[0] === data.styles[truth] && state.cell?.[1] === data.styles[named];
      const label =
        truth === named ? `${name(truth)}, named rightly` : `${name(truth)}, named ${name(named)}`;
      const choose = () =>
        act.set({ cell: here ? null : [data.styles[truth], data.styles[named]] });
      return h(
        "td",
        {},
        h(
          "button",
          {
            type: "button",
            onclick: choose,
            title: label,
            "aria-label": `${label}: ${Impasto.paintings(number)}`,
            "aria-pressed": String(here),
            class: truth === named ? "right" : "wrong",
            style: `--share: ${share.toFixed(3)}`,
          },
          String(number),
        ),
      );
    };
    const head = h(
      "tr",
      {},
      h("td", {}),
      data.styles.map((_, place) => h("th", { scope: "col" }, h("span", {}, name(place)))),
    );
    const rows = counts.map((line, truth) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, name(truth)),
        [...line].map((_, named) => cell(truth, named)),
      ),
    );
    const table = h("table", { class: "confusion" }, h("thead", {}, head), h("tbody", {}, rows));
    const kept =
      document.activeElement?.closest(".confusion") &&
      document.activeElement.getAttribute("aria-label");
    holder.replaceChildren(
      h("h2", {}, "Confusions"),
      h(
        "p",
        { class: "note" },
        `Rows are true styles, columns what run ${answers.run.name} named: ` +
          (asked === answers.rows.length
            ? `all ${Impasto.countText(asked)} test pictures. `
            : `the ${Impasto.countText(asked)} selected of ` +
              `${Impasto.countText(answers.rows.length)} test pictures. `) +
          "Click a number to see its paintings.",
      ),
      mistakes(data, counts, name, state, act),
      h("div", { class: "wide", tabindex: "-1" }, table),
      ...chosen(data, pictures, state, found, act),
    );
    Impasto.roving(table, "button", 1);
    if (kept) holder.querySelector(`[aria-label="${CSS.escape(kept)}"]`)?.focus();
  }

  Impasto.panel({
    id: "confusion",
    title: "Confusions",
    order: 30,
    follows: Impasto.FILTERS,
    lazy: true,
    style: STYLE,
    render,
  });
})();
