// The left side: what is for sale, later what was chosen.

import { h, icon } from "./dom.js";
import { formatPrice, formatTime } from "./texts.js";
import { earlierPurchases } from "./vault.js";

const CHOOSING = ["choice", "creating"];

export function renderOffer(view) {
  const { checkout, texts } = view;
  if (checkout.order !== null && !CHOOSING.includes(checkout.phase)) return summary(view);
  if (checkout.products.length === 0) {
    const waiting = checkout.phase === "loading";
    return [h("h1", { id: "offer-title" }, texts.offer), h("p.lead", {}, texts.offer_lead),
      waiting && h("div.bones", { "aria-busy": "true", "aria-label": texts.loading, role: "img" },
        h("div.bone"), h("div.bone"))].filter(Boolean);
  }
  return [
    h("h1", { id: "offer-title" }, texts.offer),
    h("p.lead", {}, texts.offer_lead),
    h("fieldset.choices", { disabled: checkout.phase !== "choice", "aria-labelledby": "offer-title" },
      checkout.products.map((product) => choice(view, product))),
    gets(texts),
    earlier(view),
  ].filter(Boolean);
}

function earlier({ checkout, language, texts }) {
  const purchases = earlierPurchases();
  if (purchases.length === 0 || checkout.phase !== "choice") return null;
  return h("details.earlier", {}, h("summary", {}, texts.earlier(purchases.length)),
    h("ul", {}, purchases.map((purchase) => h("li", {}, h("button.quiet",
      { type: "button", onclick: () => checkout.resume(purchase) },
      `${purchase.order.title} · ${formatTime(purchase.order.created_at_s, language)}`)))));
}

function choice({ checkout, language, texts }, product) {
  const id = `product-${product.product_id}`;
  return h("label.choice", { for: id },
    h("input", { type: "radio", name: "product", id, value: product.product_id,
      checked: product.product_id === checkout.productId,
      "aria-describedby": `${id}-about ${id}-refund`,
      onchange: () => checkout.choose(product.product_id) }),
    h("span.choice-text", {},
      h("span.choice-title", {}, product.titles[language]),
      h("span.choice-about", { id: `${id}-about` }, product.descriptions[language]),
      h("span.choice-refund", { id: `${id}-refund` },
        refundTerms(texts, product.refund_policy, product.prices[0]))),
    h("span.choice-price", {}, formatPrice(product.prices[0], language)));
}

/** What the buyer agrees to by paying: when the money comes back without asking anybody. */
export function refundTerms(texts, policy, price) {
  if (!policy) return texts.refund_none;
  const most = policy.approval_above;
  return texts.refund_terms(policy.window_days, policy.only_if_never_activated,
    Boolean(most) && price.amount_minor > most.amount_minor);
}

function gets(texts) {
  return h("div.gets", {}, h("h2.small-title", {}, texts.gets),
    h("ul", {}, [texts.get_instant, texts.get_offline, texts.get_private].map(
      (text) => h("li", {}, icon("check"), text))));
}

function summary(view) {
  const { checkout, language, texts } = view;
  const { order, product } = checkout;
  return [
    h("h1.small-title", { id: "offer-title" }, texts.your_order),
    h("p.sum-title", {}, product?.titles[language] ?? order.title),
    h("p.sum-price", {}, formatPrice(order.price, language)),
    product && h("p.lead", {}, product.descriptions[language]),
    h("dl.facts", {}, h("div", {}, h("dt", {}, texts.refund),
      h("dd", {}, refundTerms(texts, order.refund_policy, order.price))),
    h("div", {}, h("dt", {}, texts.number),
      h("dd.copyable", {}, h("code", { id: "order-number" }, order.out_trade_no),
        copyButton(view, order.out_trade_no)))),
    progress(checkout.phase, texts),
  ].filter(Boolean);
}

function progress(phase, texts) {
  const reached = { waiting: 0, claiming: 2, licensed: 3 }[phase];
  if (reached === undefined) return null;
  const steps = [texts.how_scan, texts.how_confirm, texts.how_done];
  return h("ol.steps", {}, steps.map((text, place) => h("li", {
    "data-state": place < reached ? "done" : place === reached ? "now" : "next",
    "aria-current": place === reached ? "step" : null }, text)));
}

/** A button that copies `text` and says so. */
export function copyButton({ announce, texts }, text, label = texts.copy) {
  const word = h("span", {}, label);
  const button = h("button.quiet.copy", { type: "button", id: `copy-${text.slice(0, 12)}` },
    icon("copy"), word);
  button.addEventListener("click", async () => {
    let said = texts.copied;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      said = texts.copy_failed;
    }
    word.textContent = said;
    announce(said);
    setTimeout(() => { word.textContent = label; }, 2000);
  });
  return button;
}
