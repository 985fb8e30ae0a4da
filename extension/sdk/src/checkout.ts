/** One context's view of the purchase under way. What happened lies in storage, so all views agree. */
import { PayError, asPayError, revived } from "./errors";
import type { KeptOrder } from "./answers";
import type { Keeper } from "./keeper";
import type { KeptPaid, KeptPurchase, Orders } from "./orders";
import { isOver, isPaid, isPastItsTime } from "./orders";
import { Wake, aborted, poll } from "./poller";
import type { Scene } from "./scene";
import { summary } from "./shelf";
import type { Checkout, CheckoutState, License, Unsubscribe } from "./types";

export class OrderCheckout implements Checkout {
  readonly #scene: Scene;
  readonly #orders: Orders;
  readonly #keeper: Keeper;
  readonly #listeners = new Set<(state: CheckoutState) => void>();
  readonly #stop = new AbortController();
  readonly #wake = new Wake();
  #settle!: { readonly resolve: (license: License) => void; readonly reject: (error: unknown) => void };
  readonly done = new Promise<License>((resolve, reject) => { this.#settle = { resolve, reject }; });
  #state: CheckoutState = { phase: "creating" };
  #kept: KeptPurchase | null = null;
  #trouble: PayError | null = null;
  #ended = false;
  #nextLookMs = 0;

  constructor(scene: Scene, orders: Orders, keeper: Keeper, language: "en" | "zh", signal?: AbortSignal) {
    this.#scene = scene;
    this.#orders = orders;
    this.#keeper = keeper;
    this.done.catch(asPayError); // nobody has to wait for it
    signal?.addEventListener("abort", () => this.detach(), { once: true });
    if (signal?.aborted === true) this.detach();
    else void this.#run(language).catch((error: unknown) => this.#fail(asPayError(error)));
  }

  get state(): CheckoutState {
    return this.#state;
  }

  onChange(listener: (state: CheckoutState) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The state now, then each that follows; ends with `paid`, a closed order, what cannot go on, or `detach`. */
  async *[Symbol.asyncIterator](): AsyncIterator<CheckoutState> {
    const waiting: CheckoutState[] = [this.#state];
    const news = new Wake();
    const off = this.onChange((state) => {
      waiting.push(state);
      news.ring();
    });
    try {
      for (;;) {
        const next = waiting.shift();
        if (next !== undefined) yield next;
        else if (this.#ended || this.#stop.signal.aborted) return;
        else await aborted(AbortSignal.any([this.#stop.signal, news.signal]));
      }
    } finally {
      off();
    }
  }

  refresh(): Promise<void> {
    return this.#act(() => this.#orders.renew());
  }

  async checkNow(): Promise<void> {
    await this.#act(() => this.#orders.advance());
    this.#wake.ring();
  }

  cancel(): Promise<void> {
    return this.#act(() => this.#orders.cancel());
  }

  detach(): void {
    this.#stop.abort();
    this.#settle.reject(new PayError("aborted"));
  }

  async #run(language: "en" | "zh"): Promise<void> {
    // Read anew, for changes are told late and not always in order.
    const off = this.#scene.watch(["order"], () => void this.#orders.current().then((kept) => this.#see(kept)));
    this.#stop.signal.addEventListener("abort", off, { once: true });
    await this.#begin(language);
    await poll(this.#scene, { wake: this.#wake, signal: this.#stop.signal,
      tick: () => this.#look(), failed: (error) => this.#tell(asPayError(error)) });
  }

  /** An order whose time went by while nobody looked is asked about first, and a new one begun if it is over. */
  async #begin(language: "en" | "zh"): Promise<void> {
    let kept = this.#kept = await this.#orders.begin(language);
    if (kept.order !== null && isPastItsTime(kept, this.#scene.nowMs)) {
      const now = await this.#orders.advance().catch((error: unknown) => this.#tell(asPayError(error)));
      if (now === null) return this.#see(now);
      if (now !== undefined && isOver(now)) kept = this.#kept = await this.#orders.begin(language);
    }
    this.#show(kept);
  }

  async #look(): Promise<boolean> {
    const kept = await this.#orders.advance();
    this.#trouble = null;
    await this.#see(kept);
    return this.#ended;
  }

  async #act(act: () => Promise<KeptPurchase | null>): Promise<void> {
    if (this.#ended) return;
    try {
      const kept = await act();
      this.#trouble = null;
      await this.#see(kept);
    } catch (error) {
      this.#tell(asPayError(error));
      throw error;
    }
  }

  /** How the purchase stands, whoever moved it on. Gone from its place in storage, it was paid, or put aside for a new one. */
  async #see(kept: KeptPurchase | null): Promise<void> {
    const mine = this.#kept?.idempotencyKey;
    if (this.#ended || mine === undefined) return;
    if (kept?.idempotencyKey === mine) return this.#show(kept);
    const [paid, state] = await Promise.all([this.#scene.read<KeptPaid>("paid"), this.#keeper.state()]);
    if (this.#ended) return;
    if (paid?.idempotencyKey !== mine) {
      if (kept === null) return this.#fail(new PayError("no_pending_order"));
      this.#enter(this.#state, true);
      return this.#settle.reject(new PayError("order_closed"));
    }
    if (state.status !== "active") return this.#fail(state.status === "invalid" ? asPayError(state.error)
      : new PayError("license_invalid"), paid.order);
    this.#enter({ phase: "paid", order: summary(paid.order), license: state.license }, true);
    this.#settle.resolve(state.license);
  }

  #show(kept: KeptPurchase): void {
    if (this.#ended) return;
    this.#kept = kept;
    const state = stateOf(kept, this.#scene.nowS, this.#trouble);
    const over = state.phase === "failed" && !state.error.retryable || kept.order?.status === "closed";
    this.#enter(state, over);
    if (over) this.#settle.reject(state.phase === "failed" ? state.error : new PayError("order_closed"));
    else if (state.phase === "awaiting_payment") this.#lookAt(state.payment.expiresAt.getTime());
  }

  #tell(error: PayError): void {
    if (this.#ended) return;
    if (!error.retryable) return this.#fail(error);
    this.#trouble = error;
    if (this.#kept !== null) this.#show(this.#kept);
  }

  #fail(error: PayError, order: KeptOrder | null = this.#kept?.order ?? null): void {
    if (this.#ended) return;
    this.#enter({ phase: "failed", order: order === null ? null : summary(order), error }, true);
    this.#settle.reject(error);
  }

  #enter(state: CheckoutState, ended: boolean): void {
    this.#ended = ended;
    const same = JSON.stringify(state) === JSON.stringify(this.#state);
    this.#state = state;
    if (!same) for (const listener of this.#listeners) listener(state);
    if (ended) this.#stop.abort();
  }

  /** The code runs out without anybody telling: look again then. */
  #lookAt(atMs: number): void {
    if (atMs === this.#nextLookMs) return;
    this.#nextLookMs = atMs;
    void this.#scene.seams.pause(Math.max(atMs - this.#scene.nowMs, 0) + 1, this.#stop.signal).then(() => {
      if (this.#kept !== null && this.#state.phase === "awaiting_payment") this.#show(this.#kept);
    });
  }
}

/** What of a purchase is worth going on with, for who does not ask the server: unpaid, it ends with its time. */
export function pendingOf(kept: KeptPurchase, nowMs: number): CheckoutState | null {
  const state = stateOf(kept, Math.floor(nowMs / 1000), null);
  if (["claiming", "failed"].includes(state.phase) || !isPastItsTime(kept, nowMs)) return state;
  return kept.order === null ? null : { phase: "closed", order: summary(kept.order) };
}

/** What a buyer sees of a purchase that is not done. */
export function stateOf(kept: KeptPurchase, nowS: number, trouble: PayError | null): CheckoutState {
  const order = kept.order === null ? null : summary(kept.order);
  const error = kept.failure === null ? trouble : revived(kept.failure);
  // While there is a code to scan, trouble on the way to the server is none for the buyer.
  if (error !== null && (kept.failure !== null || kept.order === null || isPaid(kept.order))) return { phase: "failed", order, error };
  if (kept.order === null || order === null) return { phase: "creating" };
  if (isPaid(kept.order)) return { phase: "claiming", order };
  const { status, payment } = kept.order;
  if (status === "closed" || status === "expired") return { phase: "closed", order };
  if (payment === null && status === "created") return { phase: "creating" };
  if (payment === null || nowS >= payment.expiresAt) return { phase: "code_expired", order };
  const { kind, value, expiresAt } = payment;
  return { phase: "awaiting_payment", order, payment: { kind, value, expiresAt: new Date(expiresAt * 1000) },
    online: trouble === null };
}
