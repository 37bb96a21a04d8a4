// Pins: a headline or a sparkline put on top of Pulse, by its menu. They live in Pulse's URL alone; a
// pin of another page joins those that Pulse had when it was left.
(() => {
  const playhead = (window.playhead ??= {});
  const HOME = "/";
  const MOST = 8;

  let left = location.pathname === HOME ? location.search : "";
  window.addEventListener("playhead:view", () => {
    if (location.pathname === HOME) left = location.search;
  });

  playhead.pins = (tile) => {
    const drawing = playhead.answers.drawing(tile)?.drawing;
    const { dataset, metric } = tile.dataset;
    if (drawing?.kind === "number" && metric) return [entry(`${dataset}.${metric}`)];
    if (drawing?.kind !== "sparklines") return [];
    const { lines } = drawing.content;
    return lines.map((line) => entry(`${dataset}.${line.metric}`, lines.length > 1 ? ` ${line.label}` : ""));
  };

  function entry(pin, named = "") {
    const search = location.pathname === HOME ? location.search : left;
    const pairs = [...new URLSearchParams(search)];
    const isPin = ([key, value]) => key === "pin" && value === pin;
    if (location.pathname === HOME && pairs.some(isPin)) {
      return [`Unpin${named}`, () => open(pairs.filter((pair) => !isPin(pair)))];
    }
    const add = () => {
      const others = pairs.filter((pair) => !isPin(pair));
      if (others.filter(([key]) => key === "pin").length >= MOST) return playhead.say(`Unpin one first: there are ${MOST} pins`);
      open([...others, ["pin", pin]]);
    };
    return [named ? `Pin${named} to the top` : "Pin to the top of Pulse", add];
  }

  const open = (pairs) => playhead.view.go(playhead.view.text(pairs), HOME);
})();
