// Alerts: what is more than chance in the metrics one watches; watch one, snooze it, stop.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const KINDS = { day: "Out of line", week: "Changed", test: "Not to be trusted", late: "Late" };

  // Refused in words, which are shown; then null.
  async function tell(verb, body, more = {}) {
    try {
      return await playhead.events.tell(`/-/alerts/${verb}`, body, more);
    } catch (error) {
      playhead.say(error.message);
      return null;
    }
  }

  // A tile or a metric of the catalogue, with the filters of the view that is shown.
  playhead.watch = async (of) => {
    const metric = of.metric ?? of.name;
    const answer = await tell("subscribe", { dataset: of.dataset, metric, path: location.pathname, search: location.search });
    if (!answer) return;
    const { label, filters } = answer.subscription;
    playhead.saved.toast(`You watch ${label}${filters ? `, ${said(filters)}` : ""}: alerts come after each load of data.`, "See all", () => playhead.view.go("", "/alerts"));
  };

  const said = (filters) => [...new URLSearchParams(filters)].map(([name, value]) => `${name.replace(/[._]/g, " ")} ${value}`).join(", ");

  function counted(unseen) {
    for (const mark of document.querySelectorAll(".alert-count")) {
      mark.textContent = unseen || "";
      mark.setAttribute("aria-label", `${unseen} alerts not seen`);
    }
  }

  async function load() {
    const place = document.getElementById("alert-list");
    if (!place) return;
    const answer = await tell("list", {});
    if (!answer || !place.isConnected) return;
    counted(answer.unseen);
    place.replaceChildren(...told(answer), ...watching(answer.subscriptions));
  }

  const told = ({ alerts, subscriptions, unseen }) => [
    h(
      "div",
      { class: "alert-bar" },
      h("p", { role: "status" }, unseen ? `${unseen} not seen` : alerts.length ? "All seen" : ""),
      unseen ? h("button", { class: "button is-quiet", onclick: () => see(alerts.filter((a) => !a.is_seen)) }, "Mark all as seen") : null,
    ),
    alerts.length
      ? h("ul", { class: "alerts" }, alerts.map((one) => entry(one)))
      : h("p", { class: "alert-none" }, subscriptions.length ? "Nothing was more than chance so far." : "You watch nothing yet. Open the menu of a tile, or a metric under Metrics & data health, and choose “Watch”."),
  ];

  // Whoever follows a link leaves before it is answered: it is to arrive all the same.
  async function see(alerts) {
    if (await tell("see", { numbers: alerts.map((a) => a.number) }, { keepalive: true })) load();
  }

  const entry = (one) =>
    h(
      "li",
      { class: `alert is-${one.kind}${one.is_seen ? "" : " is-new"}`, "data-number": one.number },
      h("p", { class: "alert-said" }, h("b", { class: `alert-kind tone-${one.tone}` }, KINDS[one.kind]), " ", one.sentence),
      h("p", { class: "alert-detail" }, one.detail),
      h(
        "p",
        { class: "alert-foot" },
        playhead.row([`told ${one.told}`, `data ${one.data_version}`, one.is_seen && `you saw it ${one.seen}`]),
        one.link ? h("a", { href: one.link, onclick: () => see([one]) }, "See it") : null,
        one.is_seen ? null : h("button", { class: "button is-quiet", onclick: () => see([one]) }, "Mark as seen"),
      ),
    );

  const day = (after) => new Date(Date.now() + after * 86_400_000).toISOString().slice(0, 10);

  const watching = (subscriptions) =>
    subscriptions.length
      ? [
          h("h2", {}, `You watch ${subscriptions.length} ${subscriptions.length === 1 ? "metric" : "metrics"}`),
          h("ul", { class: "alerts" }, subscriptions.map((one) => watched(one))),
        ]
      : [];

  function watched(one) {
    const until = h("input", { class: "input", type: "date", value: day(7), min: day(1), max: day(366), "aria-label": `Snooze ${one.label} until` });
    const rows = one.filters ? `, ${said(one.filters)}` : "";
    const search = `?${new URLSearchParams({ dataset: one.dataset, metric: one.metric })}${one.filters ? `&${one.filters}` : ""}`;
    return h(
      "li",
      { class: "watched", "data-metric": `${one.dataset}.${one.metric}` },
      h("p", {}, h("a", { href: `/explore${search}` }, `${one.label}${rows}`)),
      h("p", { class: "alert-detail" }, [`since ${one.since}`, one.judged_version ? `last looked at in data ${one.judged_version}` : "looked at with the next load", one.snoozed && `snoozed until ${one.snoozed}`].filter(Boolean).join(" · ")),
      h(
        "p",
        { class: "alert-foot" },
        one.snoozed
          ? h("button", { class: "button is-quiet", onclick: () => act("snooze", { id: one.id, until: "" }) }, "Wake it")
          : [until, h("button", { class: "button is-quiet", onclick: () => act("snooze", { id: one.id, until: until.value }) }, "Snooze until then")],
        h("button", { class: "button is-quiet", onclick: () => act("end", { id: one.id }) }, "Stop watching"),
      ),
    );
  }

  async function act(verb, body) {
    if (await tell(verb, body)) load();
  }

  new MutationObserver(() => {
    const place = document.getElementById("alert-list");
    if (place && !place.dataset.asked) {
      place.dataset.asked = "yes";
      load();
    }
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
