// Rows of the lake: a plain table that scrolls both ways, and a page back or on.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const kinds = (playhead.kinds ??= {});

  kinds.rows = (body, { content }) => {
    body.replaceChildren(
      pager(content),
      h(
        "div",
        { class: "table-scroll rows-scroll", tabindex: "0", role: "region", "aria-label": "Rows" },
        h(
          "table",
          { class: "table rows" },
          h("thead", {}, h("tr", {}, content.columns.map(head))),
          h(
            "tbody",
            {},
            content.rows.map((row) => h("tr", {}, row.map((text, i) => cell(text, content.columns[i])))),
          ),
        ),
      ),
    );
  };

  const turn = (skip) => playhead.view.set({ skip: skip || null });
  const step = (label, skip) =>
    h("button", { class: "button is-quiet", disabled: skip === null, onclick: () => turn(skip) }, label);

  const pager = (content) =>
    h(
      "div",
      { class: "sheet-bar rows-pager" },
      h("p", { class: "rows-count" }, h("strong", {}, `${content.first} to ${content.last}`), ` of ${content.count} ${content.noun}, newest first`),
      step("Newer", content.newer),
      step("Older", content.older),
    );

  const head = (column) =>
    h(
      "th",
      { scope: "col", class: column.is_text ? "is-text" : null, title: column.about || null },
      column.name,
      column.unit ? h("small", {}, ` ${column.unit}`) : null,
    );

  const LONG = 40;
  const cell = (text, column) =>
    h(
      "td",
      {
        class: [column.is_text ? "is-text" : "", text === null ? "is-none" : ""].join(" ").trim() || null,
        ...(text !== null && text.length > LONG ? playhead.tip.on([column.name, text]) : {}),
      },
      text === null ? "–" : text,
    );
})();
