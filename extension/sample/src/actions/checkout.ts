/** Buying: from the click to the license. The SDK resumes an order by itself; here it is only shown. */

import type { Checkout, CheckoutState } from "../../../sdk/src/index";
import type { Shop } from "../shop_port";
import type { Store } from "../store";

const OVER: readonly CheckoutState["phase"][] = ["code_expired", "closed"];

export class Buying {
  #checkout: Checkout | null = null;
  #stop: () => void = () => undefined;

  constructor(private readonly shop: Shop, private readonly store: Store) {}

  /** Shows the order under way, or places one. */
  open(): void {
    this.leave();
    this.store.update({ checkout: null, paidLate: false, error: null });
    const checkout = this.shop.checkout();
    // The states tell of every failure; nobody waits for the promise.
    checkout.done.catch(() => undefined);
    this.#checkout = checkout;
    this.#stop = checkout.onChange((state) => this.#show(state));
    this.#show(checkout.state);
  }

  /** Stops watching; the background goes on. */
  leave(): void {
    this.#stop();
    this.#checkout?.detach();
    this.#checkout = null;
    this.#stop = () => undefined;
  }

  refreshCode(): Promise<void> {
    return this.store.work("refresh", async () => { await this.#checkout?.refresh(); });
  }

  checkNow(): Promise<void> {
    return this.store.work("check", async () => { await this.#checkout?.checkNow(); });
  }

  cancel(): Promise<void> {
    return this.store.work("cancel", async () => { await this.#checkout?.cancel(); });
  }

  #show(state: CheckoutState): void {
    const { checkout, paidLate } = this.store.model;
    const wasOver = checkout !== null && OVER.includes(checkout.phase);
    this.store.update({ checkout: state,
      paidLate: paidLate || (wasOver && (state.phase === "claiming" || state.phase === "paid")),
      ...(state.phase === "paid" ? { license:
        { status: "active", license: state.license, inGrace: false } as const } : {}),
      ...(state.phase === checkout?.phase ? {} : { error: null }) });
  }
}
