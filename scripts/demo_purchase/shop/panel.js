// The right side: what to do now. One function for each phase of the checkout.

import { h, icon } from "./dom.js";
import { renderLicense } from "./license.js";
import { explain, formatCountdown, formatPrice } from "./texts.js";

const SOON_S = 60;

/** The panel of the phase the checkout is in. */
export function renderPanel(view) {
  return PHASES[view.checkout.phase](view).filter(Boolean);
}

/** Once a second: the time left. */
export function tick({ checkout }) {
  const timer = document.getElementById("time-left");
  if (timer === null || !checkout?.order?.payment) return;
  const seconds = checkout.order.payment.expires_at_s - Date.now() / 1000;
  timer.textContent = formatCountdown(seconds);
  timer.dataset.soon = String(seconds < SOON_S);
}

const PHASES = {
  loading: ({ texts }) => [title(texts.loading, "unseen"), h("div.bone.tall", { "aria-hidden": "true" })],
  choice: offerToPay,
  creating: offerToPay,
  waiting,
  code_expired: codeExpired,
  order_expired: ({ checkout, texts }) => over("clock", texts.order_expired,
    texts.order_expired_lead, again(checkout, texts)),
  closed: ({ checkout, texts }) => over("alert", texts.closed, texts.closed_lead,
    again(checkout, texts)),
  refunding: ({ checkout, texts }) => over("refresh", texts.refunding, texts.refunding_lead,
    again(checkout, texts)),
  claiming: ({ texts }) => [h("div.centre", {}, h("div.spinner", { "aria-hidden": "true" }),
    title(texts.claiming))],
  licensed: renderLicense,
  failed,
};

function title(text, kind = "") {
  return h(`h2${kind && `.${kind}`}`, { id: "panel-title", tabindex: "-1" }, text);
}

function offerToPay({ checkout, language, texts }) {
  const busy = checkout.phase === "creating";
  const price = checkout.product ? formatPrice(checkout.product.prices[0], language) : "";
  return [
    title(texts.total, "small-title"),
    h("p.amount", {}, price || " "),
    h("button.primary", { type: "button", id: "pay", "aria-busy": String(busy),
      "aria-disabled": busy ? "true" : null, onclick: () => { if (!busy) checkout.place(); } },
      busy && h("span.spinner.small", { "aria-hidden": "true" }),
      busy ? texts.creating : texts.pay(price)),
    h("h3.small-title", {}, texts.how),
    h("ol.steps", {}, [texts.how_scan, texts.how_confirm, texts.how_done].map(
      (text) => h("li", {}, text))),
  ];
}

function waiting(view) {
  const { checkout, config, language, texts } = view;
  const { value } = checkout.order.payment;
  const price = formatPrice(checkout.order.price, language);
  return [
    title(texts.scan),
    tile(h("img", { src: qrAddress(value), alt: texts.qr_label(price), width: "232",
      height: "232" })),
    h("p.time-left", {}, icon("clock"), `${texts.expires_in} `,
      h("span", { id: "time-left", role: "timer" })),
    checkout.online
      ? h("p.pulse", {}, h("span.dot", { "aria-hidden": "true" }), texts.waiting)
      : h("p.notice", { role: "alert" }, icon("alert"), texts.offline),
    config.phone && h("a.secondary", { id: "phone", target: "_blank", rel: "noopener",
      href: `${config.phone}${encodeURIComponent(value)}&lang=${language}` }, icon("phone"), texts.phone,
      h("span.unseen", {}, texts.new_window)),
    h("div.row", {},
      h("button.quiet", { type: "button", id: "check", onclick: () => checkout.checkNow() },
        texts.paid_already),
      h("button.quiet", { type: "button", id: "other", onclick: () => checkout.startOver() },
        texts.other_product)),
    h("p.fine", {}, texts.album),
  ];
}

function codeExpired({ checkout, texts }) {
  const busy = checkout.refreshing;
  return [
    title(texts.code_expired),
    tile(h("div.no-code", {}, icon("clock"))),
    h("p.lead", {}, texts.code_expired_lead),
    h("button.primary", { type: "button", id: "refresh", "aria-busy": String(busy),
      "aria-disabled": busy ? "true" : null, onclick: () => { if (!busy) checkout.place(); } },
      busy ? h("span.spinner.small", { "aria-hidden": "true" }) : icon("refresh"),
      busy ? texts.refreshing : texts.refresh),
    h("div.row", {}, h("button.quiet", { type: "button", id: "other",
      onclick: () => checkout.startOver() }, texts.other_product)),
  ];
}

function failed({ checkout, texts }) {
  const { code, step, retryAfterS, requestId } = checkout.error;
  const [what, guidance] = explain(texts, code);
  const hopeless = ["PROVIDER_REFUSED", "PRODUCT_NOT_FOUND", "ORDER_NOT_FOUND",
    "IDEMPOTENCY_KEY_REUSED", "LICENSE_EXPIRED", "LICENSE_SUSPENDED"].includes(code);
  return [h("div.centre", { role: "alert" },
    h("span.medal.warn", {}, icon("alert")),
    title(what),
    h("p.lead", {}, guidance, retryAfterS ? ` ${texts.retry_in(retryAfterS)}` : ""),
    !hopeless && h("button.primary", { type: "button", id: "retry",
      onclick: () => checkout.retry() }, icon("refresh"), texts.retry),
    (hopeless || step !== "start") && h(hopeless ? "button.primary" : "button.quiet",
      { type: "button", id: "over", onclick: () => checkout.startOver() }, texts.start_over),
    h("p.fine", {}, h("code", {}, code), requestId && [h("br"), texts.help, h("br"),
      h("code", {}, requestId)]))];
}

function again(checkout, texts) {
  return h("button.primary", { type: "button", id: "again",
    onclick: () => checkout.startOver() }, texts.again);
}

function over(sign, what, guidance, action) {
  return [h("div.centre", {}, h("span.medal", {}, icon(sign)), title(what),
    h("p.lead", {}, guidance), action)];
}

/** White in every theme, with the quiet zone inside the picture: a scanner needs both. */
function tile(content) {
  return h("div.tile", {}, content);
}

function qrAddress(value) {
  return `qr.svg?text=${encodeURIComponent(value)}`;
}
