"use strict";
/* Where a browser draws no maps: the selected paintings as a wall in the map's place. */
(() => {
  const { h, one } = Impasto;

  /** Fill the place of the map with what is selected. */
  function flat({ data, pictures, found, act }) {
    const holder = one("#flat");
    holder.hidden = false;
    const shown = found.any
      ? `${Impasto.countText(found.rows.length)} of ${Impasto.paintings(data.count)}`
      : Impasto.paintings(data.count);
    holder.replaceChildren(
      h(
        "p",
        { class: "note" },
        "This browser draws no map: it offers no WebGL 2. Everything else works; to see the map, " +
          "turn hardware acceleration on or try another browser.",
      ),
      h("h2", {}, shown),
      ...Impasto.wall(data, pictures, found.ranked, act.choose, { page: 120, side: 96 }),
    );
  }

  Object.assign(Impasto, { flat });
})();
