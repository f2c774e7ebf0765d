// Tables of class "sortable" are ordered by a click on a column's head; without JavaScript they stay as they are.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  table.caption.append("; a click on a column’s head sorts by it");
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
// A slider shows pictures at one step of those that stand side by side in one picture, the original in its first column.
for (const part of document.querySelectorAll(".steps")) {
  const sheet = part.querySelector("img.sheet"), slider = part.querySelector("input"), said = part.querySelector("output");
  const names = [...part.querySelectorAll("option")].map((option) => option.label);
  const pairs = [...part.querySelectorAll("li")].map((item) => [...item.querySelectorAll("canvas")]);
  const words = pairs.map((pair) => pair[1].getAttribute("aria-label"));
  const draw = (canvas, row, column) => {
    const side = canvas.width;
    canvas.getContext("2d").drawImage(sheet, column * side, row * side, side, side, 0, 0, side, side);
  };
  const move = () => {
    const step = Number(slider.value);
    said.value = names[step];
    slider.setAttribute("aria-valuetext", names[step]);
    pairs.forEach(([, painted], row) => {
      draw(painted, row, step + 1);
      painted.setAttribute("aria-label", `${words[row]}, at ${names[step]}`);
    });
  };
  slider.addEventListener("input", move);
  sheet.decode().then(() => {
    pairs.forEach(([original], row) => draw(original, row, 0));
    move();
    part.classList.add("live");
  }, () => {}); // the plain figure stays
}
// A printed page shows what is folded away on the screen.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
