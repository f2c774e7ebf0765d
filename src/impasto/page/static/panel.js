"use strict";
/*
 * Panels beside the map. Each stands in a file of its own under panels/ and registers itself:
 *
 *   Impasto.panel({
 *     id: "about", title: "About",
 *     order: 40,                   // place among the tabs
 *     follows: ["run", "map"],     // parts of the state whose change draws it again
 *     lazy: false,                 // true: drawn only while its tab is open
 *     wanted: (site) => true,      // whether the study has anything to show in it
 *     style: ".keys { margin: 0; }",
 *     async render(holder, page) { … },
 *   });
 *
 * `page` has data, pictures, run, map, state, grouping, beside (the other run, if one is compared),
 * decisions (of the visitor), found (the paintings that are selected), row (the chosen painting,
 * -1: none) and act (what a panel may do: see App.act).
 */
(() => {
  const { h, one } = Impasto;
  const FILTERS = ["run", "map", "colour", "decided", ...Object.keys(Impasto.NO_FILTER)];
  let panels = [];

  /** Register a panel. */
  function panel(made) {
    panels.push(made);
    panels.sort((a, b) => a.order - b.order);
  }

  /** Put tabs and panels into the page: those that the study has something for. */
  function buildPanels(site) {
    panels = panels.filter((made) => !made.wanted || made.wanted(site));
    for (const made of panels) {
      const id = `panel-${made.id}`,
        label = made.title;
      const tab = { type: "button", role: "tab", "data-tab": made.id, "aria-controls": id };
      one("[role=tablist]").append(h("button", tab, label));
      const holder = { id, class: "panel", role: "tabpanel", tabindex: "0", "aria-label": label };
      one("#right").append(h("div", { ...holder, hidden: true }));
      if (made.style) document.head.append(h("style", {}, made.style));
    }
  }

  /** Show the panel of the open tab, and draw those that follow what has changed. */
  async function drawPanels(page, has) {
    const known = panels.some((made) => made.id === page.state.tab),
      legend = page.state.tab === "legend" && one(".tabs .phone").offsetParent !== null,
      open = known || legend ? page.state.tab : panels[0].id;
    for (const tab of document.querySelectorAll("[role=tab]")) {
      const here = tab.dataset.tab === open;
      tab.setAttribute("aria-selected", String(here));
      tab.tabIndex = here ? 0 : -1;
      one(`#panel-${tab.dataset.tab}`)?.toggleAttribute("hidden", !here);
    }
    document.body.dataset.tab = open;
    for (const made of panels) {
      const changed = has(...made.follows) || (made.lazy && has("tab"));
      if (changed && (!made.lazy || made.id === open)) {
        await made.render(one(`#panel-${made.id}`), page);
      }
    }
  }

  Object.assign(Impasto, { FILTERS, panel, panels: () => panels, buildPanels, drawPanels });
})();
