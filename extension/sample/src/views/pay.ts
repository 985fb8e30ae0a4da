/** From the code to the license. WeChat tells nobody that a code was scanned, so no state says so. */

import type { CheckoutState, OrderSummary } from "../../../sdk/src/index";
import type { Model } from "../model";
import type { Context } from "../ui/context";
import { formatMoney } from "../ui/format";
import { button, centre, medal, title } from "../ui/parts";
import { troubleNotice, troubleScreen } from "../ui/trouble";
import { h, type VNode } from "../ui/vnode";
import { codeExpired, paymentCode } from "./payment_code";
import { paidView } from "./paid";

export function payView(model: Model, context: Context): VNode[] {
  const { checkout } = model;
  if (checkout === null) return working(context, "creating");
  switch (checkout.phase) {
    case "creating": return working(context, "creating");
    case "claiming": return working(context, "claiming");
    case "awaiting_payment": return paymentCode(model, context, checkout);
    case "code_expired": return codeExpired(model, context, checkout.order);
    case "closed": return closed(model, context, checkout.order);
    case "paid": return paidView(model, context, checkout);
    case "failed": return [...troubleScreen(model, context, checkout.error),
      ...(checkout.order === null ? [] : [orderLine(context, checkout.order)])];
  }
}

/** What a screen reader hears when the phase changes. */
export function payAnnouncement({ say, language }: Context, checkout: CheckoutState): string {
  switch (checkout.phase) {
    case "creating": case "claiming": return say(checkout.phase);
    case "awaiting_payment":
      return say("scan_label", formatMoney(checkout.order.price, language));
    case "code_expired": return say("code_expired_title");
    case "closed": return say("closed_title");
    case "paid": return say("paid_title");
    case "failed": return say(`error_${checkout.error.code}_title`);
  }
}

function working({ say }: Context, what: "creating" | "claiming"): VNode[] {
  return [h("div.centre", { "aria-busy": "true", key: what },
    h("div.spinner", { "aria-hidden": "true" }), title(say(what)))];
}

function orderLine({ say }: Context, { orderNumber }: OrderSummary): VNode {
  return h("p.fine.middle", {}, say("order_number"), " ", h("code", {}, orderNumber));
}

function closed(model: Model, context: Context, order: OrderSummary): VNode[] {
  const { say, act } = context;
  return [
    centre(medal("clock", "calm"), say("closed_title"), say("closed_text"),
      button(model, say("way_buy"), { id: "again", onclick: act.orderAgain }),
      button(model, say("paid_already"), { id: "check", kind: "quiet",
        working: say("checking"), onclick: act.checkNow })),
    ...(model.error === null ? [] : [troubleNotice(context, model.error)]),
    orderLine(context, order),
  ];
}
