// Certificates: who of a metric's unit stands for its definition. An edit of it drops them.
(() => {
  const playhead = (window.playhead ??= {});
  const { h } = playhead;

  let known = { certificates: {}, may_certify: [] };
  const name = (m) => `${m.dataset}.${m.name}`;

  // Refused in words, which are shown; then null.
  async function tell(verb, body) {
    try {
      return await playhead.events.tell(`/-/certificates/${verb}`, body);
    } catch (error) {
      playhead.say(error.message);
      return null;
    }
  }

  async function change(verb, m, button) {
    const body = button.closest(".tile-body");
    const answer = await tell(verb, { dataset: m.dataset, metric: m.name, fingerprint: m.fingerprint, seen: known.certificates[name(m)]?.id ?? "" });
    if (answer) {
      known.certificates[name(m)] = answer.certificate;
      playhead.say(answer.certificate ? `${m.label} is certified` : `The certificate of ${m.label} is taken back`);
    }
    body?.dispatchEvent(new CustomEvent("catalog:changed"));
    body?.querySelector(`[data-metric="${CSS.escape(name(m))}"] summary`)?.focus();
  }

  const act = (text, verb, m) =>
    h("button", { class: "button is-quiet", onclick: (event) => change(verb, m, event.currentTarget) }, text);

  playhead.certificates = {
    load: async () => (known = (await tell("list", {})) ?? known),
    of: (m) => known.certificates[name(m)],
    // What one may do with the certificate of a metric, or who may.
    deeds(m) {
      const certificate = known.certificates[name(m)];
      if (!m.fingerprint || m.status !== "agreed") return null;
      if (!known.may_certify.includes(m.owner)) {
        return certificate?.holds ? null : h("span", { class: "hint" }, `Editors of the unit ${m.owner} certify it.`);
      }
      return [
        certificate?.holds ? null : act(certificate ? "Certify it again" : "Certify this definition", "certify", m),
        certificate ? act("Take the certificate back", "take-back", m) : null,
      ];
    },
  };
})();
