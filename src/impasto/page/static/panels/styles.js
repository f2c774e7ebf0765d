"use strict";
/* Panel "Styles": a page on each style and artist, with a link of its own. */
(() => {
  const { h } = Impasto;
  const SHOWN = 12, // pictures of a row
    LISTED = 8, // confusions, artists, styles
    FIRST = 40; // artists of the index
  const STYLE = `
    .bars-of { list-style: none; margin: 0 0 .6rem; padding: 0; font-size: .9rem; }
    .bars-of li { display: flex; justify-content: space-between; gap: .6rem; padding: .12rem .45rem;
      margin-bottom: 2px; border-radius: 2px; background: linear-gradient(90deg,
      color-mix(in srgb, var(--accent) 24%, var(--wall)) calc(100% * var(--share)), var(--wall) 0);
    }
    .decades { display: flex; align-items: flex-end; gap: 1px; height: 44px; }
    .decades i { flex: 1; background: var(--line); min-width: 2px; }
    .index { columns: 2; column-gap: 1rem; list-style: none; margin: 0; padding: 0;
      font-size: .92rem; }
    .index li { break-inside: avoid; padding: .12rem 0; }
    .index .number { color: var(--muted); font-size: .83rem; }
  `;

  const subjectLink = (act, subject, label) =>
    h("button", { type: "button", class: "link", onclick: () => act.set({ subject }) }, label);

  /** Lines with bars: [label, number] of which the largest is full. */
  function bars(lines, total, text) {
    const most = Math.max(...lines.map((line) => line[1]), 1);
    return h(
      "ul",
      { class: "bars-of" },
      lines.map(([label, number]) =>
        h(
          "li",
          { style: `--share: ${number / most}` },
          h("span", {}, label),
          h("span", { class: "number" }, text(number, total)),
        ),
      ),
    );
  }

  /** Numbers of each value, the most frequent first: [value, number]. */
  function counted(values) {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  }

  /** Bars of decades over the years of the study. */
  function decades(data, rows) {
    const [first, last] = data.site.years ?? [];
    const dated = rows.filter((row) => data.year[row] !== data.undated);
    if (first === undefined || !dated.length) return [];
    const many = Math.floor(last / 10) - Math.floor(first / 10) + 1,
      counts = new Uint32Array(many);
    for (const row of dated) counts[Math.floor(data.year[row] / 10) - Math.floor(first / 10)]++;
    const most = Math.max(...counts),
      years = dated.map((row) => data.year[row]);
    const span = `${Math.min(...years)} to ${Math.max(...years)}`;
    return [
      h("h3", {}, "When"),
      h(
        "div",
        { class: "decades", role: "img", "aria-label": `Paintings by decade, ${span}` },
        Array.from(counts, (count) => h("i", { style: `height: ${(100 * count) / most}%` })),
      ),
      h("div", { class: "ends" }, h("span", {}, String(first)), h("span", {}, String(last))),
      h("p", { class: "note" }, `${Impasto.paintings(dated.length)} with a year, ${span}.`),
    ];
  }

  /** Pictures in a row under a heading. */
  function row(title, note, data, pictures, rows, act) {
    if (!rows.length) return [];
    const [list] = Impasto.wall(data, pictures, rows.slice(0, SHOWN), act.choose, { side: 72 });
    return [h("h3", {}, title), note ? h("p", { class: "note" }, note) : null, list];
  }

  const share = (number, total) =>
    `${Impasto.countText(number)} (${Impasto.percent(number / total)})`;

  /** A style's typical and atypical test pictures, and what it is taken for. */
  async function judged(data, pictures, run, style, act) {
    const answers = await data.answers(run);
    const rows = answers ? [...answers.rows].filter((at) => data.style[at] === style) : [];
    if (!rows.length) return [h("p", { class: "note" }, "No test picture of it was judged.")];
    const sure = new Map(rows.map((at) => [at, answers.share(at)[style]]));
    const order = rows.sort((a, b) => sure.get(b) - sure.get(a)),
      right = rows.filter((at) => answers.predicted[at] === style).length;
    const named = counted(rows.map((at) => answers.predicted[at])).filter(([at]) => at !== style),
      name = (at) => Impasto.styleName(data.styles[at]);
    const cells = named
      .slice(0, LISTED)
      .map(([at, number]) => [
        h(
          "button",
          {
            type: "button",
            class: "link",
            onclick: () =>
              act.set({ cell: [data.styles[style], data.styles[at]], tab: "confusion" }),
          },
          name(at),
        ),
        number,
      ]);
    return [
      h("h3", {}, "How well it is recognised"),
      h("p", {}, `${right} of ${rows.length} test pictures are named rightly.`),
      cells.length ? h("p", { class: "note" }, "The others are taken for") : null,
      cells.length ? bars(cells, rows.length, share) : null,
      ...row(
        "Typical",
        "The test pictures that the network is surest of.",
        data,
        pictures,
        order.filter((at) => answers.predicted[at] === style),
        act,
      ),
      ...row(
        "Atypical",
        "Those that it thinks least like the style.",
        data,
        pictures,
        order.slice().reverse().filter((at) => answers.predicted[at] !== style),
        act,
      ),
    ];
  }

  /** The styles of the neighbours of some paintings, without their own. */
  async function nearStyles(data, run, rows, own) {
    const found = [];
    const step = Math.max(1, Math.floor(rows.length / 200));
    for (let i = 0; i < rows.length; i += step)
      for (const other of await data.neighbours(run, rows[i])) found.push(data.style[other]);
    const near = counted(found).filter(([style]) => style !== own);
    return { near: near.slice(0, LISTED), total: found.length };
  }

  async function page(holder, { data, pictures, run, act }, kind, name) {
    const words = await data.read(),
      bystyle = kind === "style",
      style = bystyle ? data.styles.indexOf(name) : -1;
    const rows = [];
    for (let at = 0; at < data.count; at++)
      if (bystyle ? data.style[at] === style : words.artist[at] === name) rows.push(at);
    const title = bystyle ? Impasto.styleName(name) : Impasto.artistName(name);
    const back = subjectLink(act, null, "All styles and artists");
    if (!rows.length)
      return holder.replaceChildren(back, h("p", { class: "note" }, `Nothing is by ${title}.`));
    const others = bystyle
      ? counted(rows.map((at) => words.artist[at]).filter(Boolean))
      : counted(rows.map((at) => data.style[at]));
    const lines = others
      .slice(0, LISTED)
      .map(([key, number]) => [
        bystyle
          ? subjectLink(act, `artist:${key}`, Impasto.artistName(key))
          : subjectLink(act, `style:${data.styles[key]}`, Impasto.styleName(data.styles[key])),
        number,
      ]);
    const { near, total } = run.neighbours
      ? await nearStyles(data, run, rows, style)
      : { near: [], total: 1 };
    const filter = bystyle ? { styles: [name], artists: [] } : { artists: [name], styles: [] };
    holder.replaceChildren(
      h("p", {}, back),
      h("h2", {}, title),
      h(
        "p",
        {},
        `${Impasto.paintings(rows.length)} (${Impasto.percent(rows.length / data.count)}).`,
      ),
      h(
        "p",
        { class: "actions" },
        h("button", { type: "button", onclick: () => act.set(filter) }, "Show on the map"),
        h(
          "button",
          { type: "button", onclick: () => act.set({ ...filter, tab: "paintings" }) },
          "All its paintings",
        ),
      ),
      ...[
        ...(bystyle
          ? await judged(data, pictures, run, style, act)
          : row("Paintings", null, data, pictures, rows, act)),
        ...(bystyle ? await Impasto.ofLoras(data, style) : []),
        ...decades(data, rows),
        lines.length ? h("h3", {}, bystyle ? "Artists" : "Styles") : null,
        lines.length ? bars(lines, rows.length, share) : null,
        near.length ? h("h3", {}, "What lies near it") : null,
        near.length
          ? h("p", { class: "note" }, "Styles of the nearest neighbours to the network.")
          : null,
        near.length
          ? bars(
              near.map(([at, number]) => [
                subjectLink(act, `style:${data.styles[at]}`, Impasto.styleName(data.styles[at])),
                number,
              ]),
              total,
              (number, all) => Impasto.percent(number / all),
            )
          : null,
      ].filter(Boolean),
    );
  }

  /** All styles, and the artists with the most paintings. */
  async function index(holder, { data, act }) {
    const artists = await Impasto.artists(data);
    const styles = counted(data.style).sort((a, b) =>
      data.styles[a[0]] < data.styles[b[0]] ? -1 : 1,
    );
    const line = (subject, label, number) =>
      h(
        "li",
        {},
        subjectLink(act, subject, label),
        h("span", { class: "number" }, ` ${Impasto.countText(number)}`),
      );
    const rest = artists.length - FIRST;
    holder.replaceChildren(
      h("h2", {}, "Styles"),
      h(
        "ul",
        { class: "index" },
        styles.map(([at, number]) =>
          line(`style:${data.styles[at]}`, Impasto.styleName(data.styles[at]), number),
        ),
      ),
      h("h3", {}, "Artists"),
      h(
        "ul",
        { class: "index" },
        artists
          .slice(0, FIRST)
          .map(([name, number]) => line(`artist:${name}`, Impasto.artistName(name), number)),
      ),
      h(
        "p",
        { class: "note" },
        artists.length
          ? rest > 0
            ? `And ${Impasto.countText(rest)} more: search for a name.`
            : ""
          : "No artist of this study is known.",
      ),
    );
  }

  async function render(holder, given) {
    const [kind, ...rest] = (given.state.subject ?? "").split(":");
    if (holder.dataset.subject !== String(given.state.subject)) holder.scrollTop = 0;
    holder.dataset.subject = given.state.subject;
    if (kind === "style" || kind === "artist") await page(holder, given, kind, rest.join(":"));
    else await index(holder, given);
  }

  Impasto.panel({
    id: "styles",
    title: "Styles",
    order: 40,
    follows: ["subject", "run"],
    lazy: true,
    style: STYLE,
    render,
  });
})();
