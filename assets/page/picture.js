// A tile as a PNG: exactly what is on the screen, its dates and data version included.
(() => {
  const playhead = (window.playhead ??= {});
  const SCALE = 2;

  // A picture is as wide as its tile: what the window decided must not be decided again.
  const text = (rule) => {
    if (!(rule instanceof CSSMediaRule)) return [rule.cssText];
    return matchMedia(rule.media.mediaText).matches ? [...rule.cssRules].flatMap(text) : [];
  };

  const styles = () =>
    [...document.styleSheets]
      .flatMap((sheet) => {
        try {
          return [...sheet.cssRules].flatMap(text);
        } catch {
          return [];
        }
      })
      .filter((rule) => !rule.startsWith("@import"));

  // A picture may fetch nothing, so the typeface is put into it.
  const embedded = async (rule) => {
    const found = rule.startsWith("@font-face") && /url\("?([^")]+)"?\)/.exec(rule);
    if (!found) return rule.startsWith("@font-face") ? "" : rule;
    const blob = await (await fetch(found[1])).blob();
    const url = await new Promise((done) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result);
      reader.readAsDataURL(blob);
    });
    return rule.replace(found[1], url);
  };

  playhead.picture = async (tile) => {
    const { width, height } = tile.getBoundingClientRect();
    const copy = tile.cloneNode(true);
    copy.querySelector(".tile-menu")?.remove();
    copy.style.width = `${width}px`;
    copy.style.height = `${height}px`;
    const root = document.createElement("div");
    root.setAttribute("data-mantine-color-scheme", playhead.scheme());
    root.setAttribute("xmlns", "http://www.w3.org/1999/xhtml");
    root.className = "picture";
    const style = document.createElement("style");
    style.textContent = (await Promise.all(styles().map(embedded))).join("\n");
    root.append(style, copy);
    const inside = new XMLSerializer().serializeToString(root);
    const source = `<svg xmlns="http://www.w3.org/2000/svg" width="${width * SCALE}" height="${height * SCALE}" viewBox="0 0 ${width} ${height}"><foreignObject width="100%" height="100%">${inside}</foreignObject></svg>`;
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = width * SCALE;
    canvas.height = height * SCALE;
    canvas.getContext("2d").drawImage(image, 0, 0);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    const link = playhead.h("a", { href: URL.createObjectURL(blob), download: `${name(tile)}.png` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 5000);
  };

  const name = (tile) => tile.dataset.title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
})();
