"use strict";
/* Years as a strip of bars with a brush: drag over the bars, or move the two handles. */
(() => {
  const { h } = Impasto;
  const BARS = 90;

  class Timeline {
    constructor(holder, data, set) {
      Object.assign(this, { holder, data, set });
      const [first, last] = data.site.years ?? [];
      if (first === undefined) {
        holder.replaceChildren(h("p", { class: "note" }, "No painting of this study has a year."));
        return;
      }
      this.step = Math.max(1, Math.ceil((last - first + 1) / BARS));
      Object.assign(this, { first, last, many: Math.ceil((last - first + 1) / this.step) });
      this.bars = Array.from({ length: this.many }, () => h("i", {}, h("b")));
      this.strip = h("div", { class: "bars", "aria-hidden": "true" }, this.bars);
      this.from = this.handle("From year", first);
      this.to = this.handle("To year", last);
      this.said = h("output", {});
      this.clear = h(
        "button",
        { type: "button", onclick: () => set({ years: null }) },
        "All years",
      );
      const dated = data.site.known.year,
        part = dated === data.count ? [] : [`${Impasto.paintings(dated)} with a year`];
      part.push(`tallest bar: ${Impasto.countText(this.tallest())}, heights as square roots`);
      holder.replaceChildren(
        h(
          "div",
          { class: "years-head" },
          h("h2", {}, "Years"),
          this.said,
          h("span", { class: "note" }, part.join("; ")),
          this.clear,
        ),
        h("div", { class: "strip" }, this.strip, this.from, this.to),
        h("div", { class: "ends" }, h("span", {}, String(first)), h("span", {}, String(last))),
      );
      this.brush();
    }

    /** The number of paintings of the fullest bar. */
    tallest() {
      const { data, first, step } = this,
        counts = new Uint32Array(this.many);
      for (const year of data.year)
        if (year !== data.undated) counts[Math.floor((year - first) / step)]++;
      return Math.max(...counts);
    }

    handle(label, value) {
      const { first, last } = this;
      const change = () => this.choose(Number(this.from.value), Number(this.to.value));
      return h("input", {
        type: "range",
        min: first,
        max: last,
        step: 1,
        value,
        "aria-label": label,
        oninput: change,
      });
    }

    choose(from, to) {
      const [low, high] = from <= to ? [from, to] : [to, from];
      this.set({ years: low === this.first && high === this.last ? null : [low, high] });
    }

    brush() {
      let begun = null;
      const year = (event) => {
        const box = this.strip.getBoundingClientRect(),
          share = (event.clientX - box.left) / box.width;
        const at = this.first + Math.floor(share * this.many) * this.step;
        return Math.min(Math.max(at, this.first), this.last);
      };
      this.strip.addEventListener("pointerdown", (event) => {
        begun = year(event);
        this.strip.setPointerCapture(event.pointerId);
        this.choose(begun, Math.min(begun + this.step - 1, this.last));
      });
      this.strip.addEventListener("pointermove", (event) => {
        if (begun === null) return;
        const [low, high] = [begun, year(event)].sort((a, b) => a - b);
        this.choose(low, Math.min(high + this.step - 1, this.last));
      });
      const end = () => {
        begun = null;
      };
      this.strip.addEventListener("pointerup", end);
      this.strip.addEventListener("pointercancel", end);
    }

    /** Bars of all paintings, and in them of those that are meant. */
    show(state, mask) {
      if (!this.bars) return;
      const { data, first, step } = this,
        all = new Uint32Array(this.many),
        some = new Uint32Array(this.many);
      for (let row = 0; row < data.count; row++) {
        if (data.year[row] === data.undated) continue;
        const bar = Math.floor((data.year[row] - first) / step);
        all[bar]++;
        some[bar] += mask[row];
      }
      // roots: a few paintings of early years stay visible
      const most = Math.sqrt(Math.max(...all, 1));
      this.bars.forEach((bar, i) => {
        bar.style.height = `${(100 * Math.sqrt(all[i])) / most}%`;
        bar.firstChild.style.height = all[i]
          ? `${(100 * Math.sqrt(some[i])) / Math.sqrt(all[i])}%`
          : "0";
      });
      const [from, to] = state.years ?? [first, this.last];
      Object.assign(this.from, { value: from });
      Object.assign(this.to, { value: to });
      this.said.textContent = state.years ? `${from}–${to}` : "";
      this.clear.hidden = !state.years;
    }
  }

  Object.assign(Impasto, { Timeline });
})();
