"use strict";
/* The hint of a first visit: one sentence and three examples, until the page is touched. */
(() => {
  const { h, one } = Impasto;
  const KEY = "impasto-hint";

  /** A value that the browser keeps between visits; nothing where it keeps none. */
  const kept = {
    get(key) {
      try {
        return localStorage.getItem(key);
      } catch {
        return null; // a browser may refuse a page from disk
      }
    },
    set(key, value) {
      try {
        localStorage.setItem(key, value);
      } catch {
        return; // the same
      }
    },
  };

  class Hint {
    /** `act` has set(patch); examples stand in site.examples. */
    constructor(data, act) {
      this.holder = one("#hint");
      const { artist, cell, years } = data.site.examples,
        tries = [];
      const add = (label, patch) =>
        tries.push(
          h(
            "button",
            {
              type: "button",
              onclick: () => {
                this.close();
                act.set(patch);
              },
            },
            label,
          ),
        );
      if (artist) add(Impasto.artistName(artist), { artists: [artist], tab: "paintings" });
      if (cell) {
        const [truth, named] = cell.map(Impasto.styleName);
        add(`${truth} taken for ${named}`, { cell, tab: "confusion" });
      }
      if (years) add(years.join("–"), { years, tab: "paintings" });
      else if (tries.length < 3) add("The styles one by one", { layout: "style" });
      if (cell) add("Quiz", { tab: "quiz", sheet: "full" });
      this.holder.replaceChildren(
        h(
          "p",
          {},
          h("b", {}, "Every picture is a painting; near means alike to the network. "),
          "Drag, zoom, click one.",
        ),
        h("p", { class: "tries" }, h("span", {}, "Try"), tries),
        h(
          "button",
          {
            type: "button",
            class: "close",
            "aria-label": "Close the hint",
            onclick: () => this.close(),
          },
          "×",
        ),
      );
      one("#help").addEventListener("click", () => this.toggle());
    }

    /** Show it on a first visit. */
    greet() {
      if (!kept.get(KEY) && !location.hash.replace("#", "")) this.holder.hidden = false;
    }

    toggle() {
      this.holder.hidden = !this.holder.hidden;
      if (!this.holder.hidden) this.holder.querySelector("button")?.focus();
    }

    close() {
      this.holder.hidden = true;
      kept.set(KEY, "seen");
    }
  }

  Object.assign(Impasto, { Hint, kept });
})();
