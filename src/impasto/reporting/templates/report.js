// Tables of class "sortable" are ordered by a click on a column's head; without JavaScript they stay as they are.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const hint = Object.assign(document.createElement("span"), { className: "hint", textContent: "; a click on a column’s head sorts by it" });
  table.caption.append(hint);
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
// A slider shows each picture as it is beside one of its strengths; without JavaScript all of them stand in a row.
for (const part of document.querySelectorAll(".slider")) {
  const slider = part.querySelector("input"), output = part.querySelector("output");
  const names = [...part.querySelectorAll("option")].map((option) => option.label);
  const rows = [...part.querySelectorAll(".row ul")].map((list) => [...list.children]);
  const move = () => {
    const step = Number(slider.value);
    output.value = names[step];
    slider.setAttribute("aria-valuetext", names[step]);
    rows.forEach((items) => items.forEach((item, at) => { item.hidden = at > 0 && at !== step + 1; }));
  };
  slider.addEventListener("input", move);
  part.classList.add("live");
  move();
}
// A link to what is folded away opens it.
const unfold = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  if (target) target.scrollIntoView();
};
addEventListener("hashchange", unfold);
unfold();
// On paper the numbers are open, and everything else that is folded stays so.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details.printed:not([open])")];
  opened.forEach((part) => { part.open = true; });
  document.querySelectorAll("img").forEach((image) => { image.loading = "eager"; });
});
addEventListener("afterprint", () => opened.forEach((part) => { part.open = false; }));
