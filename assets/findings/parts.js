// Why a number changed: the dimensions that explain it, and the parts that groups make of it.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const kinds = (playhead.kinds ??= {});

  kinds.reasons = (body, { content }) => {
    body.replaceChildren(
      h(
        "div",
        { class: "reasons", role: "group" },
        content.rows.map((row) =>
          h(
            "button",
            {
              class: `reason${row.is_chosen ? " is-chosen" : ""}`,
              "aria-pressed": String(row.is_chosen),
              title: row.why || null,
              style: `--share:${100 * row.share}%`,
              onclick: () => playhead.view.set({ [content.option]: row.name }),
            },
            row.label,
            row.text ? h("small", {}, row.text) : row.why ? h("small", {}, "no parts") : null,
          ),
        ),
      ),
    );
  };

  kinds.parts = (body, { content, filters }) => {
    const span = content.to - content.from || 1;
    const at = (value) => (100 * (value - content.from)) / span;
    const track = (row, size = "") =>
      h(
        "span",
        { class: `part-track ${size}` },
        h("span", { class: "part-zero", style: `left:${at(0)}%` }),
        h("span", {
          class: `part-fill is-${row.tone}`,
          style: `left:${at(Math.min(0, row.value))}%;width:${at(Math.max(0, row.value)) - at(Math.min(0, row.value))}%`,
        }),
        row.low === null
          ? null
          : h("span", { class: "part-interval", style: `left:${at(row.low)}%;width:${at(row.high) - at(row.low)}%` }),
      );
    const tone = (part) => h("span", { class: `part-moved is-${part.tone}`, title: part.interval ? `95 % ${part.interval}` : null }, part.text);
    const tip = (row) => [
      row.label,
      `${row.text} ${content.unit}`,
      row.interval && `95 % interval ${row.interval}${row.tone === "flat" ? ": too noisy to say" : ""}`,
      row.mix && `Mix ${row.mix.text} (${row.mix.interval})`,
      row.rate && `Rate ${row.rate.text} (${row.rate.interval})`,
      `${row.before} before, ${row.now} now${row.share ? `, ${row.share} of all` : ""}`,
      row.is_few && "Fewer than 200 accounts",
    ];
    const line = (row, isTotal = false) => {
      const cells = [
        h("span", { class: "part-label" }, row.label),
        track(row),
        h("span", { class: "part-text" }, h("strong", { class: `is-${row.tone}` }, row.text), h("small", {}, row.interval)),
        ...(content.has_mix ? [row.mix ? tone(row.mix) : h("span"), row.rate ? tone(row.rate) : h("span")] : []),
        h("span", { class: "part-way" }, `${row.before} → ${row.now}`),
        h("span", { class: "part-of" }, row.of_change ?? ""),
      ];
      const name = `part${isTotal ? " is-total" : ""}${row.is_few ? " is-few" : ""}`;
      if (isTotal || row.is_merged) return h("div", { class: name, ...playhead.tip.on(tip(row)) }, cells);
      return h(
        "button",
        { class: name, "aria-label": tip(row).filter(Boolean).join(", "), ...playhead.mark(filters, row.filter), ...playhead.tip.on(tip(row)) },
        cells,
      );
    };
    const { banner } = content;
    body.replaceChildren(
      banner.text
        ? h("p", { class: `parts-banner is-${banner.tone}`, role: "note" }, h("strong", {}, banner.text), " ", banner.hint)
        : "",
      h(
        "div",
        { class: `parts${content.has_mix ? " has-mix" : ""}`, role: "group" },
        h(
          "div",
          { class: "part part-head", "aria-hidden": "true" },
          h("span", {}, content.dimension),
          h("span", {}, content.total ? "Part of the change, with 95 % interval" : "Change of each, with 95 % interval"),
          h("span", {}, content.unit),
          ...(content.has_mix ? [h("span", { title: "It weighs more or less than before" }, "Mix"), h("span", { title: "It changed itself" }, "Rate")] : []),
          h("span", {}, "Before → now"),
          h("span", {}, content.total && !content.is_noisy ? "Of all" : ""),
        ),
        content.total ? line({ ...content.total, label: "All together" }, true) : null,
        content.rows.map((row) => line(row)),
      ),
    );
  };
})();
