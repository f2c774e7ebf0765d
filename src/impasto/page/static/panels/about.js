"use strict";
/* Panel "About": verdict, map and scores of a run's atlas, and how the page is used. */
(() => {
  const { h } = Impasto;

  /** A number of the atlas as it is read; a score stands with its interval. */
  function figure(value) {
    if (value === null || value === undefined) return "–";
    if (typeof value === "number")
      return Number.isInteger(value) ? Impasto.countText(value) : value.toFixed(3);
    if (typeof value === "object" && typeof value.value === "number") {
      return h(
        "span",
        {},
        figure(value.value),
        value.low === undefined || value.low === null
          ? null
          : h("small", {}, ` ${value.low.toFixed(2)}–${value.high.toFixed(2)}`),
      );
    }
    return String(value);
  }

  function table(caption, head, lines) {
    return h(
      "div",
      { class: "wide", tabindex: "0", role: "region", "aria-label": caption },
      h(
        "table",
        { class: "scores" },
        h("caption", {}, caption),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            head.map((text) => (text ? h("th", { scope: "col" }, text) : h("td", {}))),
          ),
        ),
        h(
          "tbody",
          {},
          lines.map(([first, ...rest]) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, first),
              rest.map((cell) => h("td", {}, figure(cell))),
            ),
          ),
        ),
      ),
    );
  }

  /** What gave the vectors: a run, another program, or a pre-trained encoder. */
  function origin(run) {
    const yardstick = run.pretrained ? ": pre-trained, a yardstick" : "";
    if (run.kind === "vectors") return `Vectors ${run.name} of another program${yardstick}.`;
    if (run.kind === "encoder") return `Encoder ${run.name}${yardstick}.`;
    return run.name === run.kind ? `Run ${run.name}.` : `Run ${run.name}, a ${run.kind}.`;
  }

  const KEYS = [
    ["/", "search"],
    ["Arrows", "move over the map"],
    ["Shift + arrows", "walk from painting to painting"],
    ["+ and −", "nearer, further"],
    ["0", "the whole map"],
    ["Enter", "choose the painting in the middle"],
    ["S", "select what is seen"],
    ["Shift + drag", "lasso"],
    ["[ and ]", "previous and next painting"],
    ["Esc", "close, then clear"],
  ];

  /** What the atlas says of a run: verdict, map, scores; and how the page is used. */
  function render(holder, { data, run, map }) {
    const { site } = data;
    const parts = [
      h("h2", {}, "How to use this page"),
      h(
        "p",
        {},
        "Every picture is a painting of the collection. Two lie near each other on the map where " +
          "the network finds them alike. Drag and zoom; click a painting; select styles in the " +
          "legend, years below the map, or draw a lasso. The address keeps what you see: copy it " +
          "to show somebody else the same.",
      ),
      h(
        "dl",
        { class: "keys" },
        KEYS.map(([key, does]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, does))),
      ),
      h("h3", {}, "What the atlas found"),
      h(
        "p",
        { class: "note" },
        origin(run),
      ),
    ];
    parts.push(...run.verdict.map((line, i) => h("p", { class: i === 1 ? "lead" : "" }, line)));
    if (!run.verdict.length) parts.push(h("p", { class: "note" }, "This atlas holds no verdict."));
    parts.push(
      h("h3", {}, map.title),
      h("p", {}, `Axes: ${map.axes || "no meaning of their own; near is alike"}.`),
    );
    if (map.trustworthiness !== null) {
      parts.push(
        h(
          "p",
          { class: "note" },
          "Trustworthiness (1: near on the map is near in the embedding): ",
          figure(map.trustworthiness),
        ),
      );
    }
    for (const made of run.tables) parts.push(table(made.caption, made.head, made.lines));
    parts.push(
      h(
        "p",
        { class: "note last" },
        site.report ? h("a", { href: site.report }, "The report of this study") : null,
        site.report ? ". " : "",
        `Written by ${site.command}. With --parquet it writes a table for other tools, too.`,
      ),
    );
    holder.replaceChildren(...parts);
  }

  Impasto.panel({ id: "about", title: "About", order: 70, follows: ["run", "map"], render });
})();
