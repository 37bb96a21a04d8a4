// Explore by dragging with a mouse: metrics onto the chart and the table, dimensions onto rows,
// columns and filters, what is chosen off them. All of it can be clicked too; a drop sets the URL.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const FAR = 6;
  const able = matchMedia("(hover: hover) and (pointer: fine) and (min-width: 768px)");
  let begun = null;
  let drag = null;

  // What a press is on: its kind, name and label, and from which shelf it comes, if from one.
  function pressed(element) {
    const chip = element.closest(".shelf .chip");
    if (chip) {
      const from = chip.closest(".shelf").dataset.shelf;
      return { kind: from === "metric" ? "metric" : "key", name: chip.dataset.value, label: chip.firstElementChild.textContent, from };
    }
    const metric = element.closest(".page-explore .metric");
    if (metric) return { kind: "metric", name: metric.dataset.metric, label: metric.querySelector(".metric-label").firstChild.textContent, why: metric.dataset.why };
    if (element.closest(".tile-menu")) return null;
    const name = (element.closest(".tile-head")?.parentElement ?? element.closest(".others .chip"))?.dataset.dimension;
    if (name) return { kind: "key", name, label: playhead.shelves.labelOf(name) };
    const filter = element.closest("#bar .chip")?.dataset.filter;
    return filter ? { kind: "key", name: filter, label: playhead.shelves.labelOf(filter), from: "filter" } : null;
  }

  const shelfOf = (name) => document.querySelector(`#page .shelf[data-shelf=${name}]`);
  const chipsOf = (name) => [...(shelfOf(name)?.querySelectorAll(".chip") ?? [])];

  // Where it may be dropped: what that does, or why it cannot. `isMain` has a place below where it is out of sight.
  function metricTargets({ name, label, why }) {
    const chosen = playhead.chosenMetrics();
    const rest = chosen.filter((one) => one !== name);
    const isNew = rest.length === chosen.length;
    const put = (at) => () => playhead.shelves.putMetrics([...rest.slice(0, at), name, ...rest.slice(at)]);
    const chips = chipsOf("metric").filter((chip) => chip.dataset.value !== name).map((chip) => {
      const [at, before] = [rest.indexOf(chip.dataset.value), chosen.indexOf(name)];
      const isAfter = !isNew && before <= at;
      return { element: chip, says: `${label} ${isAfter ? "after" : "before"} ${chip.firstElementChild.textContent}`, why, drop: put(at + isAfter) };
    });
    const add = { says: `Add ${label}`, why, drop: put(rest.length) };
    const first = { says: `${label} first`, why, drop: put(0) };
    const isPivot = Boolean(playhead.shelves.now().pivot);
    const chart = document.querySelector("#page .section:nth-of-type(2) .tile");
    const table = document.querySelector("#page .section:last-of-type .tile");
    const shelf = { element: shelfOf("metric"), ...(isNew ? add : { says: "", drop: () => {} }) };
    if (!isNew && chosen[0] === name) return [...chips, shelf];
    const onTable = isPivot ? { ...first, says: `Pivot ${label}: a pivot has one metric` } : isNew ? add : first;
    return [...chips, shelf, { element: chart, ...(isNew ? add : first), isMain: true, also: table }, { element: table, ...onTable }];
  }

  function keyTargets({ name, label, from }) {
    const { by, pivot, keys } = playhead.shelves.now();
    const { labelOf, most } = playhead.shelves;
    const why = keys.find((key) => key.value === name)?.why;
    const rest = by.filter((one) => one !== name);
    const across = pivot === name ? null : pivot;
    const rows = (next) => () => playhead.view.set({ by: next, pivot: across });
    const stays = { says: "", drop: () => {} };
    const chips = chipsOf("by").filter((chip) => chip.dataset.value !== name).map((chip) => {
      const other = chip.dataset.value;
      const next = by.includes(name) ? [...by].reverse() : by.map((one) => (one === other ? name : one));
      return { element: chip, says: by.includes(name) ? `${next.map(labelOf).join(", then ")}` : `${label} in place of ${labelOf(other)}`, why, drop: rows(next) };
    });
    const full = by.length < most ? "" : `Rows hold ${most}: drop ${label} onto one of them to replace it`;
    const toRows = { says: `Rows: ${[...by, name].map(labelOf).join(", then ")}`, why: why || full, drop: rows([...by, name]), isMain: true };
    const toColumns = { says: pivot ? `Columns: ${label} in place of ${labelOf(pivot)}` : `Columns: ${label}`, why, drop: () => playhead.view.set({ by: rest, pivot: name }), isMain: true };
    const isFilter = from !== "filter" && playhead.page().dimensions.some((d) => d.name === name);
    const toFilters = isFilter ? { says: `Filter by ${label} …`, drop: () => playhead.bar.pick(name) } : stays;
    return [
      ...chips,
      { element: shelfOf("by"), ...(by.includes(name) ? stays : toRows) },
      { element: shelfOf("pivot"), ...(pivot === name ? stays : toColumns) },
      { element: document.getElementById("bar"), ...toFilters },
    ];
  }

  // What letting go of a chosen one away from every target does.
  function removal({ name, label, from }) {
    const { by, by_default: isDefault } = playhead.shelves.now();
    const rest = playhead.chosenMetrics().filter((one) => one !== name);
    const says = `Remove ${label}`;
    if (from === "metric") return { says, why: rest.length ? "" : "One metric is always shown", drop: () => playhead.shelves.putMetrics(rest) };
    const why = isDefault && by.length === 1 ? "Something always stands in the rows" : "";
    if (from === "by") return { says, why, drop: () => playhead.view.set({ by: by.filter((one) => one !== name) }) };
    if (from === "pivot") return { says, drop: () => playhead.view.set({ pivot: null }) };
    return from === "filter" ? { says: `${says} from the filters`, drop: () => playhead.view.remove(name) } : null;
  }

  const isInSight = (element) => {
    const box = element?.getBoundingClientRect();
    return Boolean(box?.width) && box.bottom > 24 && box.top < innerHeight - 24;
  };

  function start(item, event) {
    const targets = (item.kind === "metric" ? metricTargets(item) : keyTargets(item)).filter((one) => one.element || one.isMain);
    const dock = h("div", { class: "drag-dock", "aria-hidden": "true" });
    for (const target of targets) {
      if (!target.isMain || !target.says || isInSight(target.element) || isInSight(target.also)) continue;
      target.element = h("div", { class: "drag-zone" });
      dock.append(target.element);
    }
    for (const { element, says, why } of targets) {
      if (!says) continue;
      element.classList.add("is-target");
      element.classList.toggle("is-refused", Boolean(why));
      element.dataset.drop = why || says;
    }
    const ghost = h("div", { class: "drag-ghost", "aria-hidden": "true" }, h("strong", {}, item.label), h("span", {}));
    document.body.append(ghost, dock);
    document.documentElement.classList.add("is-dragging");
    playhead.tip?.hide();
    drag = { ghost, dock, targets, source: event.target, off: removal(item), over: null };
  }

  const holds = (element, x, y) => {
    const box = element.getBoundingClientRect();
    return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
  };
  const area = (element) => element.offsetWidth * element.offsetHeight;

  // The smallest target below the pointer, a place of the dock before what it covers.
  function below(x, y) {
    const found = drag.targets.filter(({ element }) => holds(element, x, y));
    const rank = ({ element }) => (drag.dock.contains(element) ? 0 : area(element));
    return found.sort((one, other) => rank(one) - rank(other))[0] ?? (begun.chip && holds(begun.chip, x, y) ? null : drag.off);
  }

  function move(event) {
    const { clientX: x, clientY: y } = event;
    drag.over = below(x, y);
    for (const target of drag.targets) target.element.classList.toggle("is-over", target === drag.over);
    const { ghost, over } = drag;
    ghost.classList.toggle("is-refused", Boolean(over?.why));
    ghost.lastElementChild.textContent = over?.why || over?.says || "";
    const left = Math.max(8, Math.min(x + 14, innerWidth - ghost.offsetWidth - 8));
    ghost.style.transform = `translate(${left}px, ${Math.min(y + 16, innerHeight - ghost.offsetHeight - 8)}px)`;
  }

  function end() {
    begun = null;
    if (!drag) return;
    for (const { element } of drag.targets) {
      element.classList.remove("is-target", "is-over", "is-refused");
      delete element.dataset.drop;
    }
    drag.ghost.remove();
    drag.dock.remove();
    document.documentElement.classList.remove("is-dragging");
    drag = null;
    // The click that ends a drag is none.
    const swallow = (event) => (event.stopPropagation(), event.preventDefault());
    window.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 0);
  }

  document.addEventListener("pointerdown", (event) => {
    if (event.button || event.pointerType !== "mouse" || !able.matches || !document.querySelector(".page-explore")) return;
    const item = pressed(event.target);
    if (item) begun = { item, x: event.clientX, y: event.clientY, chip: event.target.closest(".chip") };
  });
  document.addEventListener("pointermove", (event) => {
    if (!begun) return;
    if (!event.buttons) return end();
    if (!drag && Math.hypot(event.clientX - begun.x, event.clientY - begun.y) < FAR) return;
    if (!drag) start(begun.item, event);
    move(event);
  });
  document.addEventListener("pointerup", () => {
    const over = drag?.over;
    end();
    if (over?.why) playhead.say(over.why);
    else over?.drop();
  });
  document.addEventListener("selectstart", (event) => begun && event.preventDefault());
  for (const name of ["pointercancel", "playhead:view", "blur"]) window.addEventListener(name, end);
  window.addEventListener("keydown", (event) => drag && event.key === "Escape" && (event.stopPropagation(), end()), { capture: true });
})();
