// The page of saved views: find, open, rename, share, delete with undo. It never reloads.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const { saved } = playhead;
  const TABS = [
    ["", "All"],
    ["mine", "Mine"],
    ["unit", "My unit"],
    ["everyone", "Everybody"],
    ["deleted", "Deleted"],
  ];
  const NOTHING = {
    "": "Nothing is saved yet. Open a page, choose what it shows, and press “Save view”.",
    mine: "You have not saved a view yet. Open a page, choose what it shows, and press “Save view”.",
    unit: "Nobody has shared a view with your unit yet.",
    everyone: "Nobody has shared a view with everybody yet.",
    deleted: "Nothing was deleted in the last 30 days.",
  };

  const of = () => playhead.view.option("of");
  const words = () => playhead.view.option("words");
  let asked = 0;

  async function load() {
    const list = document.getElementById("saved-list");
    if (!list) return;
    const mine = (asked += 1);
    try {
      const answer = await saved.tell("list", { of: of(), words: words() });
      if (mine === asked) show(answer);
    } catch (error) {
      list.replaceChildren(h("p", { class: "notice" }, error.message));
    }
  }

  function bar() {
    const place = document.getElementById("saved-bar");
    const before = place.querySelector("input");
    const search = before ?? searchBox();
    if (!before) search.value = words();
    const tabs = h(
      "div",
      { class: "tabs", role: "group", "aria-label": "Whose" },
      TABS.map(([value, label]) =>
        h("button", { "aria-pressed": String(value === of()), onclick: () => playhead.view.set({ of: value }) }, label),
      ),
    );
    if (before) place.querySelector(".tabs").replaceWith(tabs);
    else place.replaceChildren(tabs, search);
  }

  let pause = null;
  const searchBox = () =>
    h("input", {
      class: "input",
      type: "search",
      placeholder: "Find by name, description or owner",
      "aria-label": "Find a saved view",
      oninput: (event) => {
        clearTimeout(pause);
        pause = setTimeout(() => playhead.view.set({ words: event.target.value.trim() }), 200);
      },
    });

  function show({ views, reader }) {
    const list = document.getElementById("saved-list");
    if (!list) return;
    const none = words() ? `No saved view matches “${words()}”.` : NOTHING[of()] ?? NOTHING[""];
    list.replaceChildren(
      ...(views.length ? views.map((view) => item(view, reader)) : [h("p", { class: "saved-none" }, none)]),
    );
  }

  function item(view, reader) {
    const isDeleted = Boolean(view.deleted);
    const changed = `${isDeleted ? "Deleted" : "Changed"} ${ago(isDeleted ? view.deleted : view.updated)} by ${view.updated_by}`;
    return h(
      "article",
      { class: "saved-item", "data-view": view.id },
      h(
        "div",
        { class: "saved-text" },
        isDeleted ? h("h2", {}, view.name) : h("h2", {}, h("a", { href: `/views/${view.id}` }, view.name)),
        view.description ? h("p", {}, view.description) : null,
        h("p", { class: "saved-shows" }, saved.sentence(view).map((part) => h("span", {}, part))),
        h("p", { class: "hint" }, [view.is_mine ? "Yours" : view.owner, saved.seenBy(view), changed].join(" · ")),
      ),
      h("div", { class: "saved-deeds" }, isDeleted ? restoreButton(view) : deeds(view, reader)),
    );
  }

  const restoreButton = (view) =>
    h(
      "button",
      {
        class: "button is-quiet",
        onclick: async () => {
          try {
            await saved.tell("restore", { id: view.id });
            saved.toast(`“${view.name}” is back.`);
          } catch (error) {
            saved.toast(error.message);
          }
          load();
        },
      },
      "Bring back",
    );

  const deeds = (view, reader) => [
    h("button", { class: "control", onclick: () => saved.copyLink(view, reader, load) }, "Copy link"),
    view.may_edit ? h("button", { class: "control", onclick: () => saved.askToShare(view, reader, load) }, "Share") : null,
    view.may_edit ? h("button", { class: "control", onclick: () => saved.askToEdit(view, load) }, "Rename") : null,
    !view.may_edit && view.may_take_back ? h("button", { class: "control", onclick: () => takeBack(view) }, "Take down") : null,
    view.may_delete ? h("button", { class: "control", onclick: () => saved.remove(view, load) }, "Delete") : null,
  ];

  async function takeBack(view) {
    try {
      await saved.tell("share", { id: view.id, version: view.version, visibility: "private" });
      saved.toast(`Only ${view.owner} sees “${view.name}” now.`);
    } catch (error) {
      saved.toast(error.message);
    }
    load();
  }

  const UNITS = [["day", 864e5], ["hour", 36e5], ["minute", 6e4]];
  const words_ = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  function ago(text) {
    const passed = Date.parse(text) - Date.now();
    const [unit, size] = UNITS.find(([, size]) => Math.abs(passed) >= size) ?? ["minute", 6e4];
    return Math.abs(passed) < 6e4 ? "just now" : words_.format(Math.round(passed / size), unit);
  }

  function arrived() {
    document.title = "Saved views · Playhead";
    bar();
    load();
  }

  let place = null;
  new MutationObserver(() => {
    const found = document.getElementById("saved-list");
    if (found === place) return;
    place = found;
    if (found) arrived();
  }).observe(document.documentElement, { childList: true, subtree: true });
  window.addEventListener("playhead:view", () => {
    if (location.pathname === "/views" && document.getElementById("saved-list")) {
      bar();
      load();
    }
  });
  window.addEventListener("playhead:saved", load);
})();
