"use strict";
/* The search field with its list of completions, as the combobox pattern of WAI-ARIA has it. */
(() => {
  const { h, one } = Impasto;
  const WAIT = 160; // milliseconds after the last letter

  class SearchBox {
    /** `act` has set(patch) and found(): a search has been sent. */
    constructor(data, store, act) {
      Object.assign(this, { data, store, act, items: [], at: -1, turn: 0 });
      this.field = one("#search");
      this.list = one("#completions");
      this.field.addEventListener("input", () => this.typed());
      this.field.addEventListener("keydown", (event) => this.key(event));
      this.field.addEventListener("blur", () => setTimeout(() => this.close(), 150));
      one("#search-form").addEventListener("submit", (event) => {
        event.preventDefault();
        clearTimeout(this.timer);
        if (this.at >= 0) return this.take(this.at);
        this.act.set({ q: this.field.value, tab: "paintings" });
        this.close();
        this.act.found();
      });
    }

    typed() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.act.set({ q: this.field.value, tab: "paintings" }), WAIT);
      this.complete();
    }

    /** Fill the list for what is typed. */
    async complete() {
      const turn = ++this.turn,
        items = await Impasto.completions(this.data, this.store.state, this.field.value);
      if (turn !== this.turn || document.activeElement !== this.field) return;
      this.items = items;
      this.at = -1;
      this.list.replaceChildren(
        ...items.map((item, i) =>
          h(
            "li",
            {
              role: "option",
              id: `completion-${i}`,
              "aria-selected": "false",
              onpointerdown: (event) => {
                event.preventDefault();
                this.take(i);
              },
            },
            h("span", { class: "kind" }, item.kind),
            h("b", {}, item.label),
            h("span", { class: "number" }, Impasto.countText(item.number)),
          ),
        ),
      );
      this.open(items.length > 0);
    }

    open(on) {
      this.list.hidden = !on;
      this.field.setAttribute("aria-expanded", String(on));
      if (!on) this.field.removeAttribute("aria-activedescendant");
    }

    close() {
      this.turn++;
      this.at = -1;
      this.open(false);
    }

    key(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && !this.list.hidden) {
        event.preventDefault();
        const many = this.items.length + 1; // one place for none
        this.at = ((this.at + 1 + step + many) % many) - 1;
        [...this.list.children].forEach((item, i) =>
          item.setAttribute("aria-selected", String(i === this.at)),
        );
        if (this.at >= 0) this.field.setAttribute("aria-activedescendant", `completion-${this.at}`);
        else this.field.removeAttribute("aria-activedescendant");
      } else if (event.key === "Escape" && !this.list.hidden) {
        event.stopPropagation();
        this.close();
      }
    }

    /** Take a completion. */
    take(i) {
      clearTimeout(this.timer);
      this.field.value = "";
      this.act.set({ ...this.items[i].patch, tab: "paintings" });
      this.close();
      this.act.found();
    }
  }

  Object.assign(Impasto, { SearchBox });
})();
