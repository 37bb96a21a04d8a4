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
        content.claims.map(claim),
        content.silence ? h("p", { class: "finding-silence" }, content.silence) : null,
        content.basis ? h("p", { class: "finding-basis" }, content.basis) : null,
      ),
    );
  };

  const claim = (found) =>
    h(
      "button",
      {
        class: `finding is-${found.tone}`,
        onclick: () => playhead.view.go(playhead.view.text(found.explain), "/explain"),
        title: "Explain this change",
      },
      h(
        "span",
        { class: "finding-text" },
        `${found.subject} ${found.verb} `,
        h("strong", {}, found.size),
        h("small", {}, ` (${found.interval}) ${found.against}`),
      ),
      h("span", { class: "finding-reason" }, found.reason),
      found.caution ? h("span", { class: "finding-caution" }, found.caution) : null,
      h("span", { class: "finding-chip", title: CHIPS[found.evidence] }, found.evidence),
    );
})();
