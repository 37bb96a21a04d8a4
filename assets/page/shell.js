// The pages' list on a narrow screen: opened by the burger, closed by going somewhere.
(() => {
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    shell: {
      toggle(opened, _path, navbar) {
        const [trigger] = window.dash_clientside.callback_context.triggered;
        const mobile = trigger?.prop_id.startsWith("burger") ? !opened : true;
        if (mobile && opened) window.dash_clientside.set_props("burger", { opened: false });
        return { ...navbar, collapsed: { mobile } };
      },
    },
  });

  // Whose rows are ruled is told so on every page: a link shows them other numbers than its sender.
  playhead.own = (values) => {
    const own = document.getElementById("own-rows");
    if (!own || !values.length) return;
    const more = values.length - 2;
    own.textContent = `You see only ${values.slice(0, 2).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    own.title = `You see rows of these only: ${values.join(", ")}`;
    own.hidden = false;
  };
})();
