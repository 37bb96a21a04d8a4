// Menus: what one can do with a tile, and with a mark of it.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;

  // `head` stands above the entries.
  function menu(anchor, label, entries, head = null) {
    const buttons = entries.filter(Boolean).map(([text, act, hint]) =>
      h(
        "button",
        { class: "option", role: "menuitem", onclick: () => (playhead.bar.close()?.focus?.(), act()) },
        text,
        hint ? h("small", {}, hint) : null,
      ),
    );
    const box = playhead.bar.popover(anchor, label, ...[head, h("div", { role: "menu" }, buttons)].filter(Boolean));
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
      ...understood(tile),
      tile.dataset.dataset && location.pathname !== "/rows" ? ["See rows", () => rows(tile)] : null,
      playhead.events.hasTime(tile) ? ["Events and notes", () => playhead.events.list(tile)] : null,
      ["Write a note …", () => playhead.notes.write(tile)],
      tile.dataset.metric ? ["Target …", () => playhead.target(tile)] : null,
      tile.dataset.metric ? ["Watch this metric", () => playhead.watch(tile.dataset)] : null,
      ...playhead.pins(tile),
      ["Copy as playhead ask", () => copyQuestion(tile, "command")],
      ["Copy as Python", () => copyQuestion(tile, "python")],
    ]);
  }

  // The filters of the view, and those of a mark in the place of what it was filtered to before.
  const ways = ["", ".missing", ".from", ".to"];
  const narrowed = (pairs, mark) => [
    ...pairs.filter(([key]) => !mark.some(([name]) => ways.some((way) => key === name + way))),
    ...mark.map(([name, value]) => (value === null || value === undefined ? [`${name}.missing`, "yes"] : [name, value])),
  ];

  // The rows behind a tile or a mark of it, in the days that it is about.
  function rows(tile, mark = [], days = null) {
    const now = playhead.bar.now() ?? {};
    // A tile that is of all days says so below itself, whatever the period of its page.
    const { start: first, end: last } = playhead.answers.drawing(tile)?.foot ?? now;
    const [start, end] = days ?? [first, last];
    const filters = [...playhead.view.shared(), ...(now.assumed ?? [])];
    const period = start ? [["period", start === end ? start : `${start} to ${end}`]] : [["period", "all"]];
    playhead.view.go(
      playhead.view.text([["dataset", tile.dataset.dataset], ...period, ...narrowed(filters, mark)]),
      "/rows",
    );
  }

  // What is never offered: a change where a page compares nothing or groups make no parts of it, a
  // distribution that there is not.
  const understood = (tile, mark = []) => [
    tile.dataset.metric && !tile.dataset.change && playhead.page().compares
      ? ["Explain this change", () => explain(tile.dataset.dataset, tile.dataset.metric, mark, held(tile))]
      : null,
    tile.dataset.metric && !tile.dataset.spread && location.pathname !== "/distribution"
      ? ["See the distribution", () => spread(tile, mark)]
      : null,
  ];

  // How the metric of a tile or of a mark is spread, in the days that it is about.
  function spread(tile, mark = []) {
    explain(tile.dataset.dataset, tile.dataset.metric, mark, held(tile), "/distribution");
  }

  // A page ends where the first of its datasets does. Alone, this one would end later: then its days
  // are named, or another page would show another number.
  function held(tile) {
    const foot = playhead.answers.drawing(tile)?.foot;
    return foot?.is_cut && foot.start ? { period: `${foot.start} to ${foot.end}` } : {};
  }

  // Why a number changed, of a mark where one is given; against the period before where the view
  // compares nothing.
  function explain(dataset, metric, mark = [], to = {}, path = "/explain") {
    const page = playhead.page();
    const { period = playhead.view.option("period") || page.period, ...more } = to;
    const compare = playhead.view.option("compare") || page.compare;
    const search = [
      ["dataset", dataset],
      ["metric", metric],
      ["period", period],
      ["compare", compare === "none" ? "previous" : compare],
    ].filter(([name]) => !(name in more));
    playhead.view.go(
      playhead.view.text([...search, ...Object.entries(more), ...narrowed(playhead.view.shared(), mark)]),
      path,
    );
  }

  // One group among those most like it, under the filters of the view that are not its own.
  function peers(tile, by, group) {
    const of = { by, group: String(group) };
    const kept = playhead.view.shared().filter(([key]) => key.split(".")[0] !== by);
    const page = playhead.page();
    const { period = playhead.view.option("period") || page.period } = held(tile);
    const said = [["dataset", tile.dataset.dataset], ["metric", tile.dataset.metric], ...Object.entries(of), ["period", period]];
    playhead.view.go(playhead.view.text([...said, ...kept]), "/peers");
  }

  // Broken down further in Explore, with what the mark stands for as a filter.
  async function breakDown(tile, mark, anchor) {
    const list = h("div", { class: "options is-long" }, h("p", { class: "hint" }, "Loading …"));
    playhead.bar.popover(anchor, "Break down by", list);
    const { keys, metrics } = await describe(tile);
    const taken = mark.map(([name]) => name);
    list.replaceChildren(
      ...keys
        .filter((key) => !taken.includes(key.value))
        .map((key) =>
          h(
            "button",
            { class: "option", disabled: Boolean(key.why), title: key.why || null, onclick: () => (playhead.bar.close(), explore(tile, metrics, mark, key.value)) },
            key.label,
          ),
        ),
    );
    list.querySelector("button:not(:disabled)")?.focus();
  }

  function explore(tile, metrics, mark, by) {
    if (location.pathname === "/explore") {
      const search = new URLSearchParams(narrowed(playhead.view.pairs(), mark).filter(([key]) => key !== "by"));
      search.append("by", by);
      return playhead.view.go(playhead.view.text([...search]));
    }
    const page = playhead.page();
    const days = held(tile);
    const kept = ["period", "compare", "grain"].map((name) => [name, days[name] || playhead.view.option(name) || page[name]]);
    const metric = tile.dataset.metric || metrics[0]?.name;
    playhead.view.go(
      playhead.view.text([
        ["dataset", tile.dataset.dataset],
        ...(metric ? [["metric", metric]] : []),
        ["by", by],
        ...kept.filter(([, value]) => value),
        ...narrowed(playhead.view.shared(), mark),
      ]),
      "/explore",
    );
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
    const answer = lines.filter(Boolean).map((line) => JSON.parse(line)).find((line) => line.tile);
    await playhead.answers.paint(tile, answer);
  }

  const describe = async (tile, search = location.search, mark = []) =>
    (await playhead.post("/-/about", { path: location.pathname, search, tile: tile.id, mark })).json();

  // What a tile asks, or would ask if the view were filtered to a mark of it.
  async function copyQuestion(tile, form, mark = []) {
    const search = playhead.view.text(narrowed(playhead.view.pairs(), mark));
    const { questions, problem } = await describe(tile, search, mark.map(([name]) => name));
    if (!questions.length) return playhead.say(problem || "It asks nothing");
    const asked = questions.map((question) => question[form]);
    await copy(form === "python" ? program(asked) : asked.join(form === "sql" ? ";\n\n" : "\n"));
  }

  // A file that runs as it is, once the token is in the environment.
  function program(calls) {
    const names = calls.map((_, at) => (calls.length > 1 ? `answer_${at + 1}` : "answer"));
    return [
      "import os\n",
      "from portal.client import Playhead\n",
      "# The token is made by: playhead token add EMAIL",
      `playhead = Playhead(${JSON.stringify(location.origin)}, os.environ["PLAYHEAD_TOKEN"])`,
      ...calls.flatMap((call, at) => [`${names[at]} = ${call}`, `print(${names[at]})`]),
      "",
    ].join("\n");
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
      metric.convention ? h("p", {}, `Convention: ${metric.convention}`) : null,
      metric.certificate
        ? h("p", { class: `certified-line${metric.certificate.holds ? "" : " is-edited"}` }, `${metric.certificate.holds ? "✓ " : ""}${metric.certificate.text[0].toUpperCase()}${metric.certificate.text.slice(1)}`)
        : null,
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
    explain,
    held,
    // `mark` is what it stands for: [[dimension, value]], with two of them where rows cross columns.
    // `days` are those of a point of a line over time.
    mark(event, mark, copied = null, days = null) {
      event.preventDefault();
      playhead.tip.hide();
      const anchor = event.currentTarget;
      const tile = anchor.closest(".tile");
      const dimension = (name) => playhead.page().dimensions.find((d) => d.name === name);
      const isMissing = (value) => value === null || value === undefined;
      const said = ([name, value]) => (isMissing(value) ? "missing" : playhead.label(dimension(name), value));
      // Two numbers side by side say too little: Row 1 × Column 2.
      const named = ([name, value]) => {
        const text = said([name, value]);
        return /^\d+$/.test(text) && dimension(name) ? `${dimension(name).label} ${text}` : text;
      };
      const label = mark.map(named).join(" × ");
      const [name, value] = mark[0];
      const isOne = mark.length === 1;
      menu(anchor, label, [
        [`Only ${label}`, () => playhead.view.go(playhead.view.text(narrowed(playhead.view.pairs(), mark)))],
        !isOne
          ? null
          : isMissing(value)
            ? ["Exclude missing", () => playhead.view.set({ [`${name}.missing`]: "no" })]
            : [`Exclude ${label}`, () => playhead.view.toggle(name, value, ".not")],
        ["Break down by …", () => breakDown(tile, mark, anchor)],
        ...understood(tile, mark),
        isOne && tile.dataset.metric && !isMissing(value) ? ["Compare with peers", () => peers(tile, name, value)] : null,
        ["See rows", () => rows(tile, mark, days)],
        isOne && dimension(name)?.role === "title" && location.pathname !== "/titles"
          ? ["Open the scorecard", () => playhead.view.go(`?${new URLSearchParams({ title: value })}`, "/titles")]
          : null,
        isOne && dimension(name)?.role === "title" && location.pathname !== "/inside"
          ? ["Look inside", () => playhead.view.go(`?${new URLSearchParams({ title: value })}`, "/inside")]
          : null,
        ["Write a note …", () => playhead.notes.write(tile, days, mark, label)],
        ["Copy value", () => copy(copied ?? mark.map(([, one]) => one ?? "").join(" × "))],
        ["Copy as Python", () => copyQuestion(tile, "python", mark)],
        ["Copy SQL", () => copyQuestion(tile, "sql", mark)],
      ]);
    },

    // A point that is no filter of its page: the rows of its mark, or of its whole picture.
    point(anchor, copied, mark = [], days = null) {
      playhead.tip.hide();
      const tile = anchor.closest(".tile");
      menu(anchor, copied, [
        tile.dataset.dataset ? ["See rows", () => rows(tile, mark, days)] : null,
        ["Copy value", () => copy(copied)],
      ]);
    },

    // A point of a line over time: `days` are the first and the last of its bucket.
    days(anchor, days, copied) {
      playhead.tip.hide();
      const [start, end] = days;
      const label = start === end ? start : `${start} to ${end}`;
      menu(anchor, label, [
        playhead.page().hasPeriod ? [`Only ${label}`, () => playhead.view.set({ period: label })] : null,
        ["See rows", () => rows(anchor.closest(".tile"), [], days)],
        ["Note to this …", () => playhead.notes.write(anchor.closest(".tile"), days)],
        ["Copy value", () => copy(copied)],
      ]);
    },
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".tile-menu");
    if (button) forTile(button);
  });

  // A long press is the other button, also where the browser does not say so; it is no click.
  const LONG_MS = 550;
  let pressed = null;
  let isHeld = false;
  const release = () => (clearTimeout(pressed), (pressed = null));
  const start = { x: 0, y: 0 };
  addEventListener("pointerdown", (event) => {
    release();
    isHeld = false;
    if (event.pointerType !== "touch") return;
    const { target, clientX, clientY } = event;
    Object.assign(start, { x: clientX, y: clientY });
    pressed = setTimeout(() => {
      const asked = new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX, clientY });
      isHeld = !target.dispatchEvent(asked);
    }, LONG_MS);
  }, true);
  addEventListener("pointermove", (event) => {
    if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > 10) release();
  }, true);
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, release, true);
  addEventListener("contextmenu", (event) => event.isTrusted && release(), true);
  addEventListener("click", (event) => {
    if (!isHeld) return;
    isHeld = false;
    event.stopPropagation();
    event.preventDefault();
  }, true);
})();
