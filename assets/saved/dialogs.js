// Dialogs about a saved view: name it, say who sees it, settle a conflict, hand out its link.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const { saved } = playhead;

  const field = (label, control, hint) =>
    h("label", { class: "field" }, h("span", { class: "field-label" }, label), control, hint ? h("span", { class: "hint" }, hint) : null);

  const audiences = (reader) => [
    ["private", "Only me", ""],
    ["link", "Whoever has the link", "They sign in and see their own numbers."],
    ["unit", `My unit, ${reader.unit}`, reader.may_publish ? "" : "Takes an editor."],
    ["everyone", "Everybody", reader.may_publish ? "" : "Takes an editor."],
  ];

  const audience = (reader, chosen) =>
    h(
      "fieldset",
      { class: "field audience" },
      h("legend", { class: "field-label" }, "Who sees it"),
      audiences(reader).map(([value, label, hint]) => {
        const isShut = !reader.may_publish && ["unit", "everyone"].includes(value);
        return h(
          "label",
          { class: `option${isShut ? " is-greyed" : ""}` },
          h("input", { type: "radio", name: "visibility", value, checked: value === chosen, disabled: isShut }),
          h("span", {}, label),
          hint ? h("small", {}, hint) : null,
        );
      }),
    );

  function form(title, fields, action, submit) {
    const problem = h("p", { class: "form-problem", role: "alert" });
    const button = h("button", { class: "button", type: "submit" }, action);
    const body = h(
      "form",
      {
        class: "form",
        onsubmit: async (event) => {
          event.preventDefault();
          button.disabled = true;
          problem.textContent = "";
          try {
            await submit(new FormData(body), problem);
          } catch (error) {
            problem.textContent = error.message;
          }
          button.disabled = false;
        },
      },
      fields,
      problem,
      h("div", { class: "form-foot" }, h("button", { class: "button is-quiet", type: "button", onclick: () => playhead.closeLayer() }, "Cancel"), button),
    );
    playhead.layer(title, body);
    body.querySelector("input")?.select();
    return body;
  }

  saved.form = form;

  const nameField = (value) =>
    field("Name", h("input", { class: "input", name: "name", value, required: true, maxlength: 120, autocomplete: "off" }));
  const descriptionField = (value) => {
    const area = h("textarea", { class: "input", name: "description", rows: 3, maxlength: 2000, placeholder: "What it shows, and what to look for" });
    area.value = value;
    return field("Description", area);
  };
  const pinField = (version, isPinned) =>
    h(
      "label",
      { class: "option pin" },
      h("input", { type: "checkbox", name: "pin", checked: isPinned }),
      h("span", {}, "Keep these numbers"),
      h("small", {}, version ? `data version ${version}` : ""),
    );

  const now = () => playhead.bar?.now()?.version ?? playhead.view.option("v");

  // Name what is on the screen. Sharing comes second: a view exists before anybody sees it.
  saved.askToSave = async (reader, done) => {
    const version = now();
    const sentence = saved.sentence({ path: location.pathname, query: saved.query() });
    form(
      "Save view",
      [
        nameField(playhead.page().title),
        descriptionField(""),
        h("p", { class: "hint" }, sentence.join(" · ")),
        audience(reader, "private"),
        pinField(version, Boolean(playhead.view.option("v"))),
      ],
      "Save",
      async (data) => {
        const draft = { name: data.get("name"), description: data.get("description"), path: location.pathname, query: saved.query() };
        const { view } = await saved.tell("save", { ...draft, data_version: data.get("pin") ? version : "" });
        await shareWith(view, data.get("visibility"), (changed) => done(changed));
      },
    );
  };

  async function shareWith(view, visibility, done) {
    playhead.closeLayer();
    if (visibility === view.visibility && visibility !== "link") return done(view);
    const answer = await saved.tell("share", { id: view.id, version: view.version, visibility });
    done(answer.view);
    if (answer.link) showLink(answer.view, answer.link);
  }

  function showLink(view, link) {
    const url = saved.urlOf(view, link);
    const box = h("input", { class: "input", readonly: true, value: url, "aria-label": "Link", onfocus: (e) => e.target.select() });
    playhead.layer(
      "Link to “" + view.name + "”",
      h("p", {}, "Whoever signs in and has this link can open the view. It is shown only now; a new one can be made at any time, which ends this one."),
      h("div", { class: "written" }, box, h("button", { class: "button", onclick: () => playhead.copy(url) }, "Copy")),
    );
    box.focus();
  }

  saved.askToShare = (view, reader, done) =>
    form(
      `Share “${view.name}”`,
      [
        audience(reader, view.visibility),
        view.visibility === "link" ? h("p", { class: "hint" }, "Its link is not kept here. Sharing by link again makes a new one and ends the old.") : null,
      ],
      "Share",
      async (data, problem) =>
        attempt(view, { visibility: data.get("visibility") }, problem, async (version) => {
          await shareWith({ ...view, version }, data.get("visibility"), done);
        }),
    );

  saved.askToEdit = (view, done) =>
    form(
      "Rename",
      [nameField(view.name), descriptionField(view.description)],
      "Save",
      async (data, problem) => {
        const mine = { ...view, name: data.get("name"), description: data.get("description") };
        await saved.write(view, mine, done, problem);
      },
    );

  // Write `mine` over the version it was made from; a conflict is settled by whoever came second.
  saved.write = (view, mine, done, problem) =>
    attempt(view, mine, problem, async (version) => {
      const answer = await saved.tell("edit", { ...mine, version });
      playhead.closeLayer();
      done(answer.view);
    });

  async function attempt(view, mine, problem, act) {
    try {
      await act(view.version);
    } catch (error) {
      if (!error.newest) {
        if (!problem) return saved.toast(error.message);
        throw error;
      }
      settle(view, mine, error, act);
    }
  }

  function settle(view, mine, conflict, act) {
    const theirs = conflict.newest;
    const side = (title, one) =>
      h(
        "section",
        { class: "side" },
        h("h3", {}, title),
        h("p", {}, h("strong", {}, one.name)),
        one.description ? h("p", {}, one.description) : null,
        h("p", { class: "hint" }, saved.sentence({ ...theirs, ...one }).join(" · ")),
        h("p", { class: "hint" }, saved.seenBy({ ...theirs, ...one })),
      );
    const choose = (run) => async () => {
      try {
        await run();
      } catch (error) {
        saved.toast(error.message);
      }
    };
    playhead.layer(
      "Somebody was faster",
      h("p", { class: "conflict-message" }, conflict.message),
      h("div", { class: "sides" }, side(`${theirs.updated_by} saved`, theirs), side("You have", { ...theirs, ...mine, version: theirs.version })),
      h(
        "div",
        { class: "form-foot" },
        h("button", { class: "button is-quiet", onclick: () => (playhead.closeLayer(), window.dispatchEvent(new Event("playhead:saved"))) }, "Keep theirs"),
        h("button", { class: "button is-quiet", onclick: choose(async () => {
          const { view: copy } = await saved.tell("save", { ...view, ...mine, name: `${mine.name ?? view.name} (mine)` });
          playhead.closeLayer();
          saved.toast(`Saved as “${copy.name}”.`);
          window.dispatchEvent(new Event("playhead:saved"));
        }) }, "Save mine as another"),
        h("button", { class: "button", onclick: choose(() => act(theirs.version)) }, "Write mine over it"),
      ),
    );
  }

  saved.remove = async (view, done) => {
    try {
      await saved.tell("remove", { id: view.id, version: view.version });
    } catch (error) {
      saved.toast(error.message);
      return done();
    }
    done();
    saved.toast(`“${view.name}” is deleted.`, view.is_mine ? "Undo" : "", async () => {
      await saved.tell("restore", { id: view.id });
      done();
    });
  };

  saved.copyLink = (view, reader, done) => {
    if (view.visibility === "link") return saved.askToShare(view, reader, done);
    playhead.copy(saved.urlOf(view));
    if (view.visibility === "private") saved.toast("Copied. Nobody but you can open it: share it first.");
  };
})();
