// Figures: Plotly draws plain dicts; the template of the present scheme is added here, once.
(() => {
  const playhead = (window.playhead ??= {});
  const CONFIG = {
    displayModeBar: false,
    displaylogo: false,
    responsive: false,
    showTips: false,
    doubleClick: false,
    modeBarButtonsToRemove: ["sendChartToCloud"],
  };
  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (!target.isConnected) resized.unobserve(target);
      else if (target.layout && target.clientWidth) window.Plotly.Plots.resize(target);
    }
  });

  const ready = new Promise((done) => {
    const look = () => (window.Plotly ? done(window.Plotly) : setTimeout(look, 15));
    look();
  });

  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)).join(",");
  // "@accent" is a colour of the scheme, "@accent/0.2" the same, seen through.
  function coloured(value, tokens) {
    if (typeof value === "string" && value[0] === "@") {
      const [name, alpha] = value.slice(1).split("/");
      return alpha ? `rgba(${rgb(tokens[name])},${alpha})` : tokens[name];
    }
    if (Array.isArray(value)) {
      return typeof value[0] === "number" ? value : value.map((one) => coloured(one, tokens));
    }
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, coloured(v, tokens)]));
    }
    return value;
  }
  playhead.coloured = (value) =>
    coloured(value, playhead.facts().look[playhead.scheme()].tokens);

  playhead.kinds ??= {};
  playhead.kinds.figure = async (body, { content, filters }, tile) => {
    const Plotly = await ready;
    const { template } = playhead.facts().look[playhead.scheme()];
    body.querySelector(".figure-says")?.remove();
    if (content.says) body.prepend(playhead.h("p", { class: "figure-says" }, content.says));
    const node = body.querySelector(".plot") ?? body.appendChild(playhead.h("div", { class: "plot" }));
    const layout = {
      ...playhead.coloured(content.layout),
      template,
      uirevision: location.pathname + playhead.view.option(content.option ?? ""),
      // A finger that is drawn over a figure scrolls the page: there the days are chosen in the bar.
      dragmode: (content.brush || content.option) && !playhead.isTouched() ? "zoom" : false,
      width: node.clientWidth || undefined,
      height: node.clientHeight || undefined,
    };
    if (content.brush || content.option) layout.yaxis = { ...layout.yaxis, fixedrange: true };
    else {
      for (const axis of ["xaxis", "yaxis"]) layout[axis] = { ...layout[axis], fixedrange: true };
    }
    delete layout.width;
    layout.autosize = true;
    const isNew = !node.layout;
    const isNarrow = node.clientWidth < NARROW;
    const data = playhead.coloured(content.data);
    await Plotly.react(node, isNarrow ? thinned(data) : data, isNarrow ? narrowed(layout, node) : layout, CONFIG);
    if (isNarrow) await roomy(node);
    node.setAttribute("role", "img");
    node.setAttribute("aria-label", `Chart: ${tile.dataset.title}. Its numbers are in the menu of the tile, under See as table.`);
    node.drawn = { filters, brush: content.brush, grain: content.grain, option: content.option };
    if (isNew) listen(node);
  };

  // On a phone names take two lines or are cut, and dates are few.
  const NARROW = 440;
  const LONGEST = 20;
  function narrowed(layout, node) {
    const { xaxis = {}, yaxis = {} } = layout;
    const names = yaxis.ticktext ?? yaxis.categoryarray ?? [];
    const isRoomy = node.clientHeight / (names.length + 2) > 30;
    const short = (name) =>
      name.length <= LONGEST || name.includes("<") ? name : isRoomy ? twoLines(name) : `${name.slice(0, LONGEST - 1).trimEnd()}…`;
    const title = xaxis.title?.text;
    const isDate = xaxis.type === "date";
    return {
      ...layout,
      // Of panels side by side the axis of the right one is not written over the left one.
      ...(layout.grid && { grid: { ...layout.grid, xgap: Math.max(layout.grid.xgap ?? 0, 0.4) } }),
      xaxis: {
        ...xaxis,
        ...(isDate && { nticks: Math.min(xaxis.nticks ?? 6, /^%b %Y/.test(xaxis.tickformat) ? 5 : 6) }),
        ...(isDate && xaxis.tickvals?.length > 5 && { tickvals: xaxis.tickvals.filter((_, i) => i % 2 === 0) }),
        ...(title?.length > 30 && names.length && { title: { ...xaxis.title, text: twoLines(title) } }),
      },
      ...(names.length && { yaxis: { ...yaxis, tickmode: "array", tickvals: yaxis.tickvals ?? names, ticktext: names.map(short) } }),
    };
  }

  // Broken at the space that is nearest to the middle.
  function twoLines(text) {
    const spaces = [...text.matchAll(/ /g)].map(({ index }) => index);
    const off = (at) => Math.abs(at - text.length / 2);
    const at = spaces.sort((a, b) => off(a) - off(b))[0];
    return at === undefined ? text : `${text.slice(0, at)}<br>${text.slice(at + 1)}`;
  }

  // Of numbers in a row that would touch every second is left out.
  const thinned = (data) =>
    data.map((trace) =>
      trace.mode === "text" && new Set(trace.y).size === 1 && trace.text.length > 6
        ? { ...trace, text: trace.text.map((text, i) => (i % 2 ? "" : text)) }
        : trace,
    );

  // A legend of many rows makes its figure higher, not its plot lower.
  async function roomy(node) {
    node.style.height = "";
    const rows = Math.max(0, (node._fullLayout.legend?._height ?? 0) - 44);
    if (rows) node.style.height = `${node.clientHeight + rows}px`;
    await window.Plotly.Plots.resize(node);
  }

  playhead.discardFigure = (body) => {
    const node = body.querySelector(".plot");
    if (!node) return;
    resized.unobserve(node);
    window.Plotly?.purge(node);
  };

  function listen(node) {
    resized.observe(node);
    node.on("plotly_click", ({ points, event }) => {
      const [value] = [].concat(points[0].customdata ?? []);
      // A click with the other button opens the menu and filters nothing.
      if (event.button || !node.drawn.filters || value === undefined) return;
      const way = event.shiftKey || event.altKey ? ".not" : "";
      playhead.view.toggle(node.drawn.filters, String(value), way);
    });
    node.on("plotly_hover", ({ points }) => (node.pointed = points[0]));
    node.on("plotly_unhover", () => (node.pointed = null));
    node.addEventListener("contextmenu", (event) => node.pointed && pointed(node, event));
    node.on("plotly_relayout", (change) => {
      // Any panel of a figure of several.
      const dragged = Object.keys(change).find((key) => /^xaxis\d*\.range\[0\]$/.test(key));
      const [from, to] = [change[dragged], change[dragged?.replace("[0]", "[1]")]];
      if (node.drawn.option && from !== undefined) {
        return playhead.view.set({ [node.drawn.option]: `${Math.max(0, Math.round(from))}-${Math.round(to)}` });
      }
      if (!node.drawn.brush || from === undefined) return;
      playhead.view.set({ period: brushed(String(from), String(to)) });
    });
  }

  // The menu of the mark below the pointer, opened where the pointer is.
  function pointed(node, event) {
    event.preventDefault();
    const { x, y, text, customdata } = node.pointed;
    const spot = node.querySelector(".spot") ?? node.appendChild(playhead.h("span", { class: "spot" }));
    Object.assign(spot.style, { left: `${event.clientX}px`, top: `${event.clientY}px` });
    const copied = String(text ?? y).replace(/<br>/g, ", ").replace(/<[^>]*>/g, "").trim();
    const [value, mark] = [].concat(customdata ?? []);
    const opened = { preventDefault() {}, currentTarget: spot };
    const isPast = /^\d{4}-\d\d-\d\d/.test(x) && node.drawn.grain !== "none";
    const days = isPast ? bucket(x.slice(0, 10), node.drawn.grain, node.closest(".tile")) : null;
    // A point may say of which value of which dimension it is, where its figure is of several.
    if (Array.isArray(mark)) return playhead.menu.mark(opened, mark, copied, days);
    if (node.drawn.filters && value !== undefined) {
      return playhead.menu.mark(opened, [[node.drawn.filters, String(value)]], copied, days);
    }
    if (days) playhead.menu.days(spot, days, copied);
    else playhead.menu.point(spot, copied);
  }

  // The days of a bucket that lie in those that its tile is of; a tile that is of all days has none.
  function bucket(first, grain, tile) {
    const [year, month, date] = first.split("-").map(Number);
    const months = { month: 1, quarter: 3, year: 12 }[grain];
    const end = months ? Date.UTC(year, month - 1 + months, 0) : Date.UTC(year, month - 1, date + (grain === "week" ? 6 : 0));
    const last = new Date(end).toISOString().slice(0, 10);
    const { start, end: latest } = playhead.answers.drawing(tile)?.foot ?? playhead.bar.now() ?? {};
    return [start && first < start ? start : first, latest && last > latest ? latest : last];
  }

  // A drag covers the days whose middle it covers.
  const DAY = 864e5;
  function brushed(from, to) {
    const day = (text) => Date.parse(`${text.replace(" ", "T").slice(0, 19)}${text.length > 10 ? "Z" : ""}`);
    const first = Math.ceil(day(from) / DAY - 0.001);
    const last = Math.max(first, Math.floor(day(to) / DAY + 0.001));
    const text = (number) => new Date(number * DAY).toISOString().slice(0, 10);
    return first === last ? text(first) : `${text(first)} to ${text(last)}`;
  }
})();
