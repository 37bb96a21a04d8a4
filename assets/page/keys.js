// The keyboard: help, the palette, and a key for everything in the bar.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;

  const KEYS = [
    ["?", "These keys"],
    ["Ctrl K or /", "Go anywhere: pages, filters, metrics, saved views"],
    ["f", "Add a filter"],
    ["t", "Period"],
    ["c", "Comparison"],
    ["x", "Clear all filters"],
    ["e", "Events and notes of these days"],
    ["z", "Undo: back to the view before"],
    ["g, then a letter", "Go to a page by its first letter"],
    ["Esc", "Close one layer"],
    ["Shift + click", "Exclude what is clicked"],
    ["Right click", "More to do with a mark"],
  ];

  const pages = () =>
    [...document.querySelectorAll(".shell-navbar .page-link")].map((link) => ({
      label: link.textContent.trim(),
      hint: "Page",
      act: () => link.click(),
    }));

  function help() {
    playhead.layer(
      "Keys",
      h("dl", { class: "keys" }, KEYS.map(([key, does]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)))),
    );
  }

  // Others may add entries: playhead.palette.sources.push(async () => [{label, hint, act}]).
  const sources = [async () => pages(), async () => filters(), async () => metrics()];

  const filters = () =>
    (playhead.page()?.dimensions ?? []).map((dimension) => ({
      label: `Filter by ${dimension.label.toLowerCase()}`,
      hint: "Filter",
      act: () => playhead.bar.pick(dimension.name),
    }));

  let catalog = null;
  async function metrics() {
    catalog ??= playhead.post("/-/metrics", {}).then((response) => response.json());
    return (await catalog).metrics.map((metric) => ({
      label: metric.label,
      hint: metric.dataset,
      act: () => playhead.view.go(`?${new URLSearchParams({ dataset: metric.name_of_dataset, metric: metric.name })}`, "/explore"),
    }));
  }

  async function palette() {
    const search = h("input", { class: "input", placeholder: "Go to a page, a filter, a metric …", "aria-label": "Search" });
    const list = h("div", { class: "options is-long", role: "listbox" });
    playhead.layer("Search", search, list).parentElement.classList.add("is-palette");
    search.focus();
    let entries = [];
    let shown = [];
    let at = 0;

    const show = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      shown = entries.filter((e) => words.every((w) => `${e.label} ${e.hint}`.toLowerCase().includes(w))).slice(0, 40);
      at = Math.min(at, Math.max(0, shown.length - 1));
      list.replaceChildren(
        ...shown.map((entry, i) =>
          h(
            "button",
            { class: `option${i === at ? " is-current" : ""}`, role: "option", onclick: () => run(entry) },
            entry.label,
            h("small", {}, entry.hint),
          ),
        ),
      );
      list.children[at]?.scrollIntoView({ block: "nearest" });
    };
    const run = (entry) => (playhead.closeLayer(), entry?.act());

    search.addEventListener("input", () => ((at = 0), show()));
    search.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        at = (at + step + shown.length) % Math.max(1, shown.length);
        show();
      }
      if (event.key === "Enter") run(shown[at]);
    });
    for (const source of sources) {
      source().then(
        (found) => ((entries = [...entries, ...found]), show()),
        () => {},
      );
    }
  }

  let waitsForLetter = false;
  const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      palette();
      return;
    }
    if (event.key === "Escape") {
      if (playhead.bar.isOpen()) playhead.bar.close()?.focus?.();
      else playhead.closeLayer();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (waitsForLetter) {
      waitsForLetter = false;
      const found = pages().find((page) => page.label.toLowerCase().startsWith(event.key.toLowerCase()));
      if (found) found.act();
      return;
    }
    const act = {
      "?": help,
      "/": palette,
      f: () => document.getElementById("add-filter")?.click(),
      t: () => document.getElementById("period")?.click(),
      c: () => document.getElementById("compare")?.click(),
      x: () => playhead.view.clear((playhead.page()?.dimensions ?? []).map((d) => d.name)),
      e: () => playhead.page() && playhead.events.list(),
      z: () => history.back(),
      g: () => ((waitsForLetter = true), setTimeout(() => (waitsForLetter = false), 1500)),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#open-palette")) palette();
  });

  playhead.palette = { open: palette, sources };
})();
