// Tables of class "sortable" are ordered by a click on a column's head; without JavaScript they stay as they are.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => {
        const cell = row.cells[column], data = cell.querySelector("data");
        const text = data ? data.value : cell.textContent.trim().replaceAll(",", "");
        return text !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
      };
      const order = (a, b) =>
        typeof a === "number" && typeof b === "number" ? a - b
          : typeof a === typeof b ? a.localeCompare(b) : typeof a === "number" ? -1 : 1;
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => (up ? 1 : -1) * order(key(a), key(b)));
      table.tBodies[0].append(...rows);
    });
  });
}
// A printed page shows what is folded away on the screen.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
