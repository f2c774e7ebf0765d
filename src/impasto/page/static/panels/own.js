"use strict";
/*
 * Panel "Your picture": a picture that is dropped, pasted or chosen gets styles, a place on the
 * map, heat, and itself in other styles. The server of `impasto serve` answers; from disk there is
 * none.
 */
(() => {
  const { h } = Impasto;
  const SIDE = 340, // pixels of the picture in the panel
    PLACED_BY = 5, // nearest paintings between which it stands on the map
    LISTED = 5; // styles
  const STYLE = `
    .drop { border: 1.5px dashed var(--line); border-radius: 8px; padding: 1.4rem 1rem;
      text-align: center;
      margin-bottom: 1rem; }
    body.over .drop, .drop:focus-within { border-color: var(--accent); }
    .drop p { margin: .5rem 0 0; color: var(--muted); font-size: .87rem; }
    .drop input { position: absolute; opacity: 0; width: 1px; height: 1px; }
    .own-picture { position: relative; width: fit-content; max-width: 100%; margin-bottom: .6rem; }
    .own-picture canvas { display: block; max-width: 100%; box-shadow: 0 1px 3px var(--shade); }
    .own-picture .heat { position: absolute; inset: 0; width: 100%; height: 100%;
      box-shadow: none; }
    .own-painted img { display: block; max-width: 100%; margin: .6rem 0;
      box-shadow: 0 1px 3px var(--shade); }
    .own-form { display: grid; grid-template-columns: auto 1fr 3.4em; gap: .4rem .6rem;
      align-items: center;
      font-size: .87rem; margin-bottom: .6rem; }
    .own-form select { grid-column: 2 / -1; }
    .own-form input { accent-color: var(--accent); min-width: 0; }
    .own-form output { text-align: right; font-variant-numeric: tabular-nums; }
    .unfamiliar { border-left: 3px solid var(--alarm); padding-left: .7rem; }
  `;
  const own = { about: undefined, file: null, image: null, answer: null, busy: false, error: null,
    painted: null, style: null, strength: 100, heat: 0 }; // prettier-ignore
  let redraw = () => {};

  /** What the server can be asked; `null`: there is no such server. */
  async function about() {
    own.about ??= await Impasto.server();
    return own.about;
  }

  /** Ask the server; its reason where it refuses. */
  async function ask(path, file) {
    const answer = await fetch(`../api/${path}`, { method: "POST", body: file }).catch(() => null);
    if (!answer) throw new Error("The server does not answer any more: start impasto serve again.");
    if (!answer.ok) {
      const { error } = await answer.json().catch(() => ({}));
      throw new Error(error ? `Not taken: ${error}.` : `The server answers ${answer.status}.`);
    }
    return answer;
  }

  /** A picture's heat as the server sends it. */
  async function heatOf(address) {
    const image = new Image();
    image.src = address;
    await image.decode();
    const { width, height } = image,
      pen = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
    pen.drawImage(image, 0, 0);
    const { data } = pen.getImageData(0, 0, width, height);
    return { width, height, values: Array.from({ length: width * height }, (_, i) => data[4 * i]) };
  }

  /** Take a picture and show what the network says of it. */
  async function take(file, page) {
    if (!file || own.busy || !(await about())?.predict) return;
    Object.assign(own, { file, image: null, answer: null, painted: null, error: null, busy: true });
    page.act.host([]);
    page.act.set({ tab: "own" });
    redraw();
    try {
      own.image = await createImageBitmap(file).catch(() => null); // a browser knows fewer formats
      own.answer = await (await ask("predict", file)).json();
      own.answer.heat = await heatOf(own.answer.heat);
      const words = await page.data.read(),
        at = words.row;
      own.near = (own.answer.neighbours ?? [])
        .map(({ id, cosine }) => ({ row: at.get(id), cosine }))
        .filter(({ row }) => row !== undefined);
      page.act.host(own.near.slice(0, PLACED_BY).map(({ row }) => row));
      Impasto.announce(`It looks like ${Impasto.styleName(own.answer.style)}.`);
    } catch (error) {
      own.error = error.message;
      Impasto.announce(error.message);
    }
    own.busy = false;
    redraw();
  }

  function drop(page) {
    const input = h("input", {
      type: "file",
      accept: "image/*",
      id: "own-file",
      onchange: (event) => take(event.target.files[0], page),
    });
    return h(
      "div",
      { class: "drop" },
      input,
      h(
        "button",
        { type: "button", onclick: () => input.click() },
        own.file ? "Another picture" : "Choose a picture",
      ),
      h("p", {}, "or drop it anywhere, or paste it. It is looked at and kept nowhere."),
    );
  }

  /** The picture under its heat. */
  function picture() {
    if (!own.image) return [h("p", { class: "note" }, own.file.name ?? "pasted picture")];
    const scale = Math.min(1, SIDE / Math.max(own.image.width, own.image.height)),
      size = {
        width: Math.max(1, Math.round(own.image.width * scale)),
        height: Math.max(1, Math.round(own.image.height * scale)),
      };
    const canvas = Object.assign(h("canvas", { role: "img", "aria-label": "Your picture" }), size),
      heat = h("canvas", { class: "heat", "aria-hidden": "true" });
    canvas.getContext("2d").drawImage(own.image, 0, 0, size.width, size.height);
    const hung = h("div", { class: "own-picture" }, canvas, heat);
    if (!own.answer) return [hung];
    const said = h("output", {}, `${own.heat} %`),
      show = () => {
        said.textContent = `${own.heat} %`;
        heat.style.opacity = own.heat / 100;
        if (own.heat) Impasto.glow(heat, canvas, own.answer.heat);
      };
    const slider = h("input", {
      type: "range", min: 0, max: 100, step: 5, value: own.heat, id: "own-heat",
      oninput: (event) => {
        own.heat = Number(event.target.value);
        show();
      },
    }); // prettier-ignore
    show();
    return [
      hung,
      h(
        "div",
        { class: "own-form" },
        h("label", { for: "own-heat" }, "Where the network looked"),
        slider,
        said,
      ),
    ];
  }

  /** Its place on the map of the network that was asked. */
  function show(page) {
    const { run } = own.answer;
    if (page.act.state().run !== run || page.act.state().layout !== "similar")
      page.act.set({ run, layout: "similar" });
    setTimeout(() => page.act.visitHost(), 50);
  }

  function answers(page) {
    const { answer } = own,
      name = Impasto.styleName;
    const order = Object.entries(answer.probabilities).sort((a, b) => b[1] - a[1]);
    const bar = ([style, share]) =>
      h(
        "li",
        { style: `--share: ${share}` },
        h("span", {}, name(style)),
        h("span", { class: "number" }, Impasto.percent(share)),
      );
    const set = answer.set?.map(name);
    return [
      answer.in_distribution === false
        ? h(
            "p",
            { class: "unfamiliar" },
            h("b", {}, "Unlike anything the network was trained on. "),
            "Do not rely on its answer.",
          )
        : null,
      h("p", { class: "answer" }, "It looks like ", h("b", {}, name(answer.style)), "."),
      h("ol", { class: "shares" }, order.slice(0, LISTED).map(bar)),
      set
        ? h("p", { class: "note" }, set.length === 1
            ? `One style is plausible: ${set[0]}.`
            : set.length
              ? `Plausible styles: ${set.join(", ")}.`
              : "No style is plausible enough.")
        : h(
            "p",
            { class: "note" },
            "The network is not evaluated, so these shares are not calibrated.",
          ),
      ...(own.near?.length
        ? [
            h("h3", {}, "Nearest paintings"),
            h(
              "p",
              { class: "actions" },
              h(
                "button",
                { type: "button", onclick: () => show(page) },
                "Show its place on the map",
              ),
            ),
            h(
              "div",
              { class: "cards" },
              own.near.map(({ row, cosine }) =>
                Impasto.card(
                  page.data,
                  page.pictures,
                  row,
                  page.act.choose,
                  `likeness ${cosine.toFixed(2)}`,
                ),
              ),
            ),
          ]
        : []),
    ]; // prettier-ignore
  }

  /** Itself in another style. */
  function painting(about) {
    if (!about.paint) return [];
    const { styles, painter } = about.paint;
    own.style ??= styles[0];
    const choice = h(
      "select",
      { id: "own-style", onchange: (event) => (own.style = event.target.value) },
      styles.map((style) =>
        h("option", { value: style, selected: style === own.style }, Impasto.styleName(style)),
      ),
    );
    const said = h("output", {}, `${own.strength} %`);
    const slider = h("input", {
      type: "range", min: 0, max: 100, step: 5, value: own.strength, id: "own-strength",
      oninput: (event) => {
        own.strength = Number(event.target.value);
        said.textContent = `${own.strength} %`;
      },
    }); // prettier-ignore
    const holder = h("div", { class: "own-painted" });
    const show = () => {
      const { address, label } = own.painted;
      holder.replaceChildren(
        h("img", { src: address, alt: label }),
        h("a", { href: address, download: `${label}.jpg`, class: "button" }, "Save"),
      );
    };
    if (own.painted) show();
    const paint = async (event) => {
      const button = event.currentTarget;
      button.disabled = true;
      holder.replaceChildren(h("p", { class: "note" }, "Painting…"));
      try {
        const query = new URLSearchParams({ style: own.style, strength: own.strength / 100 });
        const made = await (await ask(`paint?${query}`, own.file)).blob();
        const label = `As ${Impasto.styleName(own.style)}`;
        own.painted = { address: URL.createObjectURL(made), label };
        show();
        Impasto.announce("Painted.");
      } catch (error) {
        holder.replaceChildren(h("p", { class: "unfamiliar", role: "alert" }, error.message));
      }
      button.disabled = false;
    };
    return [
      h("h3", {}, "Paint it as"),
      h(
        "div",
        { class: "own-form" },
        h("label", { for: "own-style" }, "Style"),
        choice,
        h("label", { for: "own-strength" }, "Strength"),
        slider,
        said,
      ),
      h(
        "p",
        { class: "actions" },
        h("button", { type: "button", id: "own-paint", onclick: paint }, "Paint"),
      ),
      holder,
      h(
        "p",
        { class: "note" },
        painter
          ? `By painter ${painter} and patches of paintings.`
          : "By patches of the study's paintings.",
      ),
    ]; // prettier-ignore
  }

  async function render(holder, page) {
    const found = await about();
    redraw = () => render(holder, page);
    if (!found?.predict) {
      const lack = found && "This study has no trained classifier that could look at a picture.";
      holder.replaceChildren(
        h("h2", {}, "Your picture"),
        h(
          "p",
          {},
          "See what the network makes of a picture of yours, and where it stands among the " +
            "paintings.",
        ),
        h(
          "p",
          { class: "note" },
          lack || [
            "Start ",
            h("code", {}, "impasto serve"),
            " with this study's folder, and open the address that it prints.",
          ],
        ),
      ); // prettier-ignore
      return;
    }
    holder.replaceChildren(
      h("h2", { tabindex: "-1" }, "Your picture"),
      drop(page),
      ...(own.error ? [h("p", { class: "unfamiliar", role: "alert" }, own.error)] : []),
      ...(own.busy ? [h("p", { class: "note", role: "status" }, "Looking at it…")] : []),
      ...(own.file && !own.error ? picture() : []),
      ...(own.answer ? [...answers(page), ...painting(found)].filter(Boolean) : []),
    );
  }

  /** Pictures that are dropped or pasted anywhere on the page. */
  function listen(page) {
    addEventListener("dragover", (event) => {
      event.preventDefault();
      document.body.classList.add("over");
    });
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("over");
    });
    addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("over");
      take(event.dataTransfer.files[0], page());
    });
    addEventListener("paste", (event) => {
      const file = [...event.clipboardData.files].find((one) => one.type.startsWith("image/"));
      if (file) take(file, page());
    });
  }

  Impasto.panel({
    id: "own",
    title: "Your picture",
    order: 25,
    follows: [],
    lazy: true,
    style: STYLE,
    render,
  });
  Object.assign(Impasto, { ownPictures: listen });
})();
