// Options of a page besides its filters: a control each, which only changes the URL.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const kinds = (playhead.kinds ??= {});

  kinds.options = (body, { content }) => {
    body.replaceChildren(
      h("div", { class: "page-options" }, content.options.map(control), content.said ? h("p", {}, content.said) : null),
    );
  };

  // What another control has the choices of is left out when that one changes.
  function control({ name, label, value, choices, clears = [] }) {
    const known = choices.some((choice) => choice.value === value);
    const all = known || !value ? choices : [{ value, label: value }, ...choices];
    return h(
      "label",
      {},
      h("span", {}, label),
      h(
        "select",
        { class: "control", "data-option": name, onchange: (event) => playhead.view.set({ [name]: event.target.value, ...Object.fromEntries(clears.map((one) => [one, ""])) }) },
        all.map((choice) => h("option", { value: choice.value, selected: choice.value === value }, choice.label)),
      ),
    );
  }
})();
