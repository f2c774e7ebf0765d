"use strict";
/* Elements made by script: text is always text, never markup. */
(() => {
  /**
   * An element: attributes (or `on…` listeners, or `class`) and children (elements or text; null is
   * left out).
   */
  function h(name, given = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(given)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value === true) element.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined)
        element.setAttribute(key, value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return element;
  }

  const one = (selector) => document.querySelector(selector);

  /** A painting of a list: a small picture and what it is, as one button. */
  function card(data, pictures, row, choose, note = null) {
    const canvas = h("canvas", { "aria-hidden": "true" }),
      words = data.words;
    const title = Impasto.titleName(words.title[row], words.id[row]),
      year = data.year[row];
    const facts = [
      Impasto.artistName(words.artist[row]),
      year === data.undated ? null : year,
    ].filter((v) => v !== null);
    pictures.draw(canvas, row, 0, 44).catch(() => canvas.remove());
    const text = h(
      "span",
      { class: "words" },
      h("b", {}, title),
      h("span", {}, facts.join(", ")),
      h("span", {}, note ?? Impasto.styleName(data.styles[data.style[row]])),
    );
    return h(
      "button",
      { type: "button", class: "card", onclick: () => choose(row), "data-row": row },
      h("span", { class: "frame" }, canvas),
      text,
    );
  }

  /**
   * Many pictures as buttons in a wall, `page` at a time: [list, button for more]. A picture's name
   * is its title and artist.
   */
  function wall(data, pictures, rows, choose, { page = 60, side = 80 } = {}) {
    const list = h("ol", { class: "wall", style: `--side: ${side}px` }),
      more = h("button", { type: "button", class: "more" }, "Show more");
    let shown = 0;
    const grow = () => {
      const next = rows.slice(shown, shown + page).map((row) => {
        const canvas = h("canvas", { "aria-hidden": "true" }),
          words = data.words;
        const title = Impasto.titleName(words.title[row], words.id[row]),
          name = `${title}, ${Impasto.artistName(words.artist[row])}`;
        pictures.draw(canvas, row, side > 60 ? 1 : 0, side).catch(() => canvas.remove());
        const given = { type: "button", title: name, "aria-label": name, "data-row": row };
        return h("li", {}, h("button", { ...given, onclick: () => choose(row) }, canvas));
      });
      list.append(...next);
      shown += next.length;
      more.hidden = shown >= rows.length;
      return next[0];
    };
    more.addEventListener("click", () => grow()?.querySelector("button").focus());
    grow();
    return [list, more];
  }

  /** Arrow keys among buttons of which one at a time stands in the tab order. */
  function roving(holder, selector, across = 1) {
    const all = () => [...holder.querySelectorAll(selector)];
    const list = all();
    list.forEach((element, i) => {
      element.tabIndex = i ? -1 : 0;
    });
    holder.addEventListener("keydown", (event) => {
      const items = all(),
        here = items.indexOf(document.activeElement);
      const steps = {
        ArrowRight: 1,
        ArrowLeft: -1,
        ArrowDown: across,
        ArrowUp: -across,
        Home: -here,
        End: items.length - 1 - here,
      };
      const next = items[here + steps[event.key]];
      if (here < 0 || !next) return;
      event.preventDefault();
      items.forEach((element) => {
        element.tabIndex = element === next ? 0 : -1;
      });
      next.focus();
    });
  }

  /** Offer text as a file. */
  function save(name, text, type) {
    const address = URL.createObjectURL(new Blob([text], { type }));
    const link = h("a", { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  /** Announce a change to screen readers. */
  function announce(text) {
    one("#announced").textContent = text;
  }

  Object.assign(Impasto, { h, one, card, wall, roving, save, announce });
})();
