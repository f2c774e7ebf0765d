"use strict";
/* On a phone: the panels as a sheet of three heights, drawn up by its grip, closed by Back. */
(() => {
  const { h, one } = Impasto;
  const HEIGHTS = ["peek", "half", "full"],
    SLIP = 24; // pixels that make a drag
  const phone = matchMedia("(max-width: 50rem), (max-height: 30rem)");

  class Sheet {
    /** `act` has set(patch) and state(). */
    constructor(act) {
      this.act = act;
      this.grip = h(
        "button",
        { type: "button", class: "grip", "aria-label": "Height of the panels" },
        h("span", { "aria-hidden": "true" }),
      );
      one("#right").prepend(this.grip);
      this.grip.addEventListener("pointerdown", (event) => this.down(event));
      this.grip.addEventListener("pointerup", (event) => this.up(event));
      this.grip.addEventListener("keydown", (event) => {
        const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        if (step) this.by(step);
        else if (event.key === "Enter" || event.key === " ") this.next();
        else return;
        event.preventDefault();
      });
      phone.addEventListener("change", () => this.place());
      this.place();
    }

    /** Legend and years stand in the sheet on a phone, beside the map elsewhere. */
    place() {
      const home = phone.matches ? one("#panel-legend") : document.body;
      if (phone.matches) home.append(one("#left"), one("#years"));
      else home.insertBefore(one("#left"), one("main"));
      if (!phone.matches) home.insertBefore(one("#years"), one("#right"));
    }

    down(event) {
      this.from = event.clientY;
      this.grip.setPointerCapture(event.pointerId);
    }

    up(event) {
      const moved = event.clientY - this.from;
      if (Math.abs(moved) < SLIP) this.next();
      else this.by(moved < 0 ? 1 : -1);
    }

    by(step) {
      const at = HEIGHTS.indexOf(this.act.state().sheet) + step;
      this.act.set({ sheet: HEIGHTS[Math.min(Math.max(at, 0), 2)] });
    }

    /** One height up, and from the highest down again. */
    next() {
      this.act.set({ sheet: HEIGHTS[(HEIGHTS.indexOf(this.act.state().sheet) + 1) % 3] });
    }

    /** What to change so that a panel can be read; nothing beside a map. */
    static opened(state) {
      return phone.matches && state.sheet === "peek" ? { sheet: "half" } : {};
    }
  }

  Object.assign(Impasto, { Sheet });
})();
