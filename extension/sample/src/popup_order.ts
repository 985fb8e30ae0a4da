/** What the popup says of an order that is under way. */

import type { CheckoutState, Receipt } from "../../sdk/src/index";
import type { PopupModel } from "./popup_model";
import type { Shop } from "./shop_port";

const OVER: readonly Receipt["status"][] = ["expired", "closed", "refunded"];
const LOOK_EVERY_MS = 1000;

/** Tells at once, and whenever it changes: an order may begin, be paid or end in another window. */
export function followOrder(shop: Shop, first: CheckoutState | null,
  tell: (order: PopupModel["order"]) => void): void {
  let seen: CheckoutState["phase"] | null = null;
  const look = async (pending: CheckoutState | null): Promise<void> => {
    const phase = pending?.phase ?? null;
    if (phase === seen) return;
    seen = phase;
    const order = await orderOf(shop, pending);
    if (phase === seen) tell(order);
  };
  setInterval(() => void shop.pending().then(look), LOOK_EVERY_MS);
  void look(first);
}

async function orderOf(shop: Shop, pending: CheckoutState | null): Promise<PopupModel["order"]> {
  switch (pending?.phase) {
    case "creating": case "awaiting_payment": return "waits";
    case "claiming": return "paid";
    case "code_expired": return await isOver(shop, pending.order.orderId) ? null : "waits";
    default: return null;
  }
}

/** With its code the order may have ended as well, which the shop knows; without it, it may wait. */
async function isOver(shop: Shop, orderId: string): Promise<boolean> {
  const past = (await shop.history()).find(({ order }) => order.orderId === orderId);
  return past?.error === null && past.receipt !== null && OVER.includes(past.receipt.status);
}
