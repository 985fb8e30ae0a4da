/** The code that WeChat scans: how much, for which order, and what to do when it does not work. */

import type { CheckoutState, OrderSummary } from "../../../sdk/src/index";
import type { Model } from "../model";
import type { Context } from "../ui/context";
import { formatCountdown, formatMoney } from "../ui/format";
import { icon } from "../ui/icons";
import { button, copyableFact, title } from "../ui/parts";
import { qrCode } from "../ui/qr";
import { troubleNotice } from "../ui/trouble";
import { h, type VNode } from "../ui/vnode";

const COUNTDOWN_FROM_MS = 5 * 60_000;

type Awaiting = Extract<CheckoutState, { phase: "awaiting_payment" }>;

export function paymentCode(model: Model, context: Context, checkout: Awaiting): VNode[] {
  const { say, language } = context;
  const { order, payment } = checkout;
  const price = formatMoney(order.price, language);
  return [
    h("div.heading", {}, title(say("scan")), h("p.sum", {}, order.title,
      h("strong", {}, price))),
    h("div.tile", { key: "tile" }, qrCode(payment.value, say("scan_label", price))),
    progress(model, context, checkout),
    model.error === null ? null : troubleNotice(context, model.error),
    h("dl.facts", {},
      copyableFact(model, context, say("order_number"), "copy-order", order.orderNumber)),
    buttons(model, context),
    h("p.fine.middle", {}, say("no_album")),
  ].filter((part) => part !== null);
}

function progress(model: Model, { say }: Context, { online, payment }: Awaiting): VNode {
  const leftMs = payment.expiresAt.getTime() - model.nowMs;
  if (!online) {
    return h("p.notice", { role: "alert", key: "offline" }, icon("alert"),
      h("span", {}, say("offline")));
  }
  if (leftMs > COUNTDOWN_FROM_MS) {
    return h("p.pulse", { key: "pulse" }, h("span.dot", { "aria-hidden": "true" }), say("waiting"));
  }
  return h("p.pulse.soon", { key: "soon" }, icon("clock"), h("span", {}, say("code_ends_in"), " ",
    h("span.time", { role: "timer" }, formatCountdown(leftMs))));
}

function buttons(model: Model, { say, act }: Context): VNode {
  return h("div.stack", {},
    h(model.inPopup ? "div.pair" : "div.stack", {},
      button(model, say("paid_already"), { id: "check", kind: "secondary",
        working: say("checking"), onclick: act.checkNow }),
      model.inPopup && button(model, say("open_window"), { id: "window", kind: "secondary",
        icon: "window", onclick: act.openWindow })),
    h("div.row", {}, button(model, say("cancel_order"), { id: "cancel", kind: "quiet",
      onclick: act.cancelOrder })));
}

/** The old code is not there at all: nobody can scan what would be refused. */
export function codeExpired(model: Model, context: Context, order: OrderSummary): VNode[] {
  const { say, act, language } = context;
  return [
    h("div.heading", {}, title(say("code_expired_title")), h("p.sum", {}, order.title,
      h("strong", {}, formatMoney(order.price, language)))),
    h("div.tile", { key: "tile" }, h("div.no-code", {}, icon("clock"))),
    h("p.lead.middle", {}, say("code_expired_text")),
    model.error === null ? null : troubleNotice(context, model.error),
    button(model, say("refresh_code"), { id: "refresh", icon: "refresh",
      working: say("refreshing"), onclick: act.refreshCode }),
    h("div.row", {},
      button(model, say("paid_already"), { id: "check", kind: "quiet",
        working: say("checking"), onclick: act.checkNow }),
      button(model, say("cancel_order"), { id: "cancel", kind: "quiet", onclick: act.cancelOrder })),
  ].filter((part) => part !== null);
}
