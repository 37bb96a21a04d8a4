// The bar above a page: period, comparison, grain and filters. It shows what the URL says, and
// every control only changes the URL.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;

  const PERIODS = [
    ["Last 7 days", "last 7 days"],
    ["Last 28 days", "last 28 days"],
    ["Last 90 days", "last 90 days"],
    ["Last week", "last week"],
    ["Last month", "last month"],
    ["Last quarter", "last quarter"],
    ["Month to date", "month to date"],
    ["Year to date", "year to date"],
    ["Everything", "all"],
  ];
  // Where a page has a number a month, days and weeks have none.
  const WHOLE_MONTHS = [
    ["Last month", "last month"],
    ["Last quarter", "last quarter"],
    ["Last 6 months", "last 6 months"],
    ["Last 12 months", "last 12 months"],
    ["Year to date", "year to date"],
    ["Everything", "all"],
  ];
  const COMPARISONS = [
    ["Previous period", "previous"],
    ["Same weeks last year", "last-year"],
    ["Nothing", "none"],
  ];
  const GRAINS = ["day", "week", "month", "quarter", "year"];
  const WAYS = { "": "", ".not": "not ", ".contains": "contains ", ".missing": "" };
  let resolved = null;

  const list = (dimension, values) => {
    const labels = values.map((value) => playhead.label(dimension, value));
    return labels.length > 2 ? `${labels[0]} and ${labels.length - 1} more` : labels.join(", ");
  };

  function condition({ dimension, way, values, low, high }) {
    if (way === ".missing") return values[0] === "yes" ? "missing" : "known";
    if (way !== ".from") return WAYS[way] + list(dimension, values);
    const [from, to] = [low, high].map((end) => end && playhead.label(dimension, end));
    if (from && to) return `${from} to ${to}`;
    return from ? `from ${from}` : `up to ${to}`;
  }
  const sentence = (filter) => `${filter.dimension.label}: ${condition(filter)}`;

  function render() {
    const bar = document.getElementById("bar");
    const page = playhead.page();
    if (!bar || !page) return;
    const filters = playhead.view.filters(page.dimensions);
    const usual = page.filters.map((name) => page.dimensions.find((d) => d.name === name));
    const others = filters.filter((f) => !page.filters.includes(f.dimension.name));
    bar.replaceChildren(
      h("div", { class: "bar-times" }, page.hasPeriod ? periodControl(page) : null, page.compares ? [compareControl(page), grainControl(page)] : null, clockControl(page)),
      h(
        "div",
        { class: "bar-filters" },
        h("span", { class: "own-rows", id: "own-rows", hidden: true }),
        usual.map((dimension) => slot(dimension, filters.filter((f) => f.dimension === dimension))),
        others.map(chip),
        h(
          "button",
          { class: "control is-quiet", id: "add-filter", onclick: (e) => pickDimension(e.currentTarget, page) },
          "+ Filter",
        ),
        filters.length
          ? h(
              "button",
              { class: "control is-quiet", onclick: () => playhead.view.clear(page.dimensions.map((d) => d.name)) },
              "Clear all",
            )
          : null,
      ),
    );
    if (resolved) showResolved();
  }

  function periodControl(page) {
    const written = playhead.view.option("period") || page.period;
    return h(
      "button",
      {
        class: "control is-period",
        id: "period",
        "aria-haspopup": "dialog",
        onclick: (event) => pickPeriod(event.currentTarget, page),
      },
      h("span", { class: "icon icon-calendar", "aria-hidden": "true" }),
      h("strong", {}, written === "all" ? "all days" : written),
      h("span", { class: "resolved", id: "resolved" }),
    );
  }

  function compareControl(page) {
    const written = playhead.view.option("compare") || page.compare;
    const known = COMPARISONS.find(([, value]) => value === written);
    return h(
      "button",
      {
        class: "control",
        id: "compare",
        "aria-haspopup": "dialog",
        onclick: (event) => pickComparison(event.currentTarget, page),
      },
      written === "none" ? "No comparison" : h("span", {}, "v. ", h("strong", {}, (known?.[0] ?? written).toLowerCase())),
      h("span", { class: "resolved", id: "resolved-compare" }),
    );
  }

  function grainControl(page) {
    const from = Math.max(0, GRAINS.indexOf(page.smallest));
    const now = playhead.view.option("grain") || resolved?.grain || "";
    return h(
      "select",
      {
        class: "control",
        id: "grain",
        "aria-label": "Cut time by",
        onchange: (event) => playhead.view.set({ grain: event.target.value }),
      },
      GRAINS.slice(from).map((grain) =>
        h("option", { value: grain, selected: grain === now }, `By ${grain}`),
      ),
    );
  }

  function clockControl(page) {
    if (!page.hasClocks) return null;
    const now = playhead.view.option("clock");
    return h(
      "select",
      { class: "control", id: "clock", "aria-label": "Hours on which clock", onchange: (e) => playhead.view.set({ clock: e.target.value }) },
      [["Local hours", ""], ["UTC hours", "utc"]].map(([label, value]) => h("option", { value, selected: value === now }, label)),
    );
  }

  function slot(dimension, filters) {
    if (filters.length) return filters.map(chip);
    return h(
      "button",
      {
        class: "control is-filter",
        "data-filter": dimension.name,
        "aria-haspopup": "dialog",
        onclick: (event) => pickValues(event.currentTarget, dimension),
      },
      dimension.label,
      h("span", { class: "icon icon-down", "aria-hidden": "true" }),
    );
  }

  function chip(filter) {
    const { dimension } = filter;
    return h(
      "span",
      {
        class: `chip${filter.way === ".not" ? " is-not" : ""}`,
        "data-filter": dimension.name,
        onpointerenter: () => outline(dimension.name, true),
        onpointerleave: () => outline(dimension.name, false),
      },
      h(
        "button",
        { class: "chip-text", title: `${dimension.label}: ${filter.values.join(", ")}`, onclick: (e) => pickValues(e.currentTarget.parentElement, dimension) },
        `${dimension.label}: `,
        h("strong", {}, condition(filter)),
      ),
      h(
        "button",
        { class: "chip-x", "aria-label": `Remove ${sentence(filter)}`, onclick: () => (outline(dimension.name, false), playhead.view.remove(dimension.name)) },
        "×",
      ),
    );
  }

  // Hovering a filter outlines the tiles it reaches.
  function outline(name, isOn) {
    for (const tile of document.querySelectorAll("#page .tile")) {
      const isReached = !(tile.dataset.unreached ?? "").split(" ").includes(name);
      tile.classList.toggle("is-reached", isOn && isReached);
    }
  }

  function showResolved() {
    const dates = document.getElementById("resolved");
    if (dates) {
      dates.textContent = resolved.period;
      dates.title = `On ${resolved.zone}. Complete through ${resolved.latest ?? "no day"}.`;
    }
    const compared = document.getElementById("resolved-compare");
    if (compared) compared.textContent = resolved.compare ?? "";
    const grain = document.getElementById("grain");
    if (grain && !playhead.view.option("grain")) grain.value = resolved.grain;
    document
      .getElementById("notices")
      ?.replaceChildren(...resolved.notices.map((text) => h("p", { class: "notice" }, text)));
    playhead.own?.(resolved.own ?? []);
  }

  // Popovers: one at a time, beside what opened it; Escape and a click elsewhere close it.
  let open = null;
  function close() {
    open?.box.remove();
    open?.anchor.setAttribute("aria-expanded", "false");
    const anchor = open?.anchor;
    open = null;
    return anchor;
  }

  function popover(anchor, label, ...children) {
    close();
    const box = h("div", { class: "popover", role: "dialog", "aria-label": label }, ...children);
    document.body.append(box);
    const at = anchor.getBoundingClientRect();
    box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${Math.min(at.bottom + 6, Math.max(8, innerHeight - box.offsetHeight - 8))}px`;
    anchor.setAttribute("aria-expanded", "true");
    open = { anchor, box };
    // On a phone a field that is focused opens the keyboard over its own choices.
    box.querySelector(playhead.isTouched() ? "button" : "input, button")?.focus();
    return box;
  }

  document.addEventListener("pointerdown", (event) => {
    if (open && !open.box.contains(event.target) && !open.anchor.contains(event.target)) close();
  });
  window.addEventListener("playhead:view", () => {
    if (open && !open.box.dataset.stays) close();
  });

  function options(pairs, chosen, pick) {
    return h(
      "div",
      { class: "options" },
      pairs.map(([label, value]) =>
        h(
          "button",
          { class: "option", "aria-pressed": String(value === chosen), onclick: () => (close(), pick(value)) },
          label,
        ),
      ),
    );
  }

  function written(value, placeholder, apply) {
    return h(
      "form",
      {
        class: "written",
        onsubmit: (event) => {
          event.preventDefault();
          close();
          apply(event.target.elements[0].value.trim());
        },
      },
      h("input", { class: "input", value, placeholder, "aria-label": placeholder, autocomplete: "off", spellcheck: "false" }),
      h("button", { class: "button" }, "Apply"),
    );
  }

  function pickPeriod(anchor, page) {
    const now = playhead.view.option("period") || page.period;
    const apply = (period) => playhead.view.set({ period: period === page.period ? null : period });
    popover(
      anchor,
      "Period",
      written(now, "last 28 days, 2026-02, 2026-02-01 to 2026-02-14", apply),
      playhead.isTouched() ? null : h("p", { class: "hint" }, "Or drag across a chart over time."),
      options(page.smallest === "month" ? WHOLE_MONTHS : PERIODS, now, apply),
    );
  }

  function pickComparison(anchor, page) {
    const now = playhead.view.option("compare") || page.compare;
    const apply = (compare) => playhead.view.set({ compare: compare === page.compare ? null : compare });
    popover(
      anchor,
      "Comparison",
      options(COMPARISONS, now, apply),
      written(COMPARISONS.some(([, v]) => v === now) ? "" : now, "2025-02-01 to 2025-02-28", apply),
    );
  }

  function pickDimension(anchor, page) {
    const search = h("input", { class: "input", placeholder: "Filter by …", "aria-label": "Find a dimension" });
    const choices = h("div", { class: "options is-long" });
    const show = () => {
      const wanted = search.value.toLowerCase();
      choices.replaceChildren(
        ...page.dimensions
          .filter((d) => d.label.toLowerCase().includes(wanted))
          .map((d) => h("button", { class: "option", onclick: () => pickValues(anchor, d) }, d.label)),
      );
    };
    search.addEventListener("input", show);
    search.addEventListener("keydown", (e) => e.key === "Enter" && choices.firstElementChild?.click());
    show();
    popover(anchor, "Add a filter", search, choices);
  }

  function pickValues(anchor, dimension) {
    if (dimension.kind === "number" && dimension.role !== "hour") return pickRange(anchor, dimension);
    let way = playhead.view.values(`${dimension.name}.not`).length ? ".not" : "";
    const search = h("input", { class: "input", placeholder: `Find ${dimension.label.toLowerCase()}`, "aria-label": `Find ${dimension.label.toLowerCase()}` });
    const choices = h("div", { class: "options is-long" }, h("p", { class: "hint" }, "Loading …"));
    const ways = h(
      "div",
      { class: "ways", role: "group" },
      [["Is", ""], ["Is not", ".not"]].map(([label, value]) =>
        h("button", { "aria-pressed": String(value === way), onclick: (e) => turn(value, e.currentTarget) }, label),
      ),
      h("button", { class: "is-quiet", onclick: () => (close(), playhead.view.missing(dimension.name)) }, "Missing"),
    );
    const box = popover(anchor, dimension.label, search, ways, choices);
    box.dataset.stays = "yes";

    function turn(value, button) {
      const before = playhead.view.values(dimension.name + way);
      for (const one of ways.children) one.setAttribute("aria-pressed", String(one === button));
      if (way !== value && before.length) {
        playhead.view.set({ [dimension.name + way]: null, [dimension.name + value]: before });
      }
      way = value;
    }

    let asked = 0;
    async function load() {
      const mine = (asked += 1);
      const body = { path: location.pathname, search: location.search, dimension: dimension.name, contains: search.value };
      const answer = await (await playhead.post("/-/values", body)).json();
      if (mine !== asked) return;
      choices.replaceChildren(
        ...(answer.values.length
          ? answer.values.map((one) => valueOption(one))
          : [h("p", { class: "hint" }, answer.problem ?? "Nothing of that name.")]),
      );
    }

    function valueOption({ value, label }) {
      const input = h("input", { type: "checkbox" });
      input.checked = playhead.view.values(dimension.name + way).includes(value);
      input.addEventListener("change", () => playhead.view.toggle(dimension.name, value, way));
      return h("label", { class: "option" }, input, label);
    }

    let pause = null;
    search.addEventListener("input", () => (clearTimeout(pause), (pause = setTimeout(load, 160))));
    load();
  }

  function pickRange(anchor, dimension) {
    const ends = ["from", "to"].map((end) =>
      h("input", { class: "input", type: "number", step: "any", placeholder: end, "aria-label": `${dimension.label} ${end}`, value: playhead.view.option(`${dimension.name}.${end}`) }),
    );
    popover(
      anchor,
      dimension.label,
      h(
        "form",
        {
          class: "written",
          onsubmit: (event) => {
            event.preventDefault();
            close();
            playhead.view.set({ [`${dimension.name}.from`]: ends[0].value, [`${dimension.name}.to`]: ends[1].value });
          },
        },
        ends,
        h("button", { class: "button" }, "Apply"),
      ),
    );
  }

  playhead.bar = {
    render,
    sentence,
    popover,
    close,
    isOpen: () => open !== null,
    pick(name) {
      const dimension = playhead.page().dimensions.find((d) => d.name === name);
      const anchor = document.querySelector(`#bar [data-filter="${name}"]`) ?? document.getElementById("add-filter");
      pickValues(anchor, dimension);
    },
    resolved(view) {
      resolved = view;
      showResolved();
      window.dispatchEvent(new CustomEvent("playhead:resolved", { detail: view }));
    },
    now: () => resolved,
  };
})();
