// A purchase as its buyer lives it: one object with a phase, no DOM.
//
//   loading ─▶ choice ─▶ creating ─▶ waiting ⇄ code_expired
//                                       │  ╲▶ order_expired | closed | refunding
//                                       ▼
//                                    claiming ─▶ licensed
//   Any of them may end in `failed`, which names its error and the step to try again.

import { ApiError } from "./api.js";
import { thumbprint } from "./device.js";
import { LeaseError, verifyKeys, verifyLease } from "./lease.js";
import { hashOf, highestSeq, loadPurchase, newSecret, rememberSeq, savePurchase,
  shelvePurchase } from "./vault.js";

const FIRST_MS = 500;
const EAGER_MS = 2_000;
const EAGER_FOR_MS = 120_000;
const PATIENT_MS = 5_000;
const MOST_TRIES = 3;

export class Checkout extends EventTarget {
  #api;
  #roots;
  #run = 0;
  #wake = () => {};

  phase = "loading";
  products = [];
  productId = null;
  purchase = null;
  verified = null;
  error = null;
  online = true;
  refreshing = false;

  /** `roots`: the public keys that say which signing keys count. */
  constructor(api, roots) {
    super();
    this.#api = api;
    this.#roots = roots;
    document.addEventListener("visibilitychange", () => this.checkNow());
    addEventListener("online", () => this.checkNow());
  }

  get order() {
    return this.purchase?.order ?? null;
  }

  get product() {
    return this.products.find((known) => known.product_id === this.productId) ?? null;
  }

  /** Load what is for sale and go on where this browser left off. */
  async start() {
    const run = this.#begin("loading");
    this.purchase = loadPurchase();
    this.verified = null;
    this.productId = this.purchase?.productId ?? null;
    if (this.purchase?.lease && await this.#showLicense(run)) {
      this.#loadProductsQuietly();
      return;
    }
    try {
      this.products = (await this.#patiently(run, () => this.#api.products())).products;
    } catch (error) {
      return this.#fail(run, error, "start");
    }
    if (this.#stale(run)) return;
    if (this.purchase === null) return this.#offer(run);
    if (this.order?.order_id === undefined) return this.place();
    await this.#settle(run, this.order);
  }

  /** Choose a product. */
  choose(productId) {
    this.productId = productId;
    this.#tell();
  }

  /** Place the order of this purchase: the same key every time, so there is only ever one. */
  async place() {
    const again = this.phase === "code_expired";
    const run = again ? ++this.#run : this.#begin("creating");
    this.refreshing = again;
    this.#tell();
    try {
      this.purchase ??= { productId: this.productId, idempotencyKey: newSecret(),
        claimSecret: newSecret(), language: document.documentElement.lang.slice(0, 2) };
      savePurchase(this.purchase);
      const { productId, idempotencyKey, claimSecret, language } = this.purchase;
      const claimSecretHash = await hashOf(claimSecret);
      const answer = await this.#patiently(run, () => this.#api.placeOrder(
        { productId, idempotencyKey, claimSecretHash, language }));
      this.refreshing = false;
      await this.#settle(run, answer.order);
    } catch (error) {
      this.refreshing = false;
      this.#fail(run, error, "place");
    }
  }

  /** Ask at once instead of at the next poll. */
  checkNow() {
    if (!document.hidden) this.#wake();
  }

  /** Try the failed step again. */
  retry() {
    const step = this.error?.step;
    if (step === "place") return this.place();
    if (step === "claim") return this.#claim(this.#begin("claiming"));
    return this.start();
  }

  /** Put this purchase aside and choose anew. */
  startOver() {
    if (this.purchase !== null) shelvePurchase(this.purchase);
    return this.start();
  }

  /** Take a purchase up again that was put aside. */
  resume(purchase) {
    if (this.purchase !== null) shelvePurchase(this.purchase);
    savePurchase(purchase);
    return this.start();
  }

  async #settle(run, order) {
    if (this.#stale(run)) return;
    this.purchase.order = order;
    savePurchase(this.purchase);
    if (order.status === "paid") return this.#claim(run);
    this.#enter(phaseOf(order));
    if (this.phase !== "closed" && this.phase !== "refunding") await this.#watch(run);
  }

