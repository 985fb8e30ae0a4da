/** Paid: what was unlocked, and the two things worth keeping. */

import type { CheckoutState } from "../../../sdk/src/index";
import type { Model } from "../model";
import type { Context } from "../ui/context";
import { formatMoney } from "../ui/format";
import { button, centre, copyableFact, fact, medal, note } from "../ui/parts";
import { h, type VNode } from "../ui/vnode";

type Paid = Extract<CheckoutState, { phase: "paid" }>;

export function paidView(model: Model, context: Context, { order, license }: Paid): VNode[] {
  const { say, act, language } = context;
  return [
    centre(medal("check", "good"), say("paid_title"), say("ready_text")),
    ...(model.paidLate ? [note(say("paid_late"))] : []),
    h("dl.facts.card", {},
      fact(say("amount"), formatMoney(order.price, language)),
      copyableFact(model, context, say("order_number"), "copy-order", order.orderNumber),
      license.licenseKey === null ? null
        : copyableFact(model, context, say("license_key"), "copy-key", license.licenseKey)),
    h("p.fine", {}, say("keep_key")),
    button(model, say("see_license"), { id: "license", kind: "secondary",
      onclick: () => act.go("license") }),
  ];
}
