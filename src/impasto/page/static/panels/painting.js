"use strict";
/* Panel "Painting": one painting with labels, prediction, heat map and neighbours. */
(() => {
  const { h } = Impasto;
  const LARGE = 340,
    SURE = 5; // pixels; styles listed at once

  /** A heat map as grey values at the size of a canvas. */
  function spread(heat, width, height) {
    const small = Object.assign(document.createElement("canvas"), {
      width: heat.width,
      height: heat.height,
    });
    const pen = small.getContext("2d"),
      image = pen.createImageData(heat.width, heat.height);
    heat.values.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
    pen.putImageData(image, 0, 0);
    const large = Object.assign(document.createElement("canvas"), { width, height }).getContext(
      "2d",
    );
    large.imageSmoothingQuality = "high";
    large.drawImage(small, 0, 0, width, height);
    return large.getImageData(0, 0, width, height).data;
  }

  /**
   * A picture under a heat map: grey where it is cold, glowing where it is hot; as in the report.
   */
  function glow(canvas, picture, heat) {
    const { grey: scale, lift, strength, green, blue } = Impasto.PALETTE.heat;
    const { width, height } = picture;
    Object.assign(canvas, { width, height });
    const image = picture.getContext("2d").getImageData(0, 0, width, height);
    const warm = spread(heat, width, height);
    for (let i = 0; i < image.data.length; i += 4) {
      const share = warm[i] / 255,
        [r, g, b] = image.data.subarray(i, i + 3);
      const grey = (0.299 * r + 0.587 * g + 0.114 * b) * scale + lift;
      const colour = Math.min(2 * share, 1),
        heated = strength * Math.max(2 * share - 1, 0);
      const hot = [255, green * share, blue * (1 - share)];
      [r, g, b].forEach((value, k) => {
        const base = grey + (value - grey) * colour;
        image.data[i + k] = base + (hot[k] - base) * heated;
      });
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  let strength = 100, // per cent of the heat map that is shown
    second = false, // whether the heat is the runner-up's
    repaint = { painter: 0, style: null }; // what the visitor has chosen last

  const STYLE = `
    .walk { display: flex; justify-content: space-between; align-items: center; gap: .5rem;
      margin-bottom: .4rem; }
    .walk span { color: var(--muted); font-size: .85rem; }
    .panel .hung { cursor: zoom-in; padding: 0; border: 0; border-radius: 0; display: block; }
    .look { display: grid; gap: .3rem; margin-bottom: .9rem; }
    .look label { display: grid; grid-template-columns: auto 1fr 3.4em; gap: .6rem;
      align-items: center; font-size: .87rem; }
    .look input { accent-color: var(--accent); min-width: 0; }
    .look output { font-variant-numeric: tabular-nums; text-align: right; }
    dialog.large { border: 0; padding: 0; background: var(--wall); max-width: 96vw;
      max-height: 96vh; box-shadow: 0 6px 40px var(--shade); }
    dialog.large::backdrop { background: rgb(0 0 0 / .75); }
    dialog.large canvas { display: block; max-width: 92vw; max-height: 84vh; cursor: zoom-out; }
    dialog.large p { margin: 0; padding: .6rem 1rem; display: flex; gap: 1rem;
      justify-content: space-between; align-items: center; }
    .painted-as { display: flex; gap: .7rem; align-items: center; flex-wrap: wrap; }
    .painted-as canvas { width: 128px; height: 128px; box-shadow: 0 1px 3px var(--shade); }
    .painted-as select { width: auto; }
    .shares .number { position: static; }
    .same { color: var(--good); }
  `;

  /** A painting as large as the window allows, in a dialog of its own. */
  function enlarge(data, pictures, row) {
    const title = Impasto.titleName(data.words.title[row], data.words.id[row]),
      canvas = h("canvas", { role: "img", "aria-label": title });
    const side = Math.min(0.84 * innerHeight, 0.92 * innerWidth);
    const close = h("button", { type: "button" }, "Close");
    const dialog = h(
      "dialog",
      { class: "large panel-like", "aria-label": title },
      canvas,
      h("p", {}, h("span", {}, `${title}, ${Impasto.artistName(data.words.artist[row])}`), close),
    );
    for (const element of [canvas, close]) element.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    document.body.append(dialog);
    pictures.draw(canvas, row, 1, side).then(() => {
      const [width, height] = pictures.shape(row, side);
      Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    });
    dialog.showModal();
  }

  /** The picture, under heat where that is known; a click enlarges it. */
  function picture(data, pictures, run, row, state, set) {
    const [width, height] = pictures.shape(row, LARGE),
      label = Impasto.titleName(data.words.title[row], data.words.id[row]);
    const canvas = h("canvas", { role: "img", "aria-label": label }),
      heat = h("canvas", { class: "heat", "aria-hidden": "true" });
    const drawn = pictures.draw(canvas, row, 1, LARGE);
    drawn.catch(() => canvas.remove());
    const hung = h(
      "button",
      {
        type: "button",
        class: "hung",
        "aria-label": `Enlarge ${label}`,
        onclick: () => enlarge(data, pictures, row),
        style: `aspect-ratio: ${width} / ${height}; --wide: ${Math.round(width)}px`,
      },
      canvas,
      heat,
    );
    const note = h("div", { class: "look" });
    heated(note, { data, run, row, state, set, heat, canvas, drawn });
    return [hung, note];
  }

  /** What stands under the picture: where the network looked, how strongly it is shown. */
  async function heated(note, { data, run, row, state, set, heat, canvas, drawn }) {
    const found = await data.heat(run, row);
    if (!found) {
      note.append(h("p", { class: "note" }, unheated(data, run, row)));
      return;
    }
    const other = await data.heat(run, row, true),
      answers = await data.answers(run),
      shares = answers.share(row),
      order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]);
    const name = (place) => Impasto.styleName(data.styles[order[place]]);
    const show = () => {
      heat.style.opacity = state.heat ? strength / 100 : 0;
      if (state.heat) drawn.then(() => glow(heat, canvas, second && other ? other : found));
    };
    const said = h("output", {}),
      slider = h("input", { type: "range", min: 0, max: 100, step: 5, id: "heat" });
    slider.value = state.heat ? strength : 0;
    const speak = () => (said.textContent = `${slider.value} %`);
    slider.addEventListener("input", () => {
      speak();
      const on = Number(slider.value) > 0;
      if (on) strength = Number(slider.value);
      state = { ...state, heat: on };
      show();
    });
    slider.addEventListener("change", () => set({ heat: Number(slider.value) > 0 }));
    speak();
    show();
    note.append(h("label", { for: "heat" }, "Where the network looked", slider, said));
    if (!other) return;
    const choice = (label, wanted) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(second === wanted),
          onclick: (event) => {
            second = wanted;
            for (const button of event.target.parentNode.children)
              button.setAttribute("aria-pressed", String(button === event.target));
            if (!state.heat) slider.value = strength = 100;
            speak();
            state = { ...state, heat: true };
            show();
          },
        },
        label,
      );
    note.append(
      h(
        "div",
        { class: "actions", role: "group", "aria-label": "Evidence for" },
        choice(`for ${name(0)}`, false),
        choice(`for ${name(1)}, its second guess`, true),
      ),
    );
  }

  function unheated(data, run, row) {
    const asked = data.answering(run);
    if (!asked) return "";
    if (data.site.splits[data.split[row]] !== "test")
      return "Heat maps are made of test pictures only.";
    return asked.heat
      ? "No heat map of this picture."
      : `Run ${asked.name} has no heat maps yet: impasto evaluate, then impasto site.`;
  }

  function bars(data, shares) {
    const order = shares
      .map((share, place) => [share, place])
      .sort((a, b) => b[0] - a[0])
      .filter(([share], i) => i < 1 || share >= 0.0005); // 0.0 % tells nothing
    const line = ([share, place]) =>
      h(
        "li",
        { style: `--share: ${share}` },
        h("span", {}, Impasto.styleName(data.styles[place])),
        h("span", { class: "number" }, Impasto.percent(share)),
      );
    const rest = order.slice(SURE);
    return [
      h("ol", { class: "shares" }, order.slice(0, SURE).map(line)),
      rest.length
        ? h(
            "details",
            {},
            h("summary", {}, `${rest.length} more styles`),
            h("ol", { class: "shares" }, rest.map(line)),
          )
        : null,
    ];
  }

  const styleOf = (data, row) => Impasto.styleName(data.styles[data.style[row]]);

  function named(data, answers, row) {
    if (!answers)
      return [
        h(
          "p",
          { class: "note" },
          "No run of this study has been evaluated: impasto evaluate, then impasto site.",
        ),
      ];
    if (!answers.at.has(row)) {
      const split = data.site.splits[data.split[row]];
      const text = {
        train: "The network learnt from this picture; it is judged by test pictures only.",
        validation: "A validation picture; the network is judged by test pictures only.",
      }[split];
      return [h("p", { class: "note" }, text ?? "The network was not asked about this picture.")];
    }
    const share = answers.share(row),
      right = answers.predicted[row] === data.style[row];
    const name = Impasto.styleName(data.styles[answers.predicted[row]]);
    return [
      h(
        "p",
        { class: right ? "answer right" : "answer wrong" },
        h("b", {}, name),
        right ? ", which is right" : `, but it is ${styleOf(data, row)}`,
        h("span", { class: "note" }, ` (run ${answers.run.name})`),
      ),
      ...bars(data, share),
    ];
  }

  /** Buttons to the painting before and after in the selection. */
  function walk(found, row, act) {
    const at = found.ranked.indexOf(row),
      many = found.ranked.length;
    const step = (by, label, sign) =>
      h(
        "button",
        {
          type: "button",
          "aria-label": label,
          "data-step": by,
          disabled: at < 0 || many < 2,
          onclick: () => act.choose(found.ranked[(at + by + many) % many]),
        },
        sign,
      );
    const where = `${Impasto.countText(at + 1)} of ${Impasto.countText(many)}`;
    return h(
      "div",
      { class: "walk" },
      step(-1, "Previous painting", "‹ Previous"),
      h("span", {}, at < 0 ? "not selected" : where),
      step(1, "Next painting", "Next ›"),
    );
  }

  /** The neighbours with their distances, and how many of them another run finds, too. */
  async function neighbours(data, pictures, run, row, act, beside) {
    const near = await data.neighbours(run, row),
      likeness = await data.likeness(run, row),
      others = beside ? await data.neighbours(beside, row) : [],
      both = near.filter((other) => others.includes(other)).length;
    if (!near.length) return [h("p", { class: "note" }, "This atlas knows no neighbours.")];
    const same = near.filter((other) => data.style[other] === data.style[row]).length;
    const note = (other, i) => {
      const style = Impasto.styleName(data.styles[data.style[other]]);
      const apart = likeness ? `${(1 - likeness[i]).toFixed(2)} · ` : "";
      return `${apart}${style}`;
    };
    const cards = near.map((other, i) => {
      const card = Impasto.card(data, pictures, other, act.choose, note(other, i));
      if (data.style[other] === data.style[row]) card.lastChild.lastChild.className = "same";
      return h("li", {}, card);
    });
    return [
      h(
        "p",
        { class: "note" },
        `${same} of ${near.length} are of its style.`,
        likeness ? " Numbers are distances (1 − cosine); 0 is the same." : "",
        beside ? ` Run ${beside.name} finds ${both} of them, too.` : "",
      ),
      h("ol", { class: "near" }, cards),
    ];
  }

  /** What the study's painters made of a painting; nothing where they were not asked. */
  async function paintings(data, row, act) {
    const made = [];
    for (const painter of data.site.painters ?? []) {
      const facts = await Impasto.painterFacts(data, painter),
        at = facts.pictures.indexOf(row);
      if (at >= 0) made.push({ painter, facts, at });
    }
    if (!made.length) return [];
    const { painter, facts, at } = made[Math.min(repaint.painter, made.length - 1)],
      arm = facts.arms[0],
      bitmap = await Impasto.painterSheet(data, painter, arm.name);
    const place = facts.styles.includes(repaint.style) ? repaint.style : facts.targets[at];
    const canvas = h("canvas", { role: "img" });
    const show = (style) => {
      repaint.style = style;
      const name = Impasto.styleName(data.styles[style]);
      canvas.setAttribute("aria-label", `Painted as ${name}`);
      Impasto.cut(canvas, bitmap, painter.side, at, facts.styles.indexOf(style));
    };
    show(place);
    const select = h(
      "select",
      { "aria-label": "Paint it as", onchange: (event) => show(Number(event.target.value)) },
      facts.styles.map((style) =>
        h("option", { value: style }, Impasto.styleName(data.styles[style])),
      ),
    );
    select.value = place;
    return [
      h("h3", {}, "Painted as"),
      h("div", { class: "painted-as" }, canvas, h("div", {}, select)),
      h(
        "p",
        {},
        h(
          "button",
          { type: "button", class: "link", onclick: () => act.set({ tab: "painter" }) },
          `All pictures of ${painter.name}`,
        ),
      ),
    ];
  }

  async function render(holder, page) {
    const { data, pictures, run, row, state, found, act, beside, decisions } = page;
    const another = holder.dataset.row !== String(row);
    if (another) holder.scrollTop = 0;
    holder.dataset.row = row;
    if (row < 0) {
      holder.replaceChildren(
        h(
          "p",
          { class: "note" },
          "Choose a painting: click it on the map, or find it by artist, title or year.",
        ),
      );
      return;
    }
    const [words, answers] = await Promise.all([data.read(), data.answers(run)]);
    const near = await neighbours(data, pictures, run, row, act, beside),
      painted = await paintings(data, row, act),
      byLora = await Impasto.ofLoras(data, data.style[row]),
      decide = await Impasto.decide(data, row, decisions, act);
    if (holder.dataset.row !== String(row)) return; // another one was chosen meanwhile
    const year = data.year[row],
      style = data.style[row],
      facts = [];
    const fact = (name, ...value) =>
      facts.push(h("div", {}, h("dt", {}, name), h("dd", {}, ...value)));
    const place = data.site.colours[style];
    const link = (subject, label) =>
      h(
        "button",
        { type: "button", class: "link", onclick: () => act.set({ subject, tab: "styles" }) },
        label,
      );
    fact(
      "Style",
      Impasto.glyph(
        place < 0 ? 0 : Impasto.shape(place),
        place < 0 ? Impasto.quiet() : Impasto.colour(place),
      ),
      " ",
      link(`style:${data.styles[style]}`, Impasto.styleName(data.styles[style])),
    );
    fact("Year", year === data.undated ? "not known" : String(year));
    fact("Split", data.site.splits[data.split[row]]);
    const { step: stepped, decide: pressed } = document.activeElement?.dataset ?? {};
    holder.replaceChildren(
      walk(found, row, act),
      ...picture(data, pictures, run, row, state, act.set),
      h(
        "h2",
        { tabindex: "-1", id: "painting-title" },
        Impasto.titleName(words.title[row], words.id[row]),
      ),
      h(
        "p",
        { class: "artist" },
        words.artist[row]
          ? link(`artist:${words.artist[row]}`, Impasto.artistName(words.artist[row]))
          : "Unknown artist",
      ),
      h("dl", { class: "facts" }, facts),
      h("p", {}, h("button", { type: "button", onclick: () => act.visit(row) }, "Show on the map")),
      decide,
      h("h3", {}, "The network says"),
      ...named(data, answers, row).filter(Boolean),
      ...painted,
      ...byLora,
      h("h3", {}, "Most alike to the network"),
      ...near,
      h("p", { class: "file" }, words.id[row]),
    );
    // the buttons were made anew under the keyboard's focus
    if (stepped) holder.querySelector(`[data-step="${stepped}"]`)?.focus();
    if (pressed) holder.querySelector(`[data-decide="${pressed}"]`)?.focus();
  }

  Impasto.panel({
    id: "painting",
    title: "Painting",
    order: 20,
    follows: ["painting", "run", "colour", "beside", "decided", ...Object.keys(Impasto.NO_FILTER)],
    style: STYLE,
    render,
  });
  Object.assign(Impasto, { glow });
})();
