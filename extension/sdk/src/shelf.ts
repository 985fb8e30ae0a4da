/** Orders that are over, with the secrets that still show their receipts and ask for refunds. */
import type { KeptOrder } from "./answers";
import { readReceipt } from "./answers";
import type { Api, ReceiptAnswer } from "./api";
import { newSecret } from "./device";
import { PayError, asPayError } from "./errors";
import type { Keeper } from "./keeper";
import type { KeptPurchase } from "./orders";
import type { Scene } from "./scene";
import type { OrderSummary, PastOrder, PayErrorShape, Receipt } from "./types";

interface Entry {
  readonly order: KeptOrder;
  readonly claimSecret: string;
  readonly placedAtMs: number;
  readonly claimed: boolean;
  /** Drawn before the first try of a refund, so that there is only one. */
  readonly refundKey: string | null;
  /** The last answer about its receipt. */
  readonly answer: unknown;
}
interface KeptShelf { readonly [name: string]: unknown; readonly list: readonly Entry[] }

const MOST = 50;
const LATE_MS = 8 * 86_400_000;

export class Shelf {
  readonly #scene: Scene;
  readonly #api: Api;
  readonly #keeper: Keeper;

  constructor(scene: Scene, api: Api, keeper: Keeper) {
    this.#scene = scene;
    this.#api = api;
    this.#keeper = keeper;
  }

  /** Keep an order here; again: nothing new. One that the server never heard of is not kept. */
  async put(purchase: KeptPurchase, claimed = false): Promise<void> {
    const { order, claimSecret, startedAtMs: placedAtMs } = purchase;
    if (order === null) return;
    const entry = { order, claimSecret, placedAtMs, claimed, refundKey: null, answer: null };
    await this.#change((list) => {
      const known = list.find((it) => it.order.orderId === order.orderId);
      const newest = known === undefined ? entry : { ...known, order, claimed: claimed || known.claimed };
      return [newest, ...list.filter((it) => it !== known)].slice(0, MOST);
    });
  }

  /** Orders placed here, newest first, with their receipts; `offline`: as last seen. */
  async history(current: KeptPurchase | null, offline: boolean): Promise<PastOrder[]> {
    return Promise.all((await this.#all(current)).map((entry) => offline ? shown(entry, null) : this.#upToDate(entry)));
  }

  /** Ask the money of an order back: all that is left of it. Raises `refund_refused` with the API's reason. */
  async refund(orderId: string, current: KeptPurchase | null): Promise<Receipt> {
    const entry = (await this.#all(current)).find((it) => it.order.orderId === orderId);
    if (entry === undefined) throw new PayError("order_not_found");
    const refundKey = entry.refundKey ?? newSecret();
    await this.#patch(entry, { refundKey });
    const answered = await this.#api.refund(orderId, entry.claimSecret, refundKey);
    // Another refund may be asked for later, of what this one did not give back.
    await this.#patch(entry, { refundKey: null, answer: answered.answer });
    return answered.receipt;
  }

  /** Look at orders that were given up and may have been paid late: such a payment is a purchase. */
  async lookBack(): Promise<void> {
    const since = this.#scene.nowMs - LATE_MS;
    for (const entry of await this.#list()) {
      if (entry.claimed || entry.placedAtMs < since) continue;
      const order = await this.#api.order(entry.order.orderId, entry.claimSecret);
      if (order.status === "paid" && (await this.#keeper.state()).status !== "active") {
        await this.#keeper.take(this.#api.claim(order.orderId, entry.claimSecret), order.orderId);
        await this.#patch(entry, { order, claimed: true });
        await this.#scene.write("paid", { orderId: order.orderId, order });
      } else if (order.status !== entry.order.status) {
        await this.#patch(entry, { order });
      }
    }
  }

  async #upToDate(entry: Entry): Promise<PastOrder> {
    let answered: ReceiptAnswer;
    try {
      answered = await this.#api.receipt(entry.order.orderId, entry.claimSecret);
    } catch (error) {
      return shown(entry, asPayError(error));
    }
    await this.#patch(entry, { answer: answered.answer });
    return { ...shown(entry, null), receipt: answered.receipt };
  }

  async #all(current: KeptPurchase | null): Promise<Entry[]> {
    const list = await this.#list();
    if (current?.order == null || list.some((it) => it.order.orderId === current.order?.orderId)) return list;
    const { order, claimSecret, startedAtMs: placedAtMs } = current;
    return [{ order, claimSecret, placedAtMs, claimed: false, refundKey: null, answer: null }, ...list];
  }

  async #list(): Promise<Entry[]> {
    const kept = await this.#scene.read<KeptShelf>("past");
    return Array.isArray(kept?.list) ? [...kept.list] : [];
  }

  #patch(entry: Entry, news: Partial<Entry>): Promise<void> {
    const isIt = (it: Entry): boolean => it.order.orderId === entry.order.orderId;
    // One that is still under way comes here for its refund's key.
    return this.#change((list) => (list.some(isIt) ? list : [entry, ...list])
      .map((it) => isIt(it) ? { ...it, ...news } : it));
  }

  #change(act: (list: Entry[]) => Entry[]): Promise<void> {
    return this.#scene.alone("past", async () => {
      const list = await this.#list();
      const next = act(list);
      if (JSON.stringify(next) !== JSON.stringify(list)) await this.#scene.write("past", { list: next });
    });
  }
}

export function summary({ orderId, outTradeNo: orderNumber, productId, title, price }: KeptOrder): OrderSummary {
  return { orderId, orderNumber, productId, title, price };
}

function shown(entry: Entry, error: PayErrorShape | null): PastOrder {
  const receipt = entry.answer === null ? null : readReceipt(entry.answer);
  return { order: summary(entry.order), placedAt: new Date(entry.placedAtMs), receipt, error };
}
