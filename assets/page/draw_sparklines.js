// Sparklines: small lines side by side, each over the band that was made the day before.
(() => {
  const playhead = (window.playhead ??= {});
  const { h, svg } = playhead;
  const HEIGHT = 44;
  const ROOM = 4;

  playhead.kinds.sparklines = (body, { content }) => {
    body.replaceChildren(h("div", { class: "sparklines", role: "list" }, content.lines.map(one)));
  };

  const one = (line) =>
    h(
      "div",
      { class: "sparkline", role: "listitem" },
      h(
        "p",
        { class: "sparkline-label", ...playhead.tip.on([line.label, line.description]) },
        line.lead ? playhead.leading(line) : line.label,
      ),
      h(
        "p",
        {
          class: `sparkline-value${line.few ? " is-few" : ""}`,
          title: `${line.exact} ${line.unit}, ${line.day}${line.few ? ": under 200 accounts" : ""}`,
        },
        h("strong", {}, line.value),
        line.unit ? h("small", {}, ` ${line.unit}`) : null,
        h("span", { class: `sparkline-word is-${line.tone}` }, line.word),
      ),
      drawn(line),
      h(
        "p",
        { class: "sparkline-ends" },
        h("span", {}, line.ends[0]),
        h("span", {}, line.range[0] === line.range[1] ? line.range[0] : `${line.range[0]} to ${line.range[1]}`),
        h("span", {}, line.ends[1]),
      ),
    );

  function drawn(line) {
    const known = [...line.values, ...line.low, ...line.high].filter((value) => value !== null);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const last = line.values.length - 1;
    const x = (i) => (100 * i) / last;
    const y = (value) => (high === low ? HEIGHT / 2 : HEIGHT - ROOM - ((HEIGHT - 2 * ROOM) * (value - low)) / (high - low));
    const at = (value, i) => `${x(i).toFixed(2)} ${y(value).toFixed(2)}`;
    const path = (d, name) => svg("path", { d, class: name, "vector-effect": "non-scaling-stroke" });
    const marks = line.values.flatMap((value, i) =>
      line.outside[i] ? [h("i", { class: "sparkline-mark", style: `left:${x(i)}%;top:${y(value)}px` })] : [],
    );
    const end = line.values.findLastIndex((value) => value !== null);
    const box = h(
      "div",
      { class: "sparkline-box" },
      svg(
        "svg",
        { viewBox: `0 0 100 ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
        runs(line.low).map(([from, to]) => path(area(line, at, from, to), "sparkline-band")),
        runs(line.values).map(([from, to]) =>
          path(`M${line.values.slice(from, to).map((value, i) => at(value, from + i)).join("L")}`, "sparkline-line"),
        ),
      ),
      marks,
      end < 0 || line.outside[end]
        ? null
        : h("i", { class: "sparkline-mark is-last", style: `left:${x(end)}%;top:${y(line.values[end])}px` }),
    );
    playhead.tip.follow(box, (event) => {
      const { left, width } = box.getBoundingClientRect();
      const i = Math.min(last, Math.max(0, Math.round(((event.clientX - left) / width) * last)));
      const value = line.values[i] === null ? "Not known" : `${line.texts[i]} ${line.unit}`;
      playhead.tip.show(event, [line.days[i], value, line.foretold[i]]);
    });
    return box;
  }

  // Days in a row that are known: [first, one after the last].
  function runs(values) {
    const found = [];
    values.forEach((value, i) => {
      if (value === null) return;
      if (i && values[i - 1] !== null) found.at(-1)[1] = i + 1;
      else found.push([i, i + 1]);
    });
    return found;
  }

  function area(line, at, from, to) {
    const edge = (list) => list.slice(from, to).map((value, i) => at(value, from + i));
    return `M${[...edge(line.high), ...edge(line.low).reverse()].join("L")}Z`;
  }
})();
