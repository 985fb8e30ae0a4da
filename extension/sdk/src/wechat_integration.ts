/** The public face: buy, unlock and restore one product. See extension/README.md. */
import { Api } from "./api";
import { startBackground } from "./background";
import { OrderCheckout, pendingOf } from "./checkout";
import { browserAdapters } from "./chrome_adapters";
import { Device } from "./device";
import { LicenseDevices } from "./devices";
import { PayError, asPayError } from "./errors";
import { Keeper } from "./keeper";
import type { RefreshOptions } from "./keeper";
import { Orders } from "./orders";
import { Restorer } from "./restore";
import type { RestoreOptions } from "./restore";
import { Scene } from "./scene";
import { Shelf } from "./shelf";
import { Trust } from "./trust";
import type { Adapters, Checkout, CheckoutState, DeviceBook, ExtensionApi, License, LicenseState, PageView, PastOrder, PayEvents,
  PendingRestore, Product, Receipt, RestoreBy, Unsubscribe, WeChatIntegrationOptions } from "./types";

export interface CallOptions { readonly signal?: AbortSignal }

interface Parts {
  readonly scene: Scene; readonly api: Api; readonly keeper: Keeper; readonly orders: Orders; readonly shelf: Shelf;
  readonly restorer: Restorer; readonly devices: LicenseDevices;
}

export class WeChatIntegration {
  readonly #options: WeChatIntegrationOptions;
  readonly #listeners = new Set<(error: PayError) => void>();
  #made: Parts | null = null;

  /** Does nothing yet: no storage, no network, no listener. */
  constructor(options: WeChatIntegrationOptions) {
    this.#options = options;
  }

  /** In the service worker (Firefox: event page), once, at its top level. */
  startBackground(): void {
    startBackground({ ...this.#parts, failed: (error) => this.#told(error) }, this.#extension);
  }

  /** What the license is worth now: read and verified here, without any network. Never throws. */
  getLicense(): Promise<LicenseState> {
    return this.#parts.keeper.state();
  }

  /** Whether the license is good now; with a name, whether it entitles to that. */
  async isActive(entitlement?: string): Promise<boolean> {
    const state = await this.getLicense();
    return state.status === "active" && (entitlement === undefined || state.license.entitlements.includes(entitlement));
  }

  /** Ask the server for the next lease. Without an answer the state is what it was (`on("error")` hears why).
   *  When a screen opens: `refresh({ unlessWithinMs: 3_600_000 })`. */
  async refresh({ signal, unlessWithinMs = 0 }: RefreshOptions = {}): Promise<LicenseState> {
    const { keeper } = this.#parts;
    try {
      if (!await keeper.askedWithin(unlessWithinMs)) await keeper.refresh(signal);
    } catch (error) {
      this.#told(error);
    }
    return keeper.state();
  }

  /** What is sold, as it is now. */
  getProduct({ signal }: CallOptions = {}): Promise<Product> {
    return this.#parts.api.product(this.#options.product, this.#language, signal);
  }

  /** Go on with the order under way, or place one: safe to call whenever a page opens. */
  checkout({ signal }: CallOptions = {}): Checkout {
    const { scene, orders, keeper } = this.#parts;
    return new OrderCheckout(scene, orders, keeper, this.#language, signal);
  }

  /** How the order under way stands, as last heard and by the clock; null: there is none. No network. */
  async pending(): Promise<CheckoutState | null> {
    const { orders, scene } = this.#parts;
    const kept = await orders.current();
    return kept === null ? null : pendingOf(kept, scene.nowMs);
  }

  /** Activate the license on this device. Rejects with `device_limit`, whose `devices` are to choose from,
   *  or with `takeover_waits`: an active device decides, or three days pass; the background goes on asking. */
  restore(by: RestoreBy, options?: RestoreOptions): Promise<License> {
    return this.#parts.restorer.restore(by, options);
  }

  /** The restore that waits to be decided; null: none. No network. */
  pendingRestore(): Promise<PendingRestore | null> {
    return this.#parts.restorer.pending();
  }

  get devices(): DeviceBook {
    return this.#parts.devices;
  }

  /** The orders placed in this browser, newest first, with their receipts; `offline`: as last seen. */
  async history({ offline = false }: { readonly offline?: boolean } = {}): Promise<readonly PastOrder[]> {
    const { shelf, orders } = this.#parts;
    return shelf.history(await orders.current(), offline);
  }

  /** Ask the money of an order back; rejects with `refund_refused`, whose `reason` is the API's code. */
  async requestRefund(orderId: string): Promise<Receipt> {
    const { shelf, orders, keeper } = this.#parts;
    const receipt = await shelf.refund(orderId, await orders.current());
    if ((await keeper.kept())?.orderId === orderId) await this.refresh();
    return receipt;
  }

  /** Open the page that sells (option `paymentPage`), at one of its views. */
  async openPaymentPage(view: PageView = "offer", where: "tab" | "window" = "tab"): Promise<void> {
    const { open, runtime } = this.#extension;
    await open(`${runtime.getURL(this.#options.paymentPage ?? "pay.html")}#${view}`, where);
  }

  /** Hear of what happens, in whichever context it happens; at a worker's top level the event wakes it.
   *  `paid`: a purchase was paid and verified. `change`: the license's state. `error`: what failed here, quietly. */
  on<K extends keyof PayEvents>(event: K, listener: (value: PayEvents[K]) => void): Unsubscribe {
    const { scene } = this.#parts;
    if (event === "error") {
      const hear = listener as unknown as (error: PayError) => void;
      this.#listeners.add(hear);
      return () => this.#listeners.delete(hear);
    }
    return scene.watch(event === "paid" ? ["paid"] : ["license", "keys"], (place, value) => {
      if (place === "paid" && value === null) return;
      void this.getLicense().then((state) => {
        if (event === "change") listener(state as PayEvents[K]);
        else if (state.status === "active") listener(state.license as PayEvents[K]);
      });
    });
  }

  get #extension(): ExtensionApi {
    const { extension } = this.#parts.scene.seams;
    if (extension === null) throw new PayError("unsupported", { message: "this is no page or worker of an extension" });
    return extension;
  }

  get #language(): "en" | "zh" {
    return this.#options.language ?? "zh";
  }

  #told(error: unknown): void {
    for (const listener of this.#listeners) listener(asPayError(error));
  }

  get #parts(): Parts {
    this.#made ??= assembled(this.#options);
    return this.#made;
  }
}

function assembled(options: WeChatIntegrationOptions): Parts {
  const seams: Adapters = { ...browserAdapters(), ...options.adapters };
  const scene = new Scene(options.product, seams);
  const device = new Device(seams);
  const api = new Api(options.apiBase, device, seams);
  const trust = new Trust(options, scene, () => device.thumbprint());
  const keeper = new Keeper(scene, trust, api);
  const shelf = new Shelf(scene, api, keeper);
  const orders = new Orders(scene, api, keeper, shelf, options.product);
  return { scene, api, keeper, shelf, orders, restorer: new Restorer(scene, api, keeper), devices: new LicenseDevices(api, keeper) };
}
