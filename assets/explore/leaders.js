// Leaderboards: a click filters to a value, a second click takes that back, the minus excludes it.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const kinds = (playhead.kinds ??= {});

  const open = (name) => {
    playhead.view.set({ open: name, find: null });
    document.querySelector("#page .section:nth-of-type(2)")?.scrollIntoView({ block: "start", behavior: "smooth" });
  };
  playhead.openDimension = open;

  kinds.leaders = (body, { content, filters }, tile) => {
    tile.dataset.dimension = content.open;
    const chosen = playhead.view.values(filters);
    const span = content.to - content.from || 1;
    const at = (value) => (100 * (value - content.from)) / span;
    body.replaceChildren(
      h("div", { class: "leaders" }, content.rows.map((row) => leader(row, filters, chosen, content, at))),
      h(
        "button",
        { class: "leaders-more", onclick: () => open(content.open) },
        content.more ? "All values" : "As a table",
        h("span", { class: "icon icon-down is-right", "aria-hidden": "true" }),
      ),
    );
  };

  function leader(row, filters, chosen, content, at) {
    const isChosen = chosen.includes(row.filter);
    const tip = [
      row.label,
      `${row.exact} ${content.unit}${row.share ? ` · ${row.share} of the whole` : ""}`,
      row.interval ? `95 % interval ${row.interval}` : "No interval",
      row.delta && `${row.delta}${row.delta_interval ? ` (${row.delta_interval})` : ""}`,
      `n ${row.n}`,
    ];
    const start = at(Math.min(0, row.value));
    return h(
      "div",
      { class: `leader${chosen.length && !isChosen ? " is-out" : ""}${isChosen ? " is-chosen" : ""}` },
      h(
        "button",
        {
          class: "leader-row",
          "aria-pressed": String(isChosen),
          "aria-label": tip.filter(Boolean).join(", "),
          ...playhead.mark(filters, row.filter),
          ...playhead.tip.on(tip),
        },
        h("span", { class: "leader-bar", style: `left:${start}%;width:${Math.abs(at(row.value) - at(0))}%` }),
        row.low === null || row.low === undefined
          ? null
          : h("span", { class: "leader-interval", style: `left:${at(row.low)}%;width:${at(row.high) - at(row.low)}%` }),
        h("span", { class: "leader-label" }, row.label),
        h("span", { class: "leader-value" }, row.text),
        content.rows[0].share === undefined ? null : h("span", { class: "leader-share" }, row.share ?? ""),
        content.rows.some((one) => one.delta) ? h("span", { class: "leader-delta" }, playhead.delta(row)) : null,
      ),
      row.filter === null
        ? h("span", { class: "leader-not is-none" })
        : h("button", {
            class: "leader-not",
            "aria-label": `Exclude ${row.label}`,
            title: `Exclude ${row.label}`,
            onclick: () => playhead.view.toggle(filters, row.filter, ".not"),
          }),
    );
  }

  kinds.others = (body, { content }, tile) => {
    tile.hidden = content.dimensions.length === 0;
    body.replaceChildren(
      h(
        "p",
        { class: "others" },
        h("span", {}, "Also by"),
        content.dimensions.map((dimension) =>
          h(
            "button",
            {
              class: "chip",
              "data-dimension": dimension.name,
              disabled: Boolean(dimension.why),
              title: dimension.why || dimension.description,
              onclick: () => open(dimension.name),
            },
            dimension.label,
          ),
        ),
      ),
    );
  };
})();
