// Saved views as the server keeps them: ask, save, share, remove. Whatever goes wrong comes back in
// words; a conflict comes back with what the other one saved.
(() => {
  const playhead = (window.playhead ??= {});
  const NAMES = ["saved", "v"];

  class Refusal extends Error {
    constructor({ message, hint }, newest) {
      super([message, hint].filter(Boolean).join(" "));
      this.newest = newest;
    }
  }

  async function tell(verb, body) {
    const response = await fetch(`/-/views/${verb}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "same-origin",
    });
    if (response.status === 401) {
      location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
      return new Promise(() => {});
    }
    const answer = await response.json();
    if (!response.ok) throw new Refusal(answer.error, answer.newest);
    return answer;
  }

  const query = () => {
    const kept = playhead.view.pairs().filter(([name]) => !NAMES.includes(name));
    return new URLSearchParams(kept).toString();
  };
  const same = (a, b) => {
    const sorted = (text) => JSON.stringify([...new URLSearchParams(text)].sort());
    return sorted(a) === sorted(b);
  };
  const urlOf = (view, link = "") => `${location.origin}/views/${view.id}${link ? `?link=${link}` : ""}`;

  const UNITS = { everyone: "Everybody", private: "Only me", link: "Whoever has the link" };
  const seenBy = (view) => UNITS[view.visibility] ?? `Unit ${view.unit}`;

  playhead.saved = { tell, query, same, urlOf, seenBy };

  // What a view shows, in words: its page, then everything that its URL says.
  const pageTitle = (path) =>
    [...document.querySelectorAll(".shell-navbar .page-link")]
      .find((link) => new URL(link.href, location.href).pathname === path)
      ?.textContent.trim() ?? path;
  const word = (name) => name.replace(/^with\./, "").replace(/\.not$/, " is not").replace(/[._]/g, " ");
  playhead.saved.sentence = (view) => {
    const said = new Map();
    for (const [name, value] of new URLSearchParams(view.query)) {
      said.set(name, [...(said.get(name) ?? []), value]);
    }
    const parts = [...said].map(([name, values]) =>
      name === "period" ? values[0] : `${word(name)} ${values.join(", ")}`,
    );
    return [pageTitle(view.path), ...parts, view.data_version && `data ${view.data_version}`].filter(Boolean);
  };
  playhead.saved.pageTitle = pageTitle;

  // A message that can be taken back: it stays long enough to be read and clicked.
  playhead.saved.toast = (text, label, act) => {
    document.getElementById("toast")?.remove();
    const toast = playhead.h(
      "div",
      { id: "toast", class: "toast", role: "status" },
      playhead.h("span", {}, text),
      label
        ? playhead.h("button", { class: "toast-act", onclick: () => (toast.remove(), act()) }, label)
        : null,
      playhead.h("button", { class: "chip-x", "aria-label": "Dismiss", onclick: () => toast.remove() }, "×"),
    );
    document.body.append(toast);
    setTimeout(() => toast.remove(), 12_000);
  };
})();
