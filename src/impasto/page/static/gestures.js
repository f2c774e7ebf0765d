"use strict";
/* Gestures on the map: drag pans, wheel and pinch zoom, the lasso draws, a tap chooses. */
(() => {
  const TAP = 6; // pixels that a finger may slip
  const DOUBLE = 240; // milliseconds in which a second tap makes a double one, which only zooms
  const STEP = 80; // pixels that an arrow key pans
  const STEPS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

  class Gestures {
    /**
     * `act` has {choose(row), hover(row, place), lasso(points of the map), whole(), selectSeen()}.
     */
    constructor(view, act) {
      Object.assign(this, {
        view,
        act,
        lassoing: false,
        pointers: new Map(),
        drawn: null,
        slipped: 0,
      });
      this.line = view.holder.querySelector(".lasso polygon");
      const { holder } = view;
      holder.addEventListener("pointerdown", (event) => this.down(event));
      holder.addEventListener("pointermove", (event) => this.move(event));
      holder.addEventListener("pointerup", (event) => this.up(event));
      holder.addEventListener("pointercancel", (event) => this.up(event, true));
      holder.addEventListener("pointerleave", () => act.hover(-1));
      holder.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
      holder.addEventListener("dblclick", (event) => {
        clearTimeout(this.tapped);
        this.zoom(event, 2);
      });
      holder.addEventListener("keydown", (event) => this.key(event));
    }

    /** Turn the lasso on or off. */
    arm(on) {
      this.lassoing = on;
      this.view.holder.classList.toggle("drawing", on);
    }

    at(event) {
      const box = this.view.holder.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    down(event) {
      if (event.button > 0 || event.target.closest("button")) return;
      this.view.holder.setPointerCapture(event.pointerId);
      this.view.flying = null;
      this.pointers.set(event.pointerId, this.at(event));
      this.view.held = true;
      this.slipped = this.pointers.size > 1 ? TAP + 1 : 0;
      if ((this.lassoing || event.shiftKey) && this.pointers.size === 1)
        this.drawn = [this.at(event)];
      else this.sketch((this.drawn = null));
      this.act.hover(-1);
    }

    move(event) {
      const place = this.at(event),
        before = this.pointers.get(event.pointerId);
      if (!before) {
        if (event.pointerType === "mouse") this.act.hover(this.view.pick(...place), place);
        return;
      }
      this.slipped += Math.hypot(place[0] - before[0], place[1] - before[1]);
      if (this.drawn) {
        this.drawn.push(place);
        this.sketch(this.drawn);
      } else if (this.pointers.size === 2) {
        this.pinch(event.pointerId, before, place);
      } else if (this.slipped > TAP) {
        this.view.camera.panBy(place[0] - before[0], place[1] - before[1]);
        this.view.redraw();
      }
      this.pointers.set(event.pointerId, place);
    }

    pinch(id, before, place) {
      const [, other] = [...this.pointers].find(([name]) => name !== id);
      const span = (point) => Math.max(Math.hypot(point[0] - other[0], point[1] - other[1]), 8);
      const middle = (point) => [(point[0] + other[0]) / 2, (point[1] + other[1]) / 2];
      const [was, is] = [middle(before), middle(place)];
      this.view.camera.panBy(is[0] - was[0], is[1] - was[1]);
      this.view.camera.zoomAt(...is, span(place) / span(before));
      this.view.redraw();
    }

    up(event, cancelled = false) {
      if (!this.pointers.delete(event.pointerId)) return;
      const { drawn, view } = this;
      view.held = this.pointers.size > 0;
      this.drawn = null;
      this.sketch(null);
      if (cancelled) return;
      if (drawn && this.slipped > TAP) {
        const corners = Impasto.thinned(drawn, Math.max(5, this.slipped / 150));
        if (corners.length > 2) this.act.lasso(corners.map((point) => view.camera.toMap(...point)));
      } else if (this.slipped <= TAP && !this.pointers.size) {
        const row = view.pick(...this.at(event), event.pointerType === "mouse" ? 6 : 18);
        clearTimeout(this.tapped);
        const again = event.timeStamp - (this.lastTap ?? -Infinity) < DOUBLE;
        this.lastTap = event.timeStamp;
        if (!again) this.tapped = setTimeout(() => this.act.choose(row), DOUBLE);
      }
    }

    sketch(points) {
      this.line.setAttribute("points", (points ?? []).map((point) => point.join(",")).join(" "));
    }

    wheel(event) {
      event.preventDefault();
      // Lines and pages are told in other units; a trackpad's pinch comes as a wheel with Ctrl
      const turned = event.deltaY * [1, 16, 160][event.deltaMode] * (event.ctrlKey ? 5 : 1);
      this.zoom(event, Math.exp(-Math.min(Math.max(turned, -240), 240) * 0.0022));
    }

    zoom(event, factor) {
      if (event.target.closest("button")) return;
      this.view.flying = null;
      this.view.camera.zoomAt(...this.at(event), factor);
      this.view.redraw();
    }

    /** Zoom about the middle, by keyboard or button. */
    nearer(factor) {
      const { camera } = this.view,
        probe = Object.assign(new Impasto.Camera(), camera);
      probe.zoomAt(camera.width / 2, camera.height / 2, factor);
      this.view.fly({ x: probe.x, y: probe.y, z: probe.z });
    }

    key(event) {
      if (event.target !== this.view.holder || event.ctrlKey || event.metaKey || event.altKey)
        return;
      const { view } = this,
        step = STEPS[event.key];
      const keys = {
        "+": () => this.nearer(1.5),
        "=": () => this.nearer(1.5),
        "-": () => this.nearer(1 / 1.5),
        0: () => this.act.whole(),
        Enter: () => this.act.choose(this.middle()),
        s: () => this.act.selectSeen(),
      };
      if (step && event.shiftKey) this.walk(step);
      else if (step) {
        view.camera.panBy(step[0] * STEP, step[1] * STEP);
        view.redraw();
      } else if (keys[event.key]) keys[event.key]();
      else return;
      event.preventDefault();
    }

    /** The painting nearest to the middle of the window. */
    middle() {
      const { view } = this;
      return view.grid.nearest(view.camera.x, view.camera.y, 4, (row) => view.mask[row]);
    }

    /** Choose the next painting in a direction from the chosen one. */
    walk([dx, dy]) {
      const { view } = this;
      if (view.chosen < 0) return this.act.choose(this.middle());
      const { xy } = view.grid,
        x = xy[2 * view.chosen],
        y = xy[2 * view.chosen + 1];
      // Within a cone of 45 degrees to either side, in directions of the screen: y is reversed
      const ahead = (row) => {
        const along = -dx * (xy[2 * row] - x) + dy * (xy[2 * row + 1] - y);
        const aside = Math.abs(dx * (xy[2 * row + 1] - y)) + Math.abs(dy * (xy[2 * row] - x));
        return along > 0 && aside <= along;
      };
      this.act.choose(
        view.grid.nearest(x, y, 4, (row) => row !== view.chosen && view.mask[row] && ahead(row)),
        true,
      );
    }
  }

  Object.assign(Impasto, { Gestures });
})();
