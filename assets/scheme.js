// Set light or dark before the first paint, as Mantine will a moment later.
(() => {
  const kept = localStorage.getItem("mantine-color-scheme-value");
  const dark =
    kept === "dark" || (kept !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
