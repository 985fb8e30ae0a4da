/** The order that is under way, step by step. It is kept before anything is sent, and after every answer:
 *  whoever dies in between, the next one goes on with the same order.
 *
 *    begun ─▶ placed ─▶ polled … ─▶ paid ─▶ claimed ─▶ on the shelf
 */
import type { KeptOrder } from "./answers";
import type { Api } from "./api";
import { hash, utf8 } from "../../verifier/tongbao_verifier";
import { newSecret } from "./device";
import { asPayError, flattened, isFinal } from "./errors";
import type { Keeper } from "./keeper";
import type { Scene } from "./scene";
import type { Shelf } from "./shelf";
import type { PayErrorShape } from "./types";

export interface KeptPurchase {
  readonly [name: string]: unknown;
  readonly idempotencyKey: string;
  readonly claimSecret: string;
  readonly language: "en" | "zh";
  readonly startedAtMs: number;
  /** As the server last showed it; null: it was not heard of yet. */
  readonly order: KeptOrder | null;
  /** Why it cannot go on by itself. */
  readonly failure: PayErrorShape | null;
}

/** The purchase that was paid last; without a key it was found late, on the shelf. */
export interface KeptPaid {
  readonly [name: string]: unknown;
  readonly idempotencyKey: string | null;
  readonly order: KeptOrder;
}

const PAID = ["paid", "refunding", "refunded"];
const OVER = ["closed", "expired"];
/** Refused for good at the claim, or gone from the server: to go on with it would only say so again. */
const NO_WAY_ON = ["license_revoked", "license_expired", "order_not_found"];
/** An order without any answer shows no code, so nobody can have paid it. */
const UNHEARD_FOR_MS = 86_400_000;

export class Orders {
  readonly #scene: Scene;
  readonly #api: Api;
  readonly #keeper: Keeper;
  readonly #shelf: Shelf;
  readonly #product: string;

  constructor(scene: Scene, api: Api, keeper: Keeper, shelf: Shelf, product: string) {
    this.#scene = scene;
    this.#api = api;
    this.#keeper = keeper;
    this.#shelf = shelf;
    this.#product = product;
  }

  current(): Promise<KeptPurchase | null> {
    return this.#scene.read<KeptPurchase>("order");
  }

  /** The purchase under way, or a new one with its secrets, kept before anybody hears of it. */
  begin(language: "en" | "zh"): Promise<KeptPurchase> {
    return this.#alone(async () => {
      const kept = await this.current();
      if (kept !== null && !isOver(kept)) return this.#retried(kept);
      if (kept !== null) await this.#shelf.put(kept);
      return this.#keep({ idempotencyKey: newSecret(), claimSecret: newSecret(), language,
        startedAtMs: this.#scene.nowMs, order: null, failure: null });
    });
  }

  /** The next steps that can be done now; the purchase after them, null once it is done or there is none.
   *  Throws what may be tried again; what may not is kept as the purchase's failure. */
  advance(): Promise<KeptPurchase | null> {
    return this.#step(async (kept) => {
      if (kept.failure !== null || kept.order?.status === "closed") return kept;
      const order = kept.order ?? await this.#place(kept);
      const now = isPaid(order) || kept.order === null ? order
        : await this.#api.order(order.orderId, kept.claimSecret);
      return this.#settle(kept, now);
    });
  }

  /** A new code where the old one is over: the same request, so the same order. */
  renew(): Promise<KeptPurchase | null> {
    return this.#step(async (kept) => this.#settle(kept, await this.#place(kept)));
  }

  /** Close the order at the server; paid meanwhile, it is claimed. Never heard of: it is forgotten. */
  cancel(): Promise<KeptPurchase | null> {
    return this.#step(async (kept) => {
      // Without an answer there may still be an order: the same request finds out which.
      const order = kept.order ?? await this.#place(kept);
      return this.#settle(kept, isPaid(order) ? order : await this.#api.cancel(order.orderId, kept.claimSecret));
    });
  }

  #alone<T>(act: () => Promise<T>): Promise<T> {
    return this.#scene.alone("order", act);
  }

  #step(act: (kept: KeptPurchase) => Promise<KeptPurchase | null>): Promise<KeptPurchase | null> {
    return this.#alone(async () => {
      const kept = await this.current();
      if (kept === null) return null;
      try {
        return await act(kept);
      } catch (error) {
        const failure = asPayError(error);
        if (!isFinal(failure)) throw failure;
        return this.#keep({ ...(await this.current() ?? kept), failure: flattened(failure) });
      }
    });
  }

  async #place(kept: KeptPurchase): Promise<KeptOrder> {
    return this.#api.placeOrder({ productId: this.#product, idempotencyKey: kept.idempotencyKey,
      claimSecretHash: await hash(utf8(kept.claimSecret)), language: kept.language });
  }

  /** Keep what the server said of the order, and claim it if it is paid. */
  async #settle(kept: KeptPurchase, order: KeptOrder): Promise<KeptPurchase | null> {
    const next = JSON.stringify(order) === JSON.stringify(kept.order) ? kept : await this.#keep({ ...kept, order });
    if (!isPaid(order)) return next;
    // A context may have died right after it kept the license: then only the rest is left.
    if ((await this.#keeper.kept())?.orderId !== order.orderId) {
      await this.#keeper.take(this.#api.claim(order.orderId, kept.claimSecret), order.orderId);
    }
    await this.#shelf.put(next, true);
    await this.#scene.write("paid", { idempotencyKey: kept.idempotencyKey, order });
    await this.#scene.remove("order");
    return null;
  }

  async #keep(kept: KeptPurchase): Promise<KeptPurchase> {
    await this.#scene.write("order", kept);
    return kept;
  }

  /** Asked for again by the buyer: what failed is tried again. Nobody pays twice for what is paid. */
  #retried(kept: KeptPurchase): Promise<KeptPurchase> | KeptPurchase {
    return kept.failure === null ? kept : this.#keep({ ...kept, failure: null });
  }
}

export function isPaid(order: KeptOrder): boolean {
  return PAID.includes(order.status);
}

/** Whether another one may begin: this one takes no payment any more, or its money went back.
 *  Never while money may be with it: a held payment was made, though the order was not shown for it. */
export function isOver({ order, failure }: KeptPurchase): boolean {
  if (order === null) return failure !== null && failure.code !== "payment_held";
  return OVER.includes(order.status) || failure !== null && NO_WAY_ON.includes(failure.code);
}

/** Whether its time went by, by this clock; only the server knows how it ended. */
export function isPastItsTime({ order, startedAtMs }: KeptPurchase, nowMs: number): boolean {
  return nowMs >= (order === null ? startedAtMs + UNHEARD_FOR_MS : order.expiresAt * 1000);
}
