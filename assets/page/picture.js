// A tile as a PNG: exactly what is on the screen, its dates and data version included.
(() => {
  const playhead = (window.playhead ??= {});
  const SCALE = 2;

  const styles = () =>
    [...document.styleSheets]
      .flatMap((sheet) => {
        try {
          return [...sheet.cssRules].map((rule) => rule.cssText);
        } catch {
          return [];
        }
      })
      .filter((rule) => !rule.startsWith("@import") && !rule.startsWith("@font-face"))
      .join("\n");

  playhead.picture = async (tile) => {
    const { width, height } = tile.getBoundingClientRect();
    const copy = tile.cloneNode(true);
    copy.querySelector(".tile-menu")?.remove();
    // Inside a picture Chromium lays out a button as wide as its text; a plain box as its grid says.
    for (const button of copy.querySelectorAll("button")) {
      const box = document.createElement("div");
      box.className = button.className;
      box.style.cssText = button.style.cssText;
      box.append(...button.childNodes);
      button.replaceWith(box);
    }
    copy.style.width = `${width}px`;
    copy.style.height = `${height}px`;
    const root = document.createElement("div");
    root.setAttribute("data-mantine-color-scheme", playhead.scheme());
    root.setAttribute("xmlns", "http://www.w3.org/1999/xhtml");
    root.className = "picture";
    const style = document.createElement("style");
    style.textContent = styles();
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
