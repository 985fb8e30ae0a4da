// Wires the page: configuration, language, checkout and views.

import { Api } from "./api.js";
import { Checkout } from "./checkout.js";
import { loadLanguage, onForeignChange, saveLanguage } from "./vault.js";
import { renderOffer } from "./offer.js";
import { renderPanel, tick } from "./panel.js";
import { TEXTS, explain } from "./texts.js";

const byId = (id) => document.getElementById(id);

const view = {
  language: loadLanguage(), texts: null, config: null, checkout: null,
  announce: (text) => { byId("status").textContent = text; },
};

function setLanguage(language) {
  view.language = language;
  view.texts = TEXTS[language];
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = view.texts.page;
  for (const id of ["badge", "badge_more", "foot", "skip"]) byId(id).textContent = view.texts[id];
  byId("languages").setAttribute("aria-label", view.texts.languages);
  for (const button of byId("languages").children) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
}

let shown = null;

/** Draw again; when the phase is new, say so and put the reader at its heading. */
function render() {
  const { checkout } = view;
  const isNew = shown !== null && shown !== checkout.phase;
  const focused = document.activeElement?.id ?? "";
  document.body.dataset.phase = checkout.phase;
  byId("offer").replaceChildren(...renderOffer(view));
  byId("panel").replaceChildren(...renderPanel(view));
  tick(view);
  if (isNew) {
    view.announce(announcement());
    if (shown !== "loading") byId("panel-title")?.focus({ preventScroll: false });
  } else if (focused !== "") {
    byId(focused)?.focus();
  }
  shown = checkout.phase;
}

function announcement() {
  const { checkout, texts } = view;
  if (checkout.phase === "failed") return explain(texts, checkout.error.code)[0];
  const words = { creating: texts.creating, waiting: texts.scan, claiming: texts.claiming,
    licensed: texts.licensed, code_expired: texts.code_expired, closed: texts.closed,
    order_expired: texts.order_expired, refunding: texts.refunding };
  return words[checkout.phase] ?? "";
}

byId("languages").addEventListener("click", (event) => {
  const language = event.target.closest("button")?.dataset.language;
  if (language === undefined) return;
  saveLanguage(language);
  setLanguage(language);
  render();
});

setLanguage(view.language);
view.config = await (await fetch("config.json", { cache: "no-store" })).json();
view.checkout = new Checkout(new Api(view.config.functions), view.config.roots);
view.checkout.addEventListener("change", render);
onForeignChange(() => view.checkout.start());
setInterval(() => tick(view), 1000);
await view.checkout.start();
