// Targets: what a metric is meant to reach, since when and by whom; its unit's editors set them.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;

  const field = (label, control, hint) =>
    h("label", { class: "field" }, h("span", { class: "field-label" }, label), control, hint ? h("span", { class: "hint" }, hint) : null);
  const input = (name, value, more = {}) => h("input", { class: "input", name, value, autocomplete: "off", ...more });

  const history = (found) =>
    found.targets.length
      ? h(
          "ul",
          { class: "target-list" },
          found.targets.map((target) =>
            h("li", {}, h("strong", {}, target.text), h("small", {}, `from ${target.since} on, set by ${target.set_by} on ${target.set_on}`)),
          ),
        )
      : h("p", { class: "event-none" }, "Nobody has set a target.");

  const rows = (found) =>
    h("p", { class: "hint" }, found.of ? `Only where ${found.of}: shown with just these filters.` : "Of all rows: shown without filters.");

  const choice = (value, chosen) =>
    h("label", { class: "option" }, h("input", { type: "radio", name: "direction", value, checked: value === chosen }), h("span", {}, value === "at least" ? "At least" : "At most"));

  const fields = (found, newest) => [
    rows(found),
    h("div", { class: "note-days" },
      field(`Value${found.unit ? `, ${found.unit}` : ""}`, input("value", newest?.entered ?? "", { inputmode: "decimal", required: true })),
      found.grows ? field("In days", input("days", newest?.days ?? 1, { type: "number", min: 1, max: 366, required: true })) : field("Valid from", input("valid_from", today(), { type: "date", required: true })),
    ),
    found.grows ? field("Valid from", input("valid_from", today(), { type: "date", required: true })) : null,
    h("fieldset", { class: "field audience" }, h("legend", { class: "field-label" }, "To be reached"), ["at least", "at most"].map((value) => choice(value, newest?.direction ?? found.direction))),
    newest?.entered
      ? h("label", { class: "option" }, h("input", { type: "checkbox", name: "none" }), h("span", {}, "No target from that day on"))
      : null,
    h("p", { class: "field-label" }, "So far"),
    history(found),
  ];

  const today = () => playhead.bar.now()?.start ?? new Date().toISOString().slice(0, 10);

  playhead.target = async (tile) => {
    const of = {
      dataset: tile.dataset.dataset,
      metric: tile.dataset.metric,
      path: location.pathname,
      search: location.search,
    };
    let found;
    try {
      found = await playhead.events.tell("/-/targets/read", of);
    } catch (error) {
      return playhead.say(error.message);
    }
    const title = `Target of ${found.label}`;
    if (!found.may_set) {
      playhead.layer(title, rows(found), history(found), h("p", { class: "hint" }, `Editors of the unit ${found.owner} set it.`));
      return;
    }
    const [newest] = found.targets;
    const body = playhead.saved.form(title, fields(found, newest), "Set", async (data) => {
      await playhead.events.tell("/-/targets/set", {
        ...of,
        seen: newest?.id ?? "",
        value: data.get("none") ? "" : data.get("value"),
        days: Number(data.get("days") ?? 1),
        direction: data.get("direction"),
        valid_from: data.get("valid_from"),
      });
      playhead.closeLayer();
      playhead.answers.refresh();
      playhead.say("The target is set");
    });
    const none = body.querySelector("[name=none]");
    none?.addEventListener("change", () => (body.querySelector("[name=value]").disabled = none.checked));
  };
})();
