// What changed beyond noise, in words. A click on a finding explains it.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const kinds = (playhead.kinds ??= {});

  const CHIPS = {
    randomised: "Accounts were assigned at random: the difference is caused",
    "quasi-experiment": "Compared with what was not treated: probably caused",
    forecast: "What is expected, not what was seen",
    descriptive: "What was seen; not why",
  };

  kinds.findings = (body, { content }) => {
    body.replaceChildren(
      h(
        "div",
        { class: "findings", role: "region", "aria-label": "Findings" },
        (content.faults ?? []).map(fault),
        content.claims.map(claim),
        content.silence ? h("p", { class: "finding-silence" }, content.silence) : null,
        content.basis ? h("p", { class: "finding-basis" }, content.basis) : null,
      ),
    );
  };

  // A day that never arrived is no change: it is said as what it is, with the way to the data's health.
  const fault = (text) =>
    h("a", { class: "finding-fault", href: "/health", onclick: health }, text);

  const health = (event) => {
    event.preventDefault();
    playhead.view.go(playhead.view.text(playhead.view.shared()), "/health");
  };

  // A change is explained; what an analysis states is shown, where a filter can show more of it.
  const claim = (found) => {
    const [name, value] = found.filters ?? [];
    const isThere = name && playhead.view.values(name).includes(value);
    const open = found.explain
      ? () => playhead.view.go(playhead.view.text(found.explain), "/explain")
      : name && !isThere && (() => playhead.view.set({ [name]: [value] }));
    const said = h(
      open ? "button" : "div",
      {
        class: "finding-open",
        onclick: open || null,
        title: found.explain ? "Explain this change" : open ? `Show ${value}` : null,
      },
      h(
        "span",
        { class: "finding-text" },
        `${[found.subject, found.verb].filter(Boolean).join(" ")} `,
        h("strong", {}, found.size),
        h("small", {}, [found.interval && ` (${found.interval})`, found.against && ` ${found.against}`].filter(Boolean).join("")),
      ),
      found.reason ? h("span", { class: "finding-reason" }, found.reason) : null,
    );
    // Twyman's law: what looks unusual is usually wrong, so the way to the data's health is here.
    return h(
      "div",
      { class: `finding is-${found.tone}` },
      said,
      found.caution
        ? h("a", { class: "finding-caution", href: "/health", onclick: health }, found.caution)
        : null,
      h(
        "span",
        { class: "finding-chip", "aria-description": CHIPS[found.evidence], ...playhead.tip.on([found.evidence, CHIPS[found.evidence]]) },
        found.evidence,
      ),
    );
  };
})();
