// Ask for the tiles in sight, paint each as it arrives, one task each, and let the rest wait until
// they are scrolled to. An answer to a view that has been left is dropped.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const NEAR = "240px";
  const MOST = 60; // as the server answers at once
  const PATIENCE = 400;

  // Tells the server which requests are of this page, so that a new view stops those of the last.
  const NAME = `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;

  let generation = 0;
  let requests = 0;
  let asking = [];
  let shown = "";
  let later = null;
  let unseen = new Set();
  const drawings = new WeakMap();

  const tiles = () => [...document.querySelectorAll("#page .tile")];
  const inSight = (tile) => {
    const box = tile.getBoundingClientRect();
    return box.top < innerHeight && box.bottom > 0 && box.left < innerWidth && box.right > 0;
  };
  // Which events are marked changes no number.
  const address = () =>
    location.pathname + playhead.view.text(playhead.view.pairs().filter(([key]) => key !== "events"));

  function refresh() {
    const page = playhead.page();
    if (!page || page.path !== location.pathname) return;
    shown = address();
    leave();
    const all = tiles();
    all.forEach((tile) => {
      tile.setAttribute("aria-busy", "true");
      delete tile.dataset.as;
      tile.querySelector(".tile-working")?.remove();
    });
    const first = all.filter(inSight);
    // What has a frame of its own is what one came for; rows of a list can follow.
    first.sort((a, b) => a.classList.contains("is-bare") - b.classList.contains("is-bare"));
    const mine = generation;
    const rest = all.filter((tile) => !first.includes(tile));
    // What is near comes after what is in sight, unless that takes long.
    const waited = new Promise((done) => setTimeout(done, PATIENCE));
    Promise.race([ask(first.map((tile) => tile.id)), waited]).then(() => mine === generation && watch(rest));
  }

  function leave() {
    generation += 1;
    asking.forEach((controller) => controller.abort());
    asking = [];
    later?.disconnect();
  }

  function watch(rest) {
    later?.disconnect();
    unseen = new Set(rest);
    let batch = [];
    later = new IntersectionObserver(
      (entries) => {
        const arrived = entries.filter((entry) => entry.isIntersecting).map((e) => e.target);
        arrived.forEach((tile) => (later.unobserve(tile), unseen.delete(tile)));
        if (arrived.length && !batch.length) queueMicrotask(() => (ask(batch), (batch = [])));
        batch.push(...arrived.map((tile) => tile.id));
      },
      { rootMargin: NEAR },
    );
    rest.forEach((tile) => later.observe(tile));
  }

  async function ask(names) {
    if (!names.length && unseen.size) return;
    if (names.length > MOST) return Promise.all([ask(names.slice(0, MOST)), ask(names.slice(MOST))]);
    const mine = generation;
    const controller = new AbortController();
    asking.push(controller);
    const request = `${NAME}-${(requests += 1)}`;
    const waiting = new Set(names);
    const body = {
      path: location.pathname, search: location.search, tiles: names, view: [NAME, mine], request,
    };
    const stop = (tile) => {
      waiting.delete(tile);
      stopped(tile, mine);
      if (waiting.size) playhead.post("/-/stop", { request, tile }).catch(() => {});
      else controller.abort();
    };
    try {
      const response = await playhead.post("/-/answers", body, controller.signal);
      for await (const line of lines(response.body)) {
        if (mine !== generation) return;
        if (line.view) playhead.bar?.resolved(line.view);
        else if (line.working) waiting.has(line.tile) && working(line, stop);
        else if (line.drawing && waiting.delete(line.tile)) paintSoon(line, mine);
      }
    } catch (error) {
      if (mine !== generation || error.name === "AbortError") return;
      waiting.forEach((tile) => paintSoon({ tile, drawing: lost(error) }, mine));
    }
  }

  const lost = (error) => ({
    kind: "empty",
    content: { reason: "bug", message: "The answer did not arrive.", hint: error.message, retry: true },
    notes: [],
  });

  // A tile that takes long says how far it is, and can be stopped; the others go on.
  function working({ tile: name, working: { seconds, scans, percent } }, stop) {
    const tile = document.getElementById(name);
    if (!tile) return;
    let box = tile.querySelector(".tile-working");
    if (!box) {
      const button = h("button", { type: "button", onclick: () => stop(name) }, "Stop");
      box = h("div", { class: "tile-working" }, h("progress", { max: 100 }), h("span", {}), button);
      tile.querySelector(".tile-body").after(box);
    }
    const bar = box.querySelector("progress");
    if (percent === null) bar.removeAttribute("value");
    else bar.value = percent;
    const of = percent === null ? "" : ` · ${Math.round(percent)} % of scan ${scans}`;
    box.querySelector("span").textContent = `${seconds} s${of}`;
  }

  function stopped(name, mine) {
    const tile = document.getElementById(name);
    if (tile?.getAttribute("aria-busy") !== "true") return;
    const content = {
      reason: "stopped",
      message: "You stopped this.",
      hint: "Try again, or choose a shorter period first.",
      retry: true,
    };
    paintSoon({ tile: name, drawing: { kind: "empty", content, notes: [] } }, mine);
  }

  async function* lines(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const parts = (rest + value).split("\n");
      rest = parts.pop();
      for (const part of parts) if (part) yield JSON.parse(part);
    }
    if (rest) yield JSON.parse(rest);
  }

  const queue = [];
  let isPainting = false;
  const inOrder = (a, b) =>
    b.isSeen - a.isSeen || a.answer.tile.localeCompare(b.answer.tile, undefined, { numeric: true });

  function paintSoon(answer, mine) {
    const tile = document.getElementById(answer.tile);
    queue.push({ answer, mine, isSeen: tile !== null && inSight(tile) });
    queue.sort(inOrder);
    if (isPainting) return;
    isPainting = true;
    setTimeout(paintNext, 0);
  }

  async function paintNext() {
    const next = queue.shift();
    if (!next) {
      isPainting = false;
      return;
    }
    const tile = document.getElementById(next.answer.tile);
    if (tile && next.mine === generation) await paint(tile, next.answer);
    setTimeout(paintNext, 0);
  }

  async function paint(tile, answer) {
    drawings.set(tile, answer);
    tile.querySelector(".tile-working")?.remove();
    const body = tile.querySelector(".tile-body");
    body.classList.remove("is-empty");
    try {
      await playhead.draw(body, answer.drawing, tile);
    } catch (error) {
      console.error(error);
      await playhead.draw(body, lost(error), tile);
    }
    if (answer.drawing.content.title) title(tile, answer.drawing.content.title);
    doubted(tile, answer.foot?.doubts ?? [], answer.foot?.is_late_alone);
    certified(tile, answer.certificate);
    if (answer.foot && !tile.classList.contains("is-bare")) foot(tile, answer.foot, answer.drawing.notes);
    tile.setAttribute("aria-busy", "false");
    tile.dataset.painted = String(performance.now());
    window.dispatchEvent(new CustomEvent("playhead:painted", { detail: tile }));
  }

  // A red mark wherever a number is shown that is not to be trusted; why stands in the foot.
  function doubted(tile, doubts, isLate) {
    tile.classList.toggle("is-doubted", doubts.length > 0);
    tile.classList.toggle("is-late", Boolean(isLate));
    if (tile.classList.contains("is-bare")) tile.title = doubts.join(" ");
  }

  // Somebody of the owning unit stands for the definition, or did until it was edited. The red mark
  // of a number that is not to be trusted takes its place.
  function certified(tile, certificate) {
    const heading = tile.querySelector("h3");
    heading?.querySelector(".certified-mark")?.remove();
    if (!heading || !certificate || tile.classList.contains("is-doubted")) return;
    const text = `${certificate.text[0].toUpperCase()}${certificate.text.slice(1)}`;
    const shown = certificate.holds
      ? { class: "certified-mark", role: "img", title: text, "aria-label": text }
      : { class: "certified-mark is-edited", title: text };
    heading.append(h("span", shown, certificate.holds ? "✓" : "edited since certified"));
  }

  // A tile that shows whatever the URL names says in its answer what that is.
  function title(tile, text) {
    tile.dataset.title = text;
    const heading = tile.querySelector("h3");
    if (heading) heading.textContent = text;
  }

  function foot(tile, about, notes) {
    const name = (key) =>
      playhead.page().dimensions.find((d) => d.name === key)?.label.toLowerCase() ?? key;
    const said = [...(notes ?? []), ...about.notes];
    if (about.unreached.length) {
      said.unshift(`Not filtered by ${about.unreached.map(name).join(", ")}: no such dimension here.`);
    }
    tile.classList.toggle("is-unreached", about.unreached.length > 0);
    tile.dataset.unreached = about.unreached.join(" ");
    tile.querySelector(".tile-foot").replaceChildren(
      ...about.doubts.map((text) => h("p", { class: "tile-note is-doubt" }, text)),
      ...said.map((text) => h("p", { class: "tile-note" }, text)),
      h("p", { title: [about.short, about.compare, about.complete].filter(Boolean).join(" · ") },
        playhead.row(about.short.split(" · ")),
        playhead.row([about.version, about.complete]),
      ),
    );
  }

  // A page whose arrangement depends on the URL is laid out anew when that part of it changes.
  let arrangement = "";
  function changed() {
    const page = playhead.page();
    if (page && page.path !== location.pathname) {
      leave();
      shown = "";
    }
    if (!page || page.path !== location.pathname || address() === shown) return;
    const wanted = arranged(page);
    if (wanted !== arrangement) {
      arrangement = wanted;
      shown = "";
      window.dash_clientside.set_props("arrangement", { data: wanted });
      return;
    }
    playhead.bar?.render();
    refresh();
  }

  const arranged = (page) =>
    JSON.stringify(
      playhead.view.pairs().filter(([key]) => page.arrangedBy.includes(key.split(".")[0])),
    );

  function arrived() {
    const page = playhead.page();
    if (!page) return;
    arrangement = arranged(page);
    document.title = `${page.title} · Playhead`;
    playhead.bar?.render();
    refresh();
  }

  let article = null;
  new MutationObserver(() => {
    const found = document.querySelector("#page > [data-page]");
    if (found === article) return;
    article = found;
    if (found) arrived();
  }).observe(document.documentElement, { childList: true, subtree: true });

  window.addEventListener("playhead:view", changed);
  playhead.answers = { refresh, drawing: (tile) => drawings.get(tile), repaint, paint };

  async function repaint() {
    for (const tile of tiles()) {
      const answer = drawings.get(tile);
      if (!answer) continue;
      await playhead.draw(tile.querySelector(".tile-body"), answer.drawing, tile);
      await new Promise((done) => setTimeout(done, 0));
    }
  }
  new MutationObserver(repaint).observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["data-mantine-color-scheme"],
  });
})();
