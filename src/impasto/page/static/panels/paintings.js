"use strict";
/* Panel "Paintings": the selected paintings, as pictures or as a list, the best found first. */
(() => {
  const { h } = Impasto;
  const PAGE = 40;
  const SORTS = {
    found: "as found",
    artist: "by artist",
    year: "by year",
    style: "by style",
    title: "by title",
  };
  let sort = "found", // what the visitor has chosen last
    walled = true;

  /** The rows in the order of a column. */
  function sorted(data, found) {
    if (sort === "found") return found.ranked;
    const { words } = data;
    const key = {
      artist: (row) => words.artist[row] ?? "\uffff",
      title: (row) => Impasto.titleName(words.title[row], words.id[row]),
      year: (row) => (data.year[row] === data.undated ? Infinity : data.year[row]),
      style: (row) => data.styles[data.style[row]],
    }[sort];
    const keys = new Map(found.rows.map((row) => [row, key(row)]));
    const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    return found.rows.slice().sort((a, b) => order(keys.get(a), keys.get(b)) || a - b);
  }

  /** A list with a line a painting, a page at a time. */
  function lines(data, pictures, rows, act) {
    let shown = 0;
    const items = h("ol", { class: "cards" }),
      more = h("button", { type: "button", class: "more" }, "Show more");
    const grow = () => {
      const next = rows
        .slice(shown, shown + PAGE)
        .map((row) => h("li", {}, Impasto.card(data, pictures, row, act.choose)));
      items.append(...next);
      shown += next.length;
      more.hidden = shown >= rows.length;
      return next[0];
    };
    more.addEventListener("click", () => grow()?.querySelector("button").focus());
    grow();
    return [items, more];
  }

  async function render(holder, page) {
    const { data, pictures, found, act } = page;
    await data.read();
    const redraw = () => render(holder, page),
      rows = sorted(data, found);
    const choice = h(
      "select",
      {
        "aria-label": "Order",
        onchange: async (event) => {
          sort = event.target.value;
          await redraw();
          holder.querySelector("select").focus();
        },
      },
      Object.entries(SORTS).map(([value, label]) => h("option", { value }, label)),
    );
    choice.value = sort;
    const form = h(
      "button",
      {
        type: "button",
        "aria-pressed": String(!walled),
        onclick: async () => {
          walled = !walled;
          await redraw();
          holder.querySelector(".form").focus();
        },
        class: "form",
      },
      "List",
    );
    const of = found.any
      ? `${Impasto.countText(rows.length)} of ${Impasto.paintings(data.count)}`
      : Impasto.paintings(data.count);
    holder.replaceChildren(
      h("h2", {}, of),
      h(
        "div",
        { class: "actions" },
        choice,
        form,
        h("button", { type: "button", onclick: act.frame, disabled: !rows.length }, "Zoom to them"),
        h(
          "button",
          { type: "button", onclick: act.exported, disabled: !rows.length },
          "Save as CSV",
        ),
      ),
      ...(rows.length
        ? walled
          ? Impasto.wall(data, pictures, rows, act.choose)
          : lines(data, pictures, rows, act)
        : [
            h(
              "p",
              { class: "note" },
              "No painting fits. Remove a filter, or search for something else.",
            ),
          ]),
    );
  }

  Impasto.panel({
    id: "paintings",
    title: "Paintings",
    order: 10,
    follows: Impasto.FILTERS,
    render,
  });
})();
