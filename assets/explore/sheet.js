// Sheets and pivots: tables of several metrics whose order, rows and columns are choices of the URL.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const kinds = (playhead.kinds ??= {});
  const STEPS = [25, 100, 500];

  kinds.sheet = (body, { content }) => {
    const typed = body.contains(document.activeElement) ? document.activeElement.name : "";
    body.replaceChildren(
      content.opened ? openedBar(content) : playhead.shelves.draw(content),
      content.rows.length
        ? h("div", { class: "table-scroll sheet-scroll", tabindex: "0" }, table(content))
        : h("p", { class: "hint" }, content.find ? `Nothing contains “${content.find}”.` : "No rows."),
      more(content),
    );
    if (typed) refocus(body, typed);
  };

  function refocus(body, name) {
    const input = body.querySelector(`[name="${name}"]`);
    input?.focus();
    input?.setSelectionRange(input.value.length, input.value.length);
  }

  const table = (content) =>
    h(
      "table",
      { class: "table sheet" },
      h("thead", {}, h("tr", {}, content.columns.map((column) => head(column, content)))),
      h(
        "tbody",
        {},
        content.total ? totals(content) : null,
        content.rows.map((cells) => h("tr", {}, cells.map((one, i) => cell(one, content.columns[i], stands(cells, content.columns))))),
      ),
    );

  // What a row of a sheet stands for.
  const stands = (cells, columns) =>
    cells.flatMap((one, i) => (columns[i].filters && one.filter !== undefined ? [[columns[i].filters, one.filter]] : []));

  function head(column, content) {
    const isOrder = column.order === content.order;
    const next = isOrder && content.descending ? `${column.order} asc` : column.order;
    const label = [column.label, column.unit ? h("small", {}, ` ${column.unit}`) : null];
    return h(
      "th",
      {
        scope: "col",
        class: column.is_text ? "is-text" : null,
        "aria-sort": isOrder ? (content.descending ? "descending" : "ascending") : null,
      },
      column.order
        ? h("button", { class: "sort", title: "Sort by this", onclick: () => playhead.view.set({ order: next }) }, label)
        : label,
    );
  }

  function totals(content) {
    const keys = content.columns.filter((column) => column.is_text).length;
    return h(
      "tr",
      { class: "is-total", title: "Recomputed over all rows, never summed" },
      h("th", { scope: "row", class: "is-text", colspan: keys }, "Total"),
      content.total.map((one, i) => cell(one, content.columns[keys + i])),
    );
  }

  function cell(one, column, mark = []) {
    const tag = column.is_text ? "th" : "td";
    const attributes = {
      ...(column.is_text ? {} : playhead.crossed(mark, one.text)),
      class: [column.is_text ? "is-text" : "", one.tone ? `is-${one.tone}` : "", one.few ? "is-few" : ""].join(" ").trim() || null,
      ...(one.tip ? playhead.tip.on([column.label, one.text, one.tip]) : {}),
    };
    if (column.is_text) attributes.scope = "row";
    if (one.filter !== undefined && column.filters) {
      const isChosen = playhead.view.values(column.filters).includes(one.filter);
      return h(
        tag,
        attributes,
        h(
          "button",
          { class: `cell-link${isChosen ? " is-chosen" : ""}`, "aria-pressed": String(isChosen), ...playhead.mark(column.filters, one.filter) },
          one.text,
        ),
      );
    }
    return h(
      tag,
      attributes,
      one.bar === undefined ? null : h("span", { class: "cell-bar", style: `width:${Math.round(96 * one.bar)}px` }),
      h("span", { class: "cell-text" }, one.text),
      one.note ? h("small", { class: "cell-note" }, one.note) : null,
    );
  }

  // How far one has come, how to go on, and how many rows to see at once.
  function more(content) {
    const { first, shown, step } = content;
    const last = first + shown - 1;
    const begins = first === 1;
    const said = begins && !content.more ? (shown > 1 ? `All ${shown}.` : "") : `${first} to ${last}.`;
    const turn = (label, skip) =>
      h("button", { class: "link", onclick: () => playhead.view.set({ skip: skip || null }) }, label);
    const steps = begins && !content.more ? STEPS.filter((size) => size < step && size < shown) : STEPS;
    return h(
      "p",
      { class: "sheet-more" },
      said,
      begins ? null : turn(`Previous ${step}`, Math.max(0, first - 1 - step)),
      content.more ? turn(`Next ${step}`, last) : null,
      steps
        .filter((size) => size !== step)
        .map((size) => h("button", { class: "link", onclick: () => playhead.view.set({ limit: size === STEPS[0] ? null : size }) }, `Show ${size}`)),
    );
  }

  // One dimension in full: searched in the server, closed by its cross.
  let pause = null;
  const openedBar = (content) =>
    h(
      "div",
      { class: "sheet-bar" },
      content.search
        ? h("input", {
            class: "input",
            name: "find",
            type: "search",
            value: content.find,
            placeholder: "Find a value",
            "aria-label": "Find a value",
            oninput: (event) => {
              const find = event.target.value.trim();
              clearTimeout(pause);
              pause = setTimeout(() => playhead.view.set({ find }), 250);
            },
          })
        : h("span", {}),
      h("button", { class: "button is-quiet", onclick: () => playhead.view.set({ open: null, find: null }) }, "Close"),
    );

  kinds.pivot = (body, { content }) => {
    const columns = content.columns_by;
    body.replaceChildren(
      playhead.shelves.draw(content),
      h(
        "p",
        { class: "hint" },
        `${content.metric}${content.unit ? ` in ${content.unit}` : ""}. Every total is recomputed, never summed.`,
      ),
      h(
        "div",
        { class: "table-scroll sheet-scroll", tabindex: "0" },
        h(
          "table",
          { class: "table pivot" },
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              content.rows_by.map((by) => h("th", { scope: "col", class: "is-text" }, by.label)),
              h("th", { scope: "col", class: "is-total" }, "Total"),
              content.heads.map((one) => h("th", { scope: "col" }, link(one, columns.filters))),
            ),
          ),
          h(
            "tbody",
            {},
            content.column_totals
              ? h(
                  "tr",
                  { class: "is-total" },
                  h("th", { scope: "row", class: "is-text", colspan: content.rows_by.length }, "Total"),
                  pivotCell(content.total ?? { text: "" }, "Total"),
                  content.column_totals.map((one, i) => pivotCell(one, content.heads[i].text)),
                )
              : null,
            content.rows.map((row) =>
              h(
                "tr",
                {},
                row.names.map((one, i) =>
                  h("th", { scope: "row", class: "is-text" }, link(one, content.rows_by[i].filters)),
                ),
                pivotCell(row.total ?? { text: "" }, "Total", "is-total"),
                row.cells.map((one, i) =>
                  pivotCell(one, `${row.names.map((n) => n.text).join(", ")} × ${content.heads[i].text}`, "", crossing(row, content.heads[i], content)),
                ),
              ),
            ),
          ),
        ),
      ),
      more(content),
      content.more_columns ? h("p", { class: "hint" }, `The first ${content.heads.length} columns.`) : "",
    );
  };

  const link = (one, filters) =>
    one.filter === undefined || !filters
      ? one.text
      : h("button", { class: "cell-link", ...playhead.mark(filters, one.filter) }, one.text);

  const crossing = (row, head, content) =>
    [...row.names.map((one, i) => [content.rows_by[i].filters, one]), [content.columns_by.filters, head]]
      .filter(([filters, one]) => filters && one.filter !== undefined)
      .map(([filters, one]) => [filters, one.filter]);

  function pivotCell(one, label, name = "", mark = []) {
    const change = one.delta ? `${one.delta}${one.delta_interval ? ` (${one.delta_interval})` : ""}` : "";
    return h(
      "td",
      {
        class: name || null,
        ...(one.text ? playhead.crossed(mark, one.text) : {}),
        style: one.shade ? `--shade:${Math.round(8 + 34 * one.shade)}%` : null,
        ...(one.text ? playhead.tip.on([label, one.text, one.tip, change]) : {}),
      },
      h("span", { class: "cell-text" }, one.text),
      one.delta ? h("small", { class: `cell-note is-${one.tone}` }, one.delta) : null,
    );
  }
})();
