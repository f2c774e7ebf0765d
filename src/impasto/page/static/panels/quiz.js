"use strict";
/*
 * Panel "Quiz": guess the style of ten test pictures, against the network and against an oracle
 * that knows each artist's usual style but sees no picture.
 */
(() => {
  const { h } = Impasto;
  const MANY = 10,
    SIDE = 300; // questions; pixels of a picture
  const STYLE = `
    .quiz-picture { display: grid; place-items: center; min-height: 12rem; margin-bottom: .8rem; }
    .quiz-picture canvas { max-width: 100%; box-shadow: 0 1px 3px var(--shade); }
    .guesses { display: grid; grid-template-columns: 1fr 1fr; gap: .35rem; margin-bottom: .8rem; }
    .panel .guesses button { border-radius: 5px; text-align: left; padding: .34rem .7rem; }
    .panel .guesses .truth { background: var(--good); border-color: var(--good);
      color: var(--paper); opacity: 1; }
    .panel .guesses .missed { border-color: var(--alarm); color: var(--alarm); opacity: 1; }
    .verdicts { list-style: none; margin: 0 0 .8rem; padding: 0; }
    .score-line { display: flex; gap: 1.2rem; color: var(--muted); font-size: .87rem; }
    .small-matrix { font-size: .78rem; margin-bottom: 1rem; }
    .small-matrix th { font-weight: 400; text-align: left; padding: .1rem .35rem; }
    .small-matrix thead span { writing-mode: vertical-rl; transform: rotate(180deg); }
    .small-matrix td { width: 24px; height: 24px; text-align: center; background: var(--wall); }
    .small-matrix td.hit { background: color-mix(in srgb, var(--accent) 45%, var(--wall)); }
    .small-matrix td.miss { background: color-mix(in srgb, #d06a1c 45%, var(--wall)); }
  `;
  let game = null; // {rows, guesses (styles)}

  /** Ten test pictures at random, of as many styles as there are. */
  function deal(data, answers, random = Math.random) {
    const mixed = (list) => {
      const out = [...list];
      for (let i = out.length - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1));
        [out[i], out[j]] = [out[j], out[i]];
      }
      return out;
    };
    const by = new Map();
    for (const row of mixed(answers.rows)) {
      if (!by.has(data.style[row])) by.set(data.style[row], []);
      by.get(data.style[row]).push(row);
    }
    const rows = [];
    while (rows.length < MANY && [...by.values()].some((list) => list.length))
      for (const style of mixed(by.keys()))
        if (rows.length < MANY && by.get(style).length) rows.push(by.get(style).pop());
    return mixed(rows);
  }

  /** Whether each of you, the network and the oracle is right about the first `asked` pictures. */
  function score(data, answers, { rows, guesses }, asked = guesses.length) {
    const total = { you: 0, network: 0, oracle: 0 };
    rows.slice(0, asked).forEach((row, i) => {
      const truth = data.style[row];
      total.you += guesses[i] === truth;
      total.network += answers.predicted[row] === truth;
      total.oracle += answers.oracle[answers.at.get(row)] === truth;
    });
    return total;
  }

  const known = (answers) => answers.oracle.some((style) => style >= 0);

  function scoreLine(data, answers) {
    const { you, network, oracle } = score(data, answers, game);
    return h(
      "p",
      { class: "score-line" },
      h("span", {}, "You ", h("b", {}, String(you))),
      h("span", {}, "Network ", h("b", {}, String(network))),
      known(answers) ? h("span", {}, "Oracle ", h("b", {}, String(oracle))) : null,
    );
  }

  /** What the three said of a picture. */
  function verdicts(data, answers, row, guess) {
    const truth = data.style[row],
      named = (style) => Impasto.styleName(data.styles[style]),
      name = (style) => (style < 0 ? "does not know the artist" : named(style));
    const line = (who, style, more = "") =>
      h("li", {}, `${who}: `, h("b", {}, name(style)), style === truth ? " ✓" : " ✗", more);
    const sure = Impasto.percent(answers.share(row)[answers.predicted[row]]);
    const oracle = answers.oracle[answers.at.get(row)];
    return h(
      "ul",
      { class: "verdicts" },
      line("You", guess),
      line("The network", answers.predicted[row], ` (${sure} sure)`),
      known(answers) ? line("The oracle", oracle) : null,
    );
  }

  function question(holder, page, answers) {
    const { data, pictures, act } = page,
      at = game.guesses.length - (game.told ? 1 : 0),
      row = game.rows[at],
      truth = data.style[row],
      told = game.told;
    const canvas = h("canvas", { role: "img", "aria-label": `Picture ${at + 1}: which style?` });
    pictures.draw(canvas, row, 1, SIDE).then(() => {
      const [width, height] = pictures.shape(row, SIDE);
      Object.assign(canvas.style, { width: `${width}px`, aspectRatio: `${width} / ${height}` });
    });
    const guess = (style) => {
      game.guesses.push(style);
      game.told = true;
      render(holder, page).then(() => holder.querySelector(".next").focus());
      const right = style === truth ? "Right" : "Wrong";
      Impasto.announce(`${right}: it is ${Impasto.styleName(data.styles[truth])}.`);
    };
    const missed = (style) => (style === game.guesses[at] ? "missed" : ""),
      kind = (style) => (style === truth ? "truth" : missed(style));
    const button = (style) =>
      h(
        "button",
        {
          type: "button",
          disabled: Boolean(told),
          class: told ? kind(style) : "",
          onclick: () => guess(style),
        },
        Impasto.styleName(data.styles[style]),
      );
    const next = () => {
      game.told = false;
      render(holder, page).then(() => holder.querySelector(".guesses button, h2")?.focus());
    };
    const words = data.words,
      year = data.year[row],
      title = Impasto.titleName(words.title[row], words.id[row]),
      who = Impasto.artistName(words.artist[row]);
    holder.replaceChildren(
      h("h2", { tabindex: "-1" }, `Which style? ${at + 1} of ${game.rows.length}`),
      h("div", { class: "quiz-picture" }, canvas),
      ...(told
        ? [
            h("p", {}, h("b", {}, title), `, ${who}${year === data.undated ? "" : `, ${year}`}`),
            verdicts(data, answers, row, game.guesses[at]),
            h(
              "p",
              { class: "actions" },
              h(
                "button",
                { type: "button", class: "next", onclick: next },
                at + 1 < game.rows.length ? "Next picture" : "Your result",
              ),
              h(
                "button",
                { type: "button", onclick: () => act.choose(row) },
                "Look at it on the map",
              ),
            ),
          ]
        : []),
      h(
        "div",
        { class: "guesses", role: "group", "aria-label": "Styles" },
        data.styles.map((_, style) => button(style)),
      ),
      scoreLine(data, answers),
    );
  }

  /** A confusion matrix of the ten, of the styles that occur. */
  function matrix(data, caption, named) {
    const pairs = game.rows.map((row, i) => [data.style[row], named(row, i)]),
      styles = [...new Set(pairs.flat())].filter((style) => style >= 0).sort((a, b) => a - b);
    const name = (style) => Impasto.styleName(data.styles[style]);
    const cell = (truth, style) => {
      const number = pairs.filter(([a, b]) => a === truth && b === style).length;
      const kind = !number ? "" : truth === style ? "hit" : "miss";
      return h("td", { class: kind }, number ? String(number) : "");
    };
    return h(
      "div",
      { class: "wide", tabindex: "0", role: "region", "aria-label": caption },
      h(
        "table",
        { class: "small-matrix" },
        h("caption", {}, caption),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("td", {}),
            styles.map((style) => h("th", { scope: "col" }, h("span", {}, name(style)))),
          ),
        ),
        h(
          "tbody",
          {},
          styles
            .filter((truth) => pairs.some(([a]) => a === truth))
            .map((truth) =>
              h(
                "tr",
                {},
                h("th", { scope: "row" }, name(truth)),
                styles.map((style) => cell(truth, style)),
              ),
            ),
        ),
      ),
    );
  }

  function result(holder, page, answers) {
    const { data, act } = page,
      { you, network, oracle } = score(data, answers, game),
      many = game.rows.length,
      chance = many / data.styles.length;
    const verdict =
      you > network
        ? "You beat the network."
        : you === network
          ? "You are level with the network."
          : "The network beats you.";
    holder.replaceChildren(
      h("h2", { tabindex: "-1" }, `${you} of ${many} right. ${verdict}`),
      h(
        "p",
        {},
        `The network has ${network}` +
          (known(answers)
            ? `, the oracle, which knows each painter's usual style and sees no picture, ${oracle}`
            : "") +
          `; guessing gives ${chance.toFixed(1)}.`,
      ),
      matrix(data, "You: rows are true styles, columns your guesses", (_, i) => game.guesses[i]),
      matrix(data, "The network on the same pictures", (row) => answers.predicted[row]),
      h(
        "p",
        { class: "actions" },
        h(
          "button",
          {
            type: "button",
            onclick: () => {
              game = null;
              render(holder, page);
            },
          },
          "Ten other pictures",
        ),
        h(
          "button",
          { type: "button", onclick: () => act.set({ tab: "confusion" }) },
          "All confusions of the network",
        ),
      ),
      ...Impasto.wall(data, page.pictures, game.rows, act.choose, { side: 72 }),
    );
  }

  async function render(holder, page) {
    const { data, run } = page,
      answers = await data.answers(run);
    await data.read();
    if (!answers) {
      holder.replaceChildren(
        h("h2", {}, "Quiz"),
        h(
          "p",
          { class: "note" },
          "No run of this study has been evaluated, so there is nobody to play against: " +
            "impasto evaluate, then impasto site.",
        ),
      );
      return;
    }
    game ??= { rows: deal(data, answers), guesses: [], told: false };
    if (game.guesses.length < game.rows.length || game.told) question(holder, page, answers);
    else result(holder, page, answers);
  }

  Impasto.panel({
    id: "quiz",
    title: "Quiz",
    order: 60,
    follows: ["run"],
    lazy: true,
    style: STYLE,
    render,
  });
  Object.assign(Impasto, { deal, quizScore: score });
})();
