// “Save view” on every page; on an opened view, its name and whether it still shows what was saved.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const { saved } = playhead;

  let reader = null;
  let opened = null;

  const whoReads = async () => (reader ??= (await saved.tell("reader", {})).reader);
  const name = () => playhead.view.option("saved");

  function carry(view) {
    opened = view;
    const kept = playhead.view.pairs().filter(([key]) => key !== "saved");
    const pinned = view.data_version && !kept.some(([key]) => key === "v") ? [["v", view.data_version]] : [];
    const query = new URLSearchParams([...kept, ...pinned, ["saved", view.id]]);
    history.replaceState(history.state, "", `${location.pathname}?${query}`);
    render();
  }

  async function know() {
    const wanted = name();
    if (!wanted) opened = null;
    else if (opened?.id !== wanted) {
      opened = null;
      // A view that came by a link, or is no longer shared, shows its page all the same, unnamed.
      const answer = await saved.tell("read", { id: wanted });
      reader = answer.reader;
      if (name() === wanted) opened = answer.view;
    }
    render();
  }

  const isChanged = () =>
    !saved.same(saved.query(), opened.query) || playhead.view.option("v") !== opened.data_version;

  function render() {
    const place = document.getElementById("page-actions");
    if (!place) return;
    place.querySelector(".saved-actions")?.remove();
    place.append(h("span", { class: "saved-actions" }, opened ? openedControl() : null, saveButton()));
  }

  const saveButton = () =>
    h(
      "button",
      { class: "button is-quiet save-view", onclick: async () => saved.askToSave(await whoReads(), (view) => (carry(view), announce(view))) },
      h("span", { class: "icon icon-bookmark", "aria-hidden": "true" }),
      opened ? "Save as new" : "Save view",
    );

  const announce = (view) =>
    saved.toast(`“${view.name}” is saved.`, "See all", () => playhead.view.go("", "/views"));

  function openedControl() {
    const changed = isChanged();
    return h(
      "span",
      { class: "opened-view" },
      h(
        "button",
        { class: "opened-name", "aria-haspopup": "menu", title: opened.description || saved.seenBy(opened), onclick: (e) => menu(e.currentTarget) },
        h("strong", {}, opened.name),
        h("small", {}, changed ? "changed" : `${saved.seenBy(opened)} · ${opened.owner}`),
        h("span", { class: "icon icon-down", "aria-hidden": "true" }),
      ),
      changed && opened.may_edit ? h("button", { class: "button", onclick: update }, "Update") : null,
    );
  }

  const update = () =>
    saved.write(
      opened,
      { ...opened, path: location.pathname, query: saved.query(), data_version: playhead.view.option("v") },
      (view) => (carry(view), announce(view)),
    );

  async function menu(anchor) {
    const who = await whoReads();
    playhead.menu.open(anchor, opened.name, [
      isChanged() ? ["Back to what was saved", () => location.assign(`/views/${opened.id}`)] : null,
      opened.may_edit ? ["Rename", () => saved.askToEdit(opened, carry)] : null,
      opened.may_edit ? ["Share", () => saved.askToShare(opened, who, carry)] : null,
      ["Copy link", () => saved.copyLink(opened, who, carry)],
      opened.may_delete ? ["Delete", () => saved.remove(opened, () => leave())] : null,
    ]);
  }

  function leave() {
    opened = null;
    playhead.view.set({ saved: null });
  }

  let article = null;
  new MutationObserver(() => {
    const found = document.querySelector("#page > [data-page]");
    if (found === article) return;
    article = found;
    if (found) know();
  }).observe(document.documentElement, { childList: true, subtree: true });
  window.addEventListener("playhead:view", () => article?.isConnected && know());
  window.addEventListener("playhead:saved", () => ((opened = null), know()));

  playhead.palette.sources.push(views);
  async function views() {
    const answer = await saved.tell("list", {});
    return answer.views.map((view) => ({ label: view.name, hint: "Saved view", act: () => location.assign(`/views/${view.id}`) }));
  }
})();
