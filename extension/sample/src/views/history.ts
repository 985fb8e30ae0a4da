/** Every order of this browser, with what a receipt holds and where a refund stands. */

import type { PastOrder, Receipt, Refund } from "../../../sdk/src/index";
import type { Model } from "../model";
import type { Context } from "../ui/context";
import { formatMoney, formatTime } from "../ui/format";
import { button, centre, copyableFact, fact, loading, medal, note, title, wideFact } from "../ui/parts";
import { refundRefusal, refundState } from "../ui/refunds";
import { troubleScreen } from "../ui/trouble";
import { h, type VNode } from "../ui/vnode";

export function historyView(model: Model, context: Context): VNode[] {
  const { history } = model;
  const { say, act } = context;
  if (history.status === "loading") return loading(context);
  if (history.status === "failed") return troubleScreen(model, context, history.error);
  if (history.value.length === 0) {
    return [centre(medal("receipt", "calm"), say("no_orders_title"), say("no_orders_text"),
      button(model, say("restore_purchase"), { id: "restore", kind: "secondary",
        onclick: act.restartRestore }))];
  }
  return [title(say("history")),
    h("ul.list", {}, history.value.map((past) => item(model, context, past))),
    ...(history.value.some(({ error }) => error?.retryable) ? [h("div.row", {}, button(model, say("way_retry"),
      { id: "retry", kind: "quiet", icon: "refresh", working: say("checking"), onclick: act.reloadHistory }))] : [])];
}

function item(model: Model, context: Context, { order, placedAt, receipt, error }: PastOrder): VNode {
  const { say, language } = context;
  return h("li.item", { key: order.orderId },
    h("div.item-head", {}, h("h2.item-title", {}, order.title),
      receipt && h("span.chip", { "data-kind": receipt.status }, say(`status_${receipt.status}`))),
    h("dl.facts", {},
      fact(say("amount"), formatMoney(order.price, language)),
      fact(say(receipt?.paidAt ? "paid_at" : "placed_at"),
        formatTime(receipt?.paidAt ?? placedAt, language)),
      copyableFact(model, context, say("order_number"), `copy-${order.orderId}`, order.orderNumber),
      receipt && receiptFacts(context, receipt)),
    receipt && refundPart(model, context, receipt),
    error && note(say("receipt_as_seen", say(`error_${error.code}_title`)), "alert"));
}

function receiptFacts(context: Context, { transactionId, refunds }: Receipt): VNode[] {
  const refunded = refunds.map((refund) => refundFact(context, refund));
  return transactionId === null ? refunded
    : [wideFact(context.say("transaction"), transactionId), ...refunded];
}

function refundFact({ say, language }: Context, refund: Refund): VNode {
  return fact(say("refund_of", formatMoney(refund.amount, language)), refundState(say, refund.status),
    " · ", formatTime(refund.settledAt ?? refund.requestedAt, language));
}

function refundPart(model: Model, { say, act }: Context, receipt: Receipt): VNode[] {
  if (receipt.status !== "paid" && receipt.status !== "refunding") return [];
  if (receipt.refundRefusedBy !== null) {
    return receipt.refunds.length > 0 ? []
      : [h("p.fine", {}, refundRefusal(say, receipt.refundRefusedBy))];
  }
  return [button(model, say("ask_refund"), { id: `refund-${receipt.order.orderId}`, kind: "secondary",
    onclick: () => act.lookAtRefund(receipt.order.orderId) })];
}
