// Frozen forecasts: freeze what the page supposes, and list those before with what came of them.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;
  const kinds = (playhead.kinds ??= {});

  async function tell(verb, body) {
    const response = await fetch(`/-/forecasts/${verb}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ path: location.pathname, ...body }),
      credentials: "same-origin",
    });
    const answer = await response.json();
    if (!response.ok) throw new Error([answer.error?.message, answer.error?.hint].filter(Boolean).join(" "));
    return answer;
  }

  kinds.frozen = (body, { content }) => {
    const list = h("div", { class: "table-scroll", tabindex: "0" });
    const name = h("input", { class: "input", name: "forecast-name", maxlength: 120, required: true, placeholder: "Working title" });
    const production = h(
      "select",
      { class: "input", name: "forecast-production" },
      h("option", { value: "" }, "no production yet"),
      content.productions.map(([value, label]) => h("option", { value }, label)),
    );
    const said = h("p", { class: "frozen-said", role: "status" });
    const form = h(
      "form",
      { class: "frozen-form", onsubmit: freeze },
      h("label", { class: "inputs-field" }, h("span", {}, "Programme"), name),
      h("label", { class: "inputs-field" }, h("span", {}, "Checked by the launch of"), production),
      h("button", { class: "button", type: "submit" }, "Freeze this forecast"),
      said,
    );
    body.replaceChildren(form, list);
    show();

    async function freeze(event) {
      event.preventDefault();
      said.textContent = "";
      const chosen = Number(production.value) || null;
      try {
        await tell("freeze", { name: name.value, production: chosen, query: location.search });
        name.value = "";
        said.textContent = "Frozen. It stays as it is.";
        await show();
      } catch (error) {
        said.textContent = error.message;
      }
    }

    async function show() {
      try {
        const { forecasts } = await tell("list", {});
        list.replaceChildren(forecasts.length ? table(forecasts) : h("p", { class: "more" }, "No forecast was frozen yet."));
      } catch (error) {
        list.replaceChildren(h("p", { class: "more" }, error.message));
      }
    }
  };

  function table(forecasts) {
    const heads = ["Programme", "Frozen", "P50 (P10 to P90)", "Break-even", "P(success)", "What came", "Data"];
    return h(
      "table",
      { class: "table" },
      h("thead", {}, h("tr", {}, heads.map((text, i) => h("th", { scope: "col", class: i ? null : "is-text" }, text)))),
      h(
        "tbody",
        {},
        forecasts.map((one) =>
          h(
            "tr",
            { title: one.inputs },
            h("th", { scope: "row", class: "is-text" }, h("button", { class: "cell-link", onclick: () => playhead.view.go(one.search) }, one.name)),
            [one.frozen, one.forecast, one.wanted, one.chance].map((text) => h("td", {}, text)),
            h("td", { class: `is-${one.tone}` }, one.outcome),
            h("td", {}, one.version),
          ),
        ),
      ),
    );
  }
})();
