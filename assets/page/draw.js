// Drawings made of HTML and SVG: numbers, rankings, tables, scores and places without an answer.
// One function a kind of portal/drawing.py.
(() => {
  const playhead = (window.playhead ??= {});
  const { h, svg } = playhead;
  const kinds = (playhead.kinds ??= {});

  playhead.draw = (body, drawing, tile) => {
    if (drawing.content.height) body.style.setProperty("--height", `${drawing.content.height}px`);
    if (drawing.content.ratio) body.style.setProperty("--ratio", drawing.content.ratio);
    if (body.dataset.kind !== drawing.kind) {
      if (body.dataset.kind === "figure") playhead.discardFigure(body);
      body.replaceChildren();
      body.dataset.kind = drawing.kind;
    }
    return kinds[drawing.kind](body, drawing, tile);
  };

  playhead.delta = (content) =>
    content.delta === undefined
      ? null
      : h(
          "span",
          {
            class: `delta is-${content.tone}`,
            title: content.delta_interval
              ? `95 % interval ${content.delta_interval}${content.tone === "flat" ? ": too noisy to say" : ""}`
              : "No interval for this metric",
          },
          content.delta,
        );

  // A change that says why it is, by a click.
  playhead.explained = (content, tile) => {
    const delta = playhead.delta(content);
    if (!delta || !content.metric || location.pathname === "/explain") return delta;
    return h(
      "button",
      {
        class: "delta-why",
        "aria-label": `${content.delta}: explain this change`,
        onclick: () => playhead.menu.explain(tile.dataset.dataset, content.metric, [], playhead.menu.held(tile)),
      },
      delta,
    );
  };

  kinds.number = (body, { content }, tile) => {
    body.replaceChildren(
      h(
        "div",
        { class: "number" },
        h(
          "p",
          {
            class: `number-value${content.few ? " is-few" : ""}`,
            title: `${content.exact} ${content.unit}${content.few ? ": under 200 accounts" : ""}`,
          },
          content.value,
          content.unit ? h("small", {}, ` ${content.unit}`) : null,
        ),
        h(
          "p",
          { class: "number-change" },
          playhead.explained(content, tile),
          content.delta_interval || content.no_delta
            ? h("span", { class: "interval" }, content.delta_interval || content.no_delta)
            : null,
        ),
        h(
          "p",
          { class: "number-basis", title: `${content.n} ${content.rows}` },
          playhead.row([content.interval ? `95 % ${content.interval}` : content.no_interval, `n ${content.n}`]),
        ),
        content.against?.text
          ? h(
              "p",
              { class: "number-against" },
              h("b", { class: `is-${content.against.tone}` }, content.against.text),
              ` (${content.against.detail}): ${content.against.relation}`,
            )
          : null,
        content.guardrail?.text
          ? h(
              "p",
              { class: "number-guardrail" },
              `${content.guardrail.text} `,
              h("b", { class: `is-${content.guardrail.tone}` }, content.guardrail.detail),
            )
          : null,
      ),
      content.spark ? spark(content) : "",
    );
  };

  playhead.spark = (content) => spark(content);

  function spark(content) {
    const values = [...content.spark, ...content.spark_before].filter((v) => v !== null);
    const low = Math.min(...values);
    const high = Math.max(...values);
    const last = Math.max(1, content.spark.length - 1);
    const point = (value, i) => [
      (100 * i) / last,
      high === low ? 16 : 30 - (28 * (value - low)) / (high - low),
    ];
    const line = (list, keep = () => true) => {
      let pen = "M";
      return list
        .map((value, i) => {
          if (value === null || !keep(i)) return ((pen = "M"), "");
          const [x, y] = point(value, i);
          const step = `${pen}${x.toFixed(2)} ${y.toFixed(2)}`;
          pen = "L";
          return step;
        })
        .join("");
    };
    const whole = (i) => !content.incomplete[i];
    const tail = (i) => [i - 1, i, i + 1].some((near) => content.incomplete[near]);
    const stroke = (path, name) =>
      svg("path", { d: path, class: name, "vector-effect": "non-scaling-stroke" });
    const drawn = svg(
      "svg",
      { viewBox: "0 0 100 32", preserveAspectRatio: "none", class: "spark", "aria-hidden": "true" },
      stroke(line(content.spark_before), "spark-before"),
      stroke(line(content.spark, whole), "spark-line"),
      stroke(line(content.spark, tail), "spark-tail"),
    );
    playhead.tip.follow(drawn, (event) => {
      const box = drawn.getBoundingClientRect();
      const i = Math.round(((event.clientX - box.left) / box.width) * last);
      if (content.spark_labels[i] === undefined) return;
      playhead.tip.show(event, [
        content.spark_labels[i] + (content.incomplete[i] ? " (incomplete)" : ""),
        `${content.spark_texts[i]} ${content.unit}`,
      ]);
    });
    return drawn;
  }

  kinds.ranking = (body, { content, filters }) => {
    const chosen = playhead.view.values(filters);
    const span = content.to - content.from || 1;
    const at = (value) => `${(100 * (value - content.from)) / span}%`;
    const rows = content.rows.map((row) => {
      const isOut = chosen.length > 0 && !chosen.includes(row.filter);
      const tip = [
        row.label,
        `${row.exact} ${content.unit}`,
        row.interval && `95 % interval ${row.interval}`,
        row.delta && `${row.delta}${row.delta_interval ? ` (${row.delta_interval})` : ""}`,
        `n ${row.n}${row.few ? ": under 200 accounts" : ""}`,
      ];
      return h(
        "button",
        {
          class: `bar-row${isOut ? " is-out" : ""}${chosen.includes(row.filter) ? " is-chosen" : ""}${row.few ? " is-few" : ""}`,
          "aria-pressed": String(chosen.includes(row.filter)),
          "aria-label": tip.filter(Boolean).join(", "),
          ...playhead.mark(filters, row.filter),
          ...playhead.tip.on(tip),
        },
        h("span", { class: "bar-label" }, row.label),
        h(
          "span",
          { class: "bar-track" },
          content.shape === "dot"
            ? null
            : h("span", {
                class: "bar-fill",
                style: `left:${at(Math.min(0, row.value))};width:${(100 * Math.abs(row.value)) / span}%`,
              }),
          row.low === null || row.low === undefined
            ? null
            : h("span", {
                class: "bar-interval",
                style: `left:${at(row.low)};width:${(100 * (row.high - row.low)) / span}%`,
              }),
          content.shape === "dot" ? h("span", { class: "bar-dot", style: `left:${at(row.value)}` }) : null,
        ),
        h("span", { class: "bar-value" }, row.text),
        h("span", { class: "bar-delta" }, playhead.delta(row)),
      );
    });
    body.replaceChildren(
      h("div", { class: `bars is-${content.shape}${content.is_wide ? " is-wide" : ""}`, role: "group" }, rows),
      content.more ? h("p", { class: "more" }, `The first ${content.rows.length}`) : "",
    );
  };

  // What a click on a mark does: filter to its value; with Shift or Alt, exclude it.
  playhead.mark = (name, value) =>
    !name
      ? {}
      : {
          onclick: (event) => {
            playhead.tip.hide();
            if (value === null || value === undefined) playhead.view.missing(name);
            else playhead.view.toggle(name, value, event.shiftKey || event.altKey ? ".not" : "");
          },
          oncontextmenu: (event) => playhead.menu.mark(event, [[name, value]]),
        };

  // The same menu for a number that stands for several values at once, on some days of the period.
  playhead.crossed = (mark, copied, days = null) =>
    mark.length ? { oncontextmenu: (event) => playhead.menu.mark(event, mark, copied, days) } : {};

  // A row of a table stands for what its first cell filters to, or for what it says it is of.
  function rowMark(row, filters) {
    const cell = row.find((one) => one.filter !== undefined || one.mark);
    const mark = cell?.mark ?? (cell && filters ? [[filters, cell.filter]] : []);
    return playhead.crossed(mark, cell?.text, cell?.days);
  }

  kinds.table = (body, { content, filters }) => {
    body.replaceChildren(
      h(
        "div",
        { class: "table-scroll", tabindex: "0" },
        content.tables.map((table) => [
          h(
            "table",
            { class: "table" },
            h("thead", {}, h("tr", {}, table.columns.map(columnHead))),
            h(
              "tbody",
              {},
              table.rows.map((row) => h("tr", rowMark(row, filters), row.map((cell, i) => tableCell(cell, table.columns[i], filters)))),
            ),
          ),
          table.more ? h("p", { class: "more" }, `${table.more} rows more: export them.`) : null,
        ]),
      ),
    );
  };

  const columnHead = (column) =>
    h(
      "th",
      { scope: "col", class: column.is_text ? "is-text" : null },
      column.label,
      column.unit ? h("small", {}, ` ${column.unit}`) : null,
    );

  function tableCell(cell, column, filters) {
    const tag = column.is_text ? "th" : "td";
    const attributes = {
      class: `${column.is_text ? "is-text" : ""} ${column.is_wide ? "is-wide" : ""} ${cell.tone ? `is-${cell.tone}` : ""}${cell.few ? " is-few" : ""}`,
      ...(cell.tip ? playhead.tip.on([column.label, cell.text, cell.tip]) : {}),
    };
    if (column.is_text) attributes.scope = "row";
    if (cell.set) {
      const { set, text, about } = cell;
      return h(tag, attributes, h("button", { class: "cell-link", title: about, onclick: () => playhead.view.set(set) }, text));
    }
    const lines = (cell.lines ?? []).map((line) => h("span", { class: `cell-line${line.tone ? ` is-${line.tone}` : ""}` }, line.text));
    if (cell.filter === undefined) return h(tag, attributes, cell.text, lines);
    const { onclick } = playhead.mark(filters, cell.filter);
    return h(tag, attributes, h("button", { class: "cell-link", onclick }, cell.text));
  }

  // To the page that says more of a number, with the filters of this one.
  const leading = ({ lead, label }) => {
    const search = playhead.view.text(playhead.view.shared());
    const open = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      playhead.view.go(playhead.view.text(playhead.view.shared()), lead);
    };
    return h("a", { class: "score-lead", href: lead + search, onclick: open }, label);
  };
  playhead.leading = leading;

  kinds.scores = (body, { content }, tile) => {
    body.replaceChildren(
      h(
        "dl",
        { class: "scores" },
        content.scores.map((score) =>
          h(
            "div",
            {
              class: `score${score.sign ? " has-sign" : ""}`,
              "data-sign": score.sign,
              ...playhead.tip.on([score.label, score.description]),
            },
            h("dt", {}, score.lead ? leading(score) : score.label),
            h("dd", {}, h("strong", {}, score.value), " ", h("small", {}, score.unit ?? "")),
            h(
              "dd",
              { class: "score-change" },
              playhead.explained(score, tile),
              score.delta_interval ? h("span", { class: "interval" }, ` ${score.delta_interval}`) : null,
            ),
            h("dd", { class: "score-basis" }, score.basis ?? (score.interval ? `95 % ${score.interval}` : (score.no_interval ?? ""))),
          ),
        ),
      ),
    );
  };

  // What to do, in a word, and why.
  kinds.verdict = (body, { content }) => {
    body.replaceChildren(
      h(
        "div",
        { class: `verdict is-${content.tone}` },
        h("p", { class: "verdict-word" }, content.word, h("small", {}, content.kind)),
        h("p", { class: "verdict-sentence" }, content.sentence),
        h(
          "ul",
          {},
          content.reasons.map((reason) => h("li", { class: `is-${reason.tone}` }, reason.text)),
        ),
      ),
    );
  };

  const SIGNS = {
    no_rows: "icon-filter",
    not_loaded: "icon-load",
    late: "icon-clock",
    not_permitted: "icon-lock",
    not_defined: "icon-stop",
    problem: "icon-stop",
    bug: "icon-stop",
  };

  // The nearest question that has an answer: a change of the URL, or a choice to make first.
  const act = ({ set, ask }) => (ask ? playhead.chooseParameter(ask) : playhead.view.set(set));

  kinds.empty = (body, { content }) => {
    const page = playhead.page();
    const filters = content.undo ? playhead.view.filters(page.dimensions) : [];
    body.replaceChildren(
      h(
        "div",
        { class: `nothing is-${content.reason}` },
        SIGNS[content.reason] ? h("span", { class: `icon ${SIGNS[content.reason]}`, "aria-hidden": "true" }) : null,
        h("p", { class: "nothing-message" }, content.message),
        content.hint
          ? h(content.reason === "not_loaded" ? "code" : "p", { class: "nothing-hint" }, content.hint)
          : null,
        filters.length
          ? h(
              "p",
              { class: "nothing-undo" },
              filters.map((filter) =>
                h(
                  "button",
                  { class: "chip", onclick: () => playhead.view.remove(filter.dimension.name) },
                  playhead.bar.sentence(filter),
                  h("span", { class: "chip-x", "aria-label": "remove" }, "×"),
                ),
              ),
            )
          : null,
        content.actions?.length
          ? h(
              "p",
              { class: "nothing-actions" },
              content.actions.map((action) =>
                h("button", { class: "button is-quiet", onclick: () => act(action) }, action.label),
              ),
            )
          : null,
        content.retry
          ? h("button", { class: "button", onclick: () => playhead.answers.refresh() }, "Try again")
          : null,
      ),
    );
  };
})();
