// The bought license: what it unlocks, until when, and the proof that was checked here.

import { h, icon } from "./dom.js";
import { copyButton } from "./offer.js";
import { formatDay, formatTime } from "./texts.js";

export function renderLicense(view) {
  const { checkout, language, texts } = view;
  const { purchase, verified } = checkout;
  const { header, claims } = verified;
  return [
    h("div.done", {}, h("span.medal", {}, icon("check")),
      h("h2", { id: "panel-title", tabindex: "-1" }, texts.licensed)),
    h("div.certificate", {},
      h("p.small-title", {}, texts.yours),
      h("p.certificate-title", {}, checkout.product?.titles[language] ?? purchase.order.title),
      h("dl.facts", {},
        fact(texts.entitlements, h("span.chips", {}, claims.ent.map((name) => h("code", {}, name)))),
        fact(texts.valid_until, claims.lexp === null ? texts.for_ever : formatDay(claims.lexp, language)),
        fact(texts.lease_until, formatDay(claims.exp, language)),
        fact(texts.paid_at, formatTime(purchase.license.paid_at_s, language)),
        fact(texts.license_key, h("code", {}, purchase.license.license_key)),
        fact(texts.license_id, h("code", {}, claims.sub))),
      h("div.proof", {}, icon("shield"), h("div", {},
        h("strong", {}, `${texts.verified} ✓`),
        h("p", {}, texts.verified_lead(header.kid, verified.tookMs.toFixed(1)))))),
    h("details", {}, h("summary", {}, texts.details),
      block(texts.header, header), block(texts.claims, claims),
      h("div.row", {}, copyButton(view, purchase.lease, texts.copy_lease))),
    h("button.quiet.wide", { type: "button", id: "another", onclick: () => checkout.startOver() },
      texts.buy_another),
  ];
}

function fact(name, ...value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, ...value));
}

function block(name, value) {
  return h("figure", {}, h("figcaption.small-title", {}, name),
    h("pre", { tabindex: "0" }, JSON.stringify(value, null, 2)));
}
