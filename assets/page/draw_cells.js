// Heat maps and the country map: shades of the accent, the same in light and dark.
(() => {
  const playhead = (window.playhead ??= {});
  const { h, svg } = playhead;
  const kinds = (playhead.kinds ??= {});

  const shade = (share) =>
    `color-mix(in oklab, var(--accent) ${Math.round(6 + 94 * share)}%, var(--sunken))`;

  kinds.heat = (body, { content }) => {
    const span = content.to - content.from || 1;
    const rows = playhead.view.values(content.row_filter);
    const columns = playhead.view.values(content.column_filter);
    const ends = ["from", "to"].map((end) => playhead.view.option(`${content.column_filter}.${end}`));
    const [first, last] = ends.map((end, i) => (end === "" ? [-Infinity, Infinity][i] : Number(end)));
    // From 22 to 3 goes over midnight.
    const isIn = (hour) => (first > last ? hour >= first || hour <= last : hour >= first && hour <= last);
    const isPicked = (column) => ends.every((end) => end === "") || isIn(Number(column.filter));
    const isOut = (row, column) =>
      (rows.length && !rows.includes(row.filter)) ||
      (columns.length && !columns.includes(column.filter)) ||
      (content.brush && !isPicked(column));
    const wide = content.columns.length > 14;
    const grid = h(
      "div",
      {
        class: "heat",
        role: "group",
        style: `grid-template-columns:max-content repeat(${content.columns.length}, minmax(${content.with_text && content.columns.length > 8 ? (content.columns.length > 20 ? 38 : 44) : 0}px, 1fr))`,
      },
      content.rows.map((row, i) => [
        h(content.row_filter ? "button" : "span", { class: "heat-row", ...marked(content.row_filter, row.filter) }, row.label),
        content.cells[i].map((cell, j) => cellOf(cell, row, content.columns[j])),
      ]),
      h("span", {}),
      content.columns.map((column, j) =>
        h(
          content.column_filter ? "button" : "span",
          { class: `heat-column${column.also ? " is-pair" : ""}`, "aria-label": column.label, ...headed(column) },
          wide && j % 3 ? "" : column.label.replace(":00", wide ? "" : ":00"),
        ),
      ),
    );

    // A number alone says too little: Row 3, Column 2.
    function said(label, name) {
      return name && /^\d+$/.test(label) ? `${name} ${label}` : label;
    }

    // Rows and columns that are no filters are only read.
    function marked(name, value) {
      return name ? playhead.mark(name, value) : {};
    }

    // A column that is of several values at once is all of them.
    function headed(column) {
      if (!column.also) return marked(content.column_filter, column.filter);
      const values = [...column.also, [content.column_filter, column.filter]];
      const isOn = values.every(([name, value]) => playhead.view.values(name).join() === value);
      return {
        onclick: () => playhead.view.set(Object.fromEntries(values.map(([name, value]) => [name, isOn ? null : [value]]))),
        ...playhead.crossed(values),
      };
    }

    function cellOf(cell, row, column) {
      if (!cell) return h("span", { class: "heat-cell is-none" });
      const share = Math.min(1, Math.max(0, (cell.value - content.from) / span));
      const tip = [
        `${said(row.label, content.row_label)}, ${said(column.label, content.column_label)}`,
        cell.exact,
        cell.interval && `95 % interval ${cell.interval}`,
        `n ${cell.n}${cell.few ? ": too few to read" : ""}`,
      ];
      return h(
        "button",
        {
          class: `heat-cell${isOut(row, column) ? " is-out" : ""}${cell.few ? " is-few" : ""}${share > 0.72 && !cell.few ? " is-strong" : ""}`,
          style: cell.few ? null : `background:${shade(share)}`,
          "aria-label": tip.filter(Boolean).join(", "),
          ...(cell.mark ? listed(cell) : content.row_filter && { onclick: () => both(row, column) }),
          ...(content.row_filter && !cell.mark && playhead.crossed([[content.row_filter, row.filter], ...(column.also ?? []), [content.column_filter, column.filter]], cell.exact)),
          ...playhead.tip.on(tip),
        },
        content.with_text ? cell.text : "",
      );
    }

    // A cell that is no filter of its page leads to its rows, by either button.
    function listed({ mark, days, exact }) {
      const open = (event) => {
        event.preventDefault();
        playhead.menu.point(event.currentTarget, exact, mark, days);
      };
      return { onclick: open, oncontextmenu: open };
    }

    // A cell is two filters at once, or more where a column is of several; a second click takes both back.
    function both(row, column) {
      playhead.tip.hide();
      const isOn = rows.join() === row.filter && columns.join() === column.filter;
      playhead.view.set({
        [content.row_filter]: isOn ? null : [row.filter],
        [content.column_filter]: isOn ? null : [column.filter],
        ...Object.fromEntries((column.also ?? []).map(([name, value]) => [name, isOn ? null : [value]])),
      });
    }

    if (content.brush) brushed(grid, content);
    const axes = `Down: ${content.row_label}. Across: ${content.column_label}${content.brush && !playhead.isTouched() ? "; a drag keeps a span of hours" : ""}.`;
    const key = legend(content, 6);
    key.append(h("span", { class: "legend-axes" }, axes));
    body.replaceChildren(grid, key);
    new ResizeObserver(() => setUpright(grid)).observe(grid);
  };

  // A drag over columns filters to the hours from the first to the last. A touch scrolls the page.
  function brushed(grid, content) {
    const across = content.columns.length;
    const columnOf = (element) => {
      const node = element?.closest?.(".heat-cell, .heat-column");
      if (!node || !grid.contains(node)) return -1;
      const place = [...grid.children].indexOf(node) % (across + 1);
      return place - 1;
    };
    const mark = (from, to) => {
      [...grid.children].forEach((node, i) => {
        const column = (i % (across + 1)) - 1;
        node.classList.toggle("is-brushed", from >= 0 && column >= Math.min(from, to) && column <= Math.max(from, to));
      });
    };
    let start = -1;
    let moved = false;
    grid.addEventListener("pointerdown", (event) => {
      start = event.button || event.pointerType === "touch" ? -1 : columnOf(event.target);
      moved = false;
    });
    grid.addEventListener("pointermove", (event) => {
      const here = start < 0 ? -1 : columnOf(event.target);
      if (here < 0 || (here === start && !moved)) return;
      moved = true;
      playhead.tip.hide();
      mark(start, here);
    });
    grid.addEventListener("pointerleave", () => {
      start = -1;
      moved = false;
      mark(-1, -1);
    });
    grid.addEventListener("pointerup", (event) => {
      const here = start < 0 ? -1 : columnOf(event.target);
      const from = start;
      start = -1;
      mark(-1, -1);
      if (!moved || here < 0 || here === from) return;
      const name = content.column_filter;
      const [low, high] = [from, here].sort((a, b) => a - b).map((i) => content.columns[i].filter);
      playhead.view.set({ [name]: null, [`${name}.not`]: null, [`${name}.from`]: low, [`${name}.to`]: high });
    });
    // What was a drag is no click on the cell where it ended.
    grid.addEventListener("click", (event) => moved && (event.stopPropagation(), event.preventDefault(), (moved = false)), true);
  }

  // Names of columns stand upright where side by side two of them would touch.
  const range = document.createRange();
  function setUpright(grid) {
    grid.classList.remove("is-upright");
    const boxes = [...grid.querySelectorAll(".heat-column")].filter((name) => name.textContent).map((name) => {
      range.selectNodeContents(name);
      return range.getBoundingClientRect();
    });
    grid.classList.toggle("is-upright", boxes.some((box, i) => i && box.left < boxes[i - 1].right + 3));
  }

  // Shades of the lowest value to the highest: the scale itself may begin at nothing.
  function legend({ low, high, unit, from, to, lowest }, steps, shareOf = null) {
    const first = lowest === undefined ? 0 : (lowest - from) / (to - from || 1);
    const shared = shareOf ?? ((i) => (steps === 1 ? 1 : first + ((1 - first) * i) / (steps - 1)));
    return h(
      "div",
      { class: "legend" },
      low,
      h(
        "span",
        { class: "legend-steps", "aria-hidden": "true" },
        Array.from({ length: steps }, (_, i) =>
          h("span", { style: `background:${shade(shared(i))}` }),
        ),
      ),
      high,
      unit ? h("small", {}, unit) : null,
    );
  }

  // Over what is of fewer than 200 accounts, as in the cells of a heat map.
  const hatch = () =>
    svg(
      "pattern",
      { id: "map-few", width: 4, height: 4, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("rect", { width: 2, height: 4, class: "map-hatch" }),
    );

  let outlines = null;
  const world = () => (outlines ??= fetch("/-/outlines").then((response) => response.json()));

  kinds.map = async (body, { content, filters }) => {
    const { width, height, countries } = await world();
    const chosen = playhead.view.values(filters);
    // The palest is still told from a country without a value.
    const share = ({ step }) => (content.steps === 1 ? 0.7 : 0.24 + (0.76 * step) / (content.steps - 1));
    const shapes = Object.entries(countries).flatMap(([code, shape]) => {
      const mark = content.marks[code];
      if (!mark && !shape.path) return [];
      const attributes = mark
        ? {
            class: `has-value${chosen.length && !chosen.includes(code) ? " is-out" : ""}`,
            fill: shade(share(mark)),
            tabindex: "0",
            role: "button",
            "data-value": code,
            "aria-label": `${mark.label}, ${mark.exact} ${content.unit}`,
            ...playhead.mark(filters, code),
            onkeydown: (event) => event.key === "Enter" && playhead.view.toggle(filters, code),
            ...playhead.tip.on([
              mark.label,
              `${mark.exact} ${content.unit}`,
              mark.interval && `95 % interval ${mark.interval}`,
              mark.delta && `${mark.delta}${mark.delta_interval ? ` (${mark.delta_interval})` : ""}`,
              `n ${mark.n}${mark.few ? ": too few to read" : ""}`,
            ]),
          }
        : { fill: "var(--sunken)" };
      const drawn = (more) =>
        shape.path
          ? svg("path", { d: shape.path, ...more })
          : svg("circle", { cx: shape.point[0], cy: shape.point[1], r: 4, ...more });
      return [drawn(attributes), mark?.few ? drawn({ class: "is-few", fill: "url(#map-few)" }) : null];
    });
    const isFew = Object.values(content.marks).some((mark) => mark.few);
    const key = legend(content, content.steps, (step) => share({ step }));
    if (isFew) key.append(h("span", { class: "legend-key" }, h("span", { class: "legend-few", "aria-hidden": "true" }), "under 200 accounts"));
    body.replaceChildren(
      svg(
        "svg",
        { class: "map", viewBox: `60 8 ${width - 110} ${height - 66}`, role: "group", "aria-label": "World map" },
        isFew ? hatch() : null,
        shapes,
      ),
      key,
    );
  };
})();
