// Events and notes as numbered marks on every axis of time. They are asked for when the tiles are
// painted, so that no number waits for them, and lie over a figure, which they never change.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const AFTER_MS = 160;
  const APART_PX = 19;
  const DAY = 864e5;

  // Tells the server which requests are of this page, so that a new view stops those of the last.
  const NAME = `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
  let views = 0;

  let known = null;
  let asking = null;
  let pause = null;
  const heard = new WeakSet();

  const address = () => location.pathname + location.search;
  const figure = (tile) => {
    const node = tile.querySelector(".tile-body[data-kind='figure'] > .plot");
    return node?._fullLayout?.xaxis?.type === "date" ? node : null;
  };
  const overTime = () => [...document.querySelectorAll("#page .tile")].filter(figure);

  async function tell(path, body, more = {}) {
    const response = await fetch(path, {
      ...more,
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "same-origin",
    });
    const answer = await response.json();
    if (response.ok) return answer;
    const error = new Error([answer.error.message, answer.error.hint].filter(Boolean).join(" "));
    error.newest = answer.newest;
    throw error;
  }

  // What happened in the days of the view; asked once for each address.
  function ask() {
    if (known?.address === address()) return Promise.resolve(known);
    if (asking?.address === address()) return asking.answer;
    if (playhead.page()?.path !== location.pathname) return Promise.reject(new Error("The page was left."));
    const wanted = address();
    const answer = tell("/-/events", { path: location.pathname, search: location.search, view: [NAME, (views += 1)] }).then((found) => {
      if (found.is_stopped) throw new Error("A newer view was opened.");
      known = { ...found, address: wanted, marks: numbered(found) };
      return known;
    });
    answer.catch(() => {}).finally(() => asking?.address === wanted && (asking = null));
    asking = { address: wanted, answer };
    return answer;
  }

  const forget = () => ((known = null), (asking = null));

  // Every mark of the page by day, with its number: the events that are few enough, and all notes.
  function numbered({ events, notes }) {
    const marks = [
      ...events.filter((event) => event.is_marked),
      ...notes.map((note) => ({ ...note, kind: "note", label: "Note", note })),
    ];
    marks.sort((a, b) => a.day.localeCompare(b.day));
    return marks.map((mark, i) => ({ ...mark, number: i + 1 }));
  }

  const isOf = (mark, tile) =>
    !mark.note?.metric ||
    !tile.dataset.metric ||
    (mark.note.metric === tile.dataset.metric && mark.note.dataset === tile.dataset.dataset);

  // Where a day lies: in its bucket, where the line is cut by week or coarser.
  function placed(day, grain) {
    const at = new Date(`${day}T00:00:00Z`);
    if (grain === "week") at.setTime(at.getTime() - ((at.getUTCDay() + 6) % 7) * DAY);
    if (["month", "quarter", "year"].includes(grain)) at.setUTCDate(1);
    if (grain === "quarter") at.setUTCMonth(at.getUTCMonth() - (at.getUTCMonth() % 3));
    if (grain === "year") at.setUTCMonth(0);
    return at.toISOString().slice(0, 10);
  }

  function draw(tile) {
    const body = tile.querySelector(".tile-body");
    const node = figure(tile);
    const old = body.querySelector(".events");
    if (!node || known?.address !== address()) return old?.remove();
    const { xaxis, _size: size } = node._fullLayout;
    const grain = node.drawn?.grain || "day";
    const found = known.marks
      .filter((mark) => isOf(mark, tile))
      .map((mark) => ({ ...mark, at: xaxis.d2p(placed(mark.day, grain)) }))
      .filter(({ at }) => at >= -1 && at <= xaxis._length + 1)
      .sort((a, b) => a.at - b.at);
    if (!found.length) return old?.remove();
    const groups = [];
    for (const mark of found) {
      const last = groups.at(-1);
      if (last && mark.at - last.at < APART_PX) last.marks.push(mark);
      else groups.push({ at: mark.at, marks: [mark] });
    }
    const left = (at) => `left:${(xaxis._offset + at).toFixed(1)}px`;
    const foot = size.t + size.h;
    const box = h(
      "div",
      { class: "events", role: "group", "aria-label": "Events and notes", style: `top:${node.offsetTop}px` },
      groups.map(({ at, marks }) => [
        h("span", { class: "event-line", style: `${left(at)};top:${size.t}px;height:${size.h}px` }),
        spanOf(marks, xaxis, foot, grain),
        button(marks, `${left(at)};top:${foot - 17}px`),
      ]),
    );
    if (old) old.replaceWith(box);
    else body.append(box);
  }

  // How long the one event of a mark lasted, as a bar on the axis that shows while it is pointed at.
  function spanOf(marks, xaxis, foot, grain) {
    const [mark] = marks;
    if (marks.length > 1 || !mark.end || mark.end === mark.day) return null;
    const to = Math.min(xaxis._length, xaxis.d2p(placed(mark.end, grain)));
    const wide = to - mark.at;
    if (!(wide > 0)) return null;
    const style = `left:${xaxis._offset + mark.at}px;width:${wide}px;top:${foot - 2}px`;
    return h("span", { class: `event-span is-${mark.kind}`, style });
  }

  const said = (mark) =>
    mark.note
      ? [`${mark.when} · ${mark.author}`, mark.text]
      : [`${mark.when} · ${mark.label}`, mark.text, mark.detail];

  function button(marks, style) {
    const numbers = marks.map((mark) => mark.number);
    const label = numbers.length > 1 ? `${numbers[0]}–${numbers.at(-1)}` : `${numbers[0]}`;
    const texts = marks.length > 1 ? [`${marks.length} at this place`, ...marks.map((m) => said(m).slice(0, 2).join(": "))] : said(marks[0]);
    return h(
      "button",
      {
        class: ["event-mark", ...new Set(marks.map((mark) => `is-${mark.kind}`)), marks.length > 1 && "is-many"].filter(Boolean).join(" "),
        style,
        "aria-label": `${label}: ${marks.map((mark) => said(mark).join(", ")).join("; ")}`,
        "aria-haspopup": "menu",
        onclick: (event) => open(event.currentTarget, marks),
        oncontextmenu: (event) => (event.preventDefault(), open(event.currentTarget, marks)),
        ...playhead.tip.on(texts),
      },
      label,
    );
  }

  const shift = (day, days) => new Date(Date.parse(day) + days * DAY).toISOString().slice(0, 10);

  // The menu of a mark: what it was, where to read on, and what to do with its day.
  function open(anchor, marks) {
    playhead.tip.hide();
    const tile = anchor.closest(".tile");
    const [mark] = marks;
    const isOne = marks.length === 1;
    const links = marks.filter((one) => one.href && one.href.split("?")[0] !== location.pathname);
    const entries = [
      ...links.map((one) => [isOne ? "Read on" : `Read on: ${one.text}`, () => go(one.href)]),
      ...(mark.note && isOne ? playhead.notes.deeds(mark.note) : []),
      playhead.page().compares
        ? ["Two weeks before and after", () => playhead.view.set({ period: `${mark.day} to ${shift(mark.day, 13)}`, compare: `${shift(mark.day, -14)} to ${shift(mark.day, -1)}`, grain: "day" })]
        : null,
      ["Note to this day …", () => playhead.notes.write(tile, [mark.day, mark.day])],
      ["All events and notes", () => playhead.events.list(tile)],
    ];
    const head = h(
      "div",
      { class: "event-said" },
      marks.map((one) => {
        const [when, text, detail] = said(one);
        return h("p", {}, h("small", {}, when), h("span", {}, text), detail ? h("small", {}, detail) : null);
      }),
    );
    playhead.menu.open(anchor, isOne ? mark.text : `${marks.length} events`, entries, head);
  }

  function go(href) {
    const [path, query] = href.split("?");
    playhead.view.go(query ? `?${query}` : "", path);
  }

  const drawAll = () => overTime().forEach(draw);

  window.addEventListener("playhead:painted", ({ detail: tile }) => {
    draw(tile);
    const node = figure(tile);
    if (!node) return;
    if (!heard.has(node)) {
      heard.add(node);
      node.on("plotly_afterplot", () => node.isConnected && draw(tile));
    }
    later();
  });

  function later() {
    if (known?.address === address()) return;
    clearTimeout(pause);
    pause = setTimeout(() => ask().then(drawAll, () => {}), AFTER_MS);
  }

  window.addEventListener("playhead:view", () => {
    if (known && known.address !== address() && overTime().length) later();
  });

  async function again() {
    forget();
    const found = await ask();
    drawAll();
    return found;
  }

  playhead.events ??= {};
  Object.assign(playhead.events, { tell, ask, again, go, hasTime: (tile) => Boolean(figure(tile)) });
})();
