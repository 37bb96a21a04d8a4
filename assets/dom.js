// Elements without innerHTML: what comes from data is always text. And what is said beside a mark.
(() => {
  const playhead = (window.playhead ??= {});
  const SVG = "http://www.w3.org/2000/svg";

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    const isVerbatim = element.localName === "pre" || element.localName === "code";
    const shown = children.flat(Infinity).filter((child) => child !== null && child !== undefined);
    element.append(...shown.map((child) => (typeof child === "string" && !isVerbatim ? kept(child) : child)));
    return element;
  }

  // A line of prose does not end between a number and its unit or its sign: 95 %, p < .05, −$3.
  const SHORT = 16;
  const kept = (text) =>
    text.length <= SHORT ? text : text
      .replace(/(?<=\d)\u2009(?=[kMB] )/g, "\u202f")
      .replace(/(\d) (?=(%|pt|[hs]|min|k|M|B|×)(?![\p{L}\d]))/gu, "$1\u00a0")
      .replace(/(?<=\b[pqn]|=|<|Season|Episode) (?=[<=]? ?[.\d])|(?<=[ατk]) (?==)/g, "\u00a0")
      .replace(/(?<=\d%) : (?=\d)/g, "\u00a0:\u00a0")
      .replace(/−(?=\p{Sc})/gu, "−\u2060");

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

  playhead.isTouched = () => matchMedia("(pointer: coarse)").matches;

  // One tooltip for everything that is not a figure: beside the mouse, or above the finger after a
  // tap, until the next touch.
  const tip = h("div", { class: "tip", role: "presentation" });
  const isMouse = (event) => event.pointerType === "mouse";
  playhead.tip = {
    show(event, texts) {
      if (!tip.isConnected) document.body.append(tip);
      tip.replaceChildren(
        ...texts.filter(Boolean).map((text, i) => h("p", { class: i === 1 ? "tip-value" : null }, text)),
      );
      tip.classList.add("is-shown");
      const box = tip.getBoundingClientRect();
      const left = Math.min(event.clientX + (isMouse(event) ? 14 : -box.width / 2), innerWidth - box.width - 8);
      const [above, below] = [event.clientY - box.height - (isMouse(event) ? 12 : 28), event.clientY + 16];
      const isAbove = isMouse(event) ? below + box.height > innerHeight : above > 4;
      tip.style.transform = `translate(${Math.max(4, left)}px, ${isAbove ? above : below}px)`;
    },
    hide: () => tip.classList.remove("is-shown"),
    // What a tap does is done first: it may redraw what was tapped, or open a menu in its place.
    on: (texts) => ({
      onpointermove: (event) => isMouse(event) && playhead.tip.show(event, texts),
      onpointerleave: (event) => isMouse(event) && playhead.tip.hide(),
      onpointerup: (event) =>
        isMouse(event) || setTimeout(() => playhead.bar.isOpen() || playhead.tip.show(event, texts), 60),
    }),
    // Along a line: where the pointer is, or where the finger is drawn to.
    follow(element, show) {
      element.addEventListener("pointerdown", show);
      element.addEventListener("pointermove", show);
      element.addEventListener("pointerleave", (event) => isMouse(event) && playhead.tip.hide());
    },
  };
  addEventListener("pointerdown", (event) => isMouse(event) || playhead.tip.hide(), true);
  addEventListener("scroll", () => playhead.tip.hide(), { capture: true, passive: true });

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
