// Notes: write one to some days, change it, delete it and take that back. What was typed is only
// ever text.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const LONGEST = 500;

  const seenBy = (note) =>
    ({ private: "only you see it", everyone: "everybody sees it" })[note.visibility] ?? `unit ${note.unit} sees it`;
  const about = (note) =>
    [
      note.is_mine ? "Yours" : note.author,
      `${note.is_edited ? "changed, first written" : "written"} ${note.written}`,
      note.country && (playhead.facts().countries[note.country] ?? note.country),
      seenBy(note),
    ].filter(Boolean).join(" · ");

  // What its reader may do with a note: [[label, act]].
  const deeds = (note, done = () => {}) => [
    ...(note.may_edit ? [["Change", () => change(note)]] : []),
    ...(note.may_delete ? [["Delete", () => remove(note, done)]] : []),
  ];

  async function remove(note, done) {
    try {
      await playhead.events.tell("/-/notes/remove", { id: note.id, version: note.version });
    } catch (error) {
      playhead.saved.toast(error.message);
    }
    await playhead.events.again();
    done();
    playhead.saved.toast("The note is deleted.", note.is_mine ? "Undo" : "", async () => {
      await playhead.events.tell("/-/notes/restore", { id: note.id });
      await playhead.events.again();
      done();
    });
  }

  const input = (name, value, more = {}) => h("input", { class: "input", name, value, required: true, ...more });
  const choice = (name, value, label, isChosen, hint = "", isShut = false) =>
    h(
      "label",
      { class: `option${isShut ? " is-greyed" : ""}` },
      h("input", { type: "radio", name, value, checked: isChosen, disabled: isShut }),
      h("span", {}, label),
      hint ? h("small", {}, hint) : null,
    );

  function fields(note, reader, hasMetric) {
    const text = h("textarea", { class: "input", name: "text", rows: 3, maxlength: LONGEST, required: true, placeholder: "What happened, and what it does to the numbers" });
    text.value = note.text;
    const shut = reader.may_publish ? "" : "Takes an editor.";
    const country = note.country;
    return [
      h("label", { class: "field" }, h("span", { class: "field-label" }, "Note"), text),
      h(
        "div",
        { class: "note-days" },
        h("label", { class: "field" }, h("span", { class: "field-label" }, "First day"), input("day", note.day, { type: "date" })),
        h("label", { class: "field" }, h("span", { class: "field-label" }, "Last day"), input("end", note.end, { type: "date" })),
      ),
      hasMetric
        ? h(
            "fieldset",
            { class: "field audience" },
            h("legend", { class: "field-label" }, "Where it shows"),
            choice("where", "metric", "Wherever this metric is drawn", Boolean(note.metric)),
            choice("where", "page", "On this page", !note.metric),
          )
        : null,
      country
        ? h("label", { class: "option" }, h("input", { type: "checkbox", name: "country", value: country, checked: true }), h("span", {}, `About ${playhead.facts().countries[country] ?? country} only`))
        : null,
      h(
        "fieldset",
        { class: "field audience" },
        h("legend", { class: "field-label" }, "Who sees it"),
        choice("visibility", "private", "Only me", note.visibility === "private"),
        choice("visibility", "unit", `My unit, ${reader.unit}`, note.visibility === "unit", shut, Boolean(shut)),
        choice("visibility", "everyone", "Everybody", note.visibility === "everyone", shut, Boolean(shut)),
      ),
    ];
  }

  const read = (data, note, metric) => ({
    id: note.id,
    version: note.version,
    path: note.path,
    text: data.get("text"),
    day: data.get("day"),
    end: data.get("end") < data.get("day") ? data.get("day") : data.get("end"),
    country: data.get("country") ?? "",
    visibility: data.get("visibility") ?? note.visibility,
    dataset: data.get("where") === "metric" ? metric.dataset : "",
    metric: data.get("where") === "metric" ? metric.metric : "",
  });

  // A new note of a tile or, without one, of the page; to these days, or to the last of the view or,
  // where that has no period, of the data. Of a mark, it begins with what that stands for.
  async function write(tile, days = null, mark = [], label = "") {
    const { reader } = await playhead.events.ask();
    const now = playhead.bar.now() ?? {};
    const last = now.end ?? now.last ?? "";
    const [day, end] = days ?? [last, last];
    const metric = { dataset: tile?.dataset.dataset ?? "", metric: tile?.dataset.metric ?? "" };
    const of = mark.find(([name, value]) => name === "country" && value)?.[1];
    const countries = of ? [of] : playhead.view.values("country");
    const country = countries.length === 1 ? countries[0] : "";
    const text = label && !of ? `${label}: ` : "";
    const note = { text, day, end, path: location.pathname, country, visibility: "private", ...metric };
    playhead.saved.form("Write a note", fields(note, reader, Boolean(metric.metric)), "Keep", async (data) => {
      await playhead.events.tell("/-/notes/write", read(data, note, metric));
      playhead.closeLayer();
      await playhead.events.again();
      playhead.say("Noted");
    }).querySelector("textarea").focus();
  }

  async function change(note) {
    const { reader } = await playhead.events.ask();
    playhead.saved.form("Change the note", fields(note, reader, Boolean(note.metric)), "Keep", async (data, problem) => {
      try {
        await playhead.events.tell("/-/notes/edit", read(data, note, note));
      } catch (error) {
        if (!error.newest) throw error;
        note = { ...note, version: error.newest.version };
        problem.textContent = `${error.message} Keep again to write yours over it.`;
        return;
      }
      playhead.closeLayer();
      await playhead.events.again();
      playhead.say("Changed");
    }).querySelector("textarea").focus();
  }

  playhead.notes = { about, deeds, write };
})();
