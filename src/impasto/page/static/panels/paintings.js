"use strict";
/* Panel "Paintings": the paintings that are selected, with the filters, a page at a time. */
(() => {
  const { h } = Impasto;
  const PAGE = 40;

  /** The list of paintings that are meant, a page at a time, and what can be done with them. */
  function render(holder, { data, pictures, run, state, found, act }) {
    const chips = Impasto.chips(data, state, run);
    let shown = 0;
    const items = h("ol", { class: "cards" }),
      more = h("button", { type: "button", class: "more" }, "Show more");
    const grow = () => {
      const next = found.rows
        .slice(shown, shown + PAGE)
        .map((row) => h("li", {}, Impasto.card(data, pictures, row, act.choose)));
      items.append(...next);
      shown += next.length;
      more.hidden = shown >= found.rows.length;
      return next[0];
    };
    more.addEventListener("click", () => grow()?.querySelector("button").focus());
    const of = found.any
      ? `${Impasto.countText(found.rows.length)} of ${Impasto.paintings(data.count)}`
      : Impasto.paintings(data.count);
    holder.replaceChildren(
      h("h2", {}, of),
      h(
        "ul",
        { class: "chips", "aria-label": "Filters" },
        chips.map((chip) =>
          h(
            "li",
            {},
            h(
              "button",
              {
                type: "button",
                "aria-label": `Remove the filter ${chip.label}`,
                onclick: () => act.set(chip.off),
              },
              chip.label,
              h("span", { "aria-hidden": "true" }, " ×"),
            ),
          ),
        ),
      ),
      h(
        "p",
        { class: "actions" },
        h(
          "button",
          { type: "button", onclick: act.exported, disabled: !found.rows.length },
          "Save as CSV",
        ),
        h(
          "button",
          { type: "button", onclick: act.frame, disabled: !found.rows.length },
          "Fit to the window",
        ),
        found.any ? h("button", { type: "button", onclick: act.clear }, "Clear all") : null,
      ),
      found.rows.length
        ? items
        : h(
            "p",
            { class: "note" },
            "No painting fits. Remove a filter, or search for something else.",
          ),
      more,
    );
    grow();
  }

  Impasto.panel({
    id: "paintings",
    title: "Paintings",
    order: 10,
    follows: Impasto.FILTERS,
    render,
  });
})();
