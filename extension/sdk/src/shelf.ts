/** Orders that are over, with the secrets that still show their receipts and ask for refunds. */
import type { KeptOrder } from "./answers";
import { readReceipt } from "./answers";
import type { Api } from "./api";
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
    const entry = entryOf(purchase);
    if (entry !== null) await this.#change(entry, (it) => ({ order: entry.order, claimed: claimed || it.claimed }));
  }

  /** Orders placed here, newest first, with their receipts; `offline`: as last seen. */
  async history(current: KeptPurchase | null, offline: boolean): Promise<PastOrder[]> {
    return Promise.all((await this.#all(current)).map((entry) => offline ? shown(entry, null) : this.#upToDate(entry)));
  }

  /** Ask the money of an order back: all that is left of it. Raises `refund_refused` with the API's reason. */
  async refund(orderId: string, current: KeptPurchase | null): Promise<Receipt> {
    const entry = (await this.#all(current)).find((it) => it.order.orderId === orderId);
    if (entry === undefined) throw new PayError("order_not_found");
    const { refundKey } = await this.#change(entry, (it) => ({ refundKey: it.refundKey ?? newSecret() }));
    const { receipt, answer } = await this.#api.refund(orderId, entry.claimSecret, String(refundKey));
    // Another refund may be asked for later, of what this one did not give back.
    await this.#change(entry, (it) => ({ answer, refundKey: it.refundKey === refundKey ? null : it.refundKey }));
    return receipt;
  }

  /** Look at orders that were given up and may have been paid late: such a payment is a purchase. */
  async lookBack(): Promise<void> {
    const since = this.#scene.nowMs - LATE_MS;
    const troubles: unknown[] = [];
    for (const entry of await this.#list()) {
      if (!entry.claimed && entry.placedAtMs >= since) await this.#lookAt(entry).catch((error: unknown) => troubles.push(error));
    }
    if (troubles.length > 0) throw troubles[0];
  }

  async #lookAt(entry: Entry): Promise<void> {
    const order = await this.#api.order(entry.order.orderId, entry.claimSecret);
    if (order.status === "paid" && (await this.#keeper.state()).status !== "active") {
      await this.#keeper.take(this.#api.claim(order.orderId, entry.claimSecret), order.orderId);
      await this.#change(entry, () => ({ order, claimed: true }));
      await this.#scene.write("paid", { idempotencyKey: null, order });
    } else if (order.status !== entry.order.status) {
      await this.#change(entry, () => ({ order }));
    }
  }

  async #upToDate(entry: Entry): Promise<PastOrder> {
    try {
      const { answer } = await this.#api.receipt(entry.order.orderId, entry.claimSecret);
      return shown(await this.#change(entry, () => ({ answer })), null);
    } catch (error) {
      return shown(entry, asPayError(error));
    }
  }

  async #all(current: KeptPurchase | null): Promise<Entry[]> {
    return withEntry(await this.#list(), current === null ? null : entryOf(current));
  }

  async #list(): Promise<Entry[]> {
    const kept = await this.#scene.read<KeptShelf>("past");
    return Array.isArray(kept?.list) ? [...kept.list] : [];
  }

  /** Change what is kept of an order, wherever it is done at the same time; one that is still under way comes here by it. */
  #change(entry: Entry, news: (it: Entry) => Partial<Entry>): Promise<Entry> {
    return this.#scene.alone("past", async () => {
      const before = await this.#list();
      const list = withEntry(before, entry).map((it) => isSame(it, entry) ? { ...it, ...news(it) } : it).slice(0, MOST);
      if (JSON.stringify(list) !== JSON.stringify(before)) await this.#scene.write("past", { list });
      return list.find((it) => isSame(it, entry)) ?? entry;
    });
  }
}

function entryOf({ order, claimSecret, startedAtMs: placedAtMs }: KeptPurchase): Entry | null {
  return order === null ? null : { order, claimSecret, placedAtMs, claimed: false, refundKey: null, answer: null };
}

function isSame(one: Entry, other: Entry): boolean {
  return one.order.orderId === other.order.orderId;
}

function withEntry(list: Entry[], entry: Entry | null): Entry[] {
  return entry === null || list.some((it) => isSame(it, entry)) ? list : [entry, ...list];
}

export function summary({ orderId, outTradeNo: orderNumber, productId, title, price }: KeptOrder): OrderSummary {
  return { orderId, orderNumber, productId, title, price };
}

function shown(entry: Entry, error: PayErrorShape | null): PastOrder {
  const receipt = entry.answer === null ? null : readReceipt(entry.answer);
  return { order: summary(entry.order), placedAt: new Date(entry.placedAtMs), receipt, error };
}
