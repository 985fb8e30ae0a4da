/** Stands in for WeChatIntegration: answers as its scene says, at once, and forgets everything. */

import type {
  Checkout, CheckoutState, Devices, License, LicenseState, PastOrder, PayErrorCode,
  PayErrorShape, PayEvents, PendingRestore, Product, Receipt, Unsubscribe,
} from "../../sdk/src/index";
import type { Shop } from "../src/shop_port";

type Answer<T> = T | FakeError;

export interface Scene {
  readonly view?: string;
  readonly license?: LicenseState;
  readonly product?: Answer<Product>;
  /** The states of the checkout: the first at once, the others when asked to check or refresh. */
  readonly checkout?: readonly CheckoutState[];
  readonly devices?: Answer<Devices>;
  readonly restore?: readonly Answer<License>[];
  readonly pendingRestore?: PendingRestore;
  readonly history?: Answer<readonly PastOrder[]>;
  readonly refund?: FakeError;
  readonly refresh?: FakeError;
  /** Texts that are typed and ids that are clicked before anybody looks. */
  readonly steps?: readonly (readonly [id: string, typed?: string])[];
  readonly popupText?: string;
  readonly order?: string;
}

export class FakeError extends Error {
  readonly messageZh = null;
  readonly retryable = true;
  readonly requestId: string | null;
  readonly reason = null;

  constructor(readonly code: PayErrorCode, readonly devices: Devices | null = null,
    readonly retryAfterMs: number | null = null) {
    super(code);
    this.requestId = ["server", "payment_held"].includes(code) ? "1-68e77890-4f21" : null;
  }
}

function answer<T>(given: Answer<T> | undefined): Promise<T> {
  if (given === undefined) return new Promise(() => undefined);
  return given instanceof FakeError ? Promise.reject(given) : Promise.resolve(given);
}

export class FakeShop implements Shop {
  #hear: (error: PayErrorShape) => void = () => undefined;
  #restores = 0;
  #refunded = false;

  constructor(private readonly scene: Scene) {}

  async getLicense(): Promise<LicenseState> { return this.scene.license ?? { status: "none" }; }
  getProduct(): Promise<Product> { return answer(this.scene.product); }
  async pending(): Promise<CheckoutState | null> { return this.scene.checkout?.[0] ?? null; }
  async pendingRestore(): Promise<PendingRestore | null> { return this.scene.pendingRestore ?? null; }
  async openPaymentPage(): Promise<void> { open(location.href, "_blank", "popup,width=420,height=680"); }

  on<K extends keyof PayEvents>(event: K, listener: (value: PayEvents[K]) => void): Unsubscribe {
    if (event === "error") this.#hear = listener as (error: PayErrorShape) => void;
    return () => undefined;
  }

  async refresh(): Promise<LicenseState> {
    if (this.scene.refresh !== undefined) this.#hear(this.scene.refresh);
    return this.getLicense();
  }

  checkout(): Checkout {
    return new FakeCheckout(this.scene.checkout ?? [{ phase: "creating" }]);
  }

  restore(): Promise<License> {
    const { restore = [] } = this.scene;
    return answer(restore[Math.min(this.#restores++, restore.length - 1)]);
  }

  readonly devices = {
    list: (): Promise<Devices> => answer(this.scene.devices),
    remove: async (id: string): Promise<Devices> => {
      const now = await answer(this.scene.devices);
      return { ...now, list: now.list.filter((device) => device.id !== id) };
    },
    approve: async (): Promise<Devices> => ({ ...await answer(this.scene.devices), takeover: null }),
    object: async (): Promise<Devices> => ({ ...await answer(this.scene.devices), takeover: null }),
  };

  async history(): Promise<readonly PastOrder[]> {
    const orders = await answer(this.scene.history);
    if (!this.#refunded) return orders;
    return orders.map((past) => past.receipt === null ? past : { ...past, receipt: { ...past.receipt,
      status: "refunding", refunds: [{ refundId: "r1", amount: past.order.price, status: "processing",
        requestedAt: new Date(), settledAt: null }] } });
  }

  async requestRefund(orderId: string): Promise<Receipt> {
    if (this.scene.refund !== undefined) throw this.scene.refund;
    this.#refunded = true;
    const receipt = (await this.history()).find(({ order }) => order.orderId === orderId)?.receipt;
    if (receipt === null || receipt === undefined) throw new FakeError("order_not_found");
    return receipt;
  }
}

class FakeCheckout implements Checkout {
  #place = 0;
  #listener: (state: CheckoutState) => void = () => undefined;
  readonly done: Promise<License> = new Promise(() => undefined);

  constructor(private readonly states: readonly CheckoutState[]) {}

  get state(): CheckoutState {
    const state = this.states[this.#place];
    if (state === undefined) throw new Error("a scene with a checkout has at least one state");
    return state;
  }

  onChange(listener: (state: CheckoutState) => void): () => void {
    this.#listener = listener;
    return () => undefined;
  }

  async refresh(): Promise<void> { this.#next(); }
  async checkNow(): Promise<void> {
    if (this.#place + 1 === this.states.length) throw new FakeError("order_not_paid");
    this.#next();
  }
  async cancel(): Promise<void> { this.#next(); }
  detach(): void { /* nothing watches */ }
  async *[Symbol.asyncIterator](): AsyncIterator<CheckoutState> { yield this.state; }

  #next(): void {
    this.#place = Math.min(this.#place + 1, this.states.length - 1);
    this.#listener(this.state);
  }
}
