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

  function picture(data, pictures, run, row, state, set) {
    const [width, height] = pictures.shape(row, LARGE),
      label = Impasto.titleName(data.words.title[row], data.words.id[row]);
    const canvas = h("canvas", { role: "img", "aria-label": label }),
      heat = h("canvas", { class: "heat", "aria-hidden": "true" });
    const drawn = pictures.draw(canvas, row, 1, LARGE);
    drawn.catch(() => canvas.remove());
    const hung = h(
      "div",
      {
        class: "hung",
        style: `aspect-ratio: ${width} / ${height}; --wide: ${Math.round(width)}px`,
      },
      canvas,
      heat,
    );
    const note = h("div", { class: "look" });
    data.heat(run, row).then((found) => {
      if (!found) {
        note.append(h("p", { class: "note" }, unheated(data, run, row)));
        return;
      }
      if (state.heat) drawn.then(() => glow(heat, canvas, found));
      note.append(
        h(
          "button",
          {
            type: "button",
            "aria-pressed": String(state.heat),
            onclick: () => set({ heat: !state.heat }),
          },
          "Where the network looked",
        ),
      );
    });
    return [hung, note];
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
    const order = shares.map((share, place) => [share, place]).sort((a, b) => b[0] - a[0]);
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
      return [
        h(
          "p",
          { class: "note" },
          `A ${split} picture: the network is asked about test pictures only.`,
        ),
      ];
    }
    const share = answers.share(row),
      right = answers.predicted[row] === data.style[row];
    const name = Impasto.styleName(data.styles[answers.predicted[row]]);
    return [
      h(
        "p",
        { class: right ? "answer right" : "answer wrong" },
        h("b", {}, name),
        right ? " – rightly" : " – wrongly",
        h("span", { class: "note" }, ` by run ${answers.run.name}`),
      ),
      ...bars(data, share),
    ];
  }

  async function render(holder, { data, pictures, run, row, state, act }) {
    if (holder.dataset.row !== String(row)) holder.scrollTop = 0;
    holder.dataset.row = row;
    if (row < 0) {
      holder.replaceChildren(
        h(
          "p",
          { class: "note" },
          "Choose a painting: click it on the map, or find it by artist or title.",
        ),
      );
      return;
    }
    const [words, answers, near] = await Promise.all([
      data.read(),
      data.answers(run),
      data.neighbours(run, row).catch(() => []),
    ]);
    if (holder.dataset.row !== String(row)) return; // another one was chosen meanwhile
    const year = data.year[row],
      style = data.style[row],
      facts = [];
    const fact = (name, ...value) =>
      facts.push(h("div", {}, h("dt", {}, name), h("dd", {}, ...value)));
    fact(
      "Style",
      Impasto.glyph(Impasto.shape(style), Impasto.colour(style)),
      ` ${Impasto.styleName(data.styles[style])}`,
    );
    fact("Year", year === data.undated ? "not known" : String(year));
    fact("Split", data.site.splits[data.split[row]]);
    const cards = near.map((other) => h("li", {}, Impasto.card(data, pictures, other, act.choose)));
    holder.replaceChildren(
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
          ? h(
              "button",
              {
                type: "button",
                class: "link",
                onclick: () => act.search(Impasto.artistName(words.artist[row])),
              },
              Impasto.artistName(words.artist[row]),
            )
          : "Unknown artist",
      ),
      h("dl", { class: "facts" }, facts),
      h("p", {}, h("button", { type: "button", onclick: () => act.visit(row) }, "Show on the map")),
      h("h3", {}, "Named"),
      ...named(data, answers, row).filter(Boolean),
      h("h3", {}, "Nearest in the embedding"),
      near.length
        ? h("ol", { class: "near" }, cards)
        : h("p", { class: "note" }, "This atlas knows no neighbours."),
      h("p", { class: "file" }, words.id[row]),
    );
  }

  Impasto.panel({
    id: "painting",
    title: "Painting",
    order: 20,
    follows: ["painting", "run", "heat", "colour"],
    render,
  });
  Object.assign(Impasto, { glow });
})();
