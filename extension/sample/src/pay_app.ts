/** The payment page: what each view loads when it opens, and what each click does. */

import type { LicenseState, PayErrorShape } from "../../sdk/src/index";
import { Buying } from "./actions/checkout";
import { Restorer } from "./actions/restoring";
import { copy } from "./browser";
import { emptyModel, isUnderWay, LOADING, type Loaded, type Model, type View } from "./model";
import { ASK_AT_MOST_EVERY_MS } from "./refreshing";
import type { Shop } from "./shop_port";
import { asShape, Store } from "./store";
import type { Actions } from "./ui/context";

const COPIED_FOR_MS = 2000;

export interface PageSurroundings {
  readonly inPopup: boolean;
  draw(model: Model): void;
  /** Puts the view into the address, so that going back and reloading work. */
  navigate(view: View, order: string | null): void;
  openWindow(): void;
  everySecond(task: () => void): void;
}

export class PayApp implements Actions {
  readonly #store: Store;
  readonly #buying: Buying;
  readonly #restorer: Restorer;
  /** What failed quietly in the SDK: shown only to who asked. */
  #unheard: PayErrorShape | null = null;

  constructor(private readonly shop: Shop, private readonly page: PageSurroundings) {
    const model = { ...emptyModel("license", Date.now()), inPopup: page.inPopup };
    this.#store = new Store(model, (now) => page.draw(now));
    this.#buying = new Buying(shop, this.#store);
    this.#restorer = new Restorer(shop, this.#store);
  }

  /** `view` as asked for in the address, or where this buyer stands. */
  async start(view: View | null, order: string | null): Promise<void> {
    this.shop.on("change", (license) => this.#licenseChanged(license));
    this.shop.on("error", (error) => { this.#unheard = error; });
    this.#store.update({ license: await this.shop.getLicense() });
    void this.shop.refresh({ unlessWithinMs: ASK_AT_MOST_EVERY_MS });
    this.page.everySecond(() => this.#store.update({ nowMs: Date.now() }));
    await this.arrive(view, order);
  }

  /** As `go`, for an address that is there already: reloading must not order once more. */
  async arrive(view: View | null, order: string | null): Promise<void> {
    const buys = view === null || view === "offer" || view === "pay";
    this.#show(buys ? await this.#whereTheyStand(view) : view, order);
  }

  /** An order under way comes first: it is what a window opened from the popup is for. */
  async #whereTheyStand(view: View | null): Promise<View> {
    if (isUnderWay(await this.shop.pending())) return "pay";
    const { status } = this.#store.model.license;
    if (status === "active") return "license";
    return view ?? (status === "none" ? "offer" : "license");
  }

  /** Another context, or time, may have settled a restore that waits here. */
  #licenseChanged(license: LicenseState): void {
    this.#store.update({ license });
    if (license.status === "active") this.#restorer.settled();
  }

  #show(view: View, order: string | null): void {
    if (view !== "pay") this.#buying.leave();
    this.#store.update({ view, refundOf: order, error: null, confirming: null });
    this.reload();
  }

  go(view: View, order: string | null = null): void {
    this.page.navigate(view, order);
    this.#show(view, order);
  }

  readonly reload = (): void => {
    const opening: Readonly<Record<View, () => Promise<void>>> = {
      offer: () => this.#load("product", () => this.shop.getProduct()),
      pay: async () => this.#buying.open(),
      license: async () => undefined,
      devices: () => this.#load("devices", () => this.shop.devices.list()),
      restore: () => this.#restorer.open(),
      history: () => this.#load("history", () => this.shop.history()),
      refund: () => this.#load("history", () => this.shop.history()),
    };
    void opening[this.#store.model.view]();
  };

  async #load<K extends "product" | "devices" | "history">(
    what: K, ask: () => Promise<Extract<Model[K], { status: "ready" }>["value"]>,
  ): Promise<void> {
    if (this.#store.model[what].status === "failed") this.#set(what, LOADING);
    try {
      this.#set(what, { status: "ready", value: await ask() });
    } catch (error) {
      this.#set(what, { status: "failed", error: asShape(error) });
    }
  }

  #set(what: "product" | "devices" | "history", loaded: Loaded<unknown>): void {
    this.#store.update({ [what]: loaded });
  }

  readonly buy = (): void => this.go("pay");
  readonly orderAgain = (): void => this.go("pay");
  readonly refreshCode = (): void => void this.#buying.refreshCode();
  readonly checkNow = (): void => void this.#buying.checkNow();
  readonly cancelOrder = (): void => void this.#buying.cancel();
  readonly openWindow = (): void => this.page.openWindow();
  readonly restore = (): void => void this.#restorer.submit();
  readonly typeRestore = (typed: string): void => this.#restorer.type(typed);
  readonly chooseDevice = (deviceId: string): void => this.#restorer.choose(deviceId);

  readonly refreshLicense = (): void => {
    void this.#store.work("check-license", async () => {
      this.#unheard = null;
      this.#store.update({ license: await this.shop.refresh() });
      this.#store.update({ error: this.#unheard });
    });
  };

  copy(id: string, text: string): void {
    void copy(text).then((worked) => {
      this.#store.update({ copied: { id, worked } });
      setTimeout(() => this.#store.update({ copied: null }), COPIED_FOR_MS);
    });
  }

  askToRemove(deviceId: string | null): void {
    this.#store.update({ confirming: deviceId, error: null });
  }

  removeDevice(deviceId: string): void {
    void this.#store.work(`remove-${deviceId}`, async () => {
      const devices = await this.shop.devices.remove(deviceId);
      this.#store.update({ confirming: null, devices: { status: "ready", value: devices } });
    });
  }

  decide(takeoverId: string, decision: "approve" | "object"): void {
    void this.#store.work(decision, async () => {
      const devices = await this.shop.devices[decision](takeoverId);
      this.#store.update({ devices: { status: "ready", value: devices } });
    });
  }

  readonly restartRestore = (): void => {
    this.#restorer.restart();
    if (this.#store.model.view !== "restore") this.go("restore");
  };

  readonly reloadHistory = (): void => void this.#store.work("retry", () => this.#readHistory());

  lookAtRefund(orderId: string): void {
    this.go("refund", orderId);
  }

  requestRefund(orderId: string): void {
    void this.#store.work("refund-now", async () => {
      await this.shop.requestRefund(orderId);
      await this.#readHistory();
    });
  }

  async #readHistory(): Promise<void> {
    this.#store.update({ history: { status: "ready", value: await this.shop.history() } });
  }
}
