// Images as placeholders of what is known of them: the lake has no pictures.
(() => {
  const playhead = (window.playhead ??= {});
  const { h, svg } = playhead;
  const kinds = (playhead.kinds ??= {});

  const SCALE = { close_up: 1, medium: 0.62, wide: 0.34 };

  // A frame with as many heads as faces are on the image, as large as the shot makes them.
  function placeholder(card) {
    const size = 26 * (SCALE[card.shot] ?? 0.5);
    const heads = Math.min(card.faces, 4);
    const step = 144 / (heads + 1);
    return svg(
      "svg",
      { viewBox: "0 0 144 81", class: `gallery-frame is-${card.brightness}`, "aria-hidden": "true" },
      svg("path", { class: "gallery-ground", d: "M0 81V62L40 48L78 60L112 44L144 56V81Z" }),
      ...Array.from({ length: heads }, (_, i) => [
        svg("circle", { class: "gallery-head", cx: step * (i + 1), cy: 50 - size * 0.5, r: size * 0.62 }),
        svg("ellipse", { class: "gallery-head", cx: step * (i + 1), cy: 52 + size, rx: size * 1.05, ry: size * 0.9 }),
      ]).flat(),
    );
  }

  const line = (label, value, more) =>
    h("div", {}, h("dt", {}, label), h("dd", {}, h("strong", {}, value), more ? h("small", {}, ` ${more}`) : null));

  kinds.gallery = (body, { content }) => {
    body.replaceChildren(
      h(
        "ol",
        { class: "gallery" },
        content.cards.map((card) =>
          h(
            "li",
            { class: `gallery-card${card.is_best ? " is-best" : ""}` },
            placeholder(card),
            h("p", { class: "gallery-name" }, card.image, h("small", {}, ` ${card.title}`)),
            h("p", { class: "gallery-looks" }, card.looks),
            h(
              "dl",
              {},
              line("P(best)", card.best),
              line("Take rate", card.take, card.interval),
              line("Over random", card.lift, card.lift_interval),
              line("Click-bait", card.bait, card.has_bait ? "clicked more than watched" : ""),
              line("Seen", card.n),
            ),
          ),
        ),
      ),
    );
  };
})();
