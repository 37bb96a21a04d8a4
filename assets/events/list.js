// The list of what happened in the days of a view: every event, marked or not, and every note.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;

  playhead.events ??= {};
  playhead.events.list = async (tile) => {
    const body = playhead.layer("Events and notes", h("p", { class: "hint" }, "Loading …"));
    body.parentElement.classList.add("is-events");
    await fill(body, tile);
  };

  async function fill(body, tile, asked = playhead.events.ask()) {
    try {
      const found = await asked;
      if (body.isConnected) body.replaceChildren(...parts(found, tile, body).filter(Boolean));
    } catch (error) {
      body.replaceChildren(h("p", { class: "notice" }, error.message));
    }
  }

  function parts(found, tile, body) {
    const marked = found.events.filter((event) => event.is_marked).length;
    const numbers = new Map(found.marks.map((mark) => [mark.note?.id ?? key(mark), mark.number]));
    const rows = [
      ...found.events.filter((event) => event.is_marked).map((event) => [event.day, eventRow(event, numbers.get(key(event)))]),
      ...found.notes.map((note) => [note.day, noteRow(note, numbers.get(note.id), () => fill(body, tile))]),
    ].sort(([a], [b]) => a.localeCompare(b));
    const rest = found.events.filter((event) => !event.is_marked);
    return [
      h("fieldset", { class: "event-kinds" }, h("legend", { class: "field-label" }, "Marked on axes of time"), found.kinds.map((kind) => kindBox(kind, found, () => fill(body, tile)))),
      h(
        "p",
        { class: "hint" },
        rest.length ? `${marked} of ${found.events.length} events have a mark: the largest of each kind.` : null,
      ),
      rows.length
        ? h("ol", { class: "event-list" }, rows.map(([, row]) => row))
        : h("p", { class: "event-none" }, "Nothing happened in these days, as far as the lake and people tell."),
      rest.length
        ? h("details", { class: "event-rest" }, h("summary", {}, `${rest.length} more`), h("ol", { class: "event-list" }, rest.map((event) => eventRow(event))))
        : null,
      h("div", { class: "form-foot" }, h("button", { class: "button", onclick: () => playhead.notes.write(tile) }, "Write a note")),
    ];
  }

  const key = (event) => [event.kind, event.day, event.text].join("|");

  function kindBox(kind, found, done) {
    const shown = found.kinds.filter((one) => one.is_shown).map((one) => one.name);
    return h(
      "label",
      { class: "event-kind", title: kind.why || null },
      h("input", {
        type: "checkbox",
        checked: kind.is_shown,
        onchange: (event) => {
          const names = event.target.checked ? [...shown, kind.name] : shown.filter((name) => name !== kind.name);
          playhead.view.set({ events: names.length ? names.sort().join(",") : "none" });
          done();
        },
      }),
      h("span", {}, kind.label),
      kind.why ? h("small", {}, kind.why) : null,
    );
  }

  const eventRow = (event, number) =>
    h(
      "li",
      { class: `event-row is-${event.kind}` },
      h("span", { class: "event-number", "aria-hidden": "true" }, number ?? ""),
      h("time", { datetime: event.day }, event.when),
      h(
        "span",
        {},
        event.href
          ? h("a", { href: event.href, onclick: (click) => (click.preventDefault(), playhead.closeLayer(), playhead.events.go(event.href)) }, event.text)
          : event.text,
        h("small", {}, event.detail),
      ),
    );

  const noteRow = (note, number, done) =>
    h(
      "li",
      { class: "event-row is-note" },
      h("span", { class: "event-number", "aria-hidden": "true" }, number ?? ""),
      h("time", { datetime: note.day }, note.when),
      h(
        "span",
        {},
        h("span", { class: "note-text" }, note.text),
        h("small", {}, playhead.notes.about(note)),
        h("span", { class: "note-deeds" }, playhead.notes.deeds(note, done).map(([label, act]) => h("button", { class: "control", onclick: act }, label))),
      ),
    );
})();
