// What a page may be asked to suppose: each field is an option of the URL, empty where it is the page's own.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const kinds = (playhead.kinds ??= {});

  kinds.inputs = (body, { content }) => {
    const asked = content.groups.flatMap((group) => group.fields).map((field) => field.name);
    const isChanged = asked.some((name) => playhead.view.option(name));
    body.replaceChildren(
      h(
        "div",
        { class: "inputs" },
        content.groups.map((group) =>
          h(
            "fieldset",
            { class: "inputs-group" },
            h("legend", {}, group.label),
            group.fields.map(fieldOf),
          ),
        ),
        isChanged
          ? h(
              "button",
              {
                class: "button is-quiet",
                type: "button",
                onclick: () => playhead.view.set(Object.fromEntries(asked.map((name) => [name, null]))),
              },
              "Back to the usual",
            )
          : null,
      ),
    );
  };

  function fieldOf(field) {
    const set = (event) => playhead.view.set({ [field.name]: event.target.value.trim() || null });
    const attributes = { class: "input", name: field.name, onchange: set };
    const input = field.choices
      ? h(
          "select",
          attributes,
          field.choices.map(([value, label]) => h("option", { value, selected: value === field.value }, label)),
        )
      : h("input", {
          ...attributes,
          inputmode: "decimal",
          autocomplete: "off",
          value: field.value,
          placeholder: field.usual,
        });
    return h(
      "label",
      { class: `inputs-field${field.value && !field.choices ? " is-set" : ""}`, title: field.about },
      h("span", {}, field.label, field.unit ? h("small", {}, ` ${field.unit}`) : null),
      input,
    );
  }
})();
