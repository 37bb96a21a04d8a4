// Menus: what one can do with a tile, and with a mark of it.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;

  function menu(anchor, label, entries) {
    const buttons = entries.filter(Boolean).map(([text, act, hint]) =>
      h(
        "button",
        { class: "option", role: "menuitem", onclick: () => (playhead.bar.close()?.focus?.(), act()) },
        text,
        hint ? h("small", {}, hint) : null,
      ),
    );
    const box = playhead.bar.popover(anchor, label, h("div", { role: "menu" }, buttons));
    box.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const at = buttons.indexOf(document.activeElement);
      buttons[(at + step + buttons.length) % buttons.length].focus();
    });
    return box;
  }

  function forTile(button) {
    const tile = button.closest(".tile");
    const isTable = tile.dataset.as === "table";
    menu(button, "Tile", [
      ["Definition", () => about(tile, "definition")],
      ["SQL", () => about(tile, "sql")],
      [isTable ? "See as drawn" : "See as table", () => turn(tile, isTable)],
      ...["csv", "xlsx", "parquet"].map((format) => [
        `Download ${format.toUpperCase().replace("PARQUET", "Parquet")}`,
        () => playhead.download(tile.id, format),
      ]),
      ["Download PNG", () => playhead.picture(tile)],
      ["Copy as playhead ask", () => copyCommand(tile)],
    ]);
  }

  playhead.download = (tile, format) => {
    const asked = { path: location.pathname, search: location.search, tile, format };
    location.assign(`/export?${new URLSearchParams(asked)}`);
  };

  async function turn(tile, isTable) {
    tile.dataset.as = isTable ? "" : "table";
    const body = {
      path: location.pathname,
      search: location.search,
      tiles: [tile.id],
      as: isTable ? "drawing" : "table",
    };
    const lines = (await (await playhead.post("/-/answers", body)).text()).trim().split("\n");
    const answer = lines.map((line) => JSON.parse(line)).find((line) => line.tile);
    await playhead.answers.paint(tile, answer);
  }

  const describe = async (tile) =>
    (await playhead.post("/-/about", { path: location.pathname, search: location.search, tile: tile.id })).json();

  async function copyCommand(tile) {
    const { questions } = await describe(tile);
    await copy(questions.map((question) => question.command).join("\n"));
  }

  async function copy(text) {
    await navigator.clipboard.writeText(text);
    playhead.say("Copied");
  }
  playhead.copy = copy;

  async function about(tile, what) {
    const layer = playhead.layer(tile.dataset.title, h("p", { class: "hint" }, "Loading …"));
    const found = await describe(tile);
    const parts = what === "sql" ? found.questions.map(sql) : [...found.metrics.map(definition), dataset(found.dataset)];
    layer.replaceChildren(...(parts.length ? parts : [h("p", { class: "hint" }, found.problem)]));
  }

  const definition = (metric) =>
    h(
      "section",
      { class: "definition" },
      h("h3", {}, metric.label, h("small", {}, ` ${metric.name}`)),
      h("p", {}, metric.description),
      h("pre", {}, metric.formula),
      h(
        "p",
        { class: "hint" },
        [
          metric.unit && `Unit: ${metric.unit}`,
          `Owner: ${metric.owner}`,
          metric.status,
          `Class: ${metric.kind}`,
          metric.source && `Source: ${metric.source}`,
        ].filter(Boolean).join(" · "),
      ),
    );

  const dataset = (about) =>
    h(
      "section",
      { class: "definition" },
      h("h3", {}, about.label),
      h("p", {}, about.description),
      h("p", { class: "hint" }, `One row is ${about.grain}.${about.base ? ` Always: ${about.base}.` : ""}`),
    );

  const sql = (question) =>
    h(
      "section",
      { class: "definition" },
      h("p", { class: "hint" }, `${question.source === "cache" ? "From the cache of" : "From"} ${question.table} in ${question.took_ms} ms, ${question.rows} rows.`),
      h("pre", {}, question.sql),
      h("p", {}, h("button", { class: "button is-quiet", onclick: () => copy(question.sql) }, "Copy SQL"), " ", h("button", { class: "button is-quiet", onclick: () => copy(question.command) }, "Copy as playhead ask")),
    );

  // A layer over the page: one at a time, closed by Escape or a click beside it.
  let layer = null;
  playhead.closeLayer = () => {
    const was = layer;
    layer = null;
    was?.veil.remove();
    was?.from?.focus?.();
    return was !== null;
  };
  playhead.layer = (title, ...children) => {
    playhead.closeLayer();
    const body = h("div", { class: "layer-body" }, ...children);
    const close = h("button", { class: "chip-x", "aria-label": "Close", onclick: () => playhead.closeLayer() }, "×");
    const box = h(
      "div",
      { class: "layer", role: "dialog", "aria-modal": "true", "aria-label": title, tabindex: "-1" },
      h("header", {}, h("h2", {}, title), close),
      body,
    );
    const veil = h("div", { class: "veil", onpointerdown: (event) => event.target === veil && playhead.closeLayer() }, box);
    layer = { veil, from: document.activeElement };
    document.body.append(veil);
    box.focus();
    return body;
  };

  playhead.menu = {
    open: menu,
    mark(event, name, value) {
      event.preventDefault();
      playhead.tip.hide();
      const dimension = playhead.page().dimensions.find((d) => d.name === name);
      const label = value === null || value === undefined ? "missing" : playhead.label(dimension, value);
      menu(event.currentTarget, label, [
        [`Only ${label}`, () => playhead.view.set({ [name]: [value] })],
        [`Exclude ${label}`, () => playhead.view.toggle(name, value, ".not")],
        dimension?.role === "title" && location.pathname !== "/titles"
          ? ["Open the scorecard", () => playhead.view.go(`?${new URLSearchParams({ title: value })}`, "/titles")]
          : null,
        ["Copy value", () => copy(String(value))],
      ]);
    },
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".tile-menu");
    if (button) forTile(button);
  });
})();
