"use strict";
/*
 * Where one is on the map: a small map with the window's frame while one is near, and an arrow to
 * the paintings where none is in view.
 */
(() => {
  const { h } = Impasto;
  const SIDE = 116; // pixels of the longer side
  const NEAR = 1.35; // times the zoom that shows everything

  class Overview {
    constructor(holder, view) {
      this.view = view;
      this.canvas = h("canvas", { "aria-hidden": "true" });
      this.frame = h("i", {});
      this.box = h("div", { class: "overview", hidden: true }, this.canvas, this.frame);
      this.arrow = h(
        "button",
        { type: "button", class: "back", hidden: true, onclick: () => this.return() },
        h("span", { "aria-hidden": "true" }, "→"),
        " Paintings",
      );
      this.box.addEventListener("pointerdown", (event) => this.go(event));
      this.box.addEventListener("pointermove", (event) => event.buttons && this.go(event));
      for (const name of ["pointerup", "dblclick", "wheel"])
        this.box.addEventListener(name, (event) => event.stopPropagation());
      holder.append(this.box, this.arrow);
    }

    /** What was drawn holds no longer. */
    forget() {
      this.drawn = false;
    }

    /** Draw all paintings as dots. */
    draw() {
      const { grid, mask, data } = this.view,
        [left, bottom, right, top] = grid.box;
      const unit = SIDE / Math.max(right - left, top - bottom, 1e-6),
        width = Math.max(24, Math.round((right - left) * unit)),
        height = Math.max(24, Math.round((top - bottom) * unit));
      Object.assign(this, { unit, left, top });
      Object.assign(this.canvas, { width, height });
      const pen = this.canvas.getContext("2d"),
        image = pen.createImageData(width, height),
        [meant, rest] = [this.ink(), Impasto.quiet()].map(Impasto.hexBytes);
      for (let row = 0; row < data.count; row++) {
        const column = Math.min(width - 1, Math.floor((grid.xy[2 * row] - left) * unit)),
          line = Math.min(height - 1, Math.floor((top - grid.xy[2 * row + 1]) * unit)),
          at = 4 * (line * width + column);
        if (mask[row]) image.data.set(meant, at);
        else if (!image.data[at + 3]) image.data.set(rest, at);
        // the more paintings a place holds, the darker it is
        image.data[at + 3] = Math.min(255, image.data[at + 3] + (mask[row] ? 110 : 40));
      }
      pen.putImageData(image, 0, 0);
      this.drawn = true;
    }

    ink() {
      return getComputedStyle(this.view.holder).getPropertyValue("--muted").trim();
    }

    /** Follow the camera. */
    show() {
      const { camera, grid, mask, moving } = this.view;
      const near = camera.z > NEAR * camera.whole.z && !moving && camera.width > 420;
      this.box.hidden = !near;
      if (near) {
        if (!this.drawn) this.draw();
        const [left, bottom, right, top] = camera.seen(),
          { unit } = this;
        Object.assign(this.frame.style, {
          left: `${(left - this.left) * unit}px`,
          top: `${(this.top - top) * unit}px`,
          width: `${(right - left) * unit}px`,
          height: `${(top - bottom) * unit}px`,
        });
      }
      const fits = (row) => mask[row],
        nearest = near && this.lost() ? grid.nearest(camera.x, camera.y, 4, fits) : -1;
      this.arrow.hidden = nearest < 0;
      this.nearest = nearest;
      if (nearest < 0) return;
      const dx = grid.xy[2 * nearest] - camera.x,
        dy = grid.xy[2 * nearest + 1] - camera.y;
      this.arrow.firstChild.style.transform = `rotate(${-Math.atan2(dy, dx)}rad)`;
    }

    /** Whether no painting that is meant is in view. */
    lost() {
      const { camera, grid, mask } = this.view,
        [left, bottom, right, top] = camera.seen(),
        { xy } = grid;
      const nearest = grid.nearest(camera.x, camera.y, 4, (row) => mask[row]);
      if (nearest < 0) return true;
      const x = xy[2 * nearest],
        y = xy[2 * nearest + 1];
      if (x >= left && x <= right && y >= bottom && y <= top) return false;
      // another one may be further away, but within the longer side
      let found = false;
      grid.within([left, bottom, right, top], (row) => {
        found ||= mask[row] === 1;
      });
      return !found;
    }

    /** Fly to the nearest painting. */
    return() {
      const { grid, camera } = this.view;
      const [x, y] = [grid.xy[2 * this.nearest], grid.xy[2 * this.nearest + 1]];
      this.view.fly({ x, y, z: camera.z });
    }

    go(event) {
      event.stopPropagation();
      const box = this.canvas.getBoundingClientRect();
      this.view.flying = null;
      this.view.camera.look({
        x: this.left + (event.clientX - box.left) / this.unit,
        y: this.top - (event.clientY - box.top) / this.unit,
        z: this.view.camera.z,
      });
      this.view.redraw();
    }
  }

  Object.assign(Impasto, { Overview });
})();
