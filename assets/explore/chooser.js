// Explore's left side: the dataset, the parameters its metrics wait for, and every metric in a row.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const kinds = (playhead.kinds ??= {});
  const MANY = 8;

  const asked = () => ({ path: location.pathname, search: location.search });
  const fetched = async (path, body) => (await playhead.post(path, { ...asked(), ...body })).json();

  kinds.chooser = (body, { content }) => {
    const { dataset, parameters } = content;
    const about = [dataset.days, dataset.grain && `one row is ${dataset.grain}`, dataset.basis];
    body.replaceChildren(
      h(
        "button",
        {
          class: "chooser-dataset",
          "aria-haspopup": "dialog",
          onclick: (event) => chooseDataset(event.currentTarget, dataset.name),
        },
        h("span", { class: "chooser-label" }, "Dataset"),
        h("strong", {}, dataset.label),
        h("span", { class: "icon icon-down", "aria-hidden": "true" }),
      ),
      h("p", { class: "chooser-about", title: dataset.description }, about.filter(Boolean).join(" · ")),
      ...parameters.map(parameterControl),
      metricFinder(),
    );
    playhead.shelves.know(content.shelves);
    if (body.dataset.of !== dataset.name) showChosen(content.metrics[0]);
    body.dataset.of = dataset.name;
  };

  const metricTiles = () =>
    [...document.querySelectorAll("#page .section:first-of-type .tile")].filter((tile) => tile.dataset.title);

  // The list, beside the page or on top of it, begins where the chosen metric is; the page stays.
  function showChosen(name) {
    const tile = metricTiles().find((one) => one.dataset.title.endsWith(` ${name}`));
    if (!tile) return;
    const [row, column] = [tile.parentElement, tile.closest(".section")];
    const [at, beside, above] = [tile, row, column].map((element) => element.getBoundingClientRect());
    if (at.right > beside.right) row.scrollLeft += at.left - beside.left - (beside.width - at.width) / 2;
    if (at.bottom > above.bottom) column.scrollTop += at.top - above.top - above.height / 2;
  }

  async function chooseDataset(anchor, chosen) {
    const list = h("div", { class: "options is-long datasets" }, h("p", { class: "hint" }, "Loading …"));
    playhead.bar.popover(anchor, "Dataset", list).classList.add("is-wide");
    const { datasets, left_out: leftOut } = await fetched("/-/datasets", {});
    const order = [...datasets.filter((d) => d.is_loaded), ...datasets.filter((d) => !d.is_loaded)];
    const reasons = leftOut.map((reason) => h("p", { class: "hint" }, reason));
    list.replaceChildren(...order.map((dataset) => datasetOption(dataset, chosen)), ...reasons);
    list.querySelector("[aria-pressed=true]")?.focus();
  }

  function datasetOption(dataset, chosen) {
    const said = dataset.is_loaded
      ? h("small", {}, [dataset.rows, dataset.through].filter(Boolean).join(" "))
      : h("small", {}, "Not loaded");
    return h(
      "button",
      {
        class: `option dataset${dataset.is_loaded ? "" : " is-greyed"}`,
        "aria-pressed": String(dataset.name === chosen),
        onclick: () => {
          playhead.bar.close();
          playhead.view.go(`?${new URLSearchParams({ dataset: dataset.name })}`);
        },
      },
      h("span", { class: "dataset-name" }, dataset.label),
      said,
      h("span", { class: "dataset-about" }, dataset.description),
      dataset.is_loaded ? null : h("code", {}, dataset.load),
    );
  }

  const parameterControl = (parameter) =>
    h(
      "button",
      {
        class: `control parameter${parameter.value ? "" : " is-asking"}`,
        "data-parameter": parameter.option,
        "aria-haspopup": "dialog",
        onclick: (event) => chooseParameter(event.currentTarget, parameter),
      },
      `${parameter.name[0].toUpperCase()}${parameter.name.slice(1)}: `,
      h("strong", {}, parameter.value || "choose one"),
      h("span", { class: "icon icon-down", "aria-hidden": "true" }),
    );

  async function chooseParameter(anchor, { name, option, value }) {
    const list = h("div", { class: "options is-long" }, h("p", { class: "hint" }, "Looking into the data …"));
    playhead.bar.popover(anchor, name, list);
    const found = await fetched("/-/parameters", { parameter: name });
    const pick = (text) => () => (playhead.bar.close(), playhead.view.set({ [option]: text }));
    const known = found.values.map((one) =>
      h("button", { class: "option", "aria-pressed": String(one.value === value), onclick: pick(one.value) }, one.label),
    );
    const none = found.problem ?? `No row of this log names a ${name}.`;
    list.replaceChildren(...(known.length ? known : [h("p", { class: "hint" }, none)]));
    if (value) list.append(h("button", { class: "option is-quiet", onclick: pick(null) }, "None"));
  }
  playhead.chooseParameter = (option) =>
    document.querySelector(`[data-parameter="${CSS.escape(option)}"]`)?.click();

  // Metrics are found by name; it hides rows and asks nothing.
  function metricFinder() {
    const find = (event) => {
      const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const tile of metricTiles()) {
        const text = tile.dataset.title.toLowerCase();
        tile.hidden = tile.dataset.unlisted === "yes" || !words.every((word) => text.includes(word));
      }
    };
    if (metricTiles().length <= MANY) return "";
    return h("input", { class: "input metric-find", type: "search", placeholder: "Find a metric", "aria-label": "Find a metric", oninput: find });
  }

  // Metrics. One is always chosen: the page's own where the URL names none.
  let usual = "";
  const chosen = () => {
    const named = playhead.view.values("metric");
    return named.length ? named : [usual];
  };
  playhead.chosenMetrics = chosen;
  const choose = (name) => playhead.view.set({ metric: [name], order: null });
  function add(name) {
    const now = chosen();
    const next = now.includes(name) ? now.filter((one) => one !== name) : [...now, name];
    playhead.view.set({ metric: next.length ? next : [name], order: null });
  }

  // A metric that one may not see is not listed.
  kinds.nothing = (body, _drawing, tile) => {
    tile.dataset.unlisted = "yes";
    tile.hidden = true;
    body.replaceChildren();
  };

  kinds.metric = (body, { content }, tile) => {
    if (tile.dataset.unlisted) tile.hidden = false;
    delete tile.dataset.unlisted;
    if (content.chosen && !playhead.view.values("metric").length) usual = content.name;
    body.replaceChildren(row(content));
    mark(body.firstElementChild);
  };

  const CLOSED = {
    not_loaded: "Not loaded",
    not_permitted: "Not permitted",
    not_defined: "Not with this filter",
    late: "Not there yet",
  };

  function row(content) {
    const isAsking = content.needs?.length > 0;
    const why = isAsking ? `Choose a ${content.needs.join(" and a ")} first.` : content.message;
    return h(
      "div",
      { class: `metric${why ? " is-closed" : ""}`, "data-metric": content.name, "data-why": why || null },
      h(
        "button",
        {
          class: "metric-choose",
          onclick: (event) => {
            if (isAsking) playhead.chooseParameter(`with.${content.needs[0]}`);
            else if (event.shiftKey || event.ctrlKey || event.metaKey) add(content.name);
            else choose(content.name);
          },
          "aria-label": [content.label, why || `${content.value} ${content.unit}`, content.delta].filter(Boolean).join(", "),
          ...playhead.tip.on([content.label, why || `${content.exact} ${content.unit}`, content.description, basis(content)]),
        },
        h("span", { class: "metric-label" }, content.label, content.status === "draft" ? h("em", {}, " draft") : null),
        why
          ? h("span", { class: "metric-why" }, isAsking ? `Choose a ${content.needs[0]}` : (content.short || CLOSED[content.reason]) ?? "No answer")
          : h("span", { class: "metric-value" }, content.value, content.unit ? h("small", {}, ` ${content.unit}`) : null),
        why ? null : h("span", { class: "metric-change" }, playhead.delta(content)),
      ),
      content.spark ? playhead.spark(content) : h("span", { class: "spark" }),
      why
        ? null
        : h("button", { class: "metric-add", "aria-label": `Show ${content.label} too`, title: "Show it too", onclick: () => add(content.name) }),
    );
  }

  const basis = (content) =>
    content.interval ? `95 % ${content.interval} · n ${content.n}` : content.n ? `n ${content.n}, no interval` : "";

  function mark(row) {
    const now = chosen();
    const isChosen = now.includes(row.dataset.metric);
    row.classList.toggle("is-chosen", isChosen);
    row.classList.toggle("is-main", now[0] === row.dataset.metric);
    row.querySelector(".metric-choose").setAttribute("aria-pressed", String(isChosen));
    row.querySelector(".metric-add")?.classList.toggle("is-added", isChosen);
  }
  window.addEventListener("playhead:view", () => document.querySelectorAll("#page .metric").forEach(mark));

  // A filter that the server assumed becomes one that the URL says, so that a copied link says it.
  window.addEventListener("playhead:resolved", ({ detail }) => {
    const now = playhead.view.pairs();
    const unsaid = (detail.assumed ?? []).filter(([name]) => !now.some(([key]) => key === name));
    if (!unsaid.length) return;
    const query = new URLSearchParams([...now, ...unsaid]);
    history.replaceState(history.state, "", `${location.pathname}?${query}`);
    playhead.bar.render();
  });
})();
