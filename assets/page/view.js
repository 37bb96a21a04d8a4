// The URL is the only state. Everything that changes what is shown changes the URL, and nothing else.
(() => {
  const playhead = (window.playhead ??= {});
  const WAYS = ["", ".not", ".contains", ".missing", ".from", ".to"];

  const pairs = () => [...new URLSearchParams(location.search)];
  // Another view begins with its first rows.
  const kept = () => pairs().filter(([key]) => key !== "skip");
  const text = (list) => {
    const query = new URLSearchParams(list).toString().replace(/%2C/g, ",").replace(/%3A/g, ":");
    return query ? `?${query}` : "";
  };
  const isOf = (name) => (key) => WAYS.some((way) => key === name + way);

  // dcc.Location listens to this event of Dash's own links, so history and Dash agree.
  function go(search, path = location.pathname) {
    if (path === location.pathname && search === location.search) return;
    history.pushState({}, "", path + search);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.dispatchEvent(new Event("playhead:view"));
  }

  const view = {
    pairs,
    go,
    option: (name, fallback = "") => new URLSearchParams(location.search).get(name) ?? fallback,
    values: (key) => new URLSearchParams(location.search).getAll(key),

    // Replace what is said about some names: { period: "2026-02", country: ["US"], grain: null }.
    set(changes) {
      const rest = kept().filter(([key]) => !(key in changes));
      const added = Object.entries(changes).flatMap(([key, value]) =>
        [].concat(value ?? []).map((one) => [key, String(one)]),
      );
      go(text([...rest, ...added.filter(([, value]) => value !== "")]));
    },

    // Filter to a value, or take that back where it is there already; `.not` excludes.
    toggle(name, value, way = "") {
      const key = name + way;
      const there = pairs().some(([k, v]) => k === key && v === value);
      const rest = kept().filter(([k, v]) => !(isOf(name)(k) && v === value));
      go(text(there ? rest : [...rest, [key, value]]));
    },

    // The filters alone, and the version where it is pinned: what another page can be opened with.
    shared() {
      const { reserved, options } = playhead.page();
      const own = (key) => (reserved.includes(key) && key !== "v") || options.includes(key);
      return pairs().filter(([key]) => !own(key));
    },

    text,

    missing(name) {
      view.set({ [`${name}.missing`]: view.option(`${name}.missing`) === "yes" ? null : "yes" });
    },

    remove(name) {
      go(text(kept().filter(([key]) => !isOf(name)(key))));
    },

    clear(names) {
      go(text(kept().filter(([key]) => !names.some((name) => isOf(name)(key)))));
    },

    // The filters of the URL: [{name, way, values}], in the order they were made.
    filters(dimensions) {
      const found = new Map();
      for (const [key, value] of pairs()) {
        const dimension = dimensions.find((d) => isOf(d.name)(key));
        if (!dimension) continue;
        const way = key.slice(dimension.name.length);
        const id = way === ".to" ? `${dimension.name}.from` : key;
        const filter = found.get(id) ?? { dimension, way: way === ".to" ? ".from" : way, values: [] };
        filter.values.push(value);
        if (way === ".from") filter.low = value;
        if (way === ".to") filter.high = value;
        found.set(id, filter);
      }
      return [...found.values()];
    },
  };
  playhead.view = view;

  window.addEventListener("popstate", () => window.dispatchEvent(new Event("playhead:view")));
  window.addEventListener("_dashprivate_pushstate", () => {
    queueMicrotask(() => window.dispatchEvent(new Event("playhead:view")));
  });
})();
