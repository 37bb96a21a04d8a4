// Elements without innerHTML: what comes from data is always text.
(() => {
  const playhead = (window.playhead ??= {});
  const SVG = "http://www.w3.org/2000/svg";

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined).map(kept));
    return element;
  }

  // A number and its unit stay on one line.
  const kept = (child) =>
    typeof child === "string" ? child.replace(/(\d) (?=(?:%|h|s|pt|min)(?![\w]))/g, "$1\u00a0").replace(/([pqn<=]) (?=[\d<])/g, "$1\u00a0") : child;

  const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  playhead.h = h;
  playhead.svg = (tag, attributes, ...children) =>
    fill(document.createElementNS(SVG, tag), attributes, children);

  // Short facts in a row with a dot between two of a line; none at the end or the start of one.
  playhead.row = (parts, attributes) =>
    h("span", { ...attributes, class: "row-of-facts" }, parts.filter(Boolean).map((part) => h("b", {}, part)));

  let facts = null;
  playhead.facts = () =>
    (facts ??= JSON.parse(document.getElementById("facts")?.textContent ?? "{}"));
  playhead.scheme = () =>
    document.documentElement.getAttribute("data-mantine-color-scheme") === "dark" ? "dark" : "light";

  // The page that is shown, as portal/components/page.py describes it.
  playhead.page = () => {
    const article = document.querySelector("[data-page]");
    return article ? JSON.parse(article.dataset.page) : null;
  };

  playhead.post = async (path, body, signal) => {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "same-origin",
      signal,
    });
    if (response.status === 401) {
      location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
      return new Promise(() => {});
    }
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    return response;
  };

  playhead.say = (text) => {
    let box = document.getElementById("said");
    if (!box) document.body.append((box = playhead.h("div", { id: "said", role: "status" })));
    box.textContent = text;
    box.classList.add("is-shown");
    clearTimeout(playhead.say.timer);
    playhead.say.timer = setTimeout(() => box.classList.remove("is-shown"), 2600);
  };

  const ACRONYMS = { tv: "TV", pvr: "PVR", cdn: "CDN", qa: "QA", ebvs: "EBVS", vsf: "VSF", vfx: "VFX", qc: "QC", top10: "Top 10" };
  // Mirror of portal/components/format.py: value_label.
  playhead.label = (dimension, value) => {
    if (dimension?.role === "country") return playhead.facts().countries[value] ?? value;
    if (dimension?.role === "language") return playhead.facts().languages[value] ?? value;
    if (dimension?.role === "hour") return `${String(value).padStart(2, "0")}:00`;
    if (dimension?.kind === "boolean") return { true: "Yes", false: "No" }[value] ?? value;
    const plain = dimension?.is_wide ? /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/ : /^([a-z][a-z0-9]*(_[a-z0-9]+)*|[a-z]+( [a-z]+)+)$/;
    if (dimension?.role === "title" || !plain.test(value)) return value;
    const words = value.split("_").map((word) => ACRONYMS[word] ?? word);
    return [words[0][0].toUpperCase() + words[0].slice(1), ...words.slice(1)].join(" ");
  };
})();
