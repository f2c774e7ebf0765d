"use strict";
/*
 * Legend: colours and shapes with the number of paintings. A click selects a group; pointing at one
 * shows it alone.
 */
(() => {
  const { h } = Impasto;

  const MISSING = {
    prediction:
      "No run of this study has been evaluated, so nothing was named yet: " +
      "impasto evaluate, then impasto site.",
    error:
      "No run of this study has been evaluated, so there are no errors to show: " +
      "impasto evaluate, then impasto site.",
    year: "No painting of this study has a year.",
  };

  /** The ways to colour a run's paintings: [name, label]. */
  function colourings(run, site) {
    const clusters = run.clusterings.map((made) => [
      `cluster:${made.name}`,
      `cluster, ${made.title}`,
    ]);
    return [
      ["style", "style"],
      ["prediction", "what was named"],
      ["error", "right or wrong"],
      ...clusters,
      ...(site.suspects ? [["suspect", "check of labels"]] : []),
      ["year", "year"],
      ["none", "nothing"],
    ];
  }

  function entry(name, glyph, number, pressed, choose, point) {
    return h(
      "button",
      {
        type: "button",
        class: "group",
        "aria-pressed": String(pressed),
        onclick: choose,
        onmouseenter: () => point(true),
        onmouseleave: () => point(false),
        onfocus: () => point(true),
        onblur: () => point(false),
      },
      glyph,
      h("span", { class: "name" }, name),
      h("span", { class: "number" }, Impasto.countText(number)),
    );
  }

  function years(data, grouping) {
    const [first, last] = data.site.years,
      undated = data.count - data.site.known.year;
    const colours = [0, 0.25, 0.5, 0.75, 1].map(Impasto.yearColour).join(", ");
    return [
      h("div", { class: "ramp", style: `background: linear-gradient(90deg, ${colours})` }),
      h("div", { class: "ends" }, h("span", {}, String(first)), h("span", {}, String(last))),
      undated
        ? h(
            "p",
            { class: "note" },
            Impasto.glyph(5, Impasto.quiet()),
            ` ${Impasto.paintings(undated)} ${grouping.none}`,
          )
        : null,
    ];
  }

  /**
   * Fill the legend for a grouping (null: nothing is known of it) and what is chosen in it; `act`
   * has set(patch) and point(group, -1: none).
   */
  function legend(holder, data, state, grouping, act) {
    const { set } = act;
    if (!grouping) {
      holder.replaceChildren(
        h("p", { class: "note" }, MISSING[state.colour] ?? "This run has no such clusters."),
      );
      return;
    }
    if (grouping.kind === "none")
      return holder.replaceChildren(h("p", { class: "note" }, "Pictures have no frames."));
    if (grouping.kind === "year")
      return holder.replaceChildren(...years(data, grouping).filter(Boolean));
    const numbers = new Uint32Array(grouping.names.length);
    let outside = 0;
    for (const group of grouping.of) group < 0 ? outside++ : numbers[group]++;
    const bystyle = grouping.kind === "style",
      chosen = bystyle ? state.styles : state.group;
    const key = (place) => (bystyle ? data.styles[place] : grouping.names[place]);
    const toggle = (name) => {
      const next = chosen.includes(name)
        ? chosen.filter((other) => other !== name)
        : [...chosen, name];
      set(bystyle ? { styles: next } : { group: next });
    };
    const list = grouping.names.map((name, place) =>
      h(
        "li",
        {},
        entry(
          grouping.titles?.[place] ?? name,
          Impasto.glyph(grouping.shapes[place], grouping.colours[place]),
          numbers[place],
          chosen.includes(key(place)),
          () => toggle(key(place)),
          (on) => act.point(on ? place : -1),
        ),
      ),
    );
    const kept = document.activeElement?.closest("#legend li"),
      at = kept ? [...kept.parentNode.children].indexOf(kept) : -1;
    holder.replaceChildren(h("ul", { class: chosen.length ? "groups some" : "groups" }, list));
    if (outside) {
      holder.append(
        h(
          "p",
          { class: "note" },
          Impasto.glyph(5, Impasto.quiet()),
          ` ${Impasto.paintings(outside)}: ${grouping.none}`,
        ),
      );
    }
    if (grouping.colours.includes(Impasto.quiet())) {
      holder.append(
        h(
          "p",
          { class: "note" },
          "The most frequent have colours. Point at a grey one, or select it, to see it.",
        ),
      );
    }
    // the list was made anew under the keyboard's focus
    if (at >= 0) holder.querySelectorAll("li button")[at]?.focus();
  }

  Object.assign(Impasto, { legend, colourings });
})();
