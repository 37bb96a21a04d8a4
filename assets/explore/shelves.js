// Shelves above the breakdown: its metrics, its rows, its columns, each chosen by a click.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const MOST_KEYS = 2;
  let known = { metrics: [], by: [], by_default: true, pivot: "", keys: [] };
  let drawnAt = "";

  function know(content) {
    known = content;
    drawnAt = location.search;
  }

  // What stands in the rows and columns now, also where no tile in sight has been asked since.
  function now() {
    if (drawnAt === location.search) return known;
    const said = playhead.view.values("by");
    return { ...known, by: said.length || !known.by_default ? said : known.by, by_default: !said.length, pivot: playhead.view.option("pivot") };
  }

  const labelOf = (value) => known.keys.find((key) => key.value === value)?.label ?? value;
  const set = (by) => playhead.view.set({ by });
  const putMetrics = (metric) => playhead.view.set({ metric, order: null });

  function draw(content) {
    know(content);
    return h("div", { class: "sheet-bar" }, metrics(content), rows(content), columns(content));
  }

  const shelf = (name, label, ...children) =>
    h("span", { class: "shelf", "data-shelf": name, role: "group", "aria-label": label }, h("span", { class: "sheet-side" }, label), children);

  const chip = ({ value, label, title, choose, without, remove }) =>
    h(
      "span",
      { class: "chip", "data-value": value },
      h("button", { class: "chip-text", title, onclick: choose }, label),
      remove ? h("button", { class: "chip-x", "aria-label": without, onclick: remove }, "×") : null,
    );

  function metrics(content) {
    const chosen = playhead.chosenMetrics();
    const rest = (value) => chosen.filter((name) => name !== value);
    return shelf(
      "metric",
      "Metrics",
      content.metrics.map(({ value, label }, i) =>
        chip({
          value,
          label,
          title: i ? `Put ${label} first` : "The main one: lists rank by it",
          choose: () => i && putMetrics([value, ...rest(value)]),
          without: `No longer ${label}`,
          remove: content.metrics.length > 1 ? () => putMetrics(rest(value)) : null,
        }),
      ),
    );
  }

  const rows = (content) =>
    shelf(
      "by",
      "Rows",
      content.by.map((value) =>
        chip({
          value,
          label: labelOf(value),
          choose: (e) => pick(e.currentTarget, content, (v) => set(content.by.map((b) => (b === value ? v : b)))),
          without: `No longer by ${labelOf(value)}`,
          remove: content.by_default && content.by.length === 1 ? null : () => set(content.by.filter((b) => b !== value)),
        }),
      ),
      content.by.length < MOST_KEYS
        ? h("button", { class: "control", onclick: (e) => pick(e.currentTarget, content, (v) => set([...content.by, v])) }, "+ Rows")
        : null,
    );

  const columns = (content) =>
    shelf(
      "pivot",
      "Columns",
      content.pivot
        ? chip({
            value: content.pivot,
            label: labelOf(content.pivot),
            choose: (e) => pick(e.currentTarget, content, (v) => playhead.view.set({ pivot: v })),
            without: "No columns",
            remove: () => playhead.view.set({ pivot: null }),
          })
        : h("button", { class: "control", onclick: (e) => pick(e.currentTarget, content, (v) => playhead.view.set({ by: content.by, pivot: v })) }, "+ Across"),
    );

  function pick(anchor, content, choose) {
    const search = h("input", { class: "input", placeholder: "Break down by …", "aria-label": "Find a dimension" });
    const list = h("div", { class: "options is-long" });
    const taken = [...content.by, content.pivot];
    const show = () => {
      const wanted = search.value.toLowerCase();
      list.replaceChildren(
        ...content.keys
          .filter((key) => key.label.toLowerCase().includes(wanted) && !taken.includes(key.value))
          .map((key) =>
            h(
              "button",
              { class: "option", disabled: Boolean(key.why), title: key.why || null, onclick: () => (playhead.bar.close(), choose(key.value)) },
              key.label,
              key.is_wide ? h("small", {}, "many values") : null,
            ),
          ),
      );
    };
    search.addEventListener("input", show);
    search.addEventListener("keydown", (e) => e.key === "Enter" && list.querySelector("button:not(:disabled)")?.click());
    show();
    playhead.bar.popover(anchor, "Break down by", search, list);
  }

  playhead.shelves = { draw, know, now, labelOf, putMetrics, most: MOST_KEYS };
})();
