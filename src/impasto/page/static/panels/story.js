"use strict";
/* Panel "Tour": saved views with captions, one after the other. */
(() => {
  const { h } = Impasto;
  const STYLE = `
    .tour-walk { display: flex; justify-content: space-between; align-items: center; gap: .5rem; }
    .tour-steps { padding-left: 1.4rem; margin: 1.4rem 0 0; }
    .tour-steps [aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; }
    .caption { font: 1.02rem/1.55 var(--serif); }
  `;

  async function render(holder, { data, state, act }) {
    const steps = await data.once("story", () => Impasto.load("story"));
    const at = Math.min(state.step, steps.length - 1),
      { title, text } = steps[at];
    const go = (step) => act.tour(steps[step].view, step);
    const turn = (step, label, name) =>
      h(
        "button",
        {
          type: "button",
          "data-turn": name,
          disabled: step < 0 || step >= steps.length,
          onclick: () => go(step),
        },
        label,
      );
    const turned = document.activeElement?.dataset?.turn;
    holder.replaceChildren(
      h("p", { class: "note" }, `${at + 1} of ${steps.length}`),
      h("h2", {}, title),
      ...text.map((paragraph) => h("p", { class: "caption" }, paragraph)),
      h(
        "p",
        { class: "actions" },
        h("button", { type: "button", onclick: () => go(at) }, "Show this view"),
      ),
      h(
        "div",
        { class: "tour-walk" },
        turn(at - 1, "‹ Back", "back"),
        turn(at + 1, "Next ›", "next"),
      ),
      h(
        "ol",
        { class: "tour-steps" },
        steps.map((step, i) =>
          h(
            "li",
            {},
            h(
              "button",
              {
                type: "button",
                class: "link",
                "aria-current": i === at ? "step" : null,
                onclick: () => go(i),
              },
              step.title,
            ),
          ),
        ),
      ),
    );
    if (turned) holder.querySelector(`[data-turn="${turned}"]:not(:disabled)`)?.focus();
  }

  Impasto.panel({
    id: "story",
    title: "Tour",
    order: 50,
    follows: ["step"],
    lazy: true,
    style: STYLE,
    render,
  });
})();
