/** Before the money goes back: how much, and what ends with it. This page is the confirmation. */

import type { Receipt } from "../../../sdk/src/index";
import type { Model } from "../model";
import type { Context } from "../ui/context";
import { formatMoney } from "../ui/format";
import { icon } from "../ui/icons";
import { button, centre, fact, loading, medal, title, wideFact } from "../ui/parts";
import { refundTerms } from "../ui/policy";
import { refundRefusal, refundState } from "../ui/refunds";
import { plainError, troubleNotice, troubleScreen } from "../ui/trouble";
import { h, type VNode } from "../ui/vnode";

export function refundView(model: Model, context: Context): VNode[] {
  const { history, refundOf } = model;
  if (history.status === "loading") return loading(context);
  if (history.status === "failed") return troubleScreen(model, context, history.error);
  const receipt = history.value.find(({ order }) => order.orderId === refundOf)?.receipt ?? null;
  if (receipt === null) return troubleScreen(model, context, plainError("order_not_found"));
  if (receipt.refunds.length > 0) return underWay(model, context, receipt);
  return receipt.refundRefusedBy === null
    ? ask(model, context, receipt) : refused(model, context, receipt.refundRefusedBy);
}

function ask(model: Model, context: Context, receipt: Receipt): VNode[] {
  const { say, act, language } = context;
  const amount = formatMoney(receipt.refundable, language);
  return [
    h("div.intro", {}, title(say("refund_title", amount)), h("p.lead", {}, say("refund_lead"))),
    h("dl.facts.card", {},
      fact(say("product"), receipt.order.title),
      wideFact(say("order_number"), receipt.order.orderNumber),
      fact(say("refund_policy"), refundTerms(say, receipt.refundPolicy, receipt.order.price))),
    h("ul.gets", {}, (["refund_back", "refund_ends", "refund_final"] as const).map(
      (key) => h("li", {}, icon(key === "refund_back" ? "check" : "alert"), h("span", {}, say(key))))),
    ...(model.error === null ? [] : [troubleNotice(context, model.error)]),
    h("div.stack", {},
      button(model, say("refund_now", amount), { id: "refund-now", kind: "danger",
        working: say("working"), onclick: () => act.requestRefund(receipt.order.orderId) }),
      button(model, say("refund_keep"), { id: "keep", kind: "quiet",
        onclick: () => act.go("history") })),
  ];
}

function underWay(model: Model, { say, act, language }: Context, receipt: Receipt): VNode[] {
  const refund = receipt.refunds[receipt.refunds.length - 1];
  const amount = formatMoney(refund?.amount ?? receipt.refunded, language);
  return [centre(medal("receipt", "good"), say("refund_asked_title", amount),
    say("refund_asked_text", refundState(say, refund?.status ?? "")),
    button(model, say("way_history"), { id: "history", kind: "secondary",
      onclick: () => act.go("history") }))];
}

function refused(model: Model, { say, act, support }: Context, code: string): VNode[] {
  return [centre(medal("alert", "warn"), say("error_refund_refused_title"), refundRefusal(say, code),
    h("a.primary", { href: support, target: "_blank", rel: "noopener" }, say("way_contact")),
    button(model, say("way_history"), { id: "history", kind: "quiet",
      onclick: () => act.go("history") }))];
}
