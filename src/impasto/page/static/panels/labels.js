"use strict";
/*
 * Panel "Labels": paintings whose style looks wrong, what was decided on them, and the decisions as
 * a file for `impasto prepare --decisions`.
 */
(() => {
  const { h } = Impasto;
  const FILTERS = { open: "Undecided suspects", all: "All suspects", decided: "Decided" };
  const NAMED = { pictures: "Named by the audit" };
  const DONE = { keep: "kept", exclude: "to exclude", relabel: "to relabel" };
  let said = ""; // about the latest file

  const STYLE = `
    .decide { border: 1px solid var(--line); border-radius: 8px; padding: .6rem .8rem;
      margin-bottom: .9rem; }
    .decide p { margin: 0 0 .5rem; }
    .decide .actions { align-items: center; }
    .decide select { width: auto; max-width: 12rem; }
    .decide kbd { font-size: .75em; color: var(--muted); margin-left: .3em; }
    .labels-file input { position: absolute; opacity: 0; width: 1px; height: 1px; }
  `;

  const fraction = (part, whole) => `${Impasto.countText(part)} of ${Impasto.countText(whole)}`;

  function unchecked() {
    return h(
      "p",
      { class: "note" },
      "The labels of this study were not checked: impasto audit STUDY/collection --labels " +
        "features, then impasto site. You can decide on any painting all the same.",
    );
  }

  function summary(data, suspects, decisions) {
    if (!suspects) return unchecked();
    const done = suspects.rows.filter((row) => decisions.get(data.words.id[row])).length;
    const { flagged } = data.site.suspects;
    return h(
      "p",
      {},
      `${Impasto.countText(suspects.rows.length)} suspects are listed, the most suspect first; of `,
      `all paintings ${Impasto.countText(flagged)} look clearly like another style. `,
      `You have decided on ${fraction(done, suspects.rows.length)}.`,
    );
  }

  /** Buttons that save the decisions and load others. */
  function files(decisions, act, redraw) {
    const input = h("input", {
      type: "file",
      accept: ".csv,text/csv",
      tabindex: "-1",
      "aria-label": "A table of decisions",
      onchange: async (event) => {
        const [file] = event.target.files;
        if (!file) return;
        try {
          const many = await decisions.load(await file.text());
          said = `${many} decisions taken from ${file.name}.`;
        } catch (error) {
          said = error.message;
        }
        Impasto.announce(said);
        redraw();
      },
    });
    return h(
      "div",
      { class: "actions labels-file" },
      h(
        "button",
        { type: "button", disabled: !decisions.count, onclick: act.decided },
        "Save decisions.csv",
      ),
      h("button", { type: "button", onclick: () => input.click() }, "Load decisions.csv"),
      input,
    );
  }

  async function render(holder, page) {
    const { data, pictures, state, found, act, decisions } = page;
    const [words, suspects] = await Promise.all([data.read(), data.suspects()]);
    const counts = { keep: 0, exclude: 0, relabel: 0 };
    for (const { decision } of decisions.all.values()) counts[decision]++;
    const listed = Object.entries(DONE)
      .filter(([kind]) => counts[kind])
      .map(([kind, text]) => `${counts[kind]} ${text}`)
      .join(", ");
    const offered = { ...FILTERS, ...(data.checks().size ? NAMED : {}) };
    const choices = Object.entries(offered).map(([value, label]) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(state.suspect === value),
          disabled: ["open", "all"].includes(value) && !suspects,
          "data-suspect": value,
          onclick: () => act.set({ suspect: state.suspect === value ? null : value }),
        },
        label,
      ),
    );
    const focused = document.activeElement?.dataset?.suspect;
    const kept = decisions.file
      ? `Each decision is written to ${decisions.file}.`
      : "This browser keeps the decisions. Save them, then: " +
        "impasto prepare SOURCE -o collection --decisions decisions.csv";
    const shown = state.suspect ? found.ranked : [];
    holder.replaceChildren(
      h("h2", {}, "Labels"),
      summary(data, suspects, decisions),
      h("div", { class: "actions", role: "group", "aria-label": "Show" }, choices),
      h("p", { class: "note" }, listed ? `Decided: ${listed}. ${kept}` : kept),
      files(decisions, act, () => render(holder, page)),
      ...[said, decisions.trouble && `Not written: ${decisions.trouble}.`]
        .filter(Boolean)
        .map((text) => h("p", { class: "note", role: "status" }, text)),
      ...(shown.length ? Impasto.wall(data, pictures, shown, act.choose) : []),
    );
    if (focused) holder.querySelector(`[data-suspect="${focused}"]`)?.focus();
  }

  /** What stands under a painting: why its label is suspect, and the decision on it. */
  async function decide(data, row, decisions, act) {
    const suspects = await data.suspects(),
      at = suspects ? suspects.rows.indexOf(row) : -1,
      id = data.words.id[row],
      taken = decisions.get(id),
      own = data.style[row];
    const likelier = at < 0 ? -1 : suspects.likelier[at];
    const wanted = taken?.style ? data.styles.indexOf(taken.style) : likelier;
    const select = h(
      "select",
      {
        "aria-label": "Its style is",
        id: "relabel-to",
        onchange: () => act.decide("relabel"),
      },
      h("option", { value: "" }, "another style …"),
      data.styles.map((name, place) =>
        place === own ? null : h("option", { value: name }, Impasto.styleName(name)),
      ),
    );
    select.value = wanted < 0 ? "" : data.styles[wanted];
    const button = (kind, label, key) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(taken?.decision === kind),
          "aria-keyshortcuts": key,
          "data-decide": kind,
          onclick: () => act.decide(taken?.decision === kind ? null : kind),
        },
        label,
        h("kbd", { "aria-hidden": "true" }, key),
      );
    const why =
      at < 0
        ? null
        : h(
            "p",
            {},
            h("b", {}, `Suspect ${fraction(at + 1, suspects.rows.length)}. `),
            `${Impasto.percent(suspects.score[at])} ${Impasto.styleName(data.styles[own])}, `,
            `${Impasto.percent(suspects.likelierScore[at])} `,
            `${Impasto.styleName(data.styles[likelier])}.`,
          );
    const named = data.checks().get(row);
    return h(
      "div",
      { class: "decide", role: "group", "aria-label": "Decision on its label" },
      why,
      named ? h("p", {}, h("b", {}, "The audit: "), `${named.join(", ")}.`) : null,
      h(
        "div",
        { class: "actions" },
        button("keep", "Keep", "k"),
        button("exclude", "Exclude", "x"),
        button("relabel", "Relabel as", "r"),
        select,
      ),
    );
  }

  Impasto.panel({
    id: "labels",
    title: "Labels",
    order: 55,
    lazy: true,
    follows: Impasto.FILTERS,
    style: STYLE,
    render,
  });
  Object.assign(Impasto, { decide });
})();
