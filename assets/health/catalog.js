// The catalog of metrics: a list to search, each entry with its definition and where it is shown.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const kinds = (playhead.kinds ??= {});

  kinds.catalog = (body, { content }) => {
    const open = new Set([...body.querySelectorAll("details[open]")].map((d) => d.dataset.metric));
    const list = h("div", { class: "catalog-list", tabindex: "0", role: "region", "aria-label": "Metrics" });
    const count = h("p", { class: "catalog-count", role: "status" });
    const find = h("input", {
      class: "input", type: "search", value: content.find, placeholder: "Find a metric, a formula, a page",
      "aria-label": "Find a metric", oninput: () => show(), onchange: () => keep(),
    });
    const unit = h(
      "select",
      { class: "input", "aria-label": "Unit that owns it", onchange: () => (show(), keep()) },
      h("option", { value: "" }, "All units"),
      content.units.map((u) => h("option", { value: u, selected: u === content.unit }, u[0].toUpperCase() + u.slice(1))),
    );
    const keep = () => playhead.view.set({ find: find.value || null, unit: unit.value || null });

    function show() {
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      const kept = content.metrics.filter(
        (m) => (!unit.value || m.owner === unit.value) && words.every((w) => text(m).includes(w)),
      );
      const doubted = kept.filter((m) => m.doubts.length).length;
      const late = kept.filter((m) => m.late.length).length;
      const certified = kept.filter((m) => playhead.certificates?.of(m)?.holds).length;
      count.textContent = [
        `${kept.length} of ${content.metrics.length} metrics`,
        certified && `${certified} certified`,
        doubted && `${doubted} not to be trusted`,
        late && `${late} late`,
      ].filter(Boolean).join(", ");
      list.replaceChildren(
        ...(kept.length ? kept.map((m) => entry(m, open)) : [nothing()]),
      );
    }
    const nothing = () =>
      h(
        "p",
        { class: "catalog-none" },
        `No metric${unit.value ? ` of ${unit.value}` : ""} has “${find.value.trim()}” in its name, formula, meaning, unit or pages. `,
        h("button", { class: "button is-quiet", onclick: () => ((find.value = ""), (unit.value = ""), show(), keep(), find.focus()) }, "Show every metric"),
      );
    list.addEventListener("toggle", (event) => {
      const name = event.target.dataset?.metric;
      if (name) open[event.target.open ? "add" : "delete"](name);
    }, true);
    const heads = ["Metric", "Dataset", "Unit", "Adds up", "Status", "Shown on"].map((head) => h("span", {}, head));
    body.replaceChildren(h("div", { class: "catalog-bar" }, find, unit, count), h("div", { class: "catalog-heads", "aria-hidden": "true" }, heads), list);
    show();
    playhead.certificates.load().then(show);
    body.addEventListener("catalog:changed", show);
  };

  const texts = new WeakMap();
  const text = (m) => {
    if (!texts.has(m)) {
      const said = [m.label, m.name, m.id, m.dataset_label, m.formula, m.description, m.convention, m.owner, m.class, m.status];
      texts.set(m, [...said, ...m.uses.flatMap((u) => [u.page, ...u.tiles])].join(" ").toLowerCase());
    }
    return texts.get(m);
  };

  const entry = (m, open) =>
    h(
      "details",
      { class: `catalog-metric${m.doubts.length || m.late.length ? " is-doubted" : ""}`, "data-metric": `${m.dataset}.${m.name}`, open: open.has(`${m.dataset}.${m.name}`) },
      h(
        "summary",
        {},
        h("span", { class: "catalog-label" }, m.label, mark(m)),
        h("span", {}, m.dataset_label),
        h("span", {}, m.owner),
        h("span", {}, m.class),
        h("span", { class: `is-${m.status}` }, m.status),
        h("span", {}, m.uses.length ? m.uses.map((u) => u.page).join(", ") : "Explore only"),
      ),
      h(
        "div",
        { class: "catalog-more" },
        m.description ? h("p", {}, m.description) : null,
        m.formula ? h("pre", {}, h("code", {}, m.formula)) : null,
        h(
          "dl",
          {},
          term("Name", `${m.dataset} ${m.name}${m.id ? ` (${m.id})` : ""}`),
          term("Unit", m.unit),
          term("Better", { up: "higher", down: "lower" }[m.better]),
          term("Interval", m.interval),
          term("Convention", m.convention),
          term("Source", m.source),
          term("Tests", m.tests.join("; ")),
          term("Needs", m.needs.join(", ")),
          term("Broken", m.doubts.join(" ")),
          term("Late", m.late.join(" ")),
          term("Certified", playhead.certificates.of(m)?.text.replace(/^certified /, "")),
          term("Shown on", m.uses.map((u, i) => [i ? "; " : null, h("a", { href: u.path }, u.page), u.tiles.length ? `: ${u.tiles.join(", ")}` : null])),
        ),
        h(
          "p",
          { class: "catalog-deeds" },
          m.page
            ? h("a", { href: m.page }, "Only its page can show it")
            : h("a", { href: `/explore?dataset=${encodeURIComponent(m.dataset)}&metric=${encodeURIComponent(m.name)}` }, "Explore it"),
          m.page ? null : h("button", { class: "button is-quiet", onclick: () => playhead.watch(m) }, "Watch it"),
          playhead.certificates.deeds(m),
        ),
      ),
    );

  // A red mark takes the place of a certificate: a definition may be right and its data wrong.
  const mark = (m) => {
    if (m.doubts.length) return h("b", { class: "doubt-mark" }, " not to be trusted");
    if (m.late.length) return h("b", { class: "doubt-mark", title: m.late.join(" ") }, " late");
    const certificate = playhead.certificates.of(m);
    if (!certificate) return null;
    return certificate.holds
      ? h("b", { class: "certified-mark", title: certificate.text }, " ✓ certified")
      : h("b", { class: "certified-mark is-edited", title: certificate.text }, " edited since certified");
  };

  const term = (name, said) => (said && said.length ? [h("dt", {}, name), h("dd", {}, said)] : null);
})();
