"use strict";
/* Panel "Painter": pictures painted in every style, the works that lent patches, and strength. */
(() => {
  const { h } = Impasto;
  const CELL = 76, // pixels of a painting in the grid, of the chosen one, and of a lender
    LARGE = 176,
    LENDER = 64;
  const STYLE = `
    .painter-choice { display: flex; flex-wrap: wrap; gap: .4rem; margin: 0 0 .8rem; padding: 0;
      border: 0; }
    .painted-look { display: flex; flex-wrap: wrap; gap: .8rem 1rem; min-height: 12.2rem;
      margin-bottom: .8rem; position: sticky; top: -1.1rem; z-index: 2; padding: .6rem 0;
      background: var(--paper); border-bottom: 1px solid var(--rule); }
    .painted-look > canvas { width: ${LARGE}px; height: ${LARGE}px; }
    .painted-look canvas, .painted canvas, .risen canvas { box-shadow: 0 1px 3px var(--shade); }
    .painted-look > div { flex: 1 1 11rem; min-width: 0; }
    .painted-look h3 { margin: 0 0 .2rem; }
    .lenders { list-style: none; margin: 0; padding: 0; }
    .lenders .frame { flex-basis: 52px; }
    .painted th { font-weight: 400; font-size: .8rem; color: var(--muted); text-align: left;
      padding: 0 .5rem 0 0; }
    .painted tbody th { position: sticky; left: -.4rem; background: var(--paper); z-index: 1;
      max-width: 6.5rem; }
    .painted thead th { vertical-align: bottom; padding: 0 2px .2rem; max-width: ${CELL}px;
      line-height: 1.2; overflow: hidden; text-overflow: ellipsis; }
    .painted canvas { display: block; width: ${CELL}px; height: ${CELL}px; }
    .painted td { padding: 2px; }
    .panel .painted td button { display: block; border: 0; border-radius: 2px; padding: 0; }
    .panel .painted td button[aria-pressed="true"] { background: none;
      box-shadow: 0 0 0 3px var(--accent); }
    .reach { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem .8rem;
      margin-bottom: .8rem; }
    .reach input { flex: 1 1 9rem; max-width: 22rem; accent-color: var(--accent); }
    .reach output { min-width: 3.4em; font-variant-numeric: tabular-nums; }
    .risen { list-style: none; margin: 0; padding: 0; display: grid; gap: .9rem;
      grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); font-size: .8rem; }
    .risen div { display: flex; gap: 4px; }
    .risen canvas { width: calc(50% - 2px); max-width: 128px; height: auto; }
    @media (max-width: 50rem) {
      .painted-look { min-height: 0; flex-wrap: nowrap; padding: .4rem 0; }
      .painted-look > canvas { width: 76px; height: 76px; }
      .painted-look h3 { font-size: .9rem; }
      .painted-look .lent { display: none; }
      .lenders { display: flex; gap: .6rem; }
      .lenders li { flex: 1; min-width: 0; }
      .lenders .frame { display: none; }
      .lenders .words > * { white-space: normal; font-size: .8rem; line-height: 1.25; }
    }
  `;
  let chosen = { arm: 0, picture: 0, style: 0 }, // what the visitor has chosen last
    strength = null,
    painter = 0;

  /** A sheet of pictures, decoded. */
  async function sheet(data, key) {
    return data.once(key, async () => {
      const bytes = Impasto.bytes(await Impasto.load(key));
      Impasto.forget(key);
      return createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    });
  }

  /** One picture of a sheet in a canvas, as it is. */
  function cut(canvas, bitmap, side, row, column) {
    Object.assign(canvas, { width: side, height: side });
    canvas
      .getContext("2d")
      .drawImage(bitmap, column * side, row * side, side, side, 0, 0, side, side);
    return canvas;
  }

  /** What a painter painted: see data/painters/N.js. */
  const factsOf = (data, { place }) =>
    data.once(`painters/${place}`, () => Impasto.load(`painters/${place}`));

  const titleOf = (data, row) => Impasto.titleName(data.words.title[row], data.words.id[row]);
  const styleOf = (data, place) => Impasto.styleName(data.styles[place]);

  /** The painting that is pointed at, and the works that lent its patches with their shares. */
  function look(holder, data, pictures, act, shown, at) {
    const { facts, bitmap, side, arm } = shown,
      row = facts.pictures[at.picture],
      name = styleOf(data, facts.styles[at.style]);
    const canvas = h("canvas", { role: "img", "aria-label": `${titleOf(data, row)} as ${name}` });
    cut(canvas, bitmap, side, at.picture, at.style);
    const lent = facts.borrowed[arm.name][at.picture][at.style];
    const lenders = lent.map(([other, share]) => {
      return h(
        "li",
        {},
        Impasto.card(data, pictures, other, act.choose, Impasto.percent(share)),
      );
    });
    holder.replaceChildren(
      canvas,
      h(
        "div",
        {},
        h("h3", {}, `${titleOf(data, row)} as ${name}`),
        h(
          "p",
          { class: lent.length ? "note lent" : "note" },
          lent.length
            ? "Its patches come, by share of the picture, from"
            : "By the trained painter alone, without patches of other works.",
        ),
        h("ul", { class: "lenders" }, lenders),
      ),
    );
  }

  /** Pictures as columns, styles as rows. */
  function grid(data, pictures, shown, show, keep) {
    const { facts, bitmap, side } = shown;
    const heads = facts.pictures.map((row) => {
      const canvas = h("canvas", { role: "img", "aria-label": `${titleOf(data, row)}, original` });
      pictures.draw(canvas, row, 1, CELL).catch(() => canvas.remove());
      return h("th", { scope: "col" }, canvas, styleOf(data, data.style[row]));
    });
    const cell = (style, picture) => {
      const here = chosen.picture === picture && chosen.style === style;
      const title = titleOf(data, facts.pictures[picture]);
      const name = `${title} as ${styleOf(data, facts.styles[style])}`;
      return h(
        "td",
        {},
        h(
          "button",
          {
            type: "button",
            title: name,
            "aria-label": name,
            "aria-pressed": String(here),
            "data-at": `${picture},${style}`,
            onmouseenter: () => show({ picture, style }),
            onfocus: () => show({ picture, style }),
            onclick: () => keep({ picture, style }),
          },
          cut(h("canvas", { "aria-hidden": "true" }), bitmap, side, picture, style),
        ),
      );
    };
    const lines = facts.styles.map((place, style) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, styleOf(data, place)),
        facts.pictures.map((_, picture) => cell(style, picture)),
      ),
    );
    return h(
      "table",
      { class: "painted", onmouseleave: () => show(chosen) },
      h("thead", {}, h("tr", {}, h("td", {}), heads)),
      h("tbody", {}, lines),
    );
  }

  /** The pictures at one strength of their target style, chosen by a slider. */
  function rising(data, facts, steps, side) {
    const last = facts.strengths.length - 1;
    strength = Math.min(strength ?? last, last);
    const words = (at) => Impasto.percent(facts.strengths[at]).replace(".0", "");
    const said = h("output", {}),
      pairs = facts.pictures.map((row, place) => {
        const target = styleOf(data, facts.targets[place]),
          label = titleOf(data, row);
        return {
          canvas: h("canvas", { role: "img", "aria-label": `${label}, painted as ${target}` }),
          original: cut(
            h("canvas", { role: "img", "aria-label": `${label}, original` }),
            steps,
            side,
            place,
            0,
          ),
          words: `${styleOf(data, data.style[row])} as ${target}`,
        };
      });
    const slider = h("input", {
      type: "range",
      id: "painter-strength",
      min: 0,
      max: last,
      step: 1,
      value: strength,
    });
    const move = () => {
      strength = Number(slider.value);
      said.textContent = words(strength);
      slider.setAttribute("aria-valuetext", words(strength));
      pairs.forEach((pair, place) => cut(pair.canvas, steps, side, place, 1 + strength));
    };
    slider.addEventListener("input", move);
    move();
    return [
      h("h3", {}, "Strength"),
      h(
        "div",
        { class: "reach" },
        h("label", { for: "painter-strength" }, "Strength of the style"),
        slider,
        said,
      ),
      h(
        "ul",
        { class: "risen" },
        pairs.map((pair) => h("li", {}, h("div", {}, pair.original, pair.canvas), pair.words)),
      ),
    ];
  }

  async function render(holder, page) {
    const { data, pictures, act } = page,
      painters = data.site.painters;
    const shownPainter = painters[Math.min(painter, painters.length - 1)],
      { place, side, name } = shownPainter,
      key = `painters/${place}`,
      facts = await factsOf(data, shownPainter);
    chosen.arm = Math.min(chosen.arm, facts.arms.length - 1);
    const arm = facts.arms[chosen.arm];
    const [bitmap, steps] = await Promise.all([
      sheet(data, `${key}/${arm.name}`),
      sheet(data, `${key}/steps`),
      data.read(),
    ]);
    const shown = { facts, bitmap, side, arm },
      view = h("div", { class: "painted-look" });
    const show = (at) => look(view, data, pictures, act, shown, at);
    const redraw = () => render(holder, page);
    const keep = (at) => {
      chosen = { ...chosen, ...at };
      for (const button of holder.querySelectorAll(".painted button"))
        button.setAttribute(
          "aria-pressed",
          String(button.dataset.at === `${at.picture},${at.style}`),
        );
      show(at);
      Impasto.announce(view.querySelector("h3").textContent);
    };
    const choices = (label, list, at, choose) =>
      h(
        "div",
        { class: "painter-choice", role: "group", "aria-label": label },
        list.map((text, i) =>
          h(
            "button",
            {
              type: "button",
              "aria-pressed": String(i === at),
              onclick: async () => {
                choose(i);
                await redraw();
                holder.querySelectorAll(`[aria-label="${label}"] button`)[i]?.focus();
              },
            },
            text,
          ),
        ),
      );
    const table = grid(data, pictures, shown, show, keep);
    holder.replaceChildren(
      h("h2", {}, "Painted in other styles"),
      h(
        "p",
        { class: "note" },
        `Test pictures by run ${name}: columns are pictures, rows the styles that they are ` +
          "painted in. Point at a painting, or walk to it with the arrow keys, to see whose " +
          "patches it is made of.",
      ),
      painters.length > 1
        ? choices(
            "Run",
            painters.map((one) => one.name),
            painter,
            (i) => (painter = i),
          )
        : "",
      facts.arms.length > 1
        ? choices(
            "Painted by",
            facts.arms.map((one) => one.title),
            chosen.arm,
            (i) => (chosen.arm = i),
          )
        : "",
      view,
      h(
        "div",
        { class: "wide", tabindex: "-1", role: "region", "aria-label": "Paintings by style" },
        table,
      ),
      ...rising(data, facts, steps, side),
      h("p", { class: "file" }, facts.command),
    );
    chosen.picture = Math.min(chosen.picture, facts.pictures.length - 1);
    chosen.style = Math.min(chosen.style, facts.styles.length - 1);
    show(chosen);
    Impasto.roving(table, "button", facts.pictures.length);
  }

  Impasto.panel({
    id: "painter",
    title: "Painter",
    order: 35,
    follows: [],
    lazy: true,
    wanted: (site) => (site.painters ?? []).length > 0,
    style: STYLE,
    render,
  });
  /** Pictures of a style by the study's LoRA runs, as parts of a panel; nothing without any. */
  async function ofLoras(data, style) {
    const parts = [];
    for (const { place, name, side, each, styles } of data.site.loras ?? []) {
      const row = styles.indexOf(style);
      if (row < 0) continue;
      const bitmap = await sheet(data, `loras/${place}`);
      const canvases = Array.from({ length: each[row] }, (_, column) => {
        const label = `${Impasto.styleName(data.styles[style])} by ${name}, ${column + 1}`;
        return cut(h("canvas", { role: "img", "aria-label": label }), bitmap, side, row, column);
      });
      parts.push(
        h("h3", {}, `${Impasto.styleName(data.styles[style])} by ${name}`),
        h("div", { class: "by-lora" }, canvases),
        h("p", { class: "note" }, "Painted from words alone by a model fine-tuned with LoRA."),
      );
    }
    return parts;
  }

  Object.assign(Impasto, {
    cut,
    ofLoras,
    painterFacts: factsOf,
    painterSheet: (data, { place }, arm) => sheet(data, `painters/${place}/${arm}`),
  });
})();