  /** Poll while the page is seen; a payment may arrive even after the code expired. */
  async #watch(run) {
    const eagerUntilMs = performance.now() + EAGER_FOR_MS;
    let pauseMs = FIRST_MS;
    while (!this.#stale(run)) {
      await this.#pause(pauseMs);
      if (this.#stale(run)) return;
      const phase = phaseOf(this.order);
      if (phase !== this.phase) this.#enter(phase);
      pauseMs = performance.now() < eagerUntilMs ? EAGER_MS : PATIENT_MS;
      try {
        const { order } = await this.#api.order(this.order.order_id, this.purchase.claimSecret);
        this.#setOnline(true);
        if (this.#stale(run)) return;
        if (order.status === "paid" || order.status === "closed" || order.status === "refunding") {
          return await this.#settle(run, order);
        }
        this.purchase.order = order;
        if (phaseOf(order) !== this.phase) this.#enter(phaseOf(order));
      } catch (error) {
        if (!(error instanceof ApiError) || !error.transient) return this.#fail(run, error, "watch");
        this.#setOnline(false);
        pauseMs = Math.max(pauseMs, (error.retryAfterS ?? 0) * 1000);
      }
    }
  }

  async #claim(run) {
    if (this.#stale(run)) return;
    this.#enter("claiming");
    try {
      for (;;) {
        const { license } = await this.#patiently(run, () => this.#api.claim(
          this.order.order_id, this.purchase.claimSecret));
        if (this.#stale(run)) return;
        if (license.lease !== null) {
          this.purchase.license = { ...license, lease: undefined };
          this.purchase.lease = license.lease.token;
          this.purchase.keySet = (await this.#patiently(run, () => this.#api.keys())).set;
          break;
        }
        await this.#pause(EAGER_MS);
      }
      this.verified = await this.#verify();
      savePurchase(this.purchase);
      if (!this.#stale(run)) this.#enter("licensed");
    } catch (error) {
      this.#fail(run, error, "claim");
    }
  }

  async #showLicense(run) {
    try {
      this.verified = await this.#verify();
    } catch (error) {
      if (error.code !== "LEASE_EXPIRED") delete this.purchase.lease;
      return false;
    }
    if (!this.#stale(run)) this.#enter("licensed");
    return true;
  }

  async #verify() {
    const startedMs = performance.now();
    const nowS = Date.now() / 1000;
    const { seq, keys } = await verifyKeys(this.purchase.keySet ?? "", {
      roots: this.#roots, minSeq: highestSeq(), nowS });
    rememberSeq(seq);
    const lease = await verifyLease(this.purchase.lease, {
      keys, productId: this.purchase.productId, thumbprint: await thumbprint(), nowS });
    return { ...lease, tookMs: performance.now() - startedMs };
  }

  async #loadProductsQuietly() {
    try {
      this.products = (await this.#api.products()).products;
      this.#tell();
    } catch {
      // The license is shown without the shelf: it was verified without any network.
    }
  }

  #offer(run) {
    if (this.#stale(run)) return;
    if (this.product === null) this.productId = this.products[0]?.product_id ?? null;
    this.#enter("choice");
  }

  /** Repeat what may succeed a little later, as often as is polite. */
  async #patiently(run, call) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await call();
      } catch (error) {
        const again = error instanceof ApiError && error.transient && tries < MOST_TRIES
          && (error.retryAfterS ?? 0) <= 5;
        if (!again || this.#stale(run)) throw error;
        await this.#pause(Math.max(600 * tries, (error.retryAfterS ?? 0) * 1000));
      }
    }
  }

  /** Wait; a hidden page waits until it is seen, `checkNow` ends the wait. */
  #pause(durationMs) {
    return new Promise((resolve) => {
      const done = () => { clearTimeout(timer); this.#wake = () => {}; resolve(); };
      const timer = setTimeout(() => { if (!document.hidden) done(); }, durationMs);
      this.#wake = done;
    });
  }

  #begin(phase) {
    this.#run += 1;
    this.error = null;
    this.#wake();
    this.#enter(phase);
    return this.#run;
  }

  #stale(run) {
    return run !== this.#run;
  }

  #fail(run, error, step) {
    if (this.#stale(run)) return;
    const known = error instanceof ApiError || error instanceof LeaseError;
    if (!known) console.error(error);
    this.error = { code: known ? error.code : "PAGE_ERROR", step,
      retryAfterS: error.retryAfterS ?? null, requestId: error.requestId ?? null };
    this.#enter("failed");
  }

  #setOnline(online) {
    if (online === this.online) return;
    this.online = online;
    this.#tell();
  }

  #enter(phase) {
    this.phase = phase;
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

function phaseOf(order) {
  if (order.status === "expired") return "order_expired";
  if (order.status === "closed" || order.status === "refunding") return order.status;
  const nowS = Date.now() / 1000;
  if (nowS >= order.expires_at_s) return "order_expired";
  return order.payment === null || nowS >= order.payment.expires_at_s ? "code_expired" : "waiting";
}
