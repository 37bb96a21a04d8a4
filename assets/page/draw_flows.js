// Flows between two columns of values (a Sankey diagram): as thick as they are large.
(() => {
  const playhead = (window.playhead ??= {});
  const { h, svg } = playhead;
  const kinds = (playhead.kinds ??= {});

  const INK = 260;
  const LEAST = 19;
  const APART = 7;

  const sum = (flows) => flows.reduce((total, flow) => total + flow.value, 0);

  // Nodes of one side from the top down; one that is too thin for its name gets the room of it.
  function laid(nodes, scale) {
    let at = 0;
    for (const node of nodes) {
      node.size = node.value * scale;
      const room = Math.max(node.size + APART, LEAST);
      node.top = at + (room - node.size) / 2;
      node.middle = at + room / 2;
      at += room;
    }
    return at;
  }

  function sides(content) {
    const nodes = (heads, end) =>
      heads.map((head, i) => {
        const flows = content.flows.filter((flow) => flow[end] === i);
        return { ...head, i, flows, value: sum(flows) };
      });
    const left = nodes(content.left, "from").sort((a, b) => b.value - a.value);
    const scale = INK / sum(content.flows);
    const heights = [laid(left, scale)];
    const from = new Map(left.map((node) => [node.i, node]));
    const right = nodes(content.right, "to");
    const pull = (node) => node.flows.reduce((total, flow) => total + flow.value * from.get(flow.from).middle, 0) / node.value;
    right.sort((a, b) => pull(a) - pull(b));
    heights.push(laid(right, scale));
    const height = Math.max(...heights);
    [left, right].forEach((side, i) => {
      for (const node of side) for (const end of ["top", "middle"]) node[end] += (height - heights[i]) / 2;
    });
    return { left, right, height, scale };
  }

  // Where each flow leaves and arrives; at a node they lie in the order of what is on the other side.
  function ribbons({ left, right, scale }) {
    const place = (nodes, other, far, edge) => {
      const order = new Map(other.map((node, nth) => [node.i, nth]));
      for (const node of nodes) {
        let at = node.top;
        for (const flow of [...node.flows].sort((a, b) => order.get(a[far]) - order.get(b[far]))) {
          flow[edge] = at;
          at += flow.value * scale;
        }
      }
    };
    place(left, right, "to", "y0");
    place(right, left, "from", "y1");
  }

  const ribbon = ({ y0, y1 }, thick) =>
    `M2,${y0}C50,${y0} 50,${y1} 98,${y1}V${y1 + thick}C50,${y1 + thick} 50,${y0 + thick} 2,${y0 + thick}Z`;

  kinds.flows = (body, { content }) => {
    const found = sides(content);
    ribbons(found);
    const { left, right, height, scale } = found;
    const chosen = [playhead.view.values(content.left_filter), playhead.view.values(content.right_filter)];

    function both(flow) {
      playhead.tip.hide();
      const pair = [content.left[flow.from].filter, content.right[flow.to].filter];
      const isOn = chosen.every((values, i) => values.join() === pair[i]);
      playhead.view.set({ [content.left_filter]: isOn ? null : [pair[0]], [content.right_filter]: isOn ? null : [pair[1]] });
    }

    const links = content.flows.map((flow) => {
      const one = content.left[flow.from];
      const other = content.right[flow.to];
      const tip = [`${one.label} → ${other.label}`, ...flow.tip];
      return svg("path", {
        class: `flow${flow.few ? " is-few" : ""}`,
        d: ribbon(flow, Math.max(flow.value * scale, 1)),
        tabindex: "0",
        role: "button",
        "aria-label": tip.join(", "),
        onclick: () => both(flow),
        onkeydown: (event) => event.key === "Enter" && both(flow),
        ...playhead.crossed([[content.left_filter, one.filter], [content.right_filter, other.filter]], flow.tip[0]),
        ...playhead.tip.on(tip),
      });
    });
    const bars = [
      ...left.map((node) => svg("rect", { class: "flow-node", x: 0, width: 2, y: node.top, height: Math.max(node.size, 1) })),
      ...right.map((node) => svg("rect", { class: "flow-node", x: 98, width: 2, y: node.top, height: Math.max(node.size, 1) })),
    ];
    const names = (side, filter, end) =>
      h(
        "div",
        { class: `flow-names is-${end}` },
        side.map((node) =>
          h(
            "button",
            {
              class: "flow-name",
              style: `top:${node.middle}px`,
              "aria-pressed": String(playhead.view.values(filter).includes(node.filter)),
              ...playhead.mark(filter, node.filter),
              ...playhead.tip.on([node.label, ...node.flows.map((flow) => `${(end === "left" ? content.right[flow.to] : content.left[flow.from]).label}: ${flow.tip[0]}`)]),
            },
            node.label,
          ),
        ),
      );
    body.replaceChildren(
      h(
        "div",
        { class: "flows", role: "group", style: `height:${height}px` },
        names(left, content.left_filter, "left"),
        svg("svg", { viewBox: `0 0 100 ${height}`, preserveAspectRatio: "none" }, [...links, ...bars]),
        names(right, content.right_filter, "right"),
      ),
      h("div", { class: "flow-ends" }, h("span", {}, content.left_label), h("span", {}, content.right_label)),
    );
  };
})();
