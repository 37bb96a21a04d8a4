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
})();
