/** The popup: counting for everybody, the outline for who has Reader Pro, and one click to buy it. */

import type { LicenseState, PayErrorCode } from "../../../sdk/src/index";
import type { PopupModel } from "../popup_model";
import { count, outline } from "../reader";
import type { Context } from "../ui/context";
import { formatMoney } from "../ui/format";
import { icon } from "../ui/icons";
import { refundTerms } from "../ui/policy";
import { h, type VNode } from "../ui/vnode";

export type PopupContext = Pick<Context, "say" | "language"> & { readonly type: (text: string) => void };

export function popupView(model: PopupModel, context: PopupContext): VNode[] {
  const { say } = context;
  const isActive = model.license.status === "active";
  return [
    h("header.bar", {}, h("h1.brand", { id: "title" },
      h("img", { src: "icons/coin.svg", alt: "", width: 24, height: 24 }), say("name"),
      isActive && h("span.chip", { "data-kind": "paid" }, "Pro")),
      h("nav", { "aria-label": say("sections") }, h("a", { id: "manage",
        href: page(isActive ? "license" : "restore") }, say(isActive ? "nav_license" : "nav_restore")))),
    h("main", {}, reading(model, context),
      isActive ? summary(model, context) : locked(model, context)),
  ];
}

function page(view: string): string {
  return `pay.html?view=${view}`;
}

function reading({ text }: PopupModel, { say, type }: PopupContext): VNode {
  const { words, minutes } = count(text);
  return h("section.reading", {},
    h("label.unseen", { for: "text" }, say("paste_label")),
    h("textarea", { id: "text", rows: 5, value: text, placeholder: say("paste_here"),
      oninput: (event) => type((event.target as HTMLTextAreaElement).value) }),
    h("p.counts", {}, h("strong", {}, say("words", String(words))), " ",
      h("span", {}, say("minutes", String(minutes)))));
}

function summary({ text }: PopupModel, { say }: PopupContext): VNode {
  const entries = outline(text);
  return h("section.outline", {}, h("h2.small-title", {}, say("outline")),
    entries.length === 0 ? h("p.fine", {}, say("outline_empty"))
      : h("ul", {}, entries.map(({ kind, text: line }) => h("li", { "data-kind": kind }, line))));
}

function locked(model: PopupModel, context: PopupContext): VNode {
  const { say, language } = context;
  const { product, license, order } = model;
  if (order === "paid") return card(say("claiming"), say("order_paid_text"), say("details"), "pay");
  if (order === "waits") return card(say("order_waits"), say("order_waits_text"), say("go_on_paying"), "pay");
  const trouble = troubleOf(license);
  if (trouble !== null) {
    return card(say(`error_${trouble}_title`), say(`error_${trouble}_text`), say("see_why"), "license");
  }
  const price = product && formatMoney(product.price, language);
  return h("section.card", { key: "offer" },
    h("p.small-title", {}, icon("lock"), say("pro_name")),
    h("p.lead", {}, say("pro_about")),
    h("a.primary", { id: "buy", href: page("pay") },
      price === null ? say("unlock") : say("unlock_for", price)),
    h("p.fine.middle", {}, product === null ? ""
      : refundTerms(say, product.refundPolicy, product.price), " ",
    h("a", { id: "offer", href: page("offer") }, say("details"))));
}

function card(heading: string, text: string, way: string, view: string): VNode {
  return h("section.card", { key: view }, h("h2", {}, heading), h("p.lead", {}, text),
    h("a.primary", { id: view, href: page(view) }, way));
}

/** Why a license that was there does not unlock; null: there was none. */
function troubleOf(license: LicenseState): PayErrorCode | null {
  switch (license.status) {
    case "none": case "active": return null;
    case "invalid": return license.error.code;
    case "removed": return "device_not_active";
    default: return `license_${license.status}`;
  }
}
